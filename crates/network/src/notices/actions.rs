//! What the forms of the page do. Each answers with 303 to it, which says what was done or why nothing was.

use axum::extract::State as AppState;
use axum::response::Response;
use platform::database::DatabaseError;
use platform::mail::{Address, MailFailure};
use platform::texts::Language;
use platform::web::PlatformError;
use serde::Deserialize;
use uuid::Uuid;

use super::model::{Asked, Code, Wishes};
use super::slots::quarter_of;
use super::{letters, store};
use crate::App;
use crate::accounts::{ConsoleForm, OfPage, Operator, back};

#[derive(Deserialize)]
pub(super) struct AddressForm {
    language: String,
    address: String,
}

#[derive(Deserialize)]
pub(super) struct CodeForm {
    language: String,
    code: String,
}

#[derive(Deserialize)]
pub(super) struct WishesForm {
    language: String,
    #[serde(default)]
    wants: String,
    #[serde(default)]
    supervises: String,
}

/// Why a form did nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Undone {
    Address,
    Code,
    Wait,
    Server,
    NoMail,
}

impl Undone {
    const fn word(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Code => "code",
            Self::Wait => "wait",
            Self::Server => "server",
            Self::NoMail => "no-mail",
        }
    }
}

/// `POST /console/notices/address`: sends a code to an address. It gets notices once the code was typed.
pub(super) async fn address(
    AppState(app): AppState<App>,
    form: ConsoleForm<AddressForm>,
) -> Result<Response, PlatformError> {
    let outcome = ask(&app, &form.operator, &form.fields.address).await?;
    Ok(answer(&form.fields.language, outcome))
}

async fn ask(
    app: &App,
    operator: &Operator,
    typed: &str,
) -> Result<Result<&'static str, Undone>, DatabaseError> {
    let Some(mailer) = &app.platform.mail else { return Ok(Err(Undone::NoMail)) };
    let Some(address) = Address::parse(typed) else { return Ok(Err(Undone::Address)) };
    let (person, centre, now) = (operator.person().id, operator.centre(), app.platform.now());
    // Whoever holds a session must not be able to write to strangers as often as they like.
    if !app.notices.may_ask(person, now) {
        return Ok(Err(Undone::Wait));
    }
    let code = Code::random(&app.platform.random);
    let asked = &Asked::now(address.clone(), &code, person, now);
    amend(app, person, centre, |wishes| Some(wishes.asking(asked.clone()))).await?;
    let language = Language::find(&operator.person().language).unwrap_or_default();
    let letter = letters::confirmation(&address, language, &code, quarter_of(now));
    let handed = match mailer.connect().await {
        Ok(mut handover) => {
            let handed = handover.send(&letter).await;
            handover.close().await;
            handed
        }
        Err(failure) => Err(failure),
    };
    let Err(failure) = handed else { return Ok(Ok("asked")) };
    amend(app, person, centre, |wishes| Some(Wishes { asked: None, ..wishes })).await?;
    Ok(Err(match failure {
        MailFailure::Refused(_) => Undone::Address,
        MailFailure::NotNow(_) | MailFailure::Server(_) => {
            tracing::warn!(cause = %failure, "a code for an address was not sent");
            Undone::Server
        }
    }))
}

/// `POST /console/notices/confirm`: the code confirms the address that waits.
pub(super) async fn confirm(
    AppState(app): AppState<App>,
    form: ConsoleForm<CodeForm>,
) -> Result<Response, PlatformError> {
    let (person, centre, now) = (form.operator.person().id, form.operator.centre(), app.platform.now());
    let code = &Code::parse(&form.fields.code);
    let confirmed = amend(&app, person, centre, |wishes| {
        code.as_ref().and_then(|code| wishes.confirmed(code, person, now).ok())
    });
    let outcome = if confirmed.await? { Ok("confirmed") } else { Err(Undone::Code) };
    Ok(answer(&form.fields.language, outcome))
}

/// `POST /console/notices/wishes`: of what the operator is told.
pub(super) async fn wishes(
    AppState(app): AppState<App>,
    form: ConsoleForm<WishesForm>,
) -> Result<Response, PlatformError> {
    let (person, centre) = (form.operator.person().id, form.operator.centre());
    let (wants, supervises) = (!form.fields.wants.is_empty(), !form.fields.supervises.is_empty());
    amend(&app, person, centre, |wishes| Some(Wishes { wants, supervises, ..wishes })).await?;
    Ok(answer(&form.fields.language, Ok("saved")))
}

/// `POST /console/notices/remove`: the address, what waits to be confirmed, and the wishes go.
pub(super) async fn remove(
    AppState(app): AppState<App>,
    form: ConsoleForm<OfPage>,
) -> Result<Response, PlatformError> {
    let person = form.operator.person().id;
    app.platform
        .database
        .write(|transaction| async move { store::erase(&transaction, person).await })
        .await?;
    Ok(answer(&form.fields.language, Ok("removed")))
}

/// Changes what a person wishes, as it stands in the transaction; `false` when the change was none.
async fn amend(
    app: &App,
    person: Uuid,
    centre: Uuid,
    change: impl Fn(Wishes) -> Option<Wishes> + Send + Sync,
) -> Result<bool, DatabaseError> {
    let change = &change;
    app.platform
        .database
        .write(|transaction| async move {
            let wishes = store::find(&transaction, person, centre).await?.unwrap_or_default();
            match change(wishes) {
                None => Ok(false),
                Some(wishes) => store::keep(&transaction, person, centre, &wishes).await.map(|()| true),
            }
        })
        .await
}

/// Back to the page.
fn answer(language: &str, outcome: Result<&'static str, Undone>) -> Response {
    let told = match outcome {
        Ok(word) => format!("said={word}"),
        Err(undone) => format!("refused={}", undone.word()),
    };
    back(language, "/console/notices", &told)
}
