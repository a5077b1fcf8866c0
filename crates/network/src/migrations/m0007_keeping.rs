//! How long a case is kept, what stands against its end, and what was shredded (protocol section 9).
//!
//! No column is finer than the ISO week, and the rows that name a case lie in the order of its random id (see `m0003_reports`).

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, pk_uuid, string, string_null, text, uuid, uuid_null};
use sea_orm_migration::sea_orm::DatabaseBackend;

#[derive(DeriveMigrationName)]
pub(super) struct Step;

/// A table whose rows lie in the order of their random keys.
fn unnumbered(manager: &SchemaManager<'_>, mut table: TableCreateStatement) -> TableCreateStatement {
    if manager.get_database_backend() == DatabaseBackend::Sqlite {
        table.extra("WITHOUT ROWID");
    }
    table
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut tables = [
            Table::create()
                .table("report_keeping")
                .col(pk_uuid("case_id"))
                .col(uuid("centre_id"))
                .col(string("purpose"))
                .col(string("closed_week"))
                .col(big_integer("items"))
                .col(string_null("at_least_week"))
                .col(string_null("due_week"))
                .col(string_null("warned_week"))
                .to_owned(),
            Table::create()
                .table("report_hold")
                .col(pk_uuid("case_id"))
                .col(uuid("centre_id"))
                .col(string("reason"))
                .col(uuid("placed_by"))
                .col(string("placed_week"))
                .to_owned(),
            Table::create()
                .table("shred_proposal")
                .col(pk_uuid("case_id"))
                .col(uuid("centre_id"))
                .col(string("reason"))
                .col(big_integer("items"))
                .col(uuid("proposed_by"))
                .col(string("week"))
                .to_owned(),
            Table::create().table("shredding").col(pk_uuid("case_id")).col(string("week")).to_owned(),
            Table::create()
                .table("shredded")
                .col(blob("case_hash").primary_key())
                .col(string("week"))
                .to_owned(),
            Table::create()
                .table("retention_table")
                .col(uuid("centre_id"))
                .col(string("standing"))
                .col(text("terms"))
                .col(uuid("proposed_by"))
                .col(string("proposed_week"))
                .col(uuid_null("confirmed_by"))
                .col(string_null("confirmed_week"))
                .primary_key(Index::create().col("centre_id").col("standing"))
                .to_owned(),
        ];
        for table in &mut tables {
            manager.create_table(unnumbered(manager, table.take())).await?;
        }
        for (name, table) in [
            ("report_keeping_due", "report_keeping"),
            ("report_hold_centre", "report_hold"),
            ("shred_proposal_centre", "shred_proposal"),
        ] {
            let mut index = Index::create();
            index.name(name).table(table).col("centre_id");
            if table == "report_keeping" {
                index.col("due_week");
            }
            manager.create_index(index.clone()).await?;
        }
        Ok(())
    }
}
