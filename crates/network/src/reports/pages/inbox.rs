//! `GET /{lang}/console/`: the inbox, and what can be looked for in it.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State as AppState};
use axum::response::{IntoResponse as _, Redirect, Response};
use jiff::Timestamp;
use jiff::ToSpan as _;
use jiff::civil::Date;
use platform::texts::{Language, Texts};
use platform::web::{PlatformError, Shell, render};

use super::super::access::Reader;
use super::super::inbox::{Cursor, Filter, OpenCounts, PAGE_LENGTH, Reference, Search};
use super::super::model::{State, week_of};
use super::super::store::Report;
use super::super::{second_centre, store};
use super::second::{MOST_SECOND, SecondRow};
use super::{Console, Row, centre_name, state_text, week_text};
use crate::App;
use crate::accounts::PageOperator;
use crate::centres::hours::day_of;

/// Weeks that the form offers; older ones are found by the number of the case.
const WEEKS: i32 = 53;

/// One part of the inbox as a link.
struct FilterChoice {
    query: String,
    text: String,
    chosen: bool,
}

/// A week that can be chosen.
struct WeekChoice {
    word: String,
    text: String,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "reports/templates/inbox.html")]
#[expect(clippy::struct_excessive_bools, reason = "what a template asks, each on its own")]
struct InboxPage {
    shell: Shell,
    console: Console,
    centre: String,
    filters: Vec<FilterChoice>,
    weeks: Vec<WeekChoice>,
    state: &'static str,
    urgent_only: bool,
    is_narrow: bool,
    /// What was typed as the number of a case and found nothing.
    typed: Option<String>,
    /// Whether what was typed is the number of a case at all.
    typed_reads: bool,
    /// What the address has as a week and is none.
    unread_week: Option<String>,
    rows: Vec<Row>,
    /// What waits at other centres and names this one as the second (protocol section 7.7).
    second: Vec<SecondRow>,
    may_choose: bool,
    shows_all: bool,
    everything: String,
    query: String,
    next: Option<String>,
    is_first: bool,
}

