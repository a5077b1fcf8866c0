//! `epoch`: the next key of a channel (protocol sections 3 and 4). Its private half exists only sealed: to every member who may
//! read the channel and to the channel's paper identity.

use envelope::duty::Channel;
use envelope::encoding::Base64;
use envelope::publication::{EpochRecord, EpochWrapRecord};
use jiff::{SignedDuration, Timestamp};
use keyring::operator::OperatorIdentity;
use rand_core::CryptoRngCore;

use crate::cli::Epoch;
use crate::failure::Failure;
use crate::names;
use crate::operator::unlock_with_file;
use crate::publication::{CentreFiles, Publication};

/// Runs `epoch`.
///
/// # Errors
/// When the publication, the passphrase or the new epoch are refused; nothing is written then.
pub(crate) fn epoch(
    arguments: &Epoch,
    now: Timestamp,
    rng: &mut impl CryptoRngCore,
) -> Result<Vec<String>, Failure> {
    names::check(&arguments.centre)?;
    let publication = Publication::open(&arguments.publication, now)?;
    let mut files = publication.centre(&arguments.centre)?;
    files.verify(&publication, now)?;
    let signer = unlock_with_file(&files, &arguments.signer, &arguments.passphrase_file)?;
    let lasts = SignedDuration::from_hours(24 * i64::from(arguments.days));
    let number = begin(&publication, &mut files, arguments.channel.into(), &signer, now, lasts, rng)?;
    publication.write_centre(&files, rng)?;
    Ok(vec![format!(
        "epoch {number} of the {} channel of {} begins now and ends {}",
        Channel::from(arguments.channel),
        arguments.centre,
        now + lasts
    )])
}

/// Adds the next epoch of a channel to a centre's files, in memory. Returns its number.
///
/// # Errors
/// When the signer may not read the channel, the epoch would last too long, or the chain with it does not verify.
pub(crate) fn begin(
    publication: &Publication,
    files: &mut CentreFiles,
    channel: Channel,
    signer: &OperatorIdentity,
    now: Timestamp,
    lasts: SignedDuration,
    rng: &mut impl CryptoRngCore,
) -> Result<u32, Failure> {
    let centre = files.verify(publication, now)?;
    let made = keyring::epoch::create(&centre, channel, signer, now, lasts, rng)
        .map_err(|error| Failure::Sealing("no epoch was made", error.to_string()))?;
    let number = made.key.number();
    // A run that broke off may have left sealed keys for a number that no statement ever announced.
    files.epochs.retain(|record| (record.channel, record.number) != (channel, number));
    files.epochs.push(EpochRecord {
        channel,
        number,
        wraps: made.wraps.into_iter().map(|(to, wrap)| EpochWrapRecord { to, wrap: Base64(wrap) }).collect(),
    });
    files.bundle.statements.push(made.statement);
    files.verify(publication, now)?;
    Ok(number)
}
