//! Sign-in by challenge, sign-out, and the session key (docs/http.md; protocol sections 6 and 12.5).

use axum::Form;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::FormRejection;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse as _, Redirect, Response};
use envelope::audit::act::{Act, ActKind};
use envelope::encoding::{from_base64, to_base64};
use envelope::mailbox::{Nonce, NonceLabel};
use envelope::signature::Signature;
use platform::config::SecondFactor;
use platform::door::Visitor;
use platform::texts::Language;
use platform::web::sessions::{SessionToken, clear_cookie};
use platform::web::{PlatformError, csrf, json, origin};
use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::access::{Operator, SignedIn, sign_in_address};
use super::factor::{CodeRefusal, Proved};
use super::model::{AccountName, Life, Slot};
use super::passphrase::is_signed;
use super::secrets::Use;
use super::store;
use crate::App;

const MALFORMED: PlatformError = PlatformError::Refused(StatusCode::BAD_REQUEST, "malformed");
const NOT_SIGNED_IN: PlatformError = PlatformError::Refused(StatusCode::FORBIDDEN, "sign-in");
const CODE: PlatformError = PlatformError::Refused(StatusCode::FORBIDDEN, "code");
const WAIT: (StatusCode, &str) = (StatusCode::TOO_MANY_REQUESTS, "wait");
const CODE_WAIT: (StatusCode, &str) = (StatusCode::TOO_MANY_REQUESTS, "code-wait");
const CODE_WRONG: PlatformError = PlatformError::Refused(StatusCode::FORBIDDEN, "code-wrong");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChallengeRequest {
    account: String,
}

#[derive(Serialize)]
struct Challenge {
    salt: String,
    nonce: String,
}

