//! The last value that holds and the first that does not: what mutants of `envelope` survived before these tests stood (docs/adr/0014).

use envelope::burn::{BURN_LENGTH, BurnRequest, BurnWord};
use envelope::centre::verify_centre;
use envelope::certificate::{Certificate, LONGEST_CERTIFICATE};
use envelope::clock::Clock;
use envelope::content::{CallBack, MOST_WINDOWS, ReceiptKeys, TimeWindow};
use envelope::duty::{Channel, Duties, Duty};
use envelope::encoding::Hash;
use envelope::file::{CHUNK_OVERHEAD, STATUS_LENGTH};
use envelope::header::Suite;
use envelope::mailbox::{NONCE_LENGTH, Nonce};
use envelope::refusal::CentreRefusal;
use envelope::statement::StatementBody;
use keyring::documents::{sign_join, sign_leave, sign_statement};

use crate::world::{World, after_days, at, id_bytes, italian, member, rng};

fn refusal_of(change: impl FnOnce(&mut Certificate)) -> Option<CentreRefusal> {
    World::without_epochs(1, change).verify(at(0)).err()
}

/// A safe channel that nobody would read is not offered by who is bound either.
#[test]
fn a_bound_body_offers_no_safe_channel_though_nobody_would_read_it() {
    let contested = Duties { on_status: Duty::Contested, on_crime: Duty::None };
    let opinion = Some(Hash::of(b"opinion"));
    let names = vec!["Somebody Else".to_owned()];
    let with = |duty: Duties, opinion: Option<Hash>, names: Vec<String>| {
        refusal_of(|it| {
            it.founding_members.iter_mut().for_each(|member| member.channels = vec![Channel::General]);
            (it.duty, it.local_opinion, it.named_persons) = (duty, opinion, names);
        })
    };
    let strong = Duties { on_status: Duty::Strong, on_crime: Duty::None };
    assert_eq!(with(strong, opinion, names.clone()), Some(CentreRefusal::Duty));
    assert_eq!(with(contested, None, names.clone()), Some(CentreRefusal::Duty));
    assert_eq!(with(contested, opinion, Vec::new()), Some(CentreRefusal::Duty));
    assert_eq!(with(contested, opinion, names), None);
}

#[test]
fn two_members_are_enough_and_one_is_not() {
    assert_eq!(refusal_of(|it| it.founding_members.truncate(2)), None);
    assert_eq!(refusal_of(|it| it.founding_members.truncate(1)), Some(CentreRefusal::Malformed));
}

#[test]
fn a_member_has_a_name_and_channels_and_each_once() {
    let of_the_first = |change: fn(&mut Certificate)| refusal_of(change);
    assert_eq!(
        of_the_first(|it| it.founding_members[0].name = "  ".to_owned()),
        Some(CentreRefusal::Malformed)
    );
    assert_eq!(of_the_first(|it| it.founding_members[0].channels.clear()), Some(CentreRefusal::Malformed));
    let twice = |it: &mut Certificate| it.founding_members[0].channels = vec![Channel::Safe, Channel::Safe];
    assert_eq!(of_the_first(twice), Some(CentreRefusal::Malformed));
}

/// Statements may be made until the certificate's last moment, that one included, and not after it.
#[test]
fn no_statement_is_later_than_its_certificate() {
    let verdict = |seconds: i64| {
        let mut world = World::without_epochs(3, |it| it.review_date = "2028-10-01".parse().unwrap());
        let centre = world.centre();
        let leaver = StatementBody::Leave { person: world.persons[2] };
        let made = world.certificate.not_after + jiff::SignedDuration::from_secs(seconds);
        let document = sign_statement(&centre, leaver, made, &[world.operators[0].signing_key()]).unwrap();
        world.bundle.statements.push(document);
        // Read on the last day, with the tolerance of a device's clock.
        {
            let clock = Clock::of_device(after_days(364), after_days(0));
            verify_centre(&world.verified_root(), &world.bundle, clock, None).err()
        }
    };
    assert_eq!(verdict(0), None);
    assert_eq!(verdict(1), Some(CentreRefusal::Chain));
}

/// Who joins writes in the epoch that runs, not in one that has ended or of a channel that is not hers.
#[test]
fn a_newcomer_is_an_author_of_the_running_epoch_alone() {
    let mut world = World::new(4);
    world.new_epoch(Channel::Safe, 5);
    let before = world.verify(at(6)).unwrap();
    assert_eq!(before.epochs().len(), 3);
    let operator = keyring::operator::OperatorIdentity::generate(&mut world.rng).unwrap();
    let mut newcomer = member(&world.operators, &world.persons, 0);
    newcomer.person = envelope::ids::PersonId::from_random_bytes(id_bytes(&mut world.rng));
    newcomer.name = "Dora Blu".to_owned();
    newcomer.signing_key = operator.public_key();
    newcomer.recipient = operator.recipient().clone();
    newcomer.channels = vec![Channel::Safe];
    let signers = [world.operators[0].signing_key(), world.operators[1].signing_key()];
    let document = sign_join(&before, newcomer, signers, after_days(6)).unwrap();
    world.bundle.statements.push(document);
    let centre = world.verify(at(7)).unwrap();
    let key = operator.public_key();
    assert!(centre.author(Channel::Safe, 2, &key).is_ok());
    assert_eq!(centre.author(Channel::Safe, 1, &key), Err(CentreRefusal::NotAMember), "it has ended");
    assert_eq!(centre.author(Channel::General, 1, &key), Err(CentreRefusal::NotAMember), "not hers");
    // And whoever leaves ends the one that runs, so that nobody joins it afterwards.
    let leaver =
        sign_leave(&centre, world.persons[1], world.operators[0].signing_key(), after_days(8)).unwrap();
    world.bundle.statements.push(leaver);
    assert!(world.verify(at(9)).unwrap().safe_recipient(at(9)).is_err());
}

