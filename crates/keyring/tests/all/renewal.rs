//! Certificates that follow one another (protocol sections 3 and 12.1): what goes on, and what is refused (I13).

use crate::world::{World, after_days, at};
use envelope::centre::{CentreBundle, EpochReader, VerifiedEpoch, verify_centre};
use envelope::certificate::Certificate;
use envelope::duty::Channel;
use envelope::encoding::Hash;
use envelope::recipient::Recipient;
use envelope::refusal::CentreRefusal;
use envelope::statement::{HIGHEST_FIRST_EPOCH, StatementBody};
use keyring::documents::{sign_leave, sign_statement};
use keyring::identity::Identity;

fn renewed(change: impl FnOnce(&mut Certificate)) -> World {
    let mut world = World::new(61);
    world.renew(30, change);
    world
}

fn refusal_of(change: impl FnOnce(&mut Certificate)) -> Option<CentreRefusal> {
    renewed(change).verify(at(30)).err()
}

fn refused(world: &World, bundle: &CentreBundle) -> Option<CentreRefusal> {
    verify_centre(&world.verified_root(), bundle, at(60), None).err()
}

#[test]
fn a_renewal_ends_epochs_and_goes_on_with_their_numbers() {
    let mut world = renewed(|_| ());
    let centre = world.verify(at(30)).unwrap();
    assert_eq!(centre.recipient(Channel::Safe, at(30)).err(), Some(CentreRefusal::NoEpoch));
    world.new_epoch(Channel::Safe, 31);
    world.renew(60, |_| ());
    world.new_epoch(Channel::Safe, 61);
    let centre = world.verify(at(61)).unwrap();
    assert_eq!(centre.recipient(Channel::Safe, at(61)).unwrap().epoch(), 3);
    let certificates: Vec<Hash> = centre.epochs().iter().map(VerifiedEpoch::certificate).collect();
    assert_eq!(certificates[3], centre.certificate_hash());
    assert!(certificates[0] == certificates[1] && certificates[1] != certificates[2]);
    // Long after the first certificate ended, an answer of its time still has its author.
    let ada = world.operators[0].public_key();
    let late = world.verify(at(330)).unwrap();
    assert_eq!(late.author(Channel::Safe, 1, &ada), Ok(world.persons[0]));
}

#[test]
fn a_bundle_from_before_the_renewal_is_refused_by_who_has_seen_more() {
    let mut world = World::new(62);
    let old = world.bundle.clone();
    world.renew(30, |_| ());
    world.new_epoch(Channel::Safe, 31);
    let seen = Some(world.verify(at(31)).unwrap().seen_epochs());
    let judged = |bundle| verify_centre(&world.verified_root(), bundle, at(31), seen).err();
    assert_eq!(judged(&old), Some(CentreRefusal::RolledBack));
    assert_eq!(judged(&world.bundle), None);
}

#[test]
fn a_certificate_that_does_not_follow_is_refused() {
    assert_eq!(refusal_of(|_| ()), None);
    for (name, refusal) in [
        ("no head", refusal_of(|it| it.previous_chain = None)),
        ("another head", refusal_of(|it| it.previous_chain = Some(Hash::of(b"another")))),
        ("before the one that it follows", refusal_of(|it| it.not_before = after_days(-1))),
    ] {
        assert_eq!(refusal, Some(CentreRefusal::Chain), "{name}");
    }
    let mut other = World::new(61).neighbour(63);
    other.renew(30, |_| ());
    let mut mixed = other.bundle.clone();
    mixed.earlier = renewed(|_| ()).bundle.earlier;
    assert_eq!(refused(&other, &mixed), Some(CentreRefusal::Place), "another centre's chain");
}

#[test]
fn a_chain_may_be_cut_at_its_beginning_and_nowhere_else() {
    let mut world = World::new(64);
    for day in [10, 20, 30] {
        world.renew(day, |_| ());
        world.new_epoch(Channel::Safe, day + 1);
    }
    let whole = world.bundle.clone();
    assert_eq!(refused(&world, &whole), None);
    let with = |change: &dyn Fn(&mut CentreBundle)| {
        let mut bundle = whole.clone();
        change(&mut bundle);
        refused(&world, &bundle)
    };
    assert_eq!(with(&|it| drop(it.earlier.remove(0))), None, "its beginning");
    assert_eq!(with(&|it| it.earlier.clear()), None, "all before the one in force");
    assert_eq!(with(&|it| drop(it.earlier.remove(1))), Some(CentreRefusal::Chain), "the middle");
    assert_eq!(with(&|it| drop(it.earlier.pop())), Some(CentreRefusal::Chain), "the end");
    assert_eq!(with(&|it| it.earlier.swap(0, 1)), Some(CentreRefusal::Chain), "the order");
    assert_eq!(
        with(&|it| drop(it.earlier[1].statements.pop())),
        Some(CentreRefusal::Chain),
        "the last statement"
    );
    assert_eq!(
        with(&|it| it.earlier[1].certificate.signatures.truncate(1)),
        Some(CentreRefusal::Signature),
        "a governor"
    );
}

