//! What whoever is not let in yet is told.

use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use envelope::work::Challenge;
use thiserror::Error;

use crate::web::json;

/// Not yet. Neither is a refusal for good: a page does what it says and comes again by itself (docs/http.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Turned {
    /// Solve this first, then post the same bytes again: 429 with the challenge in base64.
    #[error("work is asked for")]
    Work(Challenge),
    /// The token is good; come again with it after so many seconds: 503 with `Retry-After`.
    #[error("the door is busy")]
    Busy(u32),
}

impl Turned {
    /// Come again after so many milliseconds, rounded up: whoever comes a little early waits twice.
    pub(super) fn after(milliseconds: i64) -> Self {
        let seconds = milliseconds.max(1).saturating_add(999) / 1_000;
        Self::Busy(u32::try_from(seconds).unwrap_or(u32::MAX))
    }

    fn refusal(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Work(_) => (StatusCode::TOO_MANY_REQUESTS, "work"),
            Self::Busy(_) => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
        }
    }
}

impl IntoResponse for Turned {
    fn into_response(self) -> Response {
        let (status, code) = self.refusal();
        match self {
            Self::Work(challenge) => {
                let challenge = URL_SAFE_NO_PAD.encode(challenge.as_bytes());
                json(status, &serde_json::json!({ "code": code, "challenge": challenge }))
            }
            Self::Busy(seconds) => {
                let mut response = json(status, &serde_json::json!({ "code": code, "seconds": seconds }));
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
                response
            }
        }
    }
}
