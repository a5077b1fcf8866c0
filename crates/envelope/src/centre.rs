//! A centre whose whole chain was verified, and the recipients that only such a centre can give (protocol section 3).
//!
//! Gate 1 of the firewall (section 8) is here: [`SafeRecipient`] has private fields and one constructor,
//! [`VerifiedCentre::safe_recipient`], so nothing can be sealed for the safe channel to anybody whose duties were not checked.

mod earlier;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::certificate::{Certificate, Member, VerifiedCertificate, check_dates, is_same_person};
use crate::clock::Clock;
use crate::duty::Channel;
use crate::encoding::Hash;
pub use crate::epoch::{SeenEpochs, VerifiedEpoch};
use crate::ids::{CentreId, NetworkId, PersonId};
use crate::recipient::Recipient;
use crate::refusal::CentreRefusal;
use crate::root::VerifiedRoot;
use crate::signature::{PublicKey, SignedDocument, SignedType};
use crate::statement::{LONGEST_EPOCH, Statement, StatementBody};
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
    /// Takes one more statement onto the chain.
    fn apply(&mut self, document: &SignedDocument, clock: Clock) -> Result<(), CentreRefusal> {
        let signers = document.signers(SignedType::Statement)?;
        let statement: Statement =
            serde_json::from_slice(&document.payload.0).map_err(|_| CentreRefusal::Malformed)?;
        if statement.centre != self.centre() || statement.certificate != self.certificate.hash() {
            return Err(CentreRefusal::Place);
        }
        if Some(statement.seq) != self.length.checked_add(1) || statement.prev != self.head {
            return Err(CentreRefusal::Chain);
        }
        if statement.at < self.last_at || statement.at > self.certificate().not_after {
            return Err(CentreRefusal::Chain);
        }
        clock.check_begun(statement.at)?;
        if !signers.iter().all(|key| self.member_by_key(key).is_some()) {
            return Err(CentreRefusal::Signature);
        }
        match statement.body {
            StatementBody::Join { member } => self.join(member, &signers)?,
            StatementBody::Leave { person } => self.leave(person, &signers)?,
            StatementBody::Epoch { channel, number, recipient, not_before, not_after } => {
                let epoch = VerifiedEpoch {
                    certificate: self.certificate.hash(),
                    channel,
                    number,
                    recipient,
                    not_before,
                    not_after,
                    ended: false,
                    authors: Vec::new(),
                };
                self.begin_epoch(epoch, &signers)?;
            }
        }
        self.head = document.hash();
        self.length = statement.seq;
        self.last_at = statement.at;
        Ok(())
    }

    fn join(&mut self, member: Member, signers: &[PublicKey]) -> Result<(), CentreRefusal> {
        if signers.len() < 2 {
            return Err(CentreRefusal::Signature);
        }
        self.certificate().check_member(&member)?;
        let certificate = self.certificate.certificate();
        // Whoever is let into a channel is let in by somebody who reads it: people bound to report cannot send one of theirs (I2).
        let is_let_in = |channel: &Channel| {
            signers
                .iter()
                .filter_map(|key| self.member_by_key(key))
                .any(|signer| certificate.admits(signer, *channel))
        };
        if !member.channels.iter().all(is_let_in) {
            return Err(CentreRefusal::Signature);
        }
        if !self.is_free(Owner::Person(member.person), &member.recipient)
            || self.members.iter().any(|known| is_same_person(known, &member))
        {
            return Err(CentreRefusal::Chain);
        }
        for epoch in &mut self.epochs {
            if !epoch.ended && certificate.admits(&member, epoch.channel) {
                epoch.authors.push((member.person, member.signing_key));
            }
        }
        self.owned.push((Owner::Person(member.person), member.recipient.clone()));
        self.members.push(member);
        Ok(())
    }

    /// Who leaves knows the keys of the current epochs: they end at once, so that nothing newer is sealed to them (I5).
    fn leave(&mut self, person: PersonId, signers: &[PublicKey]) -> Result<(), CentreRefusal> {
        if signers.is_empty() {
            return Err(CentreRefusal::Signature);
        }
        let place =
            self.members.iter().position(|member| member.person == person).ok_or(CentreRefusal::Chain)?;
        let member = self.members.remove(place);
        let certificate = self.certificate.certificate();
        for epoch in &mut self.epochs {
            if certificate.admits(&member, epoch.channel) {
                epoch.ended = true;
            }
        }
        Ok(())
    }

    fn begin_epoch(&mut self, mut epoch: VerifiedEpoch, signers: &[PublicKey]) -> Result<(), CentreRefusal> {
        let certificate = self.certificate.certificate();
        if !certificate.offers(epoch.channel) {
            return Err(CentreRefusal::Channel);
        }
        let may_sign = |key: &PublicKey| {
            self.member_by_key(key).is_some_and(|member| certificate.admits(member, epoch.channel))
        };
        if signers.is_empty() || !signers.iter().all(may_sign) {
            return Err(CentreRefusal::Signature);
        }
        let lasts = epoch.not_after.duration_since(epoch.not_before);
        if lasts <= jiff::SignedDuration::ZERO {
            return Err(CentreRefusal::Malformed);
        }
        if lasts > LONGEST_EPOCH {
            return Err(CentreRefusal::TooLong);
        }
        let highest = self.latest_epoch(epoch.channel).map_or(0, VerifiedEpoch::number);
        // A key that somebody holds already would be read by that person, eligible or not (I2).
        let is_reused = self.epochs.iter().any(|known| known.recipient == epoch.recipient)
            || self.owned.iter().any(|(_, owned)| *owned == epoch.recipient);
        if epoch.number <= highest || is_reused {
            return Err(CentreRefusal::Chain);
        }
        epoch.authors = self
            .members
            .iter()
            .filter(|member| certificate.admits(member, epoch.channel))
            .map(|member| (member.person, member.signing_key))
            .collect();
        for known in &mut self.epochs {
            known.ended |= known.channel == epoch.channel;
        }
        self.epochs.push(epoch);
        Ok(())
    }

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

    /// The epoch that may be sealed to now.
    fn current_epoch(&self, channel: Channel, clock: Clock) -> Result<&VerifiedEpoch, CentreRefusal> {
        if !self.certificate().offers(channel) {
            return Err(CentreRefusal::Channel);
        }
        // Looked at again: a server keeps a verified centre for longer than a day.
        check_dates(self.certificate(), clock)?;
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
