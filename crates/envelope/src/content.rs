//! What a person wrote, as JSON inside the seal (protocol section 12.2). These types exist in browsers and tests only; the server
//! never sees one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::encoding::{Hash, Malformed};
use crate::header::{ItemKind, Language};
use crate::ids::{CaseId, FileId, ItemId};
use crate::recipient::Recipient;
use crate::signature::{PublicKey, Signature, SignedType};
use crate::sizes::{FILE_CHUNK_LENGTH, LONGEST_FILE, MOST_FILE_CHUNKS, MOST_FILES};

/// Windows of a "call me back" at most.
pub const MOST_WINDOWS: usize = 12;
/// Characters of the longest safe word.
pub const LONGEST_SAFE_WORD: usize = 100;
/// Bytes of the longest name of a file, and of the longest media type.
pub const LONGEST_FILE_NAME: usize = 255;

/// The public keys of a receipt, signed by the receipt itself: the only source of a key to answer to (section 4.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptKeys {
    /// What answers are wrapped for.
    pub recipient: Recipient,
    /// Its hash is the mailbox id.
    pub signing_key: PublicKey,
    /// By `signing_key`, over [`ReceiptKeys::signed_payload`].
    pub signature: Signature,
}

impl ReceiptKeys {
    /// What the signature covers: the recipient string's bytes, then the 16 bytes of the case id.
    #[must_use]
    pub fn signed_payload(recipient: &Recipient, case: &CaseId) -> Vec<u8> {
        [recipient.as_str().as_bytes(), case.as_bytes()].concat()
    }

    /// Whether the keys signed themselves for this case.
    #[must_use]
    pub fn verifies(&self, case: &CaseId) -> bool {
        let payload = Self::signed_payload(&self.recipient, case);
        self.signing_key.verifies(SignedType::Receipt, &payload, &self.signature)
    }
}

/// A time in which a call is safe: from one moment to a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeWindow {
    /// The first moment.
    #[serde(with = "crate::encoding::moment")]
    pub from: Timestamp,
    /// The moment from which it is not safe any more.
    #[serde(with = "crate::encoding::moment")]
    pub to: Timestamp,
}

/// "Call me back" (section 4.1): how and when somebody can be phoned without danger.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallBack {
    /// The number to dial, as it was typed.
    pub number: String,
    /// The language to speak.
    pub language: Language,
    /// When it is safe, as absolute moments: 1 to [`MOST_WINDOWS`].
    pub windows: Vec<TimeWindow>,
    /// What to say if somebody else answers; possibly empty.
    pub if_somebody_else_answers: String,
}

impl CallBack {
    /// Whether there is a number, and at least one window that ends after it begins.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        !self.number.trim().is_empty()
            && (1..=MOST_WINDOWS).contains(&self.windows.len())
            && self.windows.iter().all(|window| window.from < window.to)
    }
}

/// Which version of a file was sent (section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Track {
    /// Without its metadata.
    Clean,
    /// As it was, kept as evidence by explicit choice.
    Original,
}

impl Track {
    /// The name on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Original => "original",
        }
    }
}

/// A file that belongs to a report or a message: the key that opens it, and what it is. Whoever destroys the wraps of the item
/// destroys the file.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Which file; the clear header names it too.
    pub file: FileId,
    /// The `AGE-SECRET-KEY-1…` line that opens it.
    pub secret: String,
    /// Its name as it was on her device; at most [`LONGEST_FILE_NAME`] bytes, without control characters.
    pub name: String,
    /// Its media type as her browser knows it, such as `image/jpeg`; possibly empty.
    pub media_type: String,
    /// With or without its metadata.
    pub track: Track,
    /// Its true length in bytes: what follows after that many is padding.
    pub length: u64,
    /// Bytes of the sealed file.
    pub sealed_length: u64,
    /// SHA-256 of the sealed file.
    pub sealed_hash: Hash,
}

impl FileEntry {
    /// Whether names and lengths are within their limits.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        let is_short = |text: &str| text.len() <= LONGEST_FILE_NAME && !text.chars().any(char::is_control);
        let most_sealed = u64::from(MOST_FILE_CHUNKS).saturating_mul(FILE_CHUNK_LENGTH as u64);
        is_short(&self.name)
            && is_short(&self.media_type)
            && self.secret.starts_with("AGE-SECRET-KEY-1")
            && self.length <= LONGEST_FILE
            && self.length < self.sealed_length
            && self.sealed_length <= most_sealed
    }
}

fn are_consistent(files: &[FileEntry]) -> bool {
    files.len() <= MOST_FILES && files.iter().all(FileEntry::is_consistent)
}

fn is_short_word(word: Option<&String>) -> bool {
    word.is_none_or(|word| word.chars().count() <= LONGEST_SAFE_WORD)
}

