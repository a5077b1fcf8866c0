//! The commands about the audit log with the program as it is started: what a witness gets, and what is found.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

#[expect(dead_code, reason = "shared with stories that need reports and ports")]
mod furnished;
#[path = "furnished/program.rs"]
mod program;

use envelope::audit::checkpoint::{Checkpoint, beginning};
use envelope::audit::week::Week;
use envelope::audit::witness;
use envelope::encoding::Hash;
use furnished::Furnished;
use platform::config::DatabaseUrl;
use platform::database::{Database, DatabaseError};
use program::approdo;
use sea_orm::ConnectionTrait as _;

#[tokio::test]
async fn a_witness_gets_all_checkpoints_and_a_row_that_was_altered_is_named() {
    let furnished = Furnished::new(0).await;
    let folder = furnished.folder.path();
    assert_eq!(
        approdo(folder, &["audit", "checkpoint"]),
        (Some(0), "approdo audit checkpoints v1\n".to_owned())
    );
    let (code, said) = approdo(folder, &["audit", "verify"]);
    assert!(
        code == Some(0) && said.starts_with("nothing was tampered with: 6 leaves, 6 of them wait"),
        "{said}"
    );

    // A witness who kept more than is here: the log was rolled back.
    let week = Week::new(2026, 40).unwrap();
    let kept = Checkpoint { number: 1, week, size: 3, root: Hash::of(b"root"), previous: beginning() };
    std::fs::write(folder.join("kept.txt"), witness::to_text(&[kept])).unwrap();
    let (code, said) = approdo(folder, &["audit", "verify", "--witness", "kept.txt"]);
    assert!(code == Some(1) && said.contains("rolled back"), "{said}");
    std::fs::write(folder.join("kept.txt"), witness::to_text(&[kept]).replace("2026-W40", "2026-W41"))
        .unwrap();
    let (code, said) = approdo(folder, &["audit", "verify", "--witness", "kept.txt"]);
    assert!(code == Some(1) && said.contains("kept.txt is no whole file of checkpoints"), "{said}");

    let url = DatabaseUrl::Sqlite(folder.join("approdo.db"));
    let database = Database::connect(&url).await.unwrap();
    let altered = "UPDATE audit_leaf SET week = '2026-W01' WHERE kind = 'imported'";
    database
        .write(|transaction| async move {
            transaction.execute_unprepared(altered).await?;
            Ok::<_, DatabaseError>(())
        })
        .await
        .unwrap();
    database.close().await.unwrap();
    let (code, said) = approdo(folder, &["audit", "verify"]);
    assert!(code == Some(1) && said.contains("the log was tampered with: leaf "), "{said}");
}
