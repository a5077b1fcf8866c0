//! Operators: signing in and out, what each may see, two at once.

use crate::common::{count, stored, world};
use envelope::duty::Channel;
use jiff::SignedDuration;
use platform::texts::{Language, Texts};
use serde_json::json;
use testkit::TestApp;
use testkit::actors::{Client, Operator, Victim};

testkit::on_both_engines!(
    two_operators_never_overwrite_each_other,
    an_operator_sees_only_her_centre_and_her_channels,
    signed_out_sees_nothing,
    calls_without_the_token_are_refused,
    a_session_ends_by_itself,
    whoever_is_signed_in_elsewhere_sees_it_and_ends_it,
    unknown_accounts_answer_like_known_ones,
    a_nonce_signs_in_once_and_every_sign_in_takes_a_new_cookie,
    the_inbox_shows_urgent_first_and_pages_without_gaps,
);

async fn two_operators_never_overwrite_each_other(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let centre = network.verified(0, now);
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&centre, Channel::Safe, "Parola", now);
    her.send_report(report.bytes).await;
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    let mut bea = Operator::sign_in(&app, &network.centres[0].people[1]).await;
    let (of_anna, of_bea) = (anna.open(report.case).await.unwrap(), bea.open(report.case).await.unwrap());
    assert_eq!(of_anna.version, of_bea.version, "opening again changes nothing");
    let (one, other) =
        tokio::join!(anna.answer(&of_anna, "Da Anna", now), bea.answer(&of_bea, "Da Bea", now));
    let mut verdicts = [one.verdict(), other.verdict()];
    verdicts.sort();
    assert_eq!(verdicts, [(201, String::new()), (409, "changed".to_owned())]);
    assert_eq!(stored(&app).await, (1, 2, 3), "one answer is there, whole");
    // The one who lost opens again, reads what is new, and her text goes after it.
    let again = bea.open(report.case).await.unwrap();
    assert_eq!(again.items.len(), 2);
    assert_eq!(bea.answer(&again, "Da Bea, dopo", now).await.status.as_u16(), 201);
    assert_eq!(her.read(&centre).await.unwrap().1.len(), 2);
    // Waiting and closing name the version too.
    assert_eq!(bea.wait(report.case, again.version).await.verdict(), (409, "changed".to_owned()));
    assert_eq!(anna.close(&of_anna, "helped", "Nota", now).await.verdict(), (409, "changed".to_owned()));
    assert_eq!(stored(&app).await, (1, 3, 5));
}

async fn an_operator_sees_only_her_centre_and_her_channels(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let her = Victim::new(&app, network.id);
    let another = Victim::new(&app, network.id);
    let at_porto = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    let at_faro = another.seal_report(&network.verified(1, now), Channel::Safe, "Parola", now);
    her.send_report(at_porto.bytes).await;
    another.send_report(at_faro.bytes).await;
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    let mut carla = Operator::sign_in(&app, &network.centres[1].people[0]).await;
    // Dora is a member of Faro for general support only: the safe channel does not exist for her.
    let mut dora = Operator::sign_in(&app, &network.centres[1].people[1]).await;
    assert_eq!(anna.inbox("").await, [at_porto.case.to_string()]);
    assert_eq!(carla.inbox("").await, [at_faro.case.to_string()]);
    assert!(dora.inbox("").await.is_empty());
    let keys = dora.client.fetch("/console/keys").await.json();
    assert!(keys["epochs"].as_array().unwrap().iter().all(|epoch| epoch["channel"] == "general"));
    let opened = anna.open(at_porto.case).await.unwrap();
    for (operator, case) in [(&mut carla, at_porto.case), (&mut dora, at_porto.case)] {
        let page = operator.client.get(&format!("/it/console/reports/{case}")).await;
        assert_eq!(page.status.as_u16(), 404);
        assert_eq!(operator.open(case).await.err().unwrap().verdict(), (404, "not-found".to_owned()));
        assert_eq!(operator.wait(case, opened.version).await.verdict(), (404, "not-found".to_owned()));
        let sealed = anna.seal_answer(&opened, keyring::item::AnswerKind::Answer, "Risposta", now);
        assert_eq!(operator.send(&opened, sealed.bytes).await.verdict(), (404, "not-found".to_owned()));
    }
    let page = dora.client.get(&format!("/it/console/reports/{}", at_faro.case)).await;
    assert_eq!(page.status.as_u16(), 404);
    assert_eq!(dora.open(at_faro.case).await.err().unwrap().verdict(), (404, "not-found".to_owned()));
    assert_eq!(stored(&app).await, (2, 2, 2));
}

