//! X25519 recipients, the public half of what an age file is sealed to: `age1…` strings (protocol sections 2 and 12).

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::encoding::{Hash, Malformed};

/// What of a canonical u-coordinate gives everybody the same shared secret (RFC 7748, section 6.1), little-endian: 0, 1, p − 1 and
/// the two of order eight.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    {
        let mut bytes = [0; 32];
        bytes[0] = 1;
        bytes
    },
    {
        let mut bytes = [0xFF; 32];
        bytes[0] = 0xEC;
        bytes[31] = 0x7F;
        bytes
    },
    [
        0xE0, 0xEB, 0x7A, 0x7C, 0x3B, 0x41, 0xB8, 0xAE, 0x16, 0x56, 0xE3, 0xFA, 0xF1, 0x9F, 0xC4, 0x6A, 0xDA,
        0x09, 0x8D, 0xEB, 0x9C, 0x32, 0xB1, 0xFD, 0x86, 0x62, 0x05, 0x16, 0x5F, 0x49, 0xB8, 0x00,
    ],
    [
        0x5F, 0x9C, 0x95, 0xBC, 0xA3, 0x50, 0x8C, 0x24, 0xB1, 0xD0, 0xB1, 0x55, 0x9C, 0x83, 0xEF, 0x5B, 0x04,
        0x44, 0x5C, 0xC4, 0x58, 0x1C, 0x8E, 0x86, 0xD8, 0x22, 0x4E, 0xDD, 0xD0, 0x9F, 0x11, 0x57,
    ],
];

/// An X25519 recipient: the canonical lower-case `age1…` string of 62 characters, checksum verified, of a point written in the one
/// way that X25519 itself writes it. So two recipients are the same key only if their strings are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Recipient(String);

impl Recipient {
    /// Reads an `age1…` string.
    ///
    /// # Errors
    /// [`Malformed`] for another kind of recipient (`age1pq…`, plugins, SSH), a wrong checksum, upper case or spaces, a second
    /// spelling of a key (section 12.1), and a point of small order, for which a shared secret is none.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let checked = bech32::primitives::decode::CheckedHrpstring::new::<bech32::Bech32>(text)
            .map_err(|_| Malformed)?;
        let is_canonical = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let bytes: Vec<u8> = checked.byte_iter().collect();
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| Malformed)?;
        if checked.hrp().as_str() != "age"
            || !is_canonical
            || !is_reduced(&bytes)
            || SMALL_ORDER.contains(&bytes)
        {
            return Err(Malformed);
        }
        Ok(Self(text.to_owned()))
    }

    /// The `age1…` string.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How headers name it without room for the whole.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let digits = Hash::of(self.0.as_bytes()).to_string();
        Fingerprint(digits.chars().take(Fingerprint::LENGTH).collect())
    }
}

/// Whether a little-endian number is below p = 2²⁵⁵ − 19: X25519 drops the highest bit and reduces, so others are second spellings.
fn is_reduced(bytes: &[u8; 32]) -> bool {
    let [lowest, between @ .., highest] = bytes;
    let is_at_the_end = *highest == 0x7F && between.iter().all(|byte| *byte == 0xFF);
    *highest <= 0x7F && !(is_at_the_end && *lowest >= 0xED)
}

impl fmt::Display for Recipient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Serialize for Recipient {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Recipient {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

/// The first 16 hexadecimal digits of SHA-256 of the recipient string.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    const LENGTH: usize = 16;

    /// Reads 16 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != Self::LENGTH || !text.bytes().all(is_digit) {
            return Err(Malformed);
        }
        Ok(Self(text.to_owned()))
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
