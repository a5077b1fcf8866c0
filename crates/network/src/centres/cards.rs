//! What pages show of a centre: public facts, and what its verified certificate says, from memory.

use std::sync::Arc;

use envelope::centre::VerifiedCentre;
use envelope::clock::Clock;
use envelope::duty::{Channel, Duty};
use jiff::Timestamp;
use jiff::civil::Date;
use uuid::Uuid;

use super::facts::{Phone, PublishedFacts, Translated};
use super::hours::Hours;

/// A centre as the public pages show it.
#[derive(Clone, Debug)]
pub struct CentreCard {
    /// The centre.
    pub id: Uuid,
    /// The last part of its address.
    pub slug: String,
    /// Whether it is an illustrative centre of the demonstration network.
    pub demonstration: bool,
    /// Its name.
    pub name: Translated,
    /// Who works there and what they do.
    pub about: Translated,
    /// The organisation, as certified.
    pub organisation: String,
    /// Town.
    pub town: String,
    /// Two-letter province.
    pub province: String,
    /// Region.
    pub region: String,
    /// Street address, when it may be public.
    pub address: Option<Translated>,
    /// Telephone lines.
    pub phones: Vec<Phone>,
    /// Languages that are read there, by tag.
    pub languages: Vec<String>,
    /// The channels its certificate offers, open or not: safe first.
    pub channels: Vec<ChannelCard>,
    /// When it reads.
    pub hours: Hours,
    /// Days within which it promises to read what arrives: 1 to 7.
    pub promise_days: u8,
}

/// A channel of a centre.
#[derive(Clone, Debug)]
pub struct ChannelCard {
    /// Which.
    pub channel: Channel,
    /// What organisation and readers must report: the strictest of all.
    pub duty: DutyCard,
    /// The law that says so, in the words of the certificate.
    pub legal_basis: String,
    /// Whether a local legal opinion was uploaded.
    pub local_opinion: bool,
    /// The persons whom that opinion admits, by name.
    pub named_persons: Vec<String>,
    /// People who can open what arrives.
    pub readers: u32,
    /// The last day on which opinion and duties count as reviewed.
    pub review_date: Date,
    verified: Arc<VerifiedCentre>,
}

/// The duties to report of those who read a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DutyCard {
    /// To report somebody's residence status.
    pub on_status: Duty,
    /// To report a crime.
    pub on_crime: Duty,
}

impl CentreCard {
    /// A card from checked facts and a verified centre.
    #[must_use]
    pub(super) fn new(facts: PublishedFacts, hours: Hours, verified: &Arc<VerifiedCentre>) -> Self {
        let certificate = verified.certificate();
        let channels = [Channel::Safe, Channel::General]
            .into_iter()
            .filter(|channel| certificate.offers(*channel))
            .map(|channel| ChannelCard::new(channel, verified))
            .collect();
        Self {
            id: facts.centre,
            slug: facts.slug,
            demonstration: facts.demonstration,
            name: facts.name,
            about: facts.about,
            organisation: certificate.organisation.clone(),
            town: facts.town,
            province: facts.province,
            region: facts.region,
            address: facts.address,
            phones: facts.phones,
            languages: facts.languages,
            channels,
            hours,
            promise_days: facts.promise_days,
        }
    }

    /// The channel behind a door of its address: `a` is the safe channel, `b` general support.
    #[must_use]
    pub fn channel(&self, door: &str) -> Option<&ChannelCard> {
        self.channels.iter().find(|card| card.door() == door)
    }

    /// The channels that can be written to now.
    pub fn open_channels(&self, now: Timestamp) -> impl Iterator<Item = &ChannelCard> {
        self.channels.iter().filter(move |card| card.is_open(now))
    }
}

impl ChannelCard {
    fn new(channel: Channel, verified: &Arc<VerifiedCentre>) -> Self {
        let certificate = verified.certificate();
        let readers: Vec<_> =
            verified.members().iter().filter(|member| certificate.admits(member, channel)).collect();
        let strictest = |of_organisation: Duty, of_readers: Vec<Duty>| {
            of_readers
                .into_iter()
                .chain([of_organisation])
                .max_by_key(|duty| strength(*duty))
                .unwrap_or_default()
        };
        Self {
            channel,
            duty: DutyCard {
                on_status: strictest(
                    certificate.duty.on_status,
                    readers.iter().map(|member| member.duty.on_status).collect(),
                ),
                on_crime: strictest(
                    certificate.duty.on_crime,
                    readers.iter().map(|member| member.duty.on_crime).collect(),
                ),
            },
            legal_basis: certificate.legal_basis.clone(),
            local_opinion: certificate.local_opinion.is_some(),
            named_persons: certificate.named_persons.clone(),
            readers: u32::try_from(readers.len()).unwrap_or(u32::MAX),
            review_date: certificate.review_date,
            verified: Arc::clone(verified),
        }
    }

    /// The last part of its address: neutral, since it stands in a browser's history.
    #[must_use]
    pub fn door(&self) -> &'static str {
        match self.channel {
            Channel::Safe => "a",
            Channel::General => "b",
        }
    }

    /// Whether it can be written to: the certificate holds, its review date has not passed, and there is a current epoch.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        current_epoch(&self.verified, self.channel, now).is_some()
    }
}

/// The number of the epoch that may be sealed to now; `None` closes the channel.
#[must_use]
pub(super) fn current_epoch(verified: &VerifiedCentre, channel: Channel, now: Timestamp) -> Option<u32> {
    verified.recipient(channel, Clock::exact(now)).ok().map(|recipient| recipient.epoch())
}

const fn strength(duty: Duty) -> u8 {
    match duty {
        Duty::None => 0,
        Duty::Contested => 1,
        Duty::Strong => 2,
    }
}
