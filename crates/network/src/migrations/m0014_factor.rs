//! Second factors (protocol section 6, docs/adr/0023-second-factor.md): the secret, backup codes as hashes, and whether a session began with one.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, boolean, string, uuid};

#[derive(DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("factor")
                    .col(uuid("person_id"))
                    .col(string("kind"))
                    .col(blob("secret"))
                    .col(big_integer("last_step"))
                    .col(string("week"))
                    .primary_key(Index::create().col("person_id").col("kind"))
                    .foreign_key(ForeignKey::create().from("factor", "person_id").to("person", "id"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("factor_backup")
                    .col(uuid("person_id"))
                    .col(blob("hash"))
                    .primary_key(Index::create().col("person_id").col("hash"))
                    .foreign_key(ForeignKey::create().from("factor_backup", "person_id").to("person", "id"))
                    .to_owned(),
            )
            .await?;
        // Sessions of the version before began without one, and a stolen one must not enrol: their people sign in again.
        manager.get_connection().execute_unprepared("DELETE FROM session").await?;
        let column = boolean("with_factor").default(false).take();
        manager.alter_table(Table::alter().table("session").add_column(column).to_owned()).await
    }
}
