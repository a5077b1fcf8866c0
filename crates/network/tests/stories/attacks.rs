//! What people with a code, a stolen file, an old password or a program of their own could try, each attempt next to a control.

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use envelope::duty::Channel;
use envelope::encoding::{from_base64, to_base64};
use envelope::ids::CentreId;
use envelope::mailbox::{NONCE_LENGTH, Nonce};
use hmac::{Hmac, Mac as _};
use jiff::SignedDuration;
use keyring::passphrase::{Passphrase, WordList};
use keyring::receipt::Receipt;
use keyring::signing::SigningKey;
use keyring::slot::{self, SlotKeys};
use network::centres::import;
use sea_orm::{ConnectionTrait as _, DatabaseBackend, Statement};
use serde_json::json;
use sha2::Sha256;
use testkit::TestApp;
use testkit::actors::{Client, DemoNetwork, Operator, Victim};
use tower::ServiceExt as _;

use crate::common::{column, count, stored, told, world};
use crate::hostile::forge;

testkit::on_both_engines!(
    a_found_code_does_not_tell_by_posting_whether_a_report_exists,
    a_wrong_answer_uses_up_no_nonce_and_a_nonce_of_another_route_none,
    new_keys_end_the_sessions_of_the_old_ones,
    who_has_left_is_answered_like_nobody,
    a_centre_stays_on_its_review_date_and_after_it,
    the_arrival_day_is_in_no_file_once_it_is_erased,
    rows_of_reports_have_no_number_of_their_own,
    every_post_needs_a_page_of_ours,
    odd_json_is_refused_and_changes_nothing,
);

/// What is altered in the clear fields of a report.
type Change<'a> = &'a dyn Fn(&mut serde_json::Value);

