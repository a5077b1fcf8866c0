//! Root, certificate and statements: what is admitted and what is refused (invariants I2, I5, I13).

use envelope::centre::{CentreBundle, SeenEpochs, verify_centre};
use envelope::certificate::{Certificate, Member};
use envelope::clock::Clock;
use envelope::duty::{Channel, Duties, Duty};
use envelope::encoding::{Base64, Hash};
use envelope::ids::PersonId;
use envelope::publication::WrapTarget;
use envelope::refusal::CentreRefusal;
use envelope::root::{Root, VerifiedRoot};
use envelope::signature::{SignedDocument, SignedType};
use envelope::statement::{Statement, StatementBody};
use jiff::SignedDuration;
use keyring::documents::{countersign, sign_certificate, sign_join, sign_leave, sign_root, sign_statement};
use keyring::epoch;
use keyring::identity::Identity;
use keyring::item::{open_for_centre, seal_safe_report};
use keyring::operator::OperatorIdentity;
use keyring::refusal::{OpenRefusal, SealRefusal};
use proptest::prelude::*;

use crate::world::{World, after_days, at, member, report, start};

fn refusal_of(change: impl FnOnce(&mut Certificate)) -> Option<CentreRefusal> {
    World::without_epochs(1, change).verify(at(0)).err()
}

fn newcomer(world: &mut World, channels: Vec<Channel>) -> (OperatorIdentity, Member) {
    let operator = OperatorIdentity::generate(&mut world.rng).unwrap();
    let mut member = member(&world.operators, &world.persons, 0);
    member.person = PersonId::from_random_bytes(crate::world::id_bytes(&mut world.rng));
    member.name = "Dora Blu".to_owned();
    member.signing_key = operator.public_key();
    member.recipient = operator.recipient().clone();
    member.channels = channels;
    (operator, member)
}

#[test]
fn a_whole_chain_gives_recipients_of_both_channels() {
    let world = World::new(1);
    let centre = world.centre();
    let safe = world.recipient(Channel::Safe);
    assert_eq!(safe.recipient(), world.key(Channel::Safe).recipient());
    assert_eq!((safe.channel(), safe.epoch(), safe.centre()), (Channel::Safe, 1, centre.centre()));
    assert_eq!(world.recipient(Channel::General).recipient(), world.key(Channel::General).recipient());
    assert_eq!(centre.seen_epochs(), SeenEpochs { safe: Some(1), general: Some(1) });
    assert!(world.verified_root().is_demonstration());
}

#[test]
fn a_root_needs_its_threshold_of_its_own_governors() {
    let world = World::new(2);
    let mut root: Root = serde_json::from_slice(&world.root.payload.0).unwrap();
    let [one, two, three] = [0, 1, 2].map(|place| &world.governors[place]);
    let verify = |document: &SignedDocument| VerifiedRoot::verify(document, at(0)).err();
    assert_eq!(verify(&sign_root(&root, &[one]).unwrap()), Some(CentreRefusal::Signature));
    assert_eq!(verify(&sign_root(&root, &[one, one]).unwrap()), Some(CentreRefusal::Signature));
    let stranger = world.operators[0].signing_key();
    assert_eq!(verify(&sign_root(&root, &[one, stranger]).unwrap()), Some(CentreRefusal::Signature));
    assert_eq!(verify(&sign_root(&root, &[one, two, three]).unwrap()), None);
    let mut altered = world.root.clone();
    altered.payload =
        Base64(String::from_utf8(altered.payload.0).unwrap().replace("true", "false").into_bytes());
    assert_eq!(verify(&altered), Some(CentreRefusal::Signature));
    assert_eq!(VerifiedRoot::verify(&world.root, at(-1)).err(), Some(CentreRefusal::NotYetValid));
    assert_eq!(verify(&world.bundle.certificate), Some(CentreRefusal::Place));
    root.threshold = 1;
    assert_eq!(verify(&sign_root(&root, &[one]).unwrap()), Some(CentreRefusal::Malformed));
    root.threshold = 4;
    assert_eq!(verify(&sign_root(&root, &[one, two, three]).unwrap()), Some(CentreRefusal::Malformed));
    root.threshold = 2;
    root.governors[2] = root.governors[0].clone();
    assert_eq!(verify(&sign_root(&root, &[one, two]).unwrap()), Some(CentreRefusal::Malformed));
}

