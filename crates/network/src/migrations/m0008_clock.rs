//! What the regular work remembers of the calendar, so that a clock that was wrong for a while ends nobody's fourteen days: one row.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{pk_auto, string};

#[derive(DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("keeping_clock")
                    .col(pk_auto("id"))
                    .col(string("seen_week"))
                    .col(string("steady_since_week"))
                    .to_owned(),
            )
            .await
    }
}
