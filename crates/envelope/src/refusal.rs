//! Why something was refused: small enums with a stable code, from which pages choose their sentence (protocol sections 3 and 7).

use thiserror::Error;

/// Why a root, a certificate, a statement chain or an epoch was refused (protocol section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CentreRefusal {
    /// Not the format of section 12.1, or a value outside its limits.
    #[error("malformed document")]
    Malformed,
    /// A signature does not verify, is there twice, or too few of the keys that count have signed.
    #[error("signatures missing or wrong")]
    Signature,
    /// Another network, another centre, or another certificate than the one expected.
    #[error("belongs to another network, centre or certificate")]
    Place,
    /// Past its end or its review date.
    #[error("expired")]
    Expired,
    /// Before its beginning: often the date of the device is wrong.
    #[error("not yet valid")]
    NotYetValid,
    /// Longer than the protocol allows (certificate 12 months, epoch 35 days).
    #[error("valid for longer than allowed")]
    TooLong,
    /// The statements do not form one chain, or a statement is not allowed at its place.
    #[error("broken statement chain")]
    Chain,
    /// A duty to report that the channel does not admit.
    #[error("duty not admitted on this channel")]
    Duty,
    /// The certificate does not offer this channel.
    #[error("channel not offered")]
    Channel,
    /// No epoch of the channel is valid now: the page gives the phone instead.
    #[error("no valid epoch")]
    NoEpoch,
    /// Older than an epoch that was already seen.
    #[error("older epoch than one seen")]
    RolledBack,
    /// The key is not one of a member of the centre in that epoch.
    #[error("not a member")]
    NotAMember,
}

impl CentreRefusal {
    /// The stable code by which pages choose a translated sentence.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Signature => "signature",
            Self::Place => "place",
            Self::Expired => "expired",
            Self::NotYetValid => "not-yet-valid",
            Self::TooLong => "too-long",
            Self::Chain => "chain",
            Self::Duty => "duty",
            Self::Channel => "channel",
            Self::NoEpoch => "no-epoch",
            Self::RolledBack => "rolled-back",
            Self::NotAMember => "not-a-member",
        }
    }
}

/// Why the bytes of an item were refused (protocol section 12.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrameRefusal {
    /// Not exactly 4,096, 16,384 or 65,536 bytes.
    #[error("wrong size")]
    Size,
    /// Not the format of section 12.2.
    #[error("malformed frame")]
    Malformed,
    /// A sealed part is not an age file for exactly one X25519 recipient (section 2: mixed suites are refused).
    #[error("another suite")]
    Suite,
    /// The author's signature does not verify.
    #[error("wrong signature")]
    Signature,
}

impl FrameRefusal {
    /// The stable code, the one of `docs/http.md` where it has one.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Malformed => "malformed",
            Self::Suite => "suite",
            Self::Signature => "signature",
        }
    }
}

/// Why an upload was refused (protocol section 12.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FileRefusal {
    /// Not the format of section 12.8.
    #[error("malformed upload")]
    Malformed,
    /// The file is another key's.
    #[error("another file's key")]
    Key,
    /// The signature does not verify.
    #[error("wrong signature")]
    Signature,
}

impl FileRefusal {
    /// The stable code. Another file's key is told like a wrong signature.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Key | Self::Signature => "signature",
        }
    }
}

/// Why a mailbox request or answer was refused (protocol section 12.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MailboxRefusal {
    /// Not the format of section 12.4, or pages that contradict each other.
    #[error("malformed mailbox page")]
    Malformed,
    /// The signature of the request does not verify.
    #[error("wrong signature")]
    Signature,
    /// The mailbox has no answer to show; an unknown code looks exactly like this (section 7.2).
    #[error("nothing to show")]
    Empty,
    /// A frame is not the one the index names: moved, reordered or truncated.
    #[error("a frame does not match the index")]
    Mismatch,
}

impl MailboxRefusal {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Signature => "signature",
            Self::Empty => "empty",
            Self::Mismatch => "mismatch",
        }
    }
}
