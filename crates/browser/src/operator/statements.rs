//! What a member signs about her centre: the next key of a channel, and that somebody has left (protocol sections 4.1 and 4.3).
//!
//! Invariant: she signs only what continues the chain that this browser has verified, and seals a new key to everybody whom that chain
//! admits to the channel, and to nobody else.

use envelope::clock::DEVICE_TOLERANCE;
use envelope::duty::Channel;
use envelope::encoding::Base64;
use envelope::ids::PersonId;
use envelope::publication::EpochWrapRecord;
use envelope::signature::SignedDocument;
use envelope::statement::LONGEST_EPOCH;
use envelope::validity::is_next_epoch_due;
use jiff::Timestamp;
use rand_core::OsRng;
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;

use super::{Desk, Operator};
use crate::papers::moment;
use crate::refusal::Refused;

/// A channel that she may read, as her browser sees its key.
#[derive(Serialize)]
struct ChannelKey {
    channel: Channel,
    /// Whether the newest key opens for her.
    opens: bool,
    /// Whether it is time for the next one.
    due: bool,
}

/// What is posted: the statement, and the private half sealed to each reader.
#[derive(Serialize)]
struct MadeEpoch {
    statement: SignedDocument,
    wraps: Vec<EpochWrapRecord>,
}

#[derive(Serialize)]
struct StatedLeave {
    statement: SignedDocument,
}

impl Desk {
    /// The moment that a statement names: the server's, because every statement of the chain is dated by its clock or by one that was set
    /// like it. A server that is more than 48 hours away from the device dates nothing.
    fn moment_of_statement(&self, now: f64) -> Result<Timestamp, Refused> {
        let device = moment(now)?;
        let given = self.given.and_then(|given| Timestamp::from_millisecond(given).ok());
        let given = given.ok_or(Refused::UNKNOWN)?;
        if given.duration_since(device).abs() > DEVICE_TOLERANCE {
            return Err(Refused::CLOCK);
        }
        Ok(given)
    }

    /// Whether the newest key of a channel is among hers.
    fn opens(&self, channel: Channel) -> bool {
        self.centre.latest_epoch(channel).is_some_and(|newest| {
            self.keys.iter().any(|key| key.channel() == channel && key.number() == newest.number())
        })
    }
}

#[wasm_bindgen]
impl Operator {
    /// The channels that she may read: `[{"channel", "opens", "due"}]`.
    ///
    /// # Errors
    /// `clock`, `unknown` before the keys were opened.
    pub fn channels(&self, now: f64) -> Result<String, Refused> {
        let desk = self.desk.as_ref().ok_or(Refused::UNKNOWN)?;
        let at = desk.moment_of_statement(now)?;
        let me = desk.centre.member_by_key(&self.identity.public_key()).ok_or(Refused::KEYS)?;
        let admits = |channel: &Channel| desk.centre.certificate().admits(me, *channel);
        let channels: Vec<ChannelKey> = [Channel::Safe, Channel::General]
            .into_iter()
            .filter(admits)
            .map(|channel| ChannelKey {
                channel,
                opens: desk.opens(channel),
                due: is_next_epoch_due(&desk.centre, channel, at),
            })
            .collect();
        serde_json::to_string(&channels).map_err(|_| Refused::UNKNOWN)
    }

    /// Draws the next key of a channel, seals it to everybody who may read the channel and to paper, and signs the statement. Returns
    /// `{"statement", "wraps": [{"to", "wrap"}]}`.
    ///
    /// # Errors
    /// `changed` when it is not time for it and the newest key opens for her: a colleague was faster. `certificate`, `channel`, `clock`.
    pub fn next_epoch(&self, channel: &str, now: f64) -> Result<String, Refused> {
        let desk = self.desk.as_ref().ok_or(Refused::UNKNOWN)?;
        let channel: Channel = channel.parse().map_err(|_| Refused::CHANNEL)?;
        let at = desk.moment_of_statement(now)?;
        if !is_next_epoch_due(&desk.centre, channel, at) && desk.opens(channel) {
            return Err(Refused::CHANGED);
        }
        let made =
            keyring::epoch::create(&desk.centre, channel, &self.identity, at, LONGEST_EPOCH, &mut OsRng)?;
        let wraps =
            made.wraps.into_iter().map(|(to, wrap)| EpochWrapRecord { to, wrap: Base64(wrap) }).collect();
        let made = MadeEpoch { statement: made.statement, wraps };
        serde_json::to_string(&made).map_err(|_| Refused::UNKNOWN)
    }

    /// States that a person has left the centre. Returns `{"statement"}`.
    ///
    /// # Errors
    /// `changed` when the chain does not know that person as a member, `clock`, `malformed`.
    pub fn state_leave(&self, person: &str, now: f64) -> Result<String, Refused> {
        let desk = self.desk.as_ref().ok_or(Refused::UNKNOWN)?;
        let person = PersonId::parse(person)?;
        if !desk.centre.members().iter().any(|member| member.person == person) {
            return Err(Refused::CHANGED);
        }
        let at = desk.moment_of_statement(now)?;
        let signer = self.identity.signing_key();
        let statement = keyring::documents::sign_leave(&desk.centre, person, signer, at)?;
        serde_json::to_string(&StatedLeave { statement }).map_err(|_| Refused::UNKNOWN)
    }
}
