//! `operator new` and `operator join`: the people who read at a centre (protocol sections 3, 4.2 and 12.5).

use std::path::Path;

use envelope::centre::{VerifiedCentre, VerifiedEpoch};
use envelope::duty::{Channel, Duties, Duty};
use envelope::encoding::Base64;
use envelope::header::Language;
use envelope::ids::PersonId;
use envelope::publication::{EpochWrapRecord, MemberRecord, WrapTarget};
use jiff::Timestamp;
use keyring::operator::OperatorIdentity;
use keyring::passphrase::{Passphrase, WordList};
use keyring::slot::{self, SlotKeys};
use keyring::{documents, epoch};
use rand_core::CryptoRngCore;

use crate::cli::{ChannelArgument, DutyArgument, LanguageArgument, OperatorJoin, OperatorNew};
use crate::failure::Failure;
use crate::files;
use crate::formats::MemberFile;
use crate::names;
use crate::network::random_bytes;
use crate::publication::{CentreFiles, Publication};

/// A person who was just made: the file, the passphrase and the identity, the last two in memory only.
pub(crate) struct NewOperator {
    /// What may be kept.
    pub(crate) file: MemberFile,
    /// Said once.
    pub(crate) passphrase: Passphrase,
    /// What the slot holds.
    pub(crate) identity: OperatorIdentity,
}

/// What a person is made from.
pub(crate) struct OperatorPlan<'a> {
    /// The name to sign in with.
    pub(crate) account: &'a str,
    /// The person's name.
    pub(crate) name: &'a str,
    /// Of the console and the passphrase.
    pub(crate) language: &'a Language,
    /// The channels the person may read.
    pub(crate) channels: &'a [Channel],
    /// What the person must report.
    pub(crate) duty: Duties,
}

/// Runs `operator new`.
///
/// # Errors
/// When the name is not usable, the file is there already, or it cannot be written.
pub(crate) fn new(arguments: &OperatorNew, rng: &mut impl CryptoRngCore) -> Result<Vec<String>, Failure> {
    if arguments.out.exists() {
        return Err(Failure::Exists(arguments.out.clone()));
    }
    let channels: Vec<Channel> = arguments.channels.iter().copied().map(Channel::from).collect();
    let plan = OperatorPlan {
        account: &arguments.account,
        name: &arguments.name,
        language: &language(arguments.language)?,
        channels: &channels,
        duty: Duties { on_status: arguments.on_status.into(), on_crime: arguments.on_crime.into() },
    };
    let operator = create(&plan, rng)?;
    files::write_secret_json(&arguments.out, &operator.file, rng)?;
    Ok(vec![
        format!("person: {} ({})", operator.file.person, arguments.out.display()),
        format!("account: {}", arguments.account),
        format!("passphrase: {}", operator.passphrase.as_str()),
        "The passphrase is shown once and kept nowhere: write it on paper and give it to the person."
            .to_owned(),
    ])
}

/// Draws a person's identity and passphrase and seals the one to the other.
///
/// # Errors
/// [`Failure::Name`], [`Failure::Refused`] for an empty name, [`Failure::Sealing`].
pub(crate) fn create(plan: &OperatorPlan<'_>, rng: &mut impl CryptoRngCore) -> Result<NewOperator, Failure> {
    names::check(plan.account)?;
    if plan.name.trim().is_empty() {
        return Err(Failure::Refused("the person needs a name".to_owned()));
    }
    // A language without words of its own gets English ones.
    let words = if plan.language.as_str() == "it" { WordList::Italian } else { WordList::English };
    let passphrase = Passphrase::generate(words, rng);
    let identity = OperatorIdentity::generate(rng)
        .map_err(|error| Failure::Sealing("no identity was made", error.to_string()))?;
    let slot = slot::create(&passphrase, &identity, rng)
        .map_err(|error| Failure::Sealing("the slot could not be sealed", error.to_string()))?;
    let file = MemberFile {
        person: PersonId::from_random_bytes(random_bytes(rng)),
        account: plan.account.to_owned(),
        name: plan.name.to_owned(),
        language: plan.language.clone(),
        duty: plan.duty,
        channels: plan.channels.to_vec(),
        signing_key: identity.public_key(),
        recipient: identity.recipient().clone(),
        slot,
    };
    Ok(NewOperator { file, passphrase, identity })
}

