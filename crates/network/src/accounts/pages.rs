//! The sign-in page. The island does the cryptography; without JavaScript the page says so.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use platform::texts::Language;
use platform::web::{PlatformError, Shell, render};

use crate::App;

#[derive(Template)]
#[template(path = "accounts/templates/sign_in.html")]
struct SignInPage {
    shell: Shell,
    locked: bool,
}

/// `GET /{lang}/console/sign-in`; `?locked` says why the session ended.
pub(super) async fn sign_in(
    State(app): State<App>,
    language: Language,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, PlatformError> {
    let shell = Shell::console(&app.platform, language, "/console/sign-in", None);
    render(&SignInPage { shell, locked: query.contains_key("locked") })
}
