//! A small network in memory: three governors, one centre with three members, both channels, one epoch each. Deterministic, apart
//! from what `age` draws itself.

use envelope::centre::{CentreBundle, EarlierChain, EpochRecipient, VerifiedCentre, verify_centre};
use envelope::certificate::{Certificate, CertifiedChannel, Member};
use envelope::clock::Clock;
use envelope::duty::{Channel, Duties, Duty};
use envelope::header::Language;
use envelope::ids::{CentreId, NetworkId, PersonId};
use envelope::publication::WrapTarget;
use envelope::refusal::CentreRefusal;
use envelope::root::{Governor, Root, VerifiedRoot};
use envelope::signature::SignedDocument;
use jiff::{SignedDuration, Timestamp};
use keyring::documents::{sign_certificate, sign_root};
use keyring::epoch::{self, EpochKey};
use keyring::item::{MessageDraft, ReportDraft};
use keyring::operator::OperatorIdentity;
use keyring::paper::PaperIdentity;
use keyring::receipt::Receipt;
use keyring::signing::SigningKey;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// The moment at which every story here begins.
pub(crate) fn start() -> Timestamp {
    "2026-11-02T09:00:00Z".parse().unwrap()
}

pub(crate) fn after_days(days: i64) -> Timestamp {
    start().checked_add(SignedDuration::from_hours(24 * days)).unwrap()
}

pub(crate) fn at(days: i64) -> Clock {
    Clock::exact(after_days(days))
}

pub(crate) fn italian() -> Language {
    Language::parse("it").unwrap()
}

pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

pub(crate) fn id_bytes(rng: &mut ChaCha20Rng) -> [u8; 16] {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    bytes
}

pub(crate) struct World {
    pub(crate) rng: ChaCha20Rng,
    pub(crate) network: NetworkId,
    pub(crate) governors: Vec<SigningKey>,
    pub(crate) root: SignedDocument,
    pub(crate) operators: Vec<OperatorIdentity>,
    pub(crate) persons: Vec<PersonId>,
    pub(crate) papers: Vec<PaperIdentity>,
    pub(crate) certificate: Certificate,
    pub(crate) bundle: CentreBundle,
    pub(crate) keys: Vec<EpochKey>,
    pub(crate) wraps: Vec<(Channel, u32, WrapTarget, Vec<u8>)>,
}

/// Members 0 and 1 read both channels, member 2 general support only.
pub(crate) const NAMES: [&str; 3] = ["Ada Rossi", "Bea Conti", "Carla Neri"];

impl World {
    /// The world of `seed`, with an epoch of each channel from the first day.
    pub(crate) fn new(seed: u64) -> Self {
        let mut world = Self::without_epochs(seed, |_| ());
        world.new_epoch(Channel::Safe, 0);
        world.new_epoch(Channel::General, 0);
        world
    }

    /// A world whose certificate `change` may alter before the governors sign it.
    pub(crate) fn without_epochs(seed: u64, change: impl FnOnce(&mut Certificate)) -> Self {
        let mut rng = rng(seed);
        let network = NetworkId::from_random_bytes(id_bytes(&mut rng));
        let governors: Vec<SigningKey> = (0..3).map(|_| SigningKey::generate(&mut rng).unwrap()).collect();
        let root = Root {
            network,
            name: "Rete di prova".to_owned(),
            demonstration: true,
            threshold: 2,
            governors: governors
                .iter()
                .zip(["Uno", "Due", "Tre"])
                .map(|(key, name)| Governor { name: name.to_owned(), key: key.public() })
                .collect(),
            not_before: start(),
        };
        let root = sign_root(&root, &[&governors[0], &governors[1]]).unwrap();
        let operators: Vec<_> = (0..3).map(|_| OperatorIdentity::generate(&mut rng).unwrap()).collect();
        let persons: Vec<_> = (0..3).map(|_| PersonId::from_random_bytes(id_bytes(&mut rng))).collect();
        let papers: Vec<_> = (0..2).map(|_| PaperIdentity::generate(&mut rng).unwrap()).collect();
        let founding_members = (0..3).map(|place| member(&operators, &persons, place)).collect();
        let mut certificate = Certificate {
            network,
            centre: CentreId::from_random_bytes(id_bytes(&mut rng)),
            organisation: "Centro di prova".to_owned(),
            channels: [Channel::Safe, Channel::General]
                .into_iter()
                .zip(&papers)
                .map(|(channel, paper)| CertifiedChannel {
                    channel,
                    paper_recipient: paper.recipient().clone(),
                })
                .collect(),
            duty: Duties { on_status: Duty::None, on_crime: Duty::None },
            legal_basis: "esempio".to_owned(),
            local_opinion: None,
            named_persons: Vec::new(),
            review_date: "2027-10-01".parse().unwrap(),
            not_before: start(),
            not_after: after_days(365),
            founding_members,
            previous_chain: None,
        };
        change(&mut certificate);
        let document = sign_certificate(&certificate, &[&governors[0], &governors[2]]).unwrap();
        let bundle = CentreBundle { certificate: document, statements: Vec::new(), earlier: Vec::new() };
        Self {
            rng,
            network,
            governors,
            root,
            operators,
            persons,
            papers,
            certificate,
            bundle,
            keys: Vec::new(),
            wraps: Vec::new(),
        }
    }

