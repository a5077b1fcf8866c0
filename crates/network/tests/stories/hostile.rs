//! What hostile or broken browsers send: each gets its code, and nothing is stored.

use crate::common::{stored, world};
use envelope::duty::Channel;
use envelope::encoding::Hash;
use envelope::frame::{Frame, FrameParts, signed_payload};
use envelope::signature::SignedType;
use jiff::SignedDuration;
use keyring::item::Place;
use keyring::signing::SigningKey;
use platform::database::DatabaseError;
use sea_orm::ConnectionTrait as _;
use testkit::TestApp;
use testkit::actors::{DemoNetwork, Operator, Victim};

testkit::on_both_engines!(
    broken_reports_are_refused_and_nothing_is_stored,
    a_replay_is_answered_alike_and_stored_once,
    a_report_moved_to_another_centre_is_refused,
    an_old_epoch_is_refused,
    an_epoch_that_the_tables_do_not_have_is_a_failure_and_no_refusal,
    an_expired_certificate_closes_its_channels,
    a_page_of_another_site_cannot_post,
    messages_out_of_order_are_refused,
    answers_that_are_not_hers_to_write_are_refused,
    two_reports_at_once_leave_one,
);

/// The frame with other clear fields, signed again by another key: what a forger without any secret can make.
pub(crate) fn forge(bytes: &[u8], change: impl Fn(&mut serde_json::Value), key: &SigningKey) -> Vec<u8> {
    let mut parts: FrameParts = Frame::parse(bytes).unwrap().into_parts();
    let mut clear: serde_json::Value = serde_json::from_slice(&parts.clear).unwrap();
    clear["author"] = serde_json::to_value(key.public()).unwrap();
    change(&mut clear);
    let length = parts.clear.len();
    parts.clear = serde_json::to_vec(&clear).unwrap();
    // JSON bears spaces at its end: the frame keeps one of the three lengths.
    parts.clear.resize(length.max(parts.clear.len()), b' ');
    let payload = signed_payload(&parts.clear, &parts.wraps, &parts.body);
    parts.signature = *key.sign(SignedType::Item, &payload).as_bytes();
    let mut bytes = payload;
    bytes.extend_from_slice(&parts.signature);
    bytes
}

fn key(app: &TestApp) -> SigningKey {
    SigningKey::generate(&mut app.platform.random.clone()).unwrap()
}

async fn broken_reports_are_refused_and_nothing_is_stored(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let her = Victim::new(&app, network.id);
    let whole = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now).bytes;
    let altered = |place: usize| {
        let mut bytes = whole.clone();
        bytes[place] ^= 1;
        bytes
    };
    let longer = |by: usize| {
        let mut bytes = whole.clone();
        bytes.resize(whole.len() + by, 0);
        bytes
    };
    let unsigned = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        let length = bytes.len();
        bytes[length - 64..].fill(0);
        bytes
    };
    let cases: Vec<(&str, Vec<u8>, (u16, &str))> = vec![
        ("empty", Vec::new(), (413, "size")),
        ("truncated", whole[..whole.len() - 1].to_vec(), (413, "size")),
        ("one byte too large", longer(1), (413, "size")),
        ("larger than any request", vec![0; 200_000], (413, "size")),
        ("the largest frame and a byte", vec![0; 65_537], (413, "size")),
        ("zeros", vec![0; 4_096], (400, "malformed")),
        ("stretched to the next size", longer(16_384 - 4_096), (400, "malformed")),
        ("another magic", altered(0), (400, "malformed")),
        ("another length", altered(8), (400, "malformed")),
        ("altered clear fields", altered(40), (400, "malformed")),
        ("altered body", altered(3_500), (400, "signature")),
        ("altered signature", altered(whole.len() - 1), (400, "signature")),
        ("no signature", unsigned(&whole), (400, "signature")),
    ];
    for (name, bytes, (status, code)) in cases {
        let verdict = her.send_report(bytes).await.verdict();
        if name == "altered clear fields" {
            // Depending on the bit, the form or the signature gives way.
            assert!(["malformed", "signature"].contains(&verdict.1.as_str()), "{name}: {verdict:?}");
        } else {
            assert_eq!(verdict, (status, code.to_owned()), "{name}");
        }
        assert_eq!(stored(&app).await, (0, 0, 0), "{name}");
    }
    // The same bytes at the address for messages are another kind.
    assert_eq!(her.send_message(whole.clone()).await.verdict(), (400, "malformed".to_owned()));
    assert_eq!(stored(&app).await, (0, 0, 0));
    assert_eq!(
        her.send_report(whole).await.status.as_u16(),
        201,
        "the whole one is taken: the test can fail"
    );
}

