//! `demo`: the demonstration network of `make run` (data/demo/network.json). Made once, in one step; later runs leave a valid one
//! as it is and renew, with the same people, what has ended or will within two days.

use std::fs;
use std::path::{Path, PathBuf};

use envelope::certificate::{Certificate, CertifiedChannel, Member};
use envelope::duty::{Channel, Duties};
use envelope::header::Language;
use envelope::ids::CentreId;
use envelope::publication::ROOT_FILE;
use envelope::statement::LONGEST_EPOCH;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use keyring::paper::PaperIdentity;
use rand_core::CryptoRngCore;
use serde::Deserialize;

use crate::cli::Demo;
use crate::failure::Failure;
use crate::formats::{DemoAccount, Facts};
use crate::network::{GovernorKey, RootPlan};
use crate::operator::{NewOperator, OperatorPlan};
use crate::publication::{CentreFiles, Publication};
use crate::{certify, epoch, files, network, operator, verify};

/// The facts, compiled in: the tool needs nothing beside itself.
const NETWORK: &str = include_str!("../../../data/demo/network.json");
/// What ends within this time is renewed now, so that nothing ends during a day of showing.
const RENEW_WITHIN: SignedDuration = SignedDuration::from_hours(48);
/// Days that a certificate of the demonstration holds: twelve months.
const CERTIFICATE_DAYS: i64 = 365;

const PUBLIC: &str = "public";
const PRIVATE: &str = "private";
const ACCOUNTS: &str = "accounts.json";
const GOVERNORS: &str = "governors";
const PAPER: &str = "paper";
const ARCHIVE: &str = "archive";

/// data/demo/network.json.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoNetwork {
    name: String,
    threshold: u32,
    governors: Vec<String>,
    centres: Vec<DemoCentre>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoCentre {
    facts: Facts,
    organisation: String,
    channels: Vec<Channel>,
    duty: Duties,
    legal_basis: String,
    operators: Vec<DemoOperator>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DemoOperator {
    account: String,
    name: String,
    language: Language,
    channels: Vec<Channel>,
    duty: Duties,
}

/// Runs `demo`.
///
/// # Errors
/// When the folder holds something else than a demonstration, when what it publishes does not verify, or a file cannot be written.
pub(crate) fn demo(
    arguments: &Demo,
    now: Timestamp,
    rng: &mut impl CryptoRngCore,
) -> Result<Vec<String>, Failure> {
    let folder = &arguments.folder;
    let is_there =
        folder.join(PRIVATE).join(ACCOUNTS).exists() && folder.join(PUBLIC).join(ROOT_FILE).exists();
    let mut said = Vec::new();
    if is_there {
        files::secret_folder(&folder.join(PRIVATE))?;
        let renewed = renew(folder, now, rng)?;
        if renewed.is_empty() {
            said.push(format!("The demonstration network in {} is valid.", folder.display()));
        } else {
            said.push(format!("Renewed in the demonstration network in {}:", folder.display()));
            said.extend(renewed);
        }
    } else if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Failure::Refused(format!(
            "{} is there and is no complete demonstration network; move it away or name another folder with --folder",
            folder.display()
        )));
    } else {
        create_in_one_step(folder, now, rng)?;
        said.push(format!("Made a demonstration network in {}.", folder.display()));
    }
    let publication = Publication::open(&folder.join(PUBLIC), now)?;
    said.extend(verify::check(&publication, now)?);
    let accounts: Vec<DemoAccount> = files::read_secret_json(&folder.join(PRIVATE).join(ACCOUNTS))?;
    said.push(
        "Accounts of the demonstration (they protect nothing; kept in private/accounts.json):".to_owned(),
    );
    said.extend(accounts.iter().map(|account| {
        format!("  {}  {}  passphrase: {}", account.account, account.language.as_str(), account.passphrase)
    }));
    Ok(said)
}

