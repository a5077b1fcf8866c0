//! The data map (docs/privacy/data-map.md): every column that really exists has an entry that says why, on what basis, how long and who reads it; every
//! entry has its column; and the document is what is generated from the entries. After a change of `data/privacy/columns.json`,
//! `APPRODO_WRITE_VECTORS=1 cargo test -p network --test stories data_map` writes the document anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sea_orm::{ConnectionTrait as _, DatabaseBackend, Statement};
use serde::Deserialize;
use testkit::TestApp;

testkit::on_both_engines!(every_column_has_an_entry_and_every_entry_a_column);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Map {
    about: String,
    checked: String,
    purposes: BTreeMap<String, String>,
    bases: BTreeMap<String, Basis>,
    terms: BTreeMap<String, String>,
    readers: BTreeMap<String, String>,
    forms: BTreeMap<String, String>,
    tables: Vec<Table>,
    outside: Vec<Outside>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Basis {
    text: String,
    certainty: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    slice: String,
    #[serde(rename = "table")]
    name: String,
    what: String,
    columns: Vec<Column>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Column {
    #[serde(rename = "column")]
    name: String,
    what: String,
    purpose: String,
    basis: String,
    kept: String,
    readers: String,
    form: String,
}

/// Something that is kept outside of the database. Term and readers are its own, in words.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Outside {
    thing: String,
    #[serde(rename = "where")]
    place: String,
    what: String,
    purpose: String,
    basis: String,
    kept: String,
    readers: String,
    form: String,
}

fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn map() -> Map {
    let text = std::fs::read_to_string(in_repository("data/privacy/columns.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Every column of the database as the migrations made it: `table.column`.
async fn columns_of(app: &TestApp) -> BTreeSet<String> {
    let database = &app.platform.database;
    let question = match database.engine() {
        DatabaseBackend::Sqlite => {
            "SELECT t.name || '.' || c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c \
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        }
        _ => {
            "SELECT table_name || '.' || column_name FROM information_schema.columns \
             WHERE table_schema = current_schema()"
        }
    };
    let rows =
        database.read().query_all_raw(Statement::from_string(database.engine(), question)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

async fn every_column_has_an_entry_and_every_entry_a_column(app: TestApp) {
    let real = columns_of(&app).await;
    assert!(real.len() > 100 && real.contains("report_item.body"), "the search finds columns: {real:?}");
    let mut written = BTreeSet::new();
    for table in &map().tables {
        for column in &table.columns {
            let name = format!("{}.{}", table.name, column.name);
            assert!(written.insert(name.clone()), "{name} is there twice");
        }
    }
    let without_entry: Vec<_> = real.difference(&written).collect();
    assert!(
        without_entry.is_empty(),
        "data/privacy/columns.json says nothing of {without_entry:?}: for what, on what basis, how long, who reads it?"
    );
    let without_column: Vec<_> = written.difference(&real).collect();
    assert!(
        without_column.is_empty(),
        "data/privacy/columns.json names what is not there: {without_column:?}"
    );
}

#[test]
fn every_word_of_an_entry_is_explained_and_every_explanation_used() {
    let map = map();
    let mut used: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for column in map.tables.iter().flat_map(|table| &table.columns) {
        assert!(!column.what.is_empty());
        for (kind, word) in [
            ("purpose", &column.purpose),
            ("basis", &column.basis),
            ("term", &column.kept),
            ("reader", &column.readers),
            ("form", &column.form),
        ] {
            used.entry(kind).or_default().insert(word);
        }
    }
    let outside = map.outside.iter();
    used.entry("purpose").or_default().extend(outside.clone().map(|thing| thing.purpose.as_str()));
    used.entry("basis").or_default().extend(outside.map(|thing| thing.basis.as_str()));
    let explained = [
        ("purpose", map.purposes.keys().map(String::as_str).collect::<BTreeSet<_>>()),
        ("basis", map.bases.keys().map(String::as_str).collect()),
        ("term", map.terms.keys().map(String::as_str).collect()),
        ("reader", map.readers.keys().map(String::as_str).collect()),
        ("form", map.forms.keys().map(String::as_str).collect()),
    ];
    for (kind, words) in explained {
        assert_eq!(used[kind], words, "{kind}");
    }
}

/// What is sealed is never said to be readable, and a column for sealed bytes is one of those that hold them.
#[test]
fn what_is_called_sealed_is_sealed_for_somebody() {
    for table in map().tables {
        for column in table.columns {
            let is_sealed = column.form == "sealed";
            let is_for_holders = ["sealed", "self"].contains(&column.readers.as_str());
            assert_eq!(is_sealed, is_for_holders, "{}.{}", table.name, column.name);
        }
    }
}

#[test]
fn the_document_is_what_the_entries_say() {
    let path = in_repository("docs/privacy/data-map.md");
    let generated = document(&map());
    if std::env::var("APPRODO_WRITE_VECTORS").is_ok_and(|value| value == "1") {
        std::fs::write(&path, &generated).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == generated,
        "docs/privacy/data-map.md is not what data/privacy/columns.json says: write it anew with APPRODO_WRITE_VECTORS=1"
    );
}

fn document(map: &Map) -> String {
    let mut text = format!(
        "# Data map\n\n{}\n\nChecked: {}. Generated: change `data/privacy/columns.json`, then \
         `APPRODO_WRITE_VECTORS=1 cargo test -p network --test stories data_map`.\n\n## Words\n",
        map.about, map.checked
    );
    words(&mut text, "Purposes", &map.purposes);
    let bases =
        map.bases.iter().map(|(word, basis)| (word.clone(), format!("{} ({})", basis.text, basis.certainty)));
    words(&mut text, "Legal bases, and how sure that is", &bases.collect());
    words(&mut text, "How long", &map.terms);
    words(&mut text, "Who can read it", &map.readers);
    words(&mut text, "Form", &map.forms);
    text.push_str("\n## In the database\n");
    let mut slices: Vec<&str> = Vec::new();
    for table in &map.tables {
        if !slices.contains(&table.slice.as_str()) {
            slices.push(&table.slice);
        }
    }
    for slice in slices {
        let _ = writeln!(text, "\n### {slice}\n");
        text.push_str(
            "| column | what | purpose | basis | how long | who | form |\n|---|---|---|---|---|---|---|\n",
        );
        for table in map.tables.iter().filter(|table| table.slice == slice) {
            let _ = writeln!(text, "| **{}** | **{}** | | | | | |", table.name, table.what);
            for column in &table.columns {
                let Column { name, what, purpose, basis, kept, readers, form } = column;
                let _ = writeln!(
                    text,
                    "| `{name}` | {what} | {purpose} | {basis} | {kept} | {readers} | {form} |"
                );
            }
        }
    }
    text.push_str("\n## Outside of the database\n\n");
    text.push_str("| thing | where | what | purpose | basis | how long | who | form |\n|---|---|---|---|---|---|---|---|\n");
    for thing in &map.outside {
        let Outside { thing, place, what, purpose, basis, kept, readers, form } = thing;
        let _ = writeln!(
            text,
            "| {thing} | {place} | {what} | {purpose} | {basis} | {kept} | {readers} | {form} |"
        );
    }
    text
}

fn words(text: &mut String, heading: &str, words: &BTreeMap<String, String>) {
    let _ = writeln!(text, "\n**{heading}**\n");
    for (word, meaning) in words {
        let _ = writeln!(text, "- *{word}*: {meaning}.");
    }
}
