//! Backups with the program as it is started: while it is used, killed, without room, and told wrong things.

#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a story that cannot go on has failed")]

#[path = "../faults/house.rs"]
mod house;
mod interrupted;
mod refused;
mod rush;

use std::path::{Path, PathBuf};
use std::process::Command;

use platform::config::DatabaseUrl;
use testkit::{Engine, TestDatabase};

use house::{House, PROGRAM};

/// What the program said, and with which status it ended.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) errors: String,
}

/// Runs the program to its end, in a folder without a configuration.
pub(crate) fn approdo(arguments: &[&str]) -> Said {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(PROGRAM).args(arguments).current_dir(folder.path()).output().unwrap();
    Said {
        status: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        errors: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Makes a backup of a house's database; it must succeed.
pub(crate) fn back_up(house: &House, folder: &Path) -> Said {
    let said = approdo(&["backup", folder.to_str().unwrap(), "--database", &house.address()]);
    assert_eq!(said.status, 0, "{said:?}");
    said
}

/// The finished backups of a folder, the oldest first.
pub(crate) fn backups(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() && path.extension().is_none())
        .collect();
    all.sort();
    all
}

/// A house on either engine; its place ends with the second value.
pub(crate) async fn house_on(engine: Engine) -> Option<(House, TestDatabase)> {
    let store = engine.open().await?;
    Some((House::furnish(store.url.clone()).await, store))
}

/// The address of an empty place on either engine.
pub(crate) async fn empty_place(engine: Engine) -> Option<(String, DatabaseUrl, TestDatabase)> {
    let store = engine.open().await?;
    let url = match &store.url {
        DatabaseUrl::Sqlite(path) => DatabaseUrl::Sqlite(path.with_file_name("restored.db")),
        DatabaseUrl::Postgres(address) => DatabaseUrl::Postgres(address.clone()),
    };
    let address = match &url {
        DatabaseUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
        DatabaseUrl::Postgres(address) => address.clone(),
    };
    Some((address, url, store))
}
