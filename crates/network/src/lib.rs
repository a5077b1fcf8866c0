//! The product: one folder a subject. In the order in which slices may use each other (docs/adr/0006): accounts ← centres ←
//! guidance ← audit ← files ← reports ← keeping ← notices; [`backup`] and [`verify`] stand after them and are none.
//!
//! | slice | what it is |
//! |---|---|
//! | [`accounts`] | organisations, people, sign-in, sessions |
//! | [`centres`] | certificates, statements, channels, reading hours, import |
//! | [`guidance`] | pages for everybody: start, safety, rights, privacy |
//! | [`audit`] | who did what, as a tree that cannot be changed unnoticed |
//! | [`files`] | sealed files of reports and messages |
//! | [`reports`] | sealed reports, mailbox, inbox |
//! | [`keeping`] | terms, holds, shredding, tombstones |
//! | [`notices`] | telling operators that something waits |
//!
//! Invariant: nothing here can open a seal: neither `keyring` nor `age` is among the dependencies.

pub mod accounts;
mod app;
pub mod audit;
pub mod backup;
pub mod centres;
pub mod files;
pub mod guidance;
pub mod keeping;
pub mod migrations;
pub mod notices;
pub mod reports;
pub mod verify;

use axum::Router;

pub use app::App;

/// All addresses of the product, ready for `platform::web::wrap`.
pub fn router(app: App) -> Router {
    Router::new()
        .merge(accounts::router())
        .merge(centres::router())
        .merge(guidance::router())
        .merge(audit::router())
        .merge(files::router())
        .merge(reports::router())
        .merge(keeping::router())
        .merge(notices::router())
        .with_state(app)
}
