//! Items (protocol sections 4, 5 and 12.2): a fresh key for each, its body sealed to that key, the key sealed to the epoch and,
//! for answers, to her receipt. Sealing gives a frame of exactly 4,096, 16,384 or 65,536 bytes; opening checks that everything
//! inside matches the place where the frame was found.

mod opening;
mod sealing;
mod turning;

use envelope::content::{CallBack, Content, FileEntry, ReceiptKeys, ReportContent, TextContent};
use envelope::duty::Channel;
use envelope::encoding::Hash;
use envelope::frame::WrapKind;
use envelope::header::{ClearHeader, InnerHeader, ItemKind, Language};
use envelope::ids::{CaseId, CentreId, ItemId, PersonId};
use envelope::mailbox::MailboxId;
use envelope::recipient::Recipient;

pub(crate) use opening::key_for_receipt;
pub use opening::{open_for_centre, open_with_carried_key, open_with_receipt};
pub use sealing::{seal_answer, seal_closing, seal_general_report, seal_message, seal_safe_report};
pub use turning::{seal_rotation, seal_undo};

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
    /// The safe word she chose, if she did.
    pub safe_word: Option<&'a str>,
    /// How and when to phone, if she asks for it.
    pub call_back: Option<CallBack>,
    /// The files that were uploaded for it, in order.
    pub files: Vec<FileEntry>,
}

impl ReportDraft<'_> {
    /// What is sealed, for a receipt with these keys.
    pub(crate) fn content(&self, receipt: ReceiptKeys) -> Content {
        Content::Report(ReportContent {
            text: self.text.to_owned(),
            safe_contact: self.safe_contact.map(str::to_owned),
            language: self.answer_language.clone(),
            receipt,
            safe_word: self.safe_word.map(str::to_owned),
            call_back: self.call_back.clone(),
            files: self.files.clone(),
        })
    }
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
    /// The safe word as she typed it now; none when she was not asked or left it empty.
    pub safe_word: Option<&'a str>,
    /// The files that were uploaded for it, in order.
    pub files: Vec<FileEntry>,
}

impl MessageDraft<'_> {
    /// What is sealed.
    pub(crate) fn content(&self) -> Content {
        Content::Text(TextContent {
            text: self.text.to_owned(),
            safe_word: self.safe_word.map(str::to_owned),
            files: self.files.clone(),
        })
    }
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

/// Where to answer: the receipt's recipient, which comes only out of an opened report or rotation and never from a server (section
/// 4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptAddress {
    centres: Vec<CentreId>,
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
        let place = WrapKind::expected_of(&answer.clear).iter().position(|kind| *kind == WrapKind::Receipt);
        let named = place.and_then(|place| answer.header.recipients.get(place));
        answer.clear.case == self.case && named == Some(&self.recipient.fingerprint())
    }

    /// The mailbox that the answer will lie in.
    #[must_use]
    pub fn mailbox(&self) -> MailboxId {
        self.mailbox
    }

    /// The same case with the receipt that a rotation hands over to.
    pub(crate) fn moved_to(&self, keys: &ReceiptKeys) -> Self {
        Self {
            recipient: keys.recipient.clone(),
            mailbox: MailboxId::of_key(&keys.signing_key),
            ..self.clone()
        }
    }
}

/// An opened item: signatures verified, header and place compared, author checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedItem {
    clear: ClearHeader,
    header: InnerHeader,
    content: Content,
    body_hash: Hash,
    member: Option<PersonId>,
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

    /// The member who wrote it, as the chain of its epoch knows them; none for an item of hers.
    #[must_use]
    pub fn member(&self) -> Option<PersonId> {
        self.member
    }

    /// Where to answer, for a report; its keys verified themselves for this case. After a rotation that is somewhere else:
    /// [`crate::conversation::current_receipt_address`].
    #[must_use]
    pub fn receipt_address(&self) -> Option<ReceiptAddress> {
        let Content::Report(report) = &self.content else { return None };
        Some(ReceiptAddress {
            centres: self.clear.centres(),
            channel: self.clear.channel,
            case: self.clear.case,
            recipient: report.receipt.recipient.clone(),
            mailbox: MailboxId::of_key(&report.receipt.signing_key),
        })
    }
}