/// Builds everything beside the folder and gives it its name at the end: a run that breaks off leaves no half of a network.
fn create_in_one_step(folder: &Path, now: Timestamp, rng: &mut impl CryptoRngCore) -> Result<(), Failure> {
    let name = folder
        .file_name()
        .ok_or_else(|| Failure::Refused(format!("{} is no name for a new folder", folder.display())))?;
    if let Some(parent) = folder.parent() {
        files::public_folder(parent)?;
    }
    let draft = folder.with_file_name(format!(".{}.{:016x}", name.to_string_lossy(), rng.next_u64()));
    let made = create(&draft, now, rng).and_then(|()| {
        // An empty folder of that name gives way; anything else makes the renaming fail.
        fs::rename(&draft, folder).map_err(|error| Failure::Write(folder.into(), error))
    });
    if made.is_err() {
        // Best effort: the first error is the one to tell, and the draft is in nobody's way.
        let _ = fs::remove_dir_all(&draft);
    }
    made
}

fn create(folder: &Path, now: Timestamp, rng: &mut impl CryptoRngCore) -> Result<(), Failure> {
    let network: DemoNetwork = serde_json::from_str(NETWORK)
        .map_err(|error| Failure::Format(PathBuf::from("data/demo/network.json"), error.to_string()))?;
    let private = folder.join(PRIVATE);
    let public = folder.join(PUBLIC);
    files::secret_folder(&private)?;
    files::public_folder(&public)?;
    let plan = RootPlan {
        name: &network.name,
        governors: &network.governors,
        threshold: network.threshold,
        demonstration: true,
        not_before: now,
    };
    let (root, governors) = network::create(&plan, rng)?;
    network::write_governors(&private.join(GOVERNORS), &governors, rng)?;
    files::write_public(&public.join(ROOT_FILE), &root, rng)?;
    files::secret_folder(&private.join(PAPER))?;
    let publication = Publication::open(&public, now)?;
    let mut accounts = Vec::new();
    for centre in &network.centres {
        create_centre(&publication, &private, centre, &governors, &mut accounts, now, rng)?;
    }
    files::write_secret_json(&private.join(ACCOUNTS), &accounts, rng)
}

fn create_centre(
    publication: &Publication,
    private: &Path,
    plan: &DemoCentre,
    governors: &[GovernorKey],
    accounts: &mut Vec<DemoAccount>,
    now: Timestamp,
    rng: &mut impl CryptoRngCore,
) -> Result<(), Failure> {
    let centre = CentreId::from_random_bytes(network::random_bytes(rng));
    let slug = &plan.facts.slug;
    let people: Vec<NewOperator> = plan
        .operators
        .iter()
        .map(|person| {
            let plan = OperatorPlan {
                account: &person.account,
                name: &person.name,
                language: &person.language,
                channels: &person.channels,
                duty: person.duty,
            };
            operator::create(&plan, rng)
        })
        .collect::<Result<_, _>>()?;
    let mut channels = Vec::new();
    for channel in &plan.channels {
        let paper = PaperIdentity::generate(rng)
            .map_err(|error| Failure::Sealing("no paper identity was made", error.to_string()))?;
        let path = private.join(PAPER).join(format!("{slug}-{channel}.txt"));
        files::write_secret(&path, paper.to_file().as_bytes(), rng)?;
        channels.push(CertifiedChannel { channel: *channel, paper_recipient: paper.recipient().clone() });
    }
    let certificate = Certificate {
        network: publication.root.network(),
        centre,
        organisation: plan.organisation.clone(),
        channels,
        duty: plan.duty,
        legal_basis: plan.legal_basis.clone(),
        local_opinion: None,
        named_persons: Vec::new(),
        review_date: last_day(now)?,
        not_before: now,
        not_after: now + SignedDuration::from_hours(24 * CERTIFICATE_DAYS),
        founding_members: people.iter().map(|person| person.file.member()).collect(),
        previous_chain: None,
    };
    let signers = signing(publication, governors);
    let (bundle, _) = certify::sign(publication, &certificate, Vec::new(), signers, now)?;
    let mut facts = plan.facts.clone();
    facts.centre = Some(centre);
    let members = people.iter().map(|person| person.file.record()).collect();
    let mut files = CentreFiles { facts, bundle, members, epochs: Vec::new() };
    for channel in &plan.channels {
        let signer = people.iter().find(|person| person.file.channels.contains(channel));
        let signer =
            signer.ok_or_else(|| Failure::Refused(format!("{slug}: nobody reads the {channel} channel")))?;
        epoch::begin(publication, &mut files, *channel, &signer.identity, now, LONGEST_EPOCH, rng)?;
    }
    publication.write_centre(&files, rng)?;
    accounts.extend(people.iter().map(|person| DemoAccount {
        centre,
        slug: slug.clone(),
        person: person.file.person,
        name: person.file.name.clone(),
        account: person.file.account.clone(),
        language: person.file.language.clone(),
        passphrase: person.passphrase.as_str().to_owned(),
    }));
    Ok(())
}

