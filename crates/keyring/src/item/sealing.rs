//! Sealing: from what a person typed to a frame of one of the three lengths (protocol sections 4, 5 and 12.2).

use envelope::body::Body;
use envelope::centre::{EpochRecipient, GeneralRecipient, SafeRecipient};
use envelope::content::{ClosingContent, Content, TextContent};
use envelope::frame::{self, Frame, FrameParts, Wrap, WrapKind};
use envelope::header::{
    ClearHeader, InnerHeader, ItemKind, Language, NextKey, SealedBy, SecondCentre, Suite, Undone,
};
use envelope::ids::{CaseId, ItemId};
use envelope::recipient::{Fingerprint, Recipient};
use envelope::signature::SignedType;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use super::{AnswerKind, MessageDraft, Place, ReceiptAddress, ReportDraft, SealedItem};
use crate::age_file;
use crate::capacity;
use crate::identity::Identity;
use crate::operator::OperatorIdentity;
use crate::receipt::Receipt;
use crate::refusal::SealRefusal;
use crate::signing::SigningKey;
use crate::wrap::{self, ItemWrapHeader};

/// Seals a report for the safe channel, and to a second centre of it if she ticked that (section 7.7). The type of `to` is gate 1
/// of the firewall (section 8), and the second centre has the same type: no report goes to two channels.
///
/// # Errors
/// [`SealRefusal::TooLong`], [`SealRefusal::Place`] when both centres are one, or for more files than an item carries.
pub fn seal_safe_report(
    to: &SafeRecipient,
    second: Option<&SafeRecipient>,
    receipt: &Receipt,
    draft: &ReportDraft<'_>,
    rng: &mut impl CryptoRngCore,
) -> Result<SealedItem, SealRefusal> {
    seal_report(&to.clone().into(), second.cloned().map(EpochRecipient::Safe), receipt, draft, rng)
}

/// Seals a report for general support, and to a second centre of it if she ticked that.
///
/// # Errors
/// As [`seal_safe_report`].
pub fn seal_general_report(
    to: &GeneralRecipient,
    second: Option<&GeneralRecipient>,
    receipt: &Receipt,
    draft: &ReportDraft<'_>,
    rng: &mut impl CryptoRngCore,
) -> Result<SealedItem, SealRefusal> {
    seal_report(&to.clone().into(), second.cloned().map(EpochRecipient::General), receipt, draft, rng)
}

fn seal_report(
    to: &EpochRecipient,
    second: Option<EpochRecipient>,
    receipt: &Receipt,
    draft: &ReportDraft<'_>,
    rng: &mut impl CryptoRngCore,
) -> Result<SealedItem, SealRefusal> {
    let case = CaseId::from_random_bytes(random(rng));
    let place = Place { case, seq: 1, prev: None, seen: 0 };
    let content = draft.content(receipt.public_keys(&case));
    let mut item = Unsealed::new(ItemKind::Report, &place, content, &draft.page_language);
    item.urgent = draft.urgent;
    item.second = second;
    item.seal(to, None, receipt.signing_key(), rng)
}

/// Seals a later message of hers to the centre's epoch.
///
/// # Errors
/// [`SealRefusal::TooLong`], [`SealRefusal::Place`] when `place` is not after a first item, or for more files than an item carries.
pub fn seal_message(
    to: &EpochRecipient,
    receipt: &Receipt,
    place: &Place,
    draft: &MessageDraft<'_>,
    rng: &mut impl CryptoRngCore,
) -> Result<SealedItem, SealRefusal> {
    let mut item = Unsealed::new(ItemKind::Message, place, draft.content(), &draft.page_language);
    item.urgent = draft.urgent;
    item.seal(to, None, receipt.signing_key(), rng)
}

/// Seals an answer to the centre's epoch and to her receipt: the current one
/// ([`crate::conversation::current_receipt_address`]).
///
/// # Errors
/// [`SealRefusal::TooLong`], [`SealRefusal::Place`] when `place` and `address` are of different cases, `to` is of another
/// channel or of a centre that the report was not for (invariant I2: what came by the safe channel stays there), or `place` is not
/// after a first item.
#[expect(
    clippy::too_many_arguments,
    reason = "an answer has a kind, two recipients, an author, a place and a text"
)]
pub fn seal_answer(
    kind: AnswerKind,
    to: &EpochRecipient,
    address: &ReceiptAddress,
    author: &OperatorIdentity,
    place: &Place,
    text: &str,
    page_language: &Language,
    rng: &mut impl CryptoRngCore,
) -> Result<SealedItem, SealRefusal> {
    let is_hers = (address.case, address.channel) == (place.case, to.channel());
    if !is_hers || !address.centres.contains(&to.centre()) {
        return Err(SealRefusal::Place);
    }
    let content = Content::Text(TextContent::of(text));
    let item = Unsealed::new(kind.kind(), place, content, page_language);
    item.seal(to, Some(&address.recipient), author.signing_key(), rng)
}

/// Seals why a case is closed: a note of the centre, in its own chain, to the epoch alone.
///
/// # Errors
/// [`SealRefusal::TooLong`], [`SealRefusal::Place`] when number and `prev` do not fit each other.
pub fn seal_closing(
    to: &EpochRecipient,
    author: &OperatorIdentity,
    place: &Place,
    closing: &ClosingContent,
    page_language: &Language,
    rng: &mut impl CryptoRngCore,
) -> Result<SealedItem, SealRefusal> {
    let content = Content::Closing(closing.clone());
    let item = Unsealed::new(ItemKind::Closing, place, content, page_language);
    item.seal(to, None, author.signing_key(), rng)
}

