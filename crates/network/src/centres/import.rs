//! `network import`: takes in what the offline tool published (protocol section 12.6).
//!
//! Invariant: everything is verified before anything is written, and all of it is written in one transaction. Importing the same
//! publication again changes nothing; an older one, another network, or a file with a secret key in it is refused.

pub(super) mod epochs;
mod renewal;

use std::collections::BTreeSet;
use std::path::Path;

use envelope::audit::act::{Act, ActKind};
use envelope::centre::{CentreBundle, VerifiedCentre, verify_centre};
use envelope::clock::Clock;
use envelope::publication::{
    CENTRE_FILE, CERTIFICATE_FILE, EARLIER_FILE, EPOCHS_FILE, EpochRecord, MEMBERS_FILE, MemberRecord,
    ROOT_FILE, SECRET_KEY_MARK, STATEMENTS_FILE,
};
use envelope::refusal::CentreRefusal;
use envelope::root::VerifiedRoot;
use envelope::sealed_file;
use envelope::signature::SignedDocument;
use jiff::Timestamp;
use platform::database::{Database, DatabaseError};
use platform::random::Random;
use policy::{Role, Roles};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::facts::{FactsRefusal, PublishedFacts};
use super::leavers;
use super::store::{self, StoredDocument, StoredEpoch, StoredRoot};
use crate::accounts::{self, AccountName, Enrolled, Enrolment, Person, Slot};
use crate::app::record;
use renewal::Chains;

/// Bytes of a slot's salt (protocol section 12.5).
const SALT_LENGTH: usize = 16;

/// A publication as text, file by file; nothing in it is believed yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Publication {
    /// `root.json`.
    pub root: String,
    /// One a centre.
    pub centres: Vec<PublishedCentre>,
}

/// The files of one centre's folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishedCentre {
    /// The folder's name, for messages.
    pub folder: String,
    /// `centre.json`.
    pub centre: String,
    /// `certificate.json`.
    pub certificate: String,
    /// `statements.json`.
    pub statements: String,
    /// `earlier.json`; `[]` where there is none.
    pub earlier: String,
    /// `members.json`.
    pub members: String,
    /// `epochs.json`.
    pub epochs: String,
}

