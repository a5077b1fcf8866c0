//! The two headers of an item (protocol section 12.2): the clear one, which the server reads, and the inner one, which tells the
//! reader whether the item stands where its author put it.

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::duty::Channel;
use crate::encoding::{Hash, Malformed};
use crate::ids::{CaseId, CentreId, FileId, ItemId};
use crate::mailbox::MailboxId;
use crate::recipient::Fingerprint;
use crate::signature::{PublicKey, Signature, SignedType};
use crate::sizes::MOST_FILES;

/// The one suite of version 1: X25519 age files, Ed25519 signatures, SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Suite {
    /// `approdo-1`.
    #[default]
    #[serde(rename = "approdo-1")]
    Approdo1,
}

/// Which of a case's two chains an item belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Chain {
    /// What she and the centre say to each other.
    Conversation,
    /// What the centre notes for itself; she never sees it.
    Notes,
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ItemKind {
    /// Her first item.
    Report,
    /// A later item of hers.
    Message,
    /// The centre's answer.
    Answer,
    /// The centre's ready-made first answer: "we have read it".
    Acknowledgement,
    /// She has a new code: an item of hers, sealed to the centre and to the new code (section 7.4).
    Rotation,
    /// Why the centre closed the case; a note of the centre.
    Closing,
    /// One member's part in undoing a rotation or a burn; a note of the centre (section 7.4).
    Undo,
}

impl ItemKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Report,
        Self::Message,
        Self::Answer,
        Self::Acknowledgement,
        Self::Rotation,
        Self::Closing,
        Self::Undo,
    ];

    /// The chain that items of this kind belong to.
    #[must_use]
    pub const fn chain(self) -> Chain {
        match self {
            Self::Closing | Self::Undo => Chain::Notes,
            Self::Report | Self::Message | Self::Answer | Self::Acknowledgement | Self::Rotation => {
                Chain::Conversation
            }
        }
    }

    /// Who writes items of this kind.
    #[must_use]
    pub const fn role(self) -> Role {
        match self {
            Self::Report | Self::Message | Self::Rotation => Role::Victim,
            Self::Answer | Self::Acknowledgement | Self::Closing | Self::Undo => Role::Operator,
        }
    }

    /// Whether items of this kind carry a wrap for her receipt too (for a rotation: the new one), and lie in her mailbox.
    #[must_use]
    pub const fn is_for_receipt(self) -> bool {
        matches!(self, Self::Answer | Self::Acknowledgement | Self::Rotation)
    }

    /// Whether the centre says something to her with it: what a mailbox needs before it shows anything (section 7.2).
    #[must_use]
    pub const fn is_answer(self) -> bool {
        matches!(self, Self::Answer | Self::Acknowledgement)
    }

    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Message => "message",
            Self::Answer => "answer",
            Self::Acknowledgement => "acknowledgement",
            Self::Rotation => "rotation",
            Self::Closing => "closing",
            Self::Undo => "undo",
        }
    }
}

/// Who wrote an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The person who looks for help.
    Victim,
    /// A member of the centre.
    Operator,
}

/// Where an item was sealed: said to her, to the operator and in the audit (invariant I19).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SealedBy {
    /// In the author's own browser.
    #[default]
    Browser,
    /// By the no-JavaScript helper (section 4.4).
    Courier,
}

/// The language of the page she wrote on: a lower-case tag such as `it` or `zh-hant`, at most 35 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Language(String);

impl Language {
    /// Characters of the longest tag.
    pub const LONGEST: usize = 35;

    /// Reads a tag.
    ///
    /// # Errors
    /// [`Malformed`] for anything but 2 to 35 lower-case letters, digits and inner hyphens.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let is_tag = (2..=Self::LONGEST).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && text.split('-').all(|part| !part.is_empty());
        if is_tag { Ok(Self(text.to_owned())) } else { Err(Malformed) }
    }

    /// The tag.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// A second centre that can open a report too (protocol section 7.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SecondCentre {
    /// The centre.
    pub centre: CentreId,
    /// The number of its epoch, of the channel of the report.
    pub epoch: u32,
}

/// The key that a rotation hands over to. It signs too, so that nobody can rotate to a key that is not theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NextKey {
    /// The key of the new code; its hash is the new mailbox id.
    pub signing_key: PublicKey,
    /// By `signing_key`, over [`NextKey::signed_payload`].
    pub signature: Signature,
}

impl NextKey {
    /// What the new key signs: `old mailbox id 32 ‖ case 16 ‖ u32 seq`.
    #[must_use]
    pub fn signed_payload(old: &MailboxId, case: &CaseId, seq: u32) -> Vec<u8> {
        [old.as_bytes().as_slice(), case.as_bytes(), &seq.to_le_bytes()].concat()
    }

    /// The mailbox of the new code.
    #[must_use]
    pub fn mailbox_id(&self) -> MailboxId {
        MailboxId::of_key(&self.signing_key)
    }
}

/// What an undo takes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Undone {
    /// The rotation at this place of the conversation: the code before it counts again.
    Rotation(u32),
    /// The burning of the mailbox: it lives again.
    Burn,
}

