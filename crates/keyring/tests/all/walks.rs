//! Random walks over the life of a centre: people join, leave, are bound, lose their passphrases; epochs follow each other, certificates are
//! renewed, reports come and are answered. After every step I2, I5, I13 and what of I6 exists hold.
//!
//! `PROPTEST_CASES` says how many walks (docs/protocol.md, section 10). What the server does beside the chain (deleting the wraps of who left
//! or may no longer read) is done here as protocol sections 4.3 and 8 say it; but old keys go from hand to hand here across renewals too, which
//! chain and seals admit and an import does not (section 4.2): what the walks show of I6 holds of keys, not of what a server takes.

mod checks;
mod writing;

use std::collections::BTreeSet;

use crate::world::{NAMES, World, after_days, at, rng};
use envelope::centre::{CentreBundle, EarlierChain, VerifiedCentre, verify_centre};
use envelope::certificate::{Certificate, Member};
use envelope::clock::Clock;
use envelope::duty::{Channel, Duties, Duty};
use envelope::ids::PersonId;
use envelope::publication::WrapTarget;
use envelope::refusal::CentreRefusal;
use jiff::SignedDuration;
use keyring::documents::{sign_certificate, sign_join, sign_leave};
use keyring::epoch::{self, EpochKey};
use keyring::identity::Identity;
use keyring::item::SealedItem;
use keyring::operator::OperatorIdentity;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

const CHANNELS: [Channel; 2] = [Channel::Safe, Channel::General];
/// People in all; the first three found the centre, the third reads general support only.
const PEOPLE: usize = 8;

#[derive(Debug, Clone)]
enum Step {
    Join { who: usize, safe: bool },
    Leave { who: usize },
    Lose { who: usize },
    Epoch { channel: Channel },
    Renew,
    Certify { who: usize, duty: Duty },
    Report { channel: Channel },
    Answer { which: prop::sample::Index },
}

fn step() -> impl Strategy<Value = Step> {
    let who = || 0..PEOPLE;
    let channel = || prop_oneof![Just(Channel::Safe), Just(Channel::General)];
    let duty = prop_oneof![2 => Just(Duty::None), 1 => Just(Duty::Contested), 2 => Just(Duty::Strong)];
    prop_oneof![
        4 => (who(), any::<bool>()).prop_map(|(who, safe)| Step::Join { who, safe }),
        3 => who().prop_map(|who| Step::Leave { who }),
        1 => who().prop_map(|who| Step::Lose { who }),
        4 => channel().prop_map(|channel| Step::Epoch { channel }),
        1 => Just(Step::Renew),
        3 => (who(), duty).prop_map(|(who, duty)| Step::Certify { who, duty }),
        4 => channel().prop_map(|channel| Step::Report { channel }),
        2 => any::<prop::sample::Index>().prop_map(|which| Step::Answer { which }),
    ]
}

/// What is true of somebody, whatever the chain says.
#[expect(clippy::struct_excessive_bools, reason = "four facts, each true or not whatever the others are")]
struct Person {
    id: PersonId,
    name: String,
    identity: OperatorIdentity,
    duty: Duty,
    is_member: bool,
    reads_safe: bool,
    is_lost: bool,
    /// Wraps that the next member to unlock deletes.
    leaves_wraps: bool,
    /// The newest epoch of each channel that she could read when it was current.
    entitled: [u32; 2],
    /// Every key that she ever could open; nobody can take that back.
    known: Vec<EpochKey>,
}

impl Person {
    fn reads(&self, channel: Channel) -> bool {
        self.is_member && (channel == Channel::General || (self.reads_safe && self.duty == Duty::None))
    }

    fn can_act(&self) -> bool {
        self.is_member && !self.is_lost
    }

    fn member(&self, reads_safe: bool) -> Member {
        Member {
            person: self.id,
            name: self.name.clone(),
            signing_key: self.identity.public_key(),
            recipient: self.identity.recipient().clone(),
            duty: Duties { on_status: self.duty, on_crime: Duty::None },
            channels: if reads_safe { CHANNELS.to_vec() } else { vec![Channel::General] },
        }
    }
}

/// A wrap on the server, and whose keys open it: people by place, paper as [`PEOPLE`].
struct Kept {
    channel: Channel,
    number: u32,
    to: WrapTarget,
    sealed: Vec<u8>,
    openers: BTreeSet<usize>,
}

struct Walk {
    world: World,
    certificate: Certificate,
    people: Vec<Person>,
    wraps: Vec<Kept>,
    items: Vec<(Channel, u32, SealedItem)>,
    answered: BTreeSet<usize>,
    before: Vec<CentreBundle>,
    day: i64,
}

