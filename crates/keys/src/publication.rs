//! The publication folder (protocol section 12.6): read as a stranger would, written file by file.
//!
//! Invariant: nothing secret is ever written into it, and a folder in which something secret or unknown lies is refused by name.

use std::fs;
use std::path::{Path, PathBuf};

use envelope::centre::{CentreBundle, VerifiedCentre, verify_centre};
use envelope::certificate::Certificate;
use envelope::clock::Clock;
use envelope::duty::Channel;
use envelope::publication::{
    CENTRE_FILE, CERTIFICATE_FILE, EARLIER_FILE, EPOCHS_FILE, EpochRecord, MEMBERS_FILE, MemberRecord,
    ROOT_FILE, SECRET_KEY_MARK, STATEMENTS_FILE, WrapTarget,
};
use envelope::root::{Root, VerifiedRoot};
use envelope::signature::SignedDocument;
use jiff::{SignedDuration, Timestamp};
use rand_core::RngCore;

use crate::failure::Failure;
use crate::files;
use crate::formats::Facts;

/// The files of a centre, in the order of the protocol.
pub(crate) const CENTRE_FILES: [&str; 6] =
    [CENTRE_FILE, CERTIFICATE_FILE, STATEMENTS_FILE, EARLIER_FILE, MEMBERS_FILE, EPOCHS_FILE];

/// A publication whose root was verified.
pub(crate) struct Publication {
    /// The folder with `root.json`.
    pub(crate) folder: PathBuf,
    /// The verified root.
    pub(crate) root: VerifiedRoot,
    threshold: usize,
}

/// The published files of one centre, parsed; [`CentreFiles::verify`] says whether they may be believed.
pub(crate) struct CentreFiles {
    /// `centre.json`.
    pub(crate) facts: Facts,
    /// `certificate.json`, `statements.json` and, once there was a renewal, `earlier.json`.
    pub(crate) bundle: CentreBundle,
    /// `members.json`.
    pub(crate) members: Vec<MemberRecord>,
    /// `epochs.json`.
    pub(crate) epochs: Vec<EpochRecord>,
}

impl Publication {
    /// Opens a publication and verifies its root.
    ///
    /// # Errors
    /// When `root.json` cannot be read or does not verify.
    pub(crate) fn open(folder: &Path, now: Timestamp) -> Result<Self, Failure> {
        let path = folder.join(ROOT_FILE);
        let document: SignedDocument = files::read_json(&path)?;
        let root = VerifiedRoot::verify(&document, Clock::exact(now)).map_err(|refusal| {
            Failure::Invalid(path.clone(), format!("the root does not verify: {refusal}"))
        })?;
        let stated: Root = serde_json::from_slice(&document.payload.0)
            .map_err(|error| Failure::Format(path, error.to_string()))?;
        Ok(Self { folder: folder.into(), root, threshold: usize::from(stated.threshold) })
    }

    /// How many governors must sign.
    pub(crate) fn threshold(&self) -> usize {
        self.threshold
    }

    /// The folder of a centre.
    pub(crate) fn centre_folder(&self, slug: &str) -> PathBuf {
        self.folder.join(slug)
    }

    /// Reads a centre; `None` when it is not published yet.
    ///
    /// # Errors
    /// When a file is missing, or is not in its format.
    pub(crate) fn find_centre(&self, slug: &str) -> Result<Option<CentreFiles>, Failure> {
        let folder = self.centre_folder(slug);
        if !folder.join(CERTIFICATE_FILE).exists() {
            return Ok(None);
        }
        let bundle = CentreBundle {
            certificate: files::read_json(&folder.join(CERTIFICATE_FILE))?,
            statements: files::read_json(&folder.join(STATEMENTS_FILE))?,
            earlier: if folder.join(EARLIER_FILE).exists() {
                files::read_json(&folder.join(EARLIER_FILE))?
            } else {
                Vec::new()
            },
        };
        Ok(Some(CentreFiles {
            facts: files::read_json(&folder.join(CENTRE_FILE))?,
            bundle,
            members: files::read_json(&folder.join(MEMBERS_FILE))?,
            epochs: files::read_json(&folder.join(EPOCHS_FILE))?,
        }))
    }

    /// Reads a centre that has to be there.
    ///
    /// # Errors
    /// As [`Publication::find_centre`], and when there is none.
    pub(crate) fn centre(&self, slug: &str) -> Result<CentreFiles, Failure> {
        self.find_centre(slug)?.ok_or_else(|| {
            Failure::Refused(format!(
                "{} publishes no centre '{slug}'; certify it first",
                self.folder.display()
            ))
        })
    }

    /// Writes a centre. Sealed keys go before the statements that announce them, and the certificate before the statements made
    /// under it: a run that breaks off leaves keys without a statement, which readers ignore, never the reverse.
    ///
    /// # Errors
    /// [`Failure::Write`].
    pub(crate) fn write_centre(&self, centre: &CentreFiles, rng: &mut impl RngCore) -> Result<(), Failure> {
        let folder = self.centre_folder(&centre.facts.slug);
        files::public_folder(&folder)?;
        files::write_public(&folder.join(CENTRE_FILE), &centre.facts, rng)?;
        files::write_public(&folder.join(MEMBERS_FILE), &centre.members, rng)?;
        files::write_public(&folder.join(EPOCHS_FILE), &centre.epochs, rng)?;
        if !centre.bundle.earlier.is_empty() {
            files::write_public(&folder.join(EARLIER_FILE), &centre.bundle.earlier, rng)?;
        }
        files::write_public(&folder.join(CERTIFICATE_FILE), &centre.bundle.certificate, rng)?;
        files::write_public(&folder.join(STATEMENTS_FILE), &centre.bundle.statements, rng)
    }

