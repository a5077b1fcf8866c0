//! Certificates of centres (protocol sections 3 and 12.1): what k governors vouch for, for at most twelve months.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, tz::Offset};
use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::duty::{Channel, Duties, Duty};
use crate::encoding::Hash;
use crate::ids::{CentreId, NetworkId, PersonId};
use crate::recipient::Recipient;
use crate::refusal::CentreRefusal;
use crate::root::VerifiedRoot;
use crate::signature::{PublicKey, SignedDocument, SignedType};

/// Twelve months, leap years included.
pub const LONGEST_CERTIFICATE: SignedDuration = SignedDuration::from_hours(366 * 24);
/// A centre without two members cannot let anybody join.
pub const LEAST_FOUNDING_MEMBERS: usize = 2;

/// A channel that a certificate offers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertifiedChannel {
    /// Which.
    pub channel: Channel,
    /// The paper identity of the centre for this channel: the way back when every passphrase is lost (section 6).
    pub paper_recipient: Recipient,
}

/// A person of a centre who can read, with the person's own duties.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// The person.
    pub person: PersonId,
    /// The person's name.
    pub name: String,
    /// Signs answers and statements.
    pub signing_key: PublicKey,
    /// Receives the epoch keys.
    pub recipient: Recipient,
    /// What the person must report.
    #[serde(default)]
    pub duty: Duties,
    /// The channels the person may read.
    pub channels: Vec<Channel>,
}

/// The payload of a certificate document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// The network.
    pub network: NetworkId,
    /// The centre.
    pub centre: CentreId,
    /// The organisation's name.
    pub organisation: String,
    /// The channels it offers.
    pub channels: Vec<CertifiedChannel>,
    /// What the organisation must report.
    #[serde(default)]
    pub duty: Duties,
    /// The law that says so, in words.
    pub legal_basis: String,
    /// SHA-256 of the uploaded local legal opinion, where the duty is contested.
    pub local_opinion: Option<Hash>,
    /// The persons whom that opinion admits, by name.
    pub named_persons: Vec<String>,
    /// The last day on which opinion and duties count as reviewed.
    #[serde(with = "crate::encoding::day")]
    pub review_date: Date,
    /// From when it holds.
    #[serde(with = "crate::encoding::moment")]
    pub not_before: Timestamp,
    /// Until when it holds: at most twelve months.
    #[serde(with = "crate::encoding::moment")]
    pub not_after: Timestamp,
    /// The members it starts with.
    pub founding_members: Vec<Member>,
    /// At a renewal, the hash of the last statement of the chain before.
    pub previous_chain: Option<Hash>,
}

impl Certificate {
    /// Whether it offers this channel.
    #[must_use]
    pub fn offers(&self, channel: Channel) -> bool {
        self.channels.iter().any(|offered| offered.channel == channel)
    }

    /// Whether this member may read this channel: chosen for it, and, on the safe channel, free of a duty to report residence
    /// status or named by the local opinion (section 3). The organisation's own duty is checked as well.
    #[must_use]
    pub fn admits(&self, member: &Member, channel: Channel) -> bool {
        self.offers(channel)
            && member.channels.contains(&channel)
            && match channel {
                Channel::General => true,
                Channel::Safe => self.may_hold_safe(member),
            }
    }

    /// Whether no duty, of the organisation or of this member, stands against what came by the safe channel.
    #[must_use]
    pub fn may_hold_safe(&self, member: &Member) -> bool {
        self.is_admissible(self.duty.on_status, &member.name)
            && self.is_admissible(member.duty.on_status, &member.name)
    }

    /// The paper identities of its channels. Each is a key of its own: one that is also a person's, or another channel's, would be a
    /// wrap of the channel's epochs for whoever holds that (invariant I2).
    pub(crate) fn paper_recipients(&self) -> impl Iterator<Item = &Recipient> {
        self.channels.iter().map(|offered| &offered.paper_recipient)
    }

    /// When it ends: with `not_after`, or with the last second of its review date in universal time, which is the same for everybody; the
    /// earlier of the two. `None` for a date after which no calendar goes on.
    #[must_use]
    pub fn ends(&self) -> Option<Timestamp> {
        let after_review =
            self.review_date.tomorrow().and_then(|day| Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)));
        after_review.ok().map(|after_review| after_review.min(self.not_after))
    }

    fn is_admissible(&self, on_status: Duty, name: &str) -> bool {
        match on_status {
            Duty::None => true,
            Duty::Contested => {
                self.local_opinion.is_some() && self.named_persons.iter().any(|named| named == name)
            }
            Duty::Strong => false,
        }
    }

    /// Whether the organisation's duty admits a safe channel at all.
    fn may_offer_safe(&self) -> bool {
        match self.duty.on_status {
            Duty::None => true,
            Duty::Contested => self.local_opinion.is_some() && !self.named_persons.is_empty(),
            Duty::Strong => false,
        }
    }

    /// A member is well-formed when it can be admitted to every channel it names.
    pub(crate) fn check_member(&self, member: &Member) -> Result<(), CentreRefusal> {
        let is_plain = !member.name.trim().is_empty() && !member.channels.is_empty();
        if !is_plain || has_duplicates(&member.channels) {
            return Err(CentreRefusal::Malformed);
        }
        for channel in &member.channels {
            if !self.offers(*channel) {
                return Err(CentreRefusal::Channel);
            }
            if !self.admits(member, *channel) {
                return Err(CentreRefusal::Duty);
            }
        }
        Ok(())
    }
}

