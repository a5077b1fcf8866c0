//! The program as it is started: what it says, what it answers, how it stops.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// What a visitor sends and no log may hold.
const CANARIES: [&str; 5] = ["canary-path", "canary-query", "canary-agent", "canary-header", "canary-body"];

fn approdo(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_approdo"));
    command.args(arguments).current_dir(folder);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("APPRODO_")) {
        command.env_remove(name);
    }
    command
}

fn run(command: &mut Command) -> (bool, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.success(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn config_check_prints_what_is_in_force_without_passwords() {
    let folder = folder();
    std::fs::write(folder.path().join("approdo.toml"), "listen = \"127.0.0.1:9\"\n").unwrap();
    let mut command = approdo(folder.path(), &["config", "check"]);
    let (good, shown, errors) = run(command.env("APPRODO_DATABASE", "postgres://approdo:sesame@db/approdo"));
    assert!(good, "{errors}");
    assert!(shown.starts_with("# file: approdo.toml\n"), "{shown}");
    assert!(
        shown.contains("listen = \"127.0.0.1:9\"") && shown.contains("postgres://approdo:…@db/approdo"),
        "{shown}"
    );
    assert!(!shown.contains("sesame"));
}

#[test]
fn a_wrong_setting_stops_the_program_with_its_name() {
    let folder = folder();
    let (good, _, errors) = run(approdo(folder.path(), &["config", "check"]).env("APPRODO_COLOUR", "red"));
    assert!(!good);
    assert!(
        errors.starts_with(
            "approdo: `colour` in the environment variable APPRODO_COLOUR: there is no such setting"
        ),
        "{errors}"
    );
    let (good, _, errors) = run(&mut approdo(folder.path(), &["serve", "--listen", "nowhere"]));
    assert!(!good && errors.contains("`listen` in the flag --listen"), "{errors}");
}

#[test]
fn migrate_makes_the_tables_and_may_be_repeated() {
    let folder = folder();
    let (good, _, errors) = run(&mut approdo(folder.path(), &["migrate", "--database", "sqlite:."]));
    assert!(!good && errors.starts_with("approdo: sqlite:.: cannot"), "{errors}");
    for _ in 0..2 {
        let (good, shown, errors) =
            run(&mut approdo(folder.path(), &["migrate", "--database", "sqlite:var/a.db"]));
        assert!(good && shown == "the tables are up to date\n", "{shown}{errors}");
    }
}

#[test]
fn importing_nothing_says_what_is_missing() {
    let folder = folder();
    let (good, _, errors) = run(&mut approdo(folder.path(), &["network", "import", "absent"]));
    assert!(!good && errors.contains("root.json"), "{errors}");
}

/// Sends one request on a connection of its own and gives back the whole answer.
fn ask(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn it_serves_logs_nothing_about_visitors_and_stops_when_told() {
    let folder = folder();
    let mut command =
        approdo(folder.path(), &["serve", "--listen", "127.0.0.1:0", "--database", "sqlite:a.db"]);
    let mut child = command
        .env("APPRODO_LOG__LEVEL", "debug")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();

    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/dist/manifest.json").is_file();
    if !built {
        let Output { status, stderr, .. } = child.wait_with_output().unwrap();
        let errors = String::from_utf8(stderr).unwrap();
        assert!(!status.success() && errors.contains("make web"), "{errors}");
        return;
    }
    let address =
        first.trim().strip_prefix("Approdo is ready: http://").unwrap().trim_end_matches('/').to_owned();
    assert!(
        ask(&address, "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .starts_with("HTTP/1.1 200")
    );
    for method in ["GET", "POST"] {
        for path in [
            "/canary-path",
            "/it/canary-path",
            "/reports",
            "/mailbox/page",
            "/it/console/reports/canary-path",
        ] {
            ask(
                &address,
                &format!(
                    "{method} {path}?q=canary-query HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nUser-Agent: canary-agent\r\n\
                     Cookie: session=canary-header\r\nContent-Length: 11\r\nConnection: close\r\n\r\ncanary-body"
                ),
            );
        }
    }
    let signal = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(signal.success());
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    let log = String::from_utf8(stderr).unwrap();
    assert!(status.success(), "{log}");
    assert!(log.contains("\"ready\"") && log.contains("\"stopped\""), "{log}");
    assert!(log.contains("the imprint is missing") && log.contains("no network has been imported"), "{log}");
    for line in log.lines() {
        assert!(line.starts_with('{') && line.ends_with('}'), "not JSON: {line}");
    }
    for canary in CANARIES {
        assert!(!log.contains(canary), "{canary} in {log}");
    }
    assert!(!log.contains("127.0.0.1"), "an address in {log}");
}
