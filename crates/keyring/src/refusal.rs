//! Why something was not sealed or not opened: small enums with a stable code.

use envelope::refusal::{CentreRefusal, FrameRefusal};
use thiserror::Error;

/// Why nothing was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SealRefusal {
    /// More text than the largest frame holds: see [`crate::capacity`].
    #[error("too long for the largest frame")]
    TooLong,
    /// Recipient, case, sequence or keys do not belong together.
    #[error("parts that do not belong together")]
    Place,
    /// The centre's chain does not allow it.
    #[error(transparent)]
    Centre(#[from] CentreRefusal),
    /// A library that cannot fail here did.
    #[error("internal")]
    Internal,
}

impl SealRefusal {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLong => "too-long-text",
            Self::Place => "place",
            Self::Centre(refusal) => refusal.code(),
            Self::Internal => "internal",
        }
    }
}

/// Why nothing was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum OpenRefusal {
    /// Not the format of section 12.
    #[error("malformed")]
    Malformed,
    /// Not an age file for exactly one X25519 recipient.
    #[error("another suite")]
    Suite,
    /// Not sealed to this key, or altered.
    #[error("not sealed to this key")]
    Key,
    /// A signature inside or outside does not verify.
    #[error("wrong signature")]
    Signature,
    /// The header does not match the place where the blob was found: moved, replayed or reordered.
    #[error("does not belong here")]
    Place,
    /// The author is not one who may have written it.
    #[error("not by a member")]
    Author,
}

impl OpenRefusal {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Suite => "suite",
            Self::Key => "key",
            Self::Signature => "signature",
            Self::Place => "place",
            Self::Author => "author",
        }
    }
}

impl From<FrameRefusal> for OpenRefusal {
    fn from(refusal: FrameRefusal) -> Self {
        match refusal {
            FrameRefusal::Size | FrameRefusal::Malformed => Self::Malformed,
            FrameRefusal::Suite => Self::Suite,
            FrameRefusal::Signature => Self::Signature,
        }
    }
}

/// Why a typed code, passphrase or key was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SecretRefusal {
    /// Not 20 digits; `digits` says how many there are, so that a page can say what is missing.
    #[error("{digits} digits instead of 20")]
    Digits {
        /// How many digits were typed.
        digits: usize,
    },
    /// A character that belongs in no code.
    #[error("a character that is no digit")]
    Character,
    /// Empty, or not in the form of the secret asked for.
    #[error("malformed secret")]
    Malformed,
    /// The derivation could not run: this device has too little memory.
    #[error("not enough memory")]
    Memory,
}

impl SecretRefusal {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Digits { .. } => "digits",
            Self::Character => "character",
            Self::Malformed => "malformed",
            Self::Memory => "memory",
        }
    }
}
