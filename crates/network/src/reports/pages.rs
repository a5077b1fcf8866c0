//! The console's pages: inbox and one report. Neither holds a sealed byte: the island asks for them when the operator opens.
//!
//! Invariant: what a page says of the channel is what she read before she wrote, in the same words.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query, State as AppState};
use axum::response::Response;
use jiff::Timestamp;
use platform::texts::{Language, Texts};
use platform::web::{PlatformError, Shell, render};
use uuid::Uuid;

use super::access::{MayRead, Reader};
use super::inbox::{OpenCounts, PAGE_LENGTH};
use super::model::{Age, Standing, State};
use super::refusal::Refusal;
use super::store::{self, Cursor, Filter, Report};
use crate::App;
use crate::accounts::PageOperator;
use crate::centres::public_pages::ChannelWords;

/// Who looks at the page, for `console.html`.
struct Console {
    person: Uuid,
    name: String,
    csrf: String,
    idle_seconds: i64,
}

/// A report in words.
struct Row {
    case: Uuid,
    reference: String,
    state: &'static str,
    state_word: &'static str,
    age: &'static str,
    size: &'static str,
    language: String,
    channel: &'static str,
    channel_word: String,
    urgent: bool,
}

/// One part of the inbox as a link.
struct FilterChoice {
    word: &'static str,
    text: String,
    chosen: bool,
}

/// The report to open next, as a link.
struct NextReport {
    case: Uuid,
    text: String,
}

#[derive(Template)]
#[template(path = "reports/templates/inbox.html")]
struct InboxPage {
    shell: Shell,
    console: Console,
    centre: String,
    filters: Vec<FilterChoice>,
    rows: Vec<Row>,
    shows_all: bool,
    query: String,
    next: Option<String>,
    is_first: bool,
}

#[derive(Template)]
#[template(path = "reports/templates/report.html")]
struct ReportPage {
    shell: Shell,
    console: Console,
    row: Row,
    centre: Uuid,
    channel: Option<ChannelWords>,
    her_language: String,
    other_language: bool,
    answered: bool,
    acknowledgement: &'static str,
    next: Option<NextReport>,
}

/// `GET /{lang}/console/`: what reached the operator's centre on her channels, urgent first.
pub(super) async fn inbox(
    AppState(app): AppState<App>,
    language: Language,
    PageOperator(operator): PageOperator,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, PlatformError> {
    let reader = Reader::of(&app, operator)?;
    let filter = Filter::of_query(query.get("state").map(String::as_str));
    let after = query.get("page").and_then(|page| Cursor::of_query(page));
    let connection = app.platform.database.read();
    // One more than a page holds tells whether there is a next one.
    let mut found = store::list(connection, &reader, filter, after.as_ref(), PAGE_LENGTH + 1).await?;
    let page_length = usize::try_from(PAGE_LENGTH).unwrap_or(usize::MAX);
    let has_next = found.len() > page_length;
    found.truncate(page_length);
    let next = found.last().filter(|_| has_next).map(|last| {
        let report = last.report();
        let cursor = Cursor { urgent: report.urgent, week: report.week.clone(), id: report.id };
        format!("?state={}&page={}", filter.word(), cursor.to_query())
    });
    let counts = store::count_open(connection, &reader).await?;
    let now = app.platform.now();
    let query = if filter.word().is_empty() { String::new() } else { format!("?state={}", filter.word()) };
    let path = format!("/console/{query}");
    let shell = Shell::console(&app.platform, language, path, Some(reader.csrf()));
    let t = shell.t;
    render(&InboxPage {
        console: Console::new(&app, &reader),
        centre: centre_name(&app, &reader, language),
        filters: filters(t, filter, &counts),
        rows: found.iter().map(|may_read| Row::new(t, may_read.report(), now)).collect(),
        shows_all: filter == Filter::NotClosed,
        query,
        next,
        is_first: after.is_none(),
        shell,
    })
}

/// `GET /{lang}/console/reports/{case}`: what the server knows of a report, and the places for what it does not.
pub(super) async fn report(
    AppState(app): AppState<App>,
    language: Language,
    PageOperator(operator): PageOperator,
    Path((_, case)): Path<(String, String)>,
) -> Result<Response, PlatformError> {
    let case = Uuid::try_parse(&case).map_err(|_| PlatformError::NotFound)?;
    let reader = match Reader::of(&app, operator) {
        Err(Refusal::NotFound) => return Err(PlatformError::NotFound),
        other => other?,
    };
    let connection = app.platform.database.read();
    let found = store::find(connection, &reader, case).await?;
    let may_read = found.ok_or(PlatformError::NotFound)?;
    let report = may_read.report();
    // The first two to open: one of them may be this one.
    let to_open = store::list(connection, &reader, Filter::In(State::Arrived), None, 2).await?;
    let now = app.platform.now();
    let path = format!("/console/reports/{case}");
    let shell = Shell::console(&app.platform, language, path, Some(reader.csrf()));
    let row = Row::new(shell.t, report, now);
    // The ready-made answer is for her, so it is in her language where there is one.
    let hers = Language::find(&report.language).unwrap_or_default();
    render(&ReportPage {
        console: Console::new(&app, &reader),
        row,
        centre: report.centre,
        channel: channel_words(&app, shell.t, report, now),
        her_language: report.language.clone(),
        other_language: report.language != language.code(),
        answered: report.standing.answered(),
        acknowledgement: Texts::new(hers).console_acknowledge_text(),
        next: next_report(shell.t, case, &to_open),
        shell,
    })
}

impl Console {
    fn new(app: &App, reader: &Reader) -> Self {
        Self {
            person: reader.person().id,
            name: reader.person().name.clone(),
            csrf: reader.csrf(),
            idle_seconds: app.session_lengths().idle.as_secs(),
        }
    }
}

impl Row {
    fn new(t: Texts, report: &Report, now: Timestamp) -> Self {
        let standing = &report.standing;
        Self {
            case: report.id,
            reference: reference(report.id),
            state: standing_text(t, standing),
            state_word: standing.state().word(),
            age: match Age::of(&report.week, standing.arrived_on(), now) {
                Age::Today => t.console_age_today(),
                Age::Yesterday => t.console_age_yesterday(),
                Age::ThisWeek => t.console_age_this_week(),
                Age::Older => t.console_age_older(),
            },
            size: match report.size_class {
                ..=4_096 => t.console_size_small(),
                4_097..=16_384 => t.console_size_medium(),
                _ => t.console_size_large(),
            },
            language: match report.language.as_str() {
                "it" => t.console_language_it().to_owned(),
                "en" => t.console_language_en().to_owned(),
                other => t.console_language_other(other),
            },
            channel: if report.channel == "safe" {
                t.console_channel_safe()
            } else {
                t.console_channel_general()
            },
            channel_word: report.channel.clone(),
            urgent: report.urgent,
        }
    }
}

/// How colleagues name a report to each other: the first eight digits of its random id.
fn reference(case: Uuid) -> String {
    case.simple().to_string().chars().take(8).collect()
}

fn state_text(t: Texts, state: State) -> &'static str {
    match state {
        State::Arrived => t.console_state_arrived(),
        State::Opened => t.console_state_opened(),
        State::Answered => t.console_state_answered(),
        State::Waiting => t.console_state_waiting(),
        State::Closed => t.console_state_closed(),
    }
}

