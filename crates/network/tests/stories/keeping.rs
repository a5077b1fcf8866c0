//! Keeping and forgetting: terms that two approve, holds, two people for what nobody opened, and that shredded is gone from every file.

use crate::common::{count, stored, world};
use envelope::duty::Channel;
use envelope::ids::CaseId;
use jiff::SignedDuration;
use platform::texts::{Language, Texts};
use sea_orm::{ConnectionTrait as _, Statement};
use testkit::TestApp;
use testkit::actors::{Client, DemoNetwork, Operator, Victim};

testkit::on_both_engines!(
    nothing_is_shredded_by_term_until_two_members_have_approved_a_table,
    a_term_ends_after_its_warning_and_a_hold_stops_it,
    what_nobody_opened_takes_two_people,
    a_hold_is_lifted_by_another_person_and_stops_the_end_of_a_burn,
    a_message_after_closing_ends_the_term,
    a_childs_case_outlives_every_other,
    the_wraps_are_in_no_file_afterwards,
    a_clock_set_forward_a_year_shreds_nothing,
    nobody_decides_about_another_centres_case,
);

const CONTACT_IN_SIX_MONTHS: &str = "contact=6&case-file=60&claim=120&child=28";

async fn form(operator: &mut Operator, path: &str, fields: &str) -> String {
    let page = operator.client.get("/it/console/keeping").await;
    let csrf = page.text().split("data-csrf=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let answer = operator.client.post_form(path, &format!("csrf={csrf}&language=it&{fields}")).await;
    if answer.status.as_u16() == 303 {
        answer.header("location").to_owned()
    } else {
        answer.status.as_u16().to_string()
    }
}

/// What the page of a case says, whatever it is.
async fn page(operator: &Operator, case: CaseId) -> String {
    plain(operator.client.get(&format!("/it/console/keeping/{case}")).await.text())
}

/// A text without the marks that keep variables from turning a sentence around.
fn plain(text: &str) -> String {
    text.replace(['\u{2068}', '\u{2069}'], "")
}

async fn later(app: &TestApp, weeks: i64) {
    app.time.advance(SignedDuration::from_hours(24 * 7 * weeks));
    app.app.housekeeping().await.unwrap();
}

/// Her report, opened, answered and closed.
async fn closed(app: &TestApp, network: &DemoNetwork, anna: &Operator) -> (Victim, CaseId) {
    let now = app.platform.now();
    let her = Victim::new(app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    assert_eq!(her.send_report(report.bytes).await.status.as_u16(), 201);
    let opened = anna.open(report.case).await.unwrap();
    assert_eq!(anna.answer(&opened, "Risposta", now).await.status.as_u16(), 201);
    let opened = anna.open(report.case).await.unwrap();
    assert_eq!(anna.close(&opened, "helped", "Nota", now).await.status.as_u16(), 201);
    (her, report.case)
}

async fn both(app: &TestApp, network: &DemoNetwork) -> (Operator, Operator) {
    let people = &network.centres[0].people;
    (Operator::sign_in(app, &people[0]).await, Operator::sign_in(app, &people[1]).await)
}

async fn approve(anna: &mut Operator, bea: &mut Operator, terms: &str) {
    assert!(form(anna, "/console/keeping/table", terms).await.ends_with("?said=proposed"));
    assert!(form(bea, "/console/keeping/table/confirm", "").await.ends_with("?said=saved"));
}

async fn nothing_is_shredded_by_term_until_two_members_have_approved_a_table(app: TestApp) {
    let network = world(&app).await;
    let (mut anna, mut bea) = both(&app, network).await;
    let (_, case) = closed(&app, network, &anna).await;
    let t = Texts::new(Language::Italian);
    app.app.housekeeping().await.unwrap();
    assert!(page(&anna, case).await.contains(t.keeping_not_approved()));
    assert!(
        form(&mut anna, &format!("/console/keeping/{case}/purpose"), "purpose=contact")
            .await
            .ends_with("said=saved")
    );

    // Outside the bounds, not whole, not numbers.
    for wrong in [
        "contact=5&case-file=60&claim=120&child=28",
        "contact=6&case-file=60&claim=120&child=27",
        "contact=6",
        "contact=x&case-file=60&claim=120&child=28",
    ] {
        assert!(
            form(&mut anna, "/console/keeping/table", wrong).await.ends_with("?refused=malformed"),
            "{wrong}"
        );
    }
    assert!(
        form(&mut anna, "/console/keeping/table", CONTACT_IN_SIX_MONTHS).await.ends_with("?said=proposed")
    );
    assert!(form(&mut anna, "/console/keeping/table/confirm", "").await.ends_with("?refused=same-person"));
    // One alone is none: years later the case is still there.
    for _ in 0..60 {
        later(&app, 4).await;
    }
    assert_eq!(stored(&app).await.0, 1);
    app.time.advance(SignedDuration::from_hours(-24 * 7 * 240));
    let mut bea_again = Operator::sign_in(&app, &network.centres[0].people[1]).await;
    std::mem::swap(&mut bea, &mut bea_again);
    assert!(form(&mut bea, "/console/keeping/table/confirm", "").await.ends_with("?said=saved"));
    let list = bea.client.get("/it/console/keeping").await;
    // Who approved it, and in which week.
    assert!(
        list.text().contains("id=\"approved\"")
            && list.text().contains("Anna Verdi")
            && list.text().contains("Bea Neri")
            && plain(list.text()).contains("23 novembre 2026"),
        "{}",
        list.text()
    );
    assert!(page(&bea, case).await.contains("id=\"due\""));
}

async fn a_term_ends_after_its_warning_and_a_hold_stops_it(app: TestApp) {
    let network = world(&app).await;
    let (mut anna, mut bea) = both(&app, network).await;
    approve(&mut anna, &mut bea, CONTACT_IN_SIX_MONTHS).await;
    let (her, short) = closed(&app, network, &anna).await;
    let (_, long) = closed(&app, network, &anna).await;
    let (_, held) = closed(&app, network, &anna).await;
    for case in [short, held] {
        assert!(
            form(&mut anna, &format!("/console/keeping/{case}/purpose"), "purpose=contact")
                .await
                .ends_with("said=saved")
        );
    }
    assert!(
        form(&mut anna, &format!("/console/keeping/{held}/hold"), "reason=authority")
            .await
            .ends_with("said=saved")
    );
    // Closed in the week that ends on 29 November: six months later is 29 May 2027, in week 21.
    assert!(page(&anna, short).await.contains("30 maggio 2027"), "{}", page(&anna, short).await);
    for _ in 0..21 {
        later(&app, 1).await;
    }
    // 2027-W16: five weeks before, nothing is near yet.
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    assert!(!anna.client.get("/it/console/keeping").await.text().contains("id=\"near\""));
    later(&app, 1).await;
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    let list = anna.client.get("/it/console/keeping").await;
    assert!(list.text().contains(&short.to_string()) && !list.text().contains(&long.to_string()));
    for _ in 0..4 {
        later(&app, 1).await;
        assert_eq!(stored(&app).await.0, 3, "not before the week has ended");
    }
    later(&app, 1).await;
    assert_eq!((stored(&app).await.0, count(&app, "shredded").await), (2, 1));
    // A second round finds nothing to do.
    app.app.housekeeping().await.unwrap();
    assert_eq!(
        (stored(&app).await.0, count(&app, "shredded").await, count(&app, "shredding").await),
        (2, 1, 0)
    );
    // Her code leads nowhere, and says so as for every code.
    let centre = network.verified(0, testkit::beginning());
    assert!(her.read(&centre).await.is_err());
    assert_eq!(count(&app, "mailbox_tombstone").await, 1);
    for _ in 0..60 {
        later(&app, 1).await;
    }
    assert_eq!(stored(&app).await.0, 2, "the held one and the one with the long term stay");
}

async fn what_nobody_opened_takes_two_people(app: TestApp) {
    let network = world(&app).await;
    let (mut anna, mut bea) = both(&app, network).await;
    let now = app.platform.now();
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    her.send_report(report.bytes).await;
    let case = report.case;
    let address = |what: &str| format!("/console/keeping/{case}/{what}");
    assert!(
        form(&mut bea, &address("confirm"), "").await.ends_with("refused=changed"),
        "nobody has proposed it"
    );
    assert!(form(&mut anna, &address("propose"), "reason=whim").await.ends_with("refused=malformed"));
    assert!(form(&mut anna, &address("propose"), "reason=junk").await.ends_with("said=proposed"));
    assert!(form(&mut anna, &address("confirm"), "").await.ends_with("refused=same-person"));
    // Nobody takes the place of who proposed.
    assert!(form(&mut bea, &address("propose"), "reason=double").await.ends_with("refused=changed"));
    assert!(form(&mut anna, &address("hold"), "reason=doubt").await.ends_with("said=saved"));
    assert!(form(&mut bea, &address("confirm"), "").await.ends_with("refused=held"));
    assert!(form(&mut bea, &address("lift"), "").await.ends_with("said=saved"));
    let list = bea.client.get("/it/console/keeping").await;
    assert!(list.text().contains(&format!("data-case=\"{case}\"")));
    assert_eq!(stored(&app).await, (1, 1, 1));
    assert!(form(&mut bea, &address("confirm"), "").await.ends_with("/it/console/keeping?said=shredded"));
    assert_eq!(stored(&app).await, (0, 0, 0));
    assert_eq!((count(&app, "shred_proposal").await, count(&app, "shredded").await), (0, 1));
    assert!(form(&mut bea, &address("confirm"), "").await.ends_with("404"));
    // A case that is being worked on is not shredded by anybody's word.
    let another = Victim::new(&app, network.id);
    let report = another.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    another.send_report(report.bytes).await;
    anna.open(report.case).await.unwrap();
    let propose = format!("/console/keeping/{}/propose", report.case);
    assert!(form(&mut anna, &propose, "reason=junk").await.ends_with("refused=changed"));
}

async fn a_hold_is_lifted_by_another_person_and_stops_the_end_of_a_burn(app: TestApp) {
    let network = world(&app).await;
    let (mut anna, _) = both(&app, network).await;
    let now = app.platform.now();
    let centre = network.verified(0, now);
    let mut cases = Vec::new();
    for _ in 0..2 {
        let her = Victim::new(&app, network.id);
        let report = her.seal_report(&centre, Channel::Safe, "Parola", now);
        her.send_report(report.bytes).await;
        assert_eq!(her.burn(None, now).await.status.as_u16(), 200);
        cases.push(report.case);
    }
    let (burned, held) = (cases[0], cases[1]);
    assert!(
        form(&mut anna, &format!("/console/keeping/{held}/hold"), "reason=doubt")
            .await
            .ends_with("said=saved")
    );
    assert!(
        form(&mut anna, &format!("/console/keeping/{held}/hold"), "reason=doubt")
            .await
            .ends_with("refused=changed")
    );
    assert!(
        form(&mut anna, &format!("/console/keeping/{held}/lift"), "").await.ends_with("refused=same-person")
    );
    for _ in 0..2 {
        later(&app, 1).await;
        assert_eq!(stored(&app).await.0, 2, "within the fourteen days it may be undone");
    }
    later(&app, 1).await;
    assert_eq!(stored(&app).await.0, 1);
    let mut bea = Operator::sign_in(&app, &network.centres[0].people[1]).await;
    assert!(page(&bea, held).await.contains("id=\"hold\""));
    assert_eq!(bea.client.get(&format!("/it/console/keeping/{burned}")).await.status.as_u16(), 404);
    assert!(form(&mut bea, &format!("/console/keeping/{held}/lift"), "").await.ends_with("said=saved"));
    app.app.housekeeping().await.unwrap();
    assert_eq!(stored(&app).await, (0, 0, 0));
}

async fn a_message_after_closing_ends_the_term(app: TestApp) {
    let network = world(&app).await;
    let (mut anna, mut bea) = both(&app, network).await;
    approve(&mut anna, &mut bea, CONTACT_IN_SIX_MONTHS).await;
    let (her, case) = closed(&app, network, &anna).await;
    assert!(
        form(&mut anna, &format!("/console/keeping/{case}/purpose"), "purpose=contact")
            .await
            .ends_with("said=saved")
    );
    assert!(
        form(&mut anna, &format!("/console/keeping/{case}/propose"), "reason=not-needed")
            .await
            .ends_with("said=proposed")
    );
    let now = app.platform.now();
    let centre = network.verified(0, now);
    let (mailbox, _) = her.read(&centre).await.unwrap();
    let message = her.seal_message(&centre, Channel::Safe, case, &mailbox, "Ancora io", now);
    assert_eq!(her.send_message(message.bytes).await.status.as_u16(), 201);
    assert!(!page(&anna, case).await.contains("id=\"due\""));
    // What somebody proposed before she wrote is void.
    assert!(
        form(&mut bea, &format!("/console/keeping/{case}/confirm"), "").await.ends_with("refused=changed")
    );
    for _ in 0..30 {
        later(&app, 2).await;
    }
    assert_eq!(stored(&app).await.0, 1);
    assert_eq!(count(&app, "shred_proposal").await, 0);
}

async fn a_childs_case_outlives_every_other(app: TestApp) {
    let network = world(&app).await;
    let (mut anna, mut bea) = both(&app, network).await;
    approve(&mut anna, &mut bea, CONTACT_IN_SIX_MONTHS).await;
    let (_, case) = closed(&app, network, &anna).await;
    let purpose = format!("/console/keeping/{case}/purpose");
    // Said on the page itself, at the field: a year of birth stands in no address.
    assert_eq!(form(&mut anna, &purpose, "purpose=child").await, "422");
    assert_eq!(form(&mut anna, &purpose, "purpose=child&birth_year=2030").await, "422");
    assert!(
        form(&mut anna, &purpose, "purpose=child&birth_year=2012&birth_month=").await.ends_with("said=saved")
    );
    // 31 December 2040 is in the first week of 2041, which ends on a 6 January.
    assert!(page(&anna, case).await.contains("6 gennaio 2041"));
    // Another purpose does not bring the day nearer.
    assert!(form(&mut anna, &purpose, "purpose=contact").await.ends_with("said=saved"));
    assert!(page(&anna, case).await.contains("6 gennaio 2041"));
    assert!(
        form(&mut anna, &format!("/console/keeping/{case}/prolong"), "months=12")
            .await
            .ends_with("said=saved")
    );
    assert!(page(&anna, case).await.contains("12 gennaio 2042"));
    assert!(
        form(&mut anna, &format!("/console/keeping/{case}/prolong"), "months=999")
            .await
            .ends_with("refused=malformed")
    );
    for _ in 0..110 {
        later(&app, 7).await;
    }
    assert_eq!(stored(&app).await.0, 1, "14 years and 9 months later");
}

/// Every row of a column of bytes.
async fn bytes_of(app: &TestApp, question: &str) -> Vec<Vec<u8>> {
    let database = &app.platform.database;
    let rows =
        database.read().query_all_raw(Statement::from_string(database.engine(), question)).await.unwrap();
    rows.iter().map(|row| row.try_get("", "bytes").unwrap()).collect()
}

async fn the_wraps_are_in_no_file_afterwards(app: TestApp) {
    let network = world(&app).await;
    let (mut anna, mut bea) = both(&app, network).await;
    let (_, gone) = closed(&app, network, &anna).await;
    let (_, stays) = closed(&app, network, &anna).await;
    let simple = |case: CaseId| case.to_string().replace('-', "").to_uppercase();
    let of = |case: CaseId| match app.store.folder() {
        Some(_) => format!(
            "SELECT wrap AS bytes FROM report_wrap WHERE item_id IN (SELECT id FROM report_item WHERE case_id = x'{}')",
            simple(case)
        ),
        None => format!(
            "SELECT wrap AS bytes FROM report_wrap WHERE item_id IN (SELECT id FROM report_item WHERE case_id = '{case}')"
        ),
    };
    let (lost, kept) = (bytes_of(&app, &of(gone)).await, bytes_of(&app, &of(stays)).await);
    assert_eq!((lost.len(), kept.len()), (4, 4), "report, answer with two, closing");
    let bodies = bytes_of(
        &app,
        of(gone)
            .replace(
                "SELECT wrap AS bytes FROM report_wrap WHERE item_id IN (SELECT id FROM report_item",
                "SELECT body AS bytes FROM report_item",
            )
            .trim_end_matches(')'),
    )
    .await;
    assert_eq!(bodies.len(), 3);
    assert!(
        form(&mut anna, &format!("/console/keeping/{gone}/propose"), "reason=not-needed")
            .await
            .ends_with("said=proposed")
    );
    assert!(form(&mut bea, &format!("/console/keeping/{gone}/confirm"), "").await.ends_with("said=shredded"));
    assert_eq!(stored(&app).await, (1, 3, 4));
    assert!(bytes_of(&app, &of(gone)).await.is_empty());
    // PostgreSQL keeps freed bytes until their place is used again (docs/backup.md): no promise about files is made there.
    let Some(folder) = app.store.folder() else { return };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        files.push(std::fs::read(entry.unwrap().path()).unwrap());
    }
    let is_anywhere =
        |needle: &[u8]| files.iter().any(|file| file.windows(needle.len()).any(|part| part == needle));
    // The middle of a wrap: it lies on one page, and the search finds those that are kept.
    assert!(kept.iter().all(|wrap| is_anywhere(&wrap[300..400])), "the search can find");
    for part in lost.iter().map(|wrap| &wrap[300..364]).chain(bodies.iter().map(|body| &body[300..364])) {
        assert!(!is_anywhere(part), "a piece of what was shredded is still on the disk");
    }
    // What says that it is gone does not name it.
    let tombstones = std::fs::read_to_string(folder.join("approdo.db.tombstones")).unwrap();
    assert_eq!(tombstones.lines().count(), 1);
    assert!(
        tombstones.ends_with(" 2026-W48\n") && !tombstones.contains(&simple(gone).to_lowercase()),
        "{tombstones}"
    );
}

async fn a_clock_set_forward_a_year_shreds_nothing(app: TestApp) {
    let network = world(&app).await;
    let (mut anna, mut bea) = both(&app, network).await;
    approve(&mut anna, &mut bea, CONTACT_IN_SIX_MONTHS).await;
    let (_, case) = closed(&app, network, &anna).await;
    assert!(
        form(&mut anna, &format!("/console/keeping/{case}/purpose"), "purpose=contact")
            .await
            .ends_with("said=saved")
    );
    later(&app, 52).await;
    app.app.housekeeping().await.unwrap();
    later(&app, 1).await;
    assert_eq!(stored(&app).await.0, 1);
    later(&app, -53).await;
    for _ in 0..26 {
        later(&app, 1).await;
        assert_eq!(stored(&app).await.0, 1);
    }
    later(&app, 1).await;
    assert_eq!(stored(&app).await.0, 0, "in its own week, as if the clock had always been right");
}

async fn nobody_decides_about_another_centres_case(app: TestApp) {
    let network = world(&app).await;
    let (anna, _) = both(&app, network).await;
    let (_, case) = closed(&app, network, &anna).await;
    // Carla is of another centre, Dora does not read the safe channel.
    for person in &network.centres[1].people {
        let mut stranger = Operator::sign_in(&app, person).await;
        assert_eq!(stranger.client.get(&format!("/it/console/keeping/{case}")).await.status.as_u16(), 404);
        for (what, fields) in [
            ("purpose", "purpose=contact"),
            ("prolong", "months=6"),
            ("hold", "reason=doubt"),
            ("lift", ""),
            ("propose", "reason=junk"),
            ("confirm", ""),
            ("withdraw", ""),
        ] {
            assert_eq!(
                form(&mut stranger, &format!("/console/keeping/{case}/{what}"), fields).await,
                "404",
                "{what}"
            );
        }
    }
    // Without a session, without the token, from another site: nothing.
    let mut nobody = Client::new(&app);
    let hold = format!("/console/keeping/{case}/hold");
    let asked = nobody.post_form(&hold, "csrf=x&language=en&reason=doubt").await;
    assert_eq!(asked.status.as_u16(), 303);
    assert_eq!(asked.header("location"), "/en/console/sign-in?locked", "the way to sign in, in her language");
    let mut forged = anna.client.clone();
    assert_eq!(forged.post_form(&hold, "csrf=x&language=it&reason=doubt").await.status.as_u16(), 403);
    let mut foreign = anna.client.clone().on_another_site();
    assert_eq!(foreign.post_form(&hold, "csrf=x&language=it&reason=doubt").await.status.as_u16(), 403);
    assert_eq!(count(&app, "report_hold").await, 0);
}