impl Walk {
    fn begin(seed: u64) -> Self {
        let mut world = World::new(seed);
        let mut random = rng(seed ^ 1);
        while world.operators.len() < PEOPLE {
            world.operators.push(OperatorIdentity::generate(&mut random).unwrap());
            world.persons.push(PersonId::from_random_bytes(crate::world::id_bytes(&mut random)));
        }
        let person = |place: usize| Person {
            id: world.persons[place],
            name: NAMES.get(place).map_or_else(|| format!("Nuova {place}"), |name| (*name).to_owned()),
            identity: world.operators[place].clone(),
            duty: Duty::None,
            is_member: place < 3,
            reads_safe: place < 2,
            is_lost: false,
            leaves_wraps: false,
            entitled: [0; 2],
            known: Vec::new(),
        };
        let people: Vec<Person> = (0..PEOPLE).map(person).collect();
        let first = std::mem::take(&mut world.wraps);
        let certificate = world.certificate.clone();
        let mut walk = Self {
            world,
            certificate,
            people,
            wraps: Vec::new(),
            items: Vec::new(),
            answered: BTreeSet::new(),
            before: Vec::new(),
            day: 0,
        };
        let centre = walk.centre();
        for (channel, number, to, sealed) in first {
            walk.keep(&centre, channel, number, to, sealed);
        }
        walk.entitle();
        walk
    }

    fn clock(&self) -> Clock {
        at(self.day)
    }

    fn verify(&self, bundle: &CentreBundle) -> Result<VerifiedCentre, CentreRefusal> {
        verify_centre(&self.world.verified_root(), bundle, self.clock(), None)
    }

    fn centre(&self) -> VerifiedCentre {
        self.verify(&self.world.bundle).unwrap()
    }

    /// Puts a wrap on the server; everybody tries to open it, once and for all.
    fn keep(
        &mut self,
        centre: &VerifiedCentre,
        channel: Channel,
        number: u32,
        to: WrapTarget,
        sealed: Vec<u8>,
    ) {
        let mut openers = BTreeSet::new();
        for (place, person) in self.people.iter_mut().enumerate() {
            if let Ok(key) = epoch::open(&sealed, person.identity.identity(), centre, channel, number) {
                person.known.push(key);
                openers.insert(place);
            }
        }
        let paper = self.paper(channel);
        if epoch::open(&sealed, paper, centre, channel, number).is_ok() {
            openers.insert(PEOPLE);
        }
        self.wraps.push(Kept { channel, number, to, sealed, openers });
    }

    fn paper(&self, channel: Channel) -> &Identity {
        self.world.papers[usize::from(channel == Channel::General)].identity()
    }

    /// Whoever reads a channel may have the key of its newest epoch.
    fn entitle(&mut self) {
        let centre = self.centre();
        for (place, channel) in CHANNELS.into_iter().enumerate() {
            let newest = centre.latest_epoch(channel).map_or(0, envelope::centre::VerifiedEpoch::number);
            for person in self.people.iter_mut().filter(|person| person.reads(channel)) {
                person.entitled[place] = newest;
            }
        }
    }

    fn actors(&self, channel: Channel) -> Vec<usize> {
        (0..PEOPLE)
            .filter(|place| self.people[*place].can_act() && self.people[*place].reads(channel))
            .collect()
    }

    /// Whether the centre goes on without somebody: two who act and read the safe channel.
    fn can_spare(&self, who: usize) -> bool {
        self.actors(Channel::Safe).iter().filter(|place| **place != who).count() >= 2
    }

    /// A colleague opens every key of a channel that she holds and seals it to somebody (protocol section 4.2).
    fn share(&mut self, who: usize, channel: Channel) {
        let centre = self.centre();
        let Some(sharer) = self.actors(channel).into_iter().find(|place| *place != who) else { return };
        let readers = centre.epoch_readers(channel).unwrap();
        let to = self.people[who].id;
        // Only who reads the channel is a reader: for anybody else there is no value of that type.
        let Some(reader) = readers.iter().find(|reader| reader.person() == Some(to)) else { return };
        let author = self.people[sharer].identity.clone();
        let held = self.held_by(sharer, channel, &centre);
        for key in held {
            let is_there = self.wraps.iter().any(|kept| {
                (kept.channel, kept.number, kept.to) == (channel, key.number(), WrapTarget::Person(to))
            });
            if !is_there {
                let sealed = epoch::seal_to(reader, &key, &author).unwrap();
                self.keep(&centre, channel, key.number(), WrapTarget::Person(to), sealed);
            }
        }
    }

