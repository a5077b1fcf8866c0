//! Who somebody is: witnesses with private constructors, which handlers and other slices' stores demand.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use platform::config::SecondFactor;
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

/// A session that holds, and its person. Where a second factor is required and it began without one, it opens nothing but the page on which
/// she enrols it, and the way out.
#[derive(Clone, Debug)]
pub(super) struct SignedIn {
    person: Person,
    centre: Uuid,
    token: SessionToken,
    with_factor: bool,
}

impl SignedIn {
    /// The person.
    pub(super) fn person(&self) -> &Person {
        &self.person
    }

    /// The centre this person works for.
    pub(super) fn centre(&self) -> Uuid {
        self.centre
    }

    /// The cookie's token.
    pub(super) fn token(&self) -> &SessionToken {
        &self.token
    }

    /// The token that forms and calls repeat.
    pub(super) fn csrf(&self) -> String {
        csrf::token(&self.token)
    }

    /// Whether her session is there in a transaction.
    pub(super) async fn is_still_there(
        &self,
        connection: &impl ConnectionTrait,
    ) -> Result<bool, DatabaseError> {
        Ok(store::find_session(connection, &self.token.id()).await?.is_some())
    }

    /// Whether only the passphrase was shown where more is required.
    pub(super) fn is_begun_only(&self, app: &App) -> bool {
        !self.with_factor && app.platform.session.second_factor == SecondFactor::Required
    }

    /// The operator: the only way to one.
    ///
    /// # Errors
    /// Itself, where the second factor is required and was not shown.
    pub(super) fn into_operator(self, app: &App) -> Result<Operator, Box<Self>> {
        if self.is_begun_only(app) {
            Err(Box::new(self))
        } else {
            Ok(Operator { signed_in: self, lines: Vec::new() })
        }
    }

    /// The session of a request's cookie, if it holds; notes the use.
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
        let (person, with_factor) = (found.person, found.with_factor);
        let centre = person.centre.filter(|_| !person.suspended);
        Ok(centre.map(|centre| Self { person, centre, token, with_factor }))
    }
}

/// A person who is signed in at a centre, whatever she does there: what she may is asked of the rules (docs/roles.md). Exists only for a
/// session that holds and, where a second factor is required, began with it.
///
/// As an extractor it guards API calls: without a session 401 `signed-out`, before the second factor 403 `factor`; a call that changes
/// something also needs the header `X-Approdo-Csrf` and a page of ours as its origin, else 403 `origin`.
#[derive(Clone, Debug)]
pub struct Operator {
    signed_in: SignedIn,
    lines: Vec<ConsoleLine>,
}

impl Operator {
    /// The person.
    #[must_use]
    pub fn person(&self) -> &Person {
        &self.signed_in.person
    }

    /// The centre this person works for.
    #[must_use]
    pub fn centre(&self) -> Uuid {
        self.signed_in.centre
    }

    /// The token that forms and calls repeat.
    #[must_use]
    pub fn csrf(&self) -> String {
        self.signed_in.csrf()
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
        self.signed_in.is_still_there(connection).await
    }

    /// What waits for her, where she looks at a page; else nothing was asked.
    pub(super) fn lines(&self) -> &[ConsoleLine] {
        &self.lines
    }

    /// The cookie's token, for this slice alone.
    pub(super) fn token(&self) -> &SessionToken {
        &self.signed_in.token
    }

    /// The session, for this slice alone.
    pub(super) fn signed_in(&self) -> &SignedIn {
        &self.signed_in
    }
}

impl FromRequestParts<App> for Operator {
    type Rejection = PlatformError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let signed_in = SignedIn::of_request(app, &parts.headers)
            .await?
            .ok_or(PlatformError::Refused(StatusCode::UNAUTHORIZED, "signed-out"))?;
        let is_ours = origin::is_own(&app.platform.site, &parts.headers)
            && csrf::header_matches(&signed_in.token, &parts.headers);
        if !parts.method.is_safe() && !is_ours {
            return Err(PlatformError::Refused(StatusCode::FORBIDDEN, "origin"));
        }
        signed_in.into_operator(app).map_err(|_| PlatformError::Refused(StatusCode::FORBIDDEN, "factor"))
    }
}

/// A [`SignedIn`] who looks at a page; without a session she is sent to the sign-in page.
#[derive(Clone, Debug)]
pub(super) struct PageSignedIn(pub(super) SignedIn);

impl FromRequestParts<App> for PageSignedIn {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let language = Language::of_path(parts.uri.path()).unwrap_or_default();
        let found = SignedIn::of_request(app, &parts.headers).await;
        found.map_err(IntoResponse::into_response)?.map(Self).ok_or_else(|| {
            let address = sign_in_address(language);
            // Who brings a session that has ended is told so; who brings none is only asked to sign in.
            let ended = SessionToken::of_request(&app.platform.site, &parts.headers).is_some();
            Redirect::to(&if ended { address + "?locked" } else { address }).into_response()
        })
    }
}

/// An [`Operator`] who looks at a page, which tells her what waits; without a session she is sent to the sign-in page, and before the second
/// factor to the one on which she enrols it.
#[derive(Clone, Debug)]
pub struct PageOperator(pub Operator);

impl PageOperator {
    /// This slice comes before those that know what waits: the product asks them.
    pub(super) async fn of(app: &App, operator: Operator, language: Language) -> Result<Self, DatabaseError> {
        let lines = app.console_lines(&operator, language).await?;
        Ok(Self(Operator { lines, ..operator }))
    }
}

impl FromRequestParts<App> for PageOperator {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let language = Language::of_path(parts.uri.path()).unwrap_or_default();
        let PageSignedIn(signed_in) = PageSignedIn::from_request_parts(parts, app).await?;
        let operator = signed_in.into_operator(app).map_err(|_| to_factor(language))?;
        let page = Self::of(app, operator, language).await;
        page.map_err(|error| PlatformError::from(error).into_response())
    }
}

/// To the page on which a second factor is enrolled.
pub(super) fn to_factor(language: Language) -> Response {
    Redirect::to(&format!("/{}/console/factor", language.code())).into_response()
}

/// The address of the sign-in page in a language.
pub(super) fn sign_in_address(language: Language) -> String {
    format!("/{}/console/sign-in", language.code())
}
