//! Items (protocol sections 4, 5 and 12.2): a fresh key for each, its body sealed to that key, the key sealed to the epoch and,
//! for answers, to her receipt. Sealing gives a frame of exactly 4,096, 16,384 or 65,536 bytes; opening checks that everything
//! inside matches the place where the frame was found.

use envelope::body::Body;
use envelope::centre::{EpochRecipient, GeneralRecipient, SafeRecipient, VerifiedCentre};
use envelope::content::{ClosingContent, Content, ReportContent, TextContent};
use envelope::encoding::Hash;
use envelope::frame::{self, Frame, FrameParts, Wrap, WrapKind};
use envelope::header::{ClearHeader, InnerHeader, ItemKind, Language, Role, SealedBy, Suite};
use envelope::ids::{CaseId, ItemId};
use envelope::mailbox::MailboxId;
use envelope::recipient::{Fingerprint, Recipient};
use envelope::signature::SignedType;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::age_file;
use crate::capacity;
use crate::epoch::EpochKey;
use crate::identity::Identity;
use crate::operator::OperatorIdentity;
use crate::receipt::Receipt;
use crate::refusal::{OpenRefusal, SealRefusal};
use crate::signing::SigningKey;
use crate::wrap::{self, ItemWrapHeader};

/// What she typed for a report.
#[derive(Clone)]
pub struct ReportDraft<'a> {
    /// What happened, in her words.
    pub text: &'a str,
    /// How she may be reached without danger.
    pub safe_contact: Option<&'a str>,
    /// The language she would like the answer in (sealed).
    pub answer_language: Language,
    /// The language of the page (in clear).
    pub page_language: Language,
    /// Her one mark for "this cannot wait" (in clear).
    pub urgent: bool,
}

/// What she typed for a later message.
#[derive(Clone)]
pub struct MessageDraft<'a> {
    /// Her words.
    pub text: &'a str,
    /// The language of the page (in clear).
    pub page_language: Language,
    /// Her one mark for "this cannot wait" (in clear).
    pub urgent: bool,
}

/// The place of an item after the first one of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The case.
    pub case: CaseId,
    /// The item's number in its chain.
    pub seq: u32,
    /// [`Frame::body_hash`] of the item before it in the chain; none for the first note.
    pub prev: Option<Hash>,
    /// The highest number of the conversation that the author has seen.
    pub seen: u32,
}

/// Which kind of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerKind {
    /// Written for this case.
    Answer,
    /// Ready-made: "we have read it".
    Acknowledgement,
}

impl AnswerKind {
    const fn kind(self) -> ItemKind {
        match self {
            Self::Answer => ItemKind::Answer,
            Self::Acknowledgement => ItemKind::Acknowledgement,
        }
    }
}

/// A sealed item: nothing in it can be read without the epoch key or, for answers, her code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedItem {
    /// The frame.
    pub bytes: Vec<u8>,
    /// The case.
    pub case: CaseId,
    /// The item.
    pub item: ItemId,
    /// Its number in its chain.
    pub seq: u32,
    /// The `prev` of the next item.
    pub body_hash: Hash,
}

/// Where to answer: the receipt's recipient, which comes only out of an opened report and never from a server (section 4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptAddress {
    case: CaseId,
    recipient: Recipient,
    mailbox: MailboxId,
}

impl ReceiptAddress {
    /// The case it answers.
    #[must_use]
    pub fn case(&self) -> CaseId {
        self.case
    }

    /// The mailbox that the answer will lie in.
    #[must_use]
    pub fn mailbox(&self) -> MailboxId {
        self.mailbox
    }
}

/// An opened item: signatures verified, header and place compared, author checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedItem {
    clear: ClearHeader,
    header: InnerHeader,
    content: Content,
    body_hash: Hash,
}

impl OpenedItem {
    /// The clear header.
    #[must_use]
    pub fn clear(&self) -> &ClearHeader {
        &self.clear
    }

    /// The inner header.
    #[must_use]
    pub fn header(&self) -> &InnerHeader {
        &self.header
    }

    /// What was written.
    #[must_use]
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// The `prev` of the next item.
    #[must_use]
    pub fn body_hash(&self) -> Hash {
        self.body_hash
    }

    /// Where to answer, for a report; its keys verified themselves for this case.
    #[must_use]
    pub fn receipt_address(&self) -> Option<ReceiptAddress> {
        let Content::Report(report) = &self.content else { return None };
        Some(ReceiptAddress {
            case: self.clear.case,
            recipient: report.receipt.recipient.clone(),
            mailbox: MailboxId::of_key(&report.receipt.signing_key),
        })
    }
}

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
/// [`SealRefusal::TooLong`], [`SealRefusal::Place`] when `place` and `address` are of different cases, or not after a first item.
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
    if address.case != place.case {
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

/// Opens an answer with her receipt. The author must be a member of the centre in that epoch.
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
