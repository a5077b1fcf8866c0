//! What comes from her: reports here, the rest by subject (docs/http.md; protocol sections 4.1, 7.2 to 7.7).
//!
//! Invariant: checks go from cheap to dear: size, form, origin, work, signature, database. Nothing is stored unless all held.

pub(super) mod burning;
pub(super) mod mailbox;
pub(super) mod messages;
pub(super) mod openings;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use envelope::frame::Frame;
use envelope::header::{ClearHeader, ItemKind};
use jiff::Timestamp;
use platform::database::{DatabaseError, Transaction};
use platform::door::Visitor;
use platform::web::{json, origin};
use sea_orm::ConnectionTrait;
use serde_json::json;

use super::model::{Standing, week_of};
use super::refusal::Refusal;
use super::store::{self, Known, Report, StoredFrame};
use crate::centres::hours::day_of;
use crate::{App, files};

/// `POST /reports`: her first item.
pub(super) async fn report(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let frame = read_frame(&app, &visitor, &headers, &body, &[ItemKind::Report])?;
    let now = app.platform.now();
    let receiving = check_receiving(&app, frame.clear(), now);
    let why = match receiving {
        Ok(()) => keep_report(&app, &frame, now).await?.map(NotKept::Taken),
        Err(refusal) => Some(NotKept::NotReceived(refusal)),
    };
    if let Some(why) = why {
        decide_by_stored(&app, &frame, why).await?;
    }
    Ok(accepted())
}

/// Why a report was not kept.
enum NotKept {
    /// The centre does not take it now.
    NotReceived(Refusal),
    /// A row was refused because of another one: as a rule its mailbox leads or led to a report, or something else of its name exists.
    Taken(DatabaseError),
}

/// Keeps a report. Answers the refusal of a row because of another one.
async fn keep_report(app: &App, frame: &Frame, now: Timestamp) -> Result<Option<DatabaseError>, Refusal> {
    let database = &app.platform.database;
    let clear = frame.clear();
    let insertion = store::insertion(database.engine(), &arrived(frame, now), frame)?;
    let outcome = if clear.files.is_empty() {
        database.write_together(insertion).await.map_err(Refusal::from)
    } else {
        let insertion = &insertion;
        let with_files = |transaction: Transaction| async move {
            transaction.execute_together(insertion.clone()).await?;
            claim_files(&transaction, clear).await
        };
        database.write(with_files).await
    };
    match outcome {
        Ok(()) => Ok(None),
        Err(Refusal::Database(error)) if error.is_unique_violation() || error.is_foreign_key_violation() => {
            Ok(Some(error))
        }
        Err(refused) => Err(refused),
    }
}

/// What is answered where nothing was kept. Whoever has found a code must not learn by posting under it whether a report exists (protocol
/// sections 7.2 and 7.5): a mailbox that leads or led to one keeps what it has, and other bytes are answered like the first ones. None but
/// an identical repeat is answered by what the mailbox holds.
async fn decide_by_stored(app: &App, frame: &Frame, why: NotKept) -> Result<(), Refusal> {
    let connection = app.platform.database.read();
    let clear = frame.clear();
    let (mailbox, hash) = (frame.mailbox_id(), store::hash_of(frame));
    let known =
        store::ask_about(connection, mailbox.as_bytes(), clear.case.uuid(), clear.item.uuid()).await?;
    if known.first.is_some_and(|first| first == hash) {
        return Ok(());
    }
    let refused = match why {
        NotKept::NotReceived(refusal) => return Err(refusal),
        NotKept::Taken(refused) => refused,
    };
    if !files::are_claimable(connection, clear.case, clear.item, &clear.files).await? {
        return Err(Refusal::Files);
    }
    // The same bytes once more, of a mailbox that was rotated since.
    let is_repeat = known.of_case.is_some_and(|kept| kept == hash);
    match known {
        _ if is_repeat => Ok(()),
        Known { is_taken: true, .. } => Err(Refusal::Refused),
        Known { is_used: true, .. } => Ok(()),
        // Nothing of its name exists, so the store is not as it should be: an epoch, say, that the server offers and the tables do not have.
        Known { .. } => Err(refused.into()),
    }
}

/// Whether the centre takes it now, and the second one too, where there is one (protocol section 7.7).
fn check_receiving(app: &App, clear: &ClearHeader, now: Timestamp) -> Result<(), Refusal> {
    app.centres.check_receiving(clear.centre.uuid(), clear.channel, clear.epoch, now)?;
    if let Some(second) = clear.second {
        app.centres.check_receiving(second.centre.uuid(), clear.channel, second.epoch, now)?;
    }
    Ok(())
}

/// Ties the files of an item to it, in the transaction that stores it.
async fn claim_files(connection: &impl ConnectionTrait, clear: &ClearHeader) -> Result<(), Refusal> {
    if files::claim(connection, clear.case, clear.item, &clear.files).await? {
        Ok(())
    } else {
        Err(Refusal::Files)
    }
}

/// The row of a report that has just arrived.
fn arrived(frame: &Frame, now: Timestamp) -> Report {
    let clear = frame.clear();
    Report {
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
        week: week_of(now),
        second: clear.second.map(|second| (second.centre.uuid(), second.epoch)),
    }
}

/// The bytes of a stored frame, exactly as they came.
pub(super) fn bytes_of(stored: StoredFrame) -> Result<Vec<u8>, Refusal> {
    Frame::from_parts(stored.parts).map(|frame| frame.to_bytes()).map_err(Refusal::Damaged)
}

/// Size, form, kind, origin, signature: everything that needs no database.
fn read_frame(
    app: &App,
    visitor: &Visitor,
    headers: &HeaderMap,
    body: &[u8],
    kinds: &[ItemKind],
) -> Result<Frame, Refusal> {
    let frame = Frame::parse(body)?;
    if !kinds.contains(&frame.clear().kind) {
        return Err(Refusal::Malformed);
    }
    if !origin::is_own(&app.platform.site, headers) {
        return Err(Refusal::Origin);
    }
    app.platform.door.admit(headers, visitor, frame.mailbox_id().as_bytes(), app.platform.now())?;
    frame.verify_signature()?;
    Ok(frame)
}

fn accepted() -> Response {
    json(StatusCode::CREATED, &json!({}))
}

fn bytes(body: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, "application/octet-stream")], body).into_response()
}
