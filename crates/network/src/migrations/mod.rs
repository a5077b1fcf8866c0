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
mod m0014_factor;

use sea_orm_migration::sea_orm::DbErr;
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager, async_trait};

/// All steps in order, for `platform`'s database to apply at start.
#[derive(Debug)]
pub struct Migrations;

#[async_trait::async_trait]
impl MigratorTrait for Migrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            whole(m0001_accounts::Step),
            whole(m0002_centres::Step),
            whole(m0003_reports::Step),
            whole(m0004_files::Step),
            whole(m0005_lives::Step),
            whole(m0006_inbox::Step),
            whole(m0007_keeping::Step),
            whole(m0008_clock::Step),
            whole(m0009_notices::Step),
            whole(m0010_roles::Step),
            whole(m0011_audit::Step),
            whole(m0013_firewall::Step),
            whole(m0014_factor::Step),
        ]
    }
}

/// A step that is done as a whole or not at all, with the note that it was done. Left to itself the library takes no transaction on SQLite:
/// a disk that fills up halfway would leave tables that no version of this program knows.
struct Whole<S>(S);

fn whole(step: impl MigrationTrait + 'static) -> Box<dyn MigrationTrait> {
    Box::new(Whole(step))
}

impl<S: MigrationTrait> MigrationName for Whole<S> {
    fn name(&self) -> &str {
        self.0.name()
    }
}

#[async_trait::async_trait]
impl<S: MigrationTrait> MigrationTrait for Whole<S> {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        self.0.up(manager).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
