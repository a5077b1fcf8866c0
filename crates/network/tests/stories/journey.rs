//! The whole way: she writes, a centre opens and answers, she reads, writes again, the centre waits and closes, she reopens.
//! And what must not be found afterwards.

use crate::common::{column, stored, world};
use envelope::content::Content;
use envelope::duty::Channel;
use envelope::refusal::MailboxRefusal;
use jiff::SignedDuration;
use testkit::TestApp;
use testkit::actors::{Operator, Victim};

testkit::on_both_engines!(
    the_whole_journey,
    nothing_readable_is_at_rest,
    the_arrival_day_is_erased_after_seven_days,
    general_support_works_like_the_safe_channel,
    a_large_answer_spans_pages,
);

pub(crate) fn text_of(content: &Content) -> &str {
    match content {
        Content::Report(report) => &report.text,
        Content::Text(text) => &text.text,
        Content::Closing(closing) => &closing.note,
        Content::Undo(undo) => &undo.reason,
        Content::Rotation(_) => "",
    }
}

async fn the_whole_journey(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let centre = network.verified(0, now);
    let her = Victim::new(&app, network.id);

    let report = her.seal_report(&centre, Channel::Safe, "Prima parola", now);
    assert_eq!(her.send_report(report.bytes.clone()).await.verdict(), (201, String::new()));
    assert_eq!(her.read(&centre).await.unwrap_err(), MailboxRefusal::Empty);
    assert_eq!(column(&app, "arrived_on").await.as_deref(), Some("2026-11-23"));
    assert_eq!(column(&app, "week").await.as_deref(), Some("2026-W48"));

    let mut anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    assert_eq!(anna.inbox("").await, [report.case.to_string()]);
    let page = anna.client.get(&format!("/it/console/reports/{}", report.case)).await;
    assert_eq!(page.status.as_u16(), 200);
    assert_eq!(column(&app, "state").await.as_deref(), Some("arrived"), "looking at the page opens nothing");

    let opened = anna.open(report.case).await.unwrap();
    assert_eq!((opened.state.as_str(), opened.version), ("opened", 2));
    assert_eq!(text_of(opened.items[0].content()), "Prima parola");
    assert_eq!(opened.frames, [report.bytes], "frames are handed out byte for byte");
    assert_eq!(column(&app, "arrived_on").await, None, "the day is erased on opening");

    assert_eq!(anna.acknowledge(&opened, "Abbiamo letto", now).await.verdict(), (201, String::new()));
    let (mailbox, answers) = her.read(&centre).await.unwrap();
    assert_eq!(mailbox.entries.len(), 2);
    assert_eq!(answers.iter().map(|item| text_of(item.content())).collect::<Vec<_>>(), ["Abbiamo letto"]);

    let opened = anna.open(report.case).await.unwrap();
    assert_eq!(anna.answer(&opened, "Come possiamo aiutare?", now).await.verdict(), (201, String::new()));
    let (mailbox, answers) = her.read(&centre).await.unwrap();
    assert_eq!(text_of(answers[1].content()), "Come possiamo aiutare?");

    let message = her.seal_message(&centre, Channel::Safe, report.case, &mailbox, "Seconda parola", now);
    assert_eq!(her.send_message(message.bytes).await.verdict(), (201, String::new()));
    assert_eq!(column(&app, "state").await.as_deref(), Some("arrived"));
    assert_eq!(column(&app, "arrived_on").await, None, "only a report that was never opened has a day");

    let opened = anna.open(report.case).await.unwrap();
    assert_eq!(text_of(opened.items[3].content()), "Seconda parola");
    assert_eq!(anna.wait(report.case, opened.version).await.verdict(), (200, String::new()));
    let opened = anna.open(report.case).await.unwrap();
    assert_eq!(opened.state, "waiting");
    assert_eq!(anna.close(&opened, "helped", "Nota interna", now).await.verdict(), (201, String::new()));
    assert_eq!(column(&app, "state").await.as_deref(), Some("closed"));
    assert!(anna.inbox("").await.is_empty(), "a closed report is not among the open ones");
    assert_eq!(anna.inbox("?state=closed").await.len(), 1);

    let (mailbox, answers) = her.read(&centre).await.unwrap();
    assert_eq!((mailbox.entries.len(), answers.len()), (4, 2), "notes of the centre never reach her");
    let message = her.seal_message(&centre, Channel::Safe, report.case, &mailbox, "Terza parola", now);
    assert_eq!(her.send_message(message.bytes).await.verdict(), (201, String::new()));
    assert_eq!(anna.inbox("?state=arrived").await.len(), 1, "her message opens it again");
    let opened = anna.open(report.case).await.unwrap();
    assert_eq!(opened.items.len(), 6);
    assert_eq!(anna.close(&opened, "other", "Di nuovo", now).await.verdict(), (201, String::new()));
    assert_eq!(stored(&app).await, (1, 7, 9));
}

