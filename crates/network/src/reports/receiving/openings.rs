//! "Who opened my case" (protocol sections 9 and 12.11): a challenge, and the acts on the case with their proofs.
//!
//! Invariant I10: known and unknown ids ask the same questions and get the same lengths; before the first answer everything is filler.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use envelope::audit::openings::OPENINGS_LENGTH;
use envelope::mailbox::NonceLabel;
use envelope::sizes::CELL_LENGTH;
use platform::door::Visitor;
use uuid::Uuid;

use super::super::refusal::Refusal;
use super::super::store;
use super::bytes;
use super::mailbox::{admit, issue};
use crate::{App, audit};

/// The first cell number of the filler: those below belong to pages (section 12.4).
const FIRST_CELL: u32 = 9;

/// `POST /mailbox/openings-nonce`: 56 bytes that no other route takes.
pub(in crate::reports) async fn nonce(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    issue(&app, &headers, NonceLabel::Openings)
}

/// `POST /mailbox/openings`: 36,864 bytes for every signed request.
pub(in crate::reports) async fn openings(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let request = admit(&app, &visitor, &headers, &body, NonceLabel::Openings)?;
    let mailbox = request.mailbox_id();
    let connection = app.platform.database.read();
    let report = store::find_by_mailbox(connection, mailbox.as_bytes()).await?;
    // As for a page: before the first answer a known id asks for what nobody has.
    let answered = report.filter(|report| report.standing.answered());
    let case = answered.as_ref().map_or(Uuid::nil(), |report| report.id);
    let acts = audit::openings_of_case(&app, connection, case, request.page()).await?;
    // The filler is computed whether it is used or not, so that an answer takes the same time whatever it holds.
    let mut filler = vec![0; OPENINGS_LENGTH];
    for (cell, bytes) in (FIRST_CELL..).zip(filler.chunks_mut(CELL_LENGTH)) {
        app.platform.filler.fill(mailbox.as_bytes(), request.page(), cell, bytes);
    }
    Ok(bytes(acts.filter(|_| answered.is_some()).unwrap_or(filler)))
}
