//! `GET /{lang}/console/several`: what was chosen in the inbox, how many cases, and what she will see of it, before anything is done.
//!
//! The page changes nothing. Its island does one case after the other, each in a request of its own that names the version which this
//! page saw (docs/http.md): whoever was faster keeps the case as it is, and the page says so beside it.

use askama::Template;
use axum::extract::{Query, State as AppState};
use axum::response::Response;
use platform::texts::{Language, Texts};
use platform::web::{PlatformError, Shell, render};
use uuid::Uuid;

use super::super::access::{MayRead, Reader};
use super::super::inbox::PAGE_LENGTH;
use super::super::store::{self, Report};
use super::report::acknowledgement;
use super::{Console, Row};
use crate::App;
use crate::accounts::PageOperator;

/// What can be done with several cases at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Acknowledge,
    Wait,
    Close,
}

impl Action {
    fn of_word(word: &str) -> Option<Self> {
        [Self::Acknowledge, Self::Wait, Self::Close].into_iter().find(|action| action.word() == word)
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Wait => "wait",
            Self::Close => "close",
        }
    }

    /// Whether a report stands where this can be done.
    fn fits(self, report: &Report) -> bool {
        let standing = report.standing;
        match self {
            // The first answer is only ready-made for whoever has none.
            Self::Acknowledge => !standing.answered() && standing.answer().is_ok(),
            Self::Wait => standing.wait().is_ok(),
            Self::Close => standing.close().is_ok(),
        }
    }

    fn heading(self, t: Texts, number: usize) -> String {
        match self {
            Self::Acknowledge => t.console_several_acknowledge(number),
            Self::Wait => t.console_several_wait(number),
            Self::Close => t.console_several_close(number),
        }
    }
}

/// A case of those that were chosen.
struct Chosen {
    row: Row,
    centre: Uuid,
    language: String,
    version: i64,
    acknowledgement: &'static str,
}

#[derive(Template)]
#[template(path = "reports/templates/several.html")]
struct SeveralPage {
    shell: Shell,
    console: Console,
    action: &'static str,
    heading: String,
    chosen: Vec<Chosen>,
    left_out: Vec<Row>,
    /// The ready-made answer in each language of those who would get it.
    words: Vec<(String, &'static str)>,
}

/// `GET /{lang}/console/several?do=…&case=…&case=…`.
pub(in crate::reports) async fn several(
    AppState(app): AppState<App>,
    language: Language,
    PageOperator(operator): PageOperator,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, PlatformError> {
    let reader = Reader::of(&app, operator)?;
    let values = |name: &'static str| {
        query.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    };
    let action = values("do").find_map(Action::of_word).ok_or(PlatformError::NotFound)?;
    let page_length = usize::try_from(PAGE_LENGTH).unwrap_or(usize::MAX);
    let cases: Vec<Uuid> =
        values("case").filter_map(|case| Uuid::try_parse(case).ok()).take(page_length).collect();
    let found = store::list_chosen(app.platform.database.read(), &reader, &cases).await?;
    let (fitting, others): (Vec<&Report>, Vec<&Report>) =
        found.iter().map(MayRead::report).partition(|report| action.fits(report));
    let now = app.platform.now();
    let mut path = format!("/console/several?do={}", action.word());
    path.extend(cases.iter().flat_map(|case| ["&case=".to_owned(), case.to_string()]));
    let shell = Shell::console(&app.platform, language, path, Some(reader.csrf()));
    let t = shell.t;
    let mut words: Vec<(String, &'static str)> =
        fitting.iter().map(|report| (report.language.clone(), acknowledgement(report))).collect();
    words.sort_unstable();
    words.dedup();
    let row = |report: &Report| Row::new(t, report, app.centres.promise_days(report.centre), now);
    let chosen = fitting.iter().map(|report| Chosen {
        row: row(report),
        centre: report.centre,
        language: report.language.clone(),
        version: report.version,
        acknowledgement: acknowledgement(report),
    });
    render(&SeveralPage {
        console: Console::of(&app, reader.operator()),
        action: action.word(),
        heading: action.heading(t, fitting.len()),
        chosen: chosen.collect(),
        left_out: others.iter().map(|report| row(report)).collect(),
        words,
        shell,
    })
}
