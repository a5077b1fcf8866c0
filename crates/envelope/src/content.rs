//! What a person wrote, as JSON inside the seal (protocol section 12.2). These types exist in browsers and tests only; the server
//! never sees one.

use serde::{Deserialize, Serialize};

use crate::encoding::Malformed;
use crate::header::{ItemKind, Language};
use crate::ids::CaseId;
use crate::recipient::Recipient;
use crate::signature::{PublicKey, Signature, SignedType};

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
}

/// A message, an answer or an acknowledgement.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextContent {
    /// The text.
    pub text: String,
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
#[expect(clippy::large_enum_variant, reason = "one at a time exists, and boxes would be in everybody's way")]
pub enum Content {
    /// Kind report.
    Report(ReportContent),
    /// Kinds message, answer and acknowledgement.
    Text(TextContent),
    /// Kind closing.
    Closing(ClosingContent),
}

impl Content {
    /// Reads the JSON of an item of this kind.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn parse(kind: ItemKind, json: &[u8]) -> Result<Self, Malformed> {
        match kind {
            ItemKind::Report => serde_json::from_slice(json).map(Self::Report),
            ItemKind::Message | ItemKind::Answer | ItemKind::Acknowledgement => {
                serde_json::from_slice(json).map(Self::Text)
            }
            ItemKind::Closing => serde_json::from_slice(json).map(Self::Closing),
        }
        .map_err(|_| Malformed)
    }

    /// Its JSON.
    ///
    /// # Errors
    /// [`Malformed`] never happens for these types; the signature keeps the library free of panics.
    pub fn to_json(&self) -> Result<Vec<u8>, Malformed> {
        match self {
            Self::Report(content) => serde_json::to_vec(content),
            Self::Text(content) => serde_json::to_vec(content),
            Self::Closing(content) => serde_json::to_vec(content),
        }
        .map_err(|_| Malformed)
    }

    /// Whether content of this shape belongs to items of this kind.
    #[must_use]
    pub fn is_of(&self, kind: ItemKind) -> bool {
        match self {
            Self::Report(_) => kind == ItemKind::Report,
            Self::Text(_) => matches!(kind, ItemKind::Message | ItemKind::Answer | ItemKind::Acknowledgement),
            Self::Closing(_) => kind == ItemKind::Closing,
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

without_words!(ReportContent, TextContent, ClosingContent, Content);
