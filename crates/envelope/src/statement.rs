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
        /// Its number, higher than every earlier one of the channel.
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