#[test]
fn a_certificate_needs_k_governors_of_this_network() {
    let mut world = World::without_epochs(3, |_| ());
    let verify = |world: &World, document: SignedDocument| {
        let bundle = CentreBundle { certificate: document, statements: Vec::new(), earlier: Vec::new() };
        verify_centre(&world.verified_root(), &bundle, at(0), None).err()
    };
    let certificate = world.certificate.clone();
    let one = sign_certificate(&certificate, &[&world.governors[0]]).unwrap();
    assert_eq!(verify(&world, one), Some(CentreRefusal::Signature));
    let stranger = world.operators[0].signing_key().clone();
    let foreign = sign_certificate(&certificate, &[&world.governors[0], &stranger]).unwrap();
    assert_eq!(verify(&world, foreign), Some(CentreRefusal::Signature));
    let mut altered = world.bundle.certificate.clone();
    altered.payload.0.push(b' ');
    assert_eq!(verify(&world, altered), Some(CentreRefusal::Signature));
    let other = World::without_epochs(4, |_| ());
    world.governors = other.governors;
    let foreign = sign_certificate(&certificate, &[&world.governors[0], &world.governors[1]]).unwrap();
    assert_eq!(verify(&world, foreign), Some(CentreRefusal::Signature));
    let elsewhere = refusal_of(|certificate| certificate.network = other.network);
    assert_eq!(elsewhere, Some(CentreRefusal::Place));
}

#[test]
fn dates_of_a_certificate_are_kept() {
    let world = World::without_epochs(5, |_| ());
    let first_day = Clock::exact(start().checked_sub(SignedDuration::from_secs(1)).unwrap());
    assert_eq!(world.verify(first_day).err(), Some(CentreRefusal::NotYetValid));
    let reviewed = World::without_epochs(5, |it| it.review_date = "2028-01-01".parse().unwrap());
    assert_eq!(reviewed.verify(at(364)).err(), None);
    assert_eq!(reviewed.verify(at(365)).err(), Some(CentreRefusal::Expired));
    assert_eq!(refusal_of(|it| it.not_after = after_days(367)), Some(CentreRefusal::TooLong));
    assert_eq!(refusal_of(|it| it.not_after = it.not_before), Some(CentreRefusal::Malformed));
    // A centre that was verified in time gives no recipient once a date has passed.
    assert_eq!(reviewed.centre().safe_recipient(at(364)).err(), Some(CentreRefusal::NoEpoch));
    assert_eq!(reviewed.centre().safe_recipient(at(365)).err(), Some(CentreRefusal::Expired));
    assert_eq!(world.centre().safe_recipient(at(340)).err(), Some(CentreRefusal::Expired));
    // The review date is the last good day.
    assert_eq!(refusal_of(|it| it.review_date = "2026-11-01".parse().unwrap()), Some(CentreRefusal::Expired));
    assert_eq!(refusal_of(|it| it.review_date = "2026-11-02".parse().unwrap()), None);
}

#[test]
fn the_clock_of_a_device_may_be_two_days_off_and_never_behind_the_web_code() {
    let world = World::without_epochs(6, |it| it.review_date = "2028-01-01".parse().unwrap());
    let device = |days: i64| Clock::of_device(after_days(days), start());
    assert!(world.verify(device(-20_000)).is_ok());
    assert!(world.verify(device(366)).is_ok());
    assert_eq!(world.verify(device(367)).err(), Some(CentreRefusal::Expired));
    let early = Clock::of_device(after_days(-2), after_days(-2));
    let bundle = &world.bundle;
    let root = world.verified_root();
    assert!(verify_centre(&root, bundle, early, None).is_ok());
    let too_early = Clock::of_device(after_days(-3), after_days(-3));
    assert_eq!(verify_centre(&root, bundle, too_early, None).err(), Some(CentreRefusal::NotYetValid));
}

