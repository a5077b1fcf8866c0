//! What a browser verifies for itself: the root by its hash, the bundle of a centre; and the keys of an operator (docs/http.md).

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use envelope::centre::CentreBundle;
use envelope::duty::Channel;
use envelope::encoding::to_base64;
use envelope::signature::SignedDocument;
use platform::web::{PlatformError, json};
use policy::verb::InboxVerb;
use policy::{Inbox, Policy};
use serde::Serialize;
use uuid::Uuid;

use super::store;
use crate::App;
use crate::accounts::Operator;

const JSON: &str = "application/json";

/// `GET /network/{hash}.json`: content-addressed, so it may be kept for ever.
pub(super) async fn root(
    State(app): State<App>,
    Path(file): Path<String>,
) -> Result<Response, PlatformError> {
    let hash = file.strip_suffix(".json").ok_or(PlatformError::NotFound)?;
    let document = app.centres.root_document(hash).ok_or(PlatformError::NotFound)?;
    let headers = [(CONTENT_TYPE, JSON), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((headers, document.to_string()).into_response())
}

/// `GET /network/centres/{centre}.json`: certificate and statements, never from a cache.
pub(super) async fn bundle(
    State(app): State<App>,
    Path(file): Path<String>,
) -> Result<Response, PlatformError> {
    const MISSING: PlatformError = PlatformError::Refused(StatusCode::NOT_FOUND, "centre");
    let id = file.strip_suffix(".json").and_then(|id| Uuid::try_parse(id).ok()).ok_or(MISSING)?;
    let known = app.centres.find(id).ok_or(MISSING)?;
    Ok(([(CONTENT_TYPE, JSON)], known.bundle.to_string()).into_response())
}

/// `GET /network/centres.json`: the bundles of all centres by id. A mailbox takes all of them before a code is typed, so that no
/// later request tells which centre answered, or that one did (docs/adr/0005).
pub(super) async fn bundles(State(app): State<App>) -> Response {
    ([(CONTENT_TYPE, JSON)], app.centres.bundles().to_string()).into_response()
}

#[derive(Serialize)]
struct Keys {
    root: SignedDocument,
    centre: Uuid,
    bundle: CentreBundle,
    epochs: Vec<EpochOf>,
    /// Milliseconds since 1970 by this server's clock, which dates what she signs (protocol section 3).
    now: i64,
}

#[derive(Serialize)]
struct EpochOf {
    channel: Channel,
    number: u32,
    wrap: String,
}

/// `GET /console/keys`: what an operator's browser needs to open: all epochs of hers, of the inboxes that the rules let her list. Whoever
/// has no such role gets none, though they were sealed to her.
pub(super) async fn keys(State(app): State<App>, operator: Operator) -> Result<Response, PlatformError> {
    const MISSING: PlatformError = PlatformError::Refused(StatusCode::NOT_FOUND, "centre");
    let centre = operator.centre();
    let known = app.centres.find(centre).ok_or(MISSING)?;
    let document = app.centres.any_root_document().ok_or(MISSING)?;
    let root = SignedDocument::parse(document.as_bytes()).map_err(PlatformError::internal)?;
    let scope = Policy::current().scope(&app.facts_of(&operator), InboxVerb::List);
    let wraps = store::list_wraps_of(app.platform.database.read(), centre, operator.person().id).await?;
    let epochs = wraps
        .into_iter()
        .filter_map(|own| {
            let channel = own.channel.parse::<Channel>().ok()?;
            if !scope.contains(Inbox { centre, channel }) {
                return None;
            }
            let number = u32::try_from(own.number).ok()?;
            Some(EpochOf { channel, number, wrap: to_base64(&own.wrap) })
        })
        .collect();
    let now = app.platform.now().as_millisecond();
    Ok(json(StatusCode::OK, &Keys { root, centre, bundle: known.bundle_value.clone(), epochs, now }))
}
