//! The audit log (protocol section 9): every act leaves a leaf, nothing can be changed unnoticed, and a shredded case says nothing.

use envelope::audit::act::ActKind;
use envelope::audit::checkpoint::Checkpoint;
use envelope::audit::openings::{Checked, OPENINGS_LENGTH, OpeningsPage};
use envelope::duty::Channel;
use envelope::encoding::Hash;
use envelope::header::Undone;
use envelope::ids::CaseId;
use jiff::SignedDuration;
use network::accounts::Role;
use network::audit::{Unverified, Verified, Violation, verify};
use network::keeping::stored_tombstones;
use sea_orm::{ConnectionTrait as _, Statement};
use testkit::TestApp;
use testkit::actors::{DemoNetwork, Operator, Victim};

use crate::common::{count, told, world};
use crate::roles::change;

testkit::on_both_engines!(
    every_act_leaves_a_leaf_in_its_transaction,
    a_second_look_in_a_week_is_no_second_leaf,
    she_sees_who_opened_her_case_and_the_proofs_hold,
    ids_without_an_answer_are_answered_alike,
    a_shredded_case_leaves_leaves_that_say_nothing,
    a_clock_that_was_wrong_leaves_no_leaf_outside,
    an_auditor_sees_her_own_centre_and_her_channels_and_no_content,
);

pub(crate) async fn next_week(app: &TestApp) {
    app.time.advance(SignedDuration::from_hours(24 * 7));
    app.app.housekeeping().await.unwrap();
}

/// What the log says about itself.
pub(crate) async fn verified(app: &TestApp, witnesses: &[Vec<Checkpoint>]) -> Result<Verified, Violation> {
    let connection = app.platform.database.read();
    let tombstones = stored_tombstones(connection).await.unwrap();
    let cases = tombstones.iter().map(|(hash, _)| Hash::from_bytes(*hash));
    match verify(connection, witnesses, cases).await {
        Ok(verified) => Ok(verified),
        Err(Unverified::Violation(violation)) => Err(violation),
        Err(Unverified::Database(error)) => panic!("{error}"),
    }
}

pub(crate) async fn run(app: &TestApp, statement: &str) -> u64 {
    let database = &app.platform.database;
    let statement = Statement::from_string(database.engine(), statement.to_owned());
    database
        .write(|transaction| {
            let statement = statement.clone();
            async move {
                Ok::<_, platform::database::DatabaseError>(
                    transaction.execute_raw(statement).await?.rows_affected(),
                )
            }
        })
        .await
        .unwrap()
}

