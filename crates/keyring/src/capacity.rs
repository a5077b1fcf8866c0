//! How much fits into a frame (protocol section 5), so that a page can say it while she types.
//!
//! The size class follows from the content alone: it is reckoned with the longest header that `age` writes and the longest
//! numbers, never with what the random grease happened to be, or two seals of one text could have two lengths (invariant I9).

use envelope::content::Content;
use envelope::duty::Channel;
use envelope::encoding::Hash;
use envelope::frame;
use envelope::header::{ClearHeader, InnerHeader, ItemKind, Language, SealedBy, Suite};
use envelope::ids::{CaseId, CentreId, ItemId};
use envelope::recipient::Fingerprint;
use envelope::signature::PublicKey;
use envelope::sizes::{SIGNATURE_LENGTH, SizeClass};

use crate::age_file::LONGEST_OVERHEAD;

/// The base point of Ed25519, as the example of a key: every key is written with as many characters.
const SOME_KEY: [u8; 32] = {
    let mut bytes = [0x66; 32];
    bytes[0] = 0x58;
    bytes
};
/// Characters of an `age1…` string, of a public key and of a signature.
const RECIPIENT_CHARACTERS: usize = 62;
const KEY_CHARACTERS: usize = 43;
const SIGNATURE_CHARACTERS: usize = 86;

/// Bytes that still fit into the largest frame after this report; negative when it is too long.
#[must_use]
pub fn remaining_in_report(
    text: &str,
    safe_contact: Option<&str>,
    answer_language: &Language,
    page_language: &Language,
) -> isize {
    let placeholder = |length| "x".repeat(length);
    let content = serde_json::json!({
        "text": text,
        "safe_contact": safe_contact,
        "language": answer_language,
        "receipt": {
            "recipient": placeholder(RECIPIENT_CHARACTERS),
            "signing_key": placeholder(KEY_CHARACTERS),
            "signature": placeholder(SIGNATURE_CHARACTERS),
        },
    });
    remaining(ItemKind::Report, content.to_string().len(), page_language)
}

/// Bytes that still fit into the largest frame after a message, an answer or an acknowledgement with this text; negative when it
/// is too long.
#[must_use]
pub fn remaining_in_text(kind: ItemKind, text: &str, page_language: &Language) -> isize {
    remaining(kind, serde_json::json!({ "text": text }).to_string().len(), page_language)
}

/// Bytes that still fit into the largest frame after a closing; negative when it is too long.
#[must_use]
pub fn remaining_in_closing(reason: &str, note: &str, page_language: &Language) -> isize {
    let content = serde_json::json!({ "reason": reason, "note": note });
    remaining(ItemKind::Closing, content.to_string().len(), page_language)
}

/// The smallest class that holds this content, whatever `age` draws; `None` when none does.
#[must_use]
pub fn size_of(kind: ItemKind, content: &Content, page_language: &Language) -> Option<SizeClass> {
    let needed = needed(kind, content.to_json().ok()?.len(), page_language)?;
    SizeClass::ALL.into_iter().find(|class| class.length() >= needed)
}

fn remaining(kind: ItemKind, content_length: usize, page_language: &Language) -> isize {
    let needed = needed(kind, content_length, page_language).unwrap_or(usize::MAX);
    isize::try_from(SizeClass::Large.length())
        .unwrap_or_default()
        .saturating_sub(isize::try_from(needed).unwrap_or(isize::MAX))
}

/// Bytes of the frame at most.
fn needed(kind: ItemKind, content_length: usize, page_language: &Language) -> Option<usize> {
    let author = PublicKey::from_bytes(&SOME_KEY).ok()?;
    let (centre, case, item) = (
        CentreId::from_random_bytes([0; 16]),
        CaseId::from_random_bytes([0; 16]),
        ItemId::from_random_bytes([0; 16]),
    );
    let wraps = envelope::frame::WrapKind::expected(kind).len();
    let (seq, epoch, chain, channel, suite) =
        (u32::MAX, u32::MAX, kind.chain(), Channel::General, Suite::Approdo1);
    let language = page_language.clone();
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
        language,
        author,
    };
    let header = InnerHeader {
        suite,
        centres: vec![centre],
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
    let plaintext = 8 + header + 8 + content_length + SIGNATURE_LENGTH;
    Some(frame::overhead(wraps) + clear + LONGEST_OVERHEAD + plaintext)
}
