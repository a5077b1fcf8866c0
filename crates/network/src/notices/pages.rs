//! The page on which an operator says where notices reach her. It needs no script.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State as AppState};
use axum::response::Response;
use platform::texts::{Language, Texts};
use platform::web::{PlatformError, Shell, render};

use super::model::Wishes;
use super::store;
use crate::App;
use crate::accounts::{Console, PageOperator};

#[derive(Template)]
#[template(path = "notices/templates/notices.html")]
struct NoticesPage {
    shell: Shell,
    console: Console,
    said: Option<&'static str>,
    refusal: Option<&'static str>,
    /// The hours at which ordinary notices go, in words; `None` when no notices go by mail here.
    hours: Option<String>,
    address: Option<String>,
    asked: Option<String>,
    wants: bool,
    supervises: bool,
    refused: bool,
}

/// `GET /{lang}/console/notices`: where notices reach the operator, and of what she is told.
pub(super) async fn notices(
    AppState(app): AppState<App>,
    language: Language,
    PageOperator(operator): PageOperator,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, PlatformError> {
    let found = store::find(app.platform.database.read(), operator.person().id, operator.centre()).await?;
    let now = app.platform.now();
    let Wishes { address, wants, supervises, refused, asked } = found.unwrap_or_default();
    let shell = Shell::console(&app.platform, language, "/console/notices", Some(operator.csrf()));
    let t = shell.t;
    render(&NoticesPage {
        console: Console::of(&app, &operator),
        said: said(t, &query),
        refusal: refusal(t, &query),
        hours: app.platform.mail.as_ref().map(|mailer| hours_text(t, mailer.hours())),
        address: address.map(|address| address.as_str().to_owned()),
        asked: asked.filter(|asked| asked.holds(now)).map(|asked| asked.address.as_str().to_owned()),
        wants,
        supervises,
        refused,
        shell,
    })
}

fn hours_text(t: Texts, hours: &[i8]) -> String {
    if hours.is_empty() {
        return t.notices_hours_none().to_owned();
    }
    let hours: Vec<String> = hours.iter().map(|hour| format!("{hour}:00")).collect();
    t.notices_hours(hours.join(", "))
}

/// What was done, as `?said=` tells it.
fn said(t: Texts, query: &HashMap<String, String>) -> Option<&'static str> {
    match query.get("said").map(String::as_str) {
        Some("asked") => Some(t.notices_said_asked()),
        Some("confirmed") => Some(t.notices_said_confirmed()),
        Some("saved") => Some(t.notices_said_saved()),
        Some("removed") => Some(t.notices_said_removed()),
        _ => None,
    }
}

/// Why nothing was done, as `?refused=` tells it.
fn refusal(t: Texts, query: &HashMap<String, String>) -> Option<&'static str> {
    match query.get("refused").map(String::as_str) {
        Some("address") => Some(t.notices_refused_address()),
        Some("code") => Some(t.notices_refused_code()),
        Some("wait") => Some(t.notices_refused_wait()),
        Some("server") => Some(t.notices_refused_server()),
        Some("no-mail") => Some(t.notices_no_mail()),
        _ => None,
    }
}