/// Runs `operator join`: two members sign, and whichever of them can seals the current epoch keys to the newcomer. Of every epoch of a
/// channel that the newcomer reads it says whether its key was sealed.
///
/// # Errors
/// When the publication, the passphrases or the join statement are refused; nothing is written then.
pub(crate) fn join(
    arguments: &OperatorJoin,
    now: Timestamp,
    rng: &mut impl CryptoRngCore,
) -> Result<Vec<String>, Failure> {
    names::check(&arguments.centre)?;
    let ([one, other], [one_file, other_file]) =
        (arguments.signers.as_slice(), arguments.passphrase_files.as_slice())
    else {
        return Err(Failure::Refused(
            "give --signer and --passphrase-file twice: two members admit a person".to_owned(),
        ));
    };
    let publication = Publication::open(&arguments.publication, now)?;
    let newcomer: MemberFile = files::read_json(&arguments.newcomer)?;
    names::check(&newcomer.account)?;
    let mut files = publication.centre(&arguments.centre)?;
    let before = files.verify(&publication, now)?;
    let first = unlock_with_file(&files, one, one_file)?;
    let second = unlock_with_file(&files, other, other_file)?;

    let statement =
        documents::sign_join(&before, newcomer.member(), [first.signing_key(), second.signing_key()], now)
            .map_err(|error| Failure::Sealing("no join statement was made", error.to_string()))?;
    files.bundle.statements.push(statement);
    let after = files.verify(&publication, now)?;
    let mut said = vec![format!("joined: {} ({})", newcomer.name, newcomer.person)];
    for channel in &newcomer.channels {
        said.extend(share(&mut files, &after, *channel, &newcomer, [&first, &second])?);
    }
    let is_known = files.members.iter().any(|member| member.account == newcomer.account);
    if is_known {
        return Err(Failure::Refused(format!("the account '{}' is taken at this centre", newcomer.account)));
    }
    files.members.push(newcomer.record());
    publication.write_centre(&files, rng)?;
    Ok(said)
}

/// Seals the current epoch key of a channel to a newcomer, when there is one and a signer can open it, and says what was sealed and what not.
fn share(
    files: &mut CentreFiles,
    centre: &VerifiedCentre,
    channel: Channel,
    newcomer: &MemberFile,
    signers: [&OperatorIdentity; 2],
) -> Result<Vec<String>, Failure> {
    let current = centre.latest_epoch(channel).filter(|epoch| !epoch.is_ended());
    let current = current.map(VerifiedEpoch::number);
    let mut said = Vec::new();
    let ended = centre.epochs().iter().filter(|epoch| epoch.channel() == channel && epoch.is_ended());
    let ended: Vec<String> = ended.map(|epoch| epoch.number().to_string()).collect();
    if !ended.is_empty() {
        said.push(format!(
            "not sealed to the newcomer: {channel} channel, epoch {}: ended, so what was written under it stays with colleagues",
            ended.join(", ")
        ));
    }
    let Some(number) = current else {
        said.push(format!("not sealed to the newcomer: the {channel} channel has no key now"));
        return Ok(said);
    };
    said.push(if seal_current(files, centre, (channel, number), newcomer, signers)? {
        format!("sealed to the newcomer: {channel} channel, epoch {number}")
    } else if files.has_record(channel, number) {
        format!(
            "not sealed to the newcomer: {channel} channel, epoch {number}: neither signer can open its key; a member makes the next one"
        )
    } else {
        format!(
            "not sealed to the newcomer: {channel} channel, epoch {number}: its sealed keys are on the server alone; \
             after the import a member makes the next one in the console, the newcomer too"
        )
    });
    Ok(said)
}