/// Which duties the safe channel admits: for the organisation and for each person.
#[test]
fn the_safe_channel_admits_no_duty_to_report_status() {
    let contested = Duties { on_status: Duty::Contested, on_crime: Duty::None };
    let strong = Duties { on_status: Duty::Strong, on_crime: Duty::None };
    let opinion = Some(Hash::of(b"opinion"));
    let named = || vec!["Ada Rossi".to_owned(), "Bea Conti".to_owned()];

    assert_eq!(refusal_of(|it| it.duty = strong), Some(CentreRefusal::Duty));
    assert_eq!(refusal_of(|it| it.duty = Duties::default()), Some(CentreRefusal::Duty));
    assert_eq!(refusal_of(|it| it.duty = contested), Some(CentreRefusal::Duty));
    assert_eq!(
        refusal_of(|it| (it.duty, it.local_opinion) = (contested, opinion)),
        Some(CentreRefusal::Duty)
    );
    assert_eq!(
        refusal_of(|it| (it.duty, it.named_persons) = (contested, named())),
        Some(CentreRefusal::Duty)
    );
    assert_eq!(
        refusal_of(|it| (it.duty, it.local_opinion, it.named_persons) = (contested, opinion, named())),
        None
    );
    let one_name = vec!["Ada Rossi".to_owned()];
    assert_eq!(
        refusal_of(|it| (it.duty, it.local_opinion, it.named_persons) = (contested, opinion, one_name)),
        Some(CentreRefusal::Duty)
    );
    // A person with a duty, in a body without one.
    assert_eq!(refusal_of(|it| it.founding_members[0].duty = strong), Some(CentreRefusal::Duty));
    assert_eq!(refusal_of(|it| it.founding_members[0].duty = contested), Some(CentreRefusal::Duty));
    assert_eq!(
        refusal_of(|it| {
            it.founding_members[0].duty = contested;
            (it.local_opinion, it.named_persons) = (opinion, named());
        }),
        None
    );
    // General support admits them all.
    assert_eq!(refusal_of(|it| it.founding_members[2].duty = strong), None);
    let general_only = refusal_of(|it| {
        it.duty = strong;
        it.channels.retain(|offered| offered.channel == Channel::General);
        it.founding_members.iter_mut().for_each(|member| member.channels = vec![Channel::General]);
    });
    assert_eq!(general_only, None);
}

#[test]
fn a_duty_that_is_not_stated_counts_as_strong() {
    let world = World::without_epochs(7, |_| ());
    let mut json: serde_json::Value = serde_json::from_slice(&world.bundle.certificate.payload.0).unwrap();
    json["founding_members"][0].as_object_mut().unwrap().remove("duty");
    let mut document = SignedDocument {
        signed_type: SignedType::Certificate,
        payload: Base64(serde_json::to_vec(&json).unwrap()),
        signatures: Vec::new(),
    };
    countersign(&mut document, &world.governors[0]);
    countersign(&mut document, &world.governors[1]);
    let bundle = CentreBundle { certificate: document, statements: Vec::new(), earlier: Vec::new() };
    let refused = verify_centre(&world.verified_root(), &bundle, at(0), None).err();
    assert_eq!(refused, Some(CentreRefusal::Duty));
}

#[test]
fn a_centre_starts_with_two_different_members_who_name_offered_channels() {
    assert_eq!(refusal_of(|it| it.founding_members.truncate(1)), Some(CentreRefusal::Malformed));
    let twice =
        |it: &mut Certificate| it.founding_members[1].signing_key = it.founding_members[0].signing_key;
    assert_eq!(refusal_of(twice), Some(CentreRefusal::Malformed));
    assert_eq!(refusal_of(|it| it.channels.truncate(1)), Some(CentreRefusal::Channel));
    assert_eq!(refusal_of(|it| it.channels.clear()), Some(CentreRefusal::Malformed));
    assert_eq!(refusal_of(|it| it.channels[1].channel = Channel::Safe), Some(CentreRefusal::Malformed));
}

