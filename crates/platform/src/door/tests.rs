//! The door as a whole: what is let in, what is sent to work, and what has to wait.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use envelope::work::{self, Solver};
use jiff::SignedDuration;

use super::*;

const SUBJECT: [u8; 32] = [3; 32];

fn now() -> Timestamp {
    "2026-11-22T09:00:00Z".parse().unwrap()
}

fn door() -> Door {
    Door::new(
        DoorSettings { posts_per_second: 2, quiet_posts: 3, ..DoorSettings::default() },
        Random::system(),
    )
}

fn visitor(door: &Door, network: u8, now: Timestamp) -> Visitor {
    Visitor::of(door.network_key(&[network], now))
}

fn with(token: &str) -> HeaderMap {
    HeaderMap::from_iter([(HeaderName::from_static(work::HEADER), HeaderValue::from_str(token).unwrap())])
}

fn solved(challenge: Challenge, subject: &[u8; 32]) -> HeaderMap {
    with(&Solver::new(challenge, subject).finish().to_header())
}

/// Does what the door says until it lets in or asks to wait.
fn knock(door: &Door, from: &Visitor, subject: &[u8; 32], now: Timestamp) -> Result<(), (u32, HeaderMap)> {
    let mut headers = solved(door.challenge(from, now), subject);
    for _ in 0..8 {
        match door.admit(&headers, from, subject, now) {
            Ok(()) => return Ok(()),
            Err(Turned::Busy(seconds)) => return Err((seconds, headers)),
            Err(Turned::Work(challenge)) => headers = solved(challenge, subject),
        }
    }
    panic!("work without an end");
}

#[test]
fn work_is_asked_for_and_its_token_counts_once_for_its_subject() {
    let door = door();
    let from = visitor(&door, 1, now());
    let Err(Turned::Work(challenge)) = door.admit(&HeaderMap::new(), &from, &SUBJECT, now()) else {
        panic!("without a token");
    };
    assert_eq!(challenge.tries(), LEAST_TRIES);
    let headers = solved(challenge, &SUBJECT);
    let is_work = |turned: Result<(), Turned>| matches!(turned, Err(Turned::Work(_)));
    assert!(is_work(door.admit(&headers, &from, &[4; 32], now())), "another subject");
    assert!(is_work(super::Door::admit(&self::door(), &headers, &from, &SUBJECT, now())), "another server");
    assert_eq!(door.admit(&headers, &from, &SUBJECT, now()), Ok(()));
    assert!(is_work(door.admit(&headers, &from, &SUBJECT, now())), "used");
    for broken in ["", "AAAA", "!", &"A".repeat(251), &"A".repeat(10_000)] {
        assert!(is_work(door.admit(&with(broken), &from, &SUBJECT, now())), "{broken}");
    }
    let mut twice = solved(door.challenge(&from, now()), &SUBJECT);
    twice.append(work::HEADER, HeaderValue::from_static("AAAA"));
    assert!(is_work(door.admit(&twice, &from, &SUBJECT, now())), "two tokens");
}

#[test]
fn a_challenge_is_good_for_ten_minutes() {
    let door = door();
    for (seconds, good) in [(0, true), (600, true), (601, false), (-1, false), (100_000, false)] {
        let from = visitor(&door, 1, now());
        let headers = solved(door.challenge(&from, now()), &SUBJECT);
        let at = now() + SignedDuration::from_secs(seconds);
        assert_eq!(door.admit(&headers, &from, &SUBJECT, at).is_ok(), good, "{seconds}");
    }
}

#[test]
fn altered_challenges_are_not_ours() {
    let door = door();
    let from = visitor(&door, 1, now());
    let challenge = door.challenge(&from, now());
    for bit in 0..work::CHALLENGE_LENGTH * 8 {
        let mut bytes = *challenge.as_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let cheap = Challenge::parse(&bytes).ok().filter(|altered| altered.tries() <= 2 * LEAST_TRIES);
        let Some(altered) = cheap else { continue };
        assert!(door.admit(&solved(altered, &SUBJECT), &from, &SUBJECT, now()).is_err(), "bit {bit}");
    }
}

