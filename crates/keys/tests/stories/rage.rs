//! The way back with nothing of ours: the lines of docs/offline-keys.md, run as they stand there, with the stock `rage` and `sqlite3` (protocol
//! section 2; invariant I8). `rage` is looked for as by keyring's test of it: in `RAGE`, on the path, and in the project's tools folder.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use testkit::TestApp;

use crate::desk::Desk;
use crate::world::{NOTE, PICTURE, World};

testkit::on_both_engines!(the_lines_of_the_document_open_a_real_backup);

const DOCUMENT: &str = include_str!("../../../../docs/offline-keys.md");

/// The one block of shell in the document.
fn lines_of_the_document() -> &'static str {
    let (_, after) = DOCUMENT.split_once("```sh\n").unwrap();
    let (lines, rest) = after.split_once("\n```").unwrap();
    assert!(!rest.contains("```sh\n"), "one block only");
    lines
}

/// What is there of the item that says this: the line of the contents.
fn line_with<'a>(contents: &'a str, words: &str) -> &'a str {
    let mut lines = contents.lines().filter(|line| line.contains(words));
    let line = lines.next().unwrap_or_else(|| panic!("{words} is not in\n{contents}"));
    assert!(lines.next().is_none(), "{words} is there twice");
    line
}

/// The path on which `rage` is found; none, after a notice, where it is absent and not required.
#[expect(clippy::print_stderr, reason = "whoever runs the tests must see what did not run")]
fn path_with_rage() -> Option<OsString> {
    let named = env::var_os("RAGE").and_then(|rage| Path::new(&rage).parent().map(Path::to_owned));
    let path = env::var_os("PATH").unwrap_or_default();
    let home = env::var_os("HOME").map(|home| Path::new(&home).join(".cache/approdo/tools/bin"));
    let folders: Vec<PathBuf> = named.into_iter().chain(env::split_paths(&path)).chain(home).collect();
    if folders.iter().any(|folder| folder.join("rage").is_file()) {
        return env::join_paths(folders).ok();
    }
    let is_required = env::var("APPRODO_REQUIRE_RAGE").is_ok_and(|value| value == "1");
    assert!(
        !is_required,
        "APPRODO_REQUIRE_RAGE=1, and no `rage` was found in RAGE, PATH or the tools folder"
    );
    eprintln!("no `rage` was found: the lines of the document were not run");
    None
}

async fn the_lines_of_the_document_open_a_real_backup(app: TestApp) {
    let Some(path) = path_with_rage() else { return };
    let (desk, mut world) = (Desk::new(), World::begin(app).await);
    let told = world.live().await;
    let backup = world.keep(&desk).await;
    world.papers(&desk);
    drop(world);

    let output = Command::new("bash")
        .args(["-eu", "-c", lines_of_the_document()])
        .env("PATH", path)
        .env("BACKUP", &backup)
        .env("PAPER", desk.path("porto-safe.paper"))
        .current_dir(desk.path(""))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let contents = desk.read("opened/contents.txt");
    let id = |case: envelope::ids::CaseId| case.to_string().replace('-', "");
    for (words, place) in [
        ("Prima riga", format!("{}|conversation|00001|report|2026-W", id(told.long))),
        ("Prima risposta", format!("{}|conversation|00002|answer|2026-W", id(told.long))),
        ("Ancora una cosa", format!("{}|conversation|00003|message|2026-W", id(told.long))),
        ("Seconda risposta", format!("{}|conversation|00005|answer|2026-W", id(told.long))),
        ("Nota del centro", format!("{}|notes|00001|closing|2026-W", id(told.long))),
        ("Nella seconda epoca", format!("{}|conversation|00001|report|2026-W", id(told.second_epoch))),
        ("Con le nuove carte", format!("{}|conversation|00001|report|2026-W", id(told.next_certificate))),
        // The document says so: the stock commands open it, and it is left closed by whoever reads.
        ("Scritto e ritirato", format!("{}|conversation|00001|report|2026-W", id(told.withdrawn))),
    ] {
        let line = line_with(&contents, words);
        assert!(line.starts_with(&place), "{line} is not at {place}");
    }
    for foreign in ["Nell'altro canale", "A un altro centro"] {
        assert!(!contents.contains(foreign), "{foreign}");
    }
    let mut files: Vec<Vec<u8>> = fs::read_dir(desk.path("opened/files"))
        .unwrap()
        .map(|entry| fs::read(entry.unwrap().path()).unwrap())
        .collect();
    files.sort_by_key(Vec::len);
    assert_eq!(files, [NOTE.to_vec(), PICTURE.to_vec()]);
}
