//! The same rows as a file, for a spreadsheet or a program. No content: kinds, weeks, people, numbers of cases, leaves.

use axum::extract::{Query, State as AppState};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use envelope::audit::week::Week;
use platform::database::DatabaseError;
use platform::web::PlatformError;
use serde::Serialize;
use uuid::Uuid;

use super::access::MayAudit;
use super::model::{Asked, Filter, Row};
use super::pages::{person_of, reference_of};
use super::store;
use crate::App;
use crate::accounts::{self, Operator};

/// Rows that one question reads.
const BATCH: u64 = 500;

/// One line of an export.
#[derive(Serialize)]
struct Line {
    week: String,
    kind: &'static str,
    /// Who did it; nothing where nobody did.
    person: Option<Uuid>,
    name: Option<String>,
    /// The eight digits of the case.
    case: Option<String>,
    /// The person whom it was done to.
    about: Option<Uuid>,
    /// The checkpoint that took it in; nothing while its week lasts.
    checkpoint: Option<u32>,
    leaf: String,
}

/// `GET /console/audit/export`: `format=csv` or `json`, with the filters of the page.
pub(super) async fn export(
    AppState(app): AppState<App>,
    operator: Operator,
    Query(asked): Query<Asked>,
) -> Result<Response, PlatformError> {
    let may = MayAudit::of(&app, &operator)?;
    if !may.may_export() {
        return Err(PlatformError::NotFound);
    }
    let lines = list(&app, &may, asked.filter()).await?;
    let (ending, kind, text) = if asked.format == "json" {
        let text = serde_json::to_string_pretty(&lines).map_err(PlatformError::internal)?;
        ("json", "application/json", text)
    } else {
        ("csv", "text/csv; charset=utf-8", to_csv(&lines))
    };
    let name = format!("attachment; filename=\"audit.{ending}\"");
    Ok(([(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, name)], text).into_response())
}

async fn list(app: &App, may: &MayAudit, mut filter: Filter) -> Result<Vec<Line>, DatabaseError> {
    let connection = app.platform.database.read();
    let people = store::list_people(connection, may).await?;
    let names = accounts::list_names(connection, &people).await?;
    let mut lines = Vec::new();
    filter.after = None;
    loop {
        let rows = store::list(connection, may, &filter, BATCH).await?;
        let Some(last) = rows.last() else { return Ok(lines) };
        filter.after = Some((last.week, last.leaf));
        lines.extend(rows.iter().map(|row| line(row, &names)));
    }
}

fn line(row: &Row, names: &[(Uuid, String)]) -> Line {
    let act = &row.opening.act;
    let week: Week = row.week;
    Line {
        week: week.to_string(),
        kind: act.kind.word(),
        person: act.actor,
        name: names.iter().find(|(person, _)| Some(*person) == act.actor).map(|(_, name)| name.clone()),
        case: reference_of(row),
        about: person_of(row),
        checkpoint: row.checkpoint,
        leaf: row.leaf.to_string(),
    }
}

/// RFC 4180, with a mark of UTF-8 for spreadsheets.
fn to_csv(lines: &[Line]) -> String {
    let mut text = "\u{feff}week,kind,person,name,case,about,checkpoint,leaf\r\n".to_owned();
    for line in lines {
        let id = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
        let fields = [
            line.week.clone(),
            line.kind.to_owned(),
            id(line.person),
            quoted(line.name.as_deref().unwrap_or_default()),
            // A spreadsheet would take eight digits for a number, and drop their zeros.
            quoted(line.case.as_deref().unwrap_or_default()),
            id(line.about),
            line.checkpoint.map(|number| number.to_string()).unwrap_or_default(),
            line.leaf.clone(),
        ];
        text.push_str(&fields.join(","));
        text.push_str("\r\n");
    }
    text
}

/// A field in quotation marks. What a spreadsheet would take for a formula gets an apostrophe before it.
fn quoted(field: &str) -> String {
    let guard = if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", field.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_becomes_a_formula_or_another_field() {
        assert_eq!(quoted("Anna \"A\" Verdi, Rossi"), "\"Anna \"\"A\"\" Verdi, Rossi\"");
        assert_eq!(quoted("=HYPERLINK(1)"), "\"'=HYPERLINK(1)\"");
    }
}
