//! No room on the disk: a small file system in memory, which takes root to make.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use testkit::load::post;

use crate::house::House;

/// A file system that is taken away with its value.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// `None`, after a notice, where it is not allowed.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=12m", "tmpfs"])
            .arg(folder.path())
            .output()
            .is_ok_and(|output| output.status.success());
        if !mounted {
            eprintln!("NOT RUN: a full disk with the real program needs root and `mount -t tmpfs`");
            return None;
        }
        Some(Self(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// A file that takes the room of 2 MiB until it is removed.
    fn put_ballast(&self) -> PathBuf {
        let ballast = self.path().join("ballast");
        std::fs::write(&ballast, vec![1; 2 << 20]).unwrap();
        ballast
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: whoever still looks at it keeps it until then.
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_said_loses_nothing_and_heals_when_there_is_room() {
    let Some(disk) = SmallDisk::mount() else { return };
    let ballast = disk.put_ballast();
    let mut house = House::in_folder(disk.path()).await;
    let server = house.serve().await;
    let mut acknowledged = Vec::new();
    let mut refused = Vec::new();
    for _ in 0..40 {
        let posted = house.post(&server, 100, 16).await;
        assert_eq!(posted.unknown, 0);
        acknowledged.extend(posted.acknowledged);
        refused.extend(posted.refused);
        if !refused.is_empty() {
            break;
        }
    }
    assert!(!acknowledged.is_empty() && !refused.is_empty());
    for (status, body) in &refused {
        assert!(*status == 503 && body.contains("\"code\":\"full\""), "{status} {body}");
    }
    assert!(house.log().contains("the disk of the database is full"), "{}", house.log());
    house.check(&acknowledged).await;
    // Reading goes on: the pages of everybody, and of whoever has written.
    assert_eq!(server.address().get("/it/", "identity").await.unwrap().status, 200);

    std::fs::remove_file(ballast).unwrap();
    let after = house.letters(20);
    let posted = post(server.address(), after, 4, Duration::ZERO).await.unwrap();
    assert_eq!(posted.acknowledged.len(), 20, "{:?}", posted.refused);
    acknowledged.extend(posted.acknowledged);
    server.kill().unwrap();
    house.check(&acknowledged).await;
}