/// Whether one of the signers could open the key and sealed it.
fn seal_current(
    files: &mut CentreFiles,
    centre: &VerifiedCentre,
    (channel, number): (Channel, u32),
    newcomer: &MemberFile,
    signers: [&OperatorIdentity; 2],
) -> Result<bool, Failure> {
    let readers = centre
        .epoch_readers(channel)
        .map_err(|refusal| Failure::Refused(format!("the {channel} channel has no readers: {refusal}")))?;
    let reader = readers.iter().find(|reader| reader.person() == Some(newcomer.person));
    let record = files.epochs.iter_mut().find(|record| (record.channel, record.number) == (channel, number));
    let (Some(reader), Some(record)) = (reader, record) else { return Ok(false) };
    let sealed_for = |signer: &OperatorIdentity| {
        let person = centre.member_by_key(&signer.public_key())?.person;
        record.wraps.iter().find(|wrap| wrap.to == WrapTarget::Person(person))
    };
    let opened = signers.into_iter().find_map(|signer| {
        let sealed = &sealed_for(signer)?.wrap.0;
        Some((signer, epoch::open(sealed, signer.identity(), centre, channel, number).ok()?))
    });
    let Some((sharer, key)) = opened else { return Ok(false) };
    let wrap = epoch::seal_to(reader, &key, sharer).map_err(|error| {
        Failure::Sealing("the epoch key could not be sealed to the newcomer", error.to_string())
    })?;
    record.wraps.push(EpochWrapRecord { to: WrapTarget::Person(newcomer.person), wrap: Base64(wrap) });
    Ok(true)
}

/// Opens a member's identity with the passphrase in a file.
///
/// # Errors
/// When others may read the file, nobody has the account, or the passphrase does not open the slot.
pub(crate) fn unlock_with_file(
    files: &CentreFiles,
    account: &str,
    path: &Path,
) -> Result<OperatorIdentity, Failure> {
    let content = zeroize::Zeroizing::new(files::read_secret(path)?);
    let text = core::str::from_utf8(&content)
        .map_err(|_| Failure::Format(path.into(), "a passphrase is text".to_owned()))?;
    unlock(&files.members, account, text)
}

/// Opens a member's identity with the passphrase.
///
/// # Errors
/// When nobody has the account, or the passphrase does not open the slot.
pub(crate) fn unlock(
    members: &[MemberRecord],
    account: &str,
    passphrase: &str,
) -> Result<OperatorIdentity, Failure> {
    let member = members
        .iter()
        .find(|member| member.account == account)
        .ok_or_else(|| Failure::Refused(format!("nobody has the account '{account}' here")))?;
    let wrong = || Failure::Refused(format!("the passphrase does not open the slot of '{account}'"));
    let passphrase = Passphrase::parse(passphrase).map_err(|_| wrong())?;
    let keys = SlotKeys::derive(&passphrase, &member.slot.salt.0).map_err(|_| wrong())?;
    keys.open(&member.slot.blob.0).map_err(|_| wrong())
}

fn language(argument: LanguageArgument) -> Result<Language, Failure> {
    let tag = match argument {
        LanguageArgument::It => "it",
        LanguageArgument::En => "en",
    };
    Language::parse(tag).map_err(|_| Failure::Refused(format!("'{tag}' is no language tag")))
}

impl From<ChannelArgument> for Channel {
    fn from(argument: ChannelArgument) -> Self {
        match argument {
            ChannelArgument::Safe => Self::Safe,
            ChannelArgument::General => Self::General,
        }
    }
}

impl From<DutyArgument> for Duty {
    fn from(argument: DutyArgument) -> Self {
        match argument {
            DutyArgument::None => Self::None,
            DutyArgument::Contested => Self::Contested,
            DutyArgument::Strong => Self::Strong,
        }
    }
}
