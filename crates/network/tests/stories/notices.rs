//! Notices: neutral, at their hours, only for something new, only to an address that its owner has confirmed.

use crate::common::{count, world};
use envelope::duty::Channel;
use envelope::ids::CaseId;
use jiff::{SignedDuration, Timestamp};
use network::notices::{self, Sent, round, send_now};
use platform::texts::{Language, Texts};
use sea_orm::ConnectionTrait as _;
use testkit::actors::{Client, DemoNetwork, Operator, Victim};
use testkit::{MailServer, ReceivedLetter, TestApp};

testkit::on_both_engines!(
    a_notice_goes_at_its_hour_and_says_one_sentence,
    an_address_gets_nothing_before_its_code_was_typed,
    a_code_is_good_once_for_one_person_and_for_72_hours,
    what_was_marked_urgent_goes_at_the_next_quarter_hour_on_any_day,
    a_broken_promise_and_the_end_of_a_term_reach_whoever_supervises,
    a_clock_that_jumps_sends_no_flood,
    after_a_restart_what_waits_is_new_once,
    a_refused_address_is_shown_to_its_owner_and_a_failure_is_tried_again,
    whoever_leaves_or_removes_the_address_gets_nothing,
    nobody_is_told_of_another_centre_or_channel,
    the_console_says_what_waits_without_a_script,
    without_a_mail_server_the_page_says_so,
);

const ANNA: &str = "anna@example.org";
const NEUTRAL: &str = "C'è un messaggio in attesa.\n\nhttp://127.0.0.1:8080/it/console/sign-in\n";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The clock is set, and the program looks at it.
async fn look(app: &TestApp, moment: &str) -> Sent {
    app.time.set(at(moment));
    round(&app.app).await.unwrap()
}

async fn with_mail(app: TestApp) -> (TestApp, MailServer, &'static DemoNetwork) {
    let mail = MailServer::start().await;
    let app = app.restarted(Some(mail.settings())).await;
    let network = world(&app).await;
    (app, mail, network)
}