/// Where the beginning is cut off, the number of the first key is whatever it was, within what a life can hold.
#[test]
fn after_a_cut_the_first_key_has_any_number_that_a_life_can_hold() {
    let first = |number| {
        let mut world = World::new(68);
        world.renew(30, |_| ());
        world.bundle.earlier.clear();
        let key = Identity::generate(&mut world.rng).unwrap();
        let body = StatementBody::Epoch {
            channel: Channel::Safe,
            number,
            recipient: key.recipient().clone(),
            not_before: after_days(31),
            not_after: after_days(60),
        };
        let centre = world.verify(at(31)).unwrap();
        let signer = world.operators[0].signing_key();
        world.bundle.statements.push(sign_statement(&centre, body, after_days(31), &[signer]).unwrap());
        world.verify(at(31)).err()
    };
    assert_eq!(first(0), Some(CentreRefusal::Chain));
    assert_eq!((first(1), first(7)), (None, None));
    // And one that leaves enough for the keys that follow: a single member signs it.
    assert_eq!(first(HIGHEST_FIRST_EPOCH), None);
    assert_eq!(first(HIGHEST_FIRST_EPOCH + 1), Some(CentreRefusal::Chain));
    assert_eq!(first(u32::MAX), Some(CentreRefusal::Chain));
}

/// Who held a key once would open what is sealed to it: it comes back to nobody else, also after a renewal (I2, I5).
#[test]
fn a_key_that_somebody_held_comes_back_to_nobody_else() {
    let taken = |change: &dyn Fn(&World, &mut Certificate)| {
        let mut world = World::new(65);
        let signer = world.operators[0].signing_key().clone();
        let leave = sign_leave(&world.centre(), world.persons[2], &signer, after_days(1)).unwrap();
        world.bundle.statements.push(leave);
        let copy = World::new(65);
        world.renew(30, |it| {
            it.founding_members.truncate(2);
            change(&copy, it);
        });
        world.verify(at(30)).err()
    };
    assert_eq!(taken(&|_, _| ()), None);
    let leaver = |world: &World| world.operators[2].recipient().clone();
    let epoch: Recipient = World::new(65).key(Channel::Safe).recipient().clone();
    let chain = Some(CentreRefusal::Chain);
    assert_eq!(
        taken(&|world, it| it.channels[0].paper_recipient = leaver(world)),
        chain,
        "a leaver's, as paper"
    );
    assert_eq!(taken(&|world, it| it.founding_members[1].recipient = leaver(world)), chain, "a leaver's");
    assert_eq!(taken(&|_, it| it.channels[1].paper_recipient = epoch.clone()), chain, "an epoch's");
    let papers = |world: &World| world.papers[1].recipient().clone();
    let moved = |world: &World, it: &mut Certificate| {
        it.channels[0].paper_recipient = papers(world);
        it.channels.truncate(1);
        it.founding_members.iter_mut().for_each(|member| member.channels = vec![Channel::Safe]);
    };
    assert_eq!(taken(&moved), chain, "the paper of general support, for the safe channel");
}

#[test]
fn numbers_and_keys_of_epochs_do_not_begin_again() {
    let mut world = renewed(|_| ());
    let centre = world.verify(at(30)).unwrap();
    let fresh = Identity::generate(&mut world.rng).unwrap().recipient().clone();
    let old = world.key(Channel::Safe).recipient().clone();
    for (number, recipient, refusal) in [
        (1, fresh.clone(), Some(CentreRefusal::Chain)),
        (2, old, Some(CentreRefusal::Chain)),
        (3, fresh.clone(), Some(CentreRefusal::Chain)),
        (2, fresh, None),
    ] {
        let body = StatementBody::Epoch {
            channel: Channel::Safe,
            number,
            recipient,
            not_before: after_days(30),
            not_after: after_days(60),
        };
        let signer = world.operators[0].signing_key().clone();
        let statement = sign_statement(&centre, body, after_days(30), &[&signer]).unwrap();
        let mut bundle = world.bundle.clone();
        bundle.statements.push(statement);
        assert_eq!(refused(&world, &bundle), refusal, "{number}");
    }
}

/// A duty that changed counts from the new certificate on, and for what it says only.
#[test]
fn a_renewal_with_another_duty_keeps_the_safe_channel_from_who_is_bound() {
    use envelope::duty::Duty::Strong;

    let bound = |it: &mut Certificate| it.founding_members[1].duty.on_status = Strong;
    assert_eq!(refusal_of(bound), Some(CentreRefusal::Duty));
    let world = renewed(|it| {
        bound(it);
        it.founding_members[1].channels = vec![Channel::General];
    });
    let centre = world.verify(at(30)).unwrap();
    let readers: Vec<_> =
        centre.epoch_readers(Channel::Safe).unwrap().iter().map(EpochReader::person).collect();
    assert_eq!(readers, [Some(world.persons[0]), None]);
    let bea = world.operators[1].public_key();
    assert_eq!(centre.author(Channel::Safe, 1, &bea), Ok(world.persons[1]), "what she wrote before is hers");
}
