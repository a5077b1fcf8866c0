//! What an operator's browser asks and sends: open, answer, acknowledge, close, wait (docs/http.md; protocol sections 4.1 and 7.3).
//!
//! Invariant: every change names the version that was seen; who lost a race gets 409 `changed` and nothing is overwritten.

pub(super) mod files;
mod undoing;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use envelope::audit::act::ActKind;
use envelope::encoding::to_base64;
use envelope::frame::Frame;
use envelope::header::{Chain, ItemKind, Role, Undone};
use envelope::signature::PublicKey;
use jiff::Timestamp;
use platform::web::{IfMatch, json};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::access::{MayRead, Reader};
use super::model::{Standing, week_of};
use super::receiving::bytes_of;
use super::refusal::Refusal;
use super::second_centre;
use super::store::{self, Past, Report};
use crate::App;
use crate::accounts::Operator;

#[derive(Serialize)]
struct Opened {
    version: i64,
    state: &'static str,
    frames: Vec<String>,
    /// Her burn, while the report is withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn: Option<Withdrawn>,
    /// What two members can still take back.
    undoable: Vec<Undone>,
}

#[derive(Serialize)]
struct Withdrawn {
    week: String,
    /// The safe word as it was typed, sealed; none when none was sent.
    word: Option<String>,
}

