//! What comes from her: reports, messages, and the pages of a mailbox (docs/http.md; protocol sections 4.1, 7.2, 7.3, 7.5, 7.6).
//!
//! Invariant: checks go from cheap to dear: size, form, origin, signature, database. Nothing is stored unless all held.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use envelope::frame::Frame;
use envelope::header::{Chain, ItemKind};
use envelope::index::{FRAME_CELLS, IndexEntry, assemble_page};
use envelope::mailbox::{NONCE_LENGTH, NonceLabel, PAGE_REQUEST_LENGTH, PageRequest};
use envelope::sizes::CELL_LENGTH;
use jiff::Timestamp;
use platform::web::{json, origin};
use sea_orm::ConnectionTrait;
use serde_json::json;
use uuid::Uuid;

use super::model::{Standing, week_of};
use super::refusal::Refusal;
use super::store::{self, Arrival, Report, StoredFrame};
use crate::App;
use crate::centres::hours::day_of;

/// `POST /reports`: her first item.
pub(super) async fn report(
    State(app): State<App>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let frame = read_frame(&app, &headers, &body, ItemKind::Report)?;
    match keep_report(&app, &frame).await {
        // Lost a race, or used an id that exists: what is stored now decides.
        Err(Refusal::Database(error)) if error.is_unique_violation() => {
            let mailbox = frame.mailbox_id();
            let kept = store::find_by_mailbox(app.platform.database.read(), mailbox.as_bytes()).await?;
            kept.map(drop).ok_or(Refusal::Refused)?;
        }
        other => other?,
    }
    Ok(accepted())
}

/// Keeps a report. A mailbox that has one already keeps it, and other bytes are answered like the first ones: whoever has found a
/// code must not learn by posting under it whether a report exists (protocol sections 7.2 and 7.5). So every question is asked for
/// every mailbox, and none but an identical repeat is answered by what the mailbox holds.
async fn keep_report(app: &App, frame: &Frame) -> Result<(), Refusal> {
    let clear = frame.clear();
    let connection = app.platform.database.read();
    let kept = store::find_by_mailbox(connection, frame.mailbox_id().as_bytes()).await?;
    let case = kept.as_ref().map_or(Uuid::nil(), |report| report.id);
    let first = store::find_frame_hash(connection, case, Chain::Conversation, clear.seq).await?;
    if first.is_some_and(|first| first == store::hash_of(frame)) {
        return Ok(());
    }
    let now = app.platform.now();
    app.centres.check_receiving(clear.centre.uuid(), clear.channel, clear.epoch, now)?;
    if store::is_taken(connection, clear.case.uuid(), clear.item.uuid()).await? {
        // The same bytes, sent twice at once: the other one was stored after the mailbox was looked up above.
        let stored =
            store::find_frame_hash(connection, clear.case.uuid(), Chain::Conversation, clear.seq).await?;
        let is_repeat = stored.is_some_and(|stored| stored == store::hash_of(frame));
        return if is_repeat { Ok(()) } else { Err(Refusal::Refused) };
    }
    if kept.is_some() {
        return Ok(());
    }
    let week = week_of(now);
    let report = Report {
        id: clear.case.uuid(),
        centre: clear.centre.uuid(),
        channel: clear.channel.name().to_owned(),
        mailbox: frame.mailbox_id().as_bytes().to_vec(),
        epoch: clear.epoch,
        standing: Standing::arrived(day_of(now)),
        version: 1,
        urgent: clear.urgent,
        language: clear.language.as_str().to_owned(),
        size_class: store::length_of(frame.size()),
        week: week.clone(),
    };
    let (report, week) = (&report, week.as_str());
    app.platform
        .database
        .write(|transaction| async move {
            store::insert_report(&transaction, report).await?;
            store::insert_item(&transaction, frame, week).await?;
            Ok::<_, Refusal>(())
        })
        .await
}

/// `POST /mailbox/messages`: a further item of hers. One refusal for unknown, unanswered and moved.
pub(super) async fn message(
    State(app): State<App>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let frame = read_frame(&app, &headers, &body, ItemKind::Message)?;
    let now = app.platform.now();
    // Asked on a reading connection first: a post that is refused never takes the writer.
    if check_message(&app, app.platform.database.read(), &frame, now).await?.is_none() {
        return Ok(accepted());
    }
    let arrival =
        Arrival { week: week_of(now), urgent: frame.clear().urgent, length: store::length_of(frame.size()) };
    let (app, frame, arrival) = (&app, &frame, &arrival);
    let kept: Result<(), Refusal> = app
        .platform
        .database
        .write(|transaction| async move {
            let Some((report, next)) = check_message(app, &transaction, frame, now).await? else {
                return Ok(());
            };
            if !store::advance(&transaction, &report, next, Some(arrival)).await? {
                return Err(Refusal::Sequence);
            }
            store::insert_item(&transaction, frame, &arrival.week).await?;
            Ok(())
        })
        .await;
    match kept {
        // The item's id exists elsewhere: a moved item.
        Err(Refusal::Database(error)) if error.is_unique_violation() => Err(Refusal::Refused),
        Err(refusal) => Err(refusal),
        Ok(()) => Ok(accepted()),
    }
}

