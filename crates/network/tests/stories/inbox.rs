//! The inbox of a busy centre: pages that neither skip nor repeat, searches that find exactly what they ask for, several cases at once.

use std::collections::BTreeSet;

use crate::common::{stored, world};
use envelope::duty::Channel;
use envelope::ids::CaseId;
use jiff::SignedDuration;
use keyring::receipt::Receipt;
use testkit::TestApp;
use testkit::actors::{DemoNetwork, Operator, Victim};

testkit::on_both_engines!(
    pages_neither_skip_nor_repeat_while_reports_come_and_go,
    a_search_finds_exactly_what_it_asks_for,
    several_cases_are_shown_before_anything_happens,
    a_colleague_who_was_faster_keeps_her_case_as_it_is,
    what_is_not_of_her_centre_is_not_among_the_chosen,
);

/// Somebody of a crowd writes; the same number is the same person.
async fn send(app: &TestApp, network: &DemoNetwork, number: u8, channel: Channel, urgent: bool) -> CaseId {
    let now = app.platform.now();
    let her = Victim::with_receipt(app, Receipt::from_random_bytes(&[number; 32]).unwrap());
    let centre = network.verified(0, now);
    let sealed = if urgent {
        her.seal_urgent(&centre, channel, "Adesso", now)
    } else {
        her.seal_report(&centre, channel, "Con calma", now)
    };
    assert_eq!(her.send_report(sealed.bytes).await.verdict(), (201, String::new()));
    sealed.case
}

async fn member(app: &TestApp, network: &DemoNetwork, place: usize) -> Operator {
    Operator::sign_in(app, &network.centres[0].people[place]).await
}

/// The query of the next page, if there is one.
async fn next_page(who: &Operator, query: &str) -> Option<String> {
    let page = who.client.get(&format!("/it/console/{query}")).await;
    let link =
        page.text().split("id=\"next-page\" href=\"/it/console/").nth(1)?.split('"').next()?.to_owned();
    Some(link.replace("&#38;", "&").replace("&amp;", "&"))
}

async fn pages_neither_skip_nor_repeat_while_reports_come_and_go(app: TestApp) {
    let network = world(&app).await;
    let mut stays = BTreeSet::new();
    let mut leaves = Vec::new();
    for number in 0..64 {
        let channel = if number % 2 == 0 { Channel::Safe } else { Channel::General };
        let case = send(&app, network, number, channel, number % 7 == 0).await;
        if number % 8 == 3 { leaves.push(case) } else { _ = stays.insert(case.to_string()) }
    }
    let (anna, mut bea) = (member(&app, network, 0).await, member(&app, network, 1).await);
    let mut query = String::new();
    let mut shown: Vec<String> = Vec::new();
    let mut number = 100;
    loop {
        shown.extend(anna.inbox(&query).await);
        let Some(next) = next_page(&anna, &query).await else { break };
        query = next;
        // Between two pages reports arrive, urgent ones too, and a colleague opens, answers, waits and closes others.
        for urgent in [true, false, false] {
            send(&app, network, number, Channel::Safe, urgent).await;
            number += 1;
        }
        let Some(case) = leaves.pop() else { continue };
        let opened = bea.open(case).await.unwrap();
        assert_eq!(bea.close(&opened, "helped", "Nota", app.platform.now()).await.status.as_u16(), 201);
        if let Some(case) = leaves.pop() {
            let opened = bea.open(case).await.unwrap();
            assert_eq!(bea.wait(case, opened.version).await.status.as_u16(), 200);
        }
    }
    let once: BTreeSet<&String> = shown.iter().collect();
    assert_eq!(once.len(), shown.len(), "none twice");
    assert!(shown.len() > 50, "several pages");
    let skipped: Vec<&String> = stays.iter().filter(|case| !once.contains(case)).collect();
    assert!(skipped.is_empty(), "{skipped:?}");
}

async fn a_search_finds_exactly_what_it_asks_for(app: TestApp) {
    let network = world(&app).await;
    // Two weeks, urgent and not, opened and not: two of each.
    let mut all: Vec<(String, &str, bool, &str)> = Vec::new();
    let mut number = 0;
    for week in ["2026-W48", "2026-W49"] {
        let anna = member(&app, network, 0).await;
        for urgent in [true, false] {
            for state in ["arrived", "opened"] {
                for channel in [Channel::Safe, Channel::General] {
                    let case = send(&app, network, number, channel, urgent).await;
                    number += 1;
                    if state == "opened" {
                        anna.open(case).await.unwrap();
                    }
                    all.push((case.to_string(), week, urgent, state));
                }
            }
        }
        app.time.advance(SignedDuration::from_hours(7 * 24));
    }
    let anna = member(&app, network, 0).await;
    for week in ["", "2026-W48", "2026-W49", "2026-W47"] {
        for urgent in ["", "1"] {
            for state in ["", "arrived", "opened", "waiting"] {
                let query = format!("?state={state}&week={week}&urgent={urgent}");
                let mut found = anna.inbox(&query).await;
                found.sort();
                let mut expected: Vec<String> = all
                    .iter()
                    .filter(|one| week.is_empty() || one.1 == week)
                    .filter(|one| urgent.is_empty() || one.2)
                    .filter(|one| state.is_empty() || one.3 == state)
                    .map(|one| one.0.clone())
                    .collect();
                expected.sort();
                assert_eq!(found, expected, "{query}");
            }
        }
    }
    // By the eight digits that colleagues say to each other; what nobody has is said so.
    let case = &all[3].0;
    let found = anna.client.get(&format!("/it/console/?case={}", &case[..8])).await;
    assert_eq!(
        (found.status.as_u16(), found.header("location")),
        (303, format!("/it/console/reports/{case}").as_str())
    );
    let none = anna.client.get("/it/console/?case=00000000").await;
    assert!(none.status.as_u16() == 200 && none.text().contains("id=\"search-case-none\""));
    // Whatever an address holds, it is a page.
    for odd in [
        "?week=2026'W48",
        "?state=nonsense",
        "?page=u.2026-W48",
        "?urgent=2&page=x.y.z",
        "?case=%3Cscript%3E",
    ] {
        let page = anna.client.get(&format!("/it/console/{odd}")).await;
        assert!(page.status.as_u16() == 200 && !page.text().contains("<script>"), "{odd}");
    }
}

