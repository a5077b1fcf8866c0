//! What every page of the console shares: who looks at it, and plain forms, which carry the session's token as a field.

use axum::Form;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use platform::texts::Language;
use platform::web::{PlatformError, csrf, origin};
use policy::Policy;
use policy::verb::{CentreVerb, InboxVerb};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::access::{Operator, SignedIn, sign_in_address, to_factor};
use crate::App;

/// Who looks at a page, for `accounts/templates/console.html`.
#[derive(Clone, Debug)]
pub struct Console {
    /// The person.
    pub person: Uuid,
    /// The person's name.
    pub name: String,
    /// The token for forms and calls.
    pub csrf: String,
    /// Seconds without a request after which the session ends.
    pub idle_seconds: i64,
    /// What waits, above everything else.
    pub lines: Vec<ConsoleLine>,
    /// Whether there is an inbox for her, and what hangs on it.
    pub has_inbox: bool,
    /// Whether she may read the log of her centre.
    pub has_log: bool,
}

/// A neutral line above every page of the console: that something waits, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleLine {
    /// What it says.
    pub text: String,
    /// Where it leads, from the language on: `/console/keeping`.
    pub path: &'static str,
}

impl Console {
    /// What the page shows of an operator.
    #[must_use]
    pub fn of(app: &App, operator: &Operator) -> Self {
        let facts = app.facts_of(operator);
        Self {
            person: operator.person().id,
            name: operator.person().name.clone(),
            csrf: operator.csrf(),
            idle_seconds: app.session_lengths().idle.as_secs(),
            lines: operator.lines().to_vec(),
            has_inbox: !Policy::current().scope(&facts, InboxVerb::List).is_empty(),
            has_log: Policy::current().may_centre(&facts, CentreVerb::ReadLog, operator.centre()),
        }
    }
}

/// A plain form of a console page, from a page of ours and with the session's token; all its fields are text.
///
/// As an extractor: without a session the way to the sign-in page in the language of the form (303), before the second factor to the page on
/// which it is enrolled (303), from elsewhere or without the token
/// 403 `origin`, else not read 400 `malformed`.
#[derive(Clone, Debug)]
pub struct ConsoleForm<T> {
    /// Who sent it.
    pub operator: Operator,
    /// What was typed.
    pub fields: T,
}

#[derive(Deserialize)]
struct WithToken<T> {
    csrf: String,
    #[serde(flatten)]
    fields: T,
}

/// A form that holds nothing but the language of the page that it stood in.
#[derive(Clone, Debug, Deserialize)]
pub struct OfPage {
    /// The language's code.
    pub language: String,
}

/// Back to the page of a form, which says what was done or why nothing was: `told` is `said=…` or `refused=…`, `path` begins with `/console`.
#[must_use]
pub fn back(language: &str, path: &str, told: &str) -> Response {
    let language = Language::find(language).unwrap_or_default().code();
    Redirect::to(&format!("/{language}{path}?{told}")).into_response()
}

/// As [`ConsoleForm`], also for a session that only opens the page of the second factor.
#[derive(Clone, Debug)]
pub(super) struct OwnForm<T> {
    /// Whose session.
    pub(super) signed_in: SignedIn,
    /// What was typed.
    pub(super) fields: T,
}

impl<T: DeserializeOwned> FromRequest<App> for OwnForm<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Self::Rejection> {
        let (signed_in, request) = find_session(request, app).await?;
        let fields = read_fields(request, app, &signed_in).await?;
        Ok(Self { signed_in, fields })
    }
}

impl<T: DeserializeOwned> FromRequest<App> for ConsoleForm<T> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Self::Rejection> {
        let (signed_in, request) = find_session(request, app).await?;
        let language = Language::find(&signed_in.person().language).unwrap_or_default();
        let operator = signed_in.into_operator(app).map_err(|_| to_factor(language))?;
        let fields = read_fields(request, app, operator.signed_in()).await?;
        Ok(Self { operator, fields })
    }
}

/// The session of a form, and the form.
async fn find_session(request: Request, app: &App) -> Result<(SignedIn, Request), Response> {
    let found = SignedIn::of_request(app, request.headers()).await;
    if let Some(signed_in) = found.map_err(IntoResponse::into_response)? {
        return Ok((signed_in, request));
    }
    // Who presses a button after the session has ended is told so, as on any other page.
    let page = Form::<OfPage>::from_request(request, app).await;
    let language = page.ok().and_then(|Form(page)| Language::find(&page.language)).unwrap_or_default();
    Err(Redirect::to(&(sign_in_address(language) + "?locked")).into_response())
}

/// What was typed, from a page of ours and with the token of the session.
async fn read_fields<T: DeserializeOwned>(
    request: Request,
    app: &App,
    signed_in: &SignedIn,
) -> Result<T, Response> {
    let is_own = origin::is_own(&app.platform.site, request.headers());
    let refused = |status, code| PlatformError::Refused(status, code).into_response();
    let Form(form) = Form::<WithToken<T>>::from_request(request, app)
        .await
        .map_err(|_| refused(StatusCode::BAD_REQUEST, "malformed"))?;
    if is_own && csrf::matches(signed_in.token(), &form.csrf) {
        Ok(form.fields)
    } else {
        Err(refused(StatusCode::FORBIDDEN, "origin"))
    }
}
