//! The page on which the log of a centre is read. It needs no script, and shows no content: of a case only its number.

use askama::Template;
use axum::extract::{Query, State as AppState};
use axum::response::Response;
use envelope::audit::act::ActKind;
use platform::texts::Language;
use platform::web::{PlatformError, Shell, render};
use uuid::Uuid;

use super::access::MayAudit;
use super::model::{Asked, Row};
use super::{store, words};
use crate::App;
use crate::accounts::{self, Console, PageOperator};

/// Rows of a page.
const ROWS: u64 = 50;

/// A choice of a list.
struct Choice {
    value: String,
    text: String,
    chosen: bool,
}

/// An act in the list.
struct ActRow {
    what: &'static str,
    week: String,
    who: Option<String>,
    about: Option<String>,
    is_entered: bool,
    leaf: String,
}

#[derive(Template)]
#[template(path = "audit/templates/audit.html")]
struct AuditPage {
    shell: Shell,
    console: Console,
    kinds: Vec<Choice>,
    people: Vec<Choice>,
    week: String,
    is_week_wrong: bool,
    rows: Vec<ActRow>,
    query: String,
    next: Option<String>,
    is_first: bool,
    may_export: bool,
    checkpoint: Option<(String, u32, String)>,
}

/// `GET /{lang}/console/audit`: what was done at the operator's centre, the latest week first.
pub(super) async fn audit(
    AppState(app): AppState<App>,
    language: Language,
    PageOperator(operator): PageOperator,
    Query(asked): Query<Asked>,
) -> Result<Response, PlatformError> {
    let may = MayAudit::of(&app, &operator)?;
    let filter = asked.filter();
    let connection = app.platform.database.read();
    let mut found = store::list(connection, &may, &filter, ROWS + 1).await?;
    let is_more = u64::try_from(found.len()).unwrap_or(u64::MAX) > ROWS;
    found.truncate(usize::try_from(ROWS).unwrap_or(usize::MAX));
    let mut people = store::list_people(connection, &may).await?;
    people.extend(found.iter().filter_map(person_of));
    let names = accounts::list_names(connection, &people).await?;
    let name = |id: Uuid| names.iter().find(|(person, _)| *person == id).map(|(_, name)| name.clone());

    let shell = Shell::console(&app.platform, language, "/console/audit", Some(operator.csrf()));
    let t = shell.t;
    let last = found.last().filter(|_| is_more).map(|row| format!("{}.{}", row.week, row.leaf));
    let rows = found.into_iter().map(|row| ActRow {
        what: words::kind(t, row.opening.act.kind),
        week: words::week(t, row.week),
        who: row.opening.act.actor.and_then(name),
        about: about(&row, name, |reference| t.audit_about_case(reference)),
        is_entered: row.checkpoint.is_some(),
        leaf: row.leaf.to_string(),
    });
    let rows = rows.collect();
    let kinds = ActKind::ALL.iter().filter(|kind| **kind != ActKind::Erased).map(|kind| Choice {
        value: kind.word().to_owned(),
        text: words::kind(t, *kind).to_owned(),
        chosen: filter.kind == Some(*kind),
    });
    let kinds = kinds.collect();
    people.sort_unstable();
    people.dedup();
    let mut people: Vec<Choice> = people
        .into_iter()
        .filter_map(|id| {
            Some(Choice { value: id.to_string(), text: name(id)?, chosen: filter.person == Some(id) })
        })
        .collect();
    people.sort_by(|one, other| one.text.cmp(&other.text));
    let newest = app.audit.log().newest().copied();
    render(&AuditPage {
        console: Console::of(&app, &operator),
        kinds,
        people,
        week: filter.week.map_or_else(|| asked.week().to_owned(), |week| week.to_string()),
        is_week_wrong: filter.week.is_none() && !asked.week().is_empty(),
        rows,
        query: filter.to_query(),
        next: last,
        is_first: filter.after.is_none(),
        may_export: may.may_export(),
        checkpoint: newest
            .map(|newest| (words::week(t, newest.week), newest.number, newest.hash().to_string())),
        shell,
    })
}

/// The person whom an act was done to, where it was one.
pub(super) fn person_of(row: &Row) -> Option<Uuid> {
    let act = &row.opening.act;
    let is_of_person = matches!(
        act.kind,
        ActKind::RoleGiven
            | ActKind::RoleChanged
            | ActKind::RoleEnded
            | ActKind::Suspended
            | ActKind::Returned
            | ActKind::Left
            | ActKind::FactorForgotten
    );
    act.object.filter(|_| is_of_person)
}

/// The eight digits by which the console names a case, where an act was done to one.
pub(super) fn reference_of(row: &Row) -> Option<String> {
    let act = &row.opening.act;
    let case = act.object.filter(|_| act.channel.is_some() && act.kind != ActKind::KeyMade)?;
    Some(case.simple().to_string().chars().take(8).collect())
}

fn about(
    row: &Row,
    name: impl Fn(Uuid) -> Option<String>,
    case: impl Fn(String) -> String,
) -> Option<String> {
    person_of(row).and_then(name).or_else(|| reference_of(row).map(case))
}
