//! Write and mailbox: what the scripts rely on is there, in every language, and nothing remembers what is typed.

use super::*;
use crate::guidance::tests::{app, check_fields, check_page};

fn channel(t: Texts, open: bool) -> ChannelWords {
    ChannelWords {
        door: "a",
        tag: "safe",
        name: t.places_channel_safe(),
        short: t.places_channel_safe_short(),
        promise: Some(t.place_safe_promise()),
        named: Some(t.place_channel_named("Ada, Bea")),
        readers: t.place_channel_readers(2),
        duties: vec![t.place_duty_status_none()],
        strict: false,
        basis: t.place_channel_basis("Esempio.", "1 May 2027"),
        write: t.place_write_safe(),
        open,
    }
}

fn write_page(app: &App, language: Language, open: bool) -> String {
    let shell = Shell::public(&app.platform, language, "/places/porto/a");
    let t = shell.t;
    let page = Write {
        heading: t.write_heading("Porto"),
        slug: "porto".to_owned(),
        centre: Uuid::nil(),
        root: "/network/ab.json".to_owned(),
        channel: channel(t, open),
        reading: t.place_reads_unknown().to_owned(),
        text_help: t.write_text_help_any().to_owned(),
        promise_days: 2,
        seconds: vec![SecondWords {
            centre: Uuid::max(),
            name: "Faro".to_owned(),
            place: "Livorno".to_owned(),
            channel: channel(t, open),
        }],
        phones: Vec::new(),
        problems: problems(t),
        words: words(language).trim(),
        shell,
    };
    page.render().unwrap()
}

fn has_ids(html: &str, ids: &[&str]) {
    for id in ids {
        assert!(html.contains(&format!(" id=\"{id}\"")), "the script needs #{id}");
    }
}

#[tokio::test]
async fn the_write_page_explains_before_it_asks_and_has_what_the_script_needs() {
    let (app, _folder) = app().await;
    for language in Language::ALL {
        let html = write_page(&app, language, true);
        check_page(&html, language);
        check_fields(&html);
        let t = Texts::new(language);
        let promise = html.find(t.place_safe_promise()).unwrap();
        let field = html.find("<textarea").unwrap();
        assert!(promise < field, "who can read it stands before the first field");
        assert!(html.contains("<fieldset id=\"fields\" disabled>"), "no field before the worker is ready");
        assert!(html.contains("<noscript>") && html.contains(t.write_no_script()));
        has_ids(
            &html,
            &[
                "write",
                "fields",
                "text",
                "safe-contact",
                "urgent",
                "room-left",
                "send",
                "ready",
                "not-ready",
                "step-form",
                "step-sealing",
                "sealing",
                "step-code",
                "new-code",
                "new-word-1",
                "new-word-2",
                "confirm",
                "last-group",
                "confirm-code",
                "skip-confirm",
                "step-done",
                "errors",
                "error-text",
                "words",
            ],
        );
        assert_eq!(html.matches("data-group=").count(), 5);
        for stage in ["check", "seal", "send"] {
            assert!(html.contains(&format!("data-stage=\"{stage}\"")));
        }
        assert!(html.contains("data-channel=\"safe\"") && html.contains("data-root=\"/network/ab.json\""));
    }
}

#[tokio::test]
async fn a_closed_channel_offers_the_phone_and_no_form() {
    let (app, _folder) = app().await;
    for language in Language::ALL {
        let html = write_page(&app, language, false);
        check_page(&html, language);
        assert!(!html.contains("<form") && !html.contains("<textarea"));
        assert!(html.contains(Texts::new(language).write_closed()));
    }
}

#[tokio::test]
async fn the_mailbox_page_has_what_the_script_needs_and_names_no_centre() {
    let (app, _folder) = app().await;
    for language in Language::ALL {
        let (_, html) = crate::guidance::tests::get(&app, &format!("/{}/box", language.code())).await;
        check_fields(&html);
        has_ids(
            &html,
            &[
                "open-box",
                "fields",
                "code",
                "open",
                "ready",
                "not-ready",
                "step-enter",
                "step-opening",
                "step-box",
                "word-1",
                "word-2",
                "no-answers",
                "items",
                "incomplete",
                "item-template",
                "add",
                "message",
                "message-fields",
                "message-text",
                "message-room",
                "message-send",
                "message-sent",
                "close-box",
                "errors",
                "error-text",
                "words",
            ],
        );
        assert!(html.contains("inputmode=\"numeric\""));
        assert!(!html.contains("data-centre=\""));
        let t = Texts::new(language);
        for text in [t.box_none_add(), t.box_kind_answer(), t.box_not_shown()] {
            assert!(html.contains(text), "{text}");
        }
    }
}

#[tokio::test]
async fn every_refusal_has_a_sentence() {
    let (app, _folder) = app().await;
    let html = write_page(&app, Language::Italian, true);
    // docs/http.md, and what the browser finds itself.
    for code in [
        "size",
        "malformed",
        "signature",
        "centre",
        "channel",
        "epoch",
        "sequence",
        "refused",
        "nonce",
        "origin",
        "busy",
        "error",
        "network",
        "clock",
        "certificate",
        "expired",
        "start",
        "empty",
        "last-group",
        "code-length",
        "draft",
        "unknown",
    ] {
        let sentence =
            html.split(&format!(" data-error-{code}=\"")).nth(1).unwrap().split('"').next().unwrap();
        assert!(sentence.len() > 20, "{code}: {sentence}");
    }
    assert!(html.contains("{reference}") && html.contains("{number}"), "placeholders for the script");
}
