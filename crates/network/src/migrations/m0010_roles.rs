//! People who are suspended (docs/adr/0019). What they do at their centre has a table since the first step.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::boolean;

#[derive(DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let column = boolean("suspended").default(false).take();
        manager.alter_table(Table::alter().table("person").add_column(column).to_owned()).await
    }
}
