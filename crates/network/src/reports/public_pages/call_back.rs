//! The page on which somebody asks to be called: a number, safe times, what to say if somebody else answers. Half a minute on a phone.
//!
//! What is filled in is sealed in the browser like a report (protocol §4.1); the server renders the times that can be chosen.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use platform::texts::{Language, Texts};
use platform::web::{PlatformError, Shell, render};
use uuid::Uuid;

use super::windows::{self, Day};
use super::{problems, root_address, words};
use crate::App;
use crate::centres;
use crate::centres::public_pages::{ChannelWords, PhoneWords, reading_in_words};

#[derive(Template)]
#[template(path = "reports/templates/call.html")]
pub(super) struct CallBack {
    pub(super) shell: Shell,
    pub(super) heading: String,
    pub(super) slug: String,
    pub(super) centre: Uuid,
    pub(super) root: String,
    pub(super) channel: ChannelWords,
    pub(super) reading: String,
    pub(super) days: Vec<Day>,
    pub(super) languages: Vec<Spoken>,
    pub(super) phones: Vec<PhoneWords>,
    pub(super) problems: Vec<(&'static str, String)>,
    pub(super) words: &'static str,
    /// Whether it can be asked for now: the channel takes reports, and the centre has published hours.
    pub(super) is_open: bool,
}

/// A language in which somebody of the centre can speak.
pub(super) struct Spoken {
    /// Its tag.
    pub(super) code: String,
    /// Its name in the language of the page.
    pub(super) name: String,
    /// Whether the page proposes it.
    pub(super) chosen: bool,
}

impl Spoken {
    /// The languages of a centre; that of the page is proposed, else the first one.
    pub(super) fn list(t: Texts, codes: &[String]) -> Vec<Self> {
        let page = t.language().code();
        let spoken = if codes.is_empty() { vec![page.to_owned()] } else { codes.to_vec() };
        let proposed = spoken.iter().position(|code| code == page).unwrap_or(0);
        spoken
            .into_iter()
            .enumerate()
            .map(|(place, code)| Self {
                name: t.layout_spoken(code.as_str()),
                code,
                chosen: place == proposed,
            })
            .collect()
    }
}

/// The page of one channel of one centre.
pub(super) async fn page(
    State(app): State<App>,
    language: Language,
    Path((_, slug, door)): Path<(String, String, String)>,
) -> Result<Response, PlatformError> {
    let card = centres::find_by_slug(&app, &slug).ok_or(PlatformError::NotFound)?;
    let channel = card.channel(&door).ok_or(PlatformError::NotFound)?;
    let now = app.platform.now();
    let shell = Shell::public(&app.platform, language, format!("/places/{}/{door}/call", card.slug));
    let t = shell.t;
    let days = windows::offered(t, &card.hours, now);
    let channel = ChannelWords::new(t, &app, card.id, channel, now);
    render(&CallBack {
        heading: t.call_heading(card.name.get(language.code())),
        slug: card.slug.clone(),
        centre: card.id,
        root: root_address(&app),
        is_open: channel.open && !days.is_empty(),
        channel,
        reading: reading_in_words(t, &card.hours, now),
        days,
        languages: Spoken::list(t, &card.languages),
        phones: PhoneWords::list(t, &card.phones),
        problems: problems(t),
        words: words(language).trim(),
        shell,
    })
}