/// Why a publication is refused. The names in it are names of files and folders: this is read by whoever runs the command.
#[derive(Debug, thiserror::Error)]
pub enum ImportRefusal {
    /// A file could not be read.
    #[error("{0} cannot be read")]
    File(String, #[source] std::io::Error),
    /// A secret key: it must never reach a server.
    #[error("{0} holds a secret key; nothing was imported, and this key should count as lost")]
    SecretKey(String),
    /// Something that is not part of a publication.
    #[error("{0} does not belong into a publication")]
    Unexpected(String),
    /// Not the form of protocol section 12.6.
    #[error("{0} does not have the published form")]
    Form(String),
    /// Public facts that cannot be true.
    #[error("{0}: {1}")]
    Facts(String, #[source] FactsRefusal),
    /// A root, certificate or statement that does not verify.
    #[error("{0}: {1}")]
    Trust(String, #[source] CentreRefusal),
    /// Parts that contradict each other.
    #[error("{0}: {1}")]
    Mismatch(String, &'static str),
    /// Another network, or an older state than the one here.
    #[error("{0}")]
    Older(&'static str),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// What an import did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Centres in the publication.
    pub centres: usize,
    /// People with an account.
    pub people: usize,
    /// Whether the network is a demonstration.
    pub demonstration: bool,
}

impl Publication {
    /// Reads a folder.
    ///
    /// # Errors
    /// [`ImportRefusal::File`], [`ImportRefusal::SecretKey`] and [`ImportRefusal::Unexpected`], each with the name of the file.
    pub fn read(folder: &Path) -> Result<Self, ImportRefusal> {
        let mut publication = Self { root: read_file(folder, ROOT_FILE)?, centres: Vec::new() };
        for entry in read_names(folder)? {
            let path = folder.join(&entry);
            if entry == ROOT_FILE {
                continue;
            }
            if !path.is_dir() {
                return Err(refuse_stray(folder, &entry));
            }
            for name in read_names(&path)? {
                let known =
                    [CENTRE_FILE, CERTIFICATE_FILE, STATEMENTS_FILE, EARLIER_FILE, MEMBERS_FILE, EPOCHS_FILE];
                if !known.contains(&name.as_str()) {
                    return Err(refuse_stray(&path, &name));
                }
            }
            publication.centres.push(PublishedCentre {
                centre: read_file(&path, CENTRE_FILE)?,
                certificate: read_file(&path, CERTIFICATE_FILE)?,
                statements: read_file(&path, STATEMENTS_FILE)?,
                earlier: if path.join(EARLIER_FILE).exists() {
                    read_file(&path, EARLIER_FILE)?
                } else {
                    "[]".to_owned()
                },
                members: read_file(&path, MEMBERS_FILE)?,
                epochs: read_file(&path, EPOCHS_FILE)?,
                folder: entry,
            });
        }
        Ok(publication)
    }

    /// The files with their names, for the check that none holds a secret key.
    fn files(&self) -> impl Iterator<Item = (String, &str)> {
        let root = std::iter::once((ROOT_FILE.to_owned(), self.root.as_str()));
        root.chain(self.centres.iter().flat_map(|centre| {
            [
                (CENTRE_FILE, &centre.centre),
                (CERTIFICATE_FILE, &centre.certificate),
                (STATEMENTS_FILE, &centre.statements),
                (EARLIER_FILE, &centre.earlier),
                (MEMBERS_FILE, &centre.members),
                (EPOCHS_FILE, &centre.epochs),
            ]
            .map(|(name, text)| (format!("{}/{name}", centre.folder), text.as_str()))
        }))
    }
}

/// Verifies a publication and takes it in, in one transaction.
///
/// # Errors
/// [`ImportRefusal`]; nothing was written then.
pub async fn import(
    database: &Database,
    random: &Random,
    publication: &Publication,
    now: Timestamp,
) -> Result<Imported, ImportRefusal> {
    let checked = Checked::verify(publication, now, random)?;
    let (checked, number) = (&checked, checked.centres.len());
    database.write(|transaction| async move { checked.write(&transaction, random, now).await }).await?;
    Ok(Imported {
        centres: number,
        people: checked.centres.iter().map(|centre| centre.people.len()).sum(),
        demonstration: checked.demonstration,
    })
}

/// A publication that was verified, in the form in which it is stored.
struct Checked {
    root: StoredRoot,
    demonstration: bool,
    centres: Vec<CheckedCentre>,
}

struct CheckedCentre {
    folder: String,
    id: Uuid,
    /// Used when the organisation is new; drawn before the transaction, which may run more than once.
    new_organisation: Uuid,
    organisation: String,
    slug: String,
    facts: String,
    chains: Chains,
    epochs: Vec<StoredEpoch>,
    people: Vec<Enrolment>,
    verified: VerifiedCentre,
}

impl Checked {
    fn verify(publication: &Publication, now: Timestamp, random: &Random) -> Result<Self, ImportRefusal> {
        for (name, text) in publication.files() {
            if holds_secret_key(text) {
                return Err(ImportRefusal::SecretKey(name));
            }
        }
        let clock = Clock::exact(now);
        let trust = |name: &str| {
            let name = name.to_owned();
            move |refusal| ImportRefusal::Trust(name, refusal)
        };
        let document = SignedDocument::parse(publication.root.as_bytes()).map_err(trust(ROOT_FILE))?;
        let root = VerifiedRoot::verify(&document, clock).map_err(trust(ROOT_FILE))?;
        let mut centres = Vec::new();
        for published in &publication.centres {
            centres.push(CheckedCentre::verify(published, &root, clock, random)?);
        }
        let mut seen = BTreeSet::new();
        for centre in &centres {
            let names = centre.people.iter().map(|enrolment| format!("account {}", enrolment.person.account));
            let own = [format!("centre {}", centre.id), format!("slug {}", centre.slug)];
            for name in names.chain(own) {
                if !seen.insert(name) {
                    return Err(mismatch(&centre.folder, "an account, a slug or a centre is there twice"));
                }
            }
        }
        Ok(Self {
            root: StoredRoot {
                network: root.network().uuid(),
                hash: root.hash().to_string(),
                document: publication.root.clone(),
            },
            demonstration: root.is_demonstration(),
            centres,
        })
    }

    async fn write(
        &self,
        connection: &impl ConnectionTrait,
        random: &Random,
        now: Timestamp,
    ) -> Result<(), ImportRefusal> {
        match store::find_root(connection).await? {
            None => store::insert_root(connection, &self.root).await?,
            Some(kept) if kept.network != self.root.network => {
                return Err(ImportRefusal::Older("this server belongs to another network"));
            }
            Some(kept) if kept.hash != self.root.hash => {
                return Err(ImportRefusal::Older("this server has another root of the same network"));
            }
            Some(_) => {}
        }
        for centre in &self.centres {
            centre.write(connection, random, now).await?;
        }
        Ok(())
    }
}

impl CheckedCentre {
    fn verify(
        published: &PublishedCentre,
        root: &VerifiedRoot,
        clock: Clock,
        random: &Random,
    ) -> Result<Self, ImportRefusal> {
        let folder = published.folder.as_str();
        let name = |file: &str| format!("{folder}/{file}");
        let (facts, _) = PublishedFacts::parse(&published.centre)
            .map_err(|refusal| ImportRefusal::Facts(name(CENTRE_FILE), refusal))?;
        let certificate = SignedDocument::parse(published.certificate.as_bytes())
            .map_err(|refusal| ImportRefusal::Trust(name(CERTIFICATE_FILE), refusal))?;
        let statements: Vec<SignedDocument> = read_json(&published.statements, &name(STATEMENTS_FILE))?;
        let earlier = read_json(&published.earlier, &name(EARLIER_FILE))?;
        let bundle = CentreBundle { certificate, statements, earlier };
        let centre = verify_centre(root, &bundle, clock, None)
            .map_err(|refusal| ImportRefusal::Trust(folder.to_owned(), refusal))?;
        if facts.centre != centre.centre().uuid() {
            return Err(mismatch(folder, "the facts are those of another centre than the certificate"));
        }
        if facts.demonstration != root.is_demonstration() {
            return Err(mismatch(folder, "centre and root must both be a demonstration, or neither"));
        }
        let members: Vec<MemberRecord> = read_json(&published.members, &name(MEMBERS_FILE))?;
        let epochs: Vec<EpochRecord> = read_json(&published.epochs, &name(EPOCHS_FILE))?;
        let chains = Chains::of(&bundle, &centre)?;
        let epochs = epochs::check(folder, &centre, &epochs)?;
        chains.check_stated(folder, &epochs)?;
        Ok(Self {
            folder: folder.to_owned(),
            id: facts.centre,
            new_organisation: random.uuid(),
            organisation: centre.certificate().organisation.clone(),
            slug: facts.slug.clone(),
            facts: published.centre.clone(),
            chains,
            epochs,
            people: check_members(folder, &centre, &members)?,
            verified: centre,
        })
    }

    async fn write(
        &self,
        connection: &impl ConnectionTrait,
        random: &Random,
        now: Timestamp,
    ) -> Result<(), ImportRefusal> {
        self.chains.check_continues(connection, self.id).await?;
        let organisation =
            accounts::amend_organisation(connection, &self.organisation, self.new_organisation).await?;
        let hash = self.chains.in_force();
        store::amend_centre(connection, self.id, organisation, &self.slug, &self.facts, hash).await?;
        self.chains.write(connection, self.id).await?;
        for epoch in &self.epochs {
            store::amend_epoch(connection, self.id, epoch).await?;
        }
        self.chains.erase_wraps_of_others(connection).await?;
        leavers::erase_wraps(connection, &self.verified).await?;
        epochs::check_held(&self.folder, connection, &self.verified).await?;
        let mut acts = vec![Act::of_centre(ActKind::Imported, None, self.id, self.id)];
        for enrolment in &self.people {
            let kind = match accounts::amend_enrolment(connection, organisation, enrolment).await? {
                Enrolled::New => ActKind::RoleGiven,
                Enrolled::OtherKeys => ActKind::RoleChanged,
                Enrolled::Same => continue,
            };
            acts.push(Act::of_centre(kind, None, self.id, enrolment.person.id));
        }
        let people: Vec<Uuid> = self.people.iter().map(|enrolment| enrolment.person.id).collect();
        let gone = accounts::end_roles_of_others(connection, self.id, &people).await?;
        acts.extend(gone.into_iter().map(|person| Act::of_centre(ActKind::RoleEnded, None, self.id, person)));
        for act in acts {
            record(connection, random, now, act).await?;
        }
        Ok(())
    }
}

/// Every record is a member as the chain knows it, with a slot of the right form.
fn check_members(
    folder: &str,
    centre: &VerifiedCentre,
    records: &[MemberRecord],
) -> Result<Vec<Enrolment>, ImportRefusal> {
    let mut people = Vec::new();
    for record in records {
        let is_member = centre.members().iter().any(|member| {
            member.person == record.person
                && member.signing_key == record.signing_key
                && member.recipient == record.recipient
                && member.name == record.name
        });
        if !is_member {
            return Err(mismatch(folder, "members.json names somebody whom the statements do not"));
        }
        let account = AccountName::parse(&record.account)
            .filter(|account| account.as_str() == record.account)
            .ok_or_else(|| mismatch(folder, "an account name is not one"))?;
        if record.slot.salt.0.len() != SALT_LENGTH || sealed_file::check_suite(&record.slot.blob.0).is_err() {
            return Err(mismatch(folder, "a slot does not have the form of protocol section 12.5"));
        }
        people.push(Enrolment {
            person: Person {
                id: record.person.uuid(),
                account: account.as_str().to_owned(),
                name: record.name.clone(),
                language: record.language.as_str().to_owned(),
                signing_key: record.signing_key.as_bytes().to_vec(),
                recipient: record.recipient.to_string(),
                centre: Some(centre.centre().uuid()),
                roles: Roles::from([Role::Operator]),
                suspended: false,
            },
            slot: Slot {
                person: record.person.uuid(),
                salt: record.slot.salt.0.clone(),
                login_key: record.slot.login_key.as_bytes().to_vec(),
                sealed: record.slot.blob.0.clone(),
            },
        });
    }
    Ok(people)
}

fn keep(document: &SignedDocument) -> Result<StoredDocument, ImportRefusal> {
    let json =
        serde_json::to_string(document).map_err(|_| ImportRefusal::Form("a signed document".to_owned()))?;
    Ok(StoredDocument { hash: document.hash().to_string(), document: json })
}

fn mismatch(folder: &str, what: &'static str) -> ImportRefusal {
    ImportRefusal::Mismatch(folder.to_owned(), what)
}

/// An age identity, in either case, or another private key in the usual armour.
fn holds_secret_key(text: &str) -> bool {
    let text = text.to_ascii_uppercase();
    text.contains(SECRET_KEY_MARK) || text.contains("PRIVATE KEY-----")
}

fn read_json<T: serde::de::DeserializeOwned>(text: &str, name: &str) -> Result<T, ImportRefusal> {
    serde_json::from_str(text).map_err(|_| ImportRefusal::Form(name.to_owned()))
}

fn read_file(folder: &Path, name: &str) -> Result<String, ImportRefusal> {
    let path = folder.join(name);
    let text = std::fs::read_to_string(&path)
        .map_err(|error| ImportRefusal::File(path.display().to_string(), error))?;
    if holds_secret_key(&text) {
        return Err(ImportRefusal::SecretKey(path.display().to_string()));
    }
    Ok(text)
}

/// A file that does not belong is refused; the message says so when it is a secret key, which is worse.
fn refuse_stray(folder: &Path, name: &str) -> ImportRefusal {
    match read_file(folder, name) {
        Err(secret @ ImportRefusal::SecretKey(_)) => secret,
        _ => ImportRefusal::Unexpected(folder.join(name).display().to_string()),
    }
}

/// The names in a folder, in order, so that two runs say the same.
fn read_names(folder: &Path) -> Result<Vec<String>, ImportRefusal> {
    let file = |error| ImportRefusal::File(folder.display().to_string(), error);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(file)? {
        let name = entry.map_err(file)?.file_name();
        names.push(name.to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}
