//! What a restored database remembers: that it was restored, from what, and whether the restore came to its end.
//!
//! The mark is written before the first row and says that the restore is complete in the last transaction, after the list of what was shredded
//! was applied (invariant I7). It is no migration: it stands before the first of them, and only in a database that was restored.

use platform::database::{Database, DatabaseError};
use sea_orm::{ConnectionTrait, DatabaseBackend, Statement, Value};
use sea_orm_migration::SchemaManager;

use super::Failed;

/// The table of the mark; it has one row.
pub(super) const TABLE: &str = "restored";

const FILLING: &str = "filling";
const WHOLE: &str = "whole";

/// Marks an empty database as one that is being filled from a backup.
pub(super) async fn begin(database: &Database, backup: &str) -> Result<(), DatabaseError> {
    database
        .write(|transaction| async move {
            let table = format!(
                "CREATE TABLE {TABLE} (id integer NOT NULL PRIMARY KEY, backup varchar NOT NULL, state varchar NOT NULL)"
            );
            transaction.execute_unprepared(&table).await?;
            let row = format!("INSERT INTO {TABLE} (id, backup, state) VALUES (1, $1, '{FILLING}')");
            let values: [Value; 1] = [backup.into()];
            let engine = transaction.get_database_backend();
            transaction.execute_raw(Statement::from_sql_and_values(engine, row, values)).await?;
            Ok::<_, DatabaseError>(())
        })
        .await
}

/// Marks it as complete.
pub(super) async fn end(database: &Database) -> Result<(), DatabaseError> {
    database
        .write(|transaction| async move {
            transaction.execute_unprepared(&format!("UPDATE {TABLE} SET state = '{WHOLE}'")).await?;
            Ok::<_, DatabaseError>(())
        })
        .await
}

/// From which backup a database was restored; none for one that grew by itself. Every command that uses a database asks this first.
///
/// # Errors
/// [`Failed::HalfWay`] when the restore did not come to its end: what was shredded may not be gone from it.
pub async fn restored_from(database: &Database, name: &str) -> Result<Option<String>, Failed> {
    let connection = database.read();
    if !SchemaManager::new(connection).has_table(TABLE).await.map_err(DatabaseError::from)? {
        return Ok(None);
    }
    let question = format!("SELECT backup, state FROM {TABLE}");
    let row = connection.query_one_raw(Statement::from_string(database.engine(), question)).await;
    let row = row.map_err(DatabaseError::from)?;
    let read = |row: &sea_orm::QueryResult| {
        Ok::<_, sea_orm::DbErr>((row.try_get("", "backup")?, row.try_get("", "state")?))
    };
    let found: Option<(String, String)> = row.as_ref().map(read).transpose().map_err(DatabaseError::from)?;
    match found {
        Some((backup, state)) if state == WHOLE => Ok(Some(backup)),
        _ => Err(Failed::HalfWay(name.to_owned())),
    }
}

/// Whether a database holds no table at all.
pub(super) async fn is_empty(connection: &impl ConnectionTrait) -> Result<bool, DatabaseError> {
    let question = match connection.get_database_backend() {
        DatabaseBackend::Sqlite => "SELECT count(*) FROM sqlite_schema",
        _ => "SELECT count(*) FROM pg_catalog.pg_tables WHERE schemaname = current_schema()",
    };
    Ok(super::rows::number(connection, question).await? == 0)
}
