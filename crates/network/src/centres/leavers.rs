//! What is kept for whoever has left (protocol section 4.3): nothing, as soon as two people still read the channel (Rule L of section 6).
//!
//! A member's statement and an import both end here: whichever way a departure came in, the same wraps go.

use std::collections::BTreeSet;

use envelope::centre::{EpochReader, VerifiedCentre};
use envelope::duty::Channel;
use platform::database::DatabaseError;
use sea_orm::ConnectionTrait;

use super::readers::PAPER;
use super::store;

/// With fewer people who read a channel than this, wraps of those who left are kept.
pub(super) const FEWEST_READERS: usize = 2;

/// Erases wraps of whoever is no member any more, on every channel that enough people read.
pub(super) async fn erase_wraps(
    connection: &impl ConnectionTrait,
    centre: &VerifiedCentre,
) -> Result<(), DatabaseError> {
    for channel in [Channel::Safe, Channel::General] {
        let Some(kept) = keepers(centre, channel) else { continue };
        let epochs = centre.epochs().iter().filter(|epoch| epoch.channel() == channel);
        let certificates: BTreeSet<String> = epochs.map(|epoch| epoch.certificate().to_string()).collect();
        for certificate in certificates {
            store::erase_wraps_of_others(connection, &certificate, channel.name(), &kept).await?;
        }
    }
    Ok(())
}

/// Who keeps wraps of a channel; nobody's are erased while fewer than [`FEWEST_READERS`] people read it, or while it is not offered.
fn keepers(centre: &VerifiedCentre, channel: Channel) -> Option<Vec<String>> {
    let readers = centre.epoch_readers(channel).ok()?;
    let people = readers.iter().filter_map(EpochReader::person);
    let mut kept: Vec<String> = people.map(|person| person.uuid().to_string()).collect();
    if kept.len() < FEWEST_READERS {
        return None;
    }
    kept.push(PAPER.to_owned());
    Some(kept)
}