/// Everything about an item but its first recipients and its author.
pub(super) struct Unsealed {
    kind: ItemKind,
    place: Place,
    content: Content,
    language: Language,
    urgent: bool,
    second: Option<EpochRecipient>,
    /// In a rotation.
    pub(super) next: Option<NextKey>,
    /// In an undo.
    pub(super) undoes: Option<Undone>,
}

impl Unsealed {
    pub(super) fn new(kind: ItemKind, place: &Place, content: Content, language: &Language) -> Self {
        Self {
            kind,
            place: *place,
            content,
            language: language.clone(),
            urgent: false,
            second: None,
            next: None,
            undoes: None,
        }
    }

    pub(super) fn seal(
        self,
        to: &EpochRecipient,
        receipt: Option<&Recipient>,
        author: &SigningKey,
        rng: &mut impl CryptoRngCore,
    ) -> Result<SealedItem, SealRefusal> {
        let second = self.second.as_ref().map(EpochRecipient::recipient);
        let recipients: Vec<&Recipient> =
            core::iter::once(to.recipient()).chain(receipt).chain(second).collect();
        let fingerprints = recipients.iter().map(|recipient| recipient.fingerprint()).collect();
        let (clear, header) = self.headers(to, author, fingerprints, ItemId::from_random_bytes(random(rng)));
        let kinds = WrapKind::expected_of(&clear);
        let is_of_channel = self.second.as_ref().is_none_or(|second| second.channel() == to.channel());
        let belongs = is_of_channel
            && clear.is_consistent()
            && header.matches(&clear)
            && self.content.is_of(self.kind)
            && recipients.len() == kinds.len();
        if !belongs {
            return Err(SealRefusal::Place);
        }
        let size = capacity::size_of(self.kind, &self.content, &self.language, self.second.is_some())
            .ok_or(SealRefusal::TooLong)?;
        let item_key = Identity::generate(rng).map_err(|_| SealRefusal::Internal)?;
        let mut wraps = Vec::with_capacity(recipients.len());
        for (kind, recipient) in kinds.iter().zip(recipients) {
            wraps.push(Wrap { kind: *kind, sealed: wrap_key(recipient, &clear, &item_key, author)? });
        }
        let clear_json = serde_json::to_vec(&clear).map_err(|_| SealRefusal::Internal)?;
        let start = body_plaintext(&header, &self.content, author)?;
        let body_length = size
            .length()
            .checked_sub(frame::overhead(wraps.len()) + clear_json.len())
            .ok_or(SealRefusal::TooLong)?;
        let body = age_file::seal_exactly(item_key.recipient(), body_length, |wanted| {
            let mut plaintext = Zeroizing::new(Vec::with_capacity(wanted));
            plaintext.extend_from_slice(&start);
            plaintext.resize(wanted.max(start.len()), 0);
            Some(plaintext)
        })?;
        let signature = author.sign(SignedType::Item, &frame::signed_payload(&clear_json, &wraps, &body));
        let parts = FrameParts { clear: clear_json, wraps, body, signature: *signature.as_bytes() };
        let frame = Frame::from_parts(parts).map_err(|_| SealRefusal::Internal)?;
        Ok(SealedItem {
            bytes: frame.to_bytes(),
            case: clear.case,
            item: clear.item,
            seq: clear.seq,
            body_hash: frame.body_hash(),
        })
    }

    fn headers(
        &self,
        to: &EpochRecipient,
        author: &SigningKey,
        recipients: Vec<Fingerprint>,
        item: ItemId,
    ) -> (ClearHeader, InnerHeader) {
        let (suite, chain, kind, author) = (Suite::Approdo1, self.kind.chain(), self.kind, author.public());
        let Place { case, seq, prev, seen } = self.place;
        let (centre, channel, epoch) = (to.centre(), to.channel(), to.epoch());
        let second = self
            .second
            .as_ref()
            .map(|second| SecondCentre { centre: second.centre(), epoch: second.epoch() });
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
            urgent: self.urgent,
            language: self.language.clone(),
            author,
            second,
            files: self.content.files().iter().map(|entry| entry.file).collect(),
            next: self.next,
            undoes: self.undoes,
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
            prev,
            seen,
            epoch,
            sealed_by: SealedBy::Browser,
            role: kind.role(),
            author,
            recipients,
        };
        (clear, header)
    }
}

fn wrap_key(
    recipient: &Recipient,
    clear: &ClearHeader,
    item_key: &Identity,
    author: &SigningKey,
) -> Result<Vec<u8>, SealRefusal> {
    let header = ItemWrapHeader {
        suite: Suite::Approdo1,
        case: clear.case,
        item: clear.item,
        to: recipient.fingerprint(),
        author: clear.author,
    };
    wrap::seal(recipient, &header, item_key, author)
}

/// Header, content and inner signature; the zero bytes follow when the length is known.
fn body_plaintext(
    header: &InnerHeader,
    content: &Content,
    author: &SigningKey,
) -> Result<Zeroizing<Vec<u8>>, SealRefusal> {
    let header = serde_json::to_vec(header).map_err(|_| SealRefusal::Internal)?;
    let content = Zeroizing::new(content.to_json().map_err(|_| SealRefusal::Internal)?);
    let mut plaintext = Zeroizing::new(Body::signed_payload(&header, &content));
    let signature = author.sign(SignedType::ItemInner, &plaintext);
    plaintext.extend_from_slice(signature.as_bytes());
    Ok(plaintext)
}

fn random<const N: usize>(rng: &mut impl CryptoRngCore) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}
