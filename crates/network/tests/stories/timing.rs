//! Invariant I10 with a stop watch: what a code leads to shows not in the time of an answer. Measured interleaved, in pairs, so that a
//! machine that is busy with something else slows down both; judged by the median of the differences.

use std::time::Duration;

use crate::common::world;
use envelope::duty::Channel;
use envelope::mailbox::Nonce;
use jiff::SignedDuration;
use keyring::receipt::Receipt;
use testkit::TestApp;
use testkit::actors::{DemoNetwork, Operator, Victim};
use testkit::load::instant;

testkit::on_both_engines!(
    a_page_takes_as_long_for_every_code_without_an_answer,
    a_burn_takes_as_long_for_every_code,
);

/// How much of the time of a page the median of the differences may be, in percent: one question less to the database is
/// more than six of them, where nothing is optimised.
const MOST_OF_A_PAGE: u128 = 4;

/// How much of the time of a burn it may be: not to wait for the disk is half of it, to write two rows more is far less.
const MOST_OF_A_BURN: u128 = 20;

/// What no clock of a test tells apart.
const LEAST: Duration = Duration::from_micros(20);

fn person(app: &TestApp, number: u8) -> Victim {
    Victim::with_receipt(app, Receipt::from_random_bytes(&[number; 32]).unwrap())
}

async fn report(app: &TestApp, network: &DemoNetwork, her: &Victim) -> envelope::ids::CaseId {
    let now = app.platform.now();
    let sealed = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    assert_eq!(her.send_report(sealed.bytes).await.status.as_u16(), 201);
    sealed.case
}

/// The median of the differences and of the first of each pair, in nanoseconds.
fn medians(pairs: &[(Duration, Duration)]) -> (i128, u128) {
    let nanoseconds = |duration: Duration| i128::try_from(duration.as_nanos()).unwrap();
    let mut differences: Vec<i128> =
        pairs.iter().map(|(one, other)| nanoseconds(*one) - nanoseconds(*other)).collect();
    let mut ones: Vec<u128> = pairs.iter().map(|(one, _)| one.as_nanos()).collect();
    differences.sort_unstable();
    ones.sort_unstable();
    (differences[differences.len() / 2], ones[ones.len() / 2])
}

fn are_alike(pairs: &[(Duration, Duration)], percent: u128) -> bool {
    let (difference, typical) = medians(pairs);
    difference.unsigned_abs() <= (typical * percent / 100).max(LEAST.as_nanos())
}

/// What is read with a code: nonce and answer.
const READINGS: [(&str, &str); 2] =
    [("/mailbox/nonce", "/mailbox/page"), ("/mailbox/openings-nonce", "/mailbox/openings")];

/// Reads a page and says how long the answer took; asking for the nonce is not measured.
async fn time_of_page(app: &TestApp, who: &Victim, (nonce, page): (&str, &str)) -> Duration {
    // Nobody reads so fast that the door would ask for work.
    app.time.advance(SignedDuration::from_secs(1));
    let nonce = who.client.post(nonce, Vec::new()).await;
    let request = who.receipt.page_request(&Nonce::from_slice(&nonce.body).unwrap(), 0);
    let begun = instant();
    let answer = who.client.post_once(page, request, None).await;
    let lasted = begun.elapsed();
    assert_eq!(answer.status.as_u16(), 200);
    lasted
}

async fn time_of_burn(app: &TestApp, who: &Victim) -> Duration {
    app.time.advance(SignedDuration::from_secs(5));
    // The work is done beforehand: it is the same for every mailbox, and random.
    let request = who.seal_burn(None, app.platform.now()).await;
    let challenge = who.client.post_once("/mailbox/burn", request.clone(), None).await.challenge().unwrap();
    let subject = *who.receipt.mailbox_id().as_bytes();
    let token = envelope::work::Solver::new(challenge, &subject).finish().to_header();
    let begun = instant();
    let answer = who.client.post_once("/mailbox/burn", request, Some(&token)).await;
    let lasted = begun.elapsed();
    assert_eq!(answer.status.as_u16(), 200);
    lasted
}

/// Compares until it fits, at most a few times: a difference that is there is there each time.
macro_rules! assert_alike {
    ($name:expr, $percent:expr, $pairs:expr) => {{
        let mut told = Vec::new();
        let mut is_alike = false;
        for _ in 0..3 {
            let pairs: Vec<(Duration, Duration)> = $pairs;
            is_alike = are_alike(&pairs, $percent);
            told.push(medians(&pairs));
            if is_alike {
                break;
            }
        }
        assert!(is_alike, "{}: differences and times in nanoseconds: {told:?}", $name);
    }};
}

async fn a_page_takes_as_long_for_every_code_without_an_answer(app: TestApp) {
    let network = world(&app).await;
    let [unknown, waiting, opened, burned] = [1, 2, 3, 4].map(|number| person(&app, number));
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    for (her, is_opened) in [(&waiting, false), (&opened, true), (&burned, true)] {
        let case = report(&app, network, her).await;
        if is_opened {
            anna.open(case).await.unwrap();
        }
    }
    assert_eq!(burned.burn(None, app.platform.now()).await.status.as_u16(), 200);
    let others = [("unanswered", &waiting), ("opened", &opened), ("burned", &burned)];
    for reading in READINGS {
        for _ in 0..20 {
            time_of_page(&app, &unknown, reading).await;
        }
        for (name, other) in others {
            assert_alike!(format!("{name}, {}", reading.1), MOST_OF_A_PAGE, {
                let mut pairs = Vec::new();
                for turn in 0..200 {
                    // Whoever comes second finds the caches warm: they take turns.
                    let (one, other) = if turn % 2 == 0 {
                        let one = time_of_page(&app, &unknown, reading).await;
                        (one, time_of_page(&app, other, reading).await)
                    } else {
                        let other = time_of_page(&app, other, reading).await;
                        (time_of_page(&app, &unknown, reading).await, other)
                    };
                    pairs.push((one, other));
                }
                pairs
            });
        }
    }
}

async fn a_burn_takes_as_long_for_every_code(app: TestApp) {
    let network = world(&app).await;
    let mut number = 0;
    assert_alike!("known and unknown", MOST_OF_A_BURN, {
        let mut pairs = Vec::new();
        for turn in 0..30 {
            let (known, unknown) = (person(&app, number), person(&app, number + 1));
            number += 2;
            report(&app, network, &known).await;
            let (one, other) = if turn % 2 == 0 {
                let one = time_of_burn(&app, &unknown).await;
                (one, time_of_burn(&app, &known).await)
            } else {
                let other = time_of_burn(&app, &known).await;
                (time_of_burn(&app, &unknown).await, other)
            };
            pairs.push((one, other));
        }
        pairs
    });
}

#[test]
fn the_comparison_tells_a_difference() {
    let pairs = |one: u64, other: u64| -> Vec<(Duration, Duration)> {
        // Noise as of a machine that does something else now and then.
        (0..100)
            .map(|turn: u64| {
                let noise = if turn.is_multiple_of(9) { 5_000 } else { (turn * 37) % 90 };
                (Duration::from_micros(one + noise), Duration::from_micros(other + (turn * 53) % 90))
            })
            .collect()
    };
    assert!(are_alike(&pairs(1_000, 1_000), MOST_OF_A_PAGE));
    assert!(!are_alike(&pairs(1_000, 1_065), MOST_OF_A_PAGE));
    assert!(!are_alike(&pairs(2_000, 500), MOST_OF_A_BURN));
}
