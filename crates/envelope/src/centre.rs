//! A centre whose whole chain was verified, and the recipients that only such a centre can give (protocol section 3).
//!
//! Gate 1 of the firewall (section 8) is here: [`SafeRecipient`] has private fields and one constructor,
//! [`VerifiedCentre::safe_recipient`], so nothing can be sealed for the safe channel to anybody whose duties were not checked.

mod earlier;
mod statements;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::certificate::{Certificate, Member, VerifiedCertificate, check_dates};
use crate::clock::Clock;
use crate::duty::Channel;
use crate::encoding::Hash;
pub use crate::epoch::{SeenEpochs, VerifiedEpoch};
use crate::ids::{CentreId, NetworkId, PersonId};
use crate::recipient::Recipient;
use crate::refusal::CentreRefusal;
use crate::root::VerifiedRoot;
use crate::signature::{PublicKey, SignedDocument};
pub use earlier::EarlierChain;
use earlier::Owner;

/// `{certificate, statements, earlier}`: everything a browser needs to verify a centre under a root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CentreBundle {
    /// The certificate.
    pub certificate: SignedDocument,
    /// The statements, in order.
    pub statements: Vec<SignedDocument>,
    /// The chains under earlier certificates, the oldest first: what was sealed and signed under them is judged by them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<EarlierChain>,
}

impl CentreBundle {
    /// Reads the JSON form.
    ///
    /// # Errors
    /// [`CentreRefusal::Malformed`].
    pub fn parse(json: &[u8]) -> Result<Self, CentreRefusal> {
        serde_json::from_slice(json).map_err(|_| CentreRefusal::Malformed)
    }
}

/// A centre whose certificate and statements were verified under a root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedCentre {
    certificate: VerifiedCertificate,
    members: Vec<Member>,
    epochs: Vec<VerifiedEpoch>,
    /// Keys with an owner, who may have left: the paper identities and everybody who was ever a member.
    owned: Vec<(Owner, Recipient)>,
    head: Hash,
    length: u32,
    last_at: Timestamp,
    /// Whether the first chain here follows one that is not: then nobody can say which number its first epochs should have.
    is_cut: bool,
}

/// Verifies a centre: root → certificate → every statement in order (section 3), and before it the chains of earlier certificates, each of
/// which names the head of the one before. `seen` is what the reader remembers, if anything.
///
/// # Errors
/// A [`CentreRefusal`] that names the first rule that does not hold.
pub fn verify_centre(
    root: &VerifiedRoot,
    bundle: &CentreBundle,
    clock: Clock,
    seen: Option<SeenEpochs>,
) -> Result<VerifiedCentre, CentreRefusal> {
    let before = VerifiedCentre::of_earlier(root, &bundle.earlier, clock)?;
    let certificate = VerifiedCertificate::verify(root, &bundle.certificate, clock)?;
    let mut centre = VerifiedCentre::begin(certificate, before)?;
    for document in &bundle.statements {
        centre.apply(document, clock)?;
    }
    for channel in [Channel::Safe, Channel::General] {
        let highest = centre.latest_epoch(channel).map(VerifiedEpoch::number);
        if seen
            .unwrap_or_default()
            .of(channel)
            .is_some_and(|seen| highest.is_none_or(|highest| highest < seen))
        {
            return Err(CentreRefusal::RolledBack);
        }
    }
    Ok(centre)
}

impl VerifiedCentre {
    /// The network.
    #[must_use]
    pub fn network(&self) -> NetworkId {
        self.certificate().network
    }

    /// The centre.
    #[must_use]
    pub fn centre(&self) -> CentreId {
        self.certificate().centre
    }

