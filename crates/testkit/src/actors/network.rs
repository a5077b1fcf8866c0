//! A whole network in memory: three governors, two centres with two operators each, both channels, epochs, paper identities.

mod joining;

use std::sync::LazyLock;

use envelope::centre::{CentreBundle, EarlierChain, VerifiedCentre, verify_centre};
use envelope::certificate::{Certificate, CertifiedChannel, Member};
use envelope::clock::Clock;
use envelope::duty::{Channel, Duties, Duty};
use envelope::encoding::Base64;
use envelope::header::Language;
use envelope::ids::{CentreId, NetworkId, PersonId};
use envelope::publication::{EpochRecord, EpochWrapRecord, MemberRecord, WrapTarget};
use envelope::root::{Governor, Root, VerifiedRoot};
use envelope::signature::SignedDocument;
use jiff::{SignedDuration, Timestamp};
use keyring::operator::OperatorIdentity;
use keyring::paper::PaperIdentity;
use keyring::passphrase::{Passphrase, WordList};
use keyring::signing::SigningKey;
use keyring::{documents, epoch, slot};
use network::App;
use network::centres::{ImportRefusal, Imported, Publication, PublishedCentre, import};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use serde_json::json;

const CHANNELS: [Channel; 2] = [Channel::Safe, Channel::General];

/// The network of most stories. Making one takes a second, so all share it.
static SHARED: LazyLock<DemoNetwork> = LazyLock::new(|| DemoNetwork::new(crate::beginning(), 1));

/// A network with everything that its people hold.
pub struct DemoNetwork {
    /// The network id.
    pub id: NetworkId,
    /// The verified root.
    pub root: VerifiedRoot,
    /// Its centres: `porto` and `faro`.
    pub centres: Vec<DemoCentre>,
    root_document: SignedDocument,
    governors: Vec<SigningKey>,
    rng: ChaCha20Rng,
}

/// A centre and its people.
pub struct DemoCentre {
    /// The centre.
    pub id: CentreId,
    /// The last part of its address.
    pub slug: &'static str,
    /// Certificate and statements.
    pub bundle: CentreBundle,
    /// Its operators: the first reads both channels, the second general support only in `faro`.
    pub people: Vec<DemoPerson>,
    /// The certificate before it was signed, to sign another like it.
    pub certificate: Certificate,
    /// What lies in the centre's safe: the paper identity of the safe channel, then that of general support.
    pub papers: [PaperIdentity; 2],
    epochs: Vec<EpochRecord>,
}

/// An operator with what she or he holds on paper.
pub struct DemoPerson {
    /// The person.
    pub id: PersonId,
    /// The name.
    pub name: &'static str,
    /// The account.
    pub account: &'static str,
    /// The passphrase.
    pub passphrase: Passphrase,
    /// The keys.
    pub identity: OperatorIdentity,
    record: MemberRecord,
}

