//! X25519 recipients, the public half of what an age file is sealed to: `age1…` strings (protocol sections 2 and 12).

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::encoding::{Hash, Malformed};

/// An X25519 recipient: the canonical lower-case `age1…` string of 62 characters, checksum verified.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Recipient(String);

impl Recipient {
    /// Reads an `age1…` string.
    ///
    /// # Errors
    /// [`Malformed`] for another kind of recipient (`age1pq…`, plugins, SSH), a wrong checksum, upper case or spaces.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let checked = bech32::primitives::decode::CheckedHrpstring::new::<bech32::Bech32>(text)
            .map_err(|_| Malformed)?;
        let is_canonical = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        if checked.hrp().as_str() != "age" || checked.byte_iter().count() != 32 || !is_canonical {
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
