//! Identifiers: random (UUID version 4, because version 7 carries milliseconds), hyphenated, lower case (protocol sections 2, 12).

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::{Builder, Uuid};

use crate::encoding::Malformed;

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
