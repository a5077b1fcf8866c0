//! Opening: every signature verified, and everything inside compared with the place where the frame was found (invariant I11).

use envelope::body::Body;
use envelope::centre::VerifiedCentre;
use envelope::content::{CarriedKey, Content, ReceiptKeys};
use envelope::frame::{Frame, WrapKind};
use envelope::header::{ClearHeader, Role};
use envelope::signature::PublicKey;
use secrecy::ExposeSecret;

use super::OpenedItem;
use crate::age_file;
use crate::epoch::EpochKey;
use crate::identity::Identity;
use crate::receipt::Receipt;
use crate::refusal::OpenRefusal;
use crate::wrap::{self, ItemWrapHeader};

/// Opens a frame with the epoch's key, for the centre that it is for, or for the second centre of a report.
///
/// # Errors
/// An [`OpenRefusal`] that names what does not hold. An item by an operator must be by a member of that epoch; a report must carry
/// keys that signed themselves for this case and are its author's, a rotation keys that did so and are those its header names.
pub fn open_for_centre(
    bytes: &[u8],
    key: &EpochKey,
    centre: &VerifiedCentre,
) -> Result<OpenedItem, OpenRefusal> {
    let frame = Frame::parse(bytes)?;
    let clear = frame.clear();
    let mine = (key.centre(), key.number());
    let kind = if (clear.centre, clear.epoch) == mine {
        WrapKind::Epoch
    } else if clear.second.is_some_and(|second| (second.centre, second.epoch) == mine) {
        WrapKind::Second
    } else {
        return Err(OpenRefusal::Place);
    };
    if clear.channel != key.channel() || centre.centre() != key.centre() {
        return Err(OpenRefusal::Place);
    }
    let (opened, _) = open(&frame, kind, key.identity())?;
    checked(opened, centre)
}

/// Opens an answer with her receipt, or the rotation that made this code. The author of an answer must be a member of the centre in
/// that epoch; a rotation must hand over to this very code; and the epoch that the chain announces must be the other one who can
/// open it.
///
/// # Errors
/// An [`OpenRefusal`] that names what does not hold.
pub fn open_with_receipt(
    bytes: &[u8],
    receipt: &Receipt,
    centre: &VerifiedCentre,
) -> Result<OpenedItem, OpenRefusal> {
    let frame = Frame::parse(bytes)?;
    if !frame.clear().kind.is_for_receipt() || frame.clear().centre != centre.centre() {
        return Err(OpenRefusal::Place);
    }
    let (opened, _) = open(&frame, WrapKind::Receipt, receipt.identity())?;
    if frame.clear().next.is_some_and(|next| next.signing_key != receipt.public_key()) {
        return Err(OpenRefusal::Place);
    }
    from_announced_epoch(checked(opened, centre)?, centre)
}

/// Opens what was sealed to a former code of hers, with a key that her rotation carried over: an answer, or an earlier rotation.
/// Authors and places are checked as by [`open_with_receipt`].
///
/// # Errors
/// [`OpenRefusal::Place`] when the key names another item, otherwise an [`OpenRefusal`] that names what does not hold.
pub fn open_with_carried_key(
    bytes: &[u8],
    carried: &CarriedKey,
    centre: &VerifiedCentre,
) -> Result<OpenedItem, OpenRefusal> {
    let frame = Frame::parse(bytes)?;
    let clear = frame.clear();
    if !clear.kind.is_for_receipt() || clear.centre != centre.centre() || clear.item != carried.item {
        return Err(OpenRefusal::Place);
    }
    frame.verify_signature()?;
    let item_key = Identity::parse(&carried.secret).map_err(|_| OpenRefusal::Malformed)?;
    let opened = open_body(&frame, &item_key)?;
    from_announced_epoch(checked(opened, centre)?, centre)
}

