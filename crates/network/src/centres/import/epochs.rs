//! The epochs of a publication: which there are, and to whom each is sealed.

use std::collections::{BTreeMap, BTreeSet};

use envelope::centre::{EpochReader, VerifiedCentre};
use envelope::duty::Channel;
use envelope::publication::{EpochRecord, WrapTarget};
use envelope::sealed_file;
use envelope::sizes::WRAP_LENGTH;
use sea_orm::ConnectionTrait;

use super::{ImportRefusal, StoredEpoch, mismatch};
use crate::centres::readers::PAPER;
use crate::centres::store;

/// The wraps of an epoch: for whom, and the sealed file.
type Wraps = Vec<(String, Vec<u8>)>;

/// Every record is an epoch of the chain or of one before it, sealed only to people who may read its channel and to paper (invariant I2).
/// Epochs without a record are kept too: what was sealed to them names them.
pub(in crate::centres) fn check(
    folder: &str,
    centre: &VerifiedCentre,
    records: &[EpochRecord],
) -> Result<Vec<StoredEpoch>, ImportRefusal> {
    let mut sealed: BTreeMap<(Channel, u32), Wraps> = BTreeMap::new();
    for record in records {
        let wraps = check_record(folder, centre, record)?;
        if sealed.insert((record.channel, record.number), wraps).is_some() {
            return Err(mismatch(folder, "an epoch is there twice"));
        }
    }
    let epochs = centre.epochs().iter().map(|epoch| StoredEpoch {
        certificate: epoch.certificate().to_string(),
        channel: epoch.channel().name().to_owned(),
        number: epoch.number(),
        recipient: epoch.recipient().to_string(),
        not_before: epoch.not_before().as_second(),
        not_after: epoch.not_after().as_second(),
        wraps: sealed.remove(&(epoch.channel(), epoch.number())),
    });
    Ok(epochs.collect())
}

fn check_record(folder: &str, centre: &VerifiedCentre, record: &EpochRecord) -> Result<Wraps, ImportRefusal> {
    let epoch = centre
        .epoch(record.channel, record.number)
        .ok_or_else(|| mismatch(folder, "epochs.json names an epoch that no statement made"))?;
    let readers = centre
        .epoch_readers(record.channel)
        .map_err(|refusal| ImportRefusal::Trust(folder.to_owned(), refusal))?;
    let mut sealed_to = BTreeSet::new();
    let mut wraps = Vec::new();
    for wrap in &record.wraps {
        let person = match wrap.to {
            WrapTarget::Person(person) => Some(person),
            WrapTarget::Paper => None,
        };
        if !readers.iter().any(|reader| reader.person() == person) {
            return Err(mismatch(folder, "an epoch is sealed to somebody who may not read its channel"));
        }
        let is_whole = wrap.wrap.0.len() == WRAP_LENGTH && sealed_file::check_suite(&wrap.wrap.0).is_ok();
        if !is_whole || !sealed_to.insert(wrap.to) {
            return Err(mismatch(folder, "a wrap of epochs.json is not one, or is there twice"));
        }
        let to = person.map_or_else(|| PAPER.to_owned(), |person| person.uuid().to_string());
        wraps.push((to, wrap.wrap.0.clone()));
    }
    // Rule L (protocol section 6): at least one person and the paper identity.
    if !epoch.is_ended() && (wraps.len() < 2 || !sealed_to.contains(&WrapTarget::Paper)) {
        return Err(mismatch(folder, "an epoch needs a wrap for paper and one for a person"));
    }
    Ok(wraps)
}

/// Whether every epoch that people may write to is kept sealed to paper and to somebody who reads its channel: one without a record keeps what
/// this server has, and that may be nothing. What is sealed to it then would be lost (Rule L). Asked after everything was written.
pub(super) async fn check_held(
    folder: &str,
    connection: &impl ConnectionTrait,
    centre: &VerifiedCentre,
) -> Result<(), ImportRefusal> {
    let holders = store::list_holders(connection, centre.centre().uuid()).await?;
    for epoch in centre.epochs().iter().filter(|epoch| !epoch.is_ended()) {
        let readers = centre
            .epoch_readers(epoch.channel())
            .map_err(|refusal| ImportRefusal::Trust(folder.to_owned(), refusal))?;
        let holds = |to: &str| {
            holders.iter().any(|holder| {
                holder.channel == epoch.channel().name()
                    && holder.number == i64::from(epoch.number())
                    && holder.sealed_to == to
            })
        };
        let mut people = readers.iter().filter_map(EpochReader::person);
        if !holds(PAPER) || !people.any(|person| holds(&person.uuid().to_string())) {
            return Err(mismatch(
                folder,
                "an epoch that people may write to has no wraps for paper and for a person, neither in epochs.json nor on this server",
            ));
        }
    }
    Ok(())
}
