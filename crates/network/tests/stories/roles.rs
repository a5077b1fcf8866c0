//! Roles: who gives them, what each opens, and that every address of the console asks the rules (docs/roles.md).

use envelope::duty::Channel;
use keyring::item::AnswerKind;
use network::accounts::{Role, RoleRefusal, change_role};
use policy::Roles;
use testkit::actors::{Client, DemoPerson, Operator, Victim};
use testkit::{Answer, TestApp};
use uuid::Uuid;

use crate::common::{count, world};

testkit::on_both_engines!(
    an_administrator_gives_and_takes_roles,
    a_page_that_was_opened_before_gives_nothing_back,
    what_changes_nothing_ends_no_session_and_is_no_act,
    nobody_changes_her_own_roles,
    whoever_is_suspended_is_out_at_once_and_comes_back_with_her_roles,
    an_administrator_reads_no_case_and_has_no_key_of_one,
    an_import_brings_back_neither_roles_nor_who_was_suspended,
    another_centres_people_do_not_exist,
    every_address_of_the_console_asks_the_rules,
);

/// As whoever runs the machine does it.
pub(crate) async fn change(
    app: &TestApp,
    account: &str,
    role: Role,
    given: bool,
) -> Result<Roles, RoleRefusal> {
    let platform = &app.platform;
    change_role(&platform.database, &platform.random, platform.now(), account, role, given).await
}

async fn give(app: &TestApp, person: &DemoPerson, role: Role) {
    change(app, person.account, role, true).await.unwrap();
}

async fn take(app: &TestApp, person: &DemoPerson, role: Role) {
    change(app, person.account, role, false).await.unwrap();
}

/// Sends a form of the page of people.
async fn form(operator: &mut Operator, person: &DemoPerson, what: &str, fields: &str) -> Answer {
    let path = format!("/console/people/{}/{what}", person.id);
    let page = operator.client.get("/it/console/people").await;
    let seen = page
        .text()
        .split(&format!("{path}\""))
        .nth(1)
        .and_then(|form| form.split("name=\"seen\" value=\"").nth(1)?.split('"').next())
        .unwrap_or_default()
        .replace(' ', "+");
    let csrf = operator.client.csrf().unwrap().to_owned();
    operator.client.post_form(&path, &format!("csrf={csrf}&language=it&seen={seen}{fields}")).await
}

async fn an_administrator_gives_and_takes_roles(app: TestApp) {
    let network = world(&app).await;
    let [anna, bea] = [&network.centres[0].people[0], &network.centres[0].people[1]];
    give(&app, anna, Role::Administrator).await;
    let mut administrator = Operator::sign_in(&app, anna).await;
    let colleague = Operator::sign_in(&app, bea).await;
    let page = administrator.client.get("/it/console/people").await;
    assert!(page.text().contains(&format!("/console/people/{}/roles", bea.id)));
    assert!(!page.text().contains(&format!("/console/people/{}/roles", anna.id)), "not for herself");

    let saved = form(&mut administrator, bea, "roles", "&auditor=1").await;
    assert_eq!(saved.header("location"), "/it/console/people?said=saved");
    assert_eq!(colleague.client.fetch("/console/session-key").await.status.as_u16(), 401, "signed out");
    let auditor = Operator::sign_in(&app, bea).await;
    assert_eq!(auditor.client.get("/it/console/").await.header("location"), "/it/console/people");
    assert!(
        !auditor
            .client
            .get("/it/console/people")
            .await
            .text()
            .contains("<form method=\"post\" action=\"/console/people")
    );

    let none = form(&mut administrator, bea, "roles", "").await;
    assert_eq!(none.header("location"), "/it/console/people?refused=none");
    form(&mut administrator, bea, "roles", "&operator=1&auditor=1").await;
    let again = Operator::sign_in(&app, bea).await;
    assert_eq!(again.client.get("/it/console/").await.status.as_u16(), 200);
}

