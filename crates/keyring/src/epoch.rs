//! Epoch keys (protocol sections 4 and 12.3): one X25519 key per centre and channel, at most 35 days, its private half sealed to
//! each member who may read the channel and to the channel's paper identity, and to nobody else (invariant I2).

use envelope::centre::{EpochReader, VerifiedCentre};
use envelope::duty::Channel;
use envelope::header::Suite;
use envelope::ids::CentreId;
use envelope::publication::WrapTarget;
use envelope::recipient::Recipient;
use envelope::refusal::CentreRefusal;
use envelope::signature::SignedDocument;
use envelope::statement::{LONGEST_EPOCH, SHORTEST_EPOCH, StatementBody};
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRngCore;

use crate::documents;
use crate::identity::Identity;
use crate::operator::OperatorIdentity;
use crate::refusal::{OpenRefusal, SealRefusal};
use crate::wrap::{self, EpochWrapHeader};

/// The private half of an epoch, with the place it belongs to. Wiped when dropped.
#[derive(Clone)]
pub struct EpochKey {
    centre: CentreId,
    channel: Channel,
    number: u32,
    identity: Identity,
}

impl EpochKey {
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

    /// The number of the epoch.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.number
    }

    /// What items of the epoch are sealed to.
    #[must_use]
    pub fn recipient(&self) -> &Recipient {
        self.identity.recipient()
    }

    /// The identity itself.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }
}

/// A new epoch: its key, the statement that announces it, and its private half sealed to each reader.
pub struct NewEpoch {
    /// The key; the maker may go on working with it.
    pub key: EpochKey,
    /// To be appended to the centre's statements.
    pub statement: SignedDocument,
    /// One wrap per reader.
    pub wraps: Vec<(WrapTarget, Vec<u8>)>,
}

/// Makes the next epoch of a channel. `author` must be a member who may read the channel.
///
/// # Errors
/// [`SealRefusal::Centre`] when the channel is not offered, the author is no such member, or it would last less than a day or more than 35.
pub fn create(
    centre: &VerifiedCentre,
    channel: Channel,
    author: &OperatorIdentity,
    now: Timestamp,
    lasts: SignedDuration,
    rng: &mut impl CryptoRngCore,
) -> Result<NewEpoch, SealRefusal> {
    if lasts < SHORTEST_EPOCH {
        return Err(CentreRefusal::Malformed.into());
    }
    if lasts > LONGEST_EPOCH {
        return Err(CentreRefusal::TooLong.into());
    }
    let member = centre.member_by_key(&author.public_key()).ok_or(CentreRefusal::NotAMember)?;
    if !centre.certificate().admits(member, channel) {
        return Err(CentreRefusal::NotAMember.into());
    }
    let readers = centre.epoch_readers(channel)?;
    let latest = centre.latest_epoch(channel).map_or(0, envelope::centre::VerifiedEpoch::number);
    let number = latest.checked_add(1).ok_or(CentreRefusal::Chain)?;
    let identity = Identity::generate(rng).map_err(|_| SealRefusal::Internal)?;
    let not_after = now.checked_add(lasts).map_err(|_| SealRefusal::Internal)?;
    let recipient = identity.recipient().clone();
    let body = StatementBody::Epoch { channel, number, recipient, not_before: now, not_after };
    let statement = documents::sign_statement(centre, body, now, &[author.signing_key()])?;
    let key = EpochKey { centre: centre.centre(), channel, number, identity };
    let mut wraps = Vec::with_capacity(readers.len());
    for reader in &readers {
        let target = reader.person().map_or(WrapTarget::Paper, WrapTarget::Person);
        wraps.push((target, seal_to(reader, &key, author)?));
    }
    Ok(NewEpoch { key, statement, wraps })
}

/// Seals an epoch's private half to one more reader (section 4.2). The reader comes from a verified chain.
///
/// # Errors
/// [`SealRefusal::Place`] when reader and key are of different centres or channels.
pub fn seal_to(
    reader: &EpochReader,
    key: &EpochKey,
    author: &OperatorIdentity,
) -> Result<Vec<u8>, SealRefusal> {
    if reader.centre() != key.centre || reader.channel() != key.channel {
        return Err(SealRefusal::Place);
    }
    let header = EpochWrapHeader {
        suite: Suite::Approdo1,
        centre: key.centre,
        channel: key.channel,
        epoch: key.number,
        to: reader.recipient().fingerprint(),
        author: author.public_key(),
    };
    wrap::seal(reader.recipient(), &header, &key.identity, author.signing_key())
}

/// Opens the wrap of an epoch key with a member's or the paper identity, and checks it against the verified chain: the place, the
/// author (who read the channel then or later), and that the key is the private half of the recipient that the chain announces.
///
/// # Errors
/// An [`OpenRefusal`] that names what does not hold.
pub fn open(
    sealed: &[u8],
    identity: &Identity,
    centre: &VerifiedCentre,
    channel: Channel,
    number: u32,
) -> Result<EpochKey, OpenRefusal> {
    let (header, key) = wrap::open(identity, sealed, |header: &EpochWrapHeader| header.author)?;
    let is_in_place = header.centre == centre.centre()
        && header.channel == channel
        && header.epoch == number
        && header.to == identity.recipient().fingerprint();
    if !is_in_place {
        return Err(OpenRefusal::Place);
    }
    centre.check_sharer(channel, number, &header.author).map_err(|_| OpenRefusal::Author)?;
    let announced = centre.epoch(channel, number).ok_or(OpenRefusal::Place)?;
    if announced.recipient() != key.recipient() {
        return Err(OpenRefusal::Place);
    }
    Ok(EpochKey { centre: header.centre, channel, number, identity: key })
}
