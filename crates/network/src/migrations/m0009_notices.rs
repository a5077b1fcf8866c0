//! Where operators want notices. Nothing here is tied to a report: what somebody was told of is remembered in memory alone
//! (docs/adr/0015-notices.md).

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, blob_null, boolean, pk_uuid, string_null, uuid};

#[derive(DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::create()
            .table("notice")
            .col(pk_uuid("person_id"))
            .col(uuid("centre_id"))
            .col(string_null("address"))
            .col(boolean("wants"))
            .col(boolean("supervises"))
            .col(boolean("refused"))
            .col(string_null("asked_address"))
            .col(blob_null("asked_hash"))
            .col(big_integer_null("asked_until"))
            .foreign_key(ForeignKey::create().from("notice", "person_id").to("person", "id"))
            .to_owned();
        manager.create_table(table.take()).await
    }
}
