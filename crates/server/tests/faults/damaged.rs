//! A file that is not what was written to it: the server does not start on it, and says the way back.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::process::Command;

use platform::database::Database;
use sea_orm::{ConnectionTrait as _, Statement};

use crate::house::{House, PROGRAM};

const PAGE: u64 = 4_096;

/// What the program says when it is told to do something with the file, and whether it did.
fn run(house: &House, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(PROGRAM);
    let output = command.args(arguments).arg("--database").arg(house.address()).output().unwrap();
    (output.status.success(), String::from_utf8(output.stderr).unwrap())
}

async fn root_page_of(house: &House, table: &str) -> u64 {
    let database = Database::connect(&house.url).await.unwrap();
    let query = format!("SELECT rootpage FROM sqlite_schema WHERE name = '{table}'");
    let statement = Statement::from_string(database.engine(), query);
    let row = database.read().query_one_raw(statement).await.unwrap().unwrap();
    let page: i64 = row.try_get_by_index(0).unwrap();
    database.close().await.unwrap();
    u64::try_from(page).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_file_is_refused_with_the_way_back() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::in_folder(folder.path()).await;
    let server = house.serve().await;
    let posted = house.post(&server, 40, 4).await;
    assert_eq!(posted.acknowledged.len(), 40);
    server.kill().unwrap();
    // Merges the log into the file.
    Database::connect(&house.url).await.unwrap().close().await.unwrap();
    let (whole, said) = run(&house, &["check"]);
    assert!(whole, "{said}");

    let item = root_page_of(&house, "report_item").await;
    let places = [
        ("the header", 0, 100),
        ("the first page", 100, PAGE - 100),
        ("a page of a table", (item - 1) * PAGE, PAGE),
    ];
    for (what, at, length) in places {
        let file = File::options().read(true).write(true).open(house.file()).unwrap();
        let mut kept = vec![0; usize::try_from(length).unwrap()];
        file.read_exact_at(&mut kept, at).unwrap();
        file.write_all_at(&vec![0xa5; kept.len()], at).unwrap();
        for arguments in [&["serve", "--demo", "--listen", "127.0.0.1:0"][..], &["check"]] {
            let (started, said) = run(&house, arguments);
            assert!(!started && said.contains("approdo restore"), "{what}: {said}");
        }
        file.write_all_at(&kept, at).unwrap();
    }
    // It has only looked: with the page as it was, all is there.
    house.check(&posted.acknowledged).await;
    drop(house.serve().await);
}

/// The words of a line as a shell splits them; no word of ours holds a blank here.
fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_way_back_works_as_it_is_printed() {
    let folder = tempfile::tempdir().unwrap();
    let mut house = House::in_folder(folder.path()).await;
    let server = house.serve().await;
    let posted = house.post(&server, 40, 4).await;
    assert_eq!(posted.acknowledged.len(), 40);
    let backups = folder.path().join("backups");
    let backups = backups.to_str().unwrap();
    let (kept, said) = run(&house, &["backup", backups]);
    assert!(kept, "{said}");
    server.kill().unwrap();
    Database::connect(&house.url).await.unwrap().close().await.unwrap();
    let item = root_page_of(&house, "report_item").await;
    let file = File::options().write(true).open(house.file()).unwrap();
    file.write_all_at(&[0xa5; 4_096], (item - 1) * PAGE).unwrap();

    let (started, said) = run(&house, &["serve", "--demo", "--listen", "127.0.0.1:0"]);
    assert!(!started);
    let line = |number: &str| {
        let printed =
            said.lines().find_map(|line| line.strip_prefix(&format!("approdo: {number}. approdo ")));
        printed.unwrap_or_else(|| panic!("no line {number}: {said}")).to_owned()
    };
    // Exactly what stands there, with the folder for FOLDER, from another folder without a configuration.
    let restore = line("2").replace("FOLDER", backups);
    let output = Command::new(PROGRAM).args(words(&restore)).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{restore}: {}", String::from_utf8_lossy(&output.stderr));
    let serve = line("3");
    let words = words(&serve);
    assert_eq!(&words[..2], ["serve", "--database"], "{serve}");
    house.url = platform::config::DatabaseUrl::parse(words[2]).unwrap();
    house.check(&posted.acknowledged).await;
    let server = house.serve().await;
    assert_eq!(house.post(&server, 5, 1).await.acknowledged.len(), 5);
}