async fn signed_out_sees_nothing(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    her.send_report(report.bytes).await;
    let mut anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    let cookie_before = anna.client.cookie().unwrap().to_owned();
    let stolen = anna.client.clone();
    assert_eq!(anna.sign_out().await.status.as_u16(), 204);
    assert_eq!(count(&app, "session").await, 0);
    assert!(cookie_before.len() > 20);
    for client in [Client::new(&app), stolen] {
        for path in ["/it/console/".to_owned(), format!("/en/console/reports/{}", report.case)] {
            let page = client.get(&path).await;
            assert_eq!(page.status.as_u16(), 303, "{path}");
            assert!(page.header("location").contains("/console/sign-in"));
            assert!(page.body.is_empty());
        }
        for path in ["/console/session-key", "/console/keys"] {
            assert_eq!(client.fetch(path).await.verdict(), (401, "signed-out".to_owned()), "{path}");
        }
        for what in ["open", "items", "wait"] {
            let answer = client
                .post_if_match(&format!("/console/reports/{}/{what}", report.case), 1, Vec::new())
                .await;
            assert_eq!(answer.verdict(), (401, "signed-out".to_owned()), "{what}");
        }
    }
    assert_eq!(crate::common::column(&app, "state").await.as_deref(), Some("arrived"));
}

