//! Telling operators that something waits: by mail at fixed hours, and above every page of the console (protocol sections 2, 7.7, 11).
//!
//! Who may: an operator sets where notices of her centre reach her, and whether she is told, as one who supervises, of a broken promise
//! and of the end of a term. Invariants: a letter says one neutral sentence and where to sign in; an address gets notices only after its
//! owner has typed the code that was sent there; nothing stored tells when anything arrived. Why: `docs/adr/0015-notices.md`.

mod actions;
#[expect(unreachable_pub, reason = "the derive macro demands public names; the module itself is private")]
mod entities;
mod letters;
mod lines;
mod memory;
mod model;
mod pages;
mod round;
mod slots;
mod store;

use axum::Router;
use axum::routing::{get, post};
use jiff::Timestamp;
use platform::database::{Database, DatabaseError};

pub(crate) use lines::lines;
pub(crate) use memory::Memory;
pub use round::{Sent, round, send_now, work};

use crate::{App, accounts};

/// The addresses of this slice (docs/http.md).
pub fn router() -> Router<App> {
    Router::new()
        .route("/{lang}/console/notices", get(pages::notices))
        .route("/console/notices/address", post(actions::address))
        .route("/console/notices/confirm", post(actions::confirm))
        .route("/console/notices/wishes", post(actions::wishes))
        .route("/console/notices/remove", post(actions::remove))
}

/// Regular work: forgets the addresses of whoever has left, and codes that have ended.
///
/// # Errors
/// [`DatabaseError`].
pub async fn housekeeping(app: &App) -> Result<(), DatabaseError> {
    erase_ended(&app.platform.database, app.platform.now()).await
}

/// Forgets the addresses of whoever works no longer at the centre for which they were set, and codes that have ended: after an import at
/// once, for a server that does not run.
///
/// # Errors
/// [`DatabaseError`].
pub async fn erase_ended(database: &Database, now: Timestamp) -> Result<(), DatabaseError> {
    database
        .write(|transaction| async move {
            let working = accounts::list_working(&transaction).await?;
            store::erase_ended(&transaction, &working, now).await
        })
        .await
}