/// Renews what has ended or will soon; says what it did.
fn renew(folder: &Path, now: Timestamp, rng: &mut impl CryptoRngCore) -> Result<Vec<String>, Failure> {
    let publication = Publication::open(&folder.join(PUBLIC), now)?;
    let private = folder.join(PRIVATE);
    let accounts: Vec<DemoAccount> = files::read_secret_json(&private.join(ACCOUNTS))?;
    let mut said = Vec::new();
    for slug in publication.slugs()? {
        let mut files = publication.centre(&slug)?;
        let mut centre = files.verify_as_last_valid(&publication, now)?;
        let mut is_changed = false;
        if ends_soon(centre.certificate().not_after, now) {
            let next =
                next_certificate(centre.certificate(), centre.members(), centre.next_statement().1, now)?;
            let governors = read_governors(&private.join(GOVERNORS))?;
            certify::archive_centre(&publication, &slug, &private.join(ARCHIVE))?;
            let (signers, earlier) = (signing(&publication, &governors), certify::chains_of(&files.bundle));
            let (bundle, renewed) = certify::sign(&publication, &next, earlier, signers, now)?;
            files.renew(bundle, &renewed);
            centre = renewed;
            is_changed = true;
            said.push(format!("  {slug}: certificate until {}", next.not_after));
        }
        for offered in centre.certificate().channels.clone() {
            let channel = offered.channel;
            let newest = centre.latest_epoch(channel);
            if newest.is_some_and(|epoch| !epoch.is_ended() && !ends_soon(epoch.not_after(), now)) {
                continue;
            }
            let reader = centre.members().iter().find(|member| centre.certificate().admits(member, channel));
            let account =
                reader.and_then(|member| accounts.iter().find(|account| account.person == member.person));
            let account = account.ok_or_else(|| {
                Failure::Refused(format!("{slug}: no account of a reader of the {channel} channel"))
            })?;
            let signer = operator::unlock(&files.members, &account.account, &account.passphrase)?;
            let number = epoch::begin(&publication, &mut files, channel, &signer, now, LONGEST_EPOCH, rng)?;
            is_changed = true;
            said.push(format!("  {slug}: {channel} channel, epoch {number}"));
        }
        if is_changed {
            publication.write_centre(&files, rng)?;
        }
    }
    Ok(said)
}

/// The certificate of the next twelve months: the same centre, channels, duties and people.
fn next_certificate(
    before: &Certificate,
    members: &[Member],
    head: envelope::encoding::Hash,
    now: Timestamp,
) -> Result<Certificate, Failure> {
    Ok(Certificate {
        review_date: last_day(now)?,
        not_before: now,
        not_after: now + SignedDuration::from_hours(24 * CERTIFICATE_DAYS),
        founding_members: members.to_vec(),
        previous_chain: Some(head),
        ..before.clone()
    })
}

/// The day on which a certificate made now ends: its review date, so that the certificate's end comes first.
fn last_day(now: Timestamp) -> Result<Date, Failure> {
    let today = now.to_zoned(TimeZone::UTC).date();
    today
        .checked_add(CERTIFICATE_DAYS.days())
        .map_err(|error| Failure::Refused(format!("the calendar ends before the certificate would: {error}")))
}

/// As many governors as the threshold asks for: certificates of the demonstration are signed as real ones are.
fn signing<'a>(publication: &Publication, governors: &'a [GovernorKey]) -> &'a [GovernorKey] {
    let threshold = publication.threshold();
    governors.get(..threshold).unwrap_or(governors)
}

fn read_governors(folder: &Path) -> Result<Vec<GovernorKey>, Failure> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| Failure::Read(folder.into(), error))? {
        paths.push(entry.map_err(|error| Failure::Read(folder.into(), error))?.path());
    }
    paths.sort();
    paths.iter().map(|path| network::read_governor(path)).collect()
}

fn ends_soon(end: Timestamp, now: Timestamp) -> bool {
    end.duration_since(now) <= RENEW_WITHIN
}