async fn a_page_that_was_opened_before_gives_nothing_back(app: TestApp) {
    let network = world(&app).await;
    let [anna, bea] = [&network.centres[0].people[0], &network.centres[0].people[1]];
    give(&app, anna, Role::Administrator).await;
    give(&app, bea, Role::Auditor).await;
    let mut administrator = Operator::sign_in(&app, anna).await;
    take(&app, bea, Role::Operator).await;
    // The page still shows both roles; she ticks one more.
    let csrf = administrator.client.csrf().unwrap().to_owned();
    let path = format!("/console/people/{}/roles", bea.id);
    let fields = format!("csrf={csrf}&language=it&seen=operator+auditor&operator=1&auditor=1&trainer=1");
    let answer = administrator.client.post_form(&path, &fields).await;
    assert_eq!(answer.header("location"), "/it/console/people?refused=changed");
    let page = administrator.client.get("/it/console/people").await;
    assert!(
        page.text().contains(&format!("{path}\"")) && page.text().contains("value=\"auditor\""),
        "she is auditor alone"
    );
    assert!(!page.text().contains("id=\"unread\""), "Anna still reads");
    form(&mut administrator, bea, "suspend", "").await;
    take(&app, anna, Role::Operator).await;
    let administrator = Operator::sign_in(&app, anna).await;
    assert!(
        administrator.client.get("/it/console/people").await.text().contains("id=\"unread\""),
        "nobody reads any more"
    );
}

async fn what_changes_nothing_ends_no_session_and_is_no_act(app: TestApp) {
    let network = world(&app).await;
    let [anna, bea] = [&network.centres[0].people[0], &network.centres[0].people[1]];
    give(&app, anna, Role::Administrator).await;
    let mut administrator = Operator::sign_in(&app, anna).await;
    let colleague = Operator::sign_in(&app, bea).await;
    let before = count(&app, "audit_leaf").await;
    for (what, fields) in [("roles", "&operator=1"), ("return", "")] {
        let answer = form(&mut administrator, bea, what, fields).await;
        assert!(answer.header("location").contains("said="), "{what}");
    }
    give(&app, bea, Role::Operator).await;
    assert_eq!(count(&app, "audit_leaf").await, before);
    assert_eq!(colleague.client.fetch("/console/session-key").await.status.as_u16(), 200);
}

async fn nobody_changes_her_own_roles(app: TestApp) {
    let network = world(&app).await;
    let [anna, bea] = [&network.centres[0].people[0], &network.centres[0].people[1]];
    give(&app, anna, Role::Administrator).await;
    let mut administrator = Operator::sign_in(&app, anna).await;
    for (what, fields) in [("roles", "&auditor=1"), ("suspend", ""), ("return", "")] {
        let answer = form(&mut administrator, anna, what, fields).await;
        assert_eq!(answer.header("location"), "/it/console/people?refused=own", "{what}");
    }
    // Whoever lost the role in the meantime may no more, also with the page still open.
    let mut operator = Operator::sign_in(&app, bea).await;
    let answer = form(&mut operator, anna, "suspend", "").await;
    assert_eq!(answer.header("location"), "/it/console/people?refused=not-found");
    // And a page of another site may not press it for her.
    let csrf = administrator.client.csrf().unwrap().to_owned();
    let path = format!("/console/people/{}/suspend", bea.id);
    let mut elsewhere = administrator.client.clone().on_another_site();
    let answer = elsewhere.post_form(&path, &format!("csrf={csrf}&language=it")).await;
    assert_eq!(answer.status.as_u16(), 403);
    assert_eq!(operator.client.fetch("/console/session-key").await.status.as_u16(), 200);
}