/// `POST /console/sign-in/challenge`: the salt of an account and a nonce, alike for accounts that do not exist.
pub(super) async fn challenge(
    State(app): State<App>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, PlatformError> {
    let request: ChallengeRequest = parse_own(&app, &headers, &body)?;
    // A name that cannot exist is asked for like one that could.
    let account = AccountName::parse(&request.account);
    let invented = app.installation.salt_for(account.as_ref().map_or(&request.account, AccountName::as_str));
    let slot = match &account {
        Some(account) => store::find_slot(app.platform.database.read(), account).await?,
        None => None,
    };
    let nonce = app.platform.nonces.issue(
        NonceLabel::SignIn.name(),
        app.platform.now(),
        &mut app.platform.random.clone(),
    );
    let salt = slot.map_or_else(|| invented.to_vec(), |slot| slot.salt);
    Ok(json(StatusCode::OK, &Challenge { salt: to_base64(&salt), nonce: to_base64(&nonce) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignInRequest {
    account: String,
    nonce: String,
    signature: String,
    /// Of the second factor; the page asks for it after 403 `code`.
    #[serde(default)]
    code: String,
}

#[derive(Serialize)]
struct SignedInNow {
    /// None before the second factor: such a session opens nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    slot: Option<String>,
    person: Uuid,
    csrf: String,
}

/// What was proved about somebody who signs in.
struct Entry<'a> {
    account: &'a AccountName,
    slot: Slot,
    centre: Uuid,
    code: Option<Proved>,
}

impl Entry<'_> {
    /// What was proved a moment ago must still be so in the transaction that lets her in, which uses the code up: new keys and a suspension end
    /// sessions, and would miss this one.
    async fn take(&self, transaction: &impl ConnectionTrait) -> Result<(), PlatformError> {
        let slot = store::find_slot(transaction, self.account).await?;
        let person = store::find_person(transaction, self.slot.person).await?;
        let is_still = slot.is_some_and(|slot| slot.login_key == self.slot.login_key)
            && person.is_some_and(|person| person.centre == Some(self.centre) && !person.suspended);
        if !is_still {
            return Err(NOT_SIGNED_IN);
        }
        match &self.code {
            Some(code) if !code.take(transaction).await? => Err(CODE_WRONG),
            None if store::factor::find(transaction, self.slot.person).await?.is_some() => Err(CODE),
            _ => Ok(()),
        }
    }

    /// What the log says of it.
    fn acts(&self) -> impl Iterator<Item = Act> {
        let (person, centre) = (self.slot.person, self.centre);
        let used = self.code.as_ref().is_some_and(Proved::is_backup).then_some(ActKind::BackupCodeUsed);
        let kinds = used.into_iter().chain([ActKind::SignedIn]);
        kinds.map(move |kind| Act::of_centre(kind, Some(person), centre, person))
    }
}

/// `POST /console/sign-in`: the answer to the challenge, with a code where the person has a second factor; gives the cookie, the slot and the
/// token for calls.
pub(super) async fn sign_in(
    State(app): State<App>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, PlatformError> {
    let request: SignInRequest = parse_own(&app, &headers, &body)?;
    let nonce = from_base64(&request.nonce).map_err(|_| MALFORMED)?;
    let nonce = Nonce::from_slice(&nonce).map_err(|_| MALFORMED)?;
    let signature = Signature::parse(&request.signature).map_err(|_| MALFORMED)?;
    let now = app.platform.now();
    app.platform
        .nonces
        .check(NonceLabel::SignIn.name(), nonce.as_bytes(), now)
        .map_err(|_| PlatformError::Refused(StatusCode::BAD_REQUEST, "nonce"))?;
    // Before anything is asked about the account: the delay is the same for every name, and so is the way to it.
    let account = AccountName::parse(&request.account);
    let name = account.as_ref().map_or(request.account.as_str(), AccountName::as_str);
    let attempt = match app.delays.begin(name, visitor.network(), now) {
        Ok(attempt) => attempt,
        Err(seconds) => return Ok(wait(WAIT, seconds)),
    };
    let slot = match &account {
        Some(account) => store::find_slot(app.platform.database.read(), account).await?,
        None => None,
    };
    let is_signed = is_signed(slot.as_ref(), &nonce, &request.account, &signature);
    let slot = slot.filter(|_| is_signed).ok_or(NOT_SIGNED_IN)?;
    let person = store::find_person(app.platform.database.read(), slot.person)
        .await?
        .filter(|person| person.centre.is_some() && !person.suspended)
        .ok_or(NOT_SIGNED_IN)?;
    app.delays.forgive(&attempt);

    // Only who has the passphrase comes here, and learns that there is a second factor.
    let code = match store::factor::find(app.platform.database.read(), person.id).await? {
        None => None,
        Some(_) if request.code.trim().is_empty() => return Err(CODE),
        Some(factor) => match Proved::look_at(&app, person.id, &factor, &request.code).await {
            Ok(code) => Some(code),
            Err(CodeRefusal::Wrong) => return Err(CODE_WRONG),
            Err(CodeRefusal::Wait(seconds)) => return Ok(wait(CODE_WAIT, seconds)),
            Err(CodeRefusal::Database(error)) => return Err(error.into()),
        },
    };

    // Only what was answered rightly counts as used: whoever answers wrongly fills no memory and locks nobody out (section 6).
    match app.used_nonces.take(*nonce.as_bytes(), now) {
        Use::First => {}
        Use::Again => return Err(PlatformError::Refused(StatusCode::BAD_REQUEST, "nonce")),
        Use::Full => return Err(PlatformError::Refused(StatusCode::SERVICE_UNAVAILABLE, "busy")),
    }
    let (account, centre) = account.as_ref().zip(person.centre).ok_or(NOT_SIGNED_IN)?;
    begin(&app, &headers, Entry { account, slot, centre, code }).await
}

/// Begins a session. Every sign-in takes a new cookie; a session that the browser still had ends.
async fn begin(app: &App, headers: &HeaderMap, entry: Entry<'_>) -> Result<Response, PlatformError> {
    let now = app.platform.now();
    let old = SessionToken::of_request(&app.platform.site, headers).map(|token| token.id());
    let token = SessionToken::random(&mut app.platform.random.clone());
    let id = token.id();
    let life = Life::begin(now, app.session_lengths());
    let (old, entered) = (&old, &entry);
    app.platform
        .database
        .write(|transaction| async move {
            entered.take(&transaction).await?;
            if let Some(old) = old {
                store::delete_session(&transaction, old).await?;
            }
            let (person, with_factor) = (entered.slot.person, entered.code.is_some());
            store::insert_session(&transaction, &id, person, life, with_factor).await?;
            for act in entered.acts() {
                app.record(&transaction, act).await?;
            }
            Ok::<_, PlatformError>(())
        })
        .await?;
    if let Some(code) = &entry.code {
        code.forgive(app);
    }
    if let Some(old) = old {
        app.platform.secrets.end(old);
    }
    let is_whole = entry.code.is_some() || app.platform.session.second_factor == SecondFactor::Offered;
    if is_whole {
        app.platform.secrets.begin(id, now, &mut app.platform.random.clone());
    }
    let slot = is_whole.then(|| to_base64(&entry.slot.sealed));
    let body = SignedInNow { slot, person: entry.slot.person, csrf: csrf::token(&token) };
    let cookie = AppendHeaders([token.set_cookie(&app.platform.site)]);
    Ok((cookie, json(StatusCode::OK, &body)).into_response())
}

/// Too many wrong answers for this account from this network, or too many wrong codes of this person: not yet.
fn wait((status, code): (StatusCode, &str), seconds: u32) -> Response {
    let mut response = json(status, &serde_json::json!({ "code": code, "seconds": seconds }));
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}

#[derive(Deserialize)]
pub(super) struct SignOutForm {
    csrf: String,
}

/// `POST /console/sign-out`: ends session and session key. A form gets the sign-in page, a call an empty answer.
pub(super) async fn sign_out(
    State(app): State<App>,
    headers: HeaderMap,
    form: Result<Form<SignOutForm>, FormRejection>,
) -> Result<Response, PlatformError> {
    let language = Language::negotiate(&headers);
    let Some(signed_in) = SignedIn::of_request(&app, &headers).await? else {
        let cookie = AppendHeaders([clear_cookie(&app.platform.site)]);
        return Ok((cookie, Redirect::to(&sign_in_address(language))).into_response());
    };
    let is_call = csrf::header_matches(signed_in.token(), &headers);
    let is_form = form.is_ok_and(|Form(form)| csrf::matches(signed_in.token(), &form.csrf));
    if !(origin::is_own(&app.platform.site, &headers) && (is_call || is_form)) {
        return Err(PlatformError::Refused(StatusCode::FORBIDDEN, "origin"));
    }
    let id = signed_in.token().id();
    app.platform.secrets.end(&id);
    app.platform
        .database
        .write(|transaction| async move { store::delete_session(&transaction, &id).await })
        .await?;
    let cookie = AppendHeaders([clear_cookie(&app.platform.site)]);
    if is_call {
        return Ok((cookie, StatusCode::NO_CONTENT).into_response());
    }
    let language = Language::find(&signed_in.person().language).unwrap_or(language);
    Ok((cookie, Redirect::to(&sign_in_address(language))).into_response())
}

/// `GET /console/session-key`: the 32 bytes that only the server's memory holds (protocol section 6).
pub(super) async fn session_key(
    State(app): State<App>,
    operator: Operator,
) -> Result<Response, PlatformError> {
    let key = app
        .platform
        .secrets
        .find(&operator.token().id(), app.platform.now())
        .ok_or(PlatformError::Refused(StatusCode::UNAUTHORIZED, "signed-out"))?;
    Ok(([(CONTENT_TYPE, "application/octet-stream")], key.to_vec()).into_response())
}

/// A body in JSON that comes from a page of ours.
fn parse_own<T: serde::de::DeserializeOwned>(
    app: &App,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<T, PlatformError> {
    let parsed = serde_json::from_slice(body).map_err(|_| MALFORMED)?;
    if origin::is_own(&app.platform.site, headers) {
        Ok(parsed)
    } else {
        Err(PlatformError::Refused(StatusCode::FORBIDDEN, "origin"))
    }
}
