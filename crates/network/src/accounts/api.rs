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
use envelope::mailbox::{Nonce, NonceLabel, sign_in_payload};
use envelope::signature::{PublicKey, Signature, SignedType};
use platform::door::Visitor;
use platform::texts::Language;
use platform::web::sessions::{SessionToken, clear_cookie};
use platform::web::{PlatformError, csrf, json, origin};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::access::{Operator, sign_in_address};
use super::model::{AccountName, Life};
use super::secrets::Use;
use super::store;
use crate::App;

/// The Ed25519 base point. Nobody knows its secret: a signature for an unknown account is verified against it, and fails, in the
/// same time as one for a known account.
const NOBODYS_KEY: [u8; 32] = [
    0x58, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
    0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
];

const MALFORMED: PlatformError = PlatformError::Refused(StatusCode::BAD_REQUEST, "malformed");
const NOT_SIGNED_IN: PlatformError = PlatformError::Refused(StatusCode::FORBIDDEN, "sign-in");

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
}

#[derive(Serialize)]
struct SignedIn {
    slot: String,
    person: Uuid,
    csrf: String,
}

/// `POST /console/sign-in`: the answer to the challenge; gives the cookie, the slot and the token for calls.
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
        Err(seconds) => return Ok(wait(seconds)),
    };
    let slot = match &account {
        Some(account) => store::find_slot(app.platform.database.read(), account).await?,
        None => None,
    };
    let known_key: Option<[u8; 32]> =
        slot.as_ref().and_then(|slot| slot.login_key.as_slice().try_into().ok());
    let key = PublicKey::from_bytes(&known_key.unwrap_or(NOBODYS_KEY)).map_err(|_| NOT_SIGNED_IN)?;
    let payload = sign_in_payload(&nonce, &request.account);
    let is_signed = key.verifies(SignedType::SignIn, &payload, &signature);
    let slot = slot.filter(|_| is_signed && known_key.is_some()).ok_or(NOT_SIGNED_IN)?;
    let person = store::find_person(app.platform.database.read(), slot.person)
        .await?
        .filter(|person| person.centre.is_some() && !person.suspended)
        .ok_or(NOT_SIGNED_IN)?;

    app.delays.forgive(&attempt);

    // Only what was answered rightly counts as used: whoever answers wrongly fills no memory and locks nobody out (section 6).
    match app.used_nonces.take(*nonce.as_bytes(), now) {
        Use::First => {}
        Use::Again => return Err(PlatformError::Refused(StatusCode::BAD_REQUEST, "nonce")),
        Use::Full => return Err(PlatformError::Refused(StatusCode::SERVICE_UNAVAILABLE, "busy")),
    }

    // Every sign-in takes a new cookie; a session that the browser still had ends.
    let old = SessionToken::of_request(&app.platform.site, &headers).map(|token| token.id());
    let token = SessionToken::random(&mut app.platform.random.clone());
    let id = token.id();
    let life = Life::begin(now, app.session_lengths());
    let person_id = person.id;
    let centre = person.centre.ok_or(NOT_SIGNED_IN)?;
    let signed_in = Act::of_centre(ActKind::SignedIn, Some(person_id), centre, person_id);
    let (app, account, login_key) = (&app, account.as_ref(), &slot.login_key);
    app.platform
        .database
        .write(|transaction| async move {
            // What was proved a moment ago must still be so: new keys and a suspension end sessions, and would miss this one.
            let still = match account {
                Some(account) => store::find_slot(&transaction, account).await?,
                None => None,
            };
            let person = store::find_person(&transaction, person_id).await?;
            let is_still = still.is_some_and(|still| still.login_key == *login_key)
                && person.is_some_and(|person| person.centre == Some(centre) && !person.suspended);
            if !is_still {
                return Err(NOT_SIGNED_IN);
            }
            if let Some(old) = &old {
                store::delete_session(&transaction, old).await?;
            }
            store::insert_session(&transaction, &id, person_id, life).await?;
            app.record(&transaction, signed_in).await?;
            Ok::<_, PlatformError>(())
        })
        .await?;
    if let Some(old) = &old {
        app.platform.secrets.end(old);
    }
    app.platform.secrets.begin(id, now, &mut app.platform.random.clone());
    let body = SignedIn { slot: to_base64(&slot.sealed), person: person.id, csrf: csrf::token(&token) };
    let cookie = AppendHeaders([token.set_cookie(&app.platform.site)]);
    Ok((cookie, json(StatusCode::OK, &body)).into_response())
}

/// Too many wrong answers for this account from this network: not yet.
fn wait(seconds: u32) -> Response {
    let (status, code) = (StatusCode::TOO_MANY_REQUESTS, "wait");
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
    let Some(operator) = Operator::of_request(&app, &headers).await? else {
        let cookie = AppendHeaders([clear_cookie(&app.platform.site)]);
        return Ok((cookie, Redirect::to(&sign_in_address(language))).into_response());
    };
    let is_call = csrf::header_matches(operator.token(), &headers);
    let is_form = form.is_ok_and(|Form(form)| csrf::matches(operator.token(), &form.csrf));
    if !(origin::is_own(&app.platform.site, &headers) && (is_call || is_form)) {
        return Err(PlatformError::Refused(StatusCode::FORBIDDEN, "origin"));
    }
    let id = operator.token().id();
    app.platform.secrets.end(&id);
    app.platform
        .database
        .write(|transaction| async move { store::delete_session(&transaction, &id).await })
        .await?;
    let cookie = AppendHeaders([clear_cookie(&app.platform.site)]);
    if is_call {
        return Ok((cookie, StatusCode::NO_CONTENT).into_response());
    }
    let language = Language::find(&operator.person().language).unwrap_or(language);
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
