//! The console's pages in every language, with data: complete, labelled, and with the places that the script fills.

use std::collections::HashSet;

use crate::common::world;
use envelope::duty::Channel;
use testkit::TestApp;
use testkit::actors::{Client, Operator, Victim};

testkit::on_both_engines!(
    console_pages_are_complete_in_every_language,
    the_safety_headers_are_on_every_answer
);

/// Every value of an attribute on a page.
fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let mark = format!(" {attribute}=\"");
    page.split(mark.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

fn check(name: &str, page: &str, language: &str) {
    assert!(page.contains(&format!("<html lang=\"{language}\"")), "{name}");
    assert_eq!(page.matches("<h1").count(), 1, "{name}");
    assert_eq!(page.matches("<main").count(), 1, "{name}");
    let ids = values(page, "id");
    let unique: HashSet<&&str> = ids.iter().collect();
    assert_eq!(ids.len(), unique.len(), "{name} has an id twice");
    let labelled: HashSet<&str> = values(page, "for").into_iter().collect();
    for field in ["input", "textarea", "select"] {
        for tag in page.split(&format!("<{field} ")).skip(1) {
            let tag = tag.split('>').next().unwrap();
            if tag.contains("type=\"hidden\"") {
                continue;
            }
            // Inside a template the script gives the field its id, and the label beside it the same.
            if tag.contains("data-part=\"") {
                assert!(page.contains("<label data-part=\"label\">"), "{name}: {tag} has no label");
                continue;
            }
            let tag = format!(" {tag}");
            let id = values(&tag, "id").first().copied().unwrap_or_default();
            assert!(labelled.contains(id), "{name}: {tag} has no label");
        }
    }
    for named in ["aria-describedby", "aria-labelledby"] {
        for id in values(page, named).into_iter().flat_map(str::split_whitespace) {
            assert!(ids.contains(&id), "{name}: {id} is named and not there");
        }
    }
    assert!(!page.contains("{{") && !page.contains("style=\"") && !page.contains(" onclick"), "{name}");
    for text in page.split(" data-").skip(1) {
        let (attribute, rest) = text.split_once("=\"").unwrap();
        if !["case", "script-only"].contains(&attribute) && attribute.len() < 40 {
            assert!(!rest.starts_with('"'), "{name}: data-{attribute} is empty");
        }
    }
}

async fn console_pages_are_complete_in_every_language(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let her = Victim::new(&app, network.id);
    let report = her.seal_urgent(&network.verified(0, now), Channel::Safe, "Parola", now);
    her.send_report(report.bytes).await;
    let nobody = Client::new(&app);
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    for language in ["it", "en"] {
        let page = nobody.get(&format!("/{language}/console/sign-in?locked")).await;
        assert_eq!(page.status.as_u16(), 200);
        check("sign-in", page.text(), language);
        for id in ["sign-in", "fields", "account", "passphrase", "enter", "ready", "errors", "error-text"] {
            assert!(values(page.text(), "id").contains(&id), "{id}");
        }
        let page = anna.client.get(&format!("/{language}/console/")).await;
        check("inbox", page.text(), language);
        assert!(
            values(page.text(), "data-person")
                .contains(&network.centres[0].people[0].id.to_string().as_str())
        );
        let page = anna.client.get(&format!("/{language}/console/reports/{}", report.case)).await;
        check("report", page.text(), language);
        let ids = values(page.text(), "id");
        for id in [
            "console",
            "sign-out",
            "report",
            "open",
            "opening",
            "opened",
            "items",
            "notes",
            "tail-missing",
            "answer",
            "answer-text",
            "answer-room",
            "answer-send",
            "acknowledge",
            "acknowledgement-text",
            "acknowledge-send",
            "wait",
            "wait-send",
            "close",
            "close-reason",
            "close-note",
            "close-send",
            "sent",
            "item-template",
            "state",
        ] {
            assert!(ids.contains(&id), "{id}");
        }
        assert!(!page.text().contains("Parola"));
    }
}

async fn the_safety_headers_are_on_every_answer(app: TestApp) {
    let network = world(&app).await;
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    for path in
        ["/it/console/", "/it/console/sign-in", "/console/keys", "/console/session-key", "/it/nothing"]
    {
        let answer = anna.client.get(path).await;
        assert!(answer.header("content-security-policy").contains("default-src 'none'"), "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
    }
}
