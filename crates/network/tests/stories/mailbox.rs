//! A mailbox that nobody has and one without an answer are told apart by nothing (invariant I10).

use crate::common::{stored, world};
use envelope::duty::Channel;
use envelope::encoding::Hash;
use envelope::ids::CaseId;
use envelope::index::PAGE_LENGTH;
use jiff::SignedDuration;
use keyring::item::Place;
use testkit::actors::{Operator, Victim};
use testkit::{Answer, TestApp};

testkit::on_both_engines!(
    unknown_and_unanswered_are_alike,
    requests_without_a_fresh_nonce_are_refused,
    before_the_first_answer_no_message_is_taken,
);

fn headers_of(answer: &Answer) -> Vec<(String, String)> {
    let mut headers: Vec<(String, String)> = answer
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    headers
}

/// The body of a page of filler looks like noise: no block of it repeats.
fn is_filler(body: &[u8]) -> bool {
    let mut blocks: Vec<&[u8]> = body.chunks(32).collect();
    blocks.sort_unstable();
    blocks.windows(2).all(|pair| pair[0] != pair[1]) && !body.starts_with(b"APPRODOX")
}

async fn unknown_and_unanswered_are_alike(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let centre = network.verified(0, now);
    let known = Victim::new(&app, network.id);
    let unknown = Victim::new(&app, network.id);
    let report = known.seal_report(&centre, Channel::Safe, "Parola", now);
    known.send_report(report.bytes).await;

    for page in [0, 1, 7, u32::MAX] {
        let (one, other) = (known.page(page).await, unknown.page(page).await);
        assert_eq!(one.status, other.status);
        assert_eq!(headers_of(&one), headers_of(&other));
        assert_eq!((one.body.len(), other.body.len()), (PAGE_LENGTH, PAGE_LENGTH));
        assert!(is_filler(&one.body) && is_filler(&other.body), "page {page}");
        assert_eq!(known.page(page).await.body, one.body, "filler is stable");
        assert_eq!(unknown.page(page).await.body, other.body, "filler is stable");
    }

    // Opening changes nothing that she, or whoever has the code, can see.
    let before = known.page(0).await.body;
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    let opened = anna.open(report.case).await.unwrap();
    assert_eq!(known.page(0).await.body, before);
    assert_eq!(anna.answer(&opened, "Risposta", now).await.status.as_u16(), 201);
    let answered = known.page(0).await;
    assert!(!is_filler(&answered.body), "the control: with an answer the page differs");
    assert_eq!(headers_of(&answered), headers_of(&unknown.page(0).await));
    assert_eq!(answered.body.len(), PAGE_LENGTH);
    assert!(is_filler(&known.page(9).await.body), "a page past the last is filler");
}

async fn requests_without_a_fresh_nonce_are_refused(app: TestApp) {
    let network = world(&app).await;
    let her = Victim::new(&app, network.id);
    let nonce = her.client.post("/mailbox/nonce", Vec::new()).await;
    let nonce = envelope::mailbox::Nonce::from_slice(&nonce.body).unwrap();
    let request = her.receipt.page_request(&nonce, 0);
    assert_eq!(her.client.post("/mailbox/page", request.clone()).await.status.as_u16(), 200);
    app.time.advance(SignedDuration::from_secs(61));
    let verdict = her.client.post("/mailbox/page", request.clone()).await.verdict();
    assert_eq!(verdict, (400, "nonce".to_owned()));
    let verdict = her.client.post("/mailbox/page", request[1..].to_vec()).await.verdict();
    assert_eq!(verdict, (400, "malformed".to_owned()));
    let verdict = her.client.post("/mailbox/page", [request.clone(), vec![0]].concat()).await.verdict();
    assert_eq!(verdict, (413, "size".to_owned()));

    let nonce = her.client.post("/mailbox/nonce", Vec::new()).await;
    let nonce = envelope::mailbox::Nonce::from_slice(&nonce.body).unwrap();
    let mut request = her.receipt.page_request(&nonce, 0);
    request[100] ^= 1;
    let verdict = her.client.post("/mailbox/page", request).await.verdict();
    assert!(["signature", "malformed"].contains(&verdict.1.as_str()), "{verdict:?}");
    // A nonce of the sign-in is worth nothing here.
    let mut client = her.client.clone();
    let challenge =
        client.post_json("/console/sign-in/challenge", &serde_json::json!({ "account": "x" })).await.json();
    let nonce = envelope::encoding::from_base64(challenge["nonce"].as_str().unwrap()).unwrap();
    let nonce = envelope::mailbox::Nonce::from_slice(&nonce).unwrap();
    let verdict = her.client.post("/mailbox/page", her.receipt.page_request(&nonce, 0)).await.verdict();
    assert_eq!(verdict, (400, "nonce".to_owned()));
}

async fn before_the_first_answer_no_message_is_taken(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let centre = network.verified(0, now);
    let known = Victim::new(&app, network.id);
    let unknown = Victim::new(&app, network.id);
    let report = known.seal_report(&centre, Channel::Safe, "Parola", now);
    known.send_report(report.bytes).await;
    let place = |case: CaseId| Place { case, seq: 2, prev: Some(Hash::of(b"any")), seen: 1 };
    let of_known = known.seal_message_at(&centre, Channel::Safe, &place(report.case), "Ancora", now);
    let of_unknown = unknown.seal_message_at(&centre, Channel::Safe, &place(report.case), "Ancora", now);
    let (one, other) =
        (known.send_message(of_known.bytes).await, unknown.send_message(of_unknown.bytes).await);
    assert_eq!(one.verdict(), (403, "refused".to_owned()));
    assert_eq!((one.status, headers_of(&one), &one.body), (other.status, headers_of(&other), &other.body));
    assert_eq!(stored(&app).await, (1, 1, 1));
}