#[derive(Serialize)]
struct Version {
    version: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WaitRequest {
    version: i64,
}

/// `POST /console/reports/{case}/open`: hands out the frames with their wraps, and records that it was opened. With `If-Match` only as
/// long as it is still at that version: what came since must not be recorded as opened by somebody who does not look at it.
pub(super) async fn open(
    State(app): State<App>,
    operator: Operator,
    Path(case): Path<String>,
    seen: Option<IfMatch>,
) -> Result<Response, Refusal> {
    let case = parse_case(&case)?;
    let reader = Reader::of(&app, operator)?;
    let reader = &reader;
    let now = app.platform.now();
    let kept = &app;
    let opened: Result<_, Refusal> = app
        .platform
        .database
        .write(|transaction| async move {
            reader.check_session(&transaction).await?;
            let (may_read, version, next) = match store::find(&transaction, reader, case).await? {
                Some(may_read) => open_own(kept, &transaction, reader, may_read, seen).await?,
                None => second_centre::take_over(kept, &transaction, reader, case, now).await?,
            };
            let frames = store::list_frames(&transaction, &may_read).await?;
            let past = store::find_past(&transaction, case).await?;
            Ok((version, next, frames, past))
        })
        .await;
    let (version, next, frames, past) = opened?;
    let frames = frames
        .into_iter()
        .map(|frame| bytes_of(frame).map(|bytes| to_base64(&bytes)))
        .collect::<Result<_, _>>()?;
    let opened = Opened {
        version,
        state: next.state().word(),
        frames,
        withdrawn: undoing::find_burn(&past)
            .map(|burn| Withdrawn { week: burn.week.clone(), word: burn.word.as_deref().map(to_base64) }),
        undoable: undoing::list_undoable(&past, now),
    };
    Ok(json(StatusCode::OK, &opened))
}

/// Records that the centre that holds a report has it open, unless it had.
async fn open_own(
    app: &App,
    connection: &impl ConnectionTrait,
    reader: &Reader,
    may_read: MayRead,
    seen: Option<IfMatch>,
) -> Result<(MayRead, i64, Standing), Refusal> {
    let report = may_read.report();
    if seen.is_some_and(|IfMatch(version)| version != report.version) {
        return Err(Refusal::Changed);
    }
    let (next, mut version) = (report.standing.open(), report.version);
    if next != report.standing {
        if !store::advance(connection, report, next, None).await? {
            return Err(Refusal::Changed);
        }
        version = version.saturating_add(1);
    }
    app.record(connection, reader.act(ActKind::Opened, report)?).await?;
    Ok((may_read, version, next))
}

/// `POST /console/reports/{case}/items`: an answer, an acknowledgement, a closing, or a member's part in undoing.
pub(super) async fn items(
    State(app): State<App>,
    operator: Operator,
    Path(case): Path<String>,
    IfMatch(version): IfMatch,
    body: Bytes,
) -> Result<Response, Refusal> {
    let case = parse_case(&case)?;
    let frame = Frame::parse(&body)?;
    frame.verify_signature()?;
    if frame.clear().kind.role() != Role::Operator {
        return Err(Refusal::Refused);
    }
    let reader = Reader::of(&app, operator)?;
    let now = app.platform.now();
    let week = week_of(now);
    let (app, reader, frame, week) = (&app, &reader, &frame, week.as_str());
    let kept: Result<i64, Refusal> = app
        .platform
        .database
        .write(|transaction| async move {
            reader.check_session(&transaction).await?;
            let may_read = store::find(&transaction, reader, case).await?.ok_or(Refusal::NotFound)?;
            let may = if frame.clear().kind == ItemKind::Undo {
                reader.may_undo(&may_read)
            } else {
                reader.may_write(&may_read)
            };
            if !may {
                return Err(Refusal::Refused);
            }
            let report = may_read.report();
            let Some((next, undone)) =
                check_item(app, &transaction, reader, report, frame, version, now).await?
            else {
                return Ok(report.version);
            };
            if !store::advance(&transaction, report, next, None).await? {
                return Err(Refusal::Changed);
            }
            store::insert_item(&transaction, frame, week).await?;
            if let Some(kind) = act_of(frame.clear().kind, undone.is_some()) {
                app.record(&transaction, reader.act(kind, report)?).await?;
            }
            if let Some(undone) = undone {
                undoing::undo(&transaction, report, &undone, week).await?;
            }
            Ok(report.version.saturating_add(1))
        })
        .await;
    match kept {
        // The item's id or its place exists already.
        Err(Refusal::Database(error)) if error.is_unique_violation() => Err(Refusal::Refused),
        Err(refusal) => Err(refusal),
        Ok(version) => Ok(json(StatusCode::CREATED, &Version { version })),
    }
}

/// The standing after an operator's item, and what it takes back; `None` for a repeat.
async fn check_item(
    app: &App,
    connection: &impl ConnectionTrait,
    reader: &Reader,
    report: &Report,
    frame: &Frame,
    version: i64,
    now: Timestamp,
) -> Result<Option<(Standing, Option<Past>)>, Refusal> {
    let clear = frame.clear();
    let is_at_its_place = clear.case.uuid() == report.id
        && clear.centre.uuid() == report.centre
        && clear.channel.name() == report.channel;
    if !is_at_its_place || !is_key_of(&clear.author, reader) {
        return Err(Refusal::Refused);
    }
    let kept = store::find_frame_hash(connection, report.id, clear.chain, clear.seq).await?;
    if kept.is_some_and(|kept| kept == store::hash_of(frame)) {
        return Ok(None);
    }
    if report.version != version {
        return Err(Refusal::Changed);
    }
    app.centres.check_receiving(report.centre, clear.channel, clear.epoch, now)?;
    if !app.centres.is_author(report.centre, clear.channel, clear.epoch, &clear.author, reader.person().id) {
        return Err(Refusal::Refused);
    }
    let standing = report.standing;
    let items = match clear.chain {
        Chain::Conversation => standing.conversation_items(),
        Chain::Notes => standing.notes_items(),
    };
    if Some(clear.seq) != items.checked_add(1) {
        return Err(Refusal::Sequence);
    }
    match clear.kind {
        ItemKind::Answer | ItemKind::Acknowledgement => Ok(Some((standing.answer()?, None))),
        ItemKind::Closing => Ok(Some((standing.close()?, None))),
        ItemKind::Undo => undoing::decide(app, connection, reader, report, clear, now).await.map(Some),
        ItemKind::Report | ItemKind::Message | ItemKind::Rotation => Err(Refusal::Refused),
    }
}

/// `POST /console/reports/{case}/wait`.
pub(super) async fn wait(
    State(app): State<App>,
    operator: Operator,
    Path(case): Path<String>,
    request: Result<Json<WaitRequest>, JsonRejection>,
) -> Result<Response, Refusal> {
    let case = parse_case(&case)?;
    let Json(WaitRequest { version }) = request.map_err(|_| Refusal::Malformed)?;
    let reader = Reader::of(&app, operator)?;
    let reader = &reader;
    let version: Result<i64, Refusal> = app
        .platform
        .database
        .write(|transaction| async move {
            reader.check_session(&transaction).await?;
            let may_read = store::find(&transaction, reader, case).await?.ok_or(Refusal::NotFound)?;
            if !reader.may_write(&may_read) {
                return Err(Refusal::Refused);
            }
            let report = may_read.report();
            if report.version != version {
                return Err(Refusal::Changed);
            }
            let next = report.standing.wait()?;
            if !store::advance(&transaction, report, next, None).await? {
                return Err(Refusal::Changed);
            }
            Ok(report.version.saturating_add(1))
        })
        .await;
    Ok(json(StatusCode::OK, &Version { version: version? }))
}

/// What an operator's item is in the log.
const fn act_of(item: ItemKind, undoes: bool) -> Option<ActKind> {
    match item {
        ItemKind::Answer => Some(ActKind::Answered),
        ItemKind::Acknowledgement => Some(ActKind::Acknowledged),
        ItemKind::Closing => Some(ActKind::Closed),
        ItemKind::Undo if undoes => Some(ActKind::Undone),
        ItemKind::Undo => Some(ActKind::UndoAsked),
        ItemKind::Report | ItemKind::Message | ItemKind::Rotation => None,
    }
}

/// Every item carries the key of the person who is signed in.
fn is_key_of(author: &PublicKey, reader: &Reader) -> bool {
    author.as_bytes().as_slice() == reader.person().signing_key.as_slice()
}

fn parse_case(text: &str) -> Result<Uuid, Refusal> {
    Uuid::try_parse(text).map_err(|_| Refusal::NotFound)
}
