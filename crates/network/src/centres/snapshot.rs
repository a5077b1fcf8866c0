//! All centres in memory: hot public pages and every check of a post ask no database (reference: stack, "Choices").
//!
//! Invariant: a centre stands here only after its whole chain was verified under the root. What was read once is not believed
//! for ever: whether a certificate or an epoch still holds is asked with the time of each request.

mod linked;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use envelope::centre::{CentreBundle, VerifiedCentre, verify_centre};
use envelope::certificate::Certificate;
use envelope::clock::Clock;
use envelope::duty::{Channel, Duty};
use envelope::refusal::CentreRefusal;
use envelope::root::VerifiedRoot;
use envelope::signature::{PublicKey, SignedDocument};
use jiff::{SignedDuration, Timestamp};
use platform::Platform;
use platform::database::DatabaseError;
use policy::{Organisation, Roles};
use uuid::Uuid;

use super::cards::{CentreCard, current_epoch};
use super::facts::{LONGEST_PROMISE, PublishedFacts};
use super::store::{self, StoredCentre, StoredChain, StoredRoot};

/// The root as pages and browsers need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootFile {
    /// SHA-256 of its payload: what the file is called.
    pub hash: String,
    /// `/network/{hash}.json`, for the attribute `data-root`.
    pub address: String,
    /// Whether the network is a demonstration.
    pub demonstration: bool,
    /// The network id.
    pub network: Uuid,
    /// The network's name.
    pub name: String,
}

/// Why a post cannot be taken by a centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReceiving {
    /// There is no such centre.
    #[error("no such centre")]
    Centre,
    /// It does not offer this channel.
    #[error("no such channel")]
    Channel,
    /// Another epoch, or none, is current.
    #[error("not the current epoch")]
    Epoch,
}

/// A centre with everything that was verified about it.
#[derive(Debug)]
pub(super) struct Known {
    verified: Arc<VerifiedCentre>,
    pub(super) bundle: Arc<str>,
    pub(super) bundle_value: CentreBundle,
}

#[derive(Debug)]
struct Snapshot {
    root: Option<(RootFile, Arc<str>)>,
    cards: Arc<[Arc<CentreCard>]>,
    bundles: Arc<str>,
    centres: HashMap<Uuid, Arc<Known>>,
}

/// A handle to the snapshot; cheap to clone, all clones are one.
#[derive(Clone, Debug, Default)]
pub struct Centres(Arc<RwLock<Arc<Snapshot>>>);

impl Centres {
    /// Reads everything anew and puts it in place of what was there, at once.
    ///
    /// # Errors
    /// [`DatabaseError`]. A centre that does not verify is left out and named in the log: its pages then say nothing at all.
    pub async fn reload(&self, platform: &Platform) -> Result<(), DatabaseError> {
        let now = platform.now();
        let root = store::find_root(platform.database.read()).await?;
        let centres = store::list_centres(platform.database.read()).await?;
        let next = Arc::new(Snapshot::build(root, centres, now));
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }

    fn current(&self) -> Arc<Snapshot> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// All centres by name.
    #[must_use]
    pub fn list(&self) -> Arc<[Arc<CentreCard>]> {
        Arc::clone(&self.current().cards)
    }

    /// The root, once one was imported.
    #[must_use]
    pub fn root_file(&self) -> Option<RootFile> {
        self.current().root.as_ref().map(|(file, _)| file.clone())
    }

    /// The exact bytes of the root file with this hash.
    pub(super) fn root_document(&self, hash: &str) -> Option<Arc<str>> {
        let snapshot = self.current();
        snapshot.root.as_ref().filter(|(file, _)| file.hash == hash).map(|(_, document)| Arc::clone(document))
    }

    /// The root's document, whatever its hash.
    pub(super) fn any_root_document(&self) -> Option<Arc<str>> {
        self.current().root.as_ref().map(|(_, document)| Arc::clone(document))
    }

    /// The bundles of all centres, as one JSON object by centre id.
    pub(super) fn bundles(&self) -> Arc<str> {
        Arc::clone(&self.current().bundles)
    }

    /// Everything about a centre.
    pub(super) fn find(&self, centre: Uuid) -> Option<Arc<Known>> {
        self.current().centres.get(&centre).map(Arc::clone)
    }

    /// Whether a centre takes items of this channel that are sealed to this epoch now.
    ///
    /// # Errors
    /// [`NotReceiving`], the first reason that applies.
    pub fn check_receiving(
        &self,
        centre: Uuid,
        channel: Channel,
        epoch: u32,
        now: Timestamp,
    ) -> Result<(), NotReceiving> {
        let known = self.find(centre).ok_or(NotReceiving::Centre)?;
        if !known.verified.certificate().offers(channel) {
            return Err(NotReceiving::Channel);
        }
        match current_epoch(&known.verified, channel, now) {
            Some(current) if current == epoch => Ok(()),
            _ => Err(NotReceiving::Epoch),
        }
    }

    /// Days within which a centre promises to read; of one that is not known the longest promise.
    #[must_use]
    pub fn promise_days(&self, centre: Uuid) -> u8 {
        let cards = self.list();
        let card = cards.iter().find(|card| card.id == centre);
        card.map_or(LONGEST_PROMISE, |card| card.promise_days)
    }

    /// The channels that a centre is certified for.
    #[must_use]
    pub fn channels_offered(&self, centre: Uuid) -> Vec<Channel> {
        let known = self.find(centre);
        let certificate = known.as_ref().map(|known| known.verified.certificate());
        let offers = |channel: &Channel| certificate.is_some_and(|certificate| certificate.offers(*channel));
        [Channel::Safe, Channel::General].into_iter().filter(offers).collect()
    }