impl DemoNetwork {
    /// The network that most stories share: it begins a day before [`beginning`](crate::beginning).
    #[must_use]
    pub fn shared() -> &'static Self {
        &SHARED
    }

    /// A network of its own, whose certificates and epochs begin a day before `now`.
    #[must_use]
    pub fn new(now: Timestamp, seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let begins = now - SignedDuration::from_hours(24);
        let governors: Vec<SigningKey> =
            (0..3).map(|_| SigningKey::generate(&mut rng).expect("a governor's key")).collect();
        let id = NetworkId::from_random_bytes(bytes(&mut rng));
        let named = ["Ada", "Berta", "Carla"].iter().zip(&governors);
        let root = Root {
            network: id,
            name: "Rete di prova".to_owned(),
            demonstration: true,
            threshold: 2,
            governors: named
                .map(|(name, key)| Governor { name: (*name).to_owned(), key: key.public() })
                .collect(),
            not_before: begins,
        };
        let signers: Vec<&SigningKey> = governors.iter().take(2).collect();
        let root_document = documents::sign_root(&root, &signers).expect("a root");
        let root = VerifiedRoot::verify(&root_document, Clock::exact(now)).expect("a root that verifies");
        let mut network = Self { id, root, centres: Vec::new(), root_document, governors, rng };
        network.found(
            "porto",
            [("Anna Verdi", "anna.verdi", &CHANNELS), ("Bea Neri", "bea.neri", &CHANNELS)],
            now,
        );
        network.found(
            "faro",
            [("Carla Blu", "carla.blu", &CHANNELS), ("Dora Rosa", "dora.rosa", &[Channel::General])],
            now,
        );
        network
    }

    /// A third centre, `prato`, with two operators who read both channels: for stories about who is not meant.
    pub fn found_third(&mut self, now: Timestamp) {
        let people: [(&str, &str, &[Channel]); 2] =
            [("Elsa Gialli", "elsa.gialli", &CHANNELS), ("Fede Bruni", "fede.bruni", &CHANNELS)];
        self.found("prato", people, now);
    }

    fn found(
        &mut self,
        slug: &'static str,
        people: [(&'static str, &'static str, &[Channel]); 2],
        now: Timestamp,
    ) {
        let begins = now - SignedDuration::from_hours(24);
        let id = CentreId::from_random_bytes(bytes(&mut self.rng));
        let people: Vec<(DemoPerson, Vec<Channel>)> = people
            .into_iter()
            .map(|(name, account, channels)| {
                (DemoPerson::new(name, account, &mut self.rng), channels.to_vec())
            })
            .collect();
        let papers = CHANNELS.map(|_| PaperIdentity::generate(&mut self.rng).expect("a paper identity"));
        let certified = CHANNELS.iter().zip(&papers).map(|(channel, paper)| CertifiedChannel {
            channel: *channel,
            paper_recipient: paper.recipient().clone(),
        });
        let members = people.iter().map(|(person, channels)| Member {
            person: person.id,
            name: person.name.to_owned(),
            signing_key: person.identity.public_key(),
            recipient: person.identity.recipient().clone(),
            duty: no_duty(),
            channels: channels.clone(),
        });
        let certificate = Certificate {
            network: self.id,
            centre: id,
            organisation: format!("Associazione {slug}"),
            channels: certified.collect(),
            duty: no_duty(),
            legal_basis: "Esempio".to_owned(),
            local_opinion: None,
            named_persons: Vec::new(),
            review_date: jiff::civil::date(2030, 1, 1),
            not_before: begins,
            not_after: begins + SignedDuration::from_hours(24 * 300),
            founding_members: members.collect(),
            previous_chain: None,
        };
        let document = self.sign(&certificate);
        let bundle = CentreBundle { certificate: document, statements: Vec::new(), earlier: Vec::new() };
        let people = people.into_iter().map(|(person, _)| person).collect();
        self.centres.push(DemoCentre { id, slug, bundle, people, certificate, papers, epochs: Vec::new() });
        let place = self.centres.len() - 1;
        for channel in CHANNELS {
            self.renew_epoch(place, channel, begins + SignedDuration::from_hours(1), now);
        }
    }

    /// Two governors sign a certificate.
    #[must_use]
    pub fn sign(&self, certificate: &Certificate) -> SignedDocument {
        let signers: Vec<&SigningKey> = self.governors.iter().take(2).collect();
        documents::sign_certificate(certificate, &signers).expect("a certificate")
    }

    /// The first operator of a centre makes the next epoch of a channel, from `begins` for 35 days.
    pub fn renew_epoch(&mut self, place: usize, channel: Channel, begins: Timestamp, now: Timestamp) {
        let verified = self.verified(place, now);
        let lasts = SignedDuration::from_hours(35 * 24);
        let author = &self.centres[place].people[0].identity;
        let made = epoch::create(&verified, channel, author, begins, lasts, &mut self.rng).expect("an epoch");
        let wraps =
            made.wraps.into_iter().map(|(to, wrap)| EpochWrapRecord { to, wrap: Base64(wrap) }).collect();
        let centre = &mut self.centres[place];
        centre.bundle.statements.push(made.statement);
        centre.epochs.push(EpochRecord { channel, number: made.key.number(), wraps });
    }

    /// Takes back the last epoch that was made, as if it had never been: what is made next forks the chain.
    pub fn take_back_epoch(&mut self, place: usize) {
        let centre = &mut self.centres[place];
        centre.bundle.statements.pop();
        centre.epochs.pop();
    }

    /// Two governors renew a centre's certificate, and its first operator makes the first epochs under it.
    pub fn renew_certificate(&mut self, place: usize, now: Timestamp) {
        let (_, head) = self.verified(place, now).next_statement();
        let centre = &mut self.centres[place];
        centre.certificate.not_before = now;
        centre.certificate.not_after = now + SignedDuration::from_hours(24 * 300);
        centre.certificate.previous_chain = Some(head);
        let certificate = centre.certificate.clone();
        let document = self.sign(&certificate);
        let centre = &mut self.centres[place];
        let before = &mut centre.bundle;
        let certificate = std::mem::replace(&mut before.certificate, document);
        let statements = std::mem::take(&mut before.statements);
        before.earlier.push(EarlierChain { certificate, statements });
        // Their wraps lie on the server already.
        centre.epochs.clear();
        for channel in CHANNELS {
            self.renew_epoch(place, channel, now, now);
        }
    }

    /// Who has left is given no wrap any more, of any epoch (protocol section 4.3).
    pub fn forget_wraps_of(&mut self, place: usize, person: PersonId) {
        for epoch in &mut self.centres[place].epochs {
            epoch.wraps.retain(|wrap| wrap.to != WrapTarget::Person(person));
        }
    }

    /// A centre, verified at `now` as her browser would.
    #[must_use]
    pub fn verified(&self, place: usize, now: Timestamp) -> VerifiedCentre {
        verify_centre(&self.root, &self.centres[place].bundle, Clock::exact(now), None)
            .expect("a centre that verifies")
    }

    /// What the offline tool would publish of this network.
    #[must_use]
    pub fn publication(&self) -> Publication {
        Publication {
            root: text(&self.root_document),
            centres: self.centres.iter().map(DemoCentre::published).collect(),
        }
    }

    /// Imports the network as `approdo network import` does, and lets the running service see it.
    ///
    /// # Errors
    /// [`ImportRefusal`].
    pub async fn publish(&self, app: &App) -> Result<Imported, ImportRefusal> {
        let platform = &app.platform;
        let imported =
            import(&platform.database, &platform.random, &self.publication(), platform.now()).await?;
        app.reload_centres().await?;
        Ok(imported)
    }
}

