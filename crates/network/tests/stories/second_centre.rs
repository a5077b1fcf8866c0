//! A second centre (protocol section 7.7): it sees that a report waits, and nothing else, until the first one's promised time has passed;
//! whoever opens first holds it alone.

use crate::attacks::signing_key;
use crate::common::{column, stored, world};
use crate::hostile::forge;
use crate::journey::text_of;
use envelope::duty::Channel;
use envelope::ids::CaseId;
use jiff::SignedDuration;
use keyring::item::AnswerKind;
use keyring::receipt::Receipt;
use testkit::TestApp;
use testkit::actors::{DemoNetwork, Operator, Victim};

testkit::on_both_engines!(
    a_second_centre_opens_after_the_promised_time_and_holds_it_alone,
    a_first_centre_in_time_leaves_the_second_nothing,
    both_at_once_leave_it_to_one,
    the_promise_is_what_the_centre_published,
    who_is_not_named_sees_nothing,
    a_report_that_she_withdrew_is_no_longer_seen,
    what_is_no_second_centre_is_refused,
);

/// Her report to Porto, which Faro may open too.
async fn sent(app: &TestApp, network: &DemoNetwork) -> (Victim, CaseId, Vec<u8>) {
    let now = app.platform.now();
    let her = Victim::new(app, network.id);
    let (porto, faro) = (network.verified(0, now), network.verified(1, now));
    let report = her.seal_for_two(&porto, &faro, Channel::Safe, "Prima parola", now);
    assert_eq!(her.send_report(report.bytes.clone()).await.verdict(), (201, String::new()));
    (her, report.case, report.bytes)
}

async fn operator(app: &TestApp, network: &DemoNetwork, centre: usize, place: usize) -> Operator {
    Operator::sign_in(app, &network.centres[centre].people[place]).await
}

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

/// Nothing that comes from these addresses holds a piece of the sealed report.
async fn assert_only_the_line(who: &Operator, case: CaseId, sealed: &[u8]) {
    let page = who.client.get(&format!("/it/console/reports/{case}")).await;
    assert_eq!(page.status.as_u16(), 200);
    assert!(page.text().contains("id=\"second\""));
    let inbox = who.client.get("/it/console/").await;
    let base64 = envelope::encoding::to_base64(&sealed[1_200..1_500]);
    for text in [page.text(), inbox.text()] {
        assert!(!text.contains(&base64[4..40]) && !text.contains("Prima parola"));
    }
}

