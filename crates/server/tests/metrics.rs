//! The figures for whoever watches over the service: which there are, and that they betray nobody.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod furnished;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use furnished::{Furnished, free_port};
use testkit::load::{Address, Connection, Running, post};

/// Every figure. A new one is a decision: can two readings be subtracted to learn how many people wrote, read or came? Then it must not be
/// shown. It joins the table of docs/configuration.md as well.
const NAMES: [&str; 12] = [
    "approdo_build_info",
    "approdo_certificate_days_left",
    "approdo_database_bytes",
    "approdo_database_log_bytes",
    "approdo_database_up",
    "approdo_disk_free_bytes",
    "approdo_door_load_ratio",
    "approdo_epoch_days_left",
    "approdo_open_files_ratio",
    "approdo_regular_work_age_hours",
    "approdo_resident_memory_bytes",
    "approdo_uptime_seconds",
];

/// Figures that may differ from one reading to the next: time passes, and sizes go up by whole steps.
const MOVING: [&str; 5] = [
    "approdo_database_bytes",
    "approdo_database_log_bytes",
    "approdo_disk_free_bytes",
    "approdo_resident_memory_bytes",
    "approdo_uptime_seconds",
];

/// Figures by name and labels.
async fn figures(address: &Address) -> BTreeMap<String, String> {
    let reply = address.get("/metrics", "identity").await.unwrap();
    assert_eq!(reply.status, 200);
    let text = String::from_utf8(reply.body).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.to_owned())
        })
        .collect()
}

fn name(figure: &str) -> &str {
    figure.split('{').next().unwrap()
}

/// Starts the program with settings (`APPRODO_…=…`) beside those of the command line.
async fn serve(town: &Furnished, settings: &[String]) -> Running {
    assert!(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/dist/manifest.json").is_file(),
        "the pages are not built: make web"
    );
    let around: Vec<String> = std::iter::once("env".to_owned()).chain(settings.iter().cloned()).collect();
    let database = format!("sqlite:{}", town.folder.path().join("approdo.db").display());
    let program = Path::new(env!("CARGO_BIN_EXE_approdo"));
    let started = Running::start(program, &database, &log_file(town), &around).await;
    started.unwrap_or_else(|error| panic!("{error}\n{}", std::fs::read_to_string(log_file(town)).unwrap()))
}

fn log_file(town: &Furnished) -> PathBuf {
    town.folder.path().join("log")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_are_on_an_address_of_their_own_and_no_report_moves_them() {
    let town = Furnished::new(300).await;
    let watched = Address(format!("127.0.0.1:{}", free_port()));
    let server = serve(&town, &[format!("APPRODO_METRICS__LISTEN={}", watched.0)]).await;
    let before = figures(&watched).await;
    assert_eq!(before.keys().map(|figure| name(figure)).collect::<BTreeSet<_>>(), BTreeSet::from(NAMES));
    assert_eq!(before["approdo_database_up"], "1");
    for (figure, value) in &before {
        match name(figure) {
            "approdo_certificate_days_left" | "approdo_epoch_days_left" => {
                assert!(
                    figure.contains("{centre=\"") && value.parse::<u16>().unwrap() > 0,
                    "{figure} {value}"
                );
            }
            "approdo_disk_free_bytes" | "approdo_database_bytes" | "approdo_database_log_bytes" => {
                assert!(
                    value.parse::<u64>().unwrap().is_multiple_of(64 << 20),
                    "{figure} {value} is no whole 64 MiB"
                );
            }
            "approdo_resident_memory_bytes" => {
                assert!(
                    value.parse::<u64>().unwrap().is_multiple_of(16 << 20),
                    "{figure} {value} is no whole 16 MiB"
                );
            }
            _ => assert!(value.parse::<f64>().unwrap() >= 0.0, "{figure} {value}"),
        }
    }

    let posted = post(server.address(), town.letters.clone(), 8, std::time::Duration::ZERO).await.unwrap();
    assert_eq!(posted.acknowledged.len(), 300, "{:?}", posted.refused);
    for path in ["/it/", "/it/box", "/it/places", "/health"] {
        assert_eq!(server.address().get(path, "identity").await.unwrap().status, 200);
    }
    let after = figures(&watched).await;
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    let moved: Vec<_> = before
        .iter()
        .filter(|(figure, value)| after[*figure] != **value && !MOVING.contains(&name(figure)))
        .collect();
    assert!(moved.is_empty(), "{moved:?}");
    for figure in ["approdo_database_bytes", "approdo_database_log_bytes"] {
        assert_eq!(before[figure], after[figure], "300 reports move {figure}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn that_address_answers_nothing_else_and_the_public_one_has_no_figures() {
    let town = Furnished::new(0).await;
    let watched = Address(format!("127.0.0.1:{}", free_port()));
    let server = serve(&town, &[format!("APPRODO_METRICS__LISTEN={}", watched.0)]).await;
    for path in ["/", "/it/", "/health", "/reports", "/metrics/", "/static/x"] {
        assert_eq!(watched.get(path, "identity").await.unwrap().status, 404, "{path}");
    }
    let mut connection = Connection::open(&watched, 0).await.unwrap();
    assert_eq!(connection.ask("POST /metrics", "", b"x").await.unwrap().status, 405);
    assert_eq!(server.address().get("/metrics", "identity").await.unwrap().status, 404);
    drop(server);

    let server = serve(&town, &[]).await;
    assert_eq!(server.address().get("/metrics", "identity").await.unwrap().status, 404);
    assert!(tokio::net::TcpStream::connect(&watched.0).await.is_err(), "nobody asked for figures");
    let log = std::fs::read_to_string(log_file(&town)).unwrap();
    assert!(!log.contains("127.0.0.1"), "{log}");
}
