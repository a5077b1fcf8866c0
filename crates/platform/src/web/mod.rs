//! The web as every slice meets it: headers, limits, errors, pages, sessions.
//!
//! Invariant: [`wrap`] stands around every router, so no answer leaves without the headers of protocol §11 and no error
//! says more than a sentence and a reference number.

pub mod csrf;
mod error;
mod headers;
mod if_match;
mod kept;
pub mod origin;
pub mod sessions;
mod shell;
#[cfg(test)]
mod tests;

use std::time::Duration;

use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;

pub use error::PlatformError;
pub use headers::Allowance;
pub use if_match::IfMatch;
pub use kept::{compressed, constant};
pub use shell::{Alternative, PageKind, Shell, render};

use crate::Platform;
use crate::door::Visitor;

/// The largest body of a request, in bytes: a frame of 65,536 and room for the JSON around one.
pub const LARGEST_BODY: usize = 98_304;

/// The largest body of a request whose route says that it takes more (`DefaultBodyLimit`): a chunk of a file of 262,144 and what is
/// before it.
pub const LARGEST_UPLOAD: usize = 262_244;

/// How long a request may take, its body included.
pub const REQUEST_TIME: Duration = Duration::from_secs(30);

/// Adds `/health` and `/static/…` to the slices' routes and puts everything around them that every request needs,
/// outermost first: headers, error pages, panics, time, size.
pub fn wrap(routes: Router, platform: &Platform) -> Router {
    let own = Router::new()
        .route("/health", get(health))
        .route("/static/{file}", get(static_file))
        .route("/work", post(work))
        .with_state(platform.clone());
    routes
        .merge(own)
        .fallback(not_found)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(RequestBodyLimitLayer::new(LARGEST_UPLOAD))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIME))
        .layer(CatchPanicLayer::custom(error::after_panic))
        .layer(from_fn_with_state(platform.clone(), error::translate))
        .layer(from_fn_with_state(platform.clone(), headers::add))
}

/// An answer in JSON that may not be kept anywhere.
pub fn json(status: StatusCode, body: &impl serde::Serialize) -> Response {
    (status, Json(body)).into_response()
}

async fn not_found() -> PlatformError {
    PlatformError::NotFound
}

/// Says that the service and its database live; watched by machines only.
async fn health(State(platform): State<Platform>) -> Result<impl IntoResponse, PlatformError> {
    platform.database.check().await?;
    Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], "ok\n"))
}

/// `POST /work`: 60 bytes, nothing is stored (protocol §7.6).
async fn work(
    State(platform): State<Platform>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Result<Response, PlatformError> {
    if !origin::is_own(&platform.site, &headers) {
        return Err(PlatformError::Refused(StatusCode::FORBIDDEN, "origin"));
    }
    let challenge = platform.door.challenge(&visitor, platform.now());
    Ok(([(CONTENT_TYPE, "application/octet-stream")], challenge.as_bytes().to_vec()).into_response())
}

async fn static_file(
    State(platform): State<Platform>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, PlatformError> {
    platform.assets.response(&file, &headers).ok_or(PlatformError::NotFound)
}
