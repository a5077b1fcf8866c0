//! The files that only this tool reads and writes (docs/offline-keys.md). What is published has its types in
//! `envelope::publication`; the public facts of a centre are the exception: their one reader is the network's `centres` slice.

use std::collections::BTreeMap;
use std::path::PathBuf;

use envelope::certificate::{CertifiedChannel, Member};
use envelope::duty::{Channel, Duties};
use envelope::encoding::Hash;
use envelope::header::Language;
use envelope::ids::{CentreId, PersonId};
use envelope::publication::{MemberRecord, SlotRecord};
use envelope::recipient::Recipient;
use envelope::signature::PublicKey;
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A governor's key, secret. Kept offline, one file a governor.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct GovernorKeyFile {
    /// The governor's name.
    pub(crate) name: String,
    /// The public half, as the root names it.
    pub(crate) key: PublicKey,
    /// The seed of the Ed25519 key, 32 bytes in base64.
    pub(crate) secret_key: Secret,
}

/// A text that is wiped from memory and never printed by `{:?}`.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(transparent)]
pub(crate) struct Secret(pub(crate) String);

/// A person as `operator new` makes them: everything about them that a certificate and the publication need. Nothing in it
/// is secret in the clear; the slot opens only with the passphrase.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberFile {
    /// The person.
    pub(crate) person: PersonId,
    /// The name to sign in with.
    pub(crate) account: String,
    /// The person's name.
    pub(crate) name: String,
    /// The language of the console.
    pub(crate) language: Language,
    /// What the person must report.
    pub(crate) duty: Duties,
    /// The channels the person may read.
    pub(crate) channels: Vec<Channel>,
    /// Verifies what the person signs.
    pub(crate) signing_key: PublicKey,
    /// Receives epoch keys.
    pub(crate) recipient: Recipient,
    /// The sealed identity.
    pub(crate) slot: SlotRecord,
}

impl MemberFile {
    /// The person as certificates and join statements name them.
    pub(crate) fn member(&self) -> Member {
        Member {
            person: self.person,
            name: self.name.clone(),
            signing_key: self.signing_key,
            recipient: self.recipient.clone(),
            duty: self.duty,
            channels: self.channels.clone(),
        }
    }

    /// The person as the server needs to know them.
    pub(crate) fn record(&self) -> MemberRecord {
        MemberRecord {
            person: self.person,
            account: self.account.clone(),
            name: self.name.clone(),
            language: self.language.clone(),
            signing_key: self.signing_key,
            recipient: self.recipient.clone(),
            slot: self.slot.clone(),
        }
    }
}

/// What governors are asked to certify.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CertificateRequest {
    /// What everybody may know of the centre; without `centre`, which the tool draws or takes from the publication.
    pub(crate) facts: Facts,
    /// The organisation's name.
    pub(crate) organisation: String,
    /// Its channels, each with its paper recipient.
    pub(crate) channels: Vec<CertifiedChannel>,
    /// What the organisation must report; a duty that is not stated counts as strong.
    #[serde(default)]
    pub(crate) duty: Duties,
    /// The law that says so, in words.
    pub(crate) legal_basis: String,
    /// SHA-256 of the local legal opinion.
    pub(crate) local_opinion: Option<Hash>,
    /// The persons whom the opinion admits.
    #[serde(default)]
    pub(crate) named_persons: Vec<String>,
    /// The last day on which duties and opinion count as reviewed.
    pub(crate) review_date: Date,
    /// From when it holds; now, when absent.
    pub(crate) not_before: Option<Timestamp>,
    /// Until when it holds, at most twelve months.
    pub(crate) not_after: Timestamp,
    /// Files made by `operator new`, relative to the request.
    pub(crate) founding_members: Vec<PathBuf>,
}

/// Public facts of a centre: `centre.json`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Facts {
    /// The centre; absent in a request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) centre: Option<CentreId>,
    /// The last part of its address.
    pub(crate) slug: String,
    /// Whether it is an illustrative centre of a demonstration network.
    pub(crate) demonstration: bool,
    /// Its name.
    pub(crate) name: Translated,
    /// Two plain sentences about it.
    pub(crate) about: Translated,
    /// The town.
    pub(crate) town: String,
    /// Two letters.
    pub(crate) province: String,
    /// The region.
    pub(crate) region: String,
    /// Where to go in person, when that may be public.
    pub(crate) address: Option<Translated>,
    /// Telephone lines.
    pub(crate) phones: Vec<Phone>,
    /// Languages that are read there.
    pub(crate) languages: Vec<String>,
    /// IANA name of the time zone.
    pub(crate) time_zone: String,
    /// When messages are read.
    pub(crate) reading_hours: Vec<ReadingPeriod>,
    /// Days of the year on which nobody reads.
    pub(crate) closed: Vec<ClosedDay>,
    /// Days within which the centre promises to read what arrives: 1 to 7.
    pub(crate) promise_days: u8,
    /// Single dates on which the week's hours do not hold; passed on as they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) exceptions: Vec<serde_json::Value>,
}

/// A text by language tag.
pub(crate) type Translated = BTreeMap<String, String>;

/// A telephone line, with where its number was read and when it was last checked.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Phone {
    number: String,
    label: Translated,
    source: String,
    checked: Date,
}

/// A stretch of a weekday, local time.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadingPeriod {
    /// 1 Monday to 7 Sunday.
    weekday: u8,
    #[serde(with = "hour_and_minute")]
    from: Time,
    #[serde(with = "hour_and_minute")]
    to: Time,
}

/// A day of every year.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClosedDay {
    month: i8,
    day: i8,
}

/// `09:00`: a time without seconds.
mod hour_and_minute {
    use jiff::civil::Time;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde decides the signature")]
    pub(super) fn serialize<S: Serializer>(time: &Time, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&time.strftime("%H:%M"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        let text = String::deserialize(deserializer)?;
        Time::strptime("%H:%M", &text).map_err(de::Error::custom)
    }
}

/// An account of the demonstration with its passphrase: `private/accounts.json` is an array of them.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DemoAccount {
    /// The centre.
    pub(crate) centre: CentreId,
    /// The centre's address name.
    pub(crate) slug: String,
    /// The person.
    pub(crate) person: PersonId,
    /// The person's name.
    pub(crate) name: String,
    /// The name to sign in with.
    pub(crate) account: String,
    /// The language of the console and of the passphrase.
    pub(crate) language: Language,
    /// The passphrase: kept in the clear because a demonstration protects nothing.
    pub(crate) passphrase: String,
}
