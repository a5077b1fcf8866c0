//! Wrong things said to it, each with a sentence that says what is wrong.

use std::path::Path;

use crate::house::House;
use crate::{approdo, back_up, backups};

/// A folder with a house and one backup of it.
async fn kept(folder: &Path) -> House {
    let mut house = House::in_folder(folder).await;
    let server = house.serve().await;
    assert_eq!(house.post(&server, 3, 1).await.acknowledged.len(), 3);
    drop(server);
    back_up(&house, &folder.join("backups"));
    house
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_word_is_answered_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let house = kept(folder.path()).await;
    let shelf = folder.path().join("backups");
    let (shelf, own) = (shelf.to_str().unwrap(), house.address());
    let fresh = format!("sqlite:{}", folder.path().join("new.db").display());
    let absent = format!("sqlite:{}", folder.path().join("absent.db").display());
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let list = folder.path().join("no-list");
    for (arguments, expected) in [
        (vec!["restore", empty.to_str().unwrap(), "--into", &fresh], "there is no backup in"),
        (vec!["restore", "/nowhere/at/all", "--into", &fresh], "/nowhere/at/all"),
        (vec!["restore", shelf, "--into", "new.db"], "--into: expected `sqlite:<path of a file>`"),
        (
            vec!["restore", shelf, "--into", &own, "--database", &own],
            "is there already, and nothing is overwritten",
        ),
        (
            vec!["restore", shelf, "--into", &fresh, "--database", &absent],
            "no list says what was shredded after",
        ),
        (
            vec!["restore", shelf, "--into", &fresh, "--tombstones", list.to_str().unwrap()],
            "no-list: No such file",
        ),
        (vec!["backup", shelf, "--database", &absent], "there is no such file"),
        (vec!["backup", empty.to_str().unwrap(), "--verify"], "there is no backup in"),
    ] {
        let said = approdo(&arguments);
        assert!(said.status == 1 && said.errors.contains(expected), "{arguments:?}: {said:?}");
    }
    assert!(!folder.path().join("new.db").exists() && !folder.path().join("absent.db").exists());
    // What is no command at all ends with another status.
    for arguments in [vec!["backup"], vec!["restore", shelf], vec!["backup", shelf, "--keep", "0"]] {
        assert_eq!(approdo(&arguments).status, 2, "{arguments:?}");
    }
    // Another version of the form.
    let manifest = backups(&folder.path().join("backups"))[0].join("manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, text.replacen("\"format\": 1", "\"format\": 2", 1)).unwrap();
    let said = approdo(&["restore", shelf, "--into", &fresh, "--database", &own]);
    assert!(said.status == 1 && said.errors.contains("reads form 1"), "{said:?}");
    let said = approdo(&["backup", shelf, "--verify"]);
    assert!(
        said.status == 1 && said.out.contains("NOT WHOLE") && said.errors.contains("1 of 1 backup"),
        "{said:?}"
    );
    std::fs::write(&manifest, text).unwrap();
    // The old database is gone and so is its list: that is said aloud, not assumed.
    let said = approdo(&["restore", shelf, "--into", &fresh, "--database", &absent, "--tombstones-lost"]);
    assert!(said.status == 0 && said.out.contains("3 reports with 3 items"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_backup_is_not_restored_and_an_older_one_can_be_named() {
    let folder = tempfile::tempdir().unwrap();
    let house = kept(folder.path()).await;
    let shelf = folder.path().join("backups");
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    back_up(&house, &shelf);
    let all = backups(&shelf);
    let data = std::fs::read_dir(&all[1]).unwrap().map(|entry| entry.unwrap().path());
    let data = data
        .into_iter()
        .find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("data-"))
        .unwrap();
    let mut bytes = std::fs::read(&data).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&data, bytes).unwrap();
    let verified = approdo(&["backup", shelf.to_str().unwrap(), "--verify"]);
    assert!(
        verified.status == 1 && verified.errors.contains("1 of 2 backups cannot be restored"),
        "{verified:?}"
    );
    let fresh = format!("sqlite:{}", folder.path().join("new.db").display());
    let restore = |from: &Path| {
        approdo(&["restore", from.to_str().unwrap(), "--into", &fresh, "--database", &house.address()])
    };
    let said = restore(&shelf);
    assert!(said.status == 1 && said.errors.contains("is damaged"), "{said:?}");
    assert_eq!(restore(&all[0]).status, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_another_network_is_not_restored_over_this_one() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let house = kept(folders[0].path()).await;
    let other = House::in_folder(folders[1].path()).await;
    // All houses have the same demonstration network; this one gets another id.
    let database = platform::database::Database::connect(&other.url).await.unwrap();
    let changed = database.write(|transaction| async move {
        use sea_orm::ConnectionTrait as _;
        transaction.execute_unprepared("UPDATE network_root SET network = randomblob(16)").await?;
        Ok::<_, platform::database::DatabaseError>(())
    });
    changed.await.unwrap();
    database.close().await.unwrap();
    let fresh = format!("sqlite:{}", folders[0].path().join("new.db").display());
    let shelf = folders[0].path().join("backups");
    let said =
        approdo(&["restore", shelf.to_str().unwrap(), "--into", &fresh, "--database", &other.address()]);
    assert!(said.status == 1 && said.errors.contains("holds the network"), "{said:?}");
    let said = approdo(&["backup", shelf.to_str().unwrap(), "--database", &other.address()]);
    assert!(said.status == 1 && said.errors.contains("use another folder"), "{said:?}");
    drop(house);
}