    /// The keys that somebody opens from the server now.
    fn held_by(&self, who: usize, channel: Channel, centre: &VerifiedCentre) -> Vec<EpochKey> {
        let identity = self.people[who].identity.identity();
        let hers = self.wraps.iter().filter(|kept| kept.channel == channel && kept.openers.contains(&who));
        hers.map(|kept| epoch::open(&kept.sealed, identity, centre, channel, kept.number).unwrap()).collect()
    }

    fn make_epoch(&mut self, channel: Channel) {
        let Some(author) = self.actors(channel).first().copied() else { return };
        let centre = self.centre();
        let author = self.people[author].identity.clone();
        let lasts = SignedDuration::from_hours(35 * 24);
        let made = epoch::create(&centre, channel, &author, after_days(self.day), lasts, &mut self.world.rng)
            .unwrap();
        self.world.bundle.statements.push(made.statement);
        let centre = self.centre();
        for (to, sealed) in made.wraps {
            self.keep(&centre, channel, made.key.number(), to, sealed);
        }
        // The member who unlocked deletes what is left for whoever reads the channel no more (section 4.3).
        let people = &self.people;
        self.wraps.retain(|kept| {
            let mut hers = people.iter().filter(|person| kept.to == WrapTarget::Person(person.id));
            hers.all(|person| person.reads(kept.channel))
        });
        for person in &mut self.people {
            person.leaves_wraps = false;
        }
    }

    /// The next certificate, with who is there and did not lose her keys.
    fn renew(&mut self, certified: &[(usize, bool)]) -> Result<(), CentreRefusal> {
        let (_, head) = self.centre().next_statement();
        let next = Certificate {
            not_before: after_days(self.day),
            not_after: after_days(self.day + 300),
            founding_members: certified.iter().map(|(who, safe)| self.people[*who].member(*safe)).collect(),
            previous_chain: Some(head),
            ..self.certificate.clone()
        };
        let governors = [&self.world.governors[0], &self.world.governors[2]];
        let document = sign_certificate(&next, &governors).unwrap();
        let mut bundle = self.world.bundle.clone();
        let certificate = std::mem::replace(&mut bundle.certificate, document);
        let statements = std::mem::take(&mut bundle.statements);
        bundle.earlier.push(EarlierChain { certificate, statements });
        let centre = self.verify(&bundle)?;
        self.world.bundle = bundle;
        self.certificate = next;
        // The import takes the wraps of who may no longer read.
        self.wraps.retain(|kept| {
            let readers = centre.epoch_readers(kept.channel).unwrap_or_default();
            let person = match kept.to {
                WrapTarget::Person(person) => Some(person),
                WrapTarget::Paper => None,
            };
            readers.iter().any(|reader| reader.person() == person)
        });
        for (place, person) in self.people.iter_mut().enumerate() {
            let seat = certified.iter().find(|(who, _)| *who == place);
            (person.is_member, person.leaves_wraps) = (seat.is_some(), false);
            person.reads_safe = seat.is_some_and(|(_, safe)| *safe);
        }
        for channel in CHANNELS {
            for who in 0..PEOPLE {
                self.share(who, channel);
            }
            self.make_epoch(channel);
        }
        Ok(())
    }

    fn go(&mut self, step: &Step) -> TestCaseResult {
        self.before.push(self.world.bundle.clone());
        self.day += 1;
        match *step {
            Step::Join { who, safe } => {
                if let Some(who) = self.choose(who, |person| !person.is_member && !person.is_lost) {
                    self.join(who, safe)?;
                }
            }
            Step::Leave { who } => {
                if let Some(who) = self.choose(who, |person| person.is_member) {
                    self.leave(who);
                }
            }
            Step::Lose { who } => {
                if let Some(who) = self.choose(who, Person::can_act) {
                    self.people[who].is_lost = true;
                }
            }
            Step::Epoch { channel } => self.make_epoch(channel),
            Step::Renew => self.certify(None)?,
            Step::Certify { who, duty } => {
                if let Some(who) = self.choose(who, Person::can_act) {
                    self.certify(Some((who, duty)))?;
                }
            }
            Step::Report { channel } => self.report(channel)?,
            Step::Answer { which } => self.answer(which)?,
        }
        self.entitle();
        Ok(())
    }

    /// The person of this place, or else the next one that a step can be about: most steps then do something.
    fn choose(&self, who: usize, can: fn(&Person) -> bool) -> Option<usize> {
        let is_one = |place: &usize| {
            let person = &self.people[*place];
            can(person) && (!person.is_member || self.can_spare(*place))
        };
        (who..PEOPLE).chain(0..who).find(is_one)
    }