async fn a_replay_is_answered_alike_and_stored_once(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let centre = network.verified(0, now);
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&centre, Channel::Safe, "Parola", now);
    let first = her.send_report(report.bytes.clone()).await;
    let again = her.send_report(report.bytes.clone()).await;
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    assert_eq!(stored(&app).await, (1, 1, 1));
    let other = her.seal_report(&centre, Channel::Safe, "Altro", now);
    // Other bytes under the same key are answered alike and not kept (protocol section 7.5).
    let second = her.send_report(other.bytes).await;
    assert_eq!((first.status, &first.body), (second.status, &second.body));
    assert_eq!(stored(&app).await, (1, 1, 1));
    // Repeated after the epoch has ended, it is still the same report.
    app.time.advance(SignedDuration::from_hours(40 * 24));
    assert_eq!(her.send_report(report.bytes).await.status.as_u16(), 201);
    assert_eq!(stored(&app).await, (1, 1, 1));
}

async fn a_report_moved_to_another_centre_is_refused(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    let forger = key(&app);
    let elsewhere = forge(
        &report.bytes,
        |clear| clear["centre"] = "6f1d7f0e-5f0e-4a7b-9a44-0d2f6a2b1c01".into(),
        &forger,
    );
    assert_eq!(her.send_report(elsewhere).await.verdict(), (404, "centre".to_owned()));
    assert_eq!(stored(&app).await, (0, 0, 0));
    // Her own report is kept; a copy with her case but another key is somebody else's, and is refused.
    her.send_report(report.bytes.clone()).await;
    let copied = forge(&report.bytes, |_| {}, &forger);
    assert_eq!(her.send_report(copied).await.verdict(), (403, "refused".to_owned()));
    let faro = network.centres[1].id.to_string();
    let moved = forge(&report.bytes, |clear| clear["centre"] = faro.as_str().into(), &forger);
    assert_eq!(her.send_report(moved).await.verdict(), (403, "refused".to_owned()));
    assert_eq!(stored(&app).await, (1, 1, 1));
}

async fn an_old_epoch_is_refused(app: TestApp) {
    let now = app.platform.now();
    let mut network = DemoNetwork::new(now, 2);
    network.publish(&app.app).await.unwrap();
    let her = Victim::new(&app, network.id);
    let old = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    network.renew_epoch(0, Channel::Safe, now, now);
    network.publish(&app.app).await.unwrap();
    assert_eq!(her.send_report(old.bytes.clone()).await.verdict(), (409, "epoch".to_owned()));
    assert_eq!(stored(&app).await, (0, 0, 0));
    let future = forge(&old.bytes, |clear| clear["epoch"] = 9.into(), &key(&app));
    assert_eq!(her.send_report(future).await.verdict(), (409, "epoch".to_owned()));
    // She seals again to the new one, and her text was never lost.
    let new = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    assert_eq!(her.send_report(new.bytes).await.status.as_u16(), 201);
}

/// The server offers an epoch that its tables have lost: her report is not kept, and whoever runs the server learns why.
async fn an_epoch_that_the_tables_do_not_have_is_a_failure_and_no_refusal(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let lost: Result<(), DatabaseError> = app
        .store
        .database
        .write(|transaction| async move {
            for statement in ["DELETE FROM epoch_wrap", "DELETE FROM epoch"] {
                transaction.execute_unprepared(statement).await?;
            }
            Ok(())
        })
        .await;
    lost.unwrap();
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    assert_eq!(her.send_report(report.bytes).await.status.as_u16(), 500);
    assert_eq!(stored(&app).await, (0, 0, 0));
}

async fn an_expired_certificate_closes_its_channels(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    let card = network::centres::find_by_slug(&app.app, "porto").unwrap();
    assert_eq!(card.open_channels(now).count(), 2);
    for days in [36, 400] {
        app.time.set(now + SignedDuration::from_hours(days * 24));
        app.app.housekeeping().await.unwrap();
        assert_eq!(
            her.send_report(report.bytes.clone()).await.verdict(),
            (409, "epoch".to_owned()),
            "{days} days"
        );
        let card = network::centres::find_by_slug(&app.app, "porto").unwrap();
        assert_eq!(card.open_channels(app.platform.now()).count(), 0);
        assert_eq!(stored(&app).await, (0, 0, 0));
    }
}

