//! One error for everything that a slice does not refuse itself.
//!
//! Invariant: the reader gets a sentence in her language and, when it was our fault, a reference number. The causes go
//! to the log under that number. Whatever a library would have said about a request that it could not read is
//! replaced as well, because it may quote the request.

use std::any::Any;
use std::error::Error as StdError;
use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, ALLOW, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use thiserror::Error;

use crate::Platform;
use crate::database::DatabaseError;
use crate::door::Turned;
use crate::log::chain;
use crate::random::Random;
use crate::texts::Language;
use crate::web::{PageKind, Shell, json, render};

/// No room on the disk: not the same as busy, because only whoever runs the service can help.
const FULL: (StatusCode, &str) = (StatusCode::SERVICE_UNAVAILABLE, "full");

/// The error of handlers. Slices turn their own refusals into answers; what is left becomes one of these.
#[derive(Debug, Error)]
pub enum PlatformError {
    /// Something failed that should not have: 500 with a reference number.
    #[error("internal error")]
    Internal(#[source] Box<dyn StdError + Send + Sync>),
    /// The store failed: 500 with a reference number, or 503 when it is only busy.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// There is no such page: 404.
    #[error("not found")]
    NotFound,
    /// A refusal with a code of docs/http.md; pages show the sentence that fits the status.
    #[error("refused: {1}")]
    Refused(StatusCode, &'static str),
    /// Not let in yet: 429 with a challenge, or 503 with a time to come again.
    #[error(transparent)]
    Turned(#[from] Turned),
}

impl PlatformError {
    /// Something failed that should not have.
    pub fn internal(error: impl StdError + Send + Sync + 'static) -> Self {
        Self::Internal(Box::new(error))
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Database(DatabaseError::Busy(_)) | Self::Turned(Turned::Busy(_)) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Database(DatabaseError::Full(_)) => FULL.0,
            Self::Internal(_) | Self::Database(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Refused(status, _) => *status,
            Self::Turned(Turned::Work(_)) => StatusCode::TOO_MANY_REQUESTS,
        }
    }
}

impl From<sea_orm::DbErr> for PlatformError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Database(error.into())
    }
}

impl From<askama::Error> for PlatformError {
    fn from(error: askama::Error) -> Self {
        Self::internal(error)
    }
}

/// What an answer carries from the handler to [`translate`].
#[derive(Clone)]
struct Card {
    code: Option<&'static str>,
    cause: Option<Arc<PlatformError>>,
}

impl IntoResponse for PlatformError {
    fn into_response(self) -> Response {
        if let Self::Turned(turned) = self {
            return turned.into_response();
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status();
        let card = match self {
            Self::Refused(_, code) => Card { code: Some(code), cause: None },
            Self::NotFound => Card { code: None, cause: None },
            Self::Database(DatabaseError::Full(_)) => {
                Card { code: Some(FULL.1), cause: Some(Arc::new(self)) }
            }
            other => Card { code: None, cause: Some(Arc::new(other)) },
        };
        response.extensions_mut().insert(card);
        response
    }
}

/// The body of a refusal (docs/http.md).
#[derive(Serialize)]
struct Refusal<'a> {
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
}

/// The answer after a panic; its message is dropped, because it could quote the request.
pub(super) fn after_panic(_: Box<dyn Any + Send + 'static>) -> Response {
    PlatformError::internal(Panicked).into_response()
}

#[derive(Debug, Error)]
#[error("a panic")]
struct Panicked;

/// Replaces every error that is not yet a page or JSON of our own by one in the reader's language.
pub(super) async fn translate(State(platform): State<Platform>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let page = wants_page(path, request.headers());
    let language = Language::of_path(path).unwrap_or_else(|| Language::negotiate(request.headers()));
    let kind = PageKind::of_path(path);
    let mut response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let card = response.extensions_mut().remove::<Card>();
    if card.is_none() && is_own(&response) {
        return response;
    }
    let allow = response.headers_mut().remove(ALLOW);
    let card = card.unwrap_or(Card { code: None, cause: None });
    let reference = (status == StatusCode::INTERNAL_SERVER_ERROR || card.cause.is_some()).then(|| {
        let reference = reference(&platform.random);
        let causes = card.cause.as_ref().map_or_else(|| "unknown".to_owned(), |cause| chain(&**cause));
        tracing::error!(reference, causes, "a request failed");
        reference
    });
    let (status, code) = settle(status, card.code);
    let mut answer = if page {
        error_page(&platform, language, kind, status, reference.as_deref())
    } else {
        json(status, &Refusal { code, reference: reference.as_deref() })
    };
    if let Some(allow) = allow {
        answer.headers_mut().insert(ALLOW, allow);
    }
    answer
}

/// A page for a person who navigates; JSON for a script.
fn wants_page(path: &str, headers: &HeaderMap) -> bool {
    let accepts_html = headers
        .get_all(ACCEPT)
        .iter()
        .any(|value| value.to_str().is_ok_and(|value| value.to_ascii_lowercase().contains("text/html")));
    accepts_html || Language::of_path(path).is_some()
}

fn is_own(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    kind.starts_with(b"text/html") || kind.starts_with(b"application/json")
}

/// Status and code that leave the house: what libraries say about bodies that cannot be read becomes one code.
fn settle(status: StatusCode, code: Option<&'static str>) -> (StatusCode, &'static str) {
    match (code, status) {
        (Some(code), _) => (status, code),
        (None, StatusCode::NOT_FOUND) => (status, "not-found"),
        (None, StatusCode::METHOD_NOT_ALLOWED) => (status, "method"),
        (None, StatusCode::PAYLOAD_TOO_LARGE) => (status, "size"),
        (None, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => (status, "refused"),
        (None, StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED) => (status, "changed"),
        (None, StatusCode::SERVICE_UNAVAILABLE) => (status, "busy"),
        (None, status) if status.is_client_error() => (StatusCode::BAD_REQUEST, "malformed"),
        (None, _) => (StatusCode::INTERNAL_SERVER_ERROR, "error"),
    }
}

/// Eight characters without the ones that are mistaken for each other: 40 bits, enough to find one line in a log.
fn reference(random: &Random) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    random
        .bytes::<8>()
        .iter()
        .filter_map(|byte| LETTERS.get(usize::from(byte & 31)))
        .map(|byte| char::from(*byte))
        .collect()
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    shell: Shell,
    heading: &'static str,
    text: &'static str,
    reference: Option<&'a str>,
}

fn error_page(
    platform: &Platform,
    language: Language,
    kind: PageKind,
    status: StatusCode,
    reference: Option<&str>,
) -> Response {
    let shell = match kind {
        PageKind::Public => Shell::public(platform, language, "/"),
        PageKind::Console => Shell::console(platform, language, "/console/", None),
    };
    let t = shell.t;
    let (heading, text) = match status {
        StatusCode::NOT_FOUND => (t.error_not_found_heading(), t.error_not_found_text()),
        StatusCode::METHOD_NOT_ALLOWED => (t.error_method_heading(), t.error_method_text()),
        StatusCode::PAYLOAD_TOO_LARGE => (t.error_size_heading(), t.error_size_text()),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            (t.error_refused_heading(), t.error_refused_text())
        }
        StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED => {
            (t.error_changed_heading(), t.error_changed_text())
        }
        StatusCode::SERVICE_UNAVAILABLE => (t.error_busy_heading(), t.error_busy_text()),
        status if status.is_client_error() => (t.error_malformed_heading(), t.error_malformed_text()),
        _ => (t.error_internal_heading(), t.error_internal_text()),
    };
    let page = ErrorPage { shell, heading, text, reference };
    render(&page).map_or_else(
        // The page of errors itself failed: the log says why, the reader gets the bare sentence.
        |error| {
            tracing::error!(causes = chain(&error), "the error page failed");
            (status, format!("{heading}. {text} {}", reference.unwrap_or_default())).into_response()
        },
        |mut response| {
            *response.status_mut() = status;
            response
        },
    )
}
