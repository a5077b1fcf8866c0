//! The folder that the offline tool publishes and `approdo network import` reads (protocol section 12.6): public parts and sealed
//! slots only. The names of the files are constants here, so that writer and reader cannot disagree.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::duty::Channel;
use crate::encoding::Base64;
use crate::header::Language;
use crate::ids::PersonId;
use crate::recipient::Recipient;
use crate::signature::PublicKey;

/// The signed root, at the top of the folder.
pub const ROOT_FILE: &str = "root.json";
/// A centre's public facts (docs/offline-keys.md): written by `approdo-keys`, read by the server's slice `centres`; nothing signed.
pub const CENTRE_FILE: &str = "centre.json";
/// A centre's certificate: a signed document.
pub const CERTIFICATE_FILE: &str = "certificate.json";
/// A centre's statements: an array of signed documents.
pub const STATEMENTS_FILE: &str = "statements.json";
/// The chains under earlier certificates, the oldest first: an array of [`crate::centre::EarlierChain`]. Missing before the first renewal.
pub const EARLIER_FILE: &str = "earlier.json";
/// A centre's members: an array of [`MemberRecord`].
pub const MEMBERS_FILE: &str = "members.json";
/// A centre's epochs: an array of [`EpochRecord`].
pub const EPOCHS_FILE: &str = "epochs.json";

/// What marks a secret key in a file: `network import` refuses a file that holds it, by name.
pub const SECRET_KEY_MARK: &str = "AGE-SECRET-KEY-";

/// A member as the server needs to know them: the account, and the sealed slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberRecord {
    /// The person.
    pub person: PersonId,
    /// The name to sign in with.
    pub account: String,
    /// The person's name.
    pub name: String,
    /// The language of the console.
    pub language: Language,
    /// As in the certificate or join statement.
    pub signing_key: PublicKey,
    /// As in the certificate or join statement.
    pub recipient: Recipient,
    /// The slot that the passphrase opens.
    pub slot: SlotRecord,
}

/// A slot: the operator's identity, sealed to what the passphrase gives (section 12.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SlotRecord {
    /// 16 bytes.
    pub salt: Base64,
    /// Verifies the answer to the sign-in challenge.
    pub login_key: PublicKey,
    /// The age file.
    pub blob: Base64,
}

/// The wraps of one epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochRecord {
    /// The channel.
    pub channel: Channel,
    /// The number of the epoch.
    pub number: u32,
    /// One for each member who may read it, and one for paper.
    pub wraps: Vec<EpochWrapRecord>,
}

/// One sealed copy of an epoch's private half.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpochWrapRecord {
    /// For whom.
    pub to: WrapTarget,
    /// The age file, [`crate::sizes::WRAP_LENGTH`] bytes.
    pub wrap: Base64,
}

/// For whom an epoch wrap is: a person's id, or `"paper"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WrapTarget {
    /// A member.
    Person(PersonId),
    /// The paper identity of the channel.
    Paper,
}

impl Serialize for WrapTarget {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Person(person) => person.serialize(serializer),
            Self::Paper => serializer.serialize_str("paper"),
        }
    }
}

impl<'de> Deserialize<'de> for WrapTarget {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "paper" {
            return Ok(Self::Paper);
        }
        PersonId::parse(&text).map(Self::Person).map_err(de::Error::custom)
    }
}
