//! Organisations, people, their roles, the slot each opens with a passphrase, sessions, and the secret of this installation.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, integer, pk_uuid, string, string_uniq, uuid};

#[derive(DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("installation")
                    .col(integer("id").primary_key())
                    .col(blob("secret"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create().table("organisation").col(pk_uuid("id")).col(string_uniq("name")).to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("person")
                    .col(pk_uuid("id"))
                    .col(uuid("organisation_id"))
                    .col(string_uniq("account"))
                    .col(string("name"))
                    .col(string("language"))
                    .col(blob("signing_key"))
                    .col(string("recipient"))
                    .foreign_key(
                        ForeignKey::create().from("person", "organisation_id").to("organisation", "id"),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("role")
                    .col(uuid("person_id"))
                    .col(uuid("centre_id"))
                    .col(string("name"))
                    .primary_key(Index::create().col("person_id").col("centre_id").col("name"))
                    .foreign_key(ForeignKey::create().from("role", "person_id").to("person", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("slot")
                    .col(uuid("person_id"))
                    .col(string("kind"))
                    .col(blob("salt"))
                    .col(blob("login_key"))
                    .col(blob("sealed"))
                    .primary_key(Index::create().col("person_id").col("kind"))
                    .foreign_key(ForeignKey::create().from("slot", "person_id").to("person", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("session")
                    .col(blob("token_hash").primary_key())
                    .col(uuid("person_id"))
                    .col(big_integer("created_at"))
                    .col(big_integer("seen_at"))
                    .col(big_integer("expires_at"))
                    .foreign_key(ForeignKey::create().from("session", "person_id").to("person", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_index(
                Index::create().name("session_expiry").table("session").col("expires_at").to_owned(),
            )
            .await
    }
}
