//! Several statements in one exchange.

use sea_orm::{ConnectionTrait, DatabaseBackend, DbErr, Statement};

use super::DatabaseError;

/// Runs statements that answer nothing, one after the other; what comes after one that fails does not run. To be called in a transaction,
/// because what came before it stays.
///
/// A SQLite connection lives in a thread of its own, and going there and back costs more than an insert: there they go together, as one text
/// with the values of all. PostgreSQL prepares one statement at a time.
///
/// The statements must have been built by sea-orm for this connection's engine: their values are told apart by order (`?`) on SQLite.
///
/// # Errors
/// That of the first statement that fails.
pub async fn execute_together(
    connection: &impl ConnectionTrait,
    statements: Vec<Statement>,
) -> Result<(), DatabaseError> {
    let engine = connection.get_database_backend();
    if engine == DatabaseBackend::Sqlite {
        connection.execute_raw(joined(statements)?).await?;
        return Ok(());
    }
    for statement in statements {
        connection.execute_raw(statement).await?;
    }
    Ok(())
}

fn joined(statements: Vec<Statement>) -> Result<Statement, DbErr> {
    let mut texts = Vec::with_capacity(statements.len());
    let mut values = Vec::new();
    for statement in statements {
        if statement.db_backend != DatabaseBackend::Sqlite {
            return Err(DbErr::Custom("a statement was built for another engine".to_owned()));
        }
        texts.push(statement.sql);
        values.extend(statement.values.into_iter().flat_map(|values| values.0));
    }
    Ok(Statement::from_sql_and_values(DatabaseBackend::Sqlite, texts.join("; "), values))
}