/// `GET /{lang}/console/`: what reached the operator's centre on her channels, urgent first.
pub(in crate::reports) async fn inbox(
    AppState(app): AppState<App>,
    language: Language,
    PageOperator(operator): PageOperator,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, PlatformError> {
    let Ok(reader) = Reader::of(&app, operator) else {
        // The first page after signing in: for whoever has no inbox that is who works here.
        return Ok(Redirect::to(&format!("/{}/console/people", language.code())).into_response());
    };
    let search = Search::of_query(&query);
    let after = query.get("page").and_then(|page| Cursor::of_query(page));
    let connection = app.platform.database.read();
    let typed = query.get("case").map(|typed| typed.trim()).filter(|typed| !typed.is_empty());
    if let Some(reference) = typed.and_then(Reference::parse) {
        let found = store::list_by_reference(connection, &reader, reference).await?;
        if let Some(first) = found.first() {
            // Two with the same eight digits: one in thousands of years at a busy centre. The first is shown.
            let address = format!("/{}/console/reports/{}", language.code(), first.report().id);
            return Ok(Redirect::to(&address).into_response());
        }
    }
    // One more than a page holds tells whether there is a next one.
    let mut found = store::list(connection, &reader, &search, after.as_ref(), PAGE_LENGTH + 1).await?;
    let page_length = usize::try_from(PAGE_LENGTH).unwrap_or(usize::MAX);
    let has_next = found.len() > page_length;
    found.truncate(page_length);
    let next = found.last().filter(|_| has_next).map(|last| {
        let report = last.report();
        search.to_query_after(&Cursor { urgent: report.urgent, week: report.week.clone(), id: report.id })
    });
    let counts = store::count_open(connection, &reader, &search).await?;
    // Beside the whole list and what is to be opened: who looks for something else does not look for these.
    let is_theirs = matches!(search.filter, Filter::NotClosed | Filter::In(State::Arrived));
    let is_whole = after.is_none() && !search.is_narrow() && is_theirs;
    let second = if is_whole { second_centre::list(&app, &reader, MOST_SECOND).await? } else { Vec::new() };
    let now = app.platform.now();
    let shell = Shell::console(
        &app.platform,
        language,
        format!("/console/{}", search.to_query()),
        Some(reader.csrf()),
    );
    let t = shell.t;
    if search.is_oldest_first() {
        // An index holds no days, which are erased: within a week of a page, who has waited for the most days comes first.
        found.sort_by_key(|may_read| waiting_key(may_read.report()));
    }
    let promise_days = app.centres.promise_days(reader.centre());
    let rows: Vec<Row> =
        found.iter().map(|may_read| Row::new(t, may_read.report(), promise_days, now)).collect();
    render(&InboxPage {
        console: Console::of(&app, reader.operator()),
        centre: centre_name(&app, reader.centre(), language),
        filters: filters(t, &search, &counts),
        weeks: weeks(t, search.week.as_deref(), now),
        state: search.filter.word(),
        urgent_only: search.urgent_only,
        is_narrow: search.is_narrow(),
        typed: typed.map(str::to_owned),
        typed_reads: typed.and_then(Reference::parse).is_some(),
        unread_week: unread_week(&query, &search),
        may_choose: rows.iter().any(|row| row.may_be_chosen),
        rows,
        second: second.iter().map(|line| SecondRow::new(&app, t, line, language)).collect(),
        shows_all: search.filter == Filter::NotClosed,
        everything: Search { week: None, urgent_only: false, ..search.clone() }.to_query(),
        query: search.to_query(),
        next,
        is_first: after.is_none(),
        shell,
    })
}

/// Urgent first, then the oldest week; in it those whose day is not known any more, then by day.
fn waiting_key(report: &Report) -> (bool, String, Option<Date>) {
    (!report.urgent, report.week.clone(), report.standing.arrived_on())
}

/// A week that was asked for and left out because it is none.
fn unread_week(query: &HashMap<String, String>, search: &Search) -> Option<String> {
    query.get("week").filter(|week| !week.is_empty() && search.week.is_none()).cloned()
}

fn filters(t: Texts, search: &Search, counts: &OpenCounts) -> Vec<FilterChoice> {
    let choice = |filter: Filter, text: String| FilterChoice {
        query: search.with(filter).to_query(),
        text,
        chosen: search.filter == filter,
    };
    let all = choice(Filter::NotClosed, t.console_filter_count(counts.all(), t.console_filter_open()));
    let states = State::ALL.into_iter().map(|state| {
        let text = match state {
            // Only what is open is counted.
            State::Closed => state_text(t, state).to_owned(),
            State::Opened => t.console_filter_count(counts.of(state), t.console_filter_opened()),
            _ => t.console_filter_count(counts.of(state), state_text(t, state)),
        };
        choice(Filter::In(state), text)
    });
    std::iter::once(all).chain(states).collect()
}

/// The latest weeks, and the chosen one where it is older.
fn weeks(t: Texts, chosen: Option<&str>, now: Timestamp) -> Vec<WeekChoice> {
    let today = day_of(now);
    let mut words: Vec<String> = (0..WEEKS)
        .map(|back| today.saturating_sub((back * 7).days()).iso_week_date())
        .map(|week| format!("{:04}-W{:02}", week.year(), week.week()))
        .collect();
    let this_week = week_of(now);
    words.extend(chosen.filter(|chosen| !words.iter().any(|word| word == chosen)).map(str::to_owned));
    let text = |word: &str| {
        if word == this_week { t.console_age_this_week().to_owned() } else { week_text(t, word) }
    };
    words
        .into_iter()
        .map(|word| WeekChoice { text: text(&word), chosen: chosen == Some(word.as_str()), word })
        .collect()
}
