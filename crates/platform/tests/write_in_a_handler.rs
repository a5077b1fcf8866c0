//! `Database::write` must be usable in a handler, whose future has to be `Send`, with borrowed arguments.

use platform::config::DatabaseUrl;
use platform::database::{Database, DatabaseError};
use sea_orm::ConnectionTrait;
use thiserror::Error;

#[derive(Debug, Error)]
enum SliceError {
    #[error("a rule said no")]
    Refused,
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

async fn insert(connection: &impl ConnectionTrait, note: &str) -> Result<(), DatabaseError> {
    connection.execute_unprepared(&format!("INSERT INTO notes VALUES ('{note}')")).await?;
    Ok(())
}

async fn handle(database: Database, notes: Vec<String>) -> Result<usize, SliceError> {
    let borrowed = &notes;
    database
        .write(|transaction| async move {
            for note in borrowed {
                insert(&transaction, note).await?;
            }
            if borrowed.is_empty() { Err(SliceError::Refused) } else { Ok(borrowed.len()) }
        })
        .await
}

#[tokio::test]
async fn a_spawned_handler_writes_borrowed_values() {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(folder.path().join("deep/er/test.db"));
    let database = Database::connect(&url).await.unwrap();
    database
        .write(async |tx| {
            Ok::<_, DatabaseError>(tx.execute_unprepared("CREATE TABLE notes (note TEXT)").await?)
        })
        .await
        .unwrap();
    let written =
        tokio::spawn(handle(database.clone(), vec!["one".to_owned(), "two".to_owned()])).await.unwrap();
    assert_eq!(written.unwrap(), 2);
    assert!(matches!(tokio::spawn(handle(database, Vec::new())).await.unwrap(), Err(SliceError::Refused)));
}
