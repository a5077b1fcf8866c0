//! The audit log (protocol section 9): leaves for ever, and apart from them what opens each, until its case is shredded.
//!
//! No column is finer than the ISO week, and the rows lie in the order of their hashes, which chance has made (see `m0003_reports`).

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, blob, string, string_null, uuid_null};
use sea_orm_migration::sea_orm::DatabaseBackend;

#[derive(DeriveMigrationName)]
pub(super) struct Step;

/// A table whose rows lie in the order of their keys.
fn unnumbered(manager: &SchemaManager<'_>, mut table: TableCreateStatement) -> TableCreateStatement {
    if manager.get_database_backend() == DatabaseBackend::Sqlite {
        table.extra("WITHOUT ROWID");
    }
    table
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut tables = [
            Table::create()
                .table("audit_leaf")
                .col(blob("leaf").primary_key())
                .col(string("kind"))
                .col(string("week"))
                .col(blob("commitment"))
                .col(big_integer_null("checkpoint"))
                .to_owned(),
            Table::create()
                .table("audit_opening")
                .col(blob("leaf").primary_key())
                .col(blob("salt"))
                .col(uuid_null("actor"))
                .col(uuid_null("centre"))
                .col(uuid_null("object"))
                .col(string_null("channel"))
                .col(big_integer("gone"))
                .to_owned(),
            Table::create()
                .table("audit_checkpoint")
                .col(big_integer("number").primary_key())
                .col(string("week"))
                .col(big_integer("size"))
                .col(blob("root"))
                .col(blob("hash"))
                .to_owned(),
        ];
        for table in &mut tables {
            manager.create_table(unnumbered(manager, table.take())).await?;
        }
        for (name, table, columns) in [
            ("audit_leaf_checkpoint", "audit_leaf", ["checkpoint", "week"]),
            ("audit_leaf_week", "audit_leaf", ["week", "leaf"]),
            ("audit_opening_object", "audit_opening", ["object", "actor"]),
            ("audit_opening_centre", "audit_opening", ["centre", "actor"]),
        ] {
            let mut index = Index::create();
            index.name(name).table(table);
            for column in columns {
                index.col(column);
            }
            manager.create_index(index.clone()).await?;
        }
        Ok(())
    }
}
