//! The tables, one step a file. A step that has run anywhere is never edited: the next change is a new file at the end of the list.

mod m0001_accounts;
mod m0002_centres;
mod m0003_reports;
mod m0004_files;
mod m0005_lives;
mod m0006_inbox;
mod m0007_keeping;
mod m0008_clock;
mod m0009_notices;
mod m0010_roles;
mod m0011_audit;
mod m0013_firewall;

use sea_orm_migration::{MigrationTrait, MigratorTrait, async_trait};

/// All steps in order, for `platform`'s database to apply at start.
#[derive(Debug)]
pub struct Migrations;

#[async_trait::async_trait]
impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_accounts::Step),
            Box::new(m0002_centres::Step),
            Box::new(m0003_reports::Step),
            Box::new(m0004_files::Step),
            Box::new(m0005_lives::Step),
            Box::new(m0006_inbox::Step),
            Box::new(m0007_keeping::Step),
            Box::new(m0008_clock::Step),
            Box::new(m0009_notices::Step),
            Box::new(m0010_roles::Step),
            Box::new(m0011_audit::Step),
            Box::new(m0013_firewall::Step),
        ]
    }
}
