//! The server's clock a year behind, a year ahead, and right again: nothing is lost or destroyed, nobody stays signed in, and everything
//! works once it is right.

use crate::common::{count, stored, world};
use envelope::centre::VerifiedCentre;
use envelope::duty::Channel;
use envelope::ids::CaseId;
use envelope::mailbox::Nonce;
use jiff::SignedDuration;
use serde_json::json;
use testkit::TestApp;
use testkit::actors::{Client, DemoNetwork, Operator, Victim, draft_with_files};

testkit::on_both_engines!(
    reports_stay_and_everything_works_again,
    nobody_stays_signed_in,
    challenges_and_work_of_another_time_are_refused_and_new_ones_are_good,
    papers_hold_for_their_time_and_the_phone_is_shown,
    a_delay_and_an_appointment_do_not_last_a_year,
);

const YEAR: SignedDuration = SignedDuration::from_hours(24 * 365);

/// A moment later: what was used before the clock went wrong is remembered for some seconds.
const MOMENT: SignedDuration = SignedDuration::from_secs(20);

/// Both wrong ways, from the right time and back to it.
const JUMPS: [SignedDuration; 2] = [SignedDuration::from_hours(-24 * 365), YEAR];

async fn round(app: &TestApp) {
    for _ in 0..3 {
        app.app.housekeeping().await.unwrap();
    }
}

async fn anna(app: &TestApp, network: &DemoNetwork) -> Operator {
    Operator::sign_in(app, &network.centres[0].people[0]).await
}

/// Her report with a file, answered once.
async fn answered(app: &TestApp, network: &DemoNetwork, centre: &VerifiedCentre) -> (Victim, CaseId) {
    let now = app.platform.now();
    let her = Victim::new(app, network.id);
    let file = her.seal_file(&[7; 1_000], "foto.jpg");
    her.send_file(&file).await;
    let report = her.seal(centre, None, Channel::Safe, &draft_with_files("Parola", &[&file]), now);
    assert_eq!(her.send_report(report.bytes).await.verdict(), (201, String::new()));
    let anna = anna(app, network).await;
    let opened = anna.open(report.case).await.unwrap();
    assert_eq!(anna.answer(&opened, "Risposta", now).await.status.as_u16(), 201);
    (her, report.case)
}

async fn reports_stay_and_everything_works_again(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let centre = network.verified(0, now);
    let (her, case) = answered(&app, network, &centre).await;
    let waiting = Victim::new(&app, network.id);
    let unopened = waiting.seal_report(&centre, Channel::Safe, "Aspetta", now);
    waiting.send_report(unopened.bytes).await;
    let before = (stored(&app).await, count(&app, "file_chunk").await);
    for jump in JUMPS {
        app.time.advance(jump);
        round(&app).await;
        assert_eq!((stored(&app).await, count(&app, "file_chunk").await), before, "{jump}");
        // Her mailbox opens at any time: it asks no paper.
        assert_eq!(her.read(&centre).await.unwrap().1.len(), 1, "{jump}");
        app.time.set(now);
        round(&app).await;
        assert_eq!((stored(&app).await, count(&app, "file_chunk").await), before, "{jump}, and back");
    }
    let (mailbox, _) = her.read(&centre).await.unwrap();
    let message = her.seal_message(&centre, Channel::Safe, case, &mailbox, "Ancora", now);
    assert_eq!(her.send_message(message.bytes).await.verdict(), (201, String::new()));
    let anna = anna(&app, network).await;
    assert_eq!(anna.inbox("?state=arrived").await.len(), 2);
    let opened = anna.open(case).await.unwrap();
    let entry = &opened.items[0].content().files()[0];
    assert_eq!(anna.fetch_file(case, entry).await.unwrap(), [7; 1_000]);
    assert_eq!(anna.answer(&opened, "Ci siamo", now).await.status.as_u16(), 201);
    assert!(anna.open(unopened.case).await.is_ok());
}

async fn nobody_stays_signed_in(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    for jump in JUMPS {
        let anna = anna(&app, network).await;
        app.time.advance(jump);
        for path in ["/console/keys", "/console/session-key"] {
            assert_eq!(
                anna.client.fetch(path).await.verdict(),
                (401, "signed-out".to_owned()),
                "{jump} {path}"
            );
        }
        // When the clock is right again she is still out: what may have lasted a year is over.
        app.time.set(now);
        for path in ["/console/keys", "/console/session-key"] {
            assert_eq!(
                anna.client.fetch(path).await.verdict(),
                (401, "signed-out".to_owned()),
                "{jump} {path}"
            );
        }
        assert_eq!(count(&app, "session").await, 0);
    }
    // Steps of seconds, as they happen when a clock is set right, end nothing.
    let anna = anna(&app, network).await;
    app.time.advance(SignedDuration::from_secs(-30));
    assert_eq!(anna.client.fetch("/console/session-key").await.status.as_u16(), 200);
    // Who signs in while the clock is a year ahead is out when it is right.
    app.time.advance(YEAR);
    let mut client = Client::new(&app);
    let person = &network.centres[0].people[0];
    let (answer, _) = Operator::answer_challenge(&mut client, person.account, person).await;
    assert_eq!(answer.status.as_u16(), 200);
    app.time.set(now);
    assert_eq!(client.fetch("/console/keys").await.verdict(), (401, "signed-out".to_owned()));
    app.app.housekeeping().await.unwrap();
    assert_eq!(count(&app, "session").await, 1, "hers, which the steps of seconds left alone");
}

