//! Epochs of a verified chain (protocol sections 3 and 4). Only [`crate::centre`] makes a [`VerifiedEpoch`].

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::duty::Channel;
use crate::encoding::Hash;
use crate::ids::PersonId;
use crate::recipient::Recipient;
use crate::signature::PublicKey;

/// The highest epoch numbers that a reader has seen of a centre: an older chain than that is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeenEpochs {
    /// Of the safe channel.
    pub safe: Option<u32>,
    /// Of the general channel.
    pub general: Option<u32>,
}

impl SeenEpochs {
    pub(crate) fn of(self, channel: Channel) -> Option<u32> {
        match channel {
            Channel::Safe => self.safe,
            Channel::General => self.general,
        }
    }
}

/// An epoch of a verified chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedEpoch {
    pub(crate) certificate: Hash,
    pub(crate) channel: Channel,
    pub(crate) number: u32,
    pub(crate) recipient: Recipient,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    /// Ended early: a person who could open it has left, or a newer epoch took its place.
    pub(crate) ended: bool,
    pub(crate) authors: Vec<(PersonId, PublicKey)>,
}

impl VerifiedEpoch {
    /// The certificate under which it was made.
    #[must_use]
    pub fn certificate(&self) -> Hash {
        self.certificate
    }

    /// The channel.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// What its items are sealed to.
    #[must_use]
    pub fn recipient(&self) -> &Recipient {
        &self.recipient
    }

    /// From when it holds.
    #[must_use]
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// Until when it holds.
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// Whether a newer epoch or a departure ended it; what is sealed to it stays readable for its members.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.ended
    }
}
