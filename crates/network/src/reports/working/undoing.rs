//! Taking back a rotation or a burn (protocol section 7.4): two members of the centre that holds the report sign, each a note; the second
//! signature acts.
//!
//! Invariant: one member alone changes no mailbox, and nobody does once the time has passed. That nobody may after a right word is a rule
//! of the operators' browsers: the server cannot know which word was right.

use envelope::header::{ClearHeader, Undone};
use jiff::Timestamp;
use sea_orm::ConnectionTrait;

use super::super::access::Reader;
use super::super::model::{Standing, can_be_undone};
use super::super::refusal::Refusal;
use super::super::store::{self, Cause, Past, Report};
use crate::App;

/// The burn of a withdrawn report.
pub(super) fn find_burn(past: &[Past]) -> Option<&Past> {
    past.iter().find(|kept| kept.cause == Cause::Burned)
}

/// What two members can take back now: a burn, or else the latest rotation.
pub(super) fn list_undoable(past: &[Past], now: Timestamp) -> Vec<Undone> {
    let found = find_burn(past).map(|burn| (burn, Undone::Burn)).or_else(|| {
        let rotation = find_rotation(past)?;
        Some((rotation, Undone::Rotation(rotation.seq?)))
    });
    found.filter(|(kept, _)| can_be_undone(&kept.week, now)).map(|(_, undone)| undone).into_iter().collect()
}

/// The latest rotation that counts: the one that made the present mailbox.
fn find_rotation(past: &[Past]) -> Option<&Past> {
    past.iter().filter(|kept| kept.cause == Cause::Rotated).max_by_key(|kept| kept.seq)
}

/// The standing after a member's signature, and the past id that it brings back when it is the second one.
///
/// # Errors
/// [`Refusal::Changed`] when there is nothing such to take back any more, [`Refusal::Refused`] for a second signature of one member.
pub(super) async fn decide(
    app: &App,
    connection: &impl ConnectionTrait,
    reader: &Reader,
    report: &Report,
    clear: &ClearHeader,
    now: Timestamp,
) -> Result<(Standing, Option<Past>), Refusal> {
    let undone = clear.undoes.ok_or(Refusal::Refused)?;
    let past = store::find_past(connection, report.id).await?;
    let target = match undone {
        Undone::Burn => find_burn(&past),
        Undone::Rotation(seq) => find_rotation(&past).filter(|kept| kept.seq == Some(seq)),
    };
    let target = target.filter(|kept| can_be_undone(&kept.week, now)).ok_or(Refusal::Changed)?;
    // A burn that was undone and burned again needs two new signatures: those before it do not count.
    let signed: Vec<ClearHeader> = store::list_undos(connection, report.id)
        .await?
        .into_iter()
        .filter(|note| note.undoes == Some(undone) && note.seq > target.notes_before)
        .collect();
    let person = reader.person().id;
    let is_own = |note: &ClearHeader| {
        note.author == clear.author
            || app.centres.is_author(report.centre, note.channel, note.epoch, &note.author, person)
    };
    if signed.iter().any(is_own) {
        return Err(Refusal::Refused);
    }
    let (standing, is_second) = (report.standing, !signed.is_empty());
    let next = match (undone, is_second) {
        (Undone::Rotation(_), _) => standing.undo_rotation()?,
        (Undone::Burn, false) => standing.ask_to_undo_burn()?,
        (Undone::Burn, true) => standing.undo_burn()?,
    };
    Ok((next, is_second.then(|| target.clone())))
}

/// Lets a past id lead to its case again. The new id of a rotation that is taken back leads nowhere from now on.
pub(super) async fn undo(
    connection: &impl ConnectionTrait,
    report: &Report,
    past: &Past,
    week: &str,
) -> Result<(), Refusal> {
    store::delete_past(connection, &past.mailbox).await?;
    if past.cause == Cause::Rotated {
        store::move_mailbox(connection, report.id, &past.mailbox).await?;
        let replaced = Past {
            mailbox: report.mailbox.clone(),
            case: report.id,
            cause: Cause::Undone,
            week: week.to_owned(),
            seq: None,
            notes_before: report.standing.notes_items(),
            word: None,
        };
        store::insert_past(connection, &replaced).await?;
    }
    Ok(())
}
