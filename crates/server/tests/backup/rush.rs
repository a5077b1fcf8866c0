//! A backup amid a rush: what was acknowledged before it began is in it.

use std::path::Path;
use std::time::Duration;

use testkit::Engine;
use testkit::load::post;

use crate::house::House;
use crate::{approdo, back_up, backups, empty_place, house_on};

/// Reports that are there before, and those that 64 clients post meanwhile.
const BEFORE: usize = 200;
const MEANWHILE: usize = 800;

async fn keep_in_a_rush(engine: Engine) {
    let Some((mut house, _store)) = house_on(engine).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let server = house.serve().await;
    let before = house.post(&server, BEFORE, 16).await;
    assert_eq!(before.acknowledged.len(), BEFORE, "{:?}", before.refused);
    let letters = house.letters(MEANWHILE);
    let address = server.address().clone();
    let rush = tokio::spawn(async move { post(&address, letters, 64, Duration::ZERO).await.unwrap() });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let (database, kept_in) = (house.address(), folder.path().to_owned());
    let said = tokio::task::spawn_blocking(move || {
        approdo(&["backup", kept_in.to_str().unwrap(), "--database", &database])
    });
    let said = said.await.unwrap();
    assert_eq!(said.status, 0, "{said:?}");
    let meanwhile = rush.await.unwrap();
    assert_eq!(
        meanwhile.acknowledged.len(),
        MEANWHILE,
        "nobody was refused for the sake of a backup: {:?}",
        meanwhile.refused
    );
    server.kill().unwrap();

    let verified = approdo(&["backup", folder.path().to_str().unwrap(), "--verify"]);
    assert_eq!(verified.status, 0, "{verified:?}");
    assert!(verified.out.contains("the signatures of"), "{verified:?}");
    for engine in [Engine::Sqlite, Engine::Postgres] {
        restore_on(engine, &mut house, folder.path(), &before.acknowledged).await;
    }
}

async fn restore_on(engine: Engine, house: &mut House, folder: &Path, acknowledged: &[[u8; 32]]) {
    let Some((address, url, _place)) = empty_place(engine).await else { return };
    let said =
        approdo(&["restore", folder.to_str().unwrap(), "--into", &address, "--database", &house.address()]);
    assert_eq!(said.status, 0, "{said:?}");
    assert!(said.out.contains("the newest report in it is of week 20"), "{said:?}");
    assert!(said.out.contains("what came after the backup was made is not in it"), "{said:?}");
    // The same house, with the new database.
    let old = std::mem::replace(&mut house.url, url);
    house.check(acknowledged).await;
    let server = house.serve().await;
    let after = house.post(&server, 20, 4).await;
    assert_eq!(after.acknowledged.len(), 20, "it goes on: {:?}", after.refused);
    server.kill().unwrap();
    house.check(&after.acknowledged).await;
    house.url = old;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_before_a_backup_is_in_it_on_sqlite() {
    keep_in_a_rush(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_before_a_backup_is_in_it_on_postgres() {
    keep_in_a_rush(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_needs_no_server() {
    let folder = tempfile::tempdir().unwrap();
    let house = House::in_folder(folder.path()).await;
    let said = back_up(&house, &folder.path().join("backups"));
    assert!(said.out.contains("0 reports") && said.out.contains("no report is in it"), "{said:?}");
    assert_eq!(backups(&folder.path().join("backups")).len(), 1);
    let mut left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert!(house.file().is_file());
    assert_eq!(left, ["approdo.db", "backups"], "nothing is left beside the database");
}
