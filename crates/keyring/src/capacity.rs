//! How much fits into a frame (protocol section 5), so that a page can say it while she types.
//!
//! The size class follows from the content alone: it is reckoned with the longest header that `age` writes and the longest
//! numbers, never with what the random grease happened to be, or two seals of one text could have two lengths (invariant I9).

use envelope::content::{ClosingContent, Content, ReceiptKeys, TextContent};
use envelope::duty::Channel;
use envelope::encoding::Hash;
use envelope::frame::{self, WrapKind};
use envelope::header::{
    ClearHeader, InnerHeader, ItemKind, Language, NextKey, SealedBy, SecondCentre, Suite, Undone,
};
use envelope::ids::{CaseId, CentreId, ItemId};
use envelope::recipient::{Fingerprint, Recipient};
use envelope::signature::{PublicKey, Signature};
use envelope::sizes::{SIGNATURE_LENGTH, SizeClass};

use crate::age_file::LONGEST_OVERHEAD;
use crate::item::{MessageDraft, ReportDraft};

/// The base point of Ed25519, as the example of a key: every key is written with as many characters.
const SOME_KEY: [u8; 32] = {
    let mut bytes = [0x66; 32];
    bytes[0] = 0x58;
    bytes
};
/// The example of the age specification: every recipient is written with as many characters.
const SOME_RECIPIENT: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";

/// Bytes that still fit into the largest frame after this report; negative when it is too long. `has_second` when it is also for a
/// second centre.
#[must_use]
pub fn remaining_in_report(draft: &ReportDraft<'_>, has_second: bool) -> isize {
    let content = some_receipt().map(|receipt| draft.content(receipt));
    content
        .map_or(isize::MIN, |content| remaining(ItemKind::Report, &content, &draft.page_language, has_second))
}

/// Bytes that still fit into the largest frame after this message of hers; negative when it is too long.
#[must_use]
pub fn remaining_in_message(draft: &MessageDraft<'_>) -> isize {
    remaining(ItemKind::Message, &draft.content(), &draft.page_language, false)
}

/// Bytes that still fit into the largest frame after an item of this kind that is a text and nothing else; negative when it is too
/// long.
#[must_use]
pub fn remaining_in_text(kind: ItemKind, text: &str, page_language: &Language) -> isize {
    remaining(kind, &Content::Text(TextContent::of(text)), page_language, false)
}

/// Bytes that still fit into the largest frame after a closing; negative when it is too long.
#[must_use]
pub fn remaining_in_closing(reason: &str, note: &str, page_language: &Language) -> isize {
    let content = ClosingContent { reason: reason.to_owned(), note: note.to_owned() };
    remaining(ItemKind::Closing, &Content::Closing(content), page_language, false)
}

/// The smallest class that holds this content, whatever `age` draws; `None` when none does. `has_second` for a report that is also
/// for a second centre.
#[must_use]
pub fn size_of(
    kind: ItemKind,
    content: &Content,
    page_language: &Language,
    has_second: bool,
) -> Option<SizeClass> {
    let needed = needed(kind, content, page_language, has_second)?;
    SizeClass::ALL.into_iter().find(|class| class.length() >= needed)
}

fn remaining(kind: ItemKind, content: &Content, page_language: &Language, has_second: bool) -> isize {
    let needed = needed(kind, content, page_language, has_second).unwrap_or(usize::MAX);
    isize::try_from(SizeClass::Large.length())
        .unwrap_or_default()
        .saturating_sub(isize::try_from(needed).unwrap_or(isize::MAX))
}

fn some_receipt() -> Option<ReceiptKeys> {
    Some(ReceiptKeys {
        recipient: Recipient::parse(SOME_RECIPIENT).ok()?,
        signing_key: PublicKey::from_bytes(&SOME_KEY).ok()?,
        signature: Signature::from_bytes([0; SIGNATURE_LENGTH]),
    })
}

/// Bytes of the frame at most.
fn needed(kind: ItemKind, content: &Content, page_language: &Language, has_second: bool) -> Option<usize> {
    let author = PublicKey::from_bytes(&SOME_KEY).ok()?;
    let (centre, case, item) = (
        CentreId::from_random_bytes([0; 16]),
        CaseId::from_random_bytes([0; 16]),
        ItemId::from_random_bytes([0; 16]),
    );
    let wraps = WrapKind::expected(kind, has_second).len();
    let (seq, epoch, chain, channel, suite) =
        (u32::MAX, u32::MAX, kind.chain(), Channel::General, Suite::Approdo1);
    let signature = Signature::from_bytes([0; SIGNATURE_LENGTH]);
    let clear = ClearHeader {
        suite,
        centre,
        channel,
        epoch,
        case,
        item,
        chain,
        kind,
        seq,
        urgent: false,
        language: page_language.clone(),
        author,
        second: has_second.then_some(SecondCentre { centre, epoch }),
        files: content.files().iter().map(|entry| entry.file).collect(),
        next: (kind == ItemKind::Rotation).then_some(NextKey { signing_key: author, signature }),
        undoes: (kind == ItemKind::Undo).then_some(Undone::Rotation(u32::MAX)),
    };
    let header = InnerHeader {
        suite,
        centres: clear.centres(),
        channel,
        case,
        item,
        chain,
        kind,
        seq,
        prev: Some(Hash::of(&[])),
        seen: u32::MAX,
        epoch,
        sealed_by: SealedBy::Courier,
        role: kind.role(),
        author,
        recipients: vec![Fingerprint::parse("0000000000000000").ok()?; wraps],
    };
    let clear = serde_json::to_vec(&clear).ok()?.len();
    let header = serde_json::to_vec(&header).ok()?.len();
    let plaintext = 8 + header + 8 + content.to_json().ok()?.len() + SIGNATURE_LENGTH;
    Some(frame::overhead(wraps) + clear + LONGEST_OVERHEAD + plaintext)
}