#[test]
fn joining_takes_two_members_and_nobody_twice() {
    let mut world = World::new(8);
    let (operator, newcomer_member) = newcomer(&mut world, vec![Channel::Safe]);
    let centre = world.centre();
    let [one, two] = [0, 2].map(|place| world.operators[place].signing_key().clone());
    let verify = |world: &mut World, document: SignedDocument| {
        world.bundle.statements.push(document);
        let result = world.verify(at(1));
        if result.is_err() {
            world.bundle.statements.pop();
        }
        result
    };
    let body = StatementBody::Join { member: newcomer_member.clone() };
    let alone = sign_statement(&centre, body, after_days(1), &[&one]).unwrap();
    assert_eq!(verify(&mut world, alone).err(), Some(CentreRefusal::Signature));
    let with_self =
        sign_join(&centre, newcomer_member.clone(), [&one, operator.signing_key()], after_days(1)).unwrap();
    assert_eq!(verify(&mut world, with_self).err(), Some(CentreRefusal::Signature));
    let mut bound = newcomer_member.clone();
    bound.duty.on_status = Duty::Strong;
    let bound = sign_join(&centre, bound, [&one, &two], after_days(1)).unwrap();
    assert_eq!(verify(&mut world, bound).err(), Some(CentreRefusal::Duty));
    let again = member(&world.operators, &world.persons, 1);
    let again = sign_join(&centre, again, [&one, &two], after_days(1)).unwrap();
    assert_eq!(verify(&mut world, again).err(), Some(CentreRefusal::Chain));

    let joined = sign_join(&centre, newcomer_member, [&one, &two], after_days(1)).unwrap();
    let centre = verify(&mut world, joined).unwrap();
    assert_eq!(centre.members().len(), 4);
    centre.author(Channel::Safe, 1, &operator.public_key()).unwrap();
    // Section 4.2: a member seals the current key to the newcomer.
    let readers = centre.epoch_readers(Channel::Safe).unwrap();
    let reader = readers.iter().find(|reader| reader.recipient() == operator.recipient()).unwrap();
    let sealed = epoch::seal_to(reader, world.key(Channel::Safe), &world.operators[1]).unwrap();
    let opened = epoch::open(&sealed, operator.identity(), &centre, Channel::Safe, 1).unwrap();
    assert_eq!(opened.recipient(), world.key(Channel::Safe).recipient());
}

/// I5: who leaves ends the epoch, and opens nothing that comes after.
#[test]
fn a_departure_ends_the_epoch_and_the_next_one_is_closed_to_the_leaver() {
    let mut world = World::new(9);
    let leaver = world.operators[1].clone();
    let statement =
        sign_leave(&world.centre(), world.persons[1], world.operators[0].signing_key(), after_days(1));
    world.bundle.statements.push(statement.unwrap());
    let centre = world.verify(at(1)).unwrap();
    assert_eq!(centre.safe_recipient(at(1)).err(), Some(CentreRefusal::NoEpoch));
    assert_eq!(centre.general_recipient(at(1)).err(), Some(CentreRefusal::NoEpoch));

    world.new_epoch(Channel::Safe, 1);
    let centre = world.verify(at(1)).unwrap();
    let safe = centre.safe_recipient(at(1)).unwrap();
    let receipt = world.receipt();
    let sealed = seal_safe_report(&safe, None, &receipt, &report("dopo"), &mut world.rng).unwrap();
    assert!(open_for_centre(&sealed.bytes, world.key(Channel::Safe), &centre).is_ok());
    for (channel, number, target, wrap) in &world.wraps {
        if (*channel, *number) == (Channel::Safe, 2) {
            let opened = epoch::open(wrap, leaver.identity(), &centre, Channel::Safe, 2);
            assert_eq!(opened.err(), Some(OpenRefusal::Key), "{target:?}");
        }
    }
    assert_eq!(centre.author(Channel::Safe, 2, &leaver.public_key()), Err(CentreRefusal::NotAMember));
    centre.author(Channel::Safe, 1, &leaver.public_key()).unwrap();
    // A leaver signs no further statement.
    let late = sign_leave(&centre, world.persons[0], leaver.signing_key(), after_days(2)).unwrap();
    world.bundle.statements.push(late);
    assert_eq!(world.verify(at(2)).err(), Some(CentreRefusal::Signature));
}