async fn whoever_is_suspended_is_out_at_once_and_comes_back_with_her_roles(app: TestApp) {
    let network = world(&app).await;
    let [anna, bea] = [&network.centres[0].people[0], &network.centres[0].people[1]];
    give(&app, anna, Role::Administrator).await;
    give(&app, bea, Role::Auditor).await;
    let mut administrator = Operator::sign_in(&app, anna).await;
    let colleague = Operator::sign_in(&app, bea).await;
    let answer = form(&mut administrator, bea, "suspend", "").await;
    assert_eq!(answer.header("location"), "/it/console/people?said=suspended");
    assert_eq!(colleague.client.fetch("/console/session-key").await.status.as_u16(), 401);
    let mut client = Client::new(&app);
    let (refused, _) = Operator::answer_challenge(&mut client, bea.account, bea).await;
    assert_eq!(refused.verdict(), (403, "sign-in".to_owned()), "as for a wrong passphrase");
    // An import does not let her in.
    network.publish(&app.app).await.unwrap();
    let (refused, _) = Operator::answer_challenge(&mut client, bea.account, bea).await;
    assert_eq!(refused.status.as_u16(), 403);
    form(&mut administrator, bea, "return", "").await;
    Operator::sign_in(&app, bea).await;
    let page = administrator.client.get("/en/console/people").await;
    assert!(page.text().contains("Operator: reads and answers · Auditor: the log, no content"));
}

async fn an_administrator_reads_no_case_and_has_no_key_of_one(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    her.send_report(report.bytes).await;
    let anna = &network.centres[0].people[0];
    give(&app, anna, Role::Administrator).await;
    take(&app, anna, Role::Operator).await;
    let administrator = Operator::sign_in(&app, anna).await;
    let keys = administrator.client.fetch("/console/keys").await.json();
    assert_eq!(keys["epochs"].as_array().unwrap().len(), 0);
    assert_eq!(administrator.open(report.case).await.err().unwrap().status.as_u16(), 404);
    let page = administrator.client.get("/it/console/people").await;
    assert!(!page.text().contains("/it/console/keeping"), "no way to what she may not");
    assert_eq!(administrator.client.get("/it/console/keeping").await.status.as_u16(), 404);
}

async fn an_import_brings_back_neither_roles_nor_who_was_suspended(app: TestApp) {
    let network = world(&app).await;
    let anna = &network.centres[0].people[0];
    give(&app, anna, Role::Administrator).await;
    take(&app, anna, Role::Operator).await;
    let before = count(&app, "role").await;
    let administrator = Operator::sign_in(&app, anna).await;
    network.publish(&app.app).await.unwrap();
    assert_eq!(count(&app, "role").await, before);
    assert_eq!(
        administrator.client.get("/it/console/").await.status.as_u16(),
        303,
        "still signed in, still no operator"
    );
    let refused = change(&app, anna.account, Role::Administrator, false).await;
    assert!(refused.is_err(), "nobody loses her last role");
    assert!(change(&app, "nobody", Role::Auditor, true).await.is_err());
}

async fn another_centres_people_do_not_exist(app: TestApp) {
    let network = world(&app).await;
    let [anna, carla] = [&network.centres[0].people[0], &network.centres[1].people[0]];
    give(&app, anna, Role::Administrator).await;
    let mut administrator = Operator::sign_in(&app, anna).await;
    let page = administrator.client.get("/it/console/people").await;
    assert!(!page.text().contains(&carla.id.to_string()));
    for (what, fields) in [("roles", "&auditor=1"), ("suspend", "")] {
        let answer = form(&mut administrator, carla, what, fields).await;
        assert_eq!(answer.header("location"), "/it/console/people?refused=not-found");
    }
    Operator::sign_in(&app, carla).await;
    let csrf = administrator.client.csrf().unwrap().to_owned();
    let answer = administrator
        .client
        .post_form("/console/people/nobody/suspend", &format!("csrf={csrf}&language=it"))
        .await;
    assert_eq!(answer.status.as_u16(), 404);
}