#[test]
fn tokens_from_a_quiet_time_do_not_open_a_busy_door() {
    let door = door();
    let from = visitor(&door, 1, now());
    let early = solved(door.challenge(&from, now()), &SUBJECT);
    door.press(1.0);
    let Err(Turned::Work(challenge)) = door.admit(&early, &from, &SUBJECT, now()) else {
        panic!("too cheap")
    };
    assert_eq!(challenge.tries(), MOST_TRIES);
    assert_eq!(door.admit(&solved(challenge, &SUBJECT), &from, &SUBJECT, now()), Ok(()));
    assert!(door.load(now()) >= 1.0);
    door.press(0.0);
    assert!(door.load(now()) <= 0.0, "one post is no load");
}

#[test]
fn a_flooded_line_waits_its_turn_keeps_its_place_and_others_pass() {
    let door = door();
    let flooder = visitor(&door, 1, now());
    let mut admitted = 0;
    let (seconds, headers) = loop {
        match knock(&door, &flooder, &SUBJECT, now()) {
            Ok(()) => admitted += 1,
            Err(waiting) => break waiting,
        }
    };
    assert!((10..=16).contains(&admitted), "four times what is quiet: {admitted}");
    assert!((1..=3).contains(&seconds), "{seconds}");
    // Somebody else on the same line gets the next appointment, somebody elsewhere gets in.
    let (hers, her_headers) = knock(&door, &flooder, &[5; 32], now()).unwrap_err();
    assert!(hers >= seconds && hers <= seconds + 2);
    assert_eq!(knock(&door, &visitor(&door, 2, now()), &SUBJECT, now()), Ok(()));
    // Coming too early changes nothing; coming in time, or long after the challenge has ended, lets in, once.
    assert!(matches!(door.admit(&headers, &flooder, &SUBJECT, now()), Err(Turned::Busy(_))));
    let later = now() + SignedDuration::from_secs(i64::from(hers));
    assert_eq!(door.admit(&her_headers, &flooder, &[5; 32], later), Ok(()));
    assert!(matches!(door.admit(&her_headers, &flooder, &[5; 32], later), Err(Turned::Work(_))));
    assert_eq!(door.admit(&headers, &flooder, &SUBJECT, later), Ok(()));
}

#[test]
fn the_onion_service_works_and_never_waits() {
    let door = door();
    for _ in 0..16 {
        assert_eq!(knock(&door, &Visitor::onion(), &SUBJECT, now()), Ok(()));
    }
    assert_eq!(door.challenge(&Visitor::onion(), now()).tries(), MOST_TRIES);
}

#[test]
fn reading_is_free_until_a_network_reads_far_more_than_people_do() {
    let door = door();
    let from = visitor(&door, 1, now());
    let read = |headers: &HeaderMap| door.admit_reading(headers, &from, &SUBJECT, now());
    let free = (0..1_000).take_while(|_| read(&HeaderMap::new()).is_ok()).count();
    assert!((60..=62).contains(&free), "{free}");
    let Err(Turned::Work(challenge)) = read(&HeaderMap::new()) else { panic!("work") };
    assert_eq!(read(&solved(challenge, &SUBJECT)), Ok(()), "work opens");
    let elsewhere = visitor(&door, 2, now());
    assert_eq!(door.admit_reading(&HeaderMap::new(), &elsewhere, &SUBJECT, now()), Ok(()));
    let later = now() + SignedDuration::from_mins(3);
    let same = visitor(&door, 1, later);
    assert_eq!(door.admit_reading(&HeaderMap::new(), &same, &SUBJECT, later), Ok(()));
}

#[test]
fn the_key_of_networks_lives_a_day() {
    let door = door();
    let today = door.network_key(b"network", now());
    assert_eq!(today, door.network_key(b"network", now() + SignedDuration::from_hours(14)));
    let tomorrow = now() + SignedDuration::from_hours(15);
    assert_ne!(today, door.network_key(b"network", tomorrow));
    assert_ne!(today, door.network_key(b"network", now()), "and does not come back");
}
