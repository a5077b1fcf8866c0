//! Every page for everybody, in every language, through the router; and the checks that pages of other slices borrow.

use std::collections::HashSet;

use axum::body::{Body, to_bytes};
use axum::http::header::{ACCEPT_LANGUAGE, LOCATION};
use axum::http::{Request, StatusCode};
use platform::Platform;
use platform::assets::Assets;
use platform::clock::Clock;
use platform::config::{DatabaseUrl, Imprint, PublicUrl, SessionSettings, Site};
use platform::database::Database;
use platform::random::Random;
use platform::texts::Language;
use rand_core::SeedableRng as _;
use tempfile::TempDir;
use tower::ServiceExt as _;

use crate::App;

/// The one address of another host that a page may name: where the exit leads.
const EXIT: &str = "https://www.wikipedia.org/";

/// The product on an empty store, before the first import, on Sunday 22 November 2026 at eleven o'clock in Rome.
pub(crate) async fn app() -> (App, TempDir) {
    app_of(None).await
}

/// The same, run by somebody.
async fn app_of(operator: Option<Imprint>) -> (App, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(folder.path().join("approdo.db"));
    let database = Database::connect(&url).await.unwrap();
    let (clock, _) = Clock::mock("2026-11-22T10:00:00Z".parse().unwrap());
    let random = Random::from_generator(rand_chacha::ChaCha20Rng::seed_from_u64(7));
    let public = PublicUrl::parse("https://approdo.example").unwrap();
    let site = Site {
        public,
        others: Vec::new(),
        demo: true,
        operator,
        proxies: Vec::new(),
        door: platform::config::DoorSettings::default(),
    };
    let platform =
        Platform::new(database, clock, random, Assets::unbuilt(), site, SessionSettings::default());
    (App::start(platform).await.unwrap(), folder)
}

/// Asks the router, without the layers around it.
pub(crate) async fn get(app: &App, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = crate::router(app.clone()).oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// The values of an attribute, in order.
fn values<'a>(html: &'a str, attribute: &str) -> Vec<&'a str> {
    let start = format!(" {attribute}=\"");
    html.split(&start).skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

/// What must hold of every public page: one first heading, the exit first in tab order, nothing from another host, nothing inline,
/// language and direction set, every reference to an element answered, every field named.
pub(crate) fn check_page(html: &str, language: Language) {
    let code = language.code();
    assert!(html.starts_with("<!DOCTYPE html>"), "{}", &html[..60]);
    assert!(
        html.contains(&format!("<html lang=\"{code}\" dir=\"{}\">", language.dir())),
        "language and direction"
    );
    assert_eq!(html.matches("<h1").count(), 1, "one first heading");
    assert!(html.contains("<title>Approdo"), "a neutral title");

    let body = html.split("<body>").nth(1).unwrap();
    let focusable = ["<a ", "<button", "<input", "<textarea", "<select", "<summary", "tabindex=\"0\""];
    let first = focusable.iter().filter_map(|tag| body.find(tag)).min().unwrap();
    assert!(
        body[first..].starts_with("<a id=\"exit\""),
        "the exit comes first: {}",
        &body[first..first + 60]
    );
    assert!(!html.contains("tabindex=\"1"), "nothing jumps the order");

    for attribute in ["href", "src", "action", "data-root", "data-bundle"] {
        for address in values(html, attribute) {
            let own = address.is_empty() || (address.starts_with('/') && !address.starts_with("//"));
            let elsewhere = ["#", "tel:", "mailto:"].iter().any(|start| address.starts_with(start));
            assert!(own || elsewhere || address == EXIT, "{attribute} leads elsewhere: {address}");
        }
    }
    assert_eq!(values(html, "href").iter().filter(|address| **address == EXIT).count(), 1);
    for forbidden in
        [" style=\"", " onclick=", " onload=", "<script>", "<style", "<iframe", "<img", "@import"]
    {
        assert!(!html.contains(forbidden), "{forbidden}");
    }

    let ids = values(html, "id");
    let known: HashSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), known.len(), "an id stands twice: {ids:?}");
    for attribute in ["for", "aria-labelledby", "aria-describedby"] {
        for id in values(html, attribute).into_iter().flat_map(str::split_whitespace) {
            assert!(known.contains(id), "{attribute} names {id}, which is not there");
        }
    }
    for id in ["main", "page", "cover", "cover-text", "cover-cleared", "cover-continue", "texts"] {
        assert!(known.contains(id), "the scripts need #{id}");
    }
    for address in values(html, "href") {
        if let Some(id) = address.strip_prefix('#') {
            assert!(known.contains(id), "a link to #{id}");
        }
    }
    // Other languages of the same page.
    for other in Language::ALL {
        let name = platform::texts::Texts::new(other).layout_language_name();
        assert!(
            html.contains(&format!("hreflang=\"{}\"", other.code()))
                && html.contains(&format!(">{name}</a>"))
        );
    }
}

