//! The lives of a report (protocol sections 7.4, 7.5 and 7.7): a second centre, whether it was ever opened, and the mailbox ids that were
//! rotated away from, burned, or are gone for ever.
//!
//! Nothing here is finer than the ISO week. On SQLite the rows have no number of their own, as in `m0003_reports`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob, blob_null, boolean, string, uuid, uuid_null,
};
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
        let mut opened = boolean("opened");
        opened.default(false);
        // One column a step: SQLite takes no more.
        for column in [&mut opened, &mut uuid_null("second_centre_id"), &mut big_integer_null("second_epoch")]
        {
            manager.alter_table(Table::alter().table("report").add_column(column.take()).to_owned()).await?;
        }
        // What had been left the first state had been opened.
        manager
            .get_connection()
            .execute_unprepared("UPDATE report SET opened = (answered OR state <> 'arrived')")
            .await?;
        manager
            .create_index(
                Index::create()
                    .name("report_second")
                    .table("report")
                    .col("second_centre_id")
                    .col("channel")
                    .col("week")
                    .col("id")
                    .and_where(Expr::col("second_centre_id").is_not_null())
                    .to_owned(),
            )
            .await?;
        create_mailboxes(manager).await
    }
}

async fn create_mailboxes(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(unnumbered(
            manager,
            Table::create()
                .table("mailbox_past")
                .col(blob("mailbox").primary_key())
                .col(uuid("case_id"))
                .col(string("cause"))
                .col(string("week"))
                .col(big_integer_null("seq"))
                .col(big_integer("notes_before"))
                .col(blob_null("word"))
                .foreign_key(ForeignKey::create().from("mailbox_past", "case_id").to("report", "id"))
                .to_owned(),
        ))
        .await?;
    for (name, first, second) in
        [("mailbox_past_case", "case_id", "cause"), ("mailbox_past_week", "cause", "week")]
    {
        manager
            .create_index(Index::create().name(name).table("mailbox_past").col(first).col(second).to_owned())
            .await?;
    }
    manager
        .create_table(unnumbered(
            manager,
            Table::create().table("mailbox_tombstone").col(blob("mailbox").primary_key()).to_owned(),
        ))
        .await
}