/// What an address of the console asks of the rules.
#[derive(Clone, Copy)]
pub(crate) enum Needs {
    /// Nothing, not even a session.
    Nothing,
    /// A session, whatever the roles.
    Session,
    /// A right, by its column in docs/roles.md.
    Right(&'static str),
}

/// Every address of docs/http.md, with what it needs and what is sent there. One that is missing here fails the story.
pub(crate) fn needs(address: &str) -> Option<(Needs, &'static str)> {
    use Needs::{Nothing, Right, Session};
    Some(match address {
        "GET /{lang}/console/sign-in"
        | "POST /console/sign-in/challenge"
        | "POST /console/sign-in"
        | "POST /console/sign-out"
        | "GET /console/viewer"
        | "GET /console/viewer/script" => (Nothing, ""),
        "GET /console/session-key"
        | "GET /console/keys"
        | "GET /{lang}/console/notices"
        | "POST /console/notices/address"
        | "POST /console/notices/confirm"
        | "POST /console/notices/wishes"
        | "POST /console/notices/remove"
        | "GET /{lang}/console/sessions"
        | "POST /console/sessions/end-others"
        | "GET /{lang}/console/factor"
        | "POST /console/factor" => (Session, "address=nobody&code=0"),
        "POST /console/factor/replace" | "POST /console/factor/codes" => {
            (Session, "nonce=0&signature=0&code=0&new_code=0")
        }
        "GET /{lang}/console/" => (Right("list"), ""),
        "GET /{lang}/console/several" => (Right("list"), "?do=wait"),
        "GET /{lang}/console/reports/{case}" => (Right("open"), ""),
        // There is no such file: who may gets the same answer as who may not, and `stories/files.rs` tells of those that are there.
        "GET /console/reports/{case}/files/{file}/{number}" => (Right("open"), "no file"),
        "POST /console/reports/{case}/open" => (Right("open"), "bytes"),
        "POST /console/reports/{case}/items" => (Right("write"), "answer"),
        "POST /console/reports/{case}/wait" => (Right("write"), "version"),
        "GET /{lang}/console/keeping" => (Right("read-terms"), ""),
        "GET /{lang}/console/keeping/{case}" => (Right("keep"), ""),
        "POST /console/keeping/table"
        | "POST /console/keeping/table/confirm"
        | "POST /console/keeping/table/withdraw" => (Right("change-terms"), "none=0"),
        "POST /console/keeping/{case}/purpose"
        | "POST /console/keeping/{case}/prolong"
        | "POST /console/keeping/{case}/hold"
        | "POST /console/keeping/{case}/lift"
        | "POST /console/keeping/{case}/propose"
        | "POST /console/keeping/{case}/withdraw"
        | "POST /console/keeping/{case}/confirm" => (Right("keep"), "purpose=none&months=5&reason=none"),
        "GET /{lang}/console/audit" => (Right("read-log"), ""),
        "GET /console/audit/export" => (Right("export-log"), ""),
        "GET /{lang}/console/people" | "GET /{lang}/console/channels" => (Right("read-people"), ""),
        "POST /console/epochs" => (Right("make-key"), "version"),
        "GET /{lang}/console/people/{person}/leave" => (Right("state-leave"), ""),
        "POST /console/people/{person}/leave" => (Right("state-leave"), "version"),
        "POST /console/people/{person}/roles"
        | "POST /console/people/{person}/suspend"
        | "POST /console/people/{person}/return" => (Right("change-roles"), "seen=operator&operator=1"),
        _ => return None,
    })
}

/// Method and address of everything in the table of the console.
pub(crate) fn addresses() -> Vec<String> {
    let document = include_str!("../../../../docs/http.md");
    let section = document.split("## Console").nth(1).unwrap().split("\n## ").next().unwrap();
    let cells = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .map(|row| row.split(" |").next().unwrap());
    cells
        .flat_map(|cell| {
            cell.split('`').filter(|part| part.contains('/')).map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

/// What docs/roles.md says of a role; `crates/policy` holds that document to the rules.
fn may(role: Role, needs: Needs) -> bool {
    let Needs::Right(right) = needs else { return true };
    let cells = |line: &'static str| line.split('|').map(str::trim).collect::<Vec<_>>();
    let document = include_str!("../../../../docs/roles.md");
    let row = |name: &str| {
        let start = format!("| {name} |");
        cells(document.lines().find(|line| line.starts_with(&start)).unwrap())
    };
    let column = row("role").iter().position(|name| *name == right).unwrap();
    row(role.name())[column] == "yes"
}

/// Who asks, in every state of membership that a role can be in.
#[expect(clippy::print_stdout, reason = "the number of cells is a figure that is asked for")]
async fn every_address_of_the_console_asks_the_rules(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    her.send_report(report.bytes).await;
    let case = report.case;
    let [anna, bea] = [&network.centres[0].people[0], &network.centres[0].people[1]];
    let first = Operator::sign_in(&app, anna).await;
    let answer = first.seal_answer(&first.open(case).await.unwrap(), AnswerKind::Answer, "Da Anna", now);
    let answer = answer.bytes;
    let addresses = addresses();
    assert!(addresses.len() > 25, "the table was read");
    let mut cells = 0;
    for role in Role::ALL {
        give(&app, anna, role).await;
        for other in Role::ALL.into_iter().filter(|other| *other != role) {
            take(&app, anna, other).await;
        }
        let mut operator = Operator::sign_in(&app, anna).await;
        for address in &addresses {
            let (needs, body) =
                needs(address).unwrap_or_else(|| panic!("{address} has no row in this story"));
            if matches!(needs, Needs::Nothing) {
                continue;
            }
            let answer = ask(&mut operator.client, address, body, &answer, case, bea.id).await;
            let permitted = may(role, needs);
            assert_eq!(
                is_let_in(&answer),
                permitted && body != "no file",
                "{} {address}: {:?}",
                role.name(),
                answer.status
            );
            cells += 1;
        }
    }
    // Without a session, and with one that has ended because she was suspended.
    let mut ended = Operator::sign_in(&app, anna).await;
    let mut administrator = {
        give(&app, bea, Role::Administrator).await;
        Operator::sign_in(&app, bea).await
    };
    form(&mut administrator, anna, "suspend", "").await;
    for client in [&mut Client::new(&app), &mut ended.client] {
        for address in &addresses {
            let (needs, body) = needs(address).unwrap();
            if !matches!(needs, Needs::Nothing) {
                let answer = ask(client, address, body, &answer, case, bea.id).await;
                let is_out =
                    answer.status.as_u16() == 401 || answer.header("location").contains("/console/sign-in");
                assert!(is_out, "{address}: {:?}", answer.status);
                cells += 1;
            }
        }
    }
    println!("{cells} cells of address, role and membership");
}

pub(crate) async fn ask(
    client: &mut Client,
    address: &str,
    body: &str,
    sealed: &[u8],
    case: impl ToString,
    person: impl ToString,
) -> Answer {
    let (method, address) = address.split_once(' ').unwrap();
    let path = address
        .replace("{lang}", "it")
        .replace("{case}", &case.to_string())
        .replace("{person}", &person.to_string())
        .replace("{file}", &Uuid::nil().to_string())
        .replace("{number}", "0");
    match (method, body) {
        ("GET", query) if path.starts_with("/it/") => {
            let query = if query.starts_with('?') { query } else { "" };
            client.get(&format!("{path}{query}")).await
        }
        ("GET", _) => client.fetch(&path).await,
        (_, "answer") => client.post_if_match(&path, 9_999, sealed.to_vec()).await,
        (_, "version") => client.post_json(&path, &serde_json::json!({ "version": 9_999 })).await,
        (_, "bytes") => client.post(&path, Vec::new()).await,
        (_, fields) => {
            let csrf = client.csrf().unwrap_or_default().to_owned();
            client.post_form(&path, &format!("csrf={csrf}&language=it&{fields}")).await
        }
    }
}

/// Whether the answer is that of something that exists for whoever asked: also one that says what is wrong with what was sent.
fn is_let_in(answer: &Answer) -> bool {
    let location = answer.header("location");
    let is_elsewhere = location.contains("/console/sign-in") || location == "/it/console/people";
    !matches!(answer.status.as_u16(), 401 | 404) && !is_elsewhere && !location.contains("refused=not-found")
}
