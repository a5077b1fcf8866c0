//! Sealing: from what a person typed to a frame of one of the three lengths (protocol sections 4, 5 and 12.2).

use envelope::body::Body;
use envelope::centre::{EpochRecipient, GeneralRecipient, SafeRecipient};
use envelope::content::{ClosingContent, Content, ReportContent, TextContent};
use envelope::frame::{self, Frame, FrameParts, Wrap, WrapKind};
use envelope::header::{ClearHeader, InnerHeader, ItemKind, Language, SealedBy, Suite};
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

/// Seals a report for the safe channel. The type of `to` is gate 1 of the firewall (section 8).
///
/// # Errors
/// [`SealRefusal::TooLong`].
pub fn seal_safe_report(
    to: &SafeRecipient,
    receipt: &Receipt,
    draft: &ReportDraft<'_>,
    rng: &mut impl CryptoRngCore,
) -> Result<SealedItem, SealRefusal> {
    seal_report(&to.clone().into(), receipt, draft, rng)
}

/// Seals a report for general support.
///
/// # Errors
/// [`SealRefusal::TooLong`].
pub fn seal_general_report(
    to: &GeneralRecipient,
    receipt: &Receipt,
    draft: &ReportDraft<'_>,
    rng: &mut impl CryptoRngCore,
) -> Result<SealedItem, SealRefusal> {
    seal_report(&to.clone().into(), receipt, draft, rng)
}

fn seal_report(
    to: &EpochRecipient,
    receipt: &Receipt,
    draft: &ReportDraft<'_>,
    rng: &mut impl CryptoRngCore,
) -> Result<SealedItem, SealRefusal> {
    let case = CaseId::from_random_bytes(random(rng));
    let content = Content::Report(ReportContent {
        text: draft.text.to_owned(),
        safe_contact: draft.safe_contact.map(str::to_owned),
        language: draft.answer_language.clone(),
        receipt: receipt.public_keys(&case),
    });
    let place = Place { case, seq: 1, prev: None, seen: 0 };
    let item = Unsealed {
        kind: ItemKind::Report,
        place,
        content,
        urgent: draft.urgent,
        language: draft.page_language.clone(),
    };
    item.seal(to, None, receipt.signing_key(), rng)
}

/// Seals a later message of hers to the centre's epoch.
///
/// # Errors
/// [`SealRefusal::TooLong`], [`SealRefusal::Place`] when `place` is not after a first item.
pub fn seal_message(
    to: &EpochRecipient,
    receipt: &Receipt,
    place: &Place,
    draft: &MessageDraft<'_>,
    rng: &mut impl CryptoRngCore,
) -> Result<SealedItem, SealRefusal> {
    let item = Unsealed {
        kind: ItemKind::Message,
        place: *place,
        content: Content::Text(TextContent { text: draft.text.to_owned() }),
        urgent: draft.urgent,
        language: draft.page_language.clone(),
    };
    item.seal(to, None, receipt.signing_key(), rng)
}

/// Seals an answer to the centre's epoch and to her receipt.
///
/// # Errors
/// [`SealRefusal::TooLong`], [`SealRefusal::Place`] when `place` and `address` are of different cases, `to` and `address` of
/// different centres or channels (invariant I2: what came by the safe channel stays there), or `place` is not after a first item.
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
    if (address.case, address.centre, address.channel) != (place.case, to.centre(), to.channel()) {
        return Err(SealRefusal::Place);
    }
    let item = Unsealed {
        kind: kind.kind(),
        place: *place,
        content: Content::Text(TextContent { text: text.to_owned() }),
        urgent: false,
        language: page_language.clone(),
    };
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
    let item = Unsealed {
        kind: ItemKind::Closing,
        place: *place,
        content: Content::Closing(closing.clone()),
        urgent: false,
        language: page_language.clone(),
    };
    item.seal(to, None, author.signing_key(), rng)
}

/// Everything about an item but its recipients and its author.
struct Unsealed {
    kind: ItemKind,
    place: Place,
    content: Content,
    urgent: bool,
    language: Language,
}

impl Unsealed {
    fn seal(
        self,
        to: &EpochRecipient,
        receipt: Option<&Recipient>,
        author: &SigningKey,
        rng: &mut impl CryptoRngCore,
    ) -> Result<SealedItem, SealRefusal> {
        let size = capacity::size_of(self.kind, &self.content, &self.language).ok_or(SealRefusal::TooLong)?;
        let recipients: Vec<&Recipient> = core::iter::once(to.recipient()).chain(receipt).collect();
        let fingerprints = recipients.iter().map(|recipient| recipient.fingerprint()).collect();
        let (clear, header) = self.headers(to, author, fingerprints, ItemId::from_random_bytes(random(rng)));
        if !clear.is_consistent()
            || !header.matches(&clear)
            || recipients.len() != WrapKind::expected(self.kind).len()
        {
            return Err(SealRefusal::Place);
        }
        let item_key = Identity::generate(rng).map_err(|_| SealRefusal::Internal)?;
        let mut wraps = Vec::with_capacity(recipients.len());
        for (kind, recipient) in WrapKind::expected(self.kind).iter().zip(recipients) {
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
        let (urgent, language) = (self.urgent, self.language.clone());
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
            urgent,
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