/// Where a report stands; of one that waits to be opened also whether it is a first report or a further message.
fn standing_text(t: Texts, standing: &Standing) -> &'static str {
    match (standing.state(), standing.answered()) {
        (State::Arrived, false) => t.console_state_arrived_report(),
        (State::Arrived, true) => t.console_state_arrived_message(),
        (state, _) => state_text(t, state),
    }
}

fn filters(t: Texts, chosen: Filter, counts: &OpenCounts) -> Vec<FilterChoice> {
    let all = FilterChoice {
        word: Filter::NotClosed.word(),
        text: t.console_filter_count(counts.all(), t.console_filter_open()),
        chosen: chosen == Filter::NotClosed,
    };
    let states = State::ALL.into_iter().map(|state| FilterChoice {
        word: state.word(),
        text: match state {
            // Only what is open is counted: closed reports grow without end.
            State::Closed => state_text(t, state).to_owned(),
            State::Opened => t.console_filter_count(counts.of(state), t.console_filter_opened()),
            _ => t.console_filter_count(counts.of(state), state_text(t, state)),
        },
        chosen: chosen == Filter::In(state),
    });
    std::iter::once(all).chain(states).collect()
}

fn centre_name(app: &App, reader: &Reader, language: Language) -> String {
    let card = crate::centres::list(app).iter().find(|card| card.id == reader.centre()).cloned();
    card.map_or_else(String::new, |card| card.name.get(language.code()).to_owned())
}

/// What she read of this channel before she wrote, and who can open it; `None` when the centre's papers no longer name the channel.
fn channel_words(app: &App, t: Texts, report: &Report, now: Timestamp) -> Option<ChannelWords> {
    let cards = crate::centres::list(app);
    let card = cards.iter().find(|card| card.id == report.centre)?;
    let channel = card.channels.iter().find(|channel| channel.channel.name() == report.channel)?;
    Some(ChannelWords::new(t, app, card.id, channel, now))
}

fn next_report(t: Texts, shown: Uuid, to_open: &[MayRead]) -> Option<NextReport> {
    let next = to_open.iter().map(|may_read| may_read.report().id).find(|id| *id != shown)?;
    Some(NextReport { case: next, text: t.console_next_report(reference(next)) })
}