/// Protocol section 12.7: 8 bytes, nonce, key and length before the word; 4,096 in all.
#[test]
fn a_burn_has_room_for_a_word_of_3932_bytes_and_no_more() {
    let receipt = World::new(5).receipt();
    let nonce = Nonce::from_slice(&[7; NONCE_LENGTH]).unwrap();
    let payload =
        |length: usize| BurnRequest::signed_payload(&nonce, &receipt.public_key(), Some(&vec![1; length]));
    assert_eq!(payload(3_932).unwrap().len(), BURN_LENGTH - 64);
    assert!(payload(3_932).unwrap()[100..].iter().all(|byte| *byte == 1));
    assert_eq!(payload(3_933), None);
    let request = BurnRequest::parse(&keyring::burn::seal_burn(&receipt, &nonce, None).unwrap()).unwrap();
    assert_eq!(request.nonce(), &[7; NONCE_LENGTH]);
}

#[test]
fn a_safe_word_is_in_no_debug_form() {
    let mut random = rng(6);
    let word = BurnWord {
        suite: Suite::Approdo1,
        centre: envelope::ids::CentreId::from_random_bytes(id_bytes(&mut random)),
        channel: Channel::Safe,
        case: envelope::ids::CaseId::from_random_bytes(id_bytes(&mut random)),
        epoch: 1,
        author: World::new(6).receipt().public_key(),
        safe_word: Some("melograno".to_owned()),
    };
    let shown = format!("{word:?}");
    assert!(shown.starts_with("BurnWord") && !shown.contains("melograno"), "{shown}");
}

/// Protocol section 4.1: the keys that wraps for her go to are signed by herself, for this case and this recipient.
#[test]
fn keys_of_a_code_count_for_their_case_and_recipient_alone() {
    let mut world = World::new(7);
    let (receipt, other) = (world.receipt(), world.receipt());
    let mut random = rng(7);
    let [case, elsewhere] = [(); 2].map(|()| envelope::ids::CaseId::from_random_bytes(id_bytes(&mut random)));
    let keys = receipt.public_keys(&case);
    assert!(keys.verifies(&case));
    assert!(!keys.verifies(&elsewhere));
    assert!(!ReceiptKeys { recipient: other.recipient().clone(), ..keys.clone() }.verifies(&case));
    assert!(!ReceiptKeys { signing_key: other.public_key(), ..keys }.verifies(&case));
}

#[test]
fn a_call_has_a_number_and_one_to_most_windows_that_end_after_they_begin() {
    let window = |from: i64, to: i64| TimeWindow { from: after_days(from), to: after_days(to) };
    let call = |number: &str, windows: Vec<TimeWindow>| CallBack {
        number: number.to_owned(),
        language: italian(),
        windows,
        if_somebody_else_answers: String::new(),
    };
    let most = MOST_WINDOWS;
    assert!(call("055 1", vec![window(1, 2)]).is_consistent());
    assert!(call("055 1", vec![window(1, 2); most]).is_consistent());
    assert!(!call("055 1", vec![window(1, 2); most + 1]).is_consistent());
    assert!(!call("055 1", Vec::new()).is_consistent());
    assert!(!call("  ", vec![window(1, 2)]).is_consistent());
    assert!(!call("055 1", vec![window(1, 2), window(3, 3)]).is_consistent());
}

/// Section 3: at most twelve months, which are 366 days.
#[test]
fn a_certificate_lasts_as_long_as_it_may_and_not_a_second_longer() {
    let with = |extra: i64| {
        refusal_of(|it| {
            it.not_after = it.not_before + LONGEST_CERTIFICATE + jiff::SignedDuration::from_secs(extra);
        })
    };
    assert_eq!(with(0), None);
    assert_eq!(with(1), Some(CentreRefusal::TooLong));
}

#[test]
fn a_channel_reads_as_it_is_written_and_a_hash_shows_which_it_is() {
    for (channel, word) in [(Channel::Safe, "safe"), (Channel::General, "general")] {
        assert_eq!((channel.name(), channel.to_string().as_str()), (word, word));
        assert_eq!(word.parse(), Ok(channel));
    }
    let hash = Hash::of(b"opinion");
    assert_eq!(format!("{hash:?}"), format!("Hash({hash})"));
}

/// An epoch says from when to when it holds, and a newer one ends it before that.
#[test]
fn an_epoch_holds_from_a_moment_to_another_and_a_newer_one_ends_it() {
    let mut world = World::new(1);
    world.new_epoch(Channel::Safe, 20);
    let centre = world.verify(at(20)).unwrap();
    let of = |number| {
        let epoch = centre.epoch(Channel::Safe, number).unwrap();
        (epoch.not_before(), epoch.not_after(), epoch.is_ended())
    };
    assert_eq!(of(1), (after_days(0), after_days(35), true));
    assert_eq!(of(2), (after_days(20), after_days(55), false));
}

/// Section 12.8: key 32, count 4, signature 64.
#[test]
fn requests_about_a_file_have_the_lengths_of_the_protocol() {
    assert_eq!((CHUNK_OVERHEAD, STATUS_LENGTH), (100, 96));
}