async fn challenges_and_work_of_another_time_are_refused_and_new_ones_are_good(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let centre = network.verified(0, now);
    let (her, _) = answered(&app, network, &centre).await;
    for jump in JUMPS {
        let burn = her.seal_burn(None, now).await;
        let nonce = her.client.post("/mailbox/nonce", Vec::new()).await;
        let page = her.receipt.page_request(&Nonce::from_slice(&nonce.body).unwrap(), 0);
        let another = Victim::new(&app, network.id);
        let report = another.seal_report(&centre, Channel::Safe, "Parola", now);
        let challenge =
            another.client.post_once("/reports", report.bytes.clone(), None).await.challenge().unwrap();
        let subject = *another.receipt.mailbox_id().as_bytes();
        let token = envelope::work::Solver::new(challenge, &subject).finish().to_header();
        let mut client = Client::new(&app);
        let person = &network.centres[0].people[0];
        let request = json!({ "account": person.account });
        let sign_in = client.post_json("/console/sign-in/challenge", &request).await.json();

        app.time.advance(jump);
        let nonce = (400, "nonce".to_owned());
        assert_eq!(her.client.post("/mailbox/page", page).await.verdict(), nonce, "{jump}");
        assert_eq!(her.client.post("/mailbox/burn", burn).await.verdict(), nonce, "{jump}");
        let signature = envelope::encoding::to_base64(&[0; 64]);
        let body = json!({ "account": person.account, "nonce": sign_in["nonce"], "signature": signature });
        assert_eq!(client.post_json("/console/sign-in", &body).await.verdict(), nonce, "{jump}");
        let late = another.client.post_once("/reports", report.bytes.clone(), Some(&token)).await;
        assert_eq!(late.verdict(), (429, "work".to_owned()), "{jump}");
        // New ones are good at once, whatever the clock says.
        assert_eq!(her.page(0).await.status.as_u16(), 200, "{jump}");
        let mut anybody = Client::new(&app);
        let (answer, _) = Operator::answer_challenge(&mut anybody, person.account, person).await;
        assert_eq!(answer.status.as_u16(), 200, "{jump}");

        app.time.set(now + MOMENT);
        assert_eq!(
            another.send_report(report.bytes).await.verdict(),
            (201, String::new()),
            "{jump}, and back"
        );
    }
    assert_eq!(her.read(&centre).await.unwrap().1.len(), 1);
}

async fn papers_hold_for_their_time_and_the_phone_is_shown(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let centre = network.verified(0, now);
    for (turn, jump) in (1..).zip(JUMPS) {
        app.time.advance(jump);
        let her = Victim::new(&app, network.id);
        let report = her.seal_report(&centre, Channel::Safe, "Parola", now);
        // Nothing is sealed to a paper that does not hold: her browser verifies again, and says what she can do.
        let refused = her.send_report(report.bytes.clone()).await;
        assert_eq!(refused.verdict(), (409, "epoch".to_owned()), "{jump}");
        let page = her.client.get("/it/places/porto/a").await;
        assert!(!page.text().contains("<textarea") && page.text().contains("+39 0586 000000"), "{jump}");
        assert_eq!(stored(&app).await.0, i64::from(jump > SignedDuration::ZERO));
        app.time.set(now + MOMENT * turn);
        assert_eq!(her.send_report(report.bytes).await.verdict(), (201, String::new()), "{jump}, and back");
        assert!(her.client.get("/it/places/porto/a").await.text().contains("<textarea"));
    }
    // After a restart with a wrong clock the papers are read anew; and again when it is right.
    for jump in JUMPS {
        app.time.advance(jump);
        round(&app).await;
        let front = Client::new(&app).get("/it/").await;
        assert_eq!(front.status.as_u16(), 200);
        app.time.set(now);
        round(&app).await;
        assert!(Client::new(&app).get("/it/places/porto/a").await.text().contains("<textarea"), "{jump}");
    }
    assert_eq!(anna(&app, network).await.inbox("?week=2026-W48").await.len(), 2);
}

async fn a_delay_and_an_appointment_do_not_last_a_year(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let person = &network.centres[0].people[0];
    for jump in JUMPS {
        let mut client = Client::new(&app).from_address("203.0.113.9");
        for _ in 0..4 {
            let request = json!({ "account": person.account });
            let challenge = client.post_json("/console/sign-in/challenge", &request).await.json();
            let signature = envelope::encoding::to_base64(&[0; 64]);
            let body =
                json!({ "account": person.account, "nonce": challenge["nonce"], "signature": signature });
            client.post_json("/console/sign-in", &body).await;
        }
        app.time.advance(jump);
        let (answer, _) = Operator::answer_challenge(&mut client, person.account, person).await;
        assert_eq!(answer.status.as_u16(), 200, "{jump}");
        app.time.set(now);
    }
}
