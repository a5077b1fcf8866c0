//! The audit log: who did what to which case and account, as leaves of a Merkle tree (protocol section 9).
//!
//! Who may: everybody's acts are written down by the slices that do them ([`crate::app::record`]); whoever holds the code of a case sees
//! the acts on it with their proofs; a member of a centre sees what [`access::MayAudit`] says. Invariants: an act and its leaf are written in
//! one transaction; no text, no address and nothing finer than the week is kept; what opens a leaf lies apart and goes with its case,
//! after which the leaf says nothing and the tree still verifies. Why: `docs/adr/0020-audit-log.md`.

mod access;
#[expect(unreachable_pub, reason = "the derive macro demands public names; the module itself is private")]
mod entities;
mod exports;
mod jobs;
mod log;
mod model;
mod pages;
mod recording;
mod store;
mod verifying;
mod words;

use axum::Router;
use axum::routing::get;
use envelope::audit::openings::{ACTS_PER_PAGE, Entry, OpeningsPage, page_count};
use platform::database::DatabaseError;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

pub use jobs::{housekeeping, reload};
pub use log::Memory;
pub(crate) use recording::{erase, note_erasure, record};
pub use verifying::{Unverified, Verified, Violation, verify};

use crate::App;

/// The addresses of this slice (docs/http.md).
pub fn router() -> Router<App> {
    Router::new()
        .route("/{lang}/console/audit", get(pages::audit))
        .route("/console/audit/export", get(exports::export))
}

/// The acts on a case as one answer of protocol section 12.11; `None` past the last page. For an id that nobody has the same questions are
/// asked, and there is nothing to answer with.
///
/// # Errors
/// [`DatabaseError`].
pub(crate) async fn openings_of_case(
    app: &App,
    connection: &impl ConnectionTrait,
    case: Uuid,
    page: u32,
) -> Result<Option<Vec<u8>>, DatabaseError> {
    let rows = store::list_of_case(connection, case).await?;
    let log = app.audit.log();
    let first = usize::try_from(page).unwrap_or(usize::MAX).saturating_mul(ACTS_PER_PAGE);
    let entries = rows.iter().skip(first).take(ACTS_PER_PAGE).filter_map(|row| {
        let act = &row.opening.act;
        Some(Entry {
            kind: act.kind,
            week: row.week,
            actor: act.actor,
            centre: act.centre?,
            channel: act.channel?,
            salt: row.opening.salt,
            standing: log.standing(&row.leaf, row.checkpoint),
        })
    });
    let entries: Vec<Entry> = entries.collect();
    let (Ok(acts), pages) = (u32::try_from(rows.len()), page_count(rows.len())) else { return Ok(None) };
    if page >= pages.max(1) {
        return Ok(None);
    }
    Ok(OpeningsPage { acts, page, pages, checkpoint: log.newest().copied(), entries }.assemble())
}
