//! The console's pages about keeping: the centre's table of terms with what is near its end, and one case. Neither needs a script.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query, State as AppState};
use axum::http::StatusCode;
use axum::response::Response;
use platform::texts::{Language, Texts};
use platform::web::{PlatformError, Shell, render};
use uuid::Uuid;

use super::access::MayKeep;
use super::jobs::table_of;
use super::model::{Hold, HoldReason, Keeping, Proposal, ShredReason};
use super::store::{self, Standing, StoredTable};
use super::terms::{Purpose, Terms, proposed, warning_weeks};
use super::week::Week;
use super::words;
use crate::App;
use crate::accounts::{self, Console, PageOperator};
use crate::reports::keeping as cases;
use crate::reports::{Reader, State};

/// Rows of a list; what is more comes up when these are done.
const ROWS: u64 = 100;

/// One purpose of the table.
struct TermRow {
    word: &'static str,
    purpose: &'static str,
    unit: &'static str,
    proposed: u16,
    shortest: u16,
    longest: u16,
    in_force: Option<u16>,
    value: u16,
    suggested: Option<u16>,
    source: &'static str,
}

/// A case in a list.
struct CaseRow {
    case: Uuid,
    reference: String,
    about: String,
}

/// A choice of a list.
struct Choice {
    word: &'static str,
    text: &'static str,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "keeping/templates/keeping.html")]
struct KeepingPage {
    shell: Shell,
    console: Console,
    said: Option<&'static str>,
    refused: Option<&'static str>,
    terms: Vec<TermRow>,
    approved: Option<String>,
    suggestion: Option<String>,
    suggested_by_me: bool,
    near: Vec<CaseRow>,
    proposals: Vec<CaseRow>,
    held: Vec<CaseRow>,
    warning_weeks: u16,
}

#[derive(Template)]
#[template(path = "keeping/templates/case.html")]
#[expect(clippy::struct_excessive_bools, reason = "what a template asks, each on its own")]
struct CasePage {
    shell: Shell,
    console: Console,
    said: Option<&'static str>,
    refused: Option<&'static str>,
    case: Uuid,
    reference: String,
    is_closed: bool,
    may_be_proposed: bool,
    due: Option<String>,
    is_due_unknown: bool,
    purposes: Vec<Choice>,
    is_birth_wrong: bool,
    birth_year: String,
    birth_month: String,
    hold: Option<String>,
    held_by_me: bool,
    hold_reasons: Vec<Choice>,
    proposal: Option<String>,
    proposed_by_me: bool,
    shred_reasons: Vec<Choice>,
    is_decided: bool,
}

/// `GET /{lang}/console/keeping`: the terms of the operator's centre, and what is near its end.
pub(super) async fn keeping(
    AppState(app): AppState<App>,
    language: Language,
    PageOperator(operator): PageOperator,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, PlatformError> {
    let console = Console::of(&app, &operator);
    let reader = Reader::of(&app, operator)?;
    if !reader.may_read_terms() {
        return Err(PlatformError::NotFound);
    }
    let shell = Shell::console(&app.platform, language, "/console/keeping", Some(reader.csrf()));
    let t = shell.t;
    let connection = app.platform.database.read();
    let now = Week::of(app.platform.now());
    let approved = store::find_table(connection, reader.centre(), Standing::Approved).await?;
    let suggested = store::find_table(connection, reader.centre(), Standing::Proposed).await?;
    let until = now.plus_weeks(warning_weeks());
    let near = store::list_due(connection, &reader, until, ROWS).await?;
    let held = store::list_held(connection, &reader, ROWS).await?;
    let proposals = store::list_proposed(connection, &reader, ROWS).await?;
    render(&KeepingPage {
        console,
        said: words::said(t, &query),
        refused: words::refused(t, &query),
        terms: term_rows(t, approved.as_ref(), suggested.as_ref()),
        approved: approved_text(&app, t, approved.as_ref()).await?,
        suggestion: suggestion_text(&app, t, suggested.as_ref()).await?,
        suggested_by_me: suggested.is_some_and(|table| table.proposed_by == reader.person().id),
        near: near_rows(&app, t, &reader, near, &held).await?,
        proposals: case_rows(&app, &reader, proposals, t.keeping_proposed()).await?,
        held: case_rows(&app, &reader, held, t.keeping_held()).await?,
        warning_weeks: warning_weeks(),
        shell,
    })
}

/// `GET /{lang}/console/keeping/{case}`: how long one case is kept, and what stands against it.
pub(super) async fn case(
    AppState(app): AppState<App>,
    language: Language,
    PageOperator(operator): PageOperator,
    Path((_, case)): Path<(String, String)>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, PlatformError> {
    let case = Uuid::try_parse(&case).map_err(|_| PlatformError::NotFound)?;
    let console = Console::of(&app, &operator);
    let reader = Reader::of(&app, operator)?;
    let t = Texts::new(language);
    let notice = Notice { said: words::said(t, &query), refused: words::refused(t, &query), birth: None };
    case_page(&app, language, console, &reader, case, notice).await
}

/// What a page of a case says beside the case.
pub(super) struct Notice {
    said: Option<&'static str>,
    refused: Option<&'static str>,
    /// Year and month of birth as they were typed, when they do not read: in no address, and nowhere kept.
    birth: Option<(String, String)>,
}

impl Notice {
    /// A birth that does not read.
    pub(super) const fn of_birth(year: String, month: String) -> Self {
        Self { said: None, refused: None, birth: Some((year, month)) }
    }
}

/// The page of a case, also as the answer to a form with a birth that does not read.
pub(super) async fn case_page(
    app: &App,
    language: Language,
    console: Console,
    reader: &Reader,
    case: Uuid,
    notice: Notice,
) -> Result<Response, PlatformError> {
    let connection = app.platform.database.read();
    let may_keep = MayKeep::find(connection, reader, case).await?.ok_or(PlatformError::NotFound)?;
    let kept = may_keep.case();
    let is_closed = kept.state == State::Closed;
    let row = store::find_keeping(connection, case).await?;
    let row = row.filter(|row| is_closed && row.items == kept.items);
    let terms = table_of(connection, kept.centre).await?;
    // Closed since the last round of regular work: what the next one will write.
    let now = Week::of(app.platform.now());
    let row = row.or_else(|| is_closed.then(|| Keeping::begun(now, kept.items, terms.as_ref())));
    let hold = store::find_hold(connection, case).await?;
    let proposal =
        store::find_proposal(connection, case).await?.filter(|proposal| proposal.items == kept.items);
    let is_decided = store::is_decided(connection, case).await?;
    let path = format!("/console/keeping/{case}");
    let shell = Shell::console(&app.platform, language, path, Some(reader.csrf()));
    let t = shell.t;
    let me = may_keep.person();
    let is_mine = |by: Option<Uuid>| by == Some(me);
    let is_birth_wrong = notice.birth.is_some();
    let chosen = row.as_ref().map_or(Purpose::CaseFile, |row| row.purpose);
    let (birth_year, birth_month) = notice.birth.unwrap_or_default();
    let mut page = render(&CasePage {
        console,
        said: notice.said,
        refused: notice.refused,
        case,
        reference: reference(case),
        is_closed,
        may_be_proposed: matches!(kept.state, State::Arrived | State::Closed),
        due: row.as_ref().and_then(|row| due_text(t, row)),
        is_due_unknown: is_closed && terms.is_none(),
        purposes: purposes(t, if is_birth_wrong { Purpose::Child } else { chosen }),
        is_birth_wrong,
        birth_year,
        birth_month,
        held_by_me: is_mine(hold.as_ref().map(|hold| hold.placed_by)),
        hold: hold_text(app, t, hold.as_ref()).await?,
        hold_reasons: HoldReason::ALL
            .into_iter()
            .map(|reason| Choice { word: reason.word(), text: words::hold(t, reason), chosen: false })
            .collect(),
        proposed_by_me: is_mine(proposal.as_ref().map(|proposal| proposal.proposed_by)),
        proposal: proposal_text(app, t, proposal.as_ref()).await?,
        shred_reasons: ShredReason::ALL
            .into_iter()
            .map(|reason| Choice { word: reason.word(), text: words::shred(t, reason), chosen: false })
            .collect(),
        is_decided,
        shell,
    })?;
    if is_birth_wrong {
        *page.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(page)
}

fn purposes(t: Texts, chosen: Purpose) -> Vec<Choice> {
    let choice = |purpose: Purpose| Choice {
        word: purpose.word(),
        text: words::purpose(t, purpose),
        chosen: purpose == chosen,
    };
    Purpose::ALL.into_iter().map(choice).collect()
}

fn term_rows(t: Texts, approved: Option<&StoredTable>, suggested: Option<&StoredTable>) -> Vec<TermRow> {
    let term = |table: Option<&StoredTable>, purpose| {
        let terms: Option<&Terms> = table.and_then(|table| table.terms.as_ref());
        terms.map(|terms| terms.of(purpose))
    };
    let row = |row: &'static super::terms::ProposedTerm| TermRow {
        word: row.purpose.word(),
        purpose: words::purpose(t, row.purpose),
        unit: if row.purpose == Purpose::Child { t.keeping_unit_years() } else { t.keeping_unit_months() },
        proposed: row.term,
        shortest: row.shortest,
        longest: row.longest,
        in_force: term(approved, row.purpose),
        value: term(approved, row.purpose).unwrap_or(row.term),
        suggested: term(suggested, row.purpose),
        source: &row.source,
    };
    proposed().iter().map(row).collect()
}

async fn approved_text(
    app: &App,
    t: Texts,
    table: Option<&StoredTable>,
) -> Result<Option<String>, PlatformError> {
    let Some((table, (by, on))) = table.and_then(|table| Some((table, table.confirmed?))) else {
        return Ok(None);
    };
    let (first, second) = (name(app, table.proposed_by).await?, name(app, by).await?);
    Ok(Some(t.keeping_table_approved(first, second, words::week(t, on))))
}

async fn suggestion_text(
    app: &App,
    t: Texts,
    table: Option<&StoredTable>,
) -> Result<Option<String>, PlatformError> {
    let Some(table) = table else { return Ok(None) };
    let by = name(app, table.proposed_by).await?;
    Ok(Some(t.keeping_table_suggested(by, words::week(t, table.proposed))))
}

async fn hold_text(app: &App, t: Texts, hold: Option<&Hold>) -> Result<Option<String>, PlatformError> {
    let Some(hold) = hold else { return Ok(None) };
    let by = name(app, hold.placed_by).await?;
    Ok(Some(t.keeping_hold_stands(by, words::hold(t, hold.reason), words::week(t, hold.placed))))
}

async fn proposal_text(
    app: &App,
    t: Texts,
    proposal: Option<&Proposal>,
) -> Result<Option<String>, PlatformError> {
    let Some(proposal) = proposal else { return Ok(None) };
    let by = name(app, proposal.proposed_by).await?;
    Ok(Some(t.keeping_proposal_stands(by, words::shred(t, proposal.reason), words::week(t, proposal.week))))
}

async fn near_rows(
    app: &App,
    t: Texts,
    reader: &Reader,
    near: Vec<(Uuid, Keeping)>,
    held: &[Uuid],
) -> Result<Vec<CaseRow>, PlatformError> {
    let ids = near.iter().map(|(case, _)| *case).collect();
    let kept = cases::list(app.platform.database.read(), reader, ids).await?;
    let row = |(case, keeping): &(Uuid, Keeping)| {
        let found = kept.iter().find(|found| found.id == *case)?;
        let is_so = found.state == State::Closed && found.items == keeping.items;
        let about = if held.contains(case) { t.keeping_held().to_owned() } else { due_text(t, keeping)? };
        is_so.then(|| CaseRow { case: *case, reference: reference(*case), about })
    };
    Ok(near.iter().filter_map(row).collect())
}

async fn case_rows(
    app: &App,
    reader: &Reader,
    ids: Vec<Uuid>,
    about: &str,
) -> Result<Vec<CaseRow>, PlatformError> {
    let kept = cases::list(app.platform.database.read(), reader, ids).await?;
    let row = |found: cases::KeptCase| CaseRow {
        case: found.id,
        reference: reference(found.id),
        about: about.to_owned(),
    };
    Ok(kept.into_iter().map(row).collect())
}

fn due_text(t: Texts, row: &Keeping) -> Option<String> {
    row.due.map(|due| t.keeping_due(words::last_day(t, due), words::purpose(t, row.purpose)))
}

/// The name of a person; of one who has no account any more nothing.
async fn name(app: &App, person: Uuid) -> Result<String, PlatformError> {
    let found = accounts::find_person(app.platform.database.read(), person).await?;
    Ok(found.map_or_else(String::new, |person| person.name))
}

/// How colleagues name a report to each other, as in the inbox: the first eight digits of its random id.
fn reference(case: Uuid) -> String {
    case.simple().to_string().chars().take(8).collect()
}