async fn form(operator: &mut Operator, what: &str, fields: &str) -> String {
    let page = operator.client.get("/it/console/notices").await;
    let csrf = page.text().split("data-csrf=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let body = format!("csrf={csrf}&language=it&{fields}");
    let answer = operator.client.post_form(&format!("/console/notices/{what}"), &body).await;
    answer.header("location").rsplit('?').next().unwrap_or_default().to_owned()
}

fn code_of(letter: &ReceivedLetter) -> String {
    letter.text().lines().find(|line| line.len() == 19 && line.matches('-').count() == 3).unwrap().to_owned()
}

/// Signs in, enters an address, types the code from the mail.
async fn confirmed(
    app: &TestApp,
    mail: &MailServer,
    network: &DemoNetwork,
    (centre, person): (usize, usize),
    address: &str,
) -> Operator {
    let mut operator = Operator::sign_in(app, &network.centres[centre].people[person]).await;
    assert_eq!(form(&mut operator, "address", &format!("address={address}")).await, "said=asked");
    let letters = mail.take();
    assert_eq!((letters.len(), letters[0].to.as_str()), (1, address));
    assert_eq!(
        form(&mut operator, "confirm", &format!("code={}", code_of(&letters[0]))).await,
        "said=confirmed"
    );
    operator
}

async fn report(
    app: &TestApp,
    network: &DemoNetwork,
    centre: usize,
    channel: Channel,
    urgent: bool,
) -> CaseId {
    let now = app.platform.now();
    let her = Victim::new(app, network.id);
    let to = network.verified(centre, now);
    let report = if urgent {
        her.seal_urgent(&to, channel, "Parola", now)
    } else {
        her.seal_report(&to, channel, "Parola", now)
    };
    assert_eq!(her.send_report(report.bytes).await.status.as_u16(), 201);
    report.case
}

async fn a_notice_goes_at_its_hour_and_says_one_sentence(app: TestApp) {
    let (app, mail, network) = with_mail(app).await;
    confirmed(&app, &mail, network, (0, 0), ANNA).await;
    app.time.set(at("2026-11-23T09:40:00Z"));
    let case = report(&app, network, 0, Channel::Safe, false).await;
    for moment in ["2026-11-23T09:45:00Z", "2026-11-23T10:30:00Z", "2026-11-23T10:59:59Z"] {
        assert_eq!(look(&app, moment).await, Sent::default(), "{moment}");
    }
    assert_eq!(look(&app, "2026-11-23T11:03:20Z").await.sent, 1);
    let letters = mail.take();
    assert_eq!(letters.len(), 1);
    let letter = &letters[0];
    assert_eq!((letter.to.as_str(), letter.text().as_str()), (ANNA, NEUTRAL));
    assert_eq!(letter.header("From"), "avvisi@example.org");
    assert_eq!(letter.header("Date"), "Mon, 23 Nov 2026 11:00:00 +0000", "cut to the hour");
    assert_eq!(letter.header("Auto-Submitted"), "auto-generated");
    let id = letter.header("Message-ID");
    assert!(id.len() == 1 + 32 + "@127.0.0.1>".len() && id.ends_with("@127.0.0.1>"), "{id}");
    let mut names = letter.header_names();
    names.sort_unstable();
    let nine =
        "Auto-Submitted Content-Transfer-Encoding Content-Type Date From MIME-Version Message-ID Subject To";
    assert_eq!(names.join(" "), nine);
    // Nothing of what it is about, in no header either.
    let raw = letter.raw.to_lowercase();
    for canary in [
        &case.to_string()[..8],
        "parola",
        "porto",
        "associazione",
        "safe",
        "urgen",
        "approdo",
        "anna verdi",
        "2026-w",
    ] {
        assert!(!raw.contains(canary), "{canary}: {raw}");
    }
    // Nothing new: nothing more, at no later hour.
    for moment in ["2026-11-23T11:15:00Z", "2026-11-23T15:00:00Z", "2026-11-30T07:00:00Z"] {
        assert_eq!(look(&app, moment).await, Sent::default(), "{moment}");
    }
    // One that was opened and one that came: one letter, although as much lies there as before.
    app.time.set(at("2026-11-23T15:30:00Z"));
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    anna.open(case).await.unwrap();
    report(&app, network, 0, Channel::General, false).await;
    assert_eq!(look(&app, "2026-11-30T11:00:00Z").await.sent, 1);
    assert_eq!(mail.take().len(), 1);
}

async fn an_address_gets_nothing_before_its_code_was_typed(app: TestApp) {
    let (app, mail, network) = with_mail(app).await;
    let mut anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    for wrong in
        ["anna", "anna%40", "a%20b%40example.org", "anna%40example.org%0d%0aBcc%3ax%40example.org", ""]
    {
        assert_eq!(
            form(&mut anna, "address", &format!("address={wrong}")).await,
            "refused=address",
            "{wrong}"
        );
    }
    assert_eq!(mail.connections(), 0);
    assert_eq!(form(&mut anna, "address", &format!("address={ANNA}")).await, "said=asked");
    let letters = mail.take();
    assert_eq!(letters.len(), 1);
    let raw = letters[0].raw.to_lowercase();
    assert_eq!(letters[0].header("Date"), "Mon, 23 Nov 2026 09:00:00 +0000");
    for canary in ["porto", "verdi", "approdo", "console", "http"] {
        assert!(!raw.contains(canary), "{canary}: {raw}");
    }
    let page = anna.client.get("/it/console/notices").await;
    assert!(page.text().contains("id=\"confirm-form\"") && page.text().contains(ANNA));
    report(&app, network, 0, Channel::Safe, true).await;
    assert_eq!(look(&app, "2026-11-23T11:00:00Z").await, Sent::default());
    assert_eq!(send_now(&app.app).await.unwrap(), Some(Sent::default()));
    assert!(mail.take().is_empty());
    // A session alone cannot be used to write to strangers: five letters a day.
    app.time.set(at("2026-11-23T11:05:00Z"));
    let mut anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    for number in 0..4 {
        assert_eq!(
            form(&mut anna, "address", &format!("address=other{number}@example.org")).await,
            "said=asked"
        );
    }
    assert_eq!(form(&mut anna, "address", "address=other@example.org").await, "refused=wait");
    assert_eq!(mail.take().len(), 4);
    // Nobody without her session and token asks for anything.
    let nobody =
        Client::new(&app).post_form("/console/notices/address", "csrf=x&language=it&address=a@b.org").await;
    assert!(nobody.header("location").contains("/console/sign-in"), "{}", nobody.status);
    let without = anna.client.post_form("/console/notices/remove", "csrf=x&language=it").await;
    assert_eq!(without.status.as_u16(), 403);
    assert_eq!(count(&app, "notice").await, 1);
}

async fn a_code_is_good_once_for_one_person_and_for_72_hours(app: TestApp) {
    let (app, mail, network) = with_mail(app).await;
    let mut anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    let mut bea = Operator::sign_in(&app, &network.centres[0].people[1]).await;
    assert_eq!(form(&mut anna, "address", "address=old@example.org").await, "said=asked");
    assert_eq!(form(&mut bea, "address", "address=bea@example.org").await, "said=asked");
    let letters = mail.take();
    let (old, beas) = (code_of(&letters[0]), code_of(&letters[1]));
    assert_eq!(form(&mut anna, "confirm", &format!("code={beas}")).await, "refused=code", "another person's");
    assert_eq!(form(&mut anna, "address", &format!("address={ANNA}")).await, "said=asked");
    let code = code_of(&mail.take()[0]);
    assert_eq!(
        form(&mut anna, "confirm", &format!("code={old}")).await,
        "refused=code",
        "void by the next one"
    );
    assert_eq!(form(&mut anna, "confirm", "code=").await, "refused=code");
    // Nowhere on the disk: its hash alone.
    for file in app.store.folder().into_iter().flat_map(|folder| std::fs::read_dir(folder).unwrap()) {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        for text in [code.clone(), code.replace('-', "")] {
            assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
        }
    }
    let typed = code.to_lowercase().replace('-', "+");
    assert_eq!(form(&mut anna, "confirm", &format!("code={typed}")).await, "said=confirmed");
    assert_eq!(form(&mut anna, "confirm", &format!("code={code}")).await, "refused=code", "once");
    // Bea's has ended: what waited is forgotten with it.
    app.time.advance(SignedDuration::from_hours(72));
    let mut bea = Operator::sign_in(&app, &network.centres[0].people[1]).await;
    assert!(!bea.client.get("/it/console/notices").await.text().contains("bea@example.org"));
    assert_eq!(form(&mut bea, "confirm", &format!("code={beas}")).await, "refused=code");
    app.app.housekeeping().await.unwrap();
    assert_eq!(count(&app, "notice").await, 1);
    assert!(anna.client.get("/it/console/notices").await.status.is_redirection(), "her session is long over");
}

async fn what_was_marked_urgent_goes_at_the_next_quarter_hour_on_any_day(app: TestApp) {
    let (app, mail, network) = with_mail(app).await;
    confirmed(&app, &mail, network, (0, 0), ANNA).await;
    // Tuesday: the centre of these stories reads on Mondays only.
    app.time.set(at("2026-11-24T10:50:00Z"));
    report(&app, network, 0, Channel::Safe, false).await;
    assert_eq!(look(&app, "2026-11-24T11:00:00Z").await, Sent::default());
    assert_eq!(look(&app, "2026-11-24T15:00:00Z").await, Sent::default());
    report(&app, network, 0, Channel::Safe, true).await;
    assert_eq!(look(&app, "2026-11-24T15:10:00Z").await, Sent::default(), "the same quarter hour");
    assert_eq!(look(&app, "2026-11-24T15:16:00Z").await.sent, 1);
    let letters = mail.take();
    assert_eq!(letters[0].text(), NEUTRAL, "the same words as ever");
    assert_eq!(letters[0].header("Date"), "Tue, 24 Nov 2026 15:15:00 +0000");
    assert_eq!(look(&app, "2026-11-24T15:30:00Z").await, Sent::default());
    // On Monday nothing is new: the letter of Tuesday told of both.
    assert_eq!(look(&app, "2026-11-30T07:00:00Z").await, Sent::default());
}

async fn a_broken_promise_and_the_end_of_a_term_reach_whoever_supervises(app: TestApp) {
    let (app, mail, network) = with_mail(app).await;
    let t = Texts::new(Language::Italian);
    let mut anna = confirmed(&app, &mail, network, (0, 0), ANNA).await;
    assert_eq!(form(&mut anna, "wishes", "supervises=1").await, "said=saved");
    let case = report(&app, network, 0, Channel::Safe, false).await;
    for day in ["23T11", "24T07", "25T15"] {
        assert_eq!(look(&app, &format!("2026-11-{day}:00:00Z")).await, Sent::default(), "{day}");
    }
    // The promise was two days.
    assert_eq!(look(&app, "2026-11-26T07:00:00Z").await.sent, 1);
    let letters = mail.take();
    let text = NEUTRAL.replace(t.notices_mail_waiting(), t.notices_mail_overdue());
    assert_eq!((letters[0].text(), letters.len()), (text, 1));
    for moment in ["2026-11-26T11:00:00Z", "2026-11-27T07:00:00Z"] {
        assert_eq!(look(&app, moment).await, Sent::default(), "{moment}");
    }
    // Closed, and years later near its end.
    let (anna, mut bea) = {
        let people = &network.centres[0].people;
        (Operator::sign_in(&app, &people[0]).await, Operator::sign_in(&app, &people[1]).await)
    };
    let now = app.platform.now();
    let opened = anna.open(case).await.unwrap();
    assert_eq!(anna.answer(&opened, "Risposta", now).await.status.as_u16(), 201);
    let opened = anna.open(case).await.unwrap();
    assert_eq!(anna.close(&opened, "helped", "Nota", now).await.status.as_u16(), 201);
    approve_terms(anna, &mut bea).await;
    app.app.housekeeping().await.unwrap();
    let due = at("2031-11-24T07:00:00Z");
    let mut weeks = 0;
    let mut sent = Vec::new();
    while app.platform.now() < due {
        app.time.advance(SignedDuration::from_hours(24 * 7));
        app.app.housekeeping().await.unwrap();
        weeks += 1;
        // Mondays at eight in Rome, winter or summer: both hours are looked at.
        let monday = app.platform.now().in_tz("Europe/Rome").unwrap().date();
        let monday = monday
            .checked_sub(jiff::Span::new().days(i64::from(monday.weekday().to_monday_zero_offset())))
            .unwrap();
        app.time.set(monday.at(8, 1, 0, 0).in_tz("Europe/Rome").unwrap().timestamp());
        if round(&app.app).await.unwrap().sent > 0 {
            sent.push(weeks);
        }
    }
    let letters = mail.take();
    assert_eq!((sent.len(), letters.len()), (1, 1), "once, {sent:?}");
    assert_eq!(letters[0].text(), NEUTRAL.replace(t.notices_mail_waiting(), t.notices_mail_near()));
    assert!(sent[0] > 200, "near its end, not at its beginning: {sent:?}");
}

async fn approve_terms(mut anna: Operator, bea: &mut Operator) {
    let terms = "contact=6&case-file=60&claim=120&child=28";
    for (operator, path, fields) in
        [(&mut anna, "/console/keeping/table", terms), (bea, "/console/keeping/table/confirm", "")]
    {
        let page = operator.client.get("/it/console/keeping").await;
        let csrf = page.text().split("data-csrf=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let answer = operator.client.post_form(path, &format!("csrf={csrf}&language=it&{fields}")).await;
        assert!(answer.header("location").contains("said="), "{}", answer.header("location"));
    }
}

async fn a_clock_that_jumps_sends_no_flood(app: TestApp) {
    let (app, mail, network) = with_mail(app).await;
    let mut anna = confirmed(&app, &mail, network, (0, 0), ANNA).await;
    assert_eq!(form(&mut anna, "wishes", "wants=1&supervises=1").await, "said=saved");
    report(&app, network, 0, Channel::Safe, true).await;
    let mut sent = 0;
    for moment in [
        "2027-11-23T09:20:00Z",
        "2026-11-23T09:05:00Z",
        "2027-11-23T09:20:00Z",
        "2025-11-23T09:20:00Z",
        "2026-11-23T11:00:00Z",
        "2026-11-23T15:00:00Z",
    ] {
        for seconds in 0..3 {
            app.time.set(at(moment) + SignedDuration::from_secs(seconds));
            sent += round(&app.app).await.unwrap().sent;
        }
    }
    assert_eq!(
        (sent, mail.take().len()),
        (1, 1),
        "what waits and what waits too long were told in one letter"
    );
}

async fn after_a_restart_what_waits_is_new_once(app: TestApp) {
    let (app, mail, network) = with_mail(app).await;
    confirmed(&app, &mail, network, (0, 0), ANNA).await;
    report(&app, network, 0, Channel::Safe, false).await;
    assert_eq!(look(&app, "2026-11-23T11:00:00Z").await.sent, 1);
    let mut app = app;
    for _ in 0..3 {
        app = app.restarted(Some(mail.settings())).await;
        assert_eq!(round(&app.app).await.unwrap(), Sent::default(), "a start is no slot");
    }
    assert_eq!(look(&app, "2026-11-23T15:00:00Z").await.sent, 1);
    assert_eq!(look(&app, "2026-11-30T07:00:00Z").await, Sent::default());
    assert_eq!(mail.take().len(), 2);
    // By command: to everybody for whom something waits, whatever the hour.
    app.time.set(at("2026-11-25T03:07:00Z"));
    assert_eq!(send_now(&app.app).await.unwrap().unwrap().sent, 1);
    assert_eq!(mail.take()[0].header("Date"), "Wed, 25 Nov 2026 03:00:00 +0000");
}

async fn a_refused_address_is_shown_to_its_owner_and_a_failure_is_tried_again(app: TestApp) {
    let (app, mail, network) = with_mail(app).await;
    confirmed(&app, &mail, network, (0, 0), ANNA).await;
    confirmed(&app, &mail, network, (0, 1), "bea@example.org").await;
    report(&app, network, 0, Channel::Safe, true).await;
    // The whole server is away: nobody was told, and it is asked ever less often.
    mail.go_away(true);
    assert_eq!(look(&app, "2026-11-23T09:15:00Z").await.failed, 2);
    assert_eq!(look(&app, "2026-11-23T09:30:00Z").await.failed, 2);
    let before = mail.connections();
    for moment in ["2026-11-23T09:45:00Z", "2026-11-23T10:00:00Z"] {
        assert_eq!(look(&app, moment).await, Sent::default(), "{moment}");
    }
    assert_eq!(mail.connections(), before);
    mail.go_away(false);
    mail.answer(ANNA, "550 <anna@example.org> nobody of that name");
    mail.answer("bea@example.org", "451 not now");
    assert_eq!(look(&app, "2026-11-23T10:15:00Z").await, Sent { sent: 0, refused: 1, failed: 1 });
    mail.answer("bea@example.org", "");
    // Anna is not written to any more, Bea gets hers.
    assert_eq!(look(&app, "2026-11-23T10:30:00Z").await, Sent { sent: 1, refused: 0, failed: 0 });
    assert_eq!(mail.take()[0].to, "bea@example.org");
    let mut anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    assert!(anna.client.get("/it/console/notices").await.text().contains("id=\"address-refused\""));
    // The same address again, refused at once.
    assert_eq!(form(&mut anna, "address", &format!("address={ANNA}")).await, "refused=address");
    mail.answer(ANNA, "");
    assert_eq!(form(&mut anna, "address", &format!("address={ANNA}")).await, "said=asked");
    let code = code_of(&mail.take()[0]);
    assert_eq!(form(&mut anna, "confirm", &format!("code={code}")).await, "said=confirmed");
    assert!(!anna.client.get("/it/console/notices").await.text().contains("id=\"address-refused\""));
    assert_eq!(look(&app, "2026-11-23T10:45:00Z").await.sent, 1);
}

async fn whoever_leaves_or_removes_the_address_gets_nothing(app: TestApp) {
    let (app, mail, network) = with_mail(app).await;
    let mut anna = confirmed(&app, &mail, network, (0, 0), ANNA).await;
    confirmed(&app, &mail, network, (0, 1), "bea@example.org").await;
    assert_eq!(form(&mut anna, "remove", "").await, "said=removed");
    assert_eq!(count(&app, "notice").await, 1);
    report(&app, network, 0, Channel::Safe, true).await;
    // Bea leaves by an import: her role ends, and her address with it, before anything is sent.
    let database = &app.platform.database;
    let leave = format!(
        "DELETE FROM role WHERE person_id = (SELECT id FROM person WHERE account = '{}')",
        network.centres[0].people[1].account
    );
    database
        .write(|transaction| {
            let leave = leave.clone();
            async move {
                transaction.execute_unprepared(&leave).await?;
                Ok::<_, platform::database::DatabaseError>(())
            }
        })
        .await
        .unwrap();
    assert_eq!(look(&app, "2026-11-23T09:15:00Z").await, Sent::default());
    assert_eq!(count(&app, "notice").await, 0);
    notices::erase_ended(database, app.platform.now()).await.unwrap();
    assert!(mail.take().is_empty());
}

async fn nobody_is_told_of_another_centre_or_channel(app: TestApp) {
    let (app, mail, network) = with_mail(app).await;
    // Dora reads general support of the second centre only.
    confirmed(&app, &mail, network, (1, 1), "dora@example.org").await;
    confirmed(&app, &mail, network, (1, 0), "carla@example.org").await;
    report(&app, network, 0, Channel::General, true).await;
    assert_eq!(look(&app, "2026-11-23T09:15:00Z").await, Sent::default());
    report(&app, network, 1, Channel::Safe, true).await;
    assert_eq!(look(&app, "2026-11-23T09:30:00Z").await.sent, 1);
    assert_eq!(mail.take()[0].to, "carla@example.org");
    let dora = Operator::sign_in(&app, &network.centres[1].people[1]).await;
    assert!(!dora.client.get("/it/console/").await.text().contains("id=\"waits\""));
    report(&app, network, 1, Channel::General, true).await;
    assert_eq!(look(&app, "2026-11-23T09:45:00Z").await.sent, 2);
    // A second centre is told once the first one's promised time has passed unopened.
    assert_eq!(mail.take().len(), 2);
    app.time.set(at("2026-11-23T10:00:00Z"));
    round(&app.app).await.unwrap();
    let now = app.platform.now();
    let her = Victim::new(&app, network.id);
    let both = (network.verified(0, now), network.verified(1, now));
    let report = her.seal_for_two(&both.0, &both.1, Channel::General, "Parola", now);
    assert_eq!(her.send_report(report.bytes).await.status.as_u16(), 201);
    assert_eq!(look(&app, "2026-11-23T11:00:00Z").await, Sent::default());
    assert_eq!(look(&app, "2026-11-30T07:00:00Z").await.sent, 2);
}

async fn the_console_says_what_waits_without_a_script(app: TestApp) {
    let (app, _mail, network) = with_mail(app).await;
    let t = Texts::new(Language::Italian);
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    let pages = ["/it/console/", "/it/console/keeping", "/it/console/notices"];
    for page in pages {
        assert!(!anna.client.get(page).await.text().contains("id=\"waits\""), "{page}");
    }
    let case = report(&app, network, 0, Channel::Safe, false).await;
    report(&app, network, 0, Channel::General, false).await;
    let report_page = format!("/it/console/reports/{case}");
    for page in pages.iter().copied().chain([report_page.as_str()]) {
        let shown = anna.client.get(page).await.text().to_owned();
        assert!(shown.contains("id=\"waits\"") && shown.contains(&t.notices_line_waiting(2)), "{page}");
        assert!(shown.contains("href=\"/it/console/?state=arrived\""), "{page}");
        assert!(!shown.contains(t.notices_line_overdue()), "{page}");
    }
    app.time.advance(SignedDuration::from_hours(24 * 3));
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    assert!(anna.client.get("/it/console/notices").await.text().contains(t.notices_line_overdue()));
    // Also once the day of arrival is erased.
    app.time.advance(SignedDuration::from_hours(24 * 9));
    app.app.housekeeping().await.unwrap();
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    assert!(anna.client.get("/it/console/notices").await.text().contains(t.notices_line_overdue()));
    // Both pages that are not hers say nothing of it: who signs in, and who writes.
    for page in ["/it/console/sign-in", "/it/"] {
        assert!(!Client::new(&app).get(page).await.text().contains("id=\"waits\""), "{page}");
    }
}

async fn without_a_mail_server_the_page_says_so(app: TestApp) {
    let network = world(&app).await;
    let mut anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    let page = anna.client.get("/it/console/notices").await;
    assert!(page.text().contains("id=\"no-mail\"") && !page.text().contains("id=\"address-form\""));
    assert_eq!(form(&mut anna, "address", &format!("address={ANNA}")).await, "refused=no-mail");
    assert_eq!(send_now(&app.app).await.unwrap(), None);
    assert_eq!(look(&app, "2026-11-23T11:00:00Z").await, Sent::default());
}
