//! Sealed files: what is kept of them, and their chunks in a table of their own.
//!
//! `arrived_on` is the day of a file that no report has named yet; it is erased when one does, and the file with it when none does
//! (protocol section 2: nothing tied to a report is finer than the week). As for reports, rows on SQLite have no number of their own.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{blob, integer, pk_uuid, string_null, uuid, uuid_null};
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
        manager
            .create_table(unnumbered(
                manager,
                Table::create()
                    .table("file")
                    .col(pk_uuid("id"))
                    .col(integer("chunks"))
                    .col(integer("kept"))
                    .col(string_null("arrived_on"))
                    .col(uuid_null("case_id"))
                    .col(uuid_null("item_id"))
                    .to_owned(),
            ))
            .await?;
        manager
            .create_index(Index::create().name("file_arrival_day").table("file").col("arrived_on").to_owned())
            .await?;
        manager
            .create_index(Index::create().name("file_case").table("file").col("case_id").to_owned())
            .await?;
        manager
            .create_table(unnumbered(
                manager,
                Table::create()
                    .table("file_chunk")
                    .col(uuid("file_id"))
                    .col(integer("number"))
                    .col(blob("hash"))
                    .col(blob("bytes"))
                    .primary_key(Index::create().col("file_id").col("number"))
                    .foreign_key(ForeignKey::create().from("file_chunk", "file_id").to("file", "id"))
                    .to_owned(),
            ))
            .await
    }
}