/// Fields keep nothing: neither the browser nor its keyboard may remember what was typed (protocol §11).
pub(crate) fn check_fields(html: &str) {
    for tag in
        html.split('<').filter(|tag| tag.starts_with("textarea") || tag.starts_with("input type=\"text\""))
    {
        let tag = tag.split('>').next().unwrap();
        for attribute in ["autocomplete=\"off\"", "autocorrect=\"off\"", "spellcheck=\"false\""] {
            assert!(tag.contains(attribute), "{attribute} is missing: {tag}");
        }
    }
}

#[tokio::test]
async fn every_page_stands_in_every_language() {
    let (app, _folder) = app().await;
    for language in Language::ALL {
        for page in
            ["/", "/first", "/guide", "/young", "/privacy", "/accessibility", "/about", "/places", "/box"]
        {
            let (status, html) = get(&app, &format!("/{}{page}", language.code())).await;
            assert_eq!(status, StatusCode::OK, "{page}");
            check_page(&html, language);
            check_fields(&html);
            let here = format!(
                "href=\"/{}{page}\" lang=\"{}\" hreflang=\"{}\" aria-current=\"true\"",
                language.code(),
                language.code(),
                language.code()
            );
            assert!(html.contains(&here), "{page}: the language switch keeps the page");
        }
    }
}

#[tokio::test]
async fn the_start_shows_only_verified_numbers() {
    let (app, _folder) = app().await;
    for language in Language::ALL {
        let (_, html) = get(&app, &format!("/{}/", language.code())).await;
        let mut numbers: Vec<&str> =
            values(&html, "href").into_iter().filter(|address| address.starts_with("tel:")).collect();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers, ["tel:112", "tel:1522"]);
        assert!(!html.contains("116 006") && !html.contains("116006"));
        assert!(html.contains("www.1522.eu"), "a number stands with its source");
    }
}

#[tokio::test]
async fn the_drawing_has_a_title_a_description_and_the_same_in_words() {
    let (app, _folder) = app().await;
    let (_, html) = get(&app, "/en/first").await;
    let drawing = html.split("<svg").nth(1).unwrap().split("</svg>").next().unwrap();
    assert!(
        drawing.contains("role=\"img\"")
            && drawing.contains("<title id=\"drawing-title\">")
            && drawing.contains("<desc")
    );
    let t = platform::texts::Texts::new(Language::English);
    for label in [t.first_drawing_server(), t.first_drawing_centre(), t.first_drawing_authorities()] {
        assert!(drawing.contains(label), "{label}");
    }
    let list = html.split("<dl>").nth(1).unwrap();
    for heading in [t.first_server(), t.first_centre(), t.first_authorities()] {
        assert!(list.contains(&format!("<dt>{heading}</dt>")), "{heading}");
    }
}

