//! Sealing what changes who she is (protocol section 7.4): the rotation to a new code, and the notes that undo a rotation or a burn.

use envelope::centre::EpochRecipient;
use envelope::content::{CarriedKey, Content, RotationContent, UndoContent};
use envelope::header::{ItemKind, Language, NextKey, Undone};
use envelope::signature::SignedType;
use rand_core::CryptoRngCore;

use super::sealing::Unsealed;
use super::{Place, SealedItem};
use crate::operator::OperatorIdentity;
use crate::receipt::Receipt;
use crate::refusal::SealRefusal;
use crate::safe_word::Verdict;

/// Seals the change from one code to another: to the centre's epoch and to the **new** receipt, signed by both keys. `carried` are
/// the keys of everything to her that the old code opens ([`crate::mailbox::Reading::carried`]); the new code reads it through them.
/// `safe_word` is what she typed, right or not.
///
/// # Errors
/// [`SealRefusal::TooLong`] when there are more keys than the largest frame holds (about 400), [`SealRefusal::Place`] when both
/// codes are one, or `place` is not after a first item.
#[expect(
    clippy::too_many_arguments,
    reason = "a rotation has a recipient, two codes, a place, keys, a word and a language"
)]
pub fn seal_rotation(
    to: &EpochRecipient,
    old: &Receipt,
    new: &Receipt,
    place: &Place,
    carried: &[CarriedKey],
    safe_word: Option<&str>,
    page_language: &Language,
    rng: &mut impl CryptoRngCore,
) -> Result<SealedItem, SealRefusal> {
    let content = Content::Rotation(RotationContent {
        safe_word: safe_word.map(str::to_owned),
        receipt: new.public_keys(&place.case),
        answers: carried.to_vec(),
    });
    let payload = NextKey::signed_payload(&old.mailbox_id(), &place.case, place.seq);
    let signature = new.signing_key().sign(SignedType::Rotation, &payload);
    let mut item = Unsealed::new(ItemKind::Rotation, place, content, page_language);
    item.next = Some(NextKey { signing_key: new.public_key(), signature });
    item.seal(to, Some(new.recipient()), old.signing_key(), rng)
}

/// Seals one member's part in undoing a rotation or a burn, at her request: a note of the centre. Two different members seal one
/// each. `verdict` is what the safe word of the rotation or burn was.
///
/// # Errors
/// [`SealRefusal::Place`] after a right word, which is never undone, or when number and `prev` do not fit each other;
/// [`SealRefusal::TooLong`].
#[expect(
    clippy::too_many_arguments,
    reason = "an undo has a recipient, an author, a place, what it undoes, why, and a language"
)]
pub fn seal_undo(
    to: &EpochRecipient,
    author: &OperatorIdentity,
    place: &Place,
    undone: Undone,
    verdict: Verdict,
    reason: &str,
    page_language: &Language,
    rng: &mut impl CryptoRngCore,
) -> Result<SealedItem, SealRefusal> {
    if verdict == Verdict::Right {
        return Err(SealRefusal::Place);
    }
    let content = Content::Undo(UndoContent { reason: reason.to_owned() });
    let mut item = Unsealed::new(ItemKind::Undo, place, content, page_language);
    item.undoes = Some(undone);
    item.seal(to, None, author.signing_key(), rng)
}