#[test]
fn a_reader_of_general_support_ends_only_that_epoch_by_leaving() {
    let mut world = World::new(10);
    let statement =
        sign_leave(&world.centre(), world.persons[2], world.operators[0].signing_key(), after_days(1));
    world.bundle.statements.push(statement.unwrap());
    let centre = world.verify(at(1)).unwrap();
    assert!(centre.safe_recipient(at(1)).is_ok());
    assert_eq!(centre.general_recipient(at(1)).err(), Some(CentreRefusal::NoEpoch));
}

#[test]
fn epochs_are_short_rise_in_number_and_are_signed_by_their_readers() {
    let mut world = World::new(11);
    let centre = world.centre();
    let author = world.operators[0].clone();
    let (long, short) = (SignedDuration::from_hours(35 * 24 + 1), SignedDuration::from_mins(24 * 60 - 1));
    for (lasts, refusal) in [(long, CentreRefusal::TooLong), (short, CentreRefusal::Malformed)] {
        let made = epoch::create(&centre, Channel::Safe, &author, start(), lasts, &mut world.rng);
        assert_eq!(made.err(), Some(SealRefusal::Centre(refusal)));
    }
    let general_only = world.operators[2].clone();
    let day = SignedDuration::from_hours(24);
    let made = epoch::create(&centre, Channel::Safe, &general_only, start(), day, &mut world.rng);
    assert_eq!(made.err(), Some(SealRefusal::Centre(CentreRefusal::NotAMember)));

    let key = Identity::generate(&mut world.rng).unwrap();
    let from = |begins, number, days, recipient: &Identity, signer: &OperatorIdentity| {
        let body = StatementBody::Epoch {
            channel: Channel::Safe,
            number,
            recipient: recipient.recipient().clone(),
            not_before: after_days(begins),
            not_after: after_days(days),
        };
        sign_statement(&centre, body, start(), &[signer.signing_key()]).unwrap()
    };
    let announce = |number, days, recipient: &Identity, signer: &OperatorIdentity| {
        from(0, number, days, recipient, signer)
    };
    let old_key = world.key(Channel::Safe).identity().clone();
    for (document, refusal) in [
        (announce(1, 35, &key, &author), CentreRefusal::Chain),
        (announce(0, 35, &key, &author), CentreRefusal::Chain),
        (announce(2, 36, &key, &author), CentreRefusal::TooLong),
        (announce(2, 0, &key, &author), CentreRefusal::Malformed),
        (from(-1, 2, 0, &key, &author), CentreRefusal::Malformed),
        (announce(2, 35, &key, &general_only), CentreRefusal::Signature),
        (announce(2, 35, &old_key, &author), CentreRefusal::Chain),
        // After the highest number none could follow, and until it begins nobody could write: one member would close the channel.
        (announce(3, 35, &key, &author), CentreRefusal::Chain),
        (announce(u32::MAX, 35, &key, &author), CentreRefusal::Chain),
        (from(1, 2, 35, &key, &author), CentreRefusal::NotYetValid),
    ] {
        world.bundle.statements.push(document);
        assert_eq!(world.verify(at(0)).err(), Some(refusal));
        world.bundle.statements.pop();
    }
    world.bundle.statements.push(announce(2, 35, &key, &author));
    assert_eq!(world.centre().safe_recipient(at(0)).unwrap(), world.centre().safe_recipient(at(34)).unwrap());
    assert_eq!(world.centre().safe_recipient(at(35)).err(), Some(CentreRefusal::NoEpoch));
}