async fn a_page_of_another_site_cannot_post(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    let foreign = her.client.clone().on_another_site();
    for path in ["/reports", "/mailbox/nonce"] {
        assert_eq!(
            foreign.post(path, report.bytes.clone()).await.verdict(),
            (403, "origin".to_owned()),
            "{path}"
        );
    }
    assert_eq!(stored(&app).await, (0, 0, 0));
}

async fn messages_out_of_order_are_refused(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let centre = network.verified(0, now);
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&centre, Channel::Safe, "Parola", now);
    her.send_report(report.bytes.clone()).await;
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    let opened = anna.open(report.case).await.unwrap();
    anna.answer(&opened, "Risposta", now).await;
    let before = stored(&app).await;
    let at = |seq| Place { case: report.case, seq, prev: Some(Hash::of(b"any")), seen: 2 };
    for seq in [2, 4, 1_000_000] {
        let sealed = her.seal_message_at(&centre, Channel::Safe, &at(seq), "Fuori posto", now);
        assert_eq!(her.send_message(sealed.bytes).await.verdict(), (409, "sequence".to_owned()), "{seq}");
    }
    let elsewhere = her.seal_message_at(&centre, Channel::General, &at(3), "Altro canale", now);
    assert_eq!(her.send_message(elsewhere.bytes).await.verdict(), (403, "refused".to_owned()));
    let other_centre =
        her.seal_message_at(&network.verified(1, now), Channel::Safe, &at(3), "Altro centro", now);
    assert_eq!(her.send_message(other_centre.bytes).await.verdict(), (403, "refused".to_owned()));
    assert_eq!(stored(&app).await, before);
    let right = her.seal_message_at(&centre, Channel::Safe, &at(3), "Al posto giusto", now);
    assert_eq!(her.send_message(right.bytes.clone()).await.status.as_u16(), 201);
    assert_eq!(her.send_message(right.bytes).await.status.as_u16(), 201, "a repeat is answered alike");
    let late = her.seal_message_at(&centre, Channel::Safe, &at(3), "Stesso posto", now);
    assert_eq!(her.send_message(late.bytes).await.verdict(), (409, "sequence".to_owned()));
    assert_eq!(stored(&app).await, (1, before.1 + 1, before.2 + 1));
}

async fn answers_that_are_not_hers_to_write_are_refused(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let centre = network.verified(0, now);
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&centre, Channel::Safe, "Parola", now);
    her.send_report(report.bytes.clone()).await;
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    let bea = Operator::sign_in(&app, &network.centres[0].people[1]).await;
    let opened = anna.open(report.case).await.unwrap();
    let sealed = anna.seal_answer(&opened, keyring::item::AnswerKind::Answer, "Risposta", now).bytes;
    let before = stored(&app).await;
    assert_eq!(
        bea.send(&opened, sealed.clone()).await.verdict(),
        (403, "refused".to_owned()),
        "another author"
    );
    let forged = forge(&sealed, |_| {}, &key(&app));
    assert_eq!(anna.send(&opened, forged).await.verdict(), (403, "refused".to_owned()), "an unknown author");
    assert_eq!(
        anna.send(&opened, report.bytes).await.verdict(),
        (403, "refused".to_owned()),
        "her own report"
    );
    let mut broken = sealed.clone();
    broken[3_900] ^= 1;
    assert_eq!(anna.send(&opened, broken).await.verdict().1, "signature");
    assert_eq!(anna.send(&opened, sealed[1..].to_vec()).await.verdict(), (413, "size".to_owned()));
    assert_eq!(stored(&app).await, before);
    assert_eq!(anna.send(&opened, sealed.clone()).await.status.as_u16(), 201);
    assert_eq!(anna.send(&opened, sealed).await.status.as_u16(), 201, "a repeat is answered alike");
    assert_eq!(stored(&app).await, (1, 2, 3));
}

async fn two_reports_at_once_leave_one(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let centre = network.verified(0, now);
    let mut her = Victim::new(&app, network.id);
    for round in 0..20_u8 {
        her.receipt = keyring::receipt::Receipt::from_random_bytes(&[round; 32]).unwrap();
        let one = her.seal_report(&centre, Channel::Safe, "Una", now);
        let other = her.seal_report(&centre, Channel::Safe, "Due", now);
        let (first, second, third) = tokio::join!(
            her.send_report(one.bytes.clone()),
            her.send_report(one.bytes.clone()),
            her.send_report(other.bytes),
        );
        assert_eq!([first, second, third].map(|answer| answer.status.as_u16()), [201; 3]);
        let one_each = i64::from(round) + 1;
        assert_eq!(stored(&app).await, (one_each, one_each, one_each));
    }
}
