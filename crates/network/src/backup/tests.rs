//! Rules that need no server.

use platform::database::portable;
use sea_orm_migration::MigratorTrait as _;

use super::tables::{Place, TABLES, entry, list};
use crate::migrations::Migrations;

#[tokio::test]
async fn every_table_has_its_place_and_what_is_referred_to_comes_first() {
    let folder = tempfile::tempdir().unwrap();
    let file = portable::create(&folder.path().join("x.db")).await.unwrap();
    Migrations::up(&file, None).await.unwrap();
    let tables = list(&file).await.unwrap();
    for table in &tables {
        let kept = entry(&table.name).unwrap_or_else(|| panic!("{} stands in no list", table.name));
        assert!(
            !table.keys().is_empty() || kept.place == Place::Nowhere,
            "{} has no key to page by",
            table.name
        );
        for short in kept.short {
            assert!(table.columns.iter().any(|column| column.name == *short && column.key == 0), "{short}");
        }
        let question = format!("SELECT \"table\" FROM pragma_foreign_key_list('{}')", table.name);
        for parent in super::rows::texts(&file, &question).await.unwrap() {
            let place = |name: &str| TABLES.iter().position(|kept| kept.name == name).unwrap();
            assert!(place(&parent) < place(&table.name), "{} before {parent}", table.name);
        }
    }
    // What opens something is told by its name: wraps of cases, and openings of the log. None of them lies with the data.
    for table in &tables {
        let is_apart = entry(&table.name).unwrap().place == Place::Wraps;
        let opens = table.name.ends_with("wrap") || table.name.ends_with("opening");
        assert_eq!(opens, is_apart, "{}", table.name);
    }
}
