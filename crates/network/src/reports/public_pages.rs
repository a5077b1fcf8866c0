//! The two pages of a person who asks for help: write, and come back with the code.
//!
//! Who may: everybody. Invariant: the server renders forms and sentences only; what is typed never comes here, it is sealed in the browser
//! (protocol §4.1) or opened there (§7.2). The mailbox page is the same for every reader and names no centre.

#[cfg(test)]
mod tests;

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use platform::texts::{Language, Texts};
use platform::web::{PlatformError, Shell, compressed, render};
use uuid::Uuid;

use crate::App;
use crate::centres;
use crate::centres::public_pages::words::languages_in_words;
use crate::centres::public_pages::{ChannelWords, PhoneWords, reading_in_words};

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
        ("clock", t.problem_clock()),
        ("certificate", t.problem_certificate()),
        ("expired", t.problem_expired()),
        ("start", t.problem_start()),
        ("empty", t.problem_empty()),
        ("last-group", t.problem_last_group()),
        ("code-length", t.problem_code_length()),
        ("unknown", t.problem_unknown()),
        ("draft", t.problem_draft()),
    ];
    let mut all: Vec<(&str, String)> =
        fixed.into_iter().map(|(code, sentence)| (code, sentence.to_owned())).collect();
    // The script puts the number of the answer in.
    all.push(("error", t.problem_error("{reference}")));
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
    phones: Vec<PhoneWords>,
    problems: Vec<(&'static str, String)>,
    words: &'static str,
}

#[derive(Template)]
#[template(path = "reports/templates/box.html")]
struct Mailbox {
    shell: Shell,
    root: String,
    problems: Vec<(&'static str, String)>,
    words: &'static str,
}

/// The public pages of this slice (docs/http.md).
pub fn router() -> Router<App> {
    compressed(
        Router::new().route("/{lang}/places/{slug}/{door}", get(write)).route("/{lang}/box", get(mailbox)),
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
    render(&Write {
        heading: t.write_heading(card.name.get(language.code())),
        slug: card.slug.clone(),
        centre: card.id,
        root: root_address(&app),
        channel: ChannelWords::new(t, &app, card.id, channel, now),
        reading: reading_in_words(t, &card.hours, now),
        text_help: languages_in_words(t, &card.languages)
            .map_or_else(|| t.write_text_help_any().to_owned(), |names| t.write_text_help(names)),
        phones: PhoneWords::list(t, &card.phones),
        problems: problems(t),
        words: words(language).trim(),
        shell,
    })
}

async fn mailbox(State(app): State<App>, language: Language) -> Result<Response, PlatformError> {
    let shell = Shell::public(&app.platform, language, "/box");
    let problems = problems(shell.t);
    render(&Mailbox { root: root_address(&app), problems, words: words(language).trim(), shell })
}
