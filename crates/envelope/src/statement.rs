//! Statements of a centre's members (protocol sections 3 and 12.1): a hash chain that starts at the certificate.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::certificate::Member;
use crate::duty::Channel;
use crate::encoding::Hash;
use crate::ids::{CentreId, PersonId};
use crate::recipient::Recipient;

/// The longest life of an epoch.
pub const LONGEST_EPOCH: SignedDuration = SignedDuration::from_hours(35 * 24);

/// An epoch lasts at least this long from the moment when it is stated: it takes the place of the one before, and one that is over at once
/// would close its channel.
pub const SHORTEST_EPOCH: SignedDuration = SignedDuration::from_hours(24);

/// The highest number that the first epoch of a channel may have where its chain is cut at its beginning. Of 35 days each, so many take
/// longer than anybody lives; a number near the end of what numbers can be would leave none for the epochs that follow.
pub const HIGHEST_FIRST_EPOCH: u32 = 100_000;
/// From when in the life of an epoch members make the next one (section 4.1): on its day 21, so that two weeks are left to do it in.
pub const NEXT_EPOCH_FROM: SignedDuration = SignedDuration::from_hours(21 * 24);

/// What a statement says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
#[expect(
    clippy::large_enum_variant,
    reason = "a centre has a handful of statements, and boxes would be in everybody's way"
)]
pub enum StatementBody {
    /// A person joins; two members sign.
    Join {
        /// The person.
        member: Member,
    },
    /// A person leaves; one member signs.
    Leave {
        /// The person.
        person: PersonId,
    },
    /// A new key of a channel; one member who may read the channel signs.
    Epoch {
        /// The channel.
        channel: Channel,
        /// Its number, one more than the newest of the channel.
        number: u32,
        /// What items are sealed to.
        recipient: Recipient,
        /// From when it holds.
        #[serde(with = "crate::encoding::moment")]
        not_before: Timestamp,
        /// Until when: at most 35 days.
        #[serde(with = "crate::encoding::moment")]
        not_after: Timestamp,
    },
}

/// The payload of a statement document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// The centre.
    pub centre: CentreId,
    /// The certificate under which it is made.
    pub certificate: Hash,
    /// Its place in the chain, from 1.
    pub seq: u32,
    /// The hash of the statement before it, or of the certificate.
    pub prev: Hash,
    /// When it was made.
    #[serde(with = "crate::encoding::moment")]
    pub at: Timestamp,
    /// What it says.
    pub body: StatementBody,
}
