//! Opening: every signature verified, and everything inside compared with the place where the frame was found (invariant I11).

use envelope::body::Body;
use envelope::centre::VerifiedCentre;
use envelope::content::Content;
use envelope::frame::{Frame, WrapKind};
use envelope::header::Role;

use super::OpenedItem;
use crate::age_file;
use crate::epoch::EpochKey;
use crate::identity::Identity;
use crate::receipt::Receipt;
use crate::refusal::OpenRefusal;
use crate::wrap::{self, ItemWrapHeader};

/// Opens a frame with the epoch's key, for the centre.
///
/// # Errors
/// An [`OpenRefusal`] that names what does not hold. An item by an operator must be by a member of that epoch; a report must carry
/// keys that signed themselves for this case and are its author's.
pub fn open_for_centre(
    bytes: &[u8],
    key: &EpochKey,
    centre: &VerifiedCentre,
) -> Result<OpenedItem, OpenRefusal> {
    let frame = Frame::parse(bytes)?;
    let clear = frame.clear();
    if clear.centre != key.centre() || clear.channel != key.channel() || clear.epoch != key.number() {
        return Err(OpenRefusal::Place);
    }
    let opened = open(&frame, WrapKind::Epoch, key.identity())?;
    check_author(&opened, centre)?;
    Ok(opened)
}

/// Opens an answer with her receipt. The author must be a member of the centre in that epoch, and the epoch that the chain
/// announces must be the other one who can open it.
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
    let opened = open(&frame, WrapKind::Receipt, receipt.identity())?;
    check_author(&opened, centre)?;
    let clear = &opened.clear;
    let announced = centre.epoch(clear.channel, clear.epoch).map(|epoch| epoch.recipient().fingerprint());
    if opened.header.recipients.first() != announced.as_ref() {
        return Err(OpenRefusal::Place);
    }
    Ok(opened)
}

fn open(frame: &Frame, kind: WrapKind, identity: &Identity) -> Result<OpenedItem, OpenRefusal> {
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
    let body = Body::parse(&age_file::open(&item_key, frame.body())?).map_err(|_| OpenRefusal::Malformed)?;
    let place = WrapKind::expected(clear.kind).iter().position(|expected| *expected == kind);
    let is_named = place.and_then(|place| body.header.recipients.get(place)) == Some(&mine);
    if !body.header.matches(clear) || !is_named || body.header.recipients.len() != frame.wraps().len() {
        return Err(OpenRefusal::Place);
    }
    Ok(OpenedItem {
        clear: clear.clone(),
        header: body.header,
        content: body.content,
        body_hash: frame.body_hash(),
    })
}

fn check_author(opened: &OpenedItem, centre: &VerifiedCentre) -> Result<(), OpenRefusal> {
    let clear = &opened.clear;
    if clear.kind.role() == Role::Operator {
        centre.author(clear.channel, clear.epoch, &clear.author).map_err(|_| OpenRefusal::Author)?;
    }
    if let Content::Report(report) = &opened.content {
        if report.receipt.signing_key != clear.author {
            return Err(OpenRefusal::Author);
        }
        if !report.receipt.verifies(&clear.case) {
            return Err(OpenRefusal::Signature);
        }
    }
    Ok(())
}