/// I13: an epoch older than one seen is refused, and so is a chain that lost its tail.
#[test]
fn what_was_seen_cannot_be_rolled_back() {
    let mut world = World::new(12);
    world.new_epoch(Channel::Safe, 20);
    let seen = world.verify(at(20)).unwrap().seen_epochs();
    let root = world.verified_root();
    verify_centre(&root, &world.bundle, at(20), Some(seen)).unwrap();
    world.bundle.statements.pop();
    let refused = verify_centre(&root, &world.bundle, at(20), Some(seen)).err();
    assert_eq!(refused, Some(CentreRefusal::RolledBack));
    world.bundle.statements.clear();
    let refused = verify_centre(&root, &world.bundle, at(20), Some(seen)).err();
    assert_eq!(refused, Some(CentreRefusal::RolledBack));
}

#[test]
fn a_broken_chain_is_refused() {
    let world = World::new(13);
    let with = |change: &dyn Fn(&mut Vec<SignedDocument>)| {
        let mut bundle = world.bundle.clone();
        change(&mut bundle.statements);
        verify_centre(&world.verified_root(), &bundle, at(1), None).err()
    };
    assert_eq!(with(&|_| ()), None);
    assert_eq!(with(&|statements| statements.swap(0, 1)), Some(CentreRefusal::Chain));
    assert_eq!(with(&|statements| drop(statements.remove(0))), Some(CentreRefusal::Chain));
    assert_eq!(with(&|statements| statements.push(statements[1].clone())), Some(CentreRefusal::Chain));
    assert_eq!(with(&|statements| statements[1].signatures.clear()), Some(CentreRefusal::Signature));
    assert_eq!(with(&|statements| statements[0].payload.0.push(b' ')), Some(CentreRefusal::Signature));

    // Statements well signed, but wrong in one field.
    let altered = |change: &dyn Fn(&mut Statement)| {
        with(&|statements| {
            let mut statement: Statement = serde_json::from_slice(&statements[1].payload.0).unwrap();
            change(&mut statement);
            let payload = Base64(serde_json::to_vec(&statement).unwrap());
            statements[1] =
                SignedDocument { signed_type: SignedType::Statement, payload, signatures: Vec::new() };
            countersign(&mut statements[1], world.operators[0].signing_key());
        })
    };
    assert_eq!(altered(&|_| ()), None);
    // The first key of a channel is number one.
    let second = |it: &mut Statement| {
        if let StatementBody::Epoch { number, .. } = &mut it.body {
            *number = 2;
        }
    };
    assert_eq!(altered(&second), Some(CentreRefusal::Chain));
    assert_eq!(altered(&|it| it.seq = 3), Some(CentreRefusal::Chain));
    assert_eq!(altered(&|it| it.prev = it.certificate), Some(CentreRefusal::Chain));
    assert_eq!(altered(&|it| it.certificate = it.prev), Some(CentreRefusal::Place));
    assert_eq!(altered(&|it| it.at = after_days(-1)), Some(CentreRefusal::Chain));
    assert_eq!(altered(&|it| it.at = after_days(2)), Some(CentreRefusal::NotYetValid));
    let elsewhere = World::without_epochs(14, |_| ()).certificate.centre;
    assert_eq!(altered(&|it| it.centre = elsewhere), Some(CentreRefusal::Place));
    let nobody = elsewhere.as_bytes();
    let nobody = PersonId::from_random_bytes(*nobody);
    assert_eq!(altered(&|it| it.body = StatementBody::Leave { person: nobody }), Some(CentreRefusal::Chain));
}