/// I10, by posting: first reports under a key with and without a report, of every sort, are answered alike, and hers stays.
async fn a_found_code_does_not_tell_by_posting_whether_a_report_exists(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let centre = network.verified(0, now);
    let mut known = Victim::new(&app, network.id);
    known.receipt = Receipt::from_random_bytes(&[99; 32]).unwrap();
    assert_eq!(signing_key(&[99; 32]).public(), known.receipt.public_key());
    let hers = known.seal_report(&centre, Channel::Safe, "Parola", now);
    known.send_report(hers.bytes.clone()).await;
    // A report of the attacker's own, whose case can be named again.
    let attacker = Victim::new(&app, network.id);
    let own = attacker.seal_report(&centre, Channel::Safe, "Esca", now);
    known.send_report(own.bytes.clone()).await;
    let before = stored(&app).await;
    assert_eq!(before, (2, 2, 2));

    let sorts: [(&str, Change<'_>, (u16, &str)); 6] = [
        (
            "no such centre",
            &|clear| clear["centre"] = "6f1d7f0e-5f0e-4a7b-9a44-0d2f6a2b1c01".into(),
            (404, "centre"),
        ),
        ("an old epoch", &|clear| clear["epoch"] = 9.into(), (409, "epoch")),
        ("a case that exists", &|clear| clear["case"] = own.case.to_string().into(), (403, "refused")),
        ("an item that exists", &|clear| clear["item"] = own.item.to_string().into(), (403, "refused")),
        ("another channel", &|clear| clear["channel"] = "safe".into(), (201, "")),
        ("sound", &|_| (), (201, "")),
    ];
    for (number, (sort, change, verdict)) in (0_u8..).zip(sorts) {
        let mut answers = Vec::new();
        for (signer, is_known) in [(signing_key(&[99; 32]), true), (signing_key(&[number; 32]), false)] {
            // The channel of general support has the longer name: exchanged for the other one, the frame keeps its length.
            let fresh = attacker.seal_report(&centre, Channel::General, "Prova", now);
            let answer = known.send_report(forge(&fresh.bytes, change, &signer)).await;
            assert_eq!(answer.verdict(), (verdict.0, verdict.1.to_owned()), "{sort}, known: {is_known}");
            answers.push(told(&answer));
        }
        assert_eq!(answers[0], answers[1], "{sort}");
    }
    // The two sound ones of unknown keys were kept, none of the known one: hers is still the first, and still repeats.
    assert_eq!(stored(&app).await, (before.0 + 2, before.1 + 2, before.2 + 2));
    assert_eq!(known.send_report(hers.bytes.clone()).await.status.as_u16(), 201);
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    assert_eq!(anna.open(hers.case).await.unwrap().frames, [hers.bytes]);
}

/// The signing key of a receipt of these bytes (protocol section 7.1: HKDF-SHA256, label `ed25519`), for a client of the attacker's own.
pub(crate) fn signing_key(random: &[u8; 32]) -> SigningKey {
    let code = |key: &[u8], message: &[u8]| {
        Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(message).finalize().into_bytes()
    };
    let seed = code(&code(&[0; 32], random), b"ed25519\x01");
    SigningKey::from_seed(&seed.into()).unwrap()
}

async fn a_wrong_answer_uses_up_no_nonce_and_a_nonce_of_another_route_none(app: TestApp) {
    let network = world(&app).await;
    let person = &network.centres[0].people[0];
    let mut client = Client::new(&app);
    let challenge =
        client.post_json("/console/sign-in/challenge", &json!({ "account": person.account })).await.json();
    let salt = from_base64(challenge["salt"].as_str().unwrap()).unwrap();
    let nonce = from_base64(challenge["nonce"].as_str().unwrap()).unwrap();
    let keys = SlotKeys::derive(&person.passphrase, &salt).unwrap();
    let request = |nonce: &[u8], account: &str| {
        let signed = keys.sign_in(&Nonce::from_slice(nonce).unwrap(), account);
        json!({ "account": person.account, "nonce": to_base64(nonce), "signature": signed })
    };
    let wrong = request(&nonce, "nessuno");
    for _ in 0..3 {
        let answer = client.post_json("/console/sign-in", &wrong).await;
        assert_eq!(answer.verdict(), (403, "sign-in".to_owned()));
    }
    let of_mailbox = client.post("/mailbox/nonce", Vec::new()).await.body;
    assert_eq!(of_mailbox.len(), NONCE_LENGTH);
    let elsewhere = client.post_json("/console/sign-in", &request(&of_mailbox, person.account)).await;
    assert_eq!(elsewhere.verdict(), (400, "nonce".to_owned()));
    // Three wrong answers cost five seconds; the nonce is good all the same.
    app.time.advance(SignedDuration::from_secs(5));
    let right = request(&nonce, person.account);
    assert_eq!(client.post_json("/console/sign-in", &right).await.status.as_u16(), 200);
    assert_eq!(client.post_json("/console/sign-in", &right).await.verdict(), (400, "nonce".to_owned()));
    assert_eq!(count(&app, "session").await, 1);
}

/// A centre that suspects that a passphrase was overheard publishes a new slot: whoever signed in with the old one is out at once.
async fn new_keys_end_the_sessions_of_the_old_ones(app: TestApp) {
    let network = world(&app).await;
    let [anna, bea] = [0, 1].map(|place| &network.centres[0].people[place]);
    let stolen = Operator::sign_in(&app, anna).await;
    let colleague = Operator::sign_in(&app, bea).await;
    let mut publication = network.publication();
    let mut random = app.platform.random.clone();
    let fresh = Passphrase::generate(WordList::Italian, &mut random);
    let slot = slot::create(&fresh, &anna.identity, &mut random).unwrap();
    let mut members: serde_json::Value = serde_json::from_str(&publication.centres[0].members).unwrap();
    members[0]["slot"] = serde_json::to_value(slot).unwrap();
    publication.centres[0].members = members.to_string();
    let platform = &app.platform;
    import(&platform.database, &platform.random, &publication, platform.now()).await.unwrap();
    for path in ["/console/session-key", "/console/keys"] {
        assert_eq!(stolen.client.fetch(path).await.verdict(), (401, "signed-out".to_owned()), "{path}");
        assert_eq!(colleague.client.fetch(path).await.status.as_u16(), 200, "{path}");
    }
    let (old, _) = Operator::answer_challenge(&mut Client::new(&app), anna.account, anna).await;
    assert_eq!(old.verdict(), (403, "sign-in".to_owned()));
    // The same publication once more ends nobody's session.
    import(&platform.database, &platform.random, &publication, platform.now()).await.unwrap();
    assert_eq!(colleague.client.fetch("/console/keys").await.status.as_u16(), 200);
}

async fn who_has_left_is_answered_like_nobody(app: TestApp) {
    let now = app.platform.now();
    let mut network = DemoNetwork::new(now, 41);
    network.publish(&app.app).await.unwrap();
    let verified = network.verified(0, now);
    let signer = network.centres[0].people[0].identity.signing_key().clone();
    let leaver = network.centres[0].people.pop().unwrap();
    let leave = keyring::documents::sign_leave(&verified, leaver.id, &signer, now).unwrap();
    network.centres[0].bundle.statements.push(leave);
    network.renew_epoch(0, Channel::Safe, now, now);
    network.renew_epoch(0, Channel::General, now, now);
    network.forget_wraps_of(0, leaver.id);
    network.publish(&app.app).await.unwrap();
    let mut client = Client::new(&app);
    let (of_leaver, _) = Operator::answer_challenge(&mut client, leaver.account, &leaver).await;
    let (of_nobody, _) = Operator::answer_challenge(&mut client, "nessuno.qui", &leaver).await;
    assert_eq!(told(&of_leaver), told(&of_nobody), "the right passphrase of who has left");
    assert_eq!(of_leaver.verdict(), (403, "sign-in".to_owned()));
    assert_eq!((client.cookie(), count(&app, "session").await), (None, 0));
}

/// The review date is the last good day: what is stated on it counts, and after it the phone stays, and what came stays readable.
async fn a_centre_stays_on_its_review_date_and_after_it(app: TestApp) {
    let now = app.platform.now();
    let mut network = DemoNetwork::new(now, 42);
    network.centres[0].certificate.review_date = jiff::civil::date(2026, 11, 23);
    network.renew_certificate(0, now);
    network.publish(&app.app).await.unwrap();
    assert!(network::centres::find_by_slug(&app.app, "porto").is_some(), "on the day itself");
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    assert_eq!(her.send_report(report.bytes).await.status.as_u16(), 201);

    app.time.advance(SignedDuration::from_hours(3 * 24));
    app.app.housekeeping().await.unwrap();
    let card = network::centres::find_by_slug(&app.app, "porto").unwrap();
    assert_eq!(card.open_channels(app.platform.now()).count(), 0, "closed, and its phone stays");
    let mut client = Client::new(&app);
    let anna = &network.centres[0].people[0];
    let (answer, _) = Operator::answer_challenge(&mut client, anna.account, anna).await;
    client.keep_csrf(answer.json()["csrf"].as_str().unwrap());
    let opened = client.post(&format!("/console/reports/{}/open", report.case), Vec::new()).await;
    assert_eq!(opened.status.as_u16(), 200);
}

fn is_in_a_file(app: &TestApp, text: &str) -> Option<bool> {
    let folder = app.store.folder()?;
    let is_there = std::fs::read_dir(folder).unwrap().any(|entry| {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        bytes.windows(text.len()).any(|window| window == text.as_bytes())
    });
    Some(is_there)
}

/// SQLite's log keeps old pages in the order of their writing, with the seconds of operators' sessions between them.
async fn the_arrival_day_is_in_no_file_once_it_is_erased(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    her.send_report(report.bytes).await;
    let day = column(&app, "arrived_on").await.unwrap();
    let Some(is_there) = is_in_a_file(&app, &day) else { return };
    assert!(is_there, "the control");
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    anna.open(report.case).await.unwrap();
    app.app.housekeeping().await.unwrap();
    assert_eq!(is_in_a_file(&app, &day), Some(false));
    let log = app.store.folder().unwrap().join("approdo.db-wal");
    assert_eq!(std::fs::metadata(log).unwrap().len(), 0);
}

/// A number that rises with every row would say in which order reports and answers came, and between which of a thief's own.
async fn rows_of_reports_have_no_number_of_their_own(app: TestApp) {
    let database = &app.platform.database;
    for table in ["report", "report_item", "report_wrap"] {
        let question = format!("SELECT rowid FROM {table}");
        let answer = database.read().query_all_raw(Statement::from_string(database.engine(), question)).await;
        assert!(answer.is_err(), "{table}");
    }
    if database.engine() == DatabaseBackend::Sqlite {
        let control = Statement::from_string(database.engine(), "SELECT rowid FROM session");
        assert!(database.read().query_all_raw(control).await.is_ok());
    }
}

async fn every_post_needs_a_page_of_ours(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    let own = app.origin().to_owned();
    let page = her.receipt.page_request(&Nonce::from_bytes([7; NONCE_LENGTH]), 0);
    let origins: [&[(&str, String)]; 8] = [
        &[],
        &[("origin", "null".to_owned())],
        &[("origin", String::new())],
        &[("origin", format!("{own}0"))],
        &[("origin", format!("{own}.evil.example"))],
        &[("origin", own.replace("http://", "https://"))],
        &[("origin", own.clone()), ("origin", own.clone())],
        &[("origin", own.clone()), ("sec-fetch-site", "same-site".to_owned())],
    ];
    let posts = [
        ("/reports", report.bytes.clone()),
        ("/mailbox/nonce", Vec::new()),
        ("/mailbox/page", page),
        ("/console/sign-in/challenge", br#"{"account":"x"}"#.to_vec()),
    ];
    for (path, body) in posts {
        for headers in origins {
            let mut request = Request::builder().method(Method::POST).uri(path);
            for (name, value) in headers {
                request = request.header(*name, value);
            }
            let router = platform::web::wrap(network::router(app.app.clone()), &app.platform);
            let answer = router.oneshot(request.body(Body::from(body.clone())).unwrap()).await.unwrap();
            let (status, told) =
                (answer.status().as_u16(), to_bytes(answer.into_body(), 1_000).await.unwrap());
            assert_eq!((status, told.as_ref()), (403, &br#"{"code":"origin"}"#[..]), "{path} {headers:?}");
        }
    }
    assert_eq!(stored(&app).await, (0, 0, 0));
    assert_eq!(her.send_report(report.bytes).await.status.as_u16(), 201, "the control");
}

async fn odd_json_is_refused_and_changes_nothing(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    her.send_report(report.bytes).await;
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    let opened = anna.open(report.case).await.unwrap();
    let deep = format!("{}{}", "[".repeat(45_000), "]".repeat(45_000));
    let twice = format!(r#"{{"version":{0},"version":{0}}}"#, opened.version);
    let bodies = [
        deep.as_str(),
        r#"{"version":1e400}"#,
        r#"{"version":-1.0}"#,
        r#"{"version":9223372036854775808}"#,
        r#"{"version":"2"}"#,
        r#"{"version":null}"#,
        r#"{"version":2,"state":"closed"}"#,
        twice.as_str(),
        "{",
        "",
    ];
    let page = anna.client.get("/it/console/").await;
    let token = page.text().split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let cookie = anna.client.cookie().unwrap();
    let paths = [
        format!("/console/reports/{}/wait", report.case),
        "/console/sign-in/challenge".to_owned(),
        "/console/sign-in".to_owned(),
    ];
    for path in &paths {
        for body in bodies {
            let headers =
                [("content-type", "application/json"), ("cookie", cookie), ("x-approdo-csrf", token)];
            let answer = app.ask(Method::POST, path, &headers, body.to_owned()).await;
            assert_eq!(answer.verdict(), (400, "malformed".to_owned()), "{path} {body:.40}");
        }
    }
    assert_eq!(column(&app, "state").await.as_deref(), Some("opened"));
    for case in [
        "",
        "..",
        "%2e%2e",
        "0",
        &format!("{}0", report.case),
        &CentreId::from_random_bytes([1; 16]).to_string(),
    ] {
        let answer = anna.client.post(&format!("/console/reports/{case}/open"), Vec::new()).await;
        assert_eq!(answer.status.as_u16(), 404, "{case}");
    }
}
