//! What the log holds, and what it must not: docs/logging.md. A process of its own, because a log belongs to the whole process.

#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

use std::io::{Error, Write};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{get, post};
use axum::{Json, Router};
use platform::assets::Assets;
use platform::clock::Clock;
use platform::config::{Config, DatabaseUrl, LogLevel};
use platform::database::Database;
use platform::random::Random;
use platform::web::PlatformError;
use platform::{Platform, log, web};
use tempfile::TempDir;
use tower::ServiceExt as _;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Lines;

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// One story at a time, with an empty log, at the most talkative level.
fn begin() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    static START: Once = Once::new();
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    START.call_once(|| {
        let clock = Clock::mock("2026-11-22T09:41:07.123456Z".parse().unwrap()).0;
        tracing::subscriber::set_global_default(log::subscriber(LogLevel::Debug, clock, || Lines)).unwrap();
    });
    LINES.lock().unwrap().clear();
    turn
}

fn written() -> String {
    String::from_utf8(LINES.lock().unwrap().clone()).unwrap()
}

async fn app() -> (TempDir, Router) {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(folder.path().join("test.db"));
    let config = Config::default();
    let platform = Platform::new(
        Database::connect(&url).await.unwrap(),
        Clock::system(),
        Random::system(),
        Assets::unbuilt(),
        config.site(config.listen),
        config.session,
    );
    let routes = Router::new()
        .route("/ages", post(async |Json(age): Json<u8>| age.to_string()))
        .route("/{lang}/page", get("a page"))
        .route(
            "/fails",
            get(async || -> Result<(), PlatformError> {
                Err(PlatformError::internal(Error::other("the cause")))
            }),
        )
        .route("/panics", get(async || -> () { panic!("canary") }));
    (folder, web::wrap(routes, &platform))
}

async fn ask(app: &Router, request: axum::http::request::Builder, body: &'static str) -> String {
    let response = app.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
    String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
}

#[test]
fn a_served_request_leaves_nothing_of_itself_in_the_log() {
    let _turn = begin();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let (_folder, app) = app().await;
        for path in ["/it/page", "/fails", "/panics", "/ages", "/canary", "/it/canary"] {
            for method in ["GET", "POST"] {
                let request = Request::builder()
                    .method(method)
                    .uri(format!("{path}?canary=1"))
                    .header(CONTENT_TYPE, "application/json")
                    .header("user-agent", "canary")
                    .header("cookie", "session=canary")
                    .header("x-forwarded-for", "192.0.2.7");
                ask(&app, request, "{\"age\": \"canary\"}").await;
            }
        }
    });
    let log = written();
    assert_eq!(log.matches("a request failed").count(), 2, "{log}");
    for secret in ["canary", "192.0.2.7", "/fails", "/panics", "POST", "GET", "/it", "/ages"] {
        assert!(!log.contains(secret), "{secret} in {log}");
    }
}

#[test]
fn the_reference_number_leads_to_the_causes_and_to_no_time_finer_than_the_hour() {
    let _turn = begin();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let answer = runtime.block_on(async {
        let (_folder, app) = app().await;
        ask(&app, Request::get("/fails"), "").await
    });
    let answer: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let line: serde_json::Value = serde_json::from_str(written().trim()).unwrap();
    assert_eq!(line["reference"], answer["reference"]);
    assert_eq!(line["causes"], "internal error: the cause");
    assert_eq!(line["timestamp"], "2026-11-22T09:00Z");
}

#[test]
fn a_refused_check_elsewhere_does_not_swallow_the_next_line() {
    let _turn = begin();
    // What the bridge from the crate `log` asks before each line of another crate.
    let other = tracing::info_span!(target: "sqlx::postgres::notice", "other");
    let metadata = other.metadata().unwrap();
    for _ in 0..2 {
        assert!(!tracing::dispatcher::get_default(|dispatch| dispatch.enabled(metadata)));
        tracing::info!(target: "approdo", "a line");
    }
    let log = written();
    assert_eq!(log.matches("a line").count(), 2, "{log}");
}
