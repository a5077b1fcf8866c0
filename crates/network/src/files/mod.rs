//! Sealed files that belong to reports and messages (protocol sections 5 and 12.8; docs/adr/0011-files.md).
//!
//! Who may: everybody may upload, with a key made for that one file; an item of hers that is being stored claims files for its case;
//! whoever may read the case may have their sealed bytes, which `reports` asks for with its own witness.
//! Invariants: only sealed bytes are stored; a file belongs to one item for ever, or to none for a day or two; what nobody claims is
//! bounded, so that uploads fill no disk; no name, type or true length is known here.

mod api;
#[expect(unreachable_pub, reason = "the derive macro demands public names; the module itself is private")]
mod entities;
mod pages;
mod refusal;
mod store;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use envelope::ids::{CaseId, FileId, ItemId};
use jiff::ToSpan as _;
use platform::database::DatabaseError;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::App;
use crate::centres::hours::day_of;

/// The addresses of this slice (docs/http.md). What operators read is in `reports`, which knows who may.
pub fn router() -> Router<App> {
    Router::new()
        .route("/files/{file}/status", post(api::status))
        .route("/files/{file}/{number}", post(api::chunk))
        .layer(DefaultBodyLimit::max(api::LONGEST_REQUEST))
        .route("/console/viewer", get(pages::viewer))
        .route("/console/viewer/script", get(pages::viewer_script))
}

/// Whether an item may claim these files: all are whole, and nobody's or its own already.
///
/// # Errors
/// [`DatabaseError`].
pub async fn are_claimable(
    connection: &impl ConnectionTrait,
    case: CaseId,
    item: ItemId,
    files: &[FileId],
) -> Result<bool, DatabaseError> {
    Ok(files.is_empty() || store::count_claimable(connection, case, item, files).await? == files.len())
}

/// Ties files to the item that names them, in the transaction that stores it. `false`: not all are whole and free, and the
/// transaction must not be committed.
///
/// # Errors
/// [`DatabaseError`].
pub async fn claim(
    connection: &impl ConnectionTrait,
    case: CaseId,
    item: ItemId,
    files: &[FileId],
) -> Result<bool, DatabaseError> {
    Ok(files.is_empty() || store::claim(connection, case, item, files).await? == files.len() as u64)
}

/// The sealed bytes of a chunk of a file of this case. The caller holds the witness that somebody may read the case.
///
/// # Errors
/// [`DatabaseError`].
pub async fn find_chunk(
    connection: &impl ConnectionTrait,
    case: Uuid,
    file: FileId,
    number: u32,
) -> Result<Option<Vec<u8>>, DatabaseError> {
    store::find_chunk(connection, case, &file, number).await
}

/// Erases some of the bytes of a case's files, so much that nobody waits long for the transaction; to be called in a transaction of its
/// own until it says `true`: nothing of them is left.
///
/// # Errors
/// [`DatabaseError`].
pub async fn erase(connection: &impl ConnectionTrait, case: Uuid) -> Result<bool, DatabaseError> {
    store::erase_of_case(connection, case).await
}

/// Regular work: erases files that no item has named since yesterday began.
///
/// # Errors
/// [`DatabaseError`].
pub async fn housekeeping(app: &App) -> Result<(), DatabaseError> {
    let first_kept = day_of(app.platform.now()).saturating_sub(1.day());
    let database = &app.platform.database;
    while !database
        .write(|transaction| async move { store::erase_unclaimed(&transaction, first_kept).await })
        .await?
    {}
    Ok(())
}
