//! What is kept for whoever has left (protocol section 4.3): nothing of an epoch of which two colleagues hold a wrap (Rule L of section 6).
//!
//! A member's statement and an import both end here: whichever way a departure came in, the same wraps go. Who reads the channel does not
//! decide, but who holds the epoch: whoever joined after it ended reads the channel and has no wrap of it.

use envelope::centre::{EpochReader, VerifiedCentre};
use envelope::duty::Channel;
use platform::database::DatabaseError;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::readers::PAPER;
use super::store::{self, Holder};

/// Of an epoch of which fewer of those who stay hold a wrap, paper apart, those of whoever left are kept.
const FEWEST_HOLDERS: usize = 2;

/// Erases wraps of whoever is no member any more, of every epoch that enough of those who stay hold.
pub(super) async fn erase_wraps(
    connection: &impl ConnectionTrait,
    centre: &VerifiedCentre,
) -> Result<(), DatabaseError> {
    let holders = store::list_holders(connection, centre.centre().uuid()).await?;
    for channel in [Channel::Safe, Channel::General] {
        let Some(staying) = readers(centre, channel) else { continue };
        for epoch in centre.epochs().iter().filter(|epoch| epoch.channel() == channel) {
            let number = epoch.number();
            if count_held(&holders, channel, i64::from(number), &staying) < FEWEST_HOLDERS {
                continue;
            }
            let mut kept = staying.clone();
            kept.push(PAPER.to_owned());
            let certificate = epoch.certificate().to_string();
            store::erase_wraps_of_epoch(connection, &certificate, (channel.name(), number), &kept).await?;
        }
    }
    Ok(())
}

/// Whether wraps of a channel would be kept for somebody who left: of an epoch that she holds and too few of those who stay do.
pub(super) fn are_kept(centre: &VerifiedCentre, holders: &[Holder], channel: Channel, leaver: Uuid) -> bool {
    let leaver = leaver.to_string();
    let mut staying = readers(centre, channel).unwrap_or_default();
    staying.retain(|person| *person != leaver);
    let mut hers =
        holders.iter().filter(|holder| holder.channel == channel.name() && holder.sealed_to == leaver);
    hers.any(|held| count_held(holders, channel, held.number, &staying) < FEWEST_HOLDERS)
}

/// How many of these people hold a wrap of an epoch.
fn count_held(holders: &[Holder], channel: Channel, number: i64, people: &[String]) -> usize {
    let of_epoch =
        holders.iter().filter(|holder| holder.channel == channel.name() && holder.number == number);
    of_epoch.filter(|holder| people.contains(&holder.sealed_to)).count()
}

/// People who read a channel; `None` while it is not offered.
fn readers(centre: &VerifiedCentre, channel: Channel) -> Option<Vec<String>> {
    let readers = centre.epoch_readers(channel).ok()?;
    Some(readers.iter().filter_map(EpochReader::person).map(|person| person.uuid().to_string()).collect())
}