#[tokio::test]
async fn the_root_leads_to_the_readers_language() {
    let (app, _folder) = app().await;
    for (wish, place) in [("en-GB,en;q=0.9", "/en/"), ("it", "/it/"), ("ar", "/it/")] {
        let request = Request::get("/").header(ACCEPT_LANGUAGE, wish).body(Body::empty()).unwrap();
        let response = crate::router(app.clone()).oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        assert_eq!(response.headers()[LOCATION], place);
    }
    let (status, _) = get(&app, "/xx/first").await;
    assert_eq!(status, StatusCode::NOT_FOUND, "a language that does not exist");
}

#[tokio::test]
async fn security_txt_has_what_the_standard_asks() {
    let (app, _folder) = app().await;
    let (status, text) = get(&app, "/.well-known/security.txt").await;
    assert_eq!(status, StatusCode::OK);
    let languages = Language::ALL.map(Language::code).join(", ");
    for line in [
        "Contact: https://approdo.example/it/about",
        format!("Preferred-Languages: {languages}").as_str(),
        "Canonical: https://approdo.example/.well-known/security.txt",
    ] {
        assert!(text.lines().any(|other| other == line), "{line}: {text}");
    }
    let expires = text.lines().find_map(|line| line.strip_prefix("Expires: ")).unwrap();
    let expires: jiff::Timestamp = expires.parse().unwrap();
    assert!(expires > app.platform.now(), "it has not run out");
    assert!(
        expires < app.platform.now() + jiff::SignedDuration::from_hours(366 * 24),
        "less than a year, as the standard asks"
    );
}

#[tokio::test]
async fn the_imprint_stands_where_the_law_asks_for_it() {
    let imprint = Imprint {
        name: "Comune di <Prova>".to_owned(),
        address: "Piazza 1, 00100 Roma".to_owned(),
        telephone: "+39 06 1234567".to_owned(),
        email: "urp@example.org".to_owned(),
        data_protection_officer: "Ufficio privacy, rpd@example.org".to_owned(),
        security_contact: "sicurezza@example.org".to_owned(),
    };
    let (nobodys, _folder) = app().await;
    let (app, _other) = app_of(Some(imprint)).await;
    for language in Language::ALL {
        let missing = platform::texts::Texts::new(language).about_operator_missing();
        let about = format!("/{}/about", language.code());
        assert!(get(&nobodys, &about).await.1.contains(missing), "nobody has entered a name");
        let (_, html) = get(&app, &about).await;
        check_page(&html, language);
        assert!(!html.contains(missing) && html.contains("tel:+39061234567") && html.contains("mailto:urp@"));
        for page in [html, get(&app, &format!("/{}/privacy", language.code())).await.1] {
            for part in [
                "Comune di &#60;Prova&#62;",
                "Piazza 1, 00100 Roma",
                "+39 06 1234567",
                "urp@example.org",
                "Ufficio privacy, rpd@example.org",
            ] {
                assert!(page.contains(part), "{part}: {page}");
            }
        }
    }
    let (_, text) = get(&app, "/.well-known/security.txt").await;
    assert!(text.starts_with("Contact: mailto:sicurezza@example.org\n"), "{text}");
}

#[test]
fn both_lists_of_words_fit_together() {
    let lists = [
        include_str!("../../../../translations/it/words.txt"),
        include_str!("../../../../translations/en/words.txt"),
    ];
    for list in lists {
        let words: Vec<&str> = list.lines().collect();
        assert_eq!(words.len(), 256, "one word for every byte");
        assert_eq!(words.iter().collect::<HashSet<_>>().len(), 256, "all distinct");
        for word in words {
            assert!(
                (3..=9).contains(&word.len()) && word.bytes().all(|letter| letter.is_ascii_lowercase()),
                "{word}"
            );
        }
    }
    // The same line means the same in every language; a sample, because no program can judge it.
    let [italian, english] = lists.map(|list| list.lines().collect::<Vec<_>>());
    for (word, meaning) in [("albero", "tree"), ("ponte", "bridge"), ("teiera", "teapot")] {
        let line = italian.iter().position(|other| *other == word).unwrap();
        assert_eq!(english[line], meaning);
    }
}
