//! The inbox at size: every list that an operator can ask for is a range of one index, in its order (docs/adr/0013-inbox-at-size.md).
//!
//! The two indexes of the first version ordered urgent and not urgent together and held no channel, so that a list of one channel passed
//! over the rows of the other. These hold every column that a list fixes, then the two that order it.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for name in ["report_inbox", "report_inbox_by_state"] {
            manager.drop_index(Index::drop().name(name).table("report").to_owned()).await?;
        }
        manager
            .create_index(
                Index::create()
                    .name("report_list_by_state")
                    .table("report")
                    .col("centre_id")
                    .col("channel")
                    .col("state")
                    .col("urgent")
                    .col("week")
                    .col("id")
                    .to_owned(),
            )
            .await?;
        // All that somebody works on, whatever its state, in one order. The words stand here and in `store/inbox.rs`: both databases
        // use the index only for a question with the same words in its text.
        manager
            .create_index(
                Index::create()
                    .name("report_list_open")
                    .table("report")
                    .col("centre_id")
                    .col("channel")
                    .col("urgent")
                    .col("week")
                    .col("id")
                    .and_where(Expr::col("state").ne(Expr::cust("'closed'")))
                    .and_where(Expr::col("state").ne(Expr::cust("'withdrawn'")))
                    .to_owned(),
            )
            .await
    }
}
