//! Burning: her code withdraws the report, before an answer too (protocol sections 7.4 and 12.7).
//!
//! Invariant I10: every id that signs correctly gets the same answer after the same questions, known or not, burned or not; and the
//! disk is waited for each time, which takes longer than all questions together.

use axum::body::Bytes;
use axum::extract::State as AppState;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use envelope::burn::{BURN_LENGTH, BurnRequest};
use envelope::mailbox::NonceLabel;
use platform::door::Visitor;
use platform::web::{json, origin};
use sea_orm::ConnectionTrait;
use serde_json::json;
use uuid::Uuid;

use super::super::model::{State, week_of};
use super::super::refusal::Refusal;
use super::super::store;
use crate::App;

/// `POST /mailbox/burn`: `{}` for every id.
pub(in crate::reports) async fn burn(
    AppState(app): AppState<App>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    if body.len() != BURN_LENGTH {
        return Err(Refusal::Size);
    }
    let request = BurnRequest::parse(&body)?;
    if !origin::is_own(&app.platform.site, &headers) {
        return Err(Refusal::Origin);
    }
    let now = app.platform.now();
    app.platform.nonces.check(NonceLabel::Burn.name(), request.nonce(), now)?;
    app.platform.door.admit(&headers, &visitor, request.mailbox_id().as_bytes(), now)?;
    request.verify_signature()?;
    let (request, week) = (&request, week_of(now));
    let (week, noise) = (week.as_str(), app.platform.random.bytes::<32>());
    let done: Result<(), Refusal> = app
        .platform
        .database
        .write(|transaction| async move { withdraw(&transaction, request, week, &noise).await })
        .await;
    done?;
    Ok(json(StatusCode::OK, &json!({})))
}

/// Withdraws what the id leads to. For an id that leads nowhere the same statements change no row.
async fn withdraw(
    connection: &impl ConnectionTrait,
    request: &BurnRequest,
    week: &str,
    noise: &[u8; 32],
) -> Result<(), Refusal> {
    let found = store::find_by_mailbox(connection, request.mailbox_id().as_bytes()).await?;
    let is_there = found.is_some();
    let (case, version, next) = match found {
        Some(report) => (report.id, report.version, report.standing.burn()?.state()),
        None => (Uuid::nil(), 0, State::Withdrawn),
    };
    let is_moved = store::withdraw(connection, case, version, next).await?;
    if is_there && !is_moved {
        return Err(Refusal::Changed);
    }
    store::insert_burned(connection, case, week, request.word()).await?;
    store::write_and_erase(connection, noise).await?;
    Ok(())
}
