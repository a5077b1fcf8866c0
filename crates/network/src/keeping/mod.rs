//! Keeping and forgetting: how long a case is kept, what stands against its end, and the end itself (protocol section 9).
//!
//! Who may: two members of a centre approve its table of terms; an operator gives the cases that she may read a purpose, prolongs, and
//! holds them; another one lifts a hold; two together shred what nobody opened. Invariants: without an approved table nothing is
//! shredded by term; a hold stops everything, also the end of a burn; what was shredded stays shredded after a restore (I7), because its
//! tombstone is on the disk before its first wrap is erased. Why: `docs/adr/0012-keeping-and-forgetting.md`.

mod access;
mod actions;
mod clock;
#[expect(unreachable_pub, reason = "the derive macro demands public names; the module itself is private")]
mod entities;
mod jobs;
mod model;
mod near;
mod pages;
mod restoring;
mod shredding;
mod store;
mod terms;
mod tombstones;
mod week;
mod words;

use axum::Router;
use axum::routing::{get, post};
use platform::database::DatabaseError;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

pub use clock::SteadyClock;
pub use jobs::housekeeping;
pub use model::{Hold, HoldReason, Keeping, No, Proposal, ShredReason};
pub use near::{Near, count_near, near};
pub use restoring::{apply, stored_tombstones};
pub use shredding::{Stopped, beside, complete, tombstone_file};
pub use terms::{Birth, ImpossibleTerms, ProposedTerm, Purpose, Terms, proposed, warning_weeks};
pub use tombstones::{CaseHash, Tombstones, hash_of};
pub use week::Week;

use crate::App;

/// The addresses of this slice (docs/http.md).
pub fn router() -> Router<App> {
    Router::new()
        .route("/{lang}/console/keeping", get(pages::keeping))
        .route("/{lang}/console/keeping/{case}", get(pages::case))
        .route("/console/keeping/table", post(actions::propose_table))
        .route("/console/keeping/table/confirm", post(actions::confirm_table))
        .route("/console/keeping/table/withdraw", post(actions::withdraw_table))
        .route("/console/keeping/{case}/purpose", post(actions::purpose))
        .route("/console/keeping/{case}/prolong", post(actions::prolong))
        .route("/console/keeping/{case}/hold", post(actions::hold))
        .route("/console/keeping/{case}/lift", post(actions::lift))
        .route("/console/keeping/{case}/propose", post(actions::propose))
        .route("/console/keeping/{case}/withdraw", post(actions::withdraw))
        .route("/console/keeping/{case}/confirm", post(actions::confirm))
}

/// Whether a hold stands on a case.
///
/// # Errors
/// [`DatabaseError`].
pub async fn is_held(connection: &impl ConnectionTrait, case: Uuid) -> Result<bool, DatabaseError> {
    Ok(store::find_hold(connection, case).await?.is_some())
}
