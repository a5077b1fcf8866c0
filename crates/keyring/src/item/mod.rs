//! Items (protocol sections 4, 5 and 12.2): a fresh key for each, its body sealed to that key, the key sealed to the epoch and,
//! for answers, to her receipt. Sealing gives a frame of exactly 4,096, 16,384 or 65,536 bytes; opening checks that everything
//! inside matches the place where the frame was found.

mod opening;
mod sealing;

use envelope::content::Content;
use envelope::duty::Channel;
use envelope::encoding::Hash;
use envelope::frame::WrapKind;
use envelope::header::{ClearHeader, InnerHeader, ItemKind, Language};
use envelope::ids::{CaseId, CentreId, ItemId};
use envelope::mailbox::MailboxId;
use envelope::recipient::Recipient;

pub use opening::{open_for_centre, open_with_receipt};
pub use sealing::{seal_answer, seal_closing, seal_general_report, seal_message, seal_safe_report};

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
    centre: CentreId,
    channel: Channel,
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

    /// Whether an answer says inside that its key is wrapped for this receipt: a colleague cannot open that wrap, but can see whom
    /// its author named.
    #[must_use]
    pub fn is_named_in(&self, answer: &OpenedItem) -> bool {
        let place = WrapKind::expected(answer.clear.kind).iter().position(|kind| *kind == WrapKind::Receipt);
        let named = place.and_then(|place| answer.header.recipients.get(place));
        answer.clear.case == self.case && named == Some(&self.recipient.fingerprint())
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
            centre: self.clear.centre,
            channel: self.clear.channel,
            case: self.clear.case,
            recipient: report.receipt.recipient.clone(),
            mailbox: MailboxId::of_key(&report.receipt.signing_key),
        })
    }
}