    /// Another centre of the same network, with people of its own and an epoch of each channel.
    pub(crate) fn neighbour(&self, seed: u64) -> Self {
        let mut other = Self::without_epochs(seed, |_| ());
        other.network = self.network;
        other.root.clone_from(&self.root);
        other.governors.clone_from(&self.governors);
        other.certificate.network = self.network;
        "Altro centro di prova".clone_into(&mut other.certificate.organisation);
        let governors = [&other.governors[0], &other.governors[2]];
        other.bundle.certificate = sign_certificate(&other.certificate, &governors).unwrap();
        other.new_epoch(Channel::Safe, 0);
        other.new_epoch(Channel::General, 0);
        other
    }

    pub(crate) fn verified_root(&self) -> VerifiedRoot {
        VerifiedRoot::verify(&self.root, at(0)).unwrap()
    }

    pub(crate) fn verify(&self, clock: Clock) -> Result<VerifiedCentre, CentreRefusal> {
        verify_centre(&self.verified_root(), &self.bundle, clock, None)
    }

    pub(crate) fn centre(&self) -> VerifiedCentre {
        self.verify(at(0)).unwrap()
    }

    /// Member 0 makes the next epoch of a channel on a day; it lasts 35 days.
    pub(crate) fn new_epoch(&mut self, channel: Channel, day: i64) -> EpochKey {
        let centre = self.verify(at(day)).unwrap();
        let lasts = SignedDuration::from_hours(35 * 24);
        let made = epoch::create(&centre, channel, &self.operators[0], after_days(day), lasts, &mut self.rng)
            .unwrap();
        self.bundle.statements.push(made.statement);
        for (target, wrap) in made.wraps {
            self.wraps.push((channel, made.key.number(), target, wrap));
        }
        self.keys.push(made.key.clone());
        made.key
    }

    /// Two governors renew the certificate on a day, as `change` alters it; its chain has no statement yet.
    pub(crate) fn renew(&mut self, day: i64, change: impl FnOnce(&mut Certificate)) {
        self.certificate.previous_chain = Some(self.verify(at(day)).unwrap().next_statement().1);
        (self.certificate.not_before, self.certificate.not_after) = (after_days(day), after_days(day + 300));
        change(&mut self.certificate);
        let governors = [&self.governors[0], &self.governors[2]];
        let document = sign_certificate(&self.certificate, &governors).unwrap();
        let certificate = std::mem::replace(&mut self.bundle.certificate, document);
        let statements = std::mem::take(&mut self.bundle.statements);
        self.bundle.earlier.push(EarlierChain { certificate, statements });
    }

    pub(crate) fn wrap(&self, channel: Channel, number: u32, target: WrapTarget) -> &[u8] {
        let is_it = |wrap: &&(Channel, u32, WrapTarget, Vec<u8>)| {
            (wrap.0, wrap.1, wrap.2) == (channel, number, target)
        };
        &self.wraps.iter().find(is_it).unwrap().3
    }

    pub(crate) fn key(&self, channel: Channel) -> &EpochKey {
        self.keys.iter().rev().find(|key| key.channel() == channel).unwrap()
    }

    pub(crate) fn recipient(&self, channel: Channel) -> EpochRecipient {
        self.centre().recipient(channel, at(0)).unwrap()
    }

    pub(crate) fn receipt(&mut self) -> Receipt {
        let mut random = [0; 32];
        self.rng.fill_bytes(&mut random);
        Receipt::from_random_bytes(&random).unwrap()
    }
}

pub(crate) fn member(operators: &[OperatorIdentity], persons: &[PersonId], place: usize) -> Member {
    let channels = if place < 2 { vec![Channel::Safe, Channel::General] } else { vec![Channel::General] };
    Member {
        person: persons[place],
        name: NAMES.get(place).copied().unwrap_or("Dora Blu").to_owned(),
        signing_key: operators[place].public_key(),
        recipient: operators[place].recipient().clone(),
        duty: Duties { on_status: Duty::None, on_crime: Duty::None },
        channels,
    }
}

pub(crate) fn report(text: &str) -> ReportDraft<'_> {
    ReportDraft {
        text,
        safe_contact: Some("di giorno, al numero di mia sorella"),
        answer_language: italian(),
        page_language: italian(),
        urgent: false,
        safe_word: None,
        call_back: None,
        files: Vec::new(),
    }
}

pub(crate) fn message(text: &str) -> MessageDraft<'_> {
    MessageDraft { text, page_language: italian(), urgent: false, safe_word: None, files: Vec::new() }
}