    /// The channels that a person may read at a centre, by what the verified chain says now (invariant I2).
    #[must_use]
    pub fn channels_of(&self, centre: Uuid, person: Uuid) -> Vec<Channel> {
        let Some(known) = self.find(centre) else {
            return Vec::new();
        };
        let verified = &known.verified;
        let member = verified.members().iter().find(|member| member.person.uuid() == person);
        member.map_or_else(Vec::new, |member| {
            [Channel::Safe, Channel::General]
                .into_iter()
                .filter(|channel| verified.certificate().admits(member, *channel))
                .collect()
        })
    }

    /// What the verified chain says of a person at her centre, for the rules (crates/policy). Whoever is no member has no channel and a
    /// duty that nobody has stated, which is the strong one; so has an organisation that is not known here.
    #[must_use]
    pub fn facts_of(&self, centre: Uuid, person: Uuid, roles: Roles) -> policy::Person {
        let known = self.find(centre);
        let verified = known.as_ref().map(|known| &known.verified);
        let certificate = verified.map(|verified| verified.certificate());
        let member = verified
            .and_then(|verified| verified.members().iter().find(|member| member.person.uuid() == person));
        policy::Person {
            id: person,
            organisation: Organisation {
                centre,
                on_status: certificate.map_or(Duty::Strong, |certificate| certificate.duty.on_status),
                opinion: certificate.is_some_and(|certificate| certificate.local_opinion.is_some()),
            },
            roles,
            channels: self.channels_of(centre, person),
            on_status: member.map_or(Duty::Strong, |member| member.duty.on_status),
            named: member
                .zip(certificate)
                .is_some_and(|(member, certificate)| certificate.named_persons.contains(&member.name)),
        }
    }

    /// Whether a key is that of this person as author in an epoch of a centre: an answer is judged by membership in its own epoch.
    #[must_use]
    pub fn is_author(
        &self,
        centre: Uuid,
        channel: Channel,
        epoch: u32,
        key: &PublicKey,
        person: Uuid,
    ) -> bool {
        self.find(centre)
            .and_then(|known| known.verified.author(channel, epoch, key).ok())
            .is_some_and(|author| author.uuid() == person)
    }
}

impl Default for Snapshot {
    fn default() -> Self {
        Self { root: None, cards: Arc::default(), bundles: Arc::from("{}"), centres: HashMap::new() }
    }
}

impl Snapshot {
    fn build(root: Option<StoredRoot>, stored: Vec<StoredCentre>, now: Timestamp) -> Self {
        let Some(root) = root else {
            return Self::default();
        };
        let document = SignedDocument::parse(root.document.as_bytes());
        let verified = document.and_then(|document| VerifiedRoot::verify(&document, Clock::exact(now)));
        let verified = match verified {
            Ok(verified) => verified,
            Err(refusal) => {
                tracing::error!(code = refusal.code(), "the stored root does not verify; no centre is shown");
                return Self::default();
            }
        };
        let mut snapshot = Self::default();
        let mut cards = Vec::new();
        for centre in stored {
            match Known::verify(&verified, &centre, now) {
                Ok((card, known)) => {
                    snapshot.centres.insert(card.id, Arc::new(known));
                    cards.push(Arc::new(card));
                }
                Err(reason) => tracing::error!(
                    slug = centre.slug,
                    reason,
                    "a stored centre does not verify and is not shown"
                ),
            }
        }
        let bundles: BTreeMap<_, _> =
            snapshot.centres.iter().map(|(id, known)| (id, &known.bundle_value)).collect();
        match serde_json::to_string(&bundles) {
            Ok(json) => snapshot.bundles = json.into(),
            Err(cause) => tracing::error!(%cause, "the bundles of all centres could not be written"),
        }
        cards.sort_by(|one, other| one.name.it.cmp(&other.name.it));
        snapshot.cards = cards.into();
        let hash = verified.hash().to_string();
        let file = RootFile {
            address: format!("/network/{hash}.json"),
            hash,
            demonstration: verified.is_demonstration(),
            network: verified.network().uuid(),
            name: verified.name().to_owned(),
        };
        snapshot.root = Some((file, root.document.into()));
        snapshot
    }
}

impl Known {
    /// The chain behind it.
    pub(super) fn verified(&self) -> &VerifiedCentre {
        &self.verified
    }

    fn verify(
        root: &VerifiedRoot,
        stored: &StoredCentre,
        now: Timestamp,
    ) -> Result<(CentreCard, Self), &'static str> {
        let (facts, hours) = PublishedFacts::parse(&stored.facts).map_err(|_| "facts")?;
        let bundle = linked::bundle(stored).map_err(CentreRefusal::code)?;
        let clock = Clock::exact(last_valid_moment(&bundle.certificate, now));
        let verified = verify_centre(root, &bundle, clock, None).map_err(CentreRefusal::code)?;
        let verified = Arc::new(verified);
        let json = serde_json::to_string(&bundle).map_err(|_| "bundle")?;
        let card = CentreCard::new(facts, hours, &verified);
        Ok((card, Self { verified, bundle: json.into(), bundle_value: bundle }))
    }
}

/// The moment at which a certificate is verified: now, or just before its end once that has passed. After its end nothing new is
/// taken (`check_receiving`), but the centre's phone is still shown and its members still read what they received.
fn last_valid_moment(document: &SignedDocument, now: Timestamp) -> Timestamp {
    let Ok(certificate) = serde_json::from_slice::<Certificate>(&document.payload.0) else {
        return now;
    };
    match certificate.ends() {
        Some(end) if end <= now => end.checked_sub(SignedDuration::from_secs(1)).unwrap_or(now),
        _ => now,
    }
}
