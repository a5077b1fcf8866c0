//! What a member signs in her browser: the next key of a channel, and that a colleague has left. No server: the test appends.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

#[expect(dead_code, reason = "shared with the other stories of pages")]
mod page;

use browser::operator::Operator;
use browser::refusal::Refused;
use envelope::centre::verify_centre;
use envelope::clock::Clock;
use envelope::duty::Channel;
use envelope::signature::SignedDocument;
use envelope::statement::StatementBody;
use jiff::{SignedDuration, Timestamp};
use page::world::World;
use page::{built, keys, now};
use serde_json::{Value, json};

const DAY: f64 = 24.0 * 3_600.0 * 1_000.0;

/// The first operator, with the answer of a server whose clock says `given`.
fn operator(world: &World, given: f64) -> Operator {
    let mut operator = Operator::of(world.operators[0].clone());
    let mut answer: Value = serde_json::from_str(&keys(world, 0)).unwrap();
    #[expect(clippy::cast_possible_truncation, reason = "whole milliseconds of a test")]
    let moment = given as i64;
    answer["now"] = json!(moment);
    operator.keys(&answer.to_string(), &world.persons[0].to_string(), given, built()).unwrap();
    operator
}

fn channel(operator: &Operator, name: &str, now: f64) -> Value {
    let channels: Value = serde_json::from_str(&operator.channels(now).unwrap()).unwrap();
    channels.as_array().unwrap().iter().find(|one| one["channel"] == name).unwrap().clone()
}

/// When the newest epoch of the safe channel began, in milliseconds.
fn began(world: &World) -> f64 {
    let root = envelope::root::VerifiedRoot::verify(&world.root, Clock::exact(page::world::start())).unwrap();
    let centre = verify_centre(&root, &world.bundle, Clock::exact(page::world::start()), None).unwrap();
    let seconds = centre.latest_epoch(Channel::Safe).unwrap().not_before().as_second();
    f64::from(i32::try_from(seconds).unwrap()) * 1_000.0
}

#[test]
fn a_key_is_made_from_its_day_21_and_not_before() {
    let world = World::new(31);
    let due = began(&world) + 21.0 * DAY;
    for (moment, is_due) in [(due - 1_000.0, false), (due, true), (due + 20.0 * DAY, true)] {
        let ada = operator(&world, moment);
        let shown = channel(&ada, "safe", moment);
        assert_eq!((&shown["opens"], &shown["due"]), (&json!(true), &json!(is_due)), "{moment}");
        assert_eq!(ada.next_epoch("safe", moment).is_ok(), is_due);
    }
    let early = operator(&world, now());
    assert_eq!(early.next_epoch("safe", now()).unwrap_err(), Refused::CHANGED);
    assert_eq!(early.next_epoch("nowhere", now()).unwrap_err(), Refused::CHANNEL);
}

#[test]
fn what_she_signs_continues_the_chain_and_is_dated_by_the_server() {
    let mut world = World::new(32);
    let moment = began(&world) + 22.0 * DAY;
    let ada = operator(&world, moment);
    let made: Value = serde_json::from_str(&ada.next_epoch("safe", moment + DAY).unwrap()).unwrap();
    let statement: SignedDocument = serde_json::from_value(made["statement"].clone()).unwrap();
    world.bundle.statements.push(statement);
    #[expect(clippy::cast_possible_truncation, reason = "whole milliseconds of a test")]
    let given = Timestamp::from_millisecond(moment as i64).unwrap();
    let root = envelope::root::VerifiedRoot::verify(&world.root, Clock::exact(given)).unwrap();
    let centre = verify_centre(&root, &world.bundle, Clock::exact(given), None).unwrap();
    let newest = centre.latest_epoch(Channel::Safe).unwrap();
    assert_eq!(newest.not_before(), given, "not by a device that is a day ahead");
    assert_eq!(newest.not_after(), given + SignedDuration::from_hours(35 * 24));
    assert_eq!(made["wraps"].as_array().unwrap().len(), centre.epoch_readers(Channel::Safe).unwrap().len());

    // A colleague's departure ends it at once, and the next one is due.
    let other = world.persons[1].to_string();
    let ada = operator(&world, moment);
    let stated: Value = serde_json::from_str(&ada.state_leave(&other, moment).unwrap()).unwrap();
    world.bundle.statements.push(serde_json::from_value(stated["statement"].clone()).unwrap());
    let ada = operator(&world, moment);
    assert_eq!(channel(&ada, "safe", moment)["due"], json!(true));
    assert_eq!(ada.state_leave(&other, moment).unwrap_err(), Refused::CHANGED, "nobody leaves twice");
}

#[test]
fn a_server_whose_clock_is_far_away_dates_nothing() {
    let world = World::new(33);
    let moment = began(&world) + 22.0 * DAY;
    let ada = operator(&world, moment);
    assert!(ada.next_epoch("safe", moment + 2.0 * DAY).is_ok());
    assert_eq!(ada.next_epoch("safe", moment + 2.0 * DAY + 1_000.0).unwrap_err(), Refused::CLOCK);
    assert_eq!(
        ada.state_leave(&world.persons[1].to_string(), moment - 3.0 * DAY).unwrap_err(),
        Refused::CLOCK
    );
    let untold = page::operator(&world, 0);
    assert_eq!(untold.channels(now()).unwrap_err(), Refused::UNKNOWN);
}

#[test]
fn a_key_that_begins_only_later_leaves_the_channel_without_one() {
    let mut world = World::new(34);
    let moment = began(&world) + DAY;
    // It was stated by a clock that is ahead of this device by less than papers allow.
    #[expect(clippy::cast_possible_truncation, reason = "whole milliseconds of a test")]
    let at = Timestamp::from_millisecond((moment + DAY) as i64).unwrap();
    let root = envelope::root::VerifiedRoot::verify(&world.root, Clock::exact(at)).unwrap();
    let centre = verify_centre(&root, &world.bundle, Clock::exact(at), None).unwrap();
    let body = StatementBody::Epoch {
        channel: Channel::Safe,
        number: 2,
        recipient: keyring::identity::Identity::generate(&mut rand_core::OsRng).unwrap().recipient().clone(),
        not_before: at,
        not_after: at + SignedDuration::from_hours(24),
    };
    let signer = world.operators[0].signing_key();
    world.bundle.statements.push(keyring::documents::sign_statement(&centre, body, at, &[signer]).unwrap());
    let ada = operator(&world, moment);
    assert_eq!(channel(&ada, "safe", moment)["due"], json!(true));
    assert!(ada.next_epoch("safe", moment).is_ok(), "and any member puts that right");
}
