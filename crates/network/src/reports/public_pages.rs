//! The pages of a person who asks for help: write, ask to be called, and come back with the code.
//!
//! Who may: everybody. Invariant: the server renders forms and sentences only; what is typed never comes here, it is sealed in the browser
//! (protocol §4.1) or opened there (§7.2). The mailbox page is the same for every reader and names no centre.

mod call_back;
#[cfg(test)]
mod tests;
mod windows;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use jiff::Timestamp;
use platform::texts::{Language, Texts};
use platform::web::{Allowance, PlatformError, Shell, compressed, render};
use uuid::Uuid;

use crate::App;
use crate::centres;
use crate::centres::public_pages::words::languages_in_words;
use crate::centres::public_pages::{ChannelWords, PhoneWords, reading_in_words};
use crate::centres::{CentreCard, ChannelCard};

/// The words that stand for the two bytes derived from a code (protocol §7.1): line n of every list means the same.
const fn words(language: Language) -> &'static str {
    match language {
        Language::Italian => include_str!("../../../../translations/it/words.txt"),
        Language::English => include_str!("../../../../translations/en/words.txt"),
    }
}

/// The sentences for refusals: those of docs/http.md, and those the browser finds itself.
fn problems(t: Texts) -> Vec<(&'static str, String)> {
    let fixed = [
        ("size", t.problem_size()),
        ("malformed", t.problem_malformed()),
        ("signature", t.problem_signature()),
        ("centre", t.problem_centre()),
        ("channel", t.problem_channel()),
        ("epoch", t.problem_epoch()),
        ("sequence", t.problem_sequence()),
        ("refused", t.problem_refused()),
        ("nonce", t.problem_nonce()),
        ("origin", t.problem_origin()),
        ("busy", t.problem_busy()),
        ("network", t.problem_network()),
        ("certificate", t.problem_certificate()),
        ("start", t.problem_start()),
        ("empty", t.problem_empty()),
        ("last-group", t.problem_last_group()),
        ("code-length", t.problem_code_length()),
        ("unknown", t.problem_unknown()),
        ("draft", t.problem_draft()),
        ("number", t.problem_number()),
        ("windows", t.problem_windows()),
        ("change-open", t.problem_change_open()),
        ("full", t.problem_full()),
    ];
    let mut all: Vec<(&str, String)> =
        fixed.into_iter().map(|(code, sentence)| (code, sentence.to_owned())).collect();
    // The script puts in the number of the answer, and the date that the device says.
    all.push(("error", t.problem_error("{reference}")));
    all.push(("clock", t.problem_clock("{date}")));
    all.push(("expired", t.problem_expired("{date}")));
    all.push(("clock-or-expired", t.problem_clock_or_expired("{date}")));
    all
}

#[derive(Template)]
#[template(path = "reports/templates/write.html")]
struct Write {
    shell: Shell,
    heading: String,
    slug: String,
    centre: Uuid,
    root: String,
    channel: ChannelWords,
    reading: String,
    text_help: String,
    promise_days: u8,
    seconds: Vec<SecondWords>,
    phones: Vec<PhoneWords>,
    problems: Vec<(&'static str, String)>,
    words: &'static str,
}

/// A centre that may open a report when the first one does not (protocol §7.7), with who reads there and what they must report.
struct SecondWords {
    centre: Uuid,
    name: String,
    place: String,
    channel: ChannelWords,
}

/// So many are offered: more would be no choice, and the papers of each are fetched before a field opens (protocol I15).
const SECONDS_OFFERED: usize = 5;

impl SecondWords {
    /// The centres that can be the second one for a channel now, those of the same region first.
    fn list(t: Texts, app: &App, first: &CentreCard, channel: &ChannelCard, now: Timestamp) -> Vec<Self> {
        let mut cards = centres::seconds(app, first.id, channel.channel, now);
        cards.sort_by_key(|card| card.region != first.region);
        cards
            .iter()
            .filter_map(|card| {
                let same = card.channel(channel.door())?;
                Some(Self {
                    centre: card.id,
                    name: card.name.get(t.language().code()).to_owned(),
                    place: card.town.clone(),
                    channel: ChannelWords::new(t, app, card.id, same, now),
                })
            })
            .take(SECONDS_OFFERED)
            .collect()
    }
}

#[derive(Template)]
#[template(path = "reports/templates/box.html")]
struct Mailbox {
    shell: Shell,
    root: String,
    phones: Vec<PhoneWords>,
    problems: Vec<(&'static str, String)>,
    words: &'static str,
}

/// The public pages of this slice (docs/http.md).
pub fn router() -> Router<App> {
    compressed(
        Router::new()
            .route("/{lang}/places/{slug}/{door}", get(write))
            .route("/{lang}/places/{slug}/{door}/call", get(call_back::page))
            .route("/{lang}/box", get(mailbox)),
    )
}

/// The address of the root file; empty before the first import, when the browser finds no papers to confirm and says so.
fn root_address(app: &App) -> String {
    centres::root_file(app).map(|root| root.address).unwrap_or_default()
}

async fn write(
    State(app): State<App>,
    language: Language,
    Path((_, slug, door)): Path<(String, String, String)>,
) -> Result<Response, PlatformError> {
    let card = centres::find_by_slug(&app, &slug).ok_or(PlatformError::NotFound)?;
    let channel = card.channel(&door).ok_or(PlatformError::NotFound)?;
    let now = app.platform.now();
    let shell = Shell::public(&app.platform, language, format!("/places/{}/{door}", card.slug));
    let t = shell.t;
    let page = Write {
        heading: t.write_heading(card.name.get(language.code())),
        slug: card.slug.clone(),
        centre: card.id,
        root: root_address(&app),
        channel: ChannelWords::new(t, &app, card.id, channel, now),
        reading: reading_in_words(t, &card.hours, now),
        text_help: languages_in_words(t, &card.languages)
            .map_or_else(|| t.write_text_help_any().to_owned(), |names| t.write_text_help(names)),
        promise_days: card.promise_days,
        seconds: SecondWords::list(t, &app, &card, channel, now),
        phones: PhoneWords::list(t, &card.phones),
        problems: problems(t),
        words: words(language).trim(),
        shell,
    };
    recording(&page)
}

/// A page on which a voice message can be recorded.
fn recording(page: &impl Template) -> Result<Response, PlatformError> {
    let mut response = render(page)?;
    response.extensions_mut().insert(Allowance::Recording);
    Ok(response)
}

async fn mailbox(State(app): State<App>, language: Language) -> Result<Response, PlatformError> {
    let shell = Shell::public(&app.platform, language, "/box");
    let problems = problems(shell.t);
    let page = Mailbox {
        root: root_address(&app),
        phones: Vec::new(),
        problems,
        words: words(language).trim(),
        shell,
    };
    recording(&page)
}
