//! What every page of the console shares: who looks at it, and plain forms, which carry the session's token as a field.

use axum::Form;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use platform::web::{PlatformError, csrf, origin};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::access::Operator;
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
}

impl Console {
    /// What the page shows of an operator.
    #[must_use]
    pub fn of(app: &App, operator: &Operator) -> Self {
        Self {
            person: operator.person().id,
            name: operator.person().name.clone(),
            csrf: operator.csrf(),
            idle_seconds: app.session_lengths().idle.as_secs(),
        }
    }
}

/// A plain form of a console page, from a page of ours and with the session's token; all its fields are text.
///
/// As an extractor: without a session 401 `signed-out`, from elsewhere or without the token 403 `origin`, else not read 400 `malformed`.
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

impl<T: DeserializeOwned> FromRequest<App> for ConsoleForm<T> {
    type Rejection = PlatformError;

    async fn from_request(request: Request, app: &App) -> Result<Self, Self::Rejection> {
        let operator = Operator::of_request(app, request.headers())
            .await?
            .ok_or(PlatformError::Refused(StatusCode::UNAUTHORIZED, "signed-out"))?;
        let is_own = origin::is_own(&app.platform.site, request.headers());
        let Form(form) = Form::<WithToken<T>>::from_request(request, app)
            .await
            .map_err(|_| PlatformError::Refused(StatusCode::BAD_REQUEST, "malformed"))?;
        if is_own && csrf::matches(operator.token(), &form.csrf) {
            Ok(Self { operator, fields: form.fields })
        } else {
            Err(PlatformError::Refused(StatusCode::FORBIDDEN, "origin"))
        }
    }
}