async fn nothing_readable_is_at_rest(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let centre = network.verified(0, now);
    let her = Victim::new(&app, network.id);
    let (said, answered, noted) = ("CANARINO-PAROLA-SUA", "CANARINO-RISPOSTA", "CANARINO-NOTA");
    let report = her.seal_report(&centre, Channel::Safe, said, now);
    her.send_report(report.bytes).await;
    let anna_on_paper = &network.centres[0].people[0];
    let anna = Operator::sign_in(&app, anna_on_paper).await;
    let opened = anna.open(report.case).await.unwrap();
    assert_eq!(anna.answer(&opened, answered, now).await.status.as_u16(), 201);
    let opened = anna.open(report.case).await.unwrap();
    assert_eq!(anna.close(&opened, "helped", noted, now).await.status.as_u16(), 201);

    let code = her.digits();
    let grouped = her.code.groups().iter().map(|group| group.to_string()).collect::<Vec<_>>().join(" ");
    let cookie = anna.client.cookie().unwrap().split_once('=').unwrap().1.to_owned();
    let canaries = [
        said,
        answered,
        noted,
        "sera, dopo le 18",
        &code,
        &grouped,
        &cookie,
        anna_on_paper.passphrase.as_str(),
        "AGE-SECRET-KEY",
        "127.0.0.1",
    ];
    let Some(folder) = app.store.folder() else { return };
    let mut searched = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        searched += bytes.len();
        for canary in canaries {
            let is_there =
                bytes.windows(canary.len()).any(|window| window.eq_ignore_ascii_case(canary.as_bytes()));
            assert!(!is_there, "{canary} is in the database");
        }
    }
    assert!(searched > 20_000, "the search looked at the real files");
}

async fn the_arrival_day_is_erased_after_seven_days(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, "Prima", now);
    her.send_report(report.bytes).await;
    app.time.advance(SignedDuration::from_hours(7 * 24));
    app.app.housekeeping().await.unwrap();
    assert_eq!(
        column(&app, "arrived_on").await.as_deref(),
        Some("2026-11-23"),
        "the seventh day is still kept"
    );
    app.time.advance(SignedDuration::from_hours(24));
    app.app.housekeeping().await.unwrap();
    assert_eq!(column(&app, "arrived_on").await, None);
    assert_eq!(column(&app, "week").await.as_deref(), Some("2026-W48"), "the week stays");
    assert_eq!(column(&app, "state").await.as_deref(), Some("arrived"));
}

async fn general_support_works_like_the_safe_channel(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let centre = network.verified(1, now);
    let her = Victim::new(&app, network.id);
    let report = her.seal_urgent(&centre, Channel::General, "Adesso", now);
    assert_eq!(her.send_report(report.bytes).await.status.as_u16(), 201);
    let dora = Operator::sign_in(&app, &network.centres[1].people[1]).await;
    let page = dora.client.get("/it/console/").await;
    assert!(page.text().contains("badge-urgent"));
    let opened = dora.open(report.case).await.unwrap();
    assert_eq!(dora.answer(&opened, "Arriviamo", now).await.status.as_u16(), 201);
    assert_eq!(her.read(&centre).await.unwrap().1.len(), 1);
}

async fn a_large_answer_spans_pages(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let centre = network.verified(0, now);
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&centre, Channel::Safe, &"molte parole ".repeat(900), now);
    assert_eq!(report.bytes.len(), 16_384);
    her.send_report(report.bytes).await;
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    let long = "una risposta lunga ".repeat(2_000);
    for text in ["breve", long.as_str(), "ancora breve"] {
        let opened = anna.open(report.case).await.unwrap();
        assert_eq!(anna.answer(&opened, text, now).await.status.as_u16(), 201);
    }
    // 1 + 16 + 1 cells of answers are three pages of eight.
    let (mailbox, answers) = her.read(&centre).await.unwrap();
    assert_eq!(mailbox.entries.len(), 4);
    assert_eq!(text_of(answers[1].content()), long);
    assert_eq!(text_of(answers[2].content()), "ancora breve");
}