#[test]
fn unknown_fields_are_refused_at_every_depth() {
    let world = World::new(15);
    let statement = String::from_utf8(world.bundle.statements[0].payload.0.clone()).unwrap();
    serde_json::from_str::<Statement>(&statement).unwrap();
    for (old, new) in
        [(r#"{"centre""#, r#"{"extra":1,"centre""#), (r#""kind":"epoch""#, r#""kind":"epoch","extra":1"#)]
    {
        let altered = statement.replace(old, new);
        assert_ne!(altered, statement);
        assert!(serde_json::from_str::<Statement>(&altered).is_err(), "{altered}");
    }
    let bundle = serde_json::to_string(&world.bundle).unwrap();
    assert_eq!(CentreBundle::parse(bundle.as_bytes()).unwrap(), world.bundle);
    let altered = bundle.replacen(r#"{"key""#, r#"{"extra":1,"key""#, 1);
    assert_eq!(CentreBundle::parse(altered.as_bytes()).err(), Some(CentreRefusal::Malformed));
}

#[test]
fn an_epoch_wrap_by_somebody_who_may_not_make_one_is_refused() {
    let world = World::new(16);
    let centre = world.centre();
    let readers = centre.epoch_readers(Channel::Safe).unwrap();
    let sealed = epoch::seal_to(&readers[0], world.key(Channel::Safe), &world.operators[2]).unwrap();
    let opened = epoch::open(&sealed, world.operators[0].identity(), &centre, Channel::Safe, 1);
    assert_eq!(opened.err(), Some(OpenRefusal::Author));
}

/// A member who seals another key than the one announced would make everybody read something else.
#[test]
fn an_epoch_wrap_with_another_key_than_the_announced_one_is_refused() {
    let mut world = World::new(17);
    let centre = world.centre();
    let author = world.operators[0].clone();
    let day = SignedDuration::from_hours(24);
    let [announced, other] =
        [0, 1].map(|_| epoch::create(&centre, Channel::Safe, &author, start(), day, &mut world.rng).unwrap());
    world.bundle.statements.push(announced.statement);
    let centre = world.centre();
    let open = |wraps: &[(WrapTarget, Vec<u8>)]| {
        let (_, wrap) =
            wraps.iter().find(|(target, _)| *target == WrapTarget::Person(world.persons[0])).unwrap();
        epoch::open(wrap, author.identity(), &centre, Channel::Safe, 2).err()
    };
    assert_eq!(open(&announced.wraps), None);
    assert_eq!(open(&other.wraps), Some(OpenRefusal::Place));
}

fn duty() -> impl Strategy<Value = Duty> {
    // Mostly admissible, so that most cases get as far as sealing.
    prop_oneof![4 => Just(Duty::None), 2 => Just(Duty::Contested), 1 => Just(Duty::Strong)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// I2: whatever is certified and signed, no wrap of a safe epoch is for a body or a person that must report status.
    #[test]
    fn no_safe_wrap_is_for_a_bound_body_or_person(
        organisation in duty(),
        persons in proptest::collection::vec((duty(), any::<bool>(), any::<bool>()), 3),
        has_opinion: bool,
        seed: u64,
    ) {
        let mut named = Vec::new();
        let mut world = World::without_epochs(seed, |it| {
            it.duty.on_status = organisation;
            it.local_opinion = has_opinion.then(|| Hash::of(b"opinion"));
            for (member, (on_status, is_named, reads_safe)) in it.founding_members.iter_mut().zip(&persons) {
                member.duty.on_status = *on_status;
                member.channels = if *reads_safe { vec![Channel::Safe, Channel::General] } else { vec![Channel::General] };
                if *is_named {
                    named.push(member.name.clone());
                }
            }
            it.named_persons.clone_from(&named);
        });
        let Ok(centre) = world.verify(at(0)) else { return Ok(()) };
        let author = world.operators[0].clone();
        let day = SignedDuration::from_hours(24);
        let Ok(made) = epoch::create(&centre, Channel::Safe, &author, start(), day, &mut world.rng) else { return Ok(()) };
        for (target, _) in made.wraps {
            let WrapTarget::Person(person) = target else { continue };
            let place = world.persons.iter().position(|known| *known == person).unwrap();
            let (on_status, is_named, reads_safe) = persons[place];
            prop_assert!(reads_safe);
            for duty in [organisation, on_status] {
                prop_assert!(duty == Duty::None || (duty == Duty::Contested && has_opinion && is_named));
            }
        }
    }
}