async fn a_second_centre_opens_after_the_promised_time_and_holds_it_alone(app: TestApp) {
    let network = world(&app).await;
    let (her, case, sealed) = sent(&app, network).await;
    // It promised two days: Monday, Tuesday and Wednesday are the first centre's.
    for day in 0..3 {
        let carla = operator(&app, network, 1, 0).await;
        assert_eq!(carla.inbox("").await, [case.to_string()], "she sees that one waits");
        let inbox = carla.client.get("/it/console/").await;
        assert!(inbox.text().contains("Centro porto") && !inbox.text().contains("data-may-open"));
        assert_eq!(carla.open(case).await.err().unwrap().verdict(), (403, "not-yet".to_owned()), "day {day}");
        assert_only_the_line(&carla, case, &sealed).await;
        let keeping = carla.client.get(&format!("/it/console/keeping/{case}")).await;
        assert_eq!(keeping.status.as_u16(), 404);
        assert_eq!(column(&app, "state").await.as_deref(), Some("arrived"));
        app.time.advance(days(1));
        app.app.housekeeping().await.unwrap();
    }
    let now = app.platform.now();
    let mut carla = operator(&app, network, 1, 0).await;
    assert!(carla.client.get("/it/console/").await.text().contains("data-may-open=\"true\""));
    assert_eq!(carla.wait(case, 1).await.verdict(), (404, "not-found".to_owned()), "not before opening it");
    let opened = carla.open(case).await.unwrap();
    assert_eq!(text_of(opened.items[0].content()), "Prima parola");
    assert_eq!(opened.frames, std::slice::from_ref(&sealed));

    // The first centre holds nothing any more: it sees the line that the second one saw.
    let mut anna = operator(&app, network, 0, 0).await;
    assert_eq!(anna.open(case).await.err().unwrap().verdict(), (409, "changed".to_owned()));
    assert_only_the_line(&anna, case, &sealed).await;
    assert!(anna.inbox("?state=opened").await.is_empty());
    assert_eq!(anna.wait(case, opened.version).await.verdict(), (404, "not-found".to_owned()));
    let forged = carla.seal_answer(&opened, AnswerKind::Answer, "Da chi?", now);
    assert_eq!(anna.send(&opened, forged.bytes).await.verdict(), (404, "not-found".to_owned()));

    // The second centre's answer reaches her, and her next words reach it.
    assert_eq!(carla.answer(&opened, "Siamo l’altro centro", now).await.verdict(), (201, String::new()));
    let faro = network.verified(1, now);
    let (mailbox, answers) = her.read(&faro).await.unwrap();
    assert_eq!(text_of(answers[0].content()), "Siamo l’altro centro");
    let message = her.seal_message(&faro, Channel::Safe, case, &mailbox, "Grazie", now);
    assert_eq!(her.send_message(message.bytes).await.verdict(), (201, String::new()));
    let porto = network.verified(0, now);
    let stray = her.seal_message(&porto, Channel::Safe, case, &mailbox, "A chi?", now);
    assert_eq!(
        her.send_message(stray.bytes).await.verdict(),
        (403, "refused".to_owned()),
        "it is Faro's now"
    );
    app.time.advance(days(10));
    let anna = operator(&app, network, 0, 0).await;
    assert_eq!(
        anna.open(case).await.err().unwrap().verdict(),
        (409, "changed".to_owned()),
        "it does not come back"
    );
    let carla = operator(&app, network, 1, 0).await;
    assert_eq!(text_of(carla.open(case).await.unwrap().items[2].content()), "Grazie");
}

async fn a_first_centre_in_time_leaves_the_second_nothing(app: TestApp) {
    let network = world(&app).await;
    let (_, case, sealed) = sent(&app, network).await;
    app.time.advance(days(2));
    let anna = operator(&app, network, 0, 0).await;
    assert_eq!(anna.open(case).await.unwrap().frames, std::slice::from_ref(&sealed));
    for _ in 0..3 {
        app.time.advance(days(7));
        app.app.housekeeping().await.unwrap();
        let carla = operator(&app, network, 1, 0).await;
        assert_eq!(carla.open(case).await.err().unwrap().verdict(), (409, "changed".to_owned()));
        assert_only_the_line(&carla, case, &sealed).await;
        assert!(!carla.client.get("/it/console/").await.text().contains("data-may-open"));
    }
}

async fn both_at_once_leave_it_to_one(app: TestApp) {
    let network = world(&app).await;
    for _ in 0..4 {
        let (_, case, _) = sent(&app, network).await;
        app.time.advance(days(3));
        let (anna, carla) = (operator(&app, network, 0, 0).await, operator(&app, network, 1, 0).await);
        let (one, other) = tokio::join!(anna.open(case), carla.open(case));
        let (winner, refusal) = match (one, other) {
            (Ok(_), Err(refusal)) => (&anna, refusal),
            (Err(refusal), Ok(_)) => (&carla, refusal),
            (one, other) => panic!("both or neither: {} {}", one.is_ok(), other.is_ok()),
        };
        assert_eq!(refusal.verdict(), (409, "changed".to_owned()));
        assert!(winner.open(case).await.is_ok());
    }
}

