//! Uploading: chunk by chunk, in any order after the first, as often as it takes (docs/http.md; protocol section 12.8).
//!
//! Invariant: checks go from cheap to dear: size, origin, work (for the first chunk), signature, database.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use envelope::file::{CHUNK_OVERHEAD, ChunkRequest, STATUS_LENGTH, verify_status};
use envelope::ids::FileId;
use envelope::sealed_file;
use envelope::sizes::{FILE_CHUNK_LENGTH, MOST_FILE_CHUNKS};
use envelope::work::subject_of_file;
use platform::door::Visitor;
use platform::web::{json, origin};
use sea_orm::ConnectionTrait;
use serde::Serialize;
use serde_json::json;

use super::refusal::Refusal;
use super::store;
use crate::App;
use crate::centres::hours::day_of;

/// Bytes of the longest request of this slice.
pub(super) const LONGEST_REQUEST: usize = CHUNK_OVERHEAD + FILE_CHUNK_LENGTH;

/// Room for files that no report has named yet, in chunks: 40 of the longest files, 2 GiB. A flood of uploads fills this and no
/// more; reports without files are not touched by it. What was sent counts, not what was announced: else 40 small posts would close
/// it to everybody.
const MOST_UNCLAIMED: u64 = 40 * MOST_FILE_CHUNKS as u64;

#[derive(Serialize)]
struct Status {
    chunks: Vec<i32>,
}

/// `POST /files/{file}/{number}`: one chunk.
pub(super) async fn chunk(
    State(app): State<App>,
    Path((file, number)): Path<(String, String)>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let body = body.map_err(|_| Refusal::Size)?;
    let file = FileId::parse(&file).map_err(|_| Refusal::Malformed)?;
    let number: u32 = number.parse().map_err(|_| Refusal::Malformed)?;
    if !origin::is_own(&app.platform.site, &headers) {
        return Err(Refusal::Origin);
    }
    let now = app.platform.now();
    if number == 0 {
        let subject = subject_of_file(file.as_bytes());
        app.platform.door.admit(&headers, &visitor, &subject, now)?;
    }
    let request = ChunkRequest::parse(&body, &file, number)?;
    if number == 0 {
        // Nothing but sealed files is kept here, whoever sends it.
        sealed_file::check_suite(request.chunk()).map_err(|_| Refusal::Malformed)?;
    }
    let today = day_of(now);
    let (file, request) = (&file, &request);
    // Asked on a reading connection first: a repeat never takes the writer.
    if is_kept(app.platform.database.read(), file, number, request).await? {
        return Ok(accepted());
    }
    // Outside of the transaction, where uploads at once would stand in each other's way: they may pass the mark by a chunk each.
    if store::count_unclaimed(app.platform.database.read()).await? >= MOST_UNCLAIMED {
        return Err(Refusal::Busy);
    }
    let kept: Result<(), Refusal> = app
        .platform
        .database
        .write(|transaction| async move {
            if is_kept(&transaction, file, number, request).await? {
                return Ok(());
            }
            match store::find_count(&transaction, file).await? {
                Some(_) => {}
                None if number == 0 => store::insert(&transaction, file, request.count(), today).await?,
                None => return Err(Refusal::Sequence),
            }
            store::insert_chunk(&transaction, file, number, request).await?;
            Ok(())
        })
        .await;
    match kept {
        // The same chunk, sent twice at once: the other one was stored after the question above.
        Err(Refusal::Database(error)) if error.is_unique_violation() => {
            let is_repeat = is_kept(app.platform.database.read(), file, number, request).await?;
            if is_repeat { Ok(accepted()) } else { Err(Refusal::Sequence) }
        }
        Err(refusal) => Err(refusal),
        Ok(()) => Ok(accepted()),
    }
}

/// Whether this very chunk is kept already.
async fn is_kept(
    connection: &impl ConnectionTrait,
    file: &FileId,
    number: u32,
    request: &ChunkRequest<'_>,
) -> Result<bool, Refusal> {
    let count = store::find_count(connection, file).await?;
    if count.is_some_and(|count| count != request.count()) {
        return Err(Refusal::Sequence);
    }
    match store::find_hash(connection, file, number).await? {
        Some(hash) if hash == request.hash().as_bytes() => Ok(true),
        Some(_) => Err(Refusal::Sequence),
        None => Ok(false),
    }
}

/// `POST /files/{file}/status`: which chunks are kept, so that an upload goes on where it stopped. Alike for files that nobody began.
pub(super) async fn status(
    State(app): State<App>,
    Path(file): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let body = body.map_err(|_| Refusal::Size)?;
    let file = FileId::parse(&file).map_err(|_| Refusal::Malformed)?;
    if body.len() != STATUS_LENGTH {
        return Err(Refusal::Malformed);
    }
    if !origin::is_own(&app.platform.site, &headers) {
        return Err(Refusal::Origin);
    }
    verify_status(&body, &file)?;
    let chunks = store::list_numbers(app.platform.database.read(), &file).await?;
    Ok(json(StatusCode::OK, &Status { chunks }))
}

fn accepted() -> Response {
    json(StatusCode::CREATED, &json!({}))
}
