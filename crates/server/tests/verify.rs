//! `approdo verify` with the program as it is started: what it counts, what it names, and that it ends with 1 then.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

#[expect(dead_code, reason = "shared with stories that need reports and ports")]
mod furnished;
#[path = "furnished/program.rs"]
mod program;

use furnished::Furnished;
use platform::config::DatabaseUrl;
use platform::database::{Database, DatabaseError};
use program::approdo;
use sea_orm::ConnectionTrait as _;

#[tokio::test]
async fn a_database_and_its_backup_hold_and_a_row_that_was_altered_is_named() {
    let furnished = Furnished::new(0).await;
    let folder = furnished.folder.path();
    let (code, said) = approdo(folder, &["verify"]);
    assert!(code == Some(0) && said.starts_with("all holds in sqlite:approdo.db\n"), "{said}");
    assert!(
        said.contains("2 certificates and 4 statements") && said.contains("0 reports with 0 items"),
        "{said}"
    );
    assert_eq!(approdo(folder, &["backup", "kept"]).0, Some(0));
    let (code, said) = approdo(folder, &["verify", "--backup", "kept"]);
    assert!(
        code == Some(0) && said.contains("0 reports with 0 items") && said.contains("in 11 wraps"),
        "{said}"
    );

    let url = DatabaseUrl::Sqlite(folder.join("approdo.db"));
    let database = Database::connect(&url).await.unwrap();
    let altered = "UPDATE channel_reader SET named = true WHERE reader <> 'paper'";
    database
        .write(|transaction| async move {
            transaction.execute_unprepared(altered).await?;
            Ok::<_, DatabaseError>(())
        })
        .await
        .unwrap();
    database.close().await.unwrap();
    let (code, said) = approdo(folder, &["verify"]);
    let sentence = "the tables state another duty or reader than the signed documents";
    assert!(code == Some(1) && said.contains(sentence) && said.contains("protocol section 8"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_eq!(approdo(folder, &["verify", "--backup", "kept"]).0, Some(0), "the backup is as it was");
}