async fn texts(app: &TestApp, question: &str) -> Vec<String> {
    let database = &app.platform.database;
    let rows = database
        .read()
        .query_all_raw(Statement::from_string(database.engine(), question.to_owned()))
        .await
        .unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

async fn kinds(app: &TestApp) -> Vec<String> {
    texts(app, "SELECT kind FROM audit_leaf ORDER BY kind").await
}

pub(crate) async fn kinds_of(app: &TestApp, case: CaseId) -> Vec<String> {
    let id = case.uuid();
    let id = match app.platform.database.engine() {
        sea_orm::DatabaseBackend::Sqlite => format!("x'{}'", id.simple()),
        _ => format!("'{id}'::uuid"),
    };
    let question = format!(
        "SELECT l.kind FROM audit_leaf l JOIN audit_opening o ON o.leaf = l.leaf WHERE o.object = {id} ORDER BY l.kind"
    );
    texts(app, &question).await
}

/// Her report, opened by Anna and answered.
pub(crate) async fn answered(app: &TestApp, network: &DemoNetwork, anna: &Operator) -> (Victim, CaseId) {
    let now = app.platform.now();
    let her = Victim::new(app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    assert_eq!(her.send_report(report.bytes).await.status.as_u16(), 201);
    let opened = anna.open(report.case).await.unwrap();
    assert_eq!(anna.answer(&opened, "Risposta", now).await.status.as_u16(), 201);
    (her, report.case)
}

pub(crate) async fn form(operator: &mut Operator, path: &str, fields: &str) -> String {
    let page = operator.client.get("/it/console/keeping").await;
    let csrf = page.text().split("data-csrf=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let answer = operator.client.post_form(path, &format!("csrf={csrf}&language=it&{fields}")).await;
    answer.header("location").to_owned()
}

async fn every_act_leaves_a_leaf_in_its_transaction(app: TestApp) {
    let network = world(&app).await;
    // The import wrote down itself and everybody whom it brought.
    assert_eq!(kinds(&app).await, [["imported"; 2].as_slice(), &["role-given"; 4]].concat());
    network.publish(&app.app).await.unwrap();
    assert_eq!(kinds(&app).await.len(), 6, "importing again changes nothing");

    let people = &network.centres[0].people;
    let mut anna = Operator::sign_in(&app, &people[0]).await;
    let mut bea = Operator::sign_in(&app, &people[1]).await;
    let (_, case) = answered(&app, network, &anna).await;
    assert_eq!(kinds_of(&app, case).await, ["answered", "opened"]);
    let now = app.platform.now();
    let opened = bea.open(case).await.unwrap();
    assert_eq!(bea.close(&opened, "helped", "Nota", now).await.status.as_u16(), 201);
    assert!(
        form(&mut anna, &format!("/console/keeping/{case}/hold"), "reason=authority")
            .await
            .ends_with("saved")
    );
    assert!(form(&mut bea, &format!("/console/keeping/{case}/lift"), "").await.ends_with("saved"));
    assert!(
        form(&mut anna, &format!("/console/keeping/{case}/propose"), "reason=request")
            .await
            .ends_with("proposed")
    );
    assert!(form(&mut bea, &format!("/console/keeping/{case}/withdraw"), "").await.ends_with("saved"));
    assert_eq!(
        kinds_of(&app, case).await,
        [
            "answered",
            "closed",
            "hold-lifted",
            "hold-placed",
            "opened",
            "opened",
            "shred-proposed",
            "shred-withdrawn"
        ]
    );
    // What was refused leaves nothing.
    let before = count(&app, "audit_leaf").await;
    assert!(form(&mut bea, &format!("/console/keeping/{case}/lift"), "").await.contains("refused"));
    assert_eq!(count(&app, "audit_leaf").await, before);

    // Two members take her withdrawal back.
    let (her, burned) = answered(&app, network, &anna).await;
    assert_eq!(her.burn(None, now).await.status.as_u16(), 200);
    for operator in [&anna, &bea] {
        assert_eq!(operator.undo(burned, Undone::Burn, now).await.status.as_u16(), 201);
    }
    assert!(kinds_of(&app, burned).await.ends_with(&["undo-asked".to_owned(), "undone".to_owned()]));
    assert_eq!(count(&app, "audit_leaf").await, count(&app, "audit_opening").await);
    assert!(verified(&app, &[]).await.is_ok());
}

async fn a_second_look_in_a_week_is_no_second_leaf(app: TestApp) {
    let network = world(&app).await;
    let people = &network.centres[0].people;
    let anna = Operator::sign_in(&app, &people[0]).await;
    let (_, case) = answered(&app, network, &anna).await;
    let anna = Operator::sign_in(&app, &people[0]).await;
    anna.open(case).await.unwrap();
    assert_eq!(kinds_of(&app, case).await, ["answered", "opened"]);
    assert_eq!(kinds(&app).await.iter().filter(|kind| *kind == "signed-in").count(), 1);
    // Another person, and another week.
    Operator::sign_in(&app, &people[1]).await.open(case).await.unwrap();
    next_week(&app).await;
    Operator::sign_in(&app, &people[0]).await.open(case).await.unwrap();
    assert_eq!(kinds_of(&app, case).await, ["answered", "opened", "opened", "opened"]);
}

async fn she_sees_who_opened_her_case_and_the_proofs_hold(app: TestApp) {
    let network = world(&app).await;
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    let (her, case) = answered(&app, network, &anna).await;
    let read = |body: &[u8]| OpeningsPage::parse(body).unwrap();
    // In its own week an act is told and not proved yet.
    let page = read(&her.openings(0).await.body);
    assert_eq!((page.acts, page.pages, page.checkpoint), (2, 1, None));
    assert!(page.check(case.uuid()).all(|(_, checked)| checked == Checked::NotYet));
    next_week(&app).await;
    // Others' acts stand around hers in the tree.
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    answered(&app, network, &anna).await;
    next_week(&app).await;
    let page = read(&her.openings(0).await.body);
    assert_eq!(page.checkpoint.unwrap().number, 2);
    let person = network.centres[0].people[0].id.uuid();
    for (entry, checked) in page.check(case.uuid()) {
        assert_eq!(checked, Checked::Holds);
        assert_eq!(
            (entry.actor, entry.centre),
            (Some(person), network.verified(0, app.platform.now()).centre().uuid())
        );
    }
    let kinds: Vec<ActKind> = page.entries.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [ActKind::Answered, ActKind::Opened]);
    // They are proved of this case and of no other.
    assert!(page.check(uuid::Uuid::from_u128(1)).all(|(_, checked)| checked == Checked::Fails));
    assert!(OpeningsPage::parse(&her.openings(1).await.body).is_err(), "past the last one there is filler");
}

async fn ids_without_an_answer_are_answered_alike(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let centre = network.verified(0, now);
    let unknown = Victim::new(&app, network.id);
    let unanswered = Victim::new(&app, network.id);
    let report = unanswered.seal_report(&centre, Channel::Safe, "Parola", now);
    unanswered.send_report(report.bytes).await;
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    anna.open(report.case).await.unwrap();
    let (burned, _) = answered(&app, network, &anna).await;
    let control = told(&burned.openings(0).await);
    assert_eq!(burned.burn(None, now).await.status.as_u16(), 200);
    next_week(&app).await;
    for page in [0, 7, u32::MAX] {
        let first = told(&unknown.openings(page).await);
        assert_eq!((first.0, first.2.len()), (200, OPENINGS_LENGTH));
        for other in [&unanswered, &burned] {
            let other = told(&other.openings(page).await);
            assert_eq!((first.0, &first.1, first.2.len()), (other.0, &other.1, other.2.len()));
            assert!(OpeningsPage::parse(&other.2).is_err());
            assert_ne!(first.2, other.2, "filler of its own");
        }
        assert_eq!(told(&unknown.openings(page).await).2, first.2, "filler is stable");
    }
    let first = told(&unknown.openings(0).await);
    assert_eq!((control.0, &control.1, control.2.len()), (first.0, &first.1, first.2.len()));
    assert!(OpeningsPage::parse(&control.2).is_ok(), "the control: an answered one is told");

    // The nonce of a page is worth nothing here, nor this one there.
    let nonce = unknown.client.post("/mailbox/nonce", Vec::new()).await;
    let nonce = envelope::mailbox::Nonce::from_slice(&nonce.body).unwrap();
    let request = unknown.receipt.page_request(&nonce, 0);
    let verdict = unknown.client.post("/mailbox/openings", request.clone()).await.verdict();
    assert_eq!(verdict, (400, "nonce".to_owned()));
    assert_eq!(unknown.client.post("/mailbox/page", request).await.status.as_u16(), 200);
}

async fn a_shredded_case_leaves_leaves_that_say_nothing(app: TestApp) {
    let network = world(&app).await;
    let people = &network.centres[0].people;
    let mut anna = Operator::sign_in(&app, &people[0]).await;
    let (her, case) = answered(&app, network, &anna).await;
    let (_, other) = answered(&app, network, &anna).await;
    let opened = anna.open(case).await.unwrap();
    let now = app.platform.now();
    assert_eq!(anna.close(&opened, "helped", "Nota", now).await.status.as_u16(), 201);
    next_week(&app).await;
    let before = verified(&app, &[]).await.unwrap();
    anna = Operator::sign_in(&app, &people[0]).await;
    let mut bea = Operator::sign_in(&app, &people[1]).await;
    assert!(
        form(&mut anna, &format!("/console/keeping/{case}/propose"), "reason=request")
            .await
            .ends_with("proposed")
    );
    assert!(form(&mut bea, &format!("/console/keeping/{case}/confirm"), "").await.ends_with("shredded"));

    assert!(kinds_of(&app, case).await.is_empty(), "nothing opens them any more");
    assert_eq!(kinds_of(&app, other).await, ["answered", "opened"], "the control");
    // Opened, answered, closed, proposed, confirmed.
    let after = verified(&app, std::slice::from_ref(&before.checkpoints)).await.unwrap();
    assert_eq!(after.erased, 5);
    assert_eq!(
        after.leaves,
        before.leaves + 2 + 2 + 1,
        "two sign-ins, two acts, and that five openings are gone"
    );
    assert!(OpeningsPage::parse(&her.openings(0).await.body).is_err());
    next_week(&app).await;
    let after = verified(&app, std::slice::from_ref(&before.checkpoints)).await.unwrap();
    assert_eq!((after.checkpoints.len(), after.waiting), (2, 0));
    // An erasure cannot hide another opening.
    run(
        &app,
        "DELETE FROM audit_opening WHERE leaf = (SELECT leaf FROM audit_leaf WHERE kind = 'signed-in' ORDER BY leaf LIMIT 1)",
    )
    .await;
    let found = verified(&app, &[]).await;
    assert_eq!(found, Err(Violation::OpeningsMissing { missing: 6, explained: 5 }));
}

async fn a_clock_that_was_wrong_leaves_no_leaf_outside(app: TestApp) {
    let network = world(&app).await;
    let weeks = SignedDuration::from_hours(24 * 7 * 2);
    app.time.advance(weeks);
    Operator::sign_in(&app, &network.centres[0].people[0]).await;
    app.app.housekeeping().await.unwrap();
    app.time.advance(-weeks);
    // Put right: the leaf of the future and those of an old week that is on again are taken in, each once.
    Operator::sign_in(&app, &network.centres[0].people[0]).await;
    next_week(&app).await;
    next_week(&app).await;
    let whole = verified(&app, &[]).await.unwrap();
    assert_eq!(whole.waiting, 0);
    assert!(whole.checkpoints.len() >= 2);
}

async fn an_auditor_sees_her_own_centre_and_her_channels_and_no_content(app: TestApp) {
    let network = world(&app).await;
    let [porto, faro] = [&network.centres[0].people, &network.centres[1].people];
    let anna = Operator::sign_in(&app, &porto[0]).await;
    assert_eq!(anna.client.get("/it/console/audit").await.status.as_u16(), 404, "no role, no log");
    assert!(!anna.client.get("/it/console/").await.text().contains("/it/console/audit"));
    for person in [&porto[0], &faro[0], &faro[1]] {
        change(&app, person.account, Role::Auditor, true).await.unwrap();
    }
    let anna = Operator::sign_in(&app, &porto[0]).await;
    let (_, case) = answered(&app, network, &anna).await;
    let reference = case.to_string().chars().take(8).collect::<String>();
    for path in ["/it/console/audit", "/en/console/audit"] {
        let page = anna.client.get(path).await;
        assert_eq!(page.status.as_u16(), 200, "{}", page.text());
        assert!(page.text().contains("Anna Verdi") && page.text().contains(&reference));
        assert!(!page.text().contains("Parola") && !page.text().contains(&case.to_string()));
    }
    // Filters: by kind, week, person.
    let acts = async |query: &str| {
        let page = anna.client.get(&format!("/it/console/audit{query}")).await;
        page.text().matches("data-leaf").count()
    };
    let all = acts("").await;
    assert_eq!(acts("?kind=opened").await, 1);
    assert_eq!(acts("?week=2026-W01").await, 0);
    assert_eq!(acts("?week=soon").await, all, "what is no week chooses nothing, and the page says so");
    let person = porto[0].id;
    assert_eq!(acts(&format!("?person={person}")).await, 3, "signed in, opened, answered");
    // As a file.
    let json = anna.client.fetch("/console/audit/export?format=json&kind=opened").await;
    assert_eq!(json.json()[0]["case"], reference.as_str());
    assert_eq!(json.header("content-disposition"), "attachment; filename=\"audit.json\"");
    let csv = anna.client.fetch("/console/audit/export?format=csv").await;
    assert_eq!(csv.text().lines().count(), all + 1);
    assert!(!csv.text().contains(&case.to_string()));

    // Another centre's people do not see it, nor do they learn of it.
    let stranger = Operator::sign_in(&app, &faro[0]).await;
    let page = stranger.client.get("/it/console/audit").await;
    assert!(!page.text().contains("Anna Verdi") && !page.text().contains(&reference));
    assert!(!stranger.client.fetch("/console/audit/export?format=json").await.text().contains(&reference));
    // Whoever does not read the safe channel learns nothing of what is done there, not even how much (I5).
    let now = app.platform.now();
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&network.verified(1, now), Channel::Safe, "Parola", now);
    assert_eq!(her.send_report(report.bytes).await.status.as_u16(), 201);
    stranger.open(report.case).await.unwrap();
    let dora = Operator::sign_in(&app, &faro[1]).await;
    let opened = async |operator: &Operator| {
        let export = operator.client.fetch("/console/audit/export?format=json&kind=opened").await;
        export.json().as_array().unwrap().len()
    };
    assert_eq!((opened(&stranger).await, opened(&dora).await), (1, 0));
    // Nobody else.
    assert_eq!(app.get("/it/console/audit").await.status.as_u16(), 303);
    assert_eq!(app.get("/console/audit/export?format=csv").await.status.as_u16(), 401);
}
