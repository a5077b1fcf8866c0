//! Broken off: killed at moments that nobody chose, and without room on the disk.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use platform::random::Random;
use rand_chacha::rand_core::RngCore as _;
use testkit::Engine;

use crate::house::{House, PROGRAM};
use crate::{approdo, back_up, backups, empty_place, house_on};

const KILLS: usize = 6;

async fn kill_backups(engine: Engine) {
    let Some((mut house, _store)) = house_on(engine).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let server = house.serve().await;
    assert_eq!(house.post(&server, 800, 16).await.acknowledged.len(), 800);
    server.kill().unwrap();
    back_up(&house, folder.path());
    let first = backups(folder.path());
    let mut unfinished = 0;
    for _ in 0..KILLS {
        let mut child = Command::new(PROGRAM)
            .args([
                "backup",
                folder.path().to_str().unwrap(),
                "--database",
                &house.address(),
                "--keep",
                "100",
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::sleep(Duration::from_millis(u64::from(Random::system().next_u32() % 900))).await;
        child.kill().unwrap();
        child.wait().unwrap();
        unfinished += std::fs::read_dir(folder.path())
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|ending| ending == "part"))
            .count();
        // Whatever has a name is whole, and so is what was there before.
        let verified = approdo(&["backup", folder.path().to_str().unwrap(), "--verify"]);
        assert_eq!(verified.status, 0, "{verified:?}");
        assert!(verified.out.contains(first[0].to_str().unwrap()), "{verified:?}");
    }
    assert!(unfinished > 0, "none of the kills came amid a backup");
    // A second later, so that it has a name of its own.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    back_up(&house, folder.path());
    let left = std::fs::read_dir(folder.path()).unwrap();
    let is_ours = |name: &str| name == "lock" || (name.starts_with("backup-") && name.ends_with('Z'));
    assert!(left.into_iter().all(|entry| is_ours(entry.unwrap().file_name().to_str().unwrap())));
    kill_restores(engine, &house, folder.path()).await;
}

/// A restore that is killed leaves nothing that could be served.
async fn kill_restores(engine: Engine, house: &House, folder: &Path) {
    let mut unfinished = 0;
    for round in 0..4 {
        let Some((address, url, _place)) = empty_place(engine).await else { return };
        let mut child = Command::new(PROGRAM)
            .args(["restore", folder.to_str().unwrap(), "--into", &address, "--database", &house.address()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::sleep(Duration::from_millis(100 + 150 * round)).await;
        child.kill().unwrap();
        let ended = child.wait().unwrap();
        if ended.success() {
            continue;
        }
        unfinished += 1;
        match &url {
            platform::config::DatabaseUrl::Sqlite(path) => {
                assert!(!path.exists(), "half a file has the name of a whole one");
                // Whoever takes the unfinished file all the same is refused, unless it holds nothing yet.
                let part = format!("sqlite:{}.part", path.display());
                if path.with_extension("db.part").exists() {
                    let said = approdo(&["backup", folder.to_str().unwrap(), "--database", &part]);
                    assert_eq!(said.status, 1, "{said:?}");
                }
                // The next one begins anew.
                let said = approdo(&[
                    "restore",
                    folder.to_str().unwrap(),
                    "--into",
                    &address,
                    "--database",
                    &house.address(),
                ]);
                assert_eq!(said.status, 0, "{said:?}");
            }
            platform::config::DatabaseUrl::Postgres(_) => {
                let said = approdo(&[
                    "restore",
                    folder.to_str().unwrap(),
                    "--into",
                    &address,
                    "--database",
                    &house.address(),
                ]);
                // Killed before the first statement, it is still empty.
                assert!(said.status == 0 || said.errors.contains("stopped half way"), "{said:?}");
                if said.status != 0 {
                    let served =
                        approdo(&["serve", "--demo", "--listen", "127.0.0.1:0", "--database", &address]);
                    assert!(served.status == 1 && served.errors.contains("stopped half way"), "{served:?}");
                }
            }
        }
    }
    assert!(unfinished > 0, "none of the kills came amid a restore");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_amid_a_backup_the_older_ones_are_whole_on_sqlite() {
    kill_backups(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_amid_a_backup_the_older_ones_are_whole_on_postgres() {
    kill_backups(Engine::Postgres).await;
}

/// A file system of its own that is taken away with its value.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// `None`, after a notice, where it is not allowed.
    #[expect(clippy::print_stderr, reason = "whoever runs the tests must see what did not run")]
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"]).arg(folder.path()).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        eprintln!("NOT RUN: a full disk with the real program needs root and `mount -t tmpfs`");
        None
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_room_the_older_ones_are_whole_and_the_reason_is_said() {
    let Some(disk) = SmallDisk::mount() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::in_folder(folder.path()).await;
    let server = house.serve().await;
    let shelf = disk.0.path().join("backups");
    assert_eq!(house.post(&server, 200, 16).await.acknowledged.len(), 200);
    back_up(&house, &shelf);
    assert_eq!(house.post(&server, 1_000, 16).await.acknowledged.len(), 1_000);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let said = approdo(&["backup", shelf.to_str().unwrap(), "--database", &house.address()]);
    assert!(said.status == 1 && said.errors.contains("there is no room for the backup"), "{said:?}");
    assert_eq!(backups(&shelf).len(), 1);
    let entries: Vec<_> =
        std::fs::read_dir(&shelf).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(entries.len(), 2, "one backup and the lock: {entries:?}");
    let verified = approdo(&["backup", shelf.to_str().unwrap(), "--verify"]);
    assert!(verified.status == 0 && verified.out.contains("200 reports"), "{verified:?}");
    // The server has noticed nothing.
    assert_eq!(house.post(&server, 5, 1).await.acknowledged.len(), 5);
}
