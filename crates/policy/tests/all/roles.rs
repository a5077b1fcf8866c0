//! The document is what the rules say.

use policy::{Policy, roles_table};

const DOCUMENT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/roles.md");

#[test]
fn the_table_of_roles_is_that_of_the_rules() {
    let table = roles_table(&Policy::load().expect("rules that hold")).expect("a text");
    if std::env::var_os("APPRODO_WRITE_ROLES").is_some() {
        std::fs::write(DOCUMENT, &table).expect("docs/roles.md");
    }
    let written = std::fs::read_to_string(DOCUMENT).unwrap_or_default();
    assert!(
        written == table,
        "docs/roles.md is not what the rules say: APPRODO_WRITE_ROLES=1 cargo test -p policy"
    );
}

#[test]
fn every_rule_says_why_and_by_what_article() {
    let text = roles_table(&Policy::load().expect("rules that hold")).expect("a text");
    let rules: Vec<&str> = text.lines().filter(|line| line.contains(".cedar |")).collect();
    assert_eq!(rules.len(), 15);
    for rule in rules {
        let cells: Vec<&str> = rule.trim_matches('|').split('|').map(str::trim).collect();
        assert!(cells.len() == 4 && cells.iter().all(|cell| !cell.is_empty()), "{rule}");
    }
}
