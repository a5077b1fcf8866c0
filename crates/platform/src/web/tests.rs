//! The layers around every request, told through a router.

use axum::body::{Body, to_bytes};
use axum::http::header::{
    ACCEPT, ACCEPT_LANGUAGE, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
};
use axum::http::{Request, StatusCode};
use axum::routing::post;
use serde::Deserialize;
use tempfile::TempDir;
use tower::ServiceExt;

use super::*;
use crate::assets::Assets;
use crate::clock::Clock;
use crate::config::{Config, DatabaseUrl};
use crate::database::{Database, DatabaseError};
use crate::random::Random;
use crate::texts::Language;

#[derive(Deserialize)]
struct Age {
    #[expect(dead_code, reason = "only that it cannot be read matters")]
    age: u8,
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
        .route("/ages", post(async |Json(_): Json<Age>| "ok"))
        .route("/bytes", post(async |bytes: axum::body::Bytes| bytes.len().to_string()))
        .route("/{lang}/page", get(async |language: Language| language.code()))
        .route(
            "/fails",
            get(async || -> Result<(), PlatformError> { Err(PlatformError::internal(secret())) }),
        )
        .route(
            "/busy",
            get(async || -> Result<(), PlatformError> {
                Err(DatabaseError::Busy(sea_orm::DbErr::RecordNotInserted).into())
            }),
        )
        .route("/panics", get(async || -> () { panic!("sesame") }))
        .route("/refuses", get(async || json(StatusCode::CONFLICT, &serde_json::json!({"code": "epoch"}))));
    (folder, wrap(routes, &platform))
}

fn secret() -> std::io::Error {
    std::io::Error::other("sesame")
}

async fn ask(
    request: axum::http::request::Builder,
    body: impl Into<Body>,
) -> (StatusCode, HeaderMap, String) {
    let (_folder, app) = app().await;
    let response = app.oneshot(request.body(body.into()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let text = String::from_utf8(to_bytes(body, 1 << 20).await.unwrap().to_vec()).unwrap();
    (parts.status, parts.headers, text)
}

async fn get_page(path: &str) -> (StatusCode, HeaderMap, String) {
    ask(Request::get(path).header(ACCEPT, "text/html,*/*"), "").await
}

fn json_of(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn every_answer_carries_the_headers() {
    for path in ["/health", "/absent", "/fails", "/panics", "/it/page"] {
        let (_, headers, _) = get_page(path).await;
        assert!(headers.contains_key(CONTENT_SECURITY_POLICY), "{path}");
        assert_eq!(headers[CACHE_CONTROL], "no-store", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        assert!(!headers.contains_key("set-cookie"), "{path}");
    }
}

#[tokio::test]
async fn health_asks_the_database() {
    let (status, _, text) = ask(Request::get("/health"), "").await;
    assert_eq!((status, text.as_str()), (StatusCode::OK, "ok\n"));
}

#[tokio::test]
async fn an_inner_failure_shows_a_reference_number_and_nothing_else() {
    for path in ["/fails", "/panics"] {
        let (status, headers, page) = get_page(path).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(headers[CONTENT_TYPE].to_str().unwrap().starts_with("text/html"));
        assert!(!page.contains("sesame") && !page.contains("internal error"), "{page}");
        let reference = page.split('\u{2068}').nth(1).and_then(|rest| rest.split('\u{2069}').next()).unwrap();
        assert!(
            reference.len() == 8 && reference.bytes().all(|byte| byte.is_ascii_alphanumeric()),
            "{reference}"
        );

        let (_, _, text) = ask(Request::get(path), "").await;
        let json = json_of(&text);
        assert_eq!(json["code"], "error");
        assert_eq!(json["reference"].as_str().unwrap().len(), 8);
        assert_eq!(json.as_object().unwrap().len(), 2, "{text}");
    }
}

#[tokio::test]
async fn errors_speak_the_readers_language() {
    let t = crate::texts::Texts::new(Language::English);
    let (status, _, page) = get_page("/en/absent").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(page.contains(t.error_not_found_heading()), "{page}");
    let (_, _, page) =
        ask(Request::get("/absent").header(ACCEPT, "text/html").header(ACCEPT_LANGUAGE, "en"), "").await;
    assert!(page.contains(t.error_not_found_heading()));
    let (_, _, page) = get_page("/absent").await;
    assert!(page.contains(crate::texts::Texts::new(Language::Italian).error_not_found_heading()));
}

#[tokio::test]
async fn errors_of_the_console_look_like_the_console() {
    let (_, _, public) = get_page("/en/absent").await;
    assert!(
        public.contains("id=\"exit\"") && public.contains("<p><a class=\"go\" href=\"/en/\">"),
        "{public}"
    );
    let (status, _, page) = get_page("/en/console/absent").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(
        !page.contains("id=\"exit\"") && page.contains("<p><a class=\"go\" href=\"/en/console/\">"),
        "{page}"
    );
    assert!(page.contains("href=\"/it/console/\""), "the language switch stays in the console");
}

#[tokio::test]
async fn an_unknown_language_is_no_page() {
    assert_eq!(get_page("/xx/page").await.0, StatusCode::NOT_FOUND);
    assert_eq!(get_page("/en/page").await.2, "en");
}

#[tokio::test]
async fn what_cannot_be_read_is_never_quoted() {
    let request = || Request::post("/ages").header(CONTENT_TYPE, "application/json");
    for body in ["{\"age\": \"sesame\"}", "sesame", ""] {
        let (status, _, text) = ask(request(), body).await;
        assert_eq!((status, text.as_str()), (StatusCode::BAD_REQUEST, "{\"code\":\"malformed\"}"), "{body}");
    }
    let (status, _, text) = ask(Request::post("/ages"), "{\"age\":3}").await;
    assert_eq!(
        (status, text.as_str()),
        (StatusCode::BAD_REQUEST, "{\"code\":\"malformed\"}"),
        "no content type"
    );
}

#[tokio::test]
async fn one_byte_too_large_is_refused() {
    let (status, _, text) = ask(Request::post("/bytes"), vec![0; LARGEST_BODY]).await;
    assert_eq!((status, text), (StatusCode::OK, LARGEST_BODY.to_string()));
    let (status, _, text) = ask(Request::post("/bytes"), vec![0; LARGEST_BODY + 1]).await;
    assert_eq!((status, text.as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "{\"code\":\"size\"}"));
    let claims = Request::post("/bytes").header("content-length", LARGEST_UPLOAD + 1);
    assert_eq!(ask(claims, "").await.0, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_wrong_method_names_the_right_one() {
    let (status, headers, text) = ask(Request::get("/ages"), "").await;
    assert_eq!((status, text.as_str()), (StatusCode::METHOD_NOT_ALLOWED, "{\"code\":\"method\"}"));
    assert_eq!(headers[ALLOW], "POST");
}

#[tokio::test]
async fn refusals_of_slices_pass_as_they_are() {
    let (status, _, text) = ask(Request::get("/refuses"), "").await;
    assert_eq!((status, text.as_str()), (StatusCode::CONFLICT, "{\"code\":\"epoch\"}"));
    let (status, _, text) = ask(Request::get("/busy"), "").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(json_of(&text)["code"], "busy");
}
