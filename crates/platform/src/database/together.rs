//! Several statements as one text: a SQLite connection lives in a thread of its own, and going there and back costs more than an insert.

use sea_orm::{DatabaseBackend, DbErr, Statement};

/// `before`, which takes no values, and the statements as one, with the values of all.
pub(super) fn joined(
    before: Option<&str>,
    statements: impl IntoIterator<Item = Statement>,
) -> Result<Statement, DbErr> {
    let mut texts: Vec<String> = before.map(str::to_owned).into_iter().collect();
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
