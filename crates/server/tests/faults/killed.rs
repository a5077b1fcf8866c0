//! `kill -9` at moments that nobody chose, under 64 clients.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use platform::config::DatabaseUrl;
use platform::random::Random;
use rand_chacha::rand_core::RngCore as _;
use testkit::Engine;
use testkit::load::post;

use crate::house::House;

/// Times that the program is killed, an engine.
const ROUNDS: usize = 5;

/// Reports on the way in a round: more than can be stored before it ends.
const LETTERS: usize = 3_000;

const CLIENTS: usize = 64;

/// Kills the program amid a rush, so many times, and looks for what it had acknowledged.
async fn kill_in_a_rush(house: &mut House) {
    let mut acknowledged = Vec::new();
    let mut unknown = 0;
    for _ in 0..ROUNDS {
        let server = house.serve().await;
        let letters = house.letters(LETTERS);
        let address = server.address().clone();
        let rush =
            tokio::spawn(async move { post(&address, letters, CLIENTS, Duration::ZERO).await.unwrap() });
        // Between a tenth of a second and one and a half.
        let moment = 100 + u64::from(Random::system().next_u32() % 1_400);
        tokio::time::sleep(Duration::from_millis(moment)).await;
        server.kill().unwrap();
        let posted = rush.await.unwrap();
        assert!(posted.refused.is_empty(), "{:?}", posted.refused);
        unknown += posted.unknown;
        acknowledged.extend(posted.acknowledged);
        house.check(&acknowledged).await;
    }
    assert!(
        !acknowledged.is_empty() && unknown > 0,
        "{} acknowledged, {unknown} unknown",
        acknowledged.len()
    );
    // It goes on as if nothing had happened, and whoever got no answer may send once more.
    let server = house.serve().await;
    let after = house.letters(20);
    let twice: Vec<_> = after.iter().chain(&after).cloned().collect();
    let posted = post(server.address(), twice, 4, Duration::ZERO).await.unwrap();
    assert_eq!(posted.acknowledged.len(), 40, "{posted:?}");
    acknowledged.extend(posted.acknowledged);
    house.check(&acknowledged).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kill_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    kill_in_a_rush(&mut House::in_folder(folder.path()).await).await;
}

/// One story, because it kills the cluster that the others would use.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kill_on_postgres() {
    let Some(store) = Engine::Postgres.open().await else { return };
    let DatabaseUrl::Postgres(address) = &store.url else { panic!("no address") };
    let name = address.rsplit_once('/').unwrap().1.to_owned();
    // The cluster of the tests answers before it writes, to be fast. Here it must not.
    store.administer(&format!("ALTER DATABASE {name} SET synchronous_commit = on")).await.unwrap();
    let mut house = House::furnish(store.url.clone()).await;
    kill_in_a_rush(&mut house).await;
    kill_the_cluster(&mut house, &store.cluster().await).await;
}

/// Kills PostgreSQL itself, if it is the one that `scripts/with-postgres.sh` made for the tests.
async fn kill_the_cluster(house: &mut House, data: &Path) {
    if !data.to_string_lossy().contains("approdo-postgres.") {
        eprintln!("not run: PostgreSQL is not the one of scripts/with-postgres.sh, so it is left alone");
        return;
    }
    let server = house.serve().await;
    let letters = house.letters(LETTERS);
    let address = server.address().clone();
    let rush = tokio::spawn(async move { post(&address, letters, CLIENTS, Duration::ZERO).await.unwrap() });
    tokio::time::sleep(Duration::from_millis(700)).await;
    let killed = Postmaster::kill(data);
    // Longer than the ten seconds that a post waits for a connection: when it comes back sooner all of them may get in, and none is refused.
    tokio::time::sleep(Duration::from_secs(12)).await;
    killed.start_again();
    let posted = rush.await.unwrap();
    // While it was away posts were refused, and said so.
    assert!(!posted.refused.is_empty() && !posted.acknowledged.is_empty(), "{posted:?}");
    assert!(posted.refused.iter().all(|(status, _)| *status >= 500), "{:?}", posted.refused);
    house.check(&posted.acknowledged).await;
    // The program was not started again, and found PostgreSQL by itself.
    let after = house.post(&server, 20, 4).await;
    assert_eq!(after.acknowledged.len(), 20, "{:?}", after.refused);
    house.check(&after.acknowledged).await;
}

/// A PostgreSQL that was killed, with what is needed to start it as it was.
struct Postmaster {
    arguments: Vec<String>,
    user: String,
    group: String,
    pid_file: std::path::PathBuf,
}

impl Postmaster {
    fn kill(data: &Path) -> Self {
        let pid_file = data.join("postmaster.pid");
        let pid = std::fs::read_to_string(&pid_file).unwrap().lines().next().unwrap().to_owned();
        let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap();
        let arguments: Vec<String> = arguments
            .split(|byte| *byte == 0)
            .filter(|part| !part.is_empty())
            .map(|part| String::from_utf8(part.to_vec()).unwrap())
            .collect();
        let owner = |what: &str| {
            let output = Command::new("stat").args(["-c", what]).arg(data).output().unwrap();
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        };
        let (user, group) = (owner("%u"), owner("%g"));
        assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
        Self { arguments, user, group, pid_file }
    }

    fn start_again(&self) {
        let log = self.pid_file.with_file_name("again.log");
        let log = std::fs::File::create(log).unwrap();
        let mut command = Command::new("setpriv");
        command
            .args([&format!("--reuid={}", self.user), &format!("--regid={}", self.group), "--clear-groups"])
            .args(&self.arguments)
            .current_dir("/")
            .env("LC_ALL", "C.UTF-8")
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        // Its processes may still be leaving: it refuses to start beside them, and is asked again.
        for _ in 0..40 {
            let mut child = command.spawn().unwrap();
            std::thread::sleep(Duration::from_millis(250));
            if child.try_wait().unwrap().is_none() {
                return;
            }
        }
        panic!("PostgreSQL did not start again");
    }
}