async fn calls_without_the_token_are_refused(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    her.send_report(report.bytes).await;
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    let path = format!("/console/reports/{}/open", report.case);
    for client in [anna.client.clone().without_csrf(), anna.client.clone().on_another_site()] {
        assert_eq!(client.post(&path, Vec::new()).await.verdict(), (403, "origin".to_owned()));
        let mut client = client;
        assert_eq!(
            client.post_json("/console/sign-out", &json!({})).await.verdict(),
            (403, "origin".to_owned())
        );
        let form = client.post_form("/console/sign-out", "csrf=wrong").await;
        assert_eq!(form.status.as_u16(), 403);
    }
    let mut wrong = anna.client.clone();
    wrong.keep_csrf("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(wrong.post(&path, Vec::new()).await.verdict(), (403, "origin".to_owned()));
    assert_eq!(crate::common::column(&app, "state").await.as_deref(), Some("arrived"));
    // A plain form with the right token works without script.
    let page = anna.client.get("/it/console/").await;
    let csrf =
        page.text().split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let mut plain = anna.client.clone().without_csrf();
    let form = plain.post_form("/console/sign-out", &format!("csrf={csrf}")).await;
    assert_eq!((form.status.as_u16(), form.header("location")), (303, "/it/console/sign-in"));
    assert_eq!(plain.cookie(), None);
}

async fn whoever_is_signed_in_elsewhere_sees_it_and_ends_it(app: TestApp) {
    let network = world(&app).await;
    let [anna, bea] = [&network.centres[0].people[0], &network.centres[0].people[1]];
    let elsewhere = Operator::sign_in(&app, anna).await;
    let colleague = Operator::sign_in(&app, bea).await;
    app.time.advance(SignedDuration::from_mins(5));
    let mut here = Operator::sign_in(&app, anna).await;
    let page = here.client.get("/en/console/sessions").await;
    let plain = |page: &testkit::Answer| page.text().replace(['\u{2068}', '\u{2069}'], "");
    assert_eq!(page.text().matches("<li>Signed in today").count(), 2, "hers alone");
    assert!(plain(&page).contains("Signed in today at 10:05, last used 0 minutes ago"), "{}", plain(&page));
    assert!(plain(&page).contains("Signed in today at 10:00, last used 5 minutes ago"));
    assert_eq!(page.text().matches("(this one)").count(), 1);
    let csrf = here.client.csrf().unwrap().to_owned();
    let answer =
        here.client.post_form("/console/sessions/end-others", &format!("csrf={csrf}&language=en")).await;
    assert_eq!(answer.header("location"), "/en/console/sessions?said=ended");
    assert_eq!(elsewhere.client.fetch("/console/session-key").await.status.as_u16(), 401);
    assert_eq!(here.client.fetch("/console/session-key").await.status.as_u16(), 200);
    assert_eq!(colleague.client.fetch("/console/session-key").await.status.as_u16(), 200);
    assert_eq!(count(&app, "session").await, 2);
    // Over midnight the day is named.
    app.time.advance(SignedDuration::from_mins(13 * 60 + 50));
    let late = Operator::sign_in(&app, anna).await;
    app.time.advance(SignedDuration::from_mins(9));
    let page = late.client.get("/en/console/sessions").await;
    assert!(
        plain(&page).contains("Signed in on 2026-11-23 at 23:55, last used 0 minutes ago"),
        "{}",
        plain(&page)
    );
}

async fn a_session_ends_by_itself(app: TestApp) {
    let network = world(&app).await;
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    for _ in 0..3 {
        app.time.advance(SignedDuration::from_mins(9));
        assert_eq!(anna.client.get("/it/console/").await.status.as_u16(), 200, "use keeps it alive");
        assert_eq!(anna.client.fetch("/console/session-key").await.status.as_u16(), 200);
    }
    app.time.advance(SignedDuration::from_mins(10));
    let sent_away = anna.client.get("/it/console/").await;
    assert_eq!(sent_away.status.as_u16(), 303);
    assert_eq!(sent_away.header("location"), "/it/console/sign-in?locked", "she is told why");
    assert_eq!(anna.client.fetch("/console/session-key").await.status.as_u16(), 401);
    app.app.housekeeping().await.unwrap();
    assert_eq!(count(&app, "session").await, 0);

    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    let mut minutes = 0;
    while anna.client.get("/it/console/").await.status.as_u16() == 200 {
        app.time.advance(SignedDuration::from_mins(8));
        minutes += 8;
        assert!(minutes <= 12 * 60, "the absolute end comes however busy she is");
    }
    assert!(minutes > 60);
}

async fn unknown_accounts_answer_like_known_ones(app: TestApp) {
    let network = world(&app).await;
    let person = &network.centres[0].people[0];
    let mut client = Client::new(&app);
    let mut challenge = async |account: &str| {
        let answer = client.post_json("/console/sign-in/challenge", &json!({ "account": account })).await;
        assert_eq!(answer.status.as_u16(), 200);
        let body = answer.json();
        (body["salt"].as_str().unwrap().to_owned(), answer.body.len())
    };
    let (known, length) = challenge(person.account).await;
    let (unknown, other_length) = challenge("nessuno.qui").await;
    let (impossible, _) = challenge("Nessuno! qui?").await;
    assert_eq!((known.len(), length), (unknown.len(), other_length));
    assert_eq!(challenge("nessuno.qui").await.0, unknown, "the salt of an unknown account does not change");
    assert_ne!(unknown, impossible);
    assert_ne!(unknown, known);
    assert_eq!(challenge(" ANNA.Verdi ").await.0, known, "capitals and spaces are forgiven");

    let mut client = Client::new(&app);
    let (of_unknown, _) = Operator::answer_challenge(&mut client, "nessuno.qui", person).await;
    let (of_another, _) = Operator::answer_challenge(&mut client, "bea.neri", person).await;
    assert_eq!(of_unknown.verdict(), (403, "sign-in".to_owned()));
    assert_eq!((of_unknown.status, &of_unknown.body), (of_another.status, &of_another.body));
    assert_eq!(client.cookie(), None);
    assert_eq!(count(&app, "session").await, 0);
}

async fn a_nonce_signs_in_once_and_every_sign_in_takes_a_new_cookie(app: TestApp) {
    let network = world(&app).await;
    let person = &network.centres[0].people[0];
    let mut client = Client::new(&app);
    let challenge =
        client.post_json("/console/sign-in/challenge", &json!({ "account": person.account })).await.json();
    let salt = envelope::encoding::from_base64(challenge["salt"].as_str().unwrap()).unwrap();
    let nonce = envelope::encoding::from_base64(challenge["nonce"].as_str().unwrap()).unwrap();
    let nonce = envelope::mailbox::Nonce::from_slice(&nonce).unwrap();
    let keys = keyring::slot::SlotKeys::derive(&person.passphrase, &salt).unwrap();
    let request = json!({
        "account": person.account, "nonce": challenge["nonce"], "signature": keys.sign_in(&nonce, person.account),
    });
    let foreign = client.clone().on_another_site().post_json("/console/sign-in", &request).await;
    assert_eq!(foreign.verdict(), (403, "origin".to_owned()));
    assert_eq!(client.post_json("/console/sign-in", &request).await.status.as_u16(), 200);
    let first = client.cookie().unwrap().to_owned();
    assert_eq!(client.post_json("/console/sign-in", &request).await.verdict(), (400, "nonce".to_owned()));
    let (again, _) = Operator::answer_challenge(&mut client, person.account, person).await;
    assert_eq!(again.status.as_u16(), 200);
    assert_ne!(client.cookie().unwrap(), first);
    assert_eq!(count(&app, "session").await, 1, "the session that the browser had is gone");
    app.time.advance(SignedDuration::from_secs(61));
    assert_eq!(client.post_json("/console/sign-in", &request).await.verdict(), (400, "nonce".to_owned()));
    let broken = client.post_json("/console/sign-in", &json!({ "account": 7 })).await;
    assert_eq!(broken.verdict(), (400, "malformed".to_owned()));
}

async fn the_inbox_shows_urgent_first_and_pages_without_gaps(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let centre = network.verified(0, now);
    let code = keyring::receipt::ReceiptCode::generate(&mut app.platform.random.clone());
    let mut her = Victim::with_code(&app, network.id, code);
    let mut urgent = Vec::new();
    for number in 0..30_u8 {
        // One derivation of a code is slow; these receipts come from bytes.
        her.receipt = keyring::receipt::Receipt::from_random_bytes(&[number; 32]).unwrap();
        let sealed = if number % 10 == 3 {
            let sealed = her.seal_urgent(&centre, Channel::Safe, "Adesso", now);
            urgent.push(sealed.case.to_string());
            sealed
        } else {
            her.seal_report(&centre, Channel::General, "Con calma", now)
        };
        assert_eq!(her.send_report(sealed.bytes).await.status.as_u16(), 201);
    }
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    let first = anna.inbox("").await;
    assert_eq!(first.len(), 25);
    let mut top = first[..3].to_vec();
    top.sort();
    urgent.sort();
    assert_eq!(top, urgent);
    let page = anna.client.get("/it/console/").await;
    let next =
        page.text().split("id=\"next-page\" href=\"/it/console/").nth(1).unwrap().split('"').next().unwrap();
    let next = next.replace("&#38;", "&").replace("&amp;", "&");
    // What arrives meanwhile moves nothing.
    her.receipt = keyring::receipt::Receipt::from_random_bytes(&[99; 32]).unwrap();
    let late = her.seal_urgent(&centre, Channel::Safe, "Adesso", now);
    her.send_report(late.bytes).await;
    let second = anna.inbox(&next).await;
    assert_eq!(second.len(), 5);
    assert!(second.iter().all(|case| !first.contains(case)));
    assert!(anna.inbox("?state=answered").await.is_empty());
    assert_eq!(anna.inbox("?state=arrived&page=nonsense").await.len(), 25);
    // The filters say how many there are: 31 arrived, of which one is opened now.
    anna.open(late.case).await.unwrap();
    let t = Texts::new(Language::Italian);
    let page = anna.client.get("/it/console/").await.text().to_owned();
    for (name, number) in [(t.console_filter_open(), 31), (t.console_filter_opened(), 1)] {
        assert!(page.contains(&t.console_filter_count(number, name)), "{name} ({number})");
    }
}
