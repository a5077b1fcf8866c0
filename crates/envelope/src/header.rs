//! The two headers of an item (protocol section 12.2): the clear one, which the server reads, and the inner one, which tells the
//! reader whether the item stands where its author put it.

use serde::{Deserialize, Deserializer, Serialize, de};

use crate::duty::Channel;
use crate::encoding::{Hash, Malformed};
use crate::ids::{CaseId, CentreId, ItemId};
use crate::recipient::Fingerprint;
use crate::signature::PublicKey;

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
    /// Why the centre closed the case; a note of the centre.
    Closing,
}

impl ItemKind {
    /// The chain that items of this kind belong to.
    #[must_use]
    pub const fn chain(self) -> Chain {
        match self {
            Self::Closing => Chain::Notes,
            Self::Report | Self::Message | Self::Answer | Self::Acknowledgement => Chain::Conversation,
        }
    }

    /// Who writes items of this kind.
    #[must_use]
    pub const fn role(self) -> Role {
        match self {
            Self::Report | Self::Message => Role::Victim,
            Self::Answer | Self::Acknowledgement | Self::Closing => Role::Operator,
        }
    }

    /// Whether items of this kind carry a wrap for her receipt too.
    #[must_use]
    pub const fn is_for_receipt(self) -> bool {
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
            Self::Closing => "closing",
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

/// What the server may read of an item.
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
    /// The author's key: hers, or a member's.
    pub author: PublicKey,
}

impl ClearHeader {
    /// Whether the fields agree with each other: the chain and the author's role follow from the kind, a report is number 1 of
    /// its chain and a message is not, and only she marks urgency.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        let is_at_its_place = match self.kind {
            ItemKind::Report => self.seq == 1,
            ItemKind::Message | ItemKind::Answer | ItemKind::Acknowledgement => self.seq > 1,
            ItemKind::Closing => self.seq >= 1,
        };
        self.chain == self.kind.chain()
            && is_at_its_place
            && self.epoch >= 1
            && (self.kind.role() == Role::Victim || !self.urgent)
    }
}

/// What every sealed content starts with, so that a moved, replayed or reordered blob is noticed (invariant I11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InnerHeader {
    /// Always `approdo-1`.
    pub suite: Suite,
    /// Every centre that can open it: in version 1 the one of the clear header.
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
            && self.centres == [clear.centre]
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
