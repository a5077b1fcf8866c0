//! `verify`: reads a publication as a stranger would and says what it proves. Nothing is opened: the sealed parts are checked by
//! length and by addressee only.

use std::collections::BTreeSet;

use envelope::centre::VerifiedCentre;
use envelope::clock::Clock;
use envelope::duty::Channel;
use envelope::publication::{EPOCHS_FILE, MEMBERS_FILE, WrapTarget};
use envelope::sizes::WRAP_LENGTH;
use jiff::Timestamp;

use crate::cli::Verify;
use crate::failure::Failure;
use crate::names;
use crate::publication::{CentreFiles, Publication};

/// Bytes of a slot's salt (protocol section 12.5).
const SALT_LENGTH: usize = 16;

/// Runs `verify`.
///
/// # Errors
/// The first thing that does not hold, by the name of its file.
pub(crate) fn verify(arguments: &Verify, now: Timestamp) -> Result<Vec<String>, Failure> {
    let publication = Publication::open(&arguments.publication, now)?;
    check(&publication, now)
}

/// Checks a whole publication and says what it verified.
///
/// # Errors
/// The first thing that does not hold, by the name of its file.
pub(crate) fn check(publication: &Publication, now: Timestamp) -> Result<Vec<String>, Failure> {
    publication.check_content()?;
    let root = &publication.root;
    let kind = if root.is_demonstration() { "demonstration network" } else { "network" };
    let mut said = vec![
        format!("{kind}: {} ({})", root.name(), root.network()),
        format!("root: {}, {} governors", root.hash(), root.governors().len()),
    ];
    let mut accounts = BTreeSet::new();
    for slug in publication.slugs()? {
        names::check(&slug)?;
        let files = publication.centre(&slug)?;
        if files.facts.slug != slug {
            return Err(invalid(publication, &slug, "centre.json names another address than the folder"));
        }
        let centre = files.verify(publication, now)?;
        check_members(publication, &files, &centre, &mut accounts)?;
        check_epochs(publication, &files, &centre)?;
        said.push(format!(
            "{slug}: {}, {} members, certified until {}",
            centre.certificate().organisation,
            centre.members().len(),
            centre.certificate().not_after
        ));
        for offered in &centre.certificate().channels {
            let line = match centre.recipient(offered.channel, Clock::exact(now)) {
                Ok(recipient) => {
                    let ends = centre
                        .epoch(offered.channel, recipient.epoch())
                        .map(|epoch| epoch.not_after().to_string());
                    let is_here = files.has_record(offered.channel, recipient.epoch());
                    format!(
                        "  {} channel: epoch {} until {}{}",
                        offered.channel,
                        recipient.epoch(),
                        ends.unwrap_or_default(),
                        if is_here {
                            ""
                        } else {
                            "; its sealed keys are not here, so the server has to have them"
                        }
                    )
                }
                Err(refusal) => format!("  {} channel: closed, {refusal}", offered.channel),
            };
            said.push(line);
        }
    }
    Ok(said)
}

/// Every member of the chain has one record with the same keys, nobody else has one, and no account is there twice.
fn check_members(
    publication: &Publication,
    files: &CentreFiles,
    centre: &VerifiedCentre,
    accounts: &mut BTreeSet<String>,
) -> Result<(), Failure> {
    let wrong = |reason: &str| {
        Err(Failure::Invalid(
            publication.centre_folder(&files.facts.slug).join(MEMBERS_FILE),
            reason.to_owned(),
        ))
    };
    if files.members.len() != centre.members().len() {
        return wrong("there are other people in it than in certificate and statements");
    }
    for record in &files.members {
        let is_member = centre.members().iter().any(|member| {
            member.person == record.person
                && member.name == record.name
                && member.signing_key == record.signing_key
                && member.recipient == record.recipient
        });
        if !is_member {
            return wrong("somebody in it is not the member that certificate and statements name");
        }
        names::check(&record.account)?;
        if !accounts.insert(record.account.clone()) {
            return wrong("an account is there twice in the network");
        }
        if record.slot.salt.0.len() != SALT_LENGTH || record.slot.blob.0.is_empty() {
            return wrong("a slot is not complete");
        }
    }
    Ok(())
}

/// The newest epoch of every channel is sealed to everybody who may read it, or has no record: then the server keeps the sealed keys that it
/// has (protocol section 12.6), and refuses the import where it has none. Every sealed key has the one length.
fn check_epochs(
    publication: &Publication,
    files: &CentreFiles,
    centre: &VerifiedCentre,
) -> Result<(), Failure> {
    let wrong = |reason: String| {
        Err(Failure::Invalid(publication.centre_folder(&files.facts.slug).join(EPOCHS_FILE), reason))
    };
    let mut seen: BTreeSet<(Channel, u32)> = BTreeSet::new();
    for record in &files.epochs {
        if !seen.insert((record.channel, record.number)) {
            return wrong(format!(
                "epoch {} of the {} channel is there twice",
                record.number, record.channel
            ));
        }
        if centre.epoch(record.channel, record.number).is_none() {
            return wrong(format!(
                "no statement made epoch {} of the {} channel",
                record.number, record.channel
            ));
        }
        if record.wraps.iter().any(|wrap| wrap.wrap.0.len() != WRAP_LENGTH) {
            return wrong(format!(
                "a sealed key of epoch {} has another length than {WRAP_LENGTH} bytes",
                record.number
            ));
        }
    }
    for offered in &centre.certificate().channels {
        let channel = offered.channel;
        // One that ended, by a departure or a renewal, is not sealed to any more.
        let newest = centre.latest_epoch(channel).filter(|epoch| !epoch.is_ended());
        let Some(newest) = newest else { continue };
        let record =
            files.epochs.iter().find(|record| (record.channel, record.number) == (channel, newest.number()));
        let readers = centre.epoch_readers(channel).unwrap_or_default();
        let is_complete = record.is_none_or(|record| {
            readers.iter().all(|reader| {
                let to = reader.person().map_or(WrapTarget::Paper, WrapTarget::Person);
                record.wraps.iter().any(|wrap| wrap.to == to)
            })
        });
        if !is_complete {
            return wrong(format!(
                "epoch {} of the {channel} channel is not sealed to all its readers",
                newest.number()
            ));
        }
    }
    Ok(())
}

fn invalid(publication: &Publication, slug: &str, reason: &str) -> Failure {
    Failure::Invalid(publication.centre_folder(slug), reason.to_owned())
}