    /// The address names of the published centres.
    ///
    /// # Errors
    /// [`Failure::Read`].
    pub(crate) fn slugs(&self) -> Result<Vec<String>, Failure> {
        let names = files::folders(&self.folder)?
            .iter()
            .filter_map(|folder| folder.file_name().map(|name| name.to_string_lossy().into_owned()))
            .collect();
        Ok(names)
    }

    /// Refuses a folder in which anything lies that is not one of the published files, or a file with a secret key in it.
    ///
    /// # Errors
    /// [`Failure::Stray`], [`Failure::SecretPublished`], [`Failure::Read`].
    pub(crate) fn check_content(&self) -> Result<(), Failure> {
        for path in entries(&self.folder)? {
            if path.is_dir() {
                for file in entries(&path)? {
                    check_file(&file, &CENTRE_FILES)?;
                }
            } else {
                check_file(&path, &[ROOT_FILE])?;
            }
        }
        Ok(())
    }
}

impl CentreFiles {
    /// What the certificate claims, before anything was verified: only to choose the moment at which to verify.
    ///
    /// # Errors
    /// [`Failure::Format`].
    pub(crate) fn claimed_certificate(&self, folder: &Path) -> Result<Certificate, Failure> {
        serde_json::from_slice(&self.bundle.certificate.payload.0)
            .map_err(|error| Failure::Format(folder.join(CERTIFICATE_FILE), error.to_string()))
    }

    /// Verifies certificate and statements under the root at this moment.
    ///
    /// # Errors
    /// [`Failure::Invalid`] with the rule that does not hold.
    pub(crate) fn verify(
        &self,
        publication: &Publication,
        now: Timestamp,
    ) -> Result<VerifiedCentre, Failure> {
        let folder = publication.centre_folder(&self.facts.slug);
        let centre = verify_centre(&publication.root, &self.bundle, Clock::exact(now), None)
            .map_err(|refusal| Failure::Invalid(folder.clone(), format!("does not verify: {refusal}")))?;
        if self.facts.centre != Some(centre.centre()) {
            return Err(Failure::Invalid(
                folder.join(CENTRE_FILE),
                "names another centre than the certificate".to_owned(),
            ));
        }
        Ok(centre)
    }

    /// Whether the sealed keys of an epoch lie here. Those that a member's browser made are on the server alone.
    pub(crate) fn has_record(&self, channel: Channel, number: u32) -> bool {
        self.epochs.iter().any(|record| (record.channel, record.number) == (channel, number))
    }

    /// Goes over to the next certificate: its chain begins, the one before joins the earlier ones, and the sealed keys of earlier epochs
    /// stay for paper and for those who may still read their channel.
    pub(crate) fn renew(&mut self, next: CentreBundle, centre: &VerifiedCentre) {
        self.bundle = next;
        self.epochs.retain_mut(|record| {
            let readers = centre.epoch_readers(record.channel).unwrap_or_default();
            record.wraps.retain(|wrap| {
                let person = match wrap.to {
                    WrapTarget::Person(person) => Some(person),
                    WrapTarget::Paper => None,
                };
                readers.iter().any(|reader| reader.person() == person)
            });
            !record.wraps.is_empty()
        });
    }

    /// Verifies them as they were when the certificate last held: what a renewal may build on although the time has passed.
    ///
    /// # Errors
    /// As [`CentreFiles::verify`].
    pub(crate) fn verify_as_last_valid(
        &self,
        publication: &Publication,
        now: Timestamp,
    ) -> Result<VerifiedCentre, Failure> {
        let certificate = self.claimed_certificate(&publication.centre_folder(&self.facts.slug))?;
        self.verify(publication, last_good_moment(&certificate, now))
    }
}

/// The last moment at which a certificate holds, or `now` while it does: papers that ended are judged as they were then.
pub(crate) fn last_good_moment(certificate: &Certificate, now: Timestamp) -> Timestamp {
    let end = certificate.ends().unwrap_or(certificate.not_after);
    now.min(end - SignedDuration::from_secs(1))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| Failure::Read(folder.into(), error))? {
        paths.push(entry.map_err(|error| Failure::Read(folder.into(), error))?.path());
    }
    paths.sort();
    Ok(paths)
}

fn check_file(path: &Path, allowed: &[&str]) -> Result<(), Failure> {
    let is_known = path.file_name().is_some_and(|name| allowed.iter().any(|known| name == *known));
    if path.is_dir() || !is_known {
        return Err(Failure::Stray(path.into()));
    }
    let mark = SECRET_KEY_MARK.as_bytes();
    let content = files::read(path)?;
    // Bech32 may be written in either case.
    if content.windows(mark.len()).any(|window| window.eq_ignore_ascii_case(mark)) {
        return Err(Failure::SecretPublished(path.into()));
    }
    Ok(())
}
