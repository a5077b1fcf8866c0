//! What the offline tool publishes (protocol section 12.6): the root, centres, certificates, statements, epochs and their wraps.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, pk_uuid, string, string_uniq, text, uuid};

#[derive(DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("network_root")
                    .col(pk_uuid("network"))
                    .col(string("hash"))
                    .col(text("document"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("centre")
                    .col(pk_uuid("id"))
                    .col(uuid("organisation_id"))
                    .col(string_uniq("slug"))
                    .col(text("facts"))
                    .col(string("certificate_hash"))
                    .foreign_key(
                        ForeignKey::create().from("centre", "organisation_id").to("organisation", "id"),
                    )
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("certificate")
                    .col(string("hash").primary_key())
                    .col(uuid("centre_id"))
                    .col(text("document"))
                    .col(big_integer("not_before"))
                    .col(big_integer("not_after"))
                    .foreign_key(ForeignKey::create().from("certificate", "centre_id").to("centre", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("statement")
                    .col(string("certificate_hash"))
                    .col(big_integer("seq"))
                    .col(string_uniq("hash"))
                    .col(text("document"))
                    .primary_key(Index::create().col("certificate_hash").col("seq"))
                    .foreign_key(
                        ForeignKey::create().from("statement", "certificate_hash").to("certificate", "hash"),
                    )
                    .to_owned(),
            )
            .await?;
        create_epochs(manager).await
    }
}

/// Numbers of epochs begin again under every certificate, so an epoch is named by its certificate.
async fn create_epochs(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("epoch")
                .col(string("certificate_hash"))
                .col(string("channel"))
                .col(big_integer("number"))
                .col(string("recipient"))
                .col(big_integer("not_before"))
                .col(big_integer("not_after"))
                .primary_key(Index::create().col("certificate_hash").col("channel").col("number"))
                .foreign_key(ForeignKey::create().from("epoch", "certificate_hash").to("certificate", "hash"))
                .to_owned(),
        )
        .await?;
    manager
        .create_table(
            Table::create()
                .table("epoch_wrap")
                .col(string("certificate_hash"))
                .col(string("channel"))
                .col(big_integer("number"))
                .col(string("sealed_to"))
                .col(blob("wrap"))
                .primary_key(
                    Index::create().col("certificate_hash").col("channel").col("number").col("sealed_to"),
                )
                .foreign_key(
                    ForeignKey::create()
                        .from("epoch_wrap", ("certificate_hash", "channel", "number"))
                        .to("epoch", ("certificate_hash", "channel", "number")),
                )
                .to_owned(),
        )
        .await
}