/// What the server may read of an item. The last four fields are absent where they say nothing, and refused where they do not
/// belong ([`ClearHeader::is_consistent`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClearHeader {
    /// Always `approdo-1`.
    pub suite: Suite,
    /// The centre it is for, or from.
    pub centre: CentreId,
    /// The channel it came by.
    pub channel: Channel,
    /// The number of the epoch that it is sealed to.
    pub epoch: u32,
    /// The case.
    pub case: CaseId,
    /// The item.
    pub item: ItemId,
    /// The chain within the case.
    pub chain: Chain,
    /// What it is.
    pub kind: ItemKind,
    /// Its place in the chain, from 1.
    pub seq: u32,
    /// Her one mark for "this cannot wait"; never set by the centre.
    pub urgent: bool,
    /// The language of the page it was written on.
    pub language: Language,
    /// The author's key: hers, or a member's. A rotation is signed by the key that it replaces.
    pub author: PublicKey,
    /// A second centre that can open it; reports only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<SecondCentre>,
    /// The files that belong to it, uploaded before; reports and messages only, at most [`MOST_FILES`], none twice.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileId>,
    /// The key of the new code; in every rotation and nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<NextKey>,
    /// What it takes back; in every undo and nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undoes: Option<Undone>,
}

impl ClearHeader {
    /// Whether the fields agree with each other: the chain and the author's role follow from the kind, a report is number 1 of
    /// its chain and other items of the conversation are not, only she marks urgency, and every optional field stands where it
    /// belongs.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        let is_at_its_place = match self.kind {
            ItemKind::Report => self.seq == 1,
            ItemKind::Message | ItemKind::Answer | ItemKind::Acknowledgement | ItemKind::Rotation => {
                self.seq > 1
            }
            ItemKind::Closing | ItemKind::Undo => self.seq >= 1,
        };
        self.chain == self.kind.chain()
            && is_at_its_place
            && self.epoch >= 1
            && (self.kind.role() == Role::Victim || !self.urgent)
            && self.has_right_second()
            && self.has_right_files()
            && self.has_right_next()
            && self.has_right_undone()
    }

    /// Every centre that can open it: its own, and the second if there is one.
    #[must_use]
    pub fn centres(&self) -> Vec<CentreId> {
        core::iter::once(self.centre).chain(self.second.map(|second| second.centre)).collect()
    }

    /// The mailbox of the author's key: hers, when she is the author.
    #[must_use]
    pub fn mailbox_id(&self) -> MailboxId {
        MailboxId::of_key(&self.author)
    }

    /// Whether the new key of a rotation signed for this place; true for all other kinds, which have none.
    #[must_use]
    pub fn next_verifies(&self) -> bool {
        let Some(next) = &self.next else { return self.kind != ItemKind::Rotation };
        let payload = NextKey::signed_payload(&self.mailbox_id(), &self.case, self.seq);
        next.signing_key.verifies(SignedType::Rotation, &payload, &next.signature)
    }

    fn has_right_second(&self) -> bool {
        self.second.is_none_or(|second| {
            self.kind == ItemKind::Report && second.centre != self.centre && second.epoch >= 1
        })
    }

    fn has_right_files(&self) -> bool {
        let may_carry = matches!(self.kind, ItemKind::Report | ItemKind::Message);
        let (count, mut left) = (self.files.len(), self.files.as_slice());
        while let [file, rest @ ..] = left {
            if rest.contains(file) {
                return false;
            }
            left = rest;
        }
        count == 0 || (may_carry && count <= MOST_FILES)
    }

    fn has_right_next(&self) -> bool {
        let is_another = self.next.is_none_or(|next| next.signing_key != self.author);
        self.next.is_some() == (self.kind == ItemKind::Rotation) && is_another
    }

    fn has_right_undone(&self) -> bool {
        let names_a_rotation = match self.undoes {
            Some(Undone::Rotation(seq)) => seq > 1,
            Some(Undone::Burn) | None => true,
        };
        self.undoes.is_some() == (self.kind == ItemKind::Undo) && names_a_rotation
    }
}

/// What every sealed content starts with, so that a moved, replayed or reordered blob is noticed (invariant I11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InnerHeader {
    /// Always `approdo-1`.
    pub suite: Suite,
    /// Every centre that can open it: that of the clear header, then its second.
    pub centres: Vec<CentreId>,
    /// The channel it came by.
    pub channel: Channel,
    /// The case.
    pub case: CaseId,
    /// The item.
    pub item: ItemId,
    /// The chain within the case.
    pub chain: Chain,
    /// What it is.
    pub kind: ItemKind,
    /// Its place in the chain, from 1.
    pub seq: u32,
    /// SHA-256 of the `body` of the item before it in the chain; none for the first.
    pub prev: Option<Hash>,
    /// The highest place of the conversation that its author had seen; 0 for a report.
    pub seen: u32,
    /// The number of the epoch that it is sealed to.
    pub epoch: u32,
    /// Where it was sealed.
    pub sealed_by: SealedBy,
    /// Who wrote it.
    pub role: Role,
    /// The author's key.
    pub author: PublicKey,
    /// Fingerprints of everybody its key is wrapped for.
    pub recipients: Vec<Fingerprint>,
}

impl InnerHeader {
    /// Whether this inner header and the clear one that it was found under speak of the same place.
    #[must_use]
    pub fn matches(&self, clear: &ClearHeader) -> bool {
        self.suite == clear.suite
            && self.centres == clear.centres()
            && self.channel == clear.channel
            && self.case == clear.case
            && self.item == clear.item
            && self.chain == clear.chain
            && self.kind == clear.kind
            && self.seq == clear.seq
            && self.epoch == clear.epoch
            && self.role == clear.kind.role()
            && self.author == clear.author
            && (self.seq == 1) == self.prev.is_none()
            && !self.recipients.is_empty()
    }
}