    fn leave(&mut self, who: usize) {
        let signer = self.actors(Channel::Safe).into_iter().find(|place| *place != who).unwrap();
        let signer = self.people[signer].identity.signing_key().clone();
        let leave = sign_leave(&self.centre(), self.people[who].id, &signer, after_days(self.day));
        self.world.bundle.statements.push(leave.unwrap());
        let person = &mut self.people[who];
        (person.is_member, person.leaves_wraps) = (false, true);
    }

    fn join(&mut self, who: usize, safe: bool) -> TestCaseResult {
        let signers: Vec<_> =
            self.actors(Channel::Safe).iter().map(|place| self.people[*place].identity.clone()).collect();
        let member = self.people[who].member(safe);
        let keys = [signers[0].signing_key(), signers[1].signing_key()];
        let join = sign_join(&self.centre(), member, keys, after_days(self.day)).unwrap();
        let mut bundle = self.world.bundle.clone();
        bundle.statements.push(join);
        let outcome = self.verify(&bundle);
        let is_bound = safe && self.people[who].duty != Duty::None;
        prop_assert_eq!(outcome.err(), is_bound.then_some(CentreRefusal::Duty));
        if !is_bound {
            self.world.bundle = bundle;
            let person = &mut self.people[who];
            (person.is_member, person.reads_safe) = (true, safe);
            // Whoever comes back without the safe channel has still left that one.
            person.leaves_wraps &= !safe;
            for channel in CHANNELS {
                self.share(who, channel);
            }
        }
        Ok(())
    }

    fn certify(&mut self, change: Option<(usize, Duty)>) -> TestCaseResult {
        if let Some((who, duty)) = change {
            self.people[who].duty = duty;
        }
        let stay: Vec<usize> = (0..PEOPLE).filter(|place| self.people[*place].can_act()).collect();
        if let Some((who, duty)) = change.filter(|(_, duty)| *duty != Duty::None) {
            // Governors who would leave her the safe channel all the same.
            let wrong: Vec<(usize, bool)> =
                stay.iter().map(|place| (*place, *place == who || self.people[*place].reads_safe)).collect();
            prop_assert_eq!(self.renew(&wrong), Err(CentreRefusal::Duty), "{:?}", duty);
        }
        let certified: Vec<(usize, bool)> = stay
            .into_iter()
            .map(|place| {
                let person = &self.people[place];
                let is_chosen = change.is_some_and(|(who, _)| who == place) || person.reads_safe;
                (place, is_chosen && person.duty == Duty::None)
            })
            .collect();
        prop_assert_eq!(self.renew(&certified), Ok(()));
        Ok(())
    }
}

/// Old keys go from hand to hand: whoever got them from somebody who came later than the epoch hands them on too (protocol section 4.2).
#[test]
fn keys_outlive_everybody_who_was_there_when_they_were_made() {
    let mut walk = Walk::begin(7);
    let steps = [
        Step::Report { channel: Channel::Safe },
        Step::Join { who: 3, safe: true },
        Step::Join { who: 4, safe: true },
        Step::Leave { who: 0 },
        Step::Leave { who: 1 },
        Step::Epoch { channel: Channel::Safe },
        Step::Join { who: 5, safe: true },
        Step::Leave { who: 3 },
        Step::Epoch { channel: Channel::Safe },
        Step::Renew,
        Step::Join { who: 6, safe: true },
        Step::Leave { who: 4 },
        Step::Epoch { channel: Channel::Safe },
        // Nobody is there who could sign an answer in the first epoch, and its key goes on all the same.
        Step::Join { who: 7, safe: true },
        Step::Join { who: 3, safe: true },
        Step::Leave { who: 5 },
        Step::Leave { who: 6 },
        Step::Epoch { channel: Channel::Safe },
    ];
    for step in &steps {
        walk.go(step).unwrap();
        walk.check().unwrap();
    }
    walk.check_items().unwrap();
    assert_eq!(walk.actors(Channel::Safe), [3, 7]);
}

/// How many walks: a few seconds by default.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_at_a_centre_nobody_reads_what_she_may_not_and_nothing_is_lost(
        seed: u64,
        steps in proptest::collection::vec(step(), 8..24),
    ) {
        let mut walk = Walk::begin(seed);
        walk.check()?;
        for step in &steps {
            walk.go(step)?;
            walk.check()?;
        }
        walk.check_items()?;
    }
}
