//! The sealed bytes of files, for whoever opened the report that names them (docs/http.md; protocol section 12.8).
//!
//! Invariant: nothing is handed out before somebody of the centre that holds the report has opened it; the key is in the sealed item.

use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use envelope::ids::FileId;

use super::super::access::Reader;
use super::super::refusal::Refusal;
use super::super::store;
use super::parse_case;
use crate::accounts::Operator;
use crate::{App, files};

/// `GET /console/reports/{case}/files/{file}/{number}`: one chunk.
pub(in crate::reports) async fn chunk(
    State(app): State<App>,
    operator: Operator,
    Path((case, file, number)): Path<(String, String, String)>,
) -> Result<Response, Refusal> {
    let case = parse_case(&case)?;
    let file = FileId::parse(&file).map_err(|_| Refusal::NotFound)?;
    let number: u32 = number.parse().map_err(|_| Refusal::NotFound)?;
    let reader = Reader::of(&app, operator)?;
    let connection = app.platform.database.read();
    let may_read = store::find(connection, &reader, case).await?.ok_or(Refusal::NotFound)?;
    if !may_read.report().standing.is_opened() {
        return Err(Refusal::Changed);
    }
    let bytes = files::find_chunk(connection, case, file, number).await?.ok_or(Refusal::NotFound)?;
    Ok(([(CONTENT_TYPE, "application/octet-stream")], bytes).into_response())
}