    /// What the governors certified.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        self.certificate.certificate()
    }

    /// SHA-256 of the certificate's payload: every statement names it.
    #[must_use]
    pub fn certificate_hash(&self) -> Hash {
        self.certificate.hash()
    }

    /// The members now.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The member with this signing key, now.
    #[must_use]
    pub fn member_by_key(&self, key: &PublicKey) -> Option<&Member> {
        self.members.iter().find(|member| member.signing_key == *key)
    }

    /// Every epoch of the chain and of the chains before it, in order. Numbers rise over all of them.
    #[must_use]
    pub fn epochs(&self) -> &[VerifiedEpoch] {
        &self.epochs
    }

    /// The epoch of this channel and number.
    #[must_use]
    pub fn epoch(&self, channel: Channel, number: u32) -> Option<&VerifiedEpoch> {
        self.epochs.iter().find(|epoch| epoch.channel == channel && epoch.number == number)
    }

    /// The newest epoch of a channel, ended or not.
    #[must_use]
    pub fn latest_epoch(&self, channel: Channel) -> Option<&VerifiedEpoch> {
        self.epochs.iter().rev().find(|epoch| epoch.channel == channel)
    }

    /// `seq` and `prev` of the next statement.
    #[must_use]
    pub fn next_statement(&self) -> (u32, Hash) {
        (self.length.saturating_add(1), self.head)
    }

    /// What a reader may remember as [`SeenEpochs`].
    #[must_use]
    pub fn seen_epochs(&self) -> SeenEpochs {
        let number = |channel| self.latest_epoch(channel).map(VerifiedEpoch::number);
        SeenEpochs { safe: number(Channel::Safe), general: number(Channel::General) }
    }

    /// Who signed an item of this epoch: an answer is judged by membership in its own epoch (section 2).
    ///
    /// # Errors
    /// [`CentreRefusal::NoEpoch`] for an epoch that the chain does not have, [`CentreRefusal::NotAMember`].
    pub fn author(&self, channel: Channel, epoch: u32, key: &PublicKey) -> Result<PersonId, CentreRefusal> {
        let epoch = self.epoch(channel, epoch).ok_or(CentreRefusal::NoEpoch)?;
        let author = epoch.authors.iter().find(|(_, author)| author == key);
        author.map(|(person, _)| *person).ok_or(CentreRefusal::NotAMember)
    }

    /// Who may have sealed the key of an epoch to somebody (section 4.2): whoever could sign in that epoch or in a later one of its channel,
    /// or reads the channel now. Keys outlive everybody who was there when they were made.
    ///
    /// # Errors
    /// As [`VerifiedCentre::author`].
    pub fn check_sharer(&self, channel: Channel, epoch: u32, key: &PublicKey) -> Result<(), CentreRefusal> {
        let first = self.epoch(channel, epoch).ok_or(CentreRefusal::NoEpoch)?.number;
        let since = self.epochs.iter().filter(|epoch| epoch.channel == channel && epoch.number >= first);
        let is_author = since.flat_map(|epoch| &epoch.authors).any(|(_, author)| author == key);
        let reads_now =
            self.member_by_key(key).is_some_and(|member| self.certificate().admits(member, channel));
        if is_author || reads_now { Ok(()) } else { Err(CentreRefusal::NotAMember) }
    }

    /// Whether its papers hold now: the certificate has begun and has not ended, nor has its review date passed.
    ///
    /// # Errors
    /// [`CentreRefusal::NotYetValid`], [`CentreRefusal::Expired`].
    pub fn check_holds(&self, clock: Clock) -> Result<(), CentreRefusal> {
        check_dates(self.certificate(), clock)
    }

    /// The epoch that may be sealed to now.
    fn current_epoch(&self, channel: Channel, clock: Clock) -> Result<&VerifiedEpoch, CentreRefusal> {
        if !self.certificate().offers(channel) {
            return Err(CentreRefusal::Channel);
        }
        // Looked at again: a server keeps a verified centre for longer than a day.
        self.check_holds(clock)?;
        let epoch = self.latest_epoch(channel).filter(|epoch| !epoch.ended).ok_or(CentreRefusal::NoEpoch)?;
        clock.check_begun(epoch.not_before)?;
        clock.check_not_ended(epoch.not_after).map_err(|_| CentreRefusal::NoEpoch)?;
        Ok(epoch)
    }

    /// The recipient of the safe channel now: the only way to one.
    ///
    /// # Errors
    /// [`CentreRefusal::Channel`] when the certificate does not offer it, [`CentreRefusal::NoEpoch`] when none is valid,
    /// [`CentreRefusal::NotYetValid`], [`CentreRefusal::Expired`], [`CentreRefusal::Duty`].
    pub fn safe_recipient(&self, clock: Clock) -> Result<SafeRecipient, CentreRefusal> {
        let epoch = self.current_epoch(Channel::Safe, clock)?;
        // Every member who could have been given the epoch key is looked at once more (I2).
        let admits = |member: &Member| self.certificate().admits(member, Channel::Safe);
        if !self.members.iter().filter(|member| member.channels.contains(&Channel::Safe)).all(admits) {
            return Err(CentreRefusal::Duty);
        }
        Ok(SafeRecipient(self.epoch_address(epoch)))
    }

    /// The recipient of general support now.
    ///
    /// # Errors
    /// As [`VerifiedCentre::safe_recipient`], without duties.
    pub fn general_recipient(&self, clock: Clock) -> Result<GeneralRecipient, CentreRefusal> {
        let epoch = self.current_epoch(Channel::General, clock)?;
        Ok(GeneralRecipient(self.epoch_address(epoch)))
    }

    /// The recipient of either channel now.
    ///
    /// # Errors
    /// As [`VerifiedCentre::safe_recipient`].
    pub fn recipient(&self, channel: Channel, clock: Clock) -> Result<EpochRecipient, CentreRefusal> {
        match channel {
            Channel::Safe => self.safe_recipient(clock).map(EpochRecipient::Safe),
            Channel::General => self.general_recipient(clock).map(EpochRecipient::General),
        }
    }

    /// Everybody to whom the private half of an epoch of this channel is sealed: the members who may read it, and its paper
    /// identity. Nobody else can be given one: [`EpochReader`] has no other constructor (I2).
    ///
    /// # Errors
    /// [`CentreRefusal::Channel`] when the certificate does not offer the channel.
    pub fn epoch_readers(&self, channel: Channel) -> Result<Vec<EpochReader>, CentreRefusal> {
        let offered = self.certificate().channels.iter().find(|offered| offered.channel == channel);
        let paper = offered.ok_or(CentreRefusal::Channel)?.paper_recipient.clone();
        let reader = |person, recipient| EpochReader { centre: self.centre(), channel, person, recipient };
        let mut readers: Vec<EpochReader> = self
            .members
            .iter()
            .filter(|member| self.certificate().admits(member, channel))
            .map(|member| reader(Some(member.person), member.recipient.clone()))
            .collect();
        readers.push(reader(None, paper));
        Ok(readers)
    }

    fn epoch_address(&self, epoch: &VerifiedEpoch) -> EpochAddress {
        EpochAddress {
            centre: self.centre(),
            channel: epoch.channel,
            epoch: epoch.number,
            recipient: epoch.recipient.clone(),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct EpochAddress {
    centre: CentreId,
    channel: Channel,
    epoch: u32,
    recipient: Recipient,
}

/// A verified recipient of the safe channel. Only [`VerifiedCentre::safe_recipient`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SafeRecipient(EpochAddress);

/// A verified recipient of general support. Only [`VerifiedCentre::general_recipient`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneralRecipient(EpochAddress);

/// A verified recipient of either channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EpochRecipient {
    /// Of the safe channel.
    Safe(SafeRecipient),
    /// Of general support.
    General(GeneralRecipient),
}

impl EpochRecipient {
    fn address(&self) -> &EpochAddress {
        match self {
            Self::Safe(SafeRecipient(address)) | Self::General(GeneralRecipient(address)) => address,
        }
    }

    /// The centre.
    #[must_use]
    pub fn centre(&self) -> CentreId {
        self.address().centre
    }

    /// The channel.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.address().channel
    }

    /// The number of the epoch.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.address().epoch
    }

    /// What to seal to.
    #[must_use]
    pub fn recipient(&self) -> &Recipient {
        &self.address().recipient
    }
}

impl From<SafeRecipient> for EpochRecipient {
    fn from(recipient: SafeRecipient) -> Self {
        Self::Safe(recipient)
    }
}

impl From<GeneralRecipient> for EpochRecipient {
    fn from(recipient: GeneralRecipient) -> Self {
        Self::General(recipient)
    }
}

/// Somebody to whom the private half of an epoch may be sealed. Only [`VerifiedCentre::epoch_readers`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochReader {
    centre: CentreId,
    channel: Channel,
    person: Option<PersonId>,
    recipient: Recipient,
}

impl EpochReader {
    /// The centre.
    #[must_use]
    pub fn centre(&self) -> CentreId {
        self.centre
    }

    /// The channel.
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel
    }

    /// The member; `None` for the paper identity.
    #[must_use]
    pub fn person(&self) -> Option<PersonId> {
        self.person
    }

    /// What to seal to.
    #[must_use]
    pub fn recipient(&self) -> &Recipient {
        &self.recipient
    }
}
