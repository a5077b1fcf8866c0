//! Which table goes into which part of a backup, and the columns that the migrations gave it.
//!
//! Invariant: every table of the migrations stands in [`TABLES`], else no backup is made: what is forgotten here would be lost at a restore,
//! and a wrap in the wrong file would live longer than seven days.

use platform::database::DatabaseError;
use sea_orm::{ConnectionTrait, DatabaseBackend, DbErr, Statement};

/// Where the rows of a table go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Into `data-…`.
    Data,
    /// Into `wraps-…`: at most seven days (protocol section 9).
    Wraps,
    /// Nowhere: made anew, or worth nothing afterwards.
    Nowhere,
}

/// A table in the order in which rows can be brought back: what is referred to comes first.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    pub(super) name: &'static str,
    pub(super) place: Place,
    /// Columns that go into `wraps-…` although the rest of the row does not.
    pub(super) short: &'static [&'static str],
    /// Rows that are carried at once: at most about 8 MiB.
    pub(super) page: u64,
}

const fn kept(name: &'static str, place: Place) -> Kept {
    Kept { name, place, short: &[], page: 512 }
}

/// All tables.
pub(super) const TABLES: [Kept; 36] = [
    kept("installation", Place::Data),
    kept("organisation", Place::Data),
    kept("person", Place::Data),
    kept("role", Place::Data),
    kept("slot", Place::Data),
    kept("factor", Place::Data),
    kept("factor_backup", Place::Data),
    kept("network_root", Place::Data),
    kept("centre", Place::Data),
    kept("certificate", Place::Data),
    kept("statement", Place::Data),
    kept("certified_channel", Place::Data),
    kept("channel_reader", Place::Data),
    kept("epoch", Place::Data),
    // Those of somebody who left are deleted (protocol section 4.3), and must not come back either.
    kept("epoch_wrap", Place::Wraps),
    // The arrival day lives at most seven days (protocol section 2), so it may not lie in a backup for longer.
    Kept { name: "report", place: Place::Data, short: &["arrived_on"], page: 512 },
    Kept { name: "report_item", place: Place::Data, short: &[], page: 128 },
    kept("report_wrap", Place::Wraps),
    Kept { name: "file", place: Place::Data, short: &["arrived_on"], page: 512 },
    Kept { name: "file_chunk", place: Place::Data, short: &[], page: 24 },
    // The word typed at a burn goes with the wraps.
    Kept { name: "mailbox_past", place: Place::Data, short: &["word"], page: 512 },
    kept("mailbox_tombstone", Place::Data),
    kept("audit_leaf", Place::Data),
    // What opens an act goes with its case.
    kept("audit_opening", Place::Wraps),
    kept("audit_checkpoint", Place::Data),
    kept("report_keeping", Place::Data),
    kept("report_hold", Place::Data),
    kept("shred_proposal", Place::Data),
    kept("shredding", Place::Data),
    kept("shredded", Place::Data),
    kept("retention_table", Place::Data),
    kept("notice", Place::Data),
    kept("keeping_clock", Place::Data),
    // Everybody signs in again: the keys of sessions were in the memory of a server that is gone.
    kept("session", Place::Nowhere),
    kept("seaql_migrations", Place::Nowhere),
    kept(super::mark::TABLE, Place::Nowhere),
];

/// What a column holds, the same on both engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Truth,
    Text,
    Bytes,
    Id,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    /// Its place in the primary key, from 1; 0 for none.
    pub(super) key: i64,
}

/// A table as the migrations made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
}

impl Table {
    /// The columns of the primary key, in its order.
    pub(super) fn keys(&self) -> Vec<&Column> {
        let mut keys: Vec<&Column> = self.columns.iter().filter(|column| column.key > 0).collect();
        keys.sort_by_key(|column| column.key);
        keys
    }

    /// The same table with its key and some of its columns.
    pub(super) fn only(&self, columns: &[&str]) -> Self {
        let kept = |column: &&Column| column.key > 0 || columns.contains(&column.name.as_str());
        Self { name: self.name.clone(), columns: self.columns.iter().filter(kept).cloned().collect() }
    }

    /// The same table without some of its columns.
    pub(super) fn without(&self, columns: &[&str]) -> Self {
        let kept = |column: &&Column| !columns.contains(&column.name.as_str());
        Self { name: self.name.clone(), columns: self.columns.iter().filter(kept).cloned().collect() }
    }

    /// The statement that makes it in a file of its own, without references. Rows lie in the order of their keys.
    pub(super) fn to_sql(&self) -> String {
        let columns = self.columns.iter().map(|column| {
            let kind = match column.kind {
                Kind::Number => "integer",
                Kind::Truth => "boolean",
                Kind::Text => "text",
                Kind::Bytes => "blob",
                Kind::Id => "uuid_text",
            };
            format!("{} {kind}", quoted(&column.name))
        });
        let keys: Vec<String> = self.keys().iter().map(|column| quoted(&column.name)).collect();
        let columns: Vec<String> = columns.collect();
        format!(
            "CREATE TABLE {} ({}, PRIMARY KEY ({})) WITHOUT ROWID",
            quoted(&self.name),
            columns.join(", "),
            keys.join(", ")
        )
    }
}

/// The tables of a SQLite file, by name.
pub(super) async fn list(file: &impl ConnectionTrait) -> Result<Vec<Table>, DatabaseError> {
    let question = "SELECT t.name AS name, c.name AS part, c.type AS kind, c.pk AS pk \
        FROM sqlite_schema t JOIN pragma_table_info(t.name) c \
        WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY t.name, c.cid";
    let rows = file.query_all_raw(Statement::from_string(DatabaseBackend::Sqlite, question)).await?;
    let mut tables: Vec<Table> = Vec::new();
    for row in rows {
        let (name, kind): (String, String) = (row.try_get("", "name")?, row.try_get("", "kind")?);
        let kind =
            kind_of(&kind).ok_or_else(|| DbErr::Type(format!("a column of {name} is of no known kind")))?;
        let column = Column { name: row.try_get("", "part")?, kind, key: row.try_get("", "pk")? };
        match tables.last_mut().filter(|table| table.name == name) {
            Some(table) => table.columns.push(column),
            None => tables.push(Table { name, columns: vec![column] }),
        }
    }
    Ok(tables)
}

/// What the words of a declaration mean (those that the migrations' builder writes for SQLite).
fn kind_of(declared: &str) -> Option<Kind> {
    let declared = declared.to_ascii_lowercase();
    match declared.split('(').next().unwrap_or_default() {
        "integer" | "bigint" => Some(Kind::Number),
        "boolean" => Some(Kind::Truth),
        "varchar" | "text" => Some(Kind::Text),
        "blob" => Some(Kind::Bytes),
        "uuid_text" => Some(Kind::Id),
        _ => None,
    }
}

/// A name as SQL takes it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// The entry of a table.
pub(super) fn entry(name: &str) -> Option<&'static Kept> {
    TABLES.iter().find(|kept| kept.name == name)
}
