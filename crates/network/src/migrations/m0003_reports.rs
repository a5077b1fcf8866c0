//! Sealed reports: the case as the server may know it, its items, and the wraps of their keys in a table of their own (protocol section 9: shredding).
//!
//! No column is finer than the ISO week, but for `arrived_on`, the day of an unopened report (protocol section 2). On SQLite the rows
//! have no number of their own: it would rise with every row and say in which order reports and answers came.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, boolean, integer, pk_uuid, string, string_null, uuid};
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
                    .table("report")
                    .col(pk_uuid("id"))
                    .col(uuid("centre_id"))
                    .col(string("channel"))
                    .col(blob("mailbox").unique_key())
                    .col(big_integer("epoch"))
                    .col(string("state"))
                    .col(big_integer("version"))
                    .col(boolean("urgent"))
                    .col(string("language"))
                    .col(integer("size_class"))
                    .col(string("week"))
                    .col(string_null("arrived_on"))
                    .col(boolean("answered"))
                    .col(big_integer("conversation_items"))
                    .col(big_integer("notes_items"))
                    .foreign_key(ForeignKey::create().from("report", "centre_id").to("centre", "id"))
                    .to_owned(),
            ))
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("report_inbox")
                    .table("report")
                    .col("centre_id")
                    .col("urgent")
                    .col("week")
                    .col("id")
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("report_inbox_by_state")
                    .table("report")
                    .col("centre_id")
                    .col("state")
                    .col("urgent")
                    .col("week")
                    .col("id")
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create().name("report_arrival_day").table("report").col("arrived_on").to_owned(),
            )
            .await?;
        create_items(manager).await
    }
}

async fn create_items(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(unnumbered(
            manager,
            Table::create()
                .table("report_item")
                .col(pk_uuid("id"))
                .col(uuid("case_id"))
                .col(string("chain"))
                .col(big_integer("seq"))
                .col(string("kind"))
                .col(integer("length"))
                .col(blob("clear"))
                .col(blob("body"))
                .col(blob("body_hash"))
                .col(blob("signature"))
                .col(blob("frame_hash"))
                .col(string("week"))
                .foreign_key(ForeignKey::create().from("report_item", "case_id").to("report", "id"))
                .to_owned(),
        ))
        .await?;
    manager
        .create_index(
            Index::create()
                .name("report_item_chain")
                .table("report_item")
                .col("case_id")
                .col("chain")
                .col("seq")
                .unique()
                .to_owned(),
        )
        .await?;
    manager
        .create_table(unnumbered(
            manager,
            Table::create()
                .table("report_wrap")
                .col(uuid("item_id"))
                .col(integer("position"))
                .col(integer("kind"))
                .col(blob("wrap"))
                .primary_key(Index::create().col("item_id").col("position"))
                .foreign_key(ForeignKey::create().from("report_wrap", "item_id").to("report_item", "id"))
                .to_owned(),
        ))
        .await
}
