//! The list and the page of a centre, with samples of every kind of channel.

use super::*;
use crate::guidance::tests::{app, check_page, get};
use axum::http::StatusCode;

fn channel(t: Texts, safe: bool, open: bool) -> ChannelWords {
    ChannelWords {
        door: if safe { "a" } else { "b" },
        tag: if safe { "safe" } else { "general" },
        name: if safe { t.places_channel_safe() } else { t.places_channel_general() },
        short: t.places_channel_general_short(),
        promise: safe.then(|| t.place_safe_promise()),
        named: safe.then(|| t.place_channel_named("Ada <b>, Bea")),
        readers: t.place_channel_readers(2),
        duties: vec![t.place_duty_status_none(), t.place_duty_crime_strong()],
        strict: true,
        basis: t.place_channel_basis("Esempio.", "1 May 2027"),
        write: t.place_write_safe(),
        open,
    }
}

fn sample(t: Texts) -> CentreWords {
    CentreWords {
        slug: "porto".to_owned(),
        name: "Porto".to_owned(),
        about: "Uno.".to_owned(),
        place: "Livorno (LI), Toscana".to_owned(),
        address: Some("Via Esempio 1".to_owned()),
        languages: languages_in_words(t, &["it".to_owned()]),
        phones: vec![PhoneWords {
            label: "Linea".to_owned(),
            number: "+39 0586 000000".to_owned(),
            tel: "+390586000000".to_owned(),
            source: "esempio".to_owned(),
        }],
        channels: vec![channel(t, true, true), channel(t, false, false)],
        reading: t.place_reads_unknown().to_owned(),
        promise: t.place_promise(2_u8),
        hours: vec![Day { day: t.layout_weekday(1), periods: "9:00–17:00".to_owned() }],
    }
}

#[tokio::test]
async fn a_place_shows_promise_names_and_duties_and_no_way_into_a_closed_channel() {
    let (app, _folder) = app().await;
    for language in Language::ALL {
        let shell = Shell::public(&app.platform, language, "/places/porto");
        let t = shell.t;
        let html = Place { shell, centre: sample(t) }.render().unwrap();
        check_page(&html, language);
        assert!(html.contains(t.place_safe_promise()), "the promise of the safe channel, word for word");
        assert!(html.contains("Ada &#60;b&#62;, Bea"), "names, as text");
        assert!(html.contains(t.place_duty_crime_strong()));
        assert!(html.contains(&format!("/{}/places/porto/a", language.code())));
        assert!(
            !html.contains(&format!("/{}/places/porto/b", language.code())),
            "a closed channel has no link"
        );
        assert!(html.contains(t.places_channel_closed()));
        assert!(html.contains("tel:+390586000000"));
    }
}

#[tokio::test]
async fn the_list_shows_centres_with_their_duties() {
    let (app, _folder) = app().await;
    for language in Language::ALL {
        let shell = Shell::public(&app.platform, language, "/places");
        let t = shell.t;
        let page =
            Places { shell, centres: vec![sample(t)], phones_for_everybody: phones::lines(t).unwrap() };
        let html = page.render().unwrap();
        check_page(&html, language);
        assert!(html.contains(&format!("/{}/places/porto\"", language.code())));
        assert!(html.contains(t.place_duty_crime_strong()));
    }
}

#[tokio::test]
async fn an_unknown_centre_is_not_found() {
    let (app, _folder) = app().await;
    assert_eq!(get(&app, "/it/places/nowhere").await.0, StatusCode::NOT_FOUND);
    assert_eq!(get(&app, "/it/places/nowhere/a").await.0, StatusCode::NOT_FOUND);
}

#[test]
fn the_next_reading_is_told_in_words() {
    use super::super::hours::WeeklyPeriod;
    use jiff::civil::time;
    let monday = WeeklyPeriod { weekday: 1, from: time(9, 0, 0, 0), to: time(17, 0, 0, 0) };
    let hours = Hours::new(vec![monday], Vec::new(), Vec::new()).unwrap();
    let t = Texts::new(Language::English);
    let plain = |text: String| text.replace(['\u{2068}', '\u{2069}'], "");
    let sunday = "2026-11-22T10:00:00Z".parse().unwrap();
    assert_eq!(
        plain(reading_in_words(t, &hours, sunday)),
        "The centre reads next on Monday 23 November 2026, from 9:00."
    );
    let monday_noon = "2026-11-23T11:00:00Z".parse().unwrap();
    assert_eq!(
        plain(reading_in_words(t, &hours, monday_noon)),
        "The centre reads at this time of day, until 17:00."
    );
    assert_eq!(reading_in_words(t, &Hours::default(), sunday), t.place_reads_unknown());
}
