//! Reading a mailbox with a code (protocol sections 7.2 to 7.4): what the code opens by itself, and what a rotation carried over to
//! it from the codes before.
//!
//! What a hostile server can hide, and what shows: a rotation left out, an answer left out or put elsewhere make the mailbox
//! [`Reading::is_whole`] no more, because the index numbers everything and what opens names the hash before it. An older state of the
//! whole mailbox, or an answer that the index calls a message of hers, cannot be noticed here: her browser remembers nothing
//! (section 7.3), and the index is the server's word.

use envelope::centre::VerifiedCentre;
use envelope::content::{CarriedKey, Content};
use envelope::frame::Frame;
use envelope::index::{IndexEntry, Mailbox};

use crate::conversation::check_against_index;
use crate::item::{OpenedItem, key_for_receipt, open_with_carried_key, open_with_receipt};
use crate::receipt::Receipt;

/// What a code opens in its mailbox, verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    items: Vec<OpenedItem>,
    carried: Vec<CarriedKey>,
    came_by: Option<u32>,
    replaced_at: Option<u32>,
    missing: Vec<u32>,
}

impl Reading {
    /// Everything that opened, in order: answers, acknowledgements, and rotations up to the one that made this code.
    #[must_use]
    pub fn items(&self) -> &[OpenedItem] {
        &self.items
    }

    /// The answers and acknowledgements that opened, in order.
    pub fn answers(&self) -> impl Iterator<Item = &OpenedItem> {
        self.items.iter().filter(|item| item.clear().kind.is_answer())
    }

    /// The keys of everything that opened: what [`crate::item::seal_rotation`] carries over to the next code.
    #[must_use]
    pub fn carried(&self) -> &[CarriedKey] {
        &self.carried
    }

    /// The number of the rotation that made this code; `None` for the code of the report.
    #[must_use]
    pub fn came_by(&self) -> Option<u32> {
        self.came_by
    }

    /// The number of the first rotation away from this code: somebody who had it took another, and two members put this one back.
    /// She is told.
    #[must_use]
    pub fn replaced_at(&self) -> Option<u32> {
        self.replaced_at
    }

    /// The numbers of answers that this code should open and that did not, or do not stand where they say.
    #[must_use]
    pub fn missing(&self) -> &[u32] {
        &self.missing
    }

    /// Whether nothing is missing.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.missing.is_empty()
    }
}

/// Opens everything in a mailbox that this code opens: the rotation that made it, later answers by their own wrap for it, earlier ones
/// by the keys that the rotation carried.
#[must_use]
pub fn read(mailbox: &Mailbox, receipt: &Receipt, centre: &VerifiedCentre) -> Reading {
    let rotation = mailbox.frames.iter().rev().find_map(|frame| {
        let hands_over = frame.clear().next.is_some_and(|next| next.signing_key == receipt.public_key());
        if hands_over { open_in_place(frame, receipt, centre, &mailbox.entries) } else { None }
    });
    let handed: &[CarriedKey] = match rotation.as_ref().map(OpenedItem::content) {
        Some(Content::Rotation(rotation)) => &rotation.answers,
        _ => &[],
    };
    let replaced_at = mailbox
        .frames
        .iter()
        .map(Frame::clear)
        .find(|clear| clear.next.is_some() && clear.author == receipt.public_key())
        .map(|clear| clear.seq);
    let mut reading = Reading {
        items: Vec::new(),
        carried: Vec::new(),
        came_by: rotation.as_ref().map(|rotation| rotation.clear().seq),
        replaced_at,
        missing: Vec::new(),
    };
    for frame in &mailbox.frames {
        let clear = frame.clear();
        let by_code = open_in_place(frame, receipt, centre, &mailbox.entries)
            .and_then(|item| Some((item, key_for_receipt(frame, receipt).ok()?)));
        let opened = by_code.or_else(|| {
            let key = handed.iter().find(|key| key.item == clear.item)?;
            let item = open_with_carried_key(&frame.to_bytes(), key, centre).ok()?;
            check_against_index(&item, &mailbox.entries).ok()?;
            Some((item, key.clone()))
        });
        if let Some((item, key)) = opened {
            reading.items.push(item);
            reading.carried.push(key);
        } else if clear.kind.is_answer() && replaced_at.is_none_or(|replaced| clear.seq < replaced) {
            // What was said to the code that replaced this one for a while is not hers.
            reading.missing.push(clear.seq);
        }
    }
    reading
}

fn open_in_place(
    frame: &Frame,
    receipt: &Receipt,
    centre: &VerifiedCentre,
    entries: &[IndexEntry],
) -> Option<OpenedItem> {
    let item = open_with_receipt(&frame.to_bytes(), receipt, centre).ok()?;
    check_against_index(&item, entries).ok()?;
    Some(item)
}
