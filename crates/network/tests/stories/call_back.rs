//! "Call me back" (protocol section 4.1): a report like any other on the wire and at rest; what it says is inside the seal.

use crate::common::{column, world};
use envelope::content::{CallBack, Content, TimeWindow};
use envelope::duty::Channel;
use envelope::frame::Frame;
use envelope::header::Language;
use jiff::{SignedDuration, Timestamp};
use keyring::item::ReportDraft;
use testkit::TestApp;
use testkit::actors::{Client, Operator, Victim};

testkit::on_both_engines!(
    a_call_is_a_report_that_only_the_centre_can_tell_from_others,
    the_page_offers_times_when_somebody_is_there_and_not_at_once,
    a_closed_channel_offers_no_call_but_a_phone,
);

fn draft(call_back: Option<CallBack>) -> ReportDraft<'static> {
    let italian = Language::parse("it").unwrap();
    ReportDraft {
        text: if call_back.is_some() { "" } else { "Parola" },
        safe_contact: None,
        answer_language: italian.clone(),
        page_language: italian,
        urgent: false,
        safe_word: None,
        call_back,
        files: Vec::new(),
    }
}

async fn a_call_is_a_report_that_only_the_centre_can_tell_from_others(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let centre = network.verified(0, now);
    let (her, another) = (Victim::new(&app, network.id), Victim::new(&app, network.id));
    let from = now + SignedDuration::from_hours(3);
    let call = CallBack {
        number: "+39 333 CANARINO".to_owned(),
        language: Language::parse("en").unwrap(),
        windows: vec![TimeWindow { from, to: from + SignedDuration::from_hours(1) }],
        if_somebody_else_answers: "CANARINO: ha sbagliato numero".to_owned(),
    };
    let sealed = her.seal(&centre, None, Channel::Safe, &draft(Some(call.clone())), now);
    let words = another.seal(&centre, None, Channel::Safe, &draft(None), now);
    assert_eq!(sealed.bytes.len(), words.bytes.len());
    let clear = |bytes: &[u8]| {
        let clear = Frame::parse(bytes).unwrap().clear().clone();
        let json = serde_json::to_value(clear).unwrap();
        json.as_object().unwrap().keys().cloned().collect::<Vec<String>>()
    };
    assert_eq!(clear(&sealed.bytes), clear(&words.bytes));
    let (one, other) = (her.send_report(sealed.bytes).await, another.send_report(words.bytes).await);
    assert_eq!((one.status, one.body), (other.status, other.body));

    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    let inbox = anna.client.get("/it/console/").await;
    let line = |case: envelope::ids::CaseId| {
        let text = inbox.text().split(&format!("data-case=\"{case}\"")).nth(1).unwrap();
        text.split("</li>").next().unwrap().split("<dl>").nth(1).unwrap().to_owned()
    };
    assert_eq!(line(sealed.case), line(words.case), "the list says the same of both");
    let opened = anna.open(sealed.case).await.unwrap();
    let Content::Report(content) = opened.items[0].content() else { panic!("a report") };
    assert!(content.call_back == Some(call));
    assert_eq!(anna.answer(&opened, "Abbiamo chiamato", now).await.status.as_u16(), 201);
    assert_eq!(her.read(&centre).await.unwrap().1.len(), 1, "her code works as any");
    let Some(folder) = app.store.folder() else { return };
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(8).any(|part| part == b"CANARINO"));
    }
    assert!(column(&app, "week").await.is_some());
}

/// The moments that the form offers.
fn offered(page: &str) -> Vec<(Timestamp, Timestamp)> {
    let value = |text: &str, name: &str| -> Timestamp {
        text.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
    };
    page.split("name=\"window\"")
        .skip(1)
        .map(|window| (value(window, "data-from"), value(window, "data-to")))
        .collect()
}

async fn the_page_offers_times_when_somebody_is_there_and_not_at_once(app: TestApp) {
    world(&app).await;
    let client = Client::new(&app);
    // Monday at ten; the centre reads on Mondays from nine to five.
    for hours in [0, 5, 30, 24 * 6] {
        app.time.set(testkit::beginning() + SignedDuration::from_hours(hours));
        for door in ["a", "b"] {
            let page = client.get(&format!("/it/places/porto/{door}/call")).await;
            assert_eq!(page.status.as_u16(), 200);
            let windows = offered(page.text());
            assert!(!windows.is_empty(), "{hours}");
            for (from, to) in windows {
                assert!(from >= app.platform.now() + SignedDuration::from_hours(1), "{hours}: {from}");
                let local = from.in_tz("Europe/Rome").unwrap();
                assert_eq!(local.weekday(), jiff::civil::Weekday::Monday);
                assert!(from < to && (9..17).contains(&local.hour()), "{hours}: {local}");
            }
        }
    }
}

async fn a_closed_channel_offers_no_call_but_a_phone(app: TestApp) {
    world(&app).await;
    // The epochs of the centre have ended, and nobody has made new ones.
    app.time.advance(SignedDuration::from_hours(24 * 36));
    let page = Client::new(&app).get("/it/places/porto/a/call").await;
    assert_eq!(page.status.as_u16(), 200);
    assert!(!page.text().contains("id=\"number\"") && page.text().contains("+39 0586 000000"));
    let nowhere = Client::new(&app).get("/it/places/porto/c/call").await;
    assert_eq!(nowhere.status.as_u16(), 404);
}
