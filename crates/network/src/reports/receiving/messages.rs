//! Further items of hers: messages and rotations (protocol sections 7.3 and 7.4).
//!
//! Invariant: unknown, unanswered, moved, rotated and burned mailboxes ask the same questions and get one refusal.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use envelope::frame::Frame;
use envelope::header::ItemKind;
use jiff::Timestamp;
use platform::door::Visitor;
use sea_orm::ConnectionTrait;

use super::super::model::{Standing, week_of};
use super::super::refusal::Refusal;
use super::super::store::{self, Arrival, Cause, Past, Report};
use super::{accepted, claim_files, read_frame};
use crate::{App, files};

/// `POST /mailbox/messages`: a message, or a new code in place of the old one.
pub(in crate::reports) async fn message(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let frame = read_frame(&app, &visitor, &headers, &body, &[ItemKind::Message, ItemKind::Rotation])?;
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
            claim_files(&transaction, frame.clear()).await?;
            rotate(&transaction, frame, &report, &arrival.week).await
        })
        .await;
    match kept {
        // The item's id exists elsewhere: a moved item. Or the new mailbox id came into use meanwhile.
        Err(Refusal::Database(error)) if error.is_unique_violation() => Err(Refusal::Refused),
        Err(refusal) => Err(refusal),
        Ok(()) => Ok(accepted()),
    }
}

/// The report that an item continues and its next standing; `None` for a repeat.
async fn check_message(
    app: &App,
    connection: &impl ConnectionTrait,
    frame: &Frame,
    now: Timestamp,
) -> Result<Option<(Report, Standing)>, Refusal> {
    let clear = frame.clear();
    let report = store::find_by_mailbox(connection, frame.mailbox_id().as_bytes()).await?;
    let kept = store::find_hash_of_hers(connection, clear.case.uuid(), clear.seq).await?;
    let next_is_used = match &clear.next {
        Some(next) => store::is_used(connection, next.mailbox_id().as_bytes()).await?,
        None => false,
    };
    let has_files = files::are_claimable(connection, clear.case, clear.item, &clear.files).await?;
    let is_repeat = kept.as_ref().is_some_and(|kept| *kept == store::hash_of(frame));
    // The old code of a rotation leads nowhere any more, but the rotation itself, sent once more, gets its first answer.
    if is_repeat && (clear.next.is_some() || report.is_some()) {
        return Ok(None);
    }
    let report = report.filter(|report| report.standing.answered()).ok_or(Refusal::Refused)?;
    let is_at_its_place = report.id == clear.case.uuid()
        && report.centre == clear.centre.uuid()
        && report.channel == clear.channel.name();
    if !is_at_its_place || next_is_used {
        return Err(Refusal::Refused);
    }
    if kept.is_some() {
        return Err(Refusal::Sequence);
    }
    app.centres.check_receiving(report.centre, clear.channel, clear.epoch, now)?;
    if Some(clear.seq) != report.standing.conversation_items().checked_add(1) {
        return Err(Refusal::Sequence);
    }
    if !has_files {
        return Err(Refusal::Files);
    }
    let next = if clear.next.is_some() { report.standing.rotate()? } else { report.standing.message()? };
    Ok(Some((report, next)))
}

/// For a rotation: the new id leads to the case, the old one nowhere; until it is forgotten, two members can take that back.
async fn rotate(
    connection: &impl ConnectionTrait,
    frame: &Frame,
    report: &Report,
    week: &str,
) -> Result<(), Refusal> {
    let Some(next) = &frame.clear().next else { return Ok(()) };
    let old = Past {
        mailbox: report.mailbox.clone(),
        case: report.id,
        cause: Cause::Rotated,
        week: week.to_owned(),
        seq: Some(frame.clear().seq),
        notes_before: report.standing.notes_items(),
        word: None,
    };
    store::insert_past(connection, &old).await?;
    store::move_mailbox(connection, report.id, next.mailbox_id().as_bytes()).await?;
    Ok(())
}
