//! Identifiers: random (UUID version 4, because version 7 carries milliseconds), hyphenated, lower case (protocol sections 2, 12).

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::{Builder, Uuid};

use crate::encoding::{Hash, Malformed};
use crate::signature::PublicKey;

macro_rules! id {
    ($name:ident, $meaning:literal) => {
        #[doc = $meaning]
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// An id of 16 random bytes, given by the caller (protocol section 2: randomness is a parameter).
            #[must_use]
            pub fn from_random_bytes(random: [u8; 16]) -> Self {
                Self(Builder::from_random_bytes(random).into_uuid())
            }

            /// Reads the hyphenated lower-case form.
            ///
            /// # Errors
            /// [`Malformed`] for any other form or version than 4.
            pub fn parse(text: &str) -> Result<Self, Malformed> {
                let id = Uuid::try_parse(text).map_err(|_| Malformed)?;
                Self::from_uuid(id).filter(|id| id.to_string() == text).ok_or(Malformed)
            }

            /// The id of a version 4 UUID, for instance one from a database column; `None` for other versions.
            #[must_use]
            pub fn from_uuid(id: Uuid) -> Option<Self> {
                (id.get_version_num() == 4).then_some(Self(id))
            }

            /// The UUID.
            #[must_use]
            pub fn uuid(self) -> Uuid {
                self.0
            }

            /// Its 16 bytes.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl core::str::FromStr for $name {
            type Err = Malformed;

            fn from_str(text: &str) -> Result<Self, Malformed> {
                Self::parse(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
            }
        }
    };
}

id!(NetworkId, "A network, for life: the salt of every receipt code depends on it (protocol section 7.1).");
id!(CentreId, "A centre of the network.");
id!(PersonId, "A person who works in a centre, or a governor.");
id!(CaseId, "A case: everything between one person who wrote and one centre. Made in the browser.");
id!(ItemId, "One message, answer or note of a case. Made in the browser.");

/// A file that was uploaded for a report or a message: the first 16 bytes of SHA-256 of its upload key, written as 32 lower-case
/// hexadecimal digits (protocol section 12.8). Only the holder of that key can add a chunk to it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId([u8; 16]);

impl FileId {
    /// The id of the file that this key uploads.
    #[must_use]
    pub fn of_upload_key(key: &PublicKey) -> Self {
        let mut bytes = [0; 16];
        for (target, byte) in bytes.iter_mut().zip(Hash::of(key.as_bytes()).as_bytes()) {
            *target = *byte;
        }
        Self(bytes)
    }

    /// An id read from storage.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its 16 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Reads 32 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let mut bytes = [0; 16];
        let digits = base16ct::lower::decode(text, &mut bytes).map_err(|_| Malformed)?;
        if digits.len() == 16 { Ok(Self(bytes)) } else { Err(Malformed) }
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(formatter, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for FileId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FileId({self})")
    }
}

impl core::str::FromStr for FileId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse(text)
    }
}

impl Serialize for FileId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for FileId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