/// Her first item.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReportContent {
    /// What she wrote.
    pub text: String,
    /// How she may be reached without danger, in her words.
    pub safe_contact: Option<String>,
    /// The language she would like the answer in.
    pub language: Language,
    /// The public keys of her receipt.
    pub receipt: ReceiptKeys,
    /// The safe word she chose (section 7.4); nobody but the centre can read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_word: Option<String>,
    /// How and when to phone, if she asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_back: Option<CallBack>,
    /// The files that belong to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileEntry>,
}

/// A message, an answer or an acknowledgement.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextContent {
    /// The text.
    pub text: String,
    /// The safe word as she typed it now; messages only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_word: Option<String>,
    /// The files that belong to it; messages only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileEntry>,
}

impl TextContent {
    /// A text and nothing else.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self { text: text.to_owned(), safe_word: None, files: Vec::new() }
    }
}

/// The key of an item that she could open with the code before, for the new one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CarriedKey {
    /// Which item it opens.
    pub item: ItemId,
    /// The `AGE-SECRET-KEY-1…` line of its key.
    pub secret: String,
}

/// She has a new code (section 7.4).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotationContent {
    /// The safe word as she typed it; none when the field was left empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_word: Option<String>,
    /// The keys of the new code, self-signed for this case.
    pub receipt: ReceiptKeys,
    /// The keys of everything to her that she could open. The centre holds them anyway.
    pub answers: Vec<CarriedKey>,
}

/// Why a rotation or a burn is undone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UndoContent {
    /// How she asked for it, in the member's words.
    pub reason: String,
}

/// Why a case was closed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosingContent {
    /// A code of the centre's list of reasons.
    pub reason: String,
    /// Free words, possibly empty.
    pub note: String,
}

/// The content of an item, by its kind.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// Kind report.
    Report(ReportContent),
    /// Kinds message, answer and acknowledgement.
    Text(TextContent),
    /// Kind rotation.
    Rotation(RotationContent),
    /// Kind closing.
    Closing(ClosingContent),
    /// Kind undo.
    Undo(UndoContent),
}

impl Content {
    /// Reads the JSON of an item of this kind.
    ///
    /// # Errors
    /// [`Malformed`], also for values outside their limits and for fields that items of this kind do not have.
    pub fn parse(kind: ItemKind, json: &[u8]) -> Result<Self, Malformed> {
        let content = match kind {
            ItemKind::Report => serde_json::from_slice(json).map(Self::Report),
            ItemKind::Message | ItemKind::Answer | ItemKind::Acknowledgement => {
                serde_json::from_slice(json).map(Self::Text)
            }
            ItemKind::Rotation => serde_json::from_slice(json).map(Self::Rotation),
            ItemKind::Closing => serde_json::from_slice(json).map(Self::Closing),
            ItemKind::Undo => serde_json::from_slice(json).map(Self::Undo),
        };
        content.ok().filter(|content| content.is_of(kind)).ok_or(Malformed)
    }

    /// Its JSON.
    ///
    /// # Errors
    /// [`Malformed`] never happens for these types; the signature keeps the library free of panics.
    pub fn to_json(&self) -> Result<Vec<u8>, Malformed> {
        match self {
            Self::Report(content) => serde_json::to_vec(content),
            Self::Text(content) => serde_json::to_vec(content),
            Self::Rotation(content) => serde_json::to_vec(content),
            Self::Closing(content) => serde_json::to_vec(content),
            Self::Undo(content) => serde_json::to_vec(content),
        }
        .map_err(|_| Malformed)
    }

    /// Whether this content belongs to items of this kind: its shape, its fields, and their limits.
    #[must_use]
    pub fn is_of(&self, kind: ItemKind) -> bool {
        match self {
            Self::Report(content) => {
                kind == ItemKind::Report
                    && is_short_word(content.safe_word.as_ref())
                    && content.call_back.as_ref().is_none_or(CallBack::is_consistent)
                    && are_consistent(&content.files)
            }
            Self::Text(content) if kind == ItemKind::Message => {
                is_short_word(content.safe_word.as_ref()) && are_consistent(&content.files)
            }
            Self::Text(content) => {
                kind.is_answer() && content.safe_word.is_none() && content.files.is_empty()
            }
            Self::Rotation(content) => {
                kind == ItemKind::Rotation && is_short_word(content.safe_word.as_ref())
            }
            Self::Closing(_) => kind == ItemKind::Closing,
            Self::Undo(_) => kind == ItemKind::Undo,
        }
    }

    /// The files that belong to it, in order.
    #[must_use]
    pub fn files(&self) -> &[FileEntry] {
        match self {
            Self::Report(content) => &content.files,
            Self::Text(content) => &content.files,
            Self::Rotation(_) | Self::Closing(_) | Self::Undo(_) => &[],
        }
    }
}

/// What a person wrote must not reach a log through a debug form.
macro_rules! without_words {
    ($($name:ident),*) => {$(
        impl core::fmt::Debug for $name {
            fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                formatter.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}

without_words!(
    CallBack,
    FileEntry,
    ReportContent,
    TextContent,
    CarriedKey,
    RotationContent,
    ClosingContent,
    UndoContent,
    Content
);