async fn the_promise_is_what_the_centre_published(app: TestApp) {
    let network = world(&app).await;
    let mut publication = network.publication();
    let mut facts: serde_json::Value = serde_json::from_str(&publication.centres[0].centre).unwrap();
    facts["promise_days"] = 5.into();
    publication.centres[0].centre = facts.to_string();
    let platform = &app.platform;
    network::centres::import(&platform.database, &platform.random, &publication, platform.now())
        .await
        .unwrap();
    app.app.reload_centres().await.unwrap();
    let (_, case, _) = sent(&app, network).await;
    app.time.advance(days(5));
    let carla = operator(&app, network, 1, 0).await;
    assert_eq!(carla.open(case).await.err().unwrap().verdict(), (403, "not-yet".to_owned()));
    app.time.advance(days(1));
    let carla = operator(&app, network, 1, 0).await;
    assert!(carla.open(case).await.is_ok());
}

async fn who_is_not_named_sees_nothing(app: TestApp) {
    let now = app.platform.now();
    let mut network = DemoNetwork::new(now, 7);
    network.found_third(now);
    network.publish(&app.app).await.unwrap();
    let (_, case, _) = sent(&app, &network).await;
    app.time.advance(days(3));
    // A third centre, and a member of the second one who does not read the safe channel: before and after it is opened.
    for _ in 0..2 {
        for (centre, place) in [(2, 0), (2, 1), (1, 1)] {
            let mut stranger = operator(&app, &network, centre, place).await;
            assert!(stranger.inbox("").await.is_empty());
            let page = stranger.client.get(&format!("/it/console/reports/{case}")).await;
            assert_eq!(page.status.as_u16(), 404);
            assert_eq!(stranger.open(case).await.err().unwrap().verdict(), (404, "not-found".to_owned()));
            assert_eq!(stranger.wait(case, 1).await.verdict(), (404, "not-found".to_owned()));
            let found = stranger.client.get(&format!("/it/console/?case={case}")).await;
            assert_eq!(found.status.as_u16(), 200, "looked for, not found");
        }
        let carla = operator(&app, &network, 1, 0).await;
        assert!(carla.open(case).await.is_ok(), "the control");
    }
}

async fn a_report_that_she_withdrew_is_no_longer_seen(app: TestApp) {
    let network = world(&app).await;
    let (her, case, _) = sent(&app, network).await;
    assert_eq!(her.burn(None, app.platform.now()).await.status.as_u16(), 200);
    app.time.advance(days(3));
    let carla = operator(&app, network, 1, 0).await;
    assert!(carla.inbox("").await.is_empty());
    assert_eq!(carla.client.get(&format!("/it/console/reports/{case}")).await.status.as_u16(), 404);
    assert_eq!(carla.open(case).await.err().unwrap().verdict(), (404, "not-found".to_owned()));
    let anna = operator(&app, network, 0, 0).await;
    assert_eq!(anna.open(case).await.unwrap().state, "withdrawn");
}

async fn what_is_no_second_centre_is_refused(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let (porto, faro) = (network.verified(0, now), network.verified(1, now));
    let mut her = Victim::new(&app, network.id);
    for (number, (what, change, verdict)) in (1_u8..).zip([
        (
            "no such centre",
            &(|clear: &mut serde_json::Value| {
                clear["second"]["centre"] = "6f1d7f0e-5f0e-4a7b-9a44-0d2f6a2b1c01".into();
            }) as &dyn Fn(&mut serde_json::Value),
            (404, "centre"),
        ),
        ("an old epoch", &|clear| clear["second"]["epoch"] = 9.into(), (409, "epoch")),
        (
            "the same centre twice",
            &|clear| clear["second"]["centre"] = clear["centre"].clone(),
            (400, "malformed"),
        ),
        ("sound", &|_| (), (201, "")),
    ]) {
        her.receipt = Receipt::from_random_bytes(&[number; 32]).unwrap();
        let report = her.seal_for_two(&porto, &faro, Channel::Safe, "Parola", now);
        let answer = her.send_report(forge(&report.bytes, change, &signing_key(&[number; 32]))).await;
        assert_eq!(answer.verdict(), (verdict.0, verdict.1.to_owned()), "{what}");
    }
    assert_eq!(stored(&app).await.0, 1);
}
