//! Organisations, people, sign-in and sessions (protocol section 6).
//!
//! Who may: everybody may ask for a challenge; only who holds the passphrase can answer it. The server never sees a passphrase, and
//! an account that does not exist answers like one that does. Invariants: a session's cookie is never stored, only its hash; the
//! session key lives in memory only; an [`Operator`] exists only for a session that holds and, where it is required, began with a second
//! factor. See `docs/walkthroughs/sign-in.md`.

mod access;
mod api;
mod console;
mod delays;
#[expect(unreachable_pub, reason = "the derive macro demands public names; the module itself is private")]
mod entities;
mod factor;
mod model;
mod pages;
mod passphrase;
mod roles;
mod secrets;
mod sessions;
mod store;

use axum::Router;
use axum::routing::{get, post};
use platform::database::DatabaseError;

pub use access::{Operator, PageOperator};
pub use console::{Console, ConsoleForm, ConsoleLine, OfPage, back};
pub use delays::SignInDelays;
pub use factor::{ForgetRefusal, forget_factor};
pub use model::{AccountName, Enrolled, Enrolment, Lengths, Person, Slot, Working};
pub use policy::Role;
pub use roles::{RoleRefusal, change_role};
pub use secrets::{InstallationSecret, UsedNonces};
pub(crate) use store::{
    amend_enrolment, amend_organisation, amend_roles, amend_suspended, end_roles_of_others, find_person,
    list_names, list_people, list_working,
};

use crate::App;

/// The addresses of this slice (docs/http.md).
pub fn router() -> Router<App> {
    Router::new()
        .route("/{lang}/console/sign-in", get(pages::sign_in))
        .route("/console/sign-in/challenge", post(api::challenge))
        .route("/console/sign-in", post(api::sign_in))
        .route("/console/sign-out", post(api::sign_out))
        .route("/console/session-key", get(api::session_key))
        .route("/{lang}/console/sessions", get(sessions::sessions))
        .route("/console/sessions/end-others", post(sessions::end_others))
        .route("/{lang}/console/factor", get(factor::factor))
        .route("/console/factor", post(factor::enrol))
        .route("/console/factor/replace", post(factor::replace))
        .route("/console/factor/codes", post(factor::renew_codes))
}

/// Regular work: removes sessions and session keys that no longer hold.
///
/// # Errors
/// [`DatabaseError`].
pub async fn housekeeping(app: &App) -> Result<(), DatabaseError> {
    let now = app.platform.now();
    app.platform.secrets.sweep(now);
    app.used_nonces.sweep(now);
    app.delays.sweep(now);
    app.code_delays.sweep(now);
    let lengths = app.session_lengths();
    app.platform
        .database
        .write(|transaction| async move { store::delete_ended_sessions(&transaction, now, lengths).await })
        .await?;
    Ok(())
}
