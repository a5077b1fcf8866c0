//! The mailbox: a challenge, and the pages that answer alike for every id until there is an answer (protocol sections 7.2 and 12.4).
//!
//! Invariant I10: known and unknown ids ask the same questions and get the same lengths; what is not there is filler.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use envelope::encoding::Hash;
use envelope::index::{FRAME_CELLS, IndexEntry, assemble_page};
use envelope::mailbox::{NONCE_LENGTH, NonceLabel, PAGE_REQUEST_LENGTH, PageRequest};
use envelope::sizes::CELL_LENGTH;
use platform::door::Visitor;
use platform::web::origin;
use uuid::Uuid;

use super::super::refusal::Refusal;
use super::super::store::{self, StoredFrame};
use super::{bytes, bytes_of};
use crate::App;

/// `POST /mailbox/nonce`: 56 bytes, nothing is stored.
pub(in crate::reports) async fn nonce(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    issue(&app, &headers, NonceLabel::Mailbox)
}

/// `POST /mailbox/burn-nonce`: 56 bytes that no other route takes.
pub(in crate::reports) async fn burn_nonce(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    issue(&app, &headers, NonceLabel::Burn)
}

pub(super) fn issue(app: &App, headers: &HeaderMap, label: NonceLabel) -> Result<Response, Refusal> {
    if !origin::is_own(&app.platform.site, headers) {
        return Err(Refusal::Origin);
    }
    let mut random = app.platform.random.clone();
    Ok(bytes(app.platform.nonces.issue(label.name(), app.platform.now(), &mut random).to_vec()))
}

/// `POST /mailbox/page`: 36,864 bytes for every signed request, alike for known and unknown ids until there is an answer (I10).
pub(in crate::reports) async fn page(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let request = admit(&app, &visitor, &headers, &body, NonceLabel::Mailbox)?;
    let mailbox = request.mailbox_id();

    let connection = app.platform.database.read();
    let report = store::find_by_mailbox(connection, mailbox.as_bytes()).await?;
    // Before the first answer a known id asks for what nobody has, as an unknown one does: what is read and thrown away takes time.
    let answered = report.filter(|report| report.standing.answered());
    let case = answered.map_or(Uuid::nil(), |report| report.id);
    let entries = store::list_index(connection, case).await?;
    let wanted = places_on_page(&entries, request.page());
    let stored = store::list_frames_of(connection, case, &wanted).await?;
    let frames = frames_to_her(&entries, stored)?;
    let page = assemble_page(&mailbox, request.page(), &entries, &frames, |place| {
        let mut cell = [0; CELL_LENGTH];
        app.platform.filler.fill(place.mailbox.as_bytes(), place.page, place.cell, &mut cell);
        cell
    });
    Ok(bytes(page))
}

/// A signed request to read, from cheap checks to dear ones.
pub(super) fn admit(
    app: &App,
    visitor: &Visitor,
    headers: &HeaderMap,
    body: &[u8],
    label: NonceLabel,
) -> Result<PageRequest, Refusal> {
    if body.len() > PAGE_REQUEST_LENGTH {
        return Err(Refusal::Size);
    }
    let nonce = body.first_chunk::<NONCE_LENGTH>().filter(|_| body.len() == PAGE_REQUEST_LENGTH);
    let nonce = nonce.ok_or(Refusal::Malformed)?;
    if !origin::is_own(&app.platform.site, headers) {
        return Err(Refusal::Origin);
    }
    let now = app.platform.now();
    app.platform.nonces.check(label.name(), nonce, now)?;
    // The mailbox, before the signature says that the key is hers: the door comes first, and asks the same for every id.
    let key = body.get(NONCE_LENGTH..NONCE_LENGTH + 32).ok_or(Refusal::Malformed)?;
    app.platform.door.admit_reading(headers, visitor, Hash::of(key).as_bytes(), now)?;
    Ok(PageRequest::parse(body)?)
}

/// Which answers have a cell on a page: the others need not be read.
fn places_on_page(entries: &[IndexEntry], page: u32) -> Vec<u32> {
    let first = usize::try_from(page).unwrap_or(usize::MAX).saturating_mul(FRAME_CELLS);
    let end = first.saturating_add(FRAME_CELLS);
    let mut begin = 0_usize;
    let mut places = Vec::new();
    for (entry, size) in entries.iter().filter_map(|entry| entry.size.map(|size| (entry, size))) {
        let next = begin.saturating_add(usize::from(size.cells()));
        if begin < end && next > first {
            places.push(entry.seq);
        }
        begin = next;
    }
    places
}

/// The frames to her in order, those that were not read as empty space of their length.
fn frames_to_her(entries: &[IndexEntry], mut stored: Vec<StoredFrame>) -> Result<Vec<Vec<u8>>, Refusal> {
    let mut frames = Vec::new();
    for (entry, size) in entries.iter().filter_map(|entry| entry.size.map(|size| (entry, size))) {
        let found =
            stored.iter().position(|frame| frame.seq == entry.seq).map(|place| stored.swap_remove(place));
        frames.push(match found {
            Some(frame) => bytes_of(frame)?,
            None => vec![0; size.length()],
        });
    }
    Ok(frames)
}
