//! Where somebody is signed in: the page, and its one button. Works without a script.
//!
//! Nothing is kept of a device or a line, so the page can say when, and not where from.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::clock::ZONE;
use platform::texts::{Language, Texts};
use platform::web::{PlatformError, Shell, render};

use super::access::PageOperator;
use super::console::{Console, ConsoleForm, OfPage, back};
use super::model::Life;
use super::store;
use crate::App;

/// One session.
struct SessionRow {
    text: String,
    is_this: bool,
}

#[derive(Template)]
#[template(path = "accounts/templates/sessions.html")]
struct SessionsPage {
    shell: Shell,
    console: Console,
    said: bool,
    rows: Vec<SessionRow>,
    has_others: bool,
}

/// `GET /{lang}/console/sessions`: where the person is signed in now.
pub(super) async fn sessions(
    State(app): State<App>,
    language: Language,
    PageOperator(operator): PageOperator,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, PlatformError> {
    let shell = Shell::console(&app.platform, language, "/console/sessions", Some(operator.csrf()));
    let (now, lengths) = (app.platform.now(), app.session_lengths());
    let own = operator.token().id();
    let found = store::list_sessions(app.platform.database.read(), operator.person().id).await?;
    let rows: Vec<SessionRow> = found
        .into_iter()
        .filter(|(_, life)| life.holds(now, lengths))
        .map(|(id, life)| SessionRow {
            text: text_of(shell.t, life, now),
            is_this: id.as_slice() == own.as_slice(),
        })
        .collect();
    render(&SessionsPage {
        console: Console::of(&app, &operator),
        said: query.get("said").is_some_and(|said| said == "ended"),
        has_others: rows.iter().any(|row| !row.is_this),
        rows,
        shell,
    })
}

/// When a session began and was last used, in the time of the centres.
fn text_of(t: Texts, life: Life, now: Timestamp) -> String {
    let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
    let (began, today) = (life.created.to_zoned(zone.clone()), now.to_zoned(zone));
    let time = began.strftime("%-H:%M").to_string();
    let minutes = now.duration_since(life.seen).as_mins().max(0);
    if began.date() == today.date() {
        t.account_session_today(minutes, time)
    } else {
        t.account_session_earlier(began.date().to_string(), minutes, time)
    }
}

/// `POST /console/sessions/end-others`: ends all sessions of the person but the one that asks.
pub(super) async fn end_others(
    State(app): State<App>,
    form: ConsoleForm<OfPage>,
) -> Result<Response, PlatformError> {
    let (person, own) = (form.operator.person().id, form.operator.token().id());
    let own = own.as_slice();
    let ended = app
        .platform
        .database
        .write(|transaction| async move { store::delete_other_sessions(&transaction, person, own).await })
        .await?;
    for id in ended.iter().filter_map(|id| id.as_slice().try_into().ok()) {
        app.platform.secrets.end(&id);
    }
    Ok(back(&form.fields.language, "/console/sessions", "said=ended"))
}
