//! Stable codes in place of errors: a page chooses its translated sentence by them, and nothing else crosses the border.

use envelope::encoding::Malformed;
use envelope::refusal::{CentreRefusal, FrameRefusal, MailboxRefusal};
use keyring::refusal::{OpenRefusal, SealRefusal, SecretRefusal};
use wasm_bindgen::JsValue;

/// Why the core refused, as one of the codes that the pages know (`docs/http.md`, "Refusals", and those named here).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused(&'static str);

impl Refused {
    /// The network's root file does not verify, or a centre's papers do not.
    pub const CERTIFICATE: Self = Self("certificate");
    /// The date of the device is probably wrong (protocol section 3).
    pub const CLOCK: Self = Self("clock");
    /// Nothing is valid now: the page gives the phone.
    pub const EXPIRED: Self = Self("expired");
    /// Nothing is valid at the date of the device, which is a year after all papers: more likely the date is wrong, and the page
    /// says both.
    pub const CLOCK_OR_EXPIRED: Self = Self("clock-or-expired");
    /// The centre does not offer this channel.
    pub const CHANNEL: Self = Self("channel");
    /// More text than the largest frame holds.
    pub const SIZE: Self = Self("size");
    /// Nothing written.
    pub const EMPTY: Self = Self("empty");
    /// A telephone number without enough digits.
    pub const NUMBER: Self = Self("number");
    /// No time at which a call is safe.
    pub const WINDOWS: Self = Self("windows");
    /// Not 20 digits.
    pub const CODE_LENGTH: Self = Self("code-length");
    /// Not in the format of protocol section 12.
    pub const MALFORMED: Self = Self("malformed");
    /// Argon2 does not get its 64 MiB on this device: told like a core that did not start.
    pub const START: Self = Self("start");
    /// Asked in an order that the pages never use.
    pub const UNKNOWN: Self = Self("unknown");
    /// The slot or the parked identity does not open with this key.
    pub const SLOT: Self = Self("slot");
    /// The passphrase cannot be one; told like a wrong one.
    pub const SIGN_IN: Self = Self("sign-in");
    /// She holds no key of this channel.
    pub const KEYS: Self = Self("keys");
    /// The safe word was right, so it is not taken back (protocol section 7.4).
    pub const RIGHT_WORD: Self = Self("right-word");
    /// A colleague was faster.
    pub const CHANGED: Self = Self("changed");
    /// It cannot be told here which code of hers counts now.
    pub const ADDRESS: Self = Self("address");

    /// The code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.0
    }
}

impl From<Refused> for JsValue {
    fn from(refused: Refused) -> Self {
        Self::from_str(refused.0)
    }
}

impl From<CentreRefusal> for Refused {
    fn from(refusal: CentreRefusal) -> Self {
        match refusal {
            CentreRefusal::NotYetValid => Self::CLOCK,
            CentreRefusal::Expired | CentreRefusal::NoEpoch => Self::EXPIRED,
            CentreRefusal::Channel => Self::CHANNEL,
            _ => Self::CERTIFICATE,
        }
    }
}

impl From<FrameRefusal> for Refused {
    fn from(refusal: FrameRefusal) -> Self {
        Self(refusal.code())
    }
}

impl From<MailboxRefusal> for Refused {
    fn from(_: MailboxRefusal) -> Self {
        Self::MALFORMED
    }
}

impl From<Malformed> for Refused {
    fn from(_: Malformed) -> Self {
        Self::MALFORMED
    }
}

impl From<SealRefusal> for Refused {
    fn from(refusal: SealRefusal) -> Self {
        match refusal {
            SealRefusal::TooLong => Self::SIZE,
            SealRefusal::Centre(refusal) => refusal.into(),
            SealRefusal::Place | SealRefusal::Internal => Self::UNKNOWN,
        }
    }
}

impl From<OpenRefusal> for Refused {
    fn from(_: OpenRefusal) -> Self {
        Self::MALFORMED
    }
}

impl From<SecretRefusal> for Refused {
    fn from(refusal: SecretRefusal) -> Self {
        match refusal {
            SecretRefusal::Digits { .. } | SecretRefusal::Character => Self::CODE_LENGTH,
            SecretRefusal::Malformed => Self::MALFORMED,
            SecretRefusal::Memory => Self::START,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_date_is_told_apart_from_wrong_papers() {
        assert_eq!(Refused::from(CentreRefusal::NotYetValid).code(), "clock");
        assert_eq!(Refused::from(CentreRefusal::NoEpoch).code(), "expired");
        assert_eq!(Refused::from(CentreRefusal::RolledBack).code(), "certificate");
        assert_eq!(Refused::from(SealRefusal::Centre(CentreRefusal::Channel)).code(), "channel");
    }

    #[test]
    fn too_long_and_too_short_have_their_own_sentences() {
        assert_eq!(Refused::from(SealRefusal::TooLong).code(), "size");
        assert_eq!(Refused::from(SecretRefusal::Digits { digits: 19 }).code(), "code-length");
        assert_eq!(Refused::from(FrameRefusal::Signature).code(), "signature");
    }
}