/// The key of an item to this receipt, to be carried over to her next code.
pub(crate) fn key_for_receipt(frame: &Frame, receipt: &Receipt) -> Result<CarriedKey, OpenRefusal> {
    let (_, key) = open(frame, WrapKind::Receipt, receipt.identity())?;
    let secret = key.to_secret_string().expose_secret().to_owned();
    Ok(CarriedKey { item: frame.clear().item, secret })
}

fn open(frame: &Frame, kind: WrapKind, identity: &Identity) -> Result<(OpenedItem, Identity), OpenRefusal> {
    frame.verify_signature()?;
    let clear = frame.clear();
    let sealed = frame.wrap(kind).ok_or(OpenRefusal::Place)?;
    let (header, item_key) = wrap::open(identity, sealed, |header: &ItemWrapHeader| header.author)?;
    let mine = identity.recipient().fingerprint();
    let is_in_place = header.case == clear.case
        && header.item == clear.item
        && header.to == mine
        && header.author == clear.author;
    if !is_in_place {
        return Err(OpenRefusal::Place);
    }
    let opened = open_body(frame, &item_key)?;
    let place = WrapKind::expected_of(clear).iter().position(|expected| *expected == kind);
    if place.and_then(|place| opened.header.recipients.get(place)) != Some(&mine) {
        return Err(OpenRefusal::Place);
    }
    Ok((opened, item_key))
}

/// Opens the body and compares what it says with the clear header. Whose author it may be is not asked here.
fn open_body(frame: &Frame, item_key: &Identity) -> Result<OpenedItem, OpenRefusal> {
    let clear = frame.clear();
    let body = Body::parse(&age_file::open(item_key, frame.body())?).map_err(|_| OpenRefusal::Malformed)?;
    let files = body.content.files().iter().map(|entry| entry.file);
    let is_in_place = body.header.matches(clear)
        && body.header.recipients.len() == frame.wraps().len()
        && files.eq(clear.files.iter().copied());
    if !is_in_place {
        return Err(OpenRefusal::Place);
    }
    Ok(OpenedItem {
        clear: clear.clone(),
        header: body.header,
        content: body.content,
        body_hash: frame.body_hash(),
        member: None,
    })
}

/// Judges the author: of an answer or note a member of the centre in its epoch; of a report the receipt in it. In a rotation the
/// receipt inside must be the one that its header names.
fn checked(opened: OpenedItem, centre: &VerifiedCentre) -> Result<OpenedItem, OpenRefusal> {
    let clear = &opened.clear;
    let mut member = None;
    if clear.kind.role() == Role::Operator {
        if clear.centre != centre.centre() {
            return Err(OpenRefusal::Place);
        }
        let author = centre.author(clear.channel, clear.epoch, &clear.author);
        member = Some(author.map_err(|_| OpenRefusal::Author)?);
    }
    match &opened.content {
        Content::Report(report) => check_keys(&report.receipt, Some(clear.author), clear)?,
        Content::Rotation(rotation) => {
            check_keys(&rotation.receipt, clear.next.map(|next| next.signing_key), clear)?;
        }
        Content::Text(_) | Content::Closing(_) | Content::Undo(_) => {}
    }
    Ok(OpenedItem { member, ..opened })
}

fn check_keys(
    keys: &ReceiptKeys,
    expected: Option<PublicKey>,
    clear: &ClearHeader,
) -> Result<(), OpenRefusal> {
    if Some(keys.signing_key) != expected {
        return Err(OpenRefusal::Author);
    }
    if !keys.verifies(&clear.case) {
        return Err(OpenRefusal::Signature);
    }
    Ok(())
}

/// What she opens must be open to the epoch that the centre's chain announces, and to no other in its place.
fn from_announced_epoch(opened: OpenedItem, centre: &VerifiedCentre) -> Result<OpenedItem, OpenRefusal> {
    let clear = &opened.clear;
    let announced = centre.epoch(clear.channel, clear.epoch).map(|epoch| epoch.recipient().fingerprint());
    if opened.header.recipients.first() != announced.as_ref() {
        return Err(OpenRefusal::Place);
    }
    Ok(opened)
}
