//! Who somebody is: witnesses with private constructors, which handlers and other slices' stores demand.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use platform::database::DatabaseError;
use platform::texts::Language;
use platform::web::sessions::SessionToken;
use platform::web::{PlatformError, csrf, origin};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::console::ConsoleLine;
use super::model::Person;
use super::store;
use crate::App;

/// A person who is signed in at a centre, whatever she does there: what she may is asked of the rules (docs/roles.md). Exists only for a
/// session that holds.
///
/// As an extractor it guards API calls: without a session 401 `signed-out`; a call that changes something also needs the header
/// `X-Approdo-Csrf` and a page of ours as its origin, else 403 `origin`.
#[derive(Clone, Debug)]
pub struct Operator {
    person: Person,
    centre: Uuid,
    token: SessionToken,
    lines: Vec<ConsoleLine>,
}

impl Operator {
    /// The person.
    #[must_use]
    pub fn person(&self) -> &Person {
        &self.person
    }

    /// The centre this person works for.
    #[must_use]
    pub fn centre(&self) -> Uuid {
        self.centre
    }

    /// The token that forms and calls repeat.
    #[must_use]
    pub fn csrf(&self) -> String {
        csrf::token(&self.token)
    }

    /// Whether her session is still there. Whatever takes rights from her ends it (docs/adr/0019), so a transaction that asks this decides
    /// with what is true in it, and not with what was true when the request came in.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub(crate) async fn is_still_signed_in(
        &self,
        connection: &impl ConnectionTrait,
    ) -> Result<bool, DatabaseError> {
        Ok(store::find_session(connection, &self.token.id()).await?.is_some())
    }

    /// What waits for her, where she looks at a page; else nothing was asked.
    pub(super) fn lines(&self) -> &[ConsoleLine] {
        &self.lines
    }

    /// The cookie's token, for this slice alone.
    pub(super) fn token(&self) -> &SessionToken {
        &self.token
    }

    /// The operator of a request's cookie, if its session holds; notes the use.
    pub(super) async fn of_request(app: &App, headers: &HeaderMap) -> Result<Option<Self>, PlatformError> {
        let Some(token) = SessionToken::of_request(&app.platform.site, headers) else {
            return Ok(None);
        };
        let id = token.id();
        let Some(found) = store::find_session(app.platform.database.read(), &id).await? else {
            return Ok(None);
        };
        let now = app.platform.now();
        if !found.life.holds(now, app.session_lengths()) {
            // For good: with a clock that was wrong and is right again it would seem to hold once more.
            app.platform.secrets.end(&id);
            app.platform
                .database
                .write(|transaction| async move { store::delete_session(&transaction, &id).await })
                .await?;
            return Ok(None);
        }
        if found.life.is_due(now) {
            app.platform
                .database
                .write(|transaction| async move { store::touch_session(&transaction, &id, now).await })
                .await?;
        }
        let person = found.person;
        let centre = person.centre.filter(|_| !person.suspended);
        Ok(centre.map(|centre| Self { person, centre, token, lines: Vec::new() }))
    }
}

impl FromRequestParts<App> for Operator {
    type Rejection = PlatformError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let operator = Self::of_request(app, &parts.headers)
            .await?
            .ok_or(PlatformError::Refused(StatusCode::UNAUTHORIZED, "signed-out"))?;
        let is_ours = origin::is_own(&app.platform.site, &parts.headers)
            && csrf::header_matches(&operator.token, &parts.headers);
        if parts.method.is_safe() || is_ours {
            Ok(operator)
        } else {
            Err(PlatformError::Refused(StatusCode::FORBIDDEN, "origin"))
        }
    }
}

/// An [`Operator`] who looks at a page, which tells her what waits; without a session she is sent to the sign-in page.
#[derive(Clone, Debug)]
pub struct PageOperator(pub Operator);

impl FromRequestParts<App> for PageOperator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let language = Language::of_path(parts.uri.path()).unwrap_or_default();
        match Operator::of_request(app, &parts.headers).await {
            Ok(Some(operator)) => {
                // This slice comes before those that know what waits: the product asks them.
                let lines = app.console_lines(&operator, language).await;
                let lines = lines.map_err(|error| PlatformError::from(error).into_response())?;
                Ok(Self(Operator { lines, ..operator }))
            }
            Ok(None) => {
                let address = sign_in_address(language);
                // Who brings a session that has ended is told so; who brings none is only asked to sign in.
                let ended = SessionToken::of_request(&app.platform.site, &parts.headers).is_some();
                Err(Redirect::to(&if ended { address + "?locked" } else { address }).into_response())
            }
            Err(error) => Err(error.into_response()),
        }
    }
}

/// The address of the sign-in page in a language.
pub(super) fn sign_in_address(language: Language) -> String {
    format!("/{}/console/sign-in", language.code())
}