/// The lines of the page that asks for a confirmation: case and version.
async fn chosen(who: &Operator, action: &str, cases: &[CaseId]) -> Vec<(String, i64)> {
    let mut address = format!("/it/console/several?do={action}");
    for case in cases {
        address.push_str("&case=");
        address.push_str(&case.to_string());
    }
    let page = who.client.get(&address).await;
    assert_eq!(page.status.as_u16(), 200);
    let lines = page.text().split("<li data-case=\"").skip(1);
    lines
        .map(|line| {
            let version = line.split("data-version=\"").nth(1).unwrap().split('"').next().unwrap();
            (line.split('"').next().unwrap().to_owned(), version.parse().unwrap())
        })
        .collect()
}

async fn several_cases_are_shown_before_anything_happens(app: TestApp) {
    let network = world(&app).await;
    let mut anna = member(&app, network, 0).await;
    let mut cases = Vec::new();
    for number in 0..4 {
        cases.push(send(&app, network, number, Channel::Safe, false).await);
    }
    for case in &cases[..3] {
        anna.open(*case).await.unwrap();
    }
    let before = stored(&app).await;
    for (action, expected) in [("acknowledge", 3), ("wait", 3), ("close", 3)] {
        let lines = chosen(&anna, action, &cases).await;
        assert_eq!(lines.len(), expected, "{action}: what nobody opened is left out");
        assert!(!lines.iter().any(|(case, _)| *case == cases[3].to_string()));
    }
    assert_eq!((stored(&app).await, anna.inbox("?state=opened").await.len()), (before, 3), "only looked at");
    for strange in ["?do=shred", "", "?do=", "?case=x"] {
        let page = anna.client.get(&format!("/it/console/several{strange}")).await;
        assert_eq!(page.status.as_u16(), 404, "{strange}");
    }
    let posted = anna.client.post("/it/console/several", Vec::new()).await;
    assert_eq!(posted.status.as_u16(), 405, "there is no way to do them all with one request");
    for (case, version) in chosen(&anna, "wait", &cases).await {
        let case: CaseId = CaseId::parse(&case).unwrap();
        assert_eq!(anna.wait(case, version).await.status.as_u16(), 200);
    }
    assert_eq!(anna.inbox("?state=waiting").await.len(), 3);
    assert!(chosen(&anna, "wait", &cases).await.is_empty(), "they wait already");
}

async fn a_colleague_who_was_faster_keeps_her_case_as_it_is(app: TestApp) {
    let network = world(&app).await;
    let (mut anna, bea) = (member(&app, network, 0).await, member(&app, network, 1).await);
    let mut cases = Vec::new();
    for number in 0..3 {
        let case = send(&app, network, number, Channel::Safe, false).await;
        anna.open(case).await.unwrap();
        cases.push(case);
    }
    let lines = chosen(&anna, "wait", &cases).await;
    let opened = bea.open(cases[1]).await.unwrap();
    assert_eq!(bea.answer(&opened, "Da Bea", app.platform.now()).await.status.as_u16(), 201);
    for (case, version) in lines {
        let faster = case == cases[1].to_string();
        let verdict = anna.wait(CaseId::parse(&case).unwrap(), version).await.verdict();
        assert_eq!(verdict, if faster { (409, "changed".to_owned()) } else { (200, String::new()) });
    }
    assert_eq!(anna.inbox("?state=answered").await, [cases[1].to_string()]);
}

async fn what_is_not_of_her_centre_is_not_among_the_chosen(app: TestApp) {
    let network = world(&app).await;
    let anna = member(&app, network, 0).await;
    let mut cases = Vec::new();
    for number in 0..30 {
        let case = send(&app, network, number, Channel::Safe, false).await;
        anna.open(case).await.unwrap();
        cases.push(case);
    }
    for person in &network.centres[1].people {
        let stranger = Operator::sign_in(&app, person).await;
        let page = stranger.client.get(&format!("/it/console/several?do=close&case={}", cases[0])).await;
        assert_eq!(page.status.as_u16(), 200);
        assert!(!page.text().contains("data-version"), "nothing of it, as if there were none");
    }
    assert_eq!(chosen(&anna, "close", &cases).await.len(), 25, "no more than a page holds");
    let mut twice = cases[..2].to_vec();
    twice.extend_from_slice(&cases[..2]);
    assert_eq!(chosen(&anna, "close", &twice).await.len(), 2, "named twice is one");
}
