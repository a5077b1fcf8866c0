//! Sealed reports from the first item to the closing (protocol sections 4.1, 7 and 12).
//!
//! Who may: everybody may send a report to an open channel; whoever holds the key of a mailbox may read its answers and add to it;
//! an operator may read and answer the reports of her own centre on the channels that the verified chain lets her read.
//! Invariants: only sealed bytes are stored; every state change is a transition of `model.rs` written under the version that was
//! read; a mailbox that is unknown and one that has no answer are told apart by nothing. See `docs/walkthroughs/report.md`.

mod access;
mod ending;
#[expect(unreachable_pub, reason = "the derive macro demands public names; the module itself is private")]
mod entities;
mod inbox;
pub mod keeping;
mod marks;
mod model;
mod pages;
pub mod public_pages;
mod receiving;
mod refusal;
pub mod second_centre;
mod store;
mod waiting;
mod working;

use axum::Router;
use axum::routing::{get, post};
use platform::database::{Database, DatabaseError};

pub use access::Reader;
pub use ending::{due_burns, forget_rotated, shred_case};
pub use marks::{Mark, MarkKey};
pub use model::{
    Age, Command, NotNow, Standing, State, can_be_undone, first_kept_day, last_final_week, week_of,
};
pub use refusal::Refusal;
pub use waiting::{Glance, Waiting, glance, waiting};

use crate::App;

/// The addresses of this slice (docs/http.md).
pub fn router() -> Router<App> {
    Router::new()
        .route("/reports", post(receiving::report))
        .route("/mailbox/nonce", post(receiving::mailbox::nonce))
        .route("/mailbox/page", post(receiving::mailbox::page))
        .route("/mailbox/openings-nonce", post(receiving::openings::nonce))
        .route("/mailbox/openings", post(receiving::openings::openings))
        .route("/mailbox/messages", post(receiving::messages::message))
        .route("/mailbox/burn-nonce", post(receiving::mailbox::burn_nonce))
        .route("/mailbox/burn", post(receiving::burning::burn))
        .route("/{lang}/console/", get(pages::inbox))
        .route("/{lang}/console/several", get(pages::several))
        .route("/{lang}/console/reports/{case}", get(pages::report))
        .route("/console/reports/{case}/open", post(working::open))
        .route("/console/reports/{case}/items", post(working::items))
        .route("/console/reports/{case}/wait", post(working::wait))
        .route("/console/reports/{case}/files/{file}/{number}", get(working::files::chunk))
        .merge(public_pages::router())
}

/// Regular work: erases arrival days of more than seven days ago, and what SQLite's log still holds of them (protocol section 2).
///
/// # Errors
/// [`DatabaseError`].
pub async fn housekeeping(app: &App) -> Result<(), DatabaseError> {
    let first_kept = first_kept_day(app.platform.now());
    app.platform
        .database
        .write(|transaction| async move { store::erase_arrival_days(&transaction, first_kept).await })
        .await?;
    empty_log(&app.platform.database).await
}

/// Empties SQLite's write-ahead log. It keeps old pages in the order in which they were written, among them the times of operators'
/// sessions, so it would say when a report came, and what day was erased (protocol sections 2 and 9). Readers that are at work put it
/// off until the next time.
async fn empty_log(database: &Database) -> Result<(), DatabaseError> {
    match database.empty_log().await {
        Err(DatabaseError::Busy(_)) => Ok(()),
        outcome => outcome,
    }
}
