//! `GET /{lang}/console/reports/{case}`: what the server knows of a report, and the places for what it does not.

use askama::Template;
use axum::extract::{Path, State as AppState};
use axum::response::Response;
use jiff::Timestamp;
use jiff::ToSpan as _;
use platform::texts::{Language, Texts};
use platform::web::{Allowance, PlatformError, Shell, render};
use uuid::Uuid;

use super::super::access::{MayRead, Reader};
use super::super::inbox::Search;
use super::super::model::State;
use super::super::refusal::Refusal;
use super::super::second_centre::{self, SecondSide};
use super::super::store::{self, Cause, Past, Report};
use super::second::second_text;
use super::texts::texts;
use super::{Console, Row, monday_of, reference, week_from};
use crate::App;
use crate::accounts::PageOperator;
use crate::centres::public_pages::ChannelWords;

/// The report to open next, as a link.
struct NextReport {
    case: Uuid,
    text: String,
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
    /// Whether an operator of this centre may open it now.
    may_open: bool,
    /// In which week she withdrew it, and from which on it is destroyed.
    withdrawn: Option<String>,
    /// The last week in which each burn or rotation can be taken back, by the name that the script has for it.
    until: Vec<(String, String)>,
    notes_before_burn: u32,
    /// Where it waits, for the other centre that she named.
    second: Option<SecondNotice>,
    acknowledgement: &'static str,
    next: Option<NextReport>,
    texts: Vec<(&'static str, String)>,
}

/// What the other centre is told of a report.
struct SecondNotice {
    text: String,
}

/// `GET /{lang}/console/reports/{case}`.
pub(in crate::reports) async fn report(
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
    let (report, second) = if let Some(may_read) = store::find(connection, &reader, case).await? {
        (may_read.report().clone(), None)
    } else {
        let may_see = store::find_second(connection, &reader, case).await?.ok_or(PlatformError::NotFound)?;
        let line = second_centre::line(&app, &may_see, app.platform.now());
        (may_see.report().clone(), Some(line))
    };
    // The first two to open: one of them may be this one.
    let to_open = store::list(connection, &reader, &Search::of_state(State::Arrived), None, 2).await?;
    // To whom it is only known that a report waits, nothing of its life is.
    let past = if second.is_none() { store::find_past(connection, case).await? } else { Vec::new() };
    let now = app.platform.now();
    let path = format!("/console/reports/{case}");
    let shell = Shell::console(&app.platform, language, path, Some(reader.csrf()));
    let t = shell.t;
    let burn = past.iter().find(|kept| kept.cause == Cause::Burned);
    let mut page = render(&ReportPage {
        console: Console::of(&app, reader.operator()),
        row: Row::new(t, &report, app.centres.promise_days(report.centre), now),
        // Whoever opens it holds it then.
        centre: reader.centre(),
        channel: channel_words(&app, t, &report, now),
        her_language: report.language.clone(),
        other_language: report.language != language.code(),
        answered: report.standing.answered(),
        may_open: second.as_ref().is_none_or(|line| line.side == SecondSide::MayOpen),
        withdrawn: burn.map(|burn| t.console_withdrawn(weeks_after(t, burn, 0), weeks_after(t, burn, 3))),
        until: past.iter().filter_map(|kept| Some((name_of(kept)?, weeks_after(t, kept, 2)))).collect(),
        notes_before_burn: burn.map_or(0, |burn| burn.notes_before),
        second: second.map(|line| SecondNotice { text: second_text(&app, t, &line, language) }),
        acknowledgement: acknowledgement(&report),
        next: next_report(t, case, &to_open),
        texts: texts(t),
        shell,
    })?;
    // The viewer of files stands in a frame of it (docs/adr/0011-files.md).
    page.extensions_mut().insert(Allowance::Framing);
    Ok(page)
}

/// The name of what can be taken back, as the script has it.
fn name_of(past: &Past) -> Option<String> {
    match past.cause {
        Cause::Burned => Some("burn".to_owned()),
        Cause::Rotated => past.seq.map(|seq| format!("rotation-{seq}")),
        Cause::Undone => None,
    }
}

/// A week some weeks after a burn or rotation, in words.
fn weeks_after(t: Texts, past: &Past, weeks: i32) -> String {
    let monday = monday_of(&past.week).map(|monday| monday.saturating_add(weeks.weeks()));
    monday.map_or_else(|| past.week.clone(), |monday| week_from(t, monday))
}

/// The ready-made first answer is for her, so it is in her language where there is one.
pub(super) fn acknowledgement(report: &Report) -> &'static str {
    Texts::new(Language::find(&report.language).unwrap_or_default()).console_acknowledge_text()
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