impl DemoCentre {
    fn published(&self) -> PublishedCentre {
        let members: Vec<&MemberRecord> = self.people.iter().map(|person| &person.record).collect();
        let facts = json!({
            "centre": self.id, "slug": self.slug, "demonstration": true,
            "name": {"it": format!("Centro {}", self.slug), "en": format!("Centre {}", self.slug)},
            "about": {"it": "Un centro di prova.", "en": "A centre for tests."},
            "town": "Livorno", "province": "LI", "region": "Toscana", "address": null,
            "phones": [{"number": "+39 0586 000000", "label": {"it": "Linea", "en": "Line"}, "source": "prova", "checked": "2026-11-20"}],
            "languages": ["it", "en"], "time_zone": "Europe/Rome",
            "reading_hours": [{"weekday": 1, "from": "09:00", "to": "17:00"}],
            "closed": [{"month": 12, "day": 25}], "promise_days": 2,
        });
        PublishedCentre {
            folder: self.slug.to_owned(),
            centre: text(&facts),
            certificate: text(&self.bundle.certificate),
            statements: text(&self.bundle.statements),
            earlier: text(&self.bundle.earlier),
            members: text(&members),
            epochs: text(&self.epochs),
        }
    }
}

impl DemoPerson {
    fn new(name: &'static str, account: &'static str, rng: &mut ChaCha20Rng) -> Self {
        let identity = OperatorIdentity::generate(rng).expect("an identity");
        let passphrase = Passphrase::generate(WordList::Italian, rng);
        let id = PersonId::from_random_bytes(bytes(rng));
        let record = MemberRecord {
            person: id,
            account: account.to_owned(),
            name: name.to_owned(),
            language: Language::parse("it").expect("a language"),
            signing_key: identity.public_key(),
            recipient: identity.recipient().clone(),
            slot: slot::create(&passphrase, &identity, rng).expect("a slot"),
        };
        Self { id, name, account, passphrase, identity, record }
    }
}

fn no_duty() -> Duties {
    Duties { on_status: Duty::None, on_crime: Duty::None }
}

fn text(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("JSON")
}

fn bytes(rng: &mut ChaCha20Rng) -> [u8; 16] {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    bytes
}