/// The report that a message continues and its next standing; `None` for a repeat. Known and unknown mailboxes ask the same questions.
async fn check_message(
    app: &App,
    connection: &impl ConnectionTrait,
    frame: &Frame,
    now: Timestamp,
) -> Result<Option<(Report, Standing)>, Refusal> {
    let clear = frame.clear();
    let report = store::find_by_mailbox(connection, frame.mailbox_id().as_bytes()).await?;
    let case = report.as_ref().map_or(Uuid::nil(), |report| report.id);
    let kept = store::find_frame_hash(connection, case, Chain::Conversation, clear.seq).await?;
    let report = report.filter(|report| report.standing.answered()).ok_or(Refusal::Refused)?;
    let is_at_its_place = report.id == clear.case.uuid()
        && report.centre == clear.centre.uuid()
        && report.channel == clear.channel.name();
    if !is_at_its_place {
        return Err(Refusal::Refused);
    }
    match kept {
        Some(kept) if kept == store::hash_of(frame) => return Ok(None),
        Some(_) => return Err(Refusal::Sequence),
        None => {}
    }
    app.centres.check_receiving(report.centre, clear.channel, clear.epoch, now)?;
    if Some(clear.seq) != report.standing.conversation_items().checked_add(1) {
        return Err(Refusal::Sequence);
    }
    let next = report.standing.message()?;
    Ok(Some((report, next)))
}

/// `POST /mailbox/nonce`: 56 bytes, nothing is stored.
pub(super) async fn nonce(State(app): State<App>, headers: HeaderMap) -> Result<Response, Refusal> {
    if !origin::is_own(&app.platform.site, &headers) {
        return Err(Refusal::Origin);
    }
    let mut random = app.platform.random.clone();
    let nonce = app.platform.nonces.issue(NonceLabel::Mailbox.name(), app.platform.now(), &mut random);
    Ok(bytes(nonce.to_vec()))
}

/// `POST /mailbox/page`: 36,864 bytes for every signed request, alike for known and unknown ids until there is an answer (I10).
pub(super) async fn page(
    State(app): State<App>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    if body.len() > PAGE_REQUEST_LENGTH {
        return Err(Refusal::Size);
    }
    let nonce = body.first_chunk::<NONCE_LENGTH>().filter(|_| body.len() == PAGE_REQUEST_LENGTH);
    let nonce = nonce.ok_or(Refusal::Malformed)?;
    if !origin::is_own(&app.platform.site, &headers) {
        return Err(Refusal::Origin);
    }
    app.platform.nonces.check(NonceLabel::Mailbox.name(), nonce, app.platform.now())?;
    let request = PageRequest::parse(&body)?;
    let mailbox = request.mailbox_id();

    let connection = app.platform.database.read();
    let report = store::find_by_mailbox(connection, mailbox.as_bytes()).await?;
    let answered = report.as_ref().is_some_and(|report| report.standing.answered());
    let case = report.map_or(Uuid::nil(), |report| report.id);
    let mut entries = store::list_index(connection, case).await?;
    if !answered {
        entries.clear();
    }
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

/// The bytes of a stored frame, exactly as they came.
pub(super) fn bytes_of(stored: StoredFrame) -> Result<Vec<u8>, Refusal> {
    Frame::from_parts(stored.parts).map(|frame| frame.to_bytes()).map_err(Refusal::Damaged)
}

/// Size, form, kind, origin, signature: everything that needs no database.
fn read_frame(app: &App, headers: &HeaderMap, body: &[u8], kind: ItemKind) -> Result<Frame, Refusal> {
    let frame = Frame::parse(body)?;
    if frame.clear().kind != kind {
        return Err(Refusal::Malformed);
    }
    if !origin::is_own(&app.platform.site, headers) {
        return Err(Refusal::Origin);
    }
    frame.verify_signature()?;
    Ok(frame)
}

fn accepted() -> Response {
    json(StatusCode::CREATED, &json!({}))
}

fn bytes(body: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, "application/octet-stream")], body).into_response()
}