/// A certificate whose signatures, dates and duties were checked against a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedCertificate {
    certificate: Certificate,
    hash: Hash,
}

impl VerifiedCertificate {
    /// Verifies a certificate: `threshold` governors signed it and nobody else, it belongs to this network, lasts at most twelve
    /// months and holds now, its review date has not passed, and no channel is offered against a duty, of the organisation or of a
    /// founding member.
    ///
    /// # Errors
    /// A [`CentreRefusal`] that names the rule.
    pub fn verify(
        root: &VerifiedRoot,
        document: &SignedDocument,
        clock: Clock,
    ) -> Result<Self, CentreRefusal> {
        let verified = Self::verify_past(root, document, clock)?;
        check_dates(&verified.certificate, clock)?;
        Ok(verified)
    }

    /// Verifies a certificate that a later one has followed: all that [`VerifiedCertificate::verify`] asks, but it may have ended.
    ///
    /// # Errors
    /// A [`CentreRefusal`] that names the rule.
    pub(crate) fn verify_past(
        root: &VerifiedRoot,
        document: &SignedDocument,
        clock: Clock,
    ) -> Result<Self, CentreRefusal> {
        let signers = document.signers(SignedType::Certificate)?;
        root.check_threshold(&signers)?;
        let certificate: Certificate =
            serde_json::from_slice(&document.payload.0).map_err(|_| CentreRefusal::Malformed)?;
        if certificate.network != root.network() {
            return Err(CentreRefusal::Place);
        }
        check_beginning(&certificate, clock)?;
        let channels: Vec<Channel> = certificate.channels.iter().map(|offered| offered.channel).collect();
        if channels.is_empty() || has_duplicates(&channels) {
            return Err(CentreRefusal::Malformed);
        }
        if certificate.offers(Channel::Safe) && !certificate.may_offer_safe() {
            return Err(CentreRefusal::Duty);
        }
        if certificate.founding_members.len() < LEAST_FOUNDING_MEMBERS {
            return Err(CentreRefusal::Malformed);
        }
        let papers: Vec<&Recipient> = certificate.paper_recipients().collect();
        let members = certificate.founding_members.iter().map(|member| &member.recipient);
        if papers.iter().enumerate().any(|(place, paper)| papers.iter().skip(place + 1).any(|it| it == paper))
            || members.clone().any(|recipient| papers.contains(&recipient))
        {
            return Err(CentreRefusal::Malformed);
        }
        for (place, member) in certificate.founding_members.iter().enumerate() {
            certificate.check_member(member)?;
            if certificate.founding_members.iter().skip(place + 1).any(|other| is_same_person(member, other))
            {
                return Err(CentreRefusal::Malformed);
            }
        }
        Ok(Self { certificate, hash: document.hash() })
    }

    /// What was certified.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// SHA-256 of the payload.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hash
    }
}

/// Whether two members share an id or a key: one person could then sign as two. Or a name: a local opinion admits people by name,
/// and a namesake would be admitted with them.
pub(crate) fn is_same_person(one: &Member, other: &Member) -> bool {
    one.person == other.person
        || one.signing_key == other.signing_key
        || one.recipient == other.recipient
        || one.name == other.name
}

/// Length and beginning.
fn check_beginning(certificate: &Certificate, clock: Clock) -> Result<(), CentreRefusal> {
    let lasts = certificate.not_after.duration_since(certificate.not_before);
    if lasts <= SignedDuration::ZERO {
        return Err(CentreRefusal::Malformed);
    }
    if lasts > LONGEST_CERTIFICATE {
        return Err(CentreRefusal::TooLong);
    }
    clock.check_begun(certificate.not_before)
}

/// Length, beginning, end and review date.
pub(crate) fn check_dates(certificate: &Certificate, clock: Clock) -> Result<(), CentreRefusal> {
    check_beginning(certificate, clock)?;
    clock.check_not_ended(certificate.ends().ok_or(CentreRefusal::Malformed)?)
}

fn has_duplicates(channels: &[Channel]) -> bool {
    channels
        .iter()
        .enumerate()
        .any(|(place, channel)| channels.iter().skip(place + 1).any(|other| other == channel))
}
