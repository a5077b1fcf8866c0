//! Reading rows by the names of their tables and columns, for all of this folder.

use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement, Value};
use uuid::Uuid;

/// The rows that a question finds.
pub(super) async fn ask(
    connection: &impl ConnectionTrait,
    question: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<QueryResult>, DbErr> {
    let engine = connection.get_database_backend();
    connection.query_all_raw(Statement::from_sql_and_values(engine, question, values)).await
}

/// A text.
pub(super) fn text(row: &QueryResult, column: &str) -> Result<String, DbErr> {
    row.try_get("", column)
}

/// A number, whatever the width of its column: questions cast narrow ones.
pub(super) fn number(row: &QueryResult, column: &str) -> Result<i64, DbErr> {
    row.try_get("", column)
}

/// Bytes.
pub(super) fn bytes(row: &QueryResult, column: &str) -> Result<Vec<u8>, DbErr> {
    row.try_get("", column)
}

/// An id.
pub(super) fn id(row: &QueryResult, column: &str) -> Result<Uuid, DbErr> {
    row.try_get("", column)
}
