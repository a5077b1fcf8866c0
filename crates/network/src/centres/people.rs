//! Who works at a centre and as what: the page, and what its forms do. Works without a script.
//!
//! Invariant: nobody changes what she herself may; every change ends the sessions of the person it is about (docs/adr/0019). Each form
//! answers with 303 to the page, which says what was done or why nothing was.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query, State as AppState};
use axum::response::Response;
use envelope::audit::act::{Act, ActKind};
use platform::database::DatabaseError;
use platform::texts::{Language, Texts};
use platform::web::{PlatformError, Shell, render};
use policy::verb::InboxVerb;
use policy::{Inbox, Policy, Role, Roles};
use serde::Deserialize;
use uuid::Uuid;

use super::access::{MayChangeRoles, MayReadPeople, MayStateLeave, NoRight};
use super::words::channel_text;
use crate::App;
use crate::accounts::{self, Console, ConsoleForm, OfPage, Operator, PageOperator, Person, back};
use crate::centres::Channel;

/// A role as a box to tick.
struct RoleChoice {
    name: &'static str,
    text: &'static str,
    held: bool,
}

/// One colleague.
struct PersonRow {
    id: Uuid,
    name: String,
    account: String,
    roles: String,
    channels: String,
    suspended: bool,
    /// The roles as words, for the form.
    seen: String,
    /// Boxes, where whoever looks may change them.
    choices: Option<Vec<RoleChoice>>,
}

#[derive(Template)]
#[template(path = "centres/templates/people.html")]
struct PeoplePage {
    shell: Shell,
    console: Console,
    said: Option<&'static str>,
    refusal: Option<&'static str>,
    may_change: bool,
    /// Whether she may state that a colleague has left.
    may_state_leave: bool,
    /// Channels that the centre offers and nobody can read now.
    unread: Vec<&'static str>,
    rows: Vec<PersonRow>,
}

/// The boxes that were ticked, and the language of the page.
#[derive(Deserialize)]
pub(super) struct RolesForm {
    language: String,
    /// The roles that the page showed.
    seen: String,
    #[serde(flatten)]
    boxes: HashMap<String, String>,
}

/// Why a form did nothing.
#[derive(Debug, thiserror::Error)]
enum Undone {
    #[error("own")]
    Own,
    #[error("not-found")]
    NotFound,
    #[error("none")]
    NoRole,
    /// Somebody else changed her roles since the page was shown.
    #[error("changed")]
    Changed,
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl From<NoRight> for Undone {
    fn from(reason: NoRight) -> Self {
        match reason {
            NoRight::NotFound => Self::NotFound,
            NoRight::Own => Self::Own,
        }
    }
}

/// `GET /{lang}/console/people`: everybody of the operator's centre.
pub(super) async fn people(
    AppState(app): AppState<App>,
    language: Language,
    PageOperator(operator): PageOperator,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, PlatformError> {
    let may = MayReadPeople::of(&app, &operator).ok_or(PlatformError::NotFound)?;
    let shell = Shell::console(&app.platform, language, "/console/people", Some(operator.csrf()));
    let t = shell.t;
    let people = accounts::list_people(app.platform.database.read(), may.centre()).await?;
    let own = operator.person().id;
    let row = |person| row_of(&app, t, &may, own, person);
    render(&PeoplePage {
        console: Console::of(&app, &operator),
        said: match query.get("said").map(String::as_str) {
            Some("saved") => Some(t.people_said_saved()),
            Some("suspended") => Some(t.people_said_suspended()),
            Some("returned") => Some(t.people_said_returned()),
            Some("left") => Some(t.people_said_left()),
            _ => None,
        },
        refusal: match query.get("refused").map(String::as_str) {
            Some("own") => Some(t.people_refused_own()),
            Some("not-found") => Some(t.people_refused_not_found()),
            Some("none") => Some(t.people_refused_none()),
            Some("changed") => Some(t.people_refused_changed()),
            _ => None,
        },
        may_change: may.may_change(),
        may_state_leave: MayStateLeave::of_anybody(&app, &operator),
        unread: unread(&app, may.centre(), &people)
            .into_iter()
            .map(|channel| channel_text(t, channel))
            .collect(),
        rows: people.into_iter().map(row).collect(),
        shell,
    })
}

fn row_of(app: &App, t: Texts, may: &MayReadPeople, own: Uuid, person: Person) -> PersonRow {
    let texts: Vec<&str> = person.roles.iter().map(|role| role_text(t, *role)).collect();
    let channels: Vec<&str> = app
        .centres
        .channels_of(may.centre(), person.id)
        .into_iter()
        .map(|channel| channel_text(t, channel))
        .collect();
    let choice = |role: Role| RoleChoice {
        name: role.name(),
        text: role_text(t, role),
        held: person.roles.contains(&role),
    };
    let choices = (may.may_change() && person.id != own).then(|| Role::ALL.into_iter().map(choice).collect());
    PersonRow {
        id: person.id,
        roles: texts.join(" · "),
        channels: if channels.is_empty() {
            t.people_channel_none().to_owned()
        } else {
            channels.join(" · ")
        },
        suspended: person.suspended,
        seen: words(&person.roles),
        choices,
        name: person.name,
        account: person.account,
    }
}

/// `POST /console/people/{person}/roles`: a colleague has exactly the roles that were ticked.
pub(super) async fn roles(
    AppState(app): AppState<App>,
    Path(person): Path<String>,
    form: ConsoleForm<RolesForm>,
) -> Result<Response, PlatformError> {
    let person = parse(&person)?;
    let roles: Roles =
        Role::ALL.into_iter().filter(|role| form.fields.boxes.contains_key(role.name())).collect();
    if roles.is_empty() {
        return answer(&form.fields.language, Err(Undone::NoRole));
    }
    let (app, operator, roles, seen) = (&app, &form.operator, &roles, &form.fields.seen);
    let outcome = app
        .platform
        .database
        .write(|transaction| async move {
            let may = MayChangeRoles::find(app, &transaction, operator, person).await??;
            if words(may.roles()) != *seen {
                return Err(Undone::Changed);
            }
            if may.roles() == roles {
                return Ok("saved");
            }
            accounts::amend_roles(&transaction, may.person(), may.centre(), roles).await?;
            app.record(&transaction, act(ActKind::RoleChanged, operator, &may)).await?;
            Ok::<_, Undone>("saved")
        })
        .await;
    answer(&form.fields.language, outcome)
}

/// `POST /console/people/{person}/suspend`: a colleague does not get in any more, from now on.
pub(super) async fn suspend(
    AppState(app): AppState<App>,
    Path(person): Path<String>,
    form: ConsoleForm<OfPage>,
) -> Result<Response, PlatformError> {
    set_suspended(&app, parse(&person)?, form, true).await
}

/// `POST /console/people/{person}/return`: a suspended colleague gets in again, with the roles she had.
pub(super) async fn come_back(
    AppState(app): AppState<App>,
    Path(person): Path<String>,
    form: ConsoleForm<OfPage>,
) -> Result<Response, PlatformError> {
    set_suspended(&app, parse(&person)?, form, false).await
}

async fn set_suspended(
    app: &App,
    person: Uuid,
    form: ConsoleForm<OfPage>,
    suspended: bool,
) -> Result<Response, PlatformError> {
    let operator = &form.operator;
    let outcome = app
        .platform
        .database
        .write(|transaction| async move {
            let may = MayChangeRoles::find(app, &transaction, operator, person).await??;
            if may.is_suspended() != suspended {
                accounts::amend_suspended(&transaction, may.person(), suspended).await?;
                let kind = if suspended { ActKind::Suspended } else { ActKind::Returned };
                app.record(&transaction, act(kind, operator, &may)).await?;
            }
            Ok::<_, Undone>(if suspended { "suspended" } else { "returned" })
        })
        .await;
    answer(&form.fields.language, outcome)
}

/// What somebody does to a colleague, for the log.
fn act(kind: ActKind, operator: &Operator, may: &MayChangeRoles) -> Act {
    Act::of_centre(kind, Some(operator.person().id), may.centre(), may.person())
}

/// Roles as one word, to notice that they are others than those shown.
fn words(roles: &Roles) -> String {
    roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(" ")
}

/// The channels that a centre offers and that nobody who is not suspended may list.
fn unread(app: &App, centre: Uuid, people: &[Person]) -> Vec<Channel> {
    let reads = |person: &Person, channel| {
        let facts = app.centres.facts_of(centre, person.id, person.roles.clone());
        !person.suspended && Policy::current().may_inbox(&facts, InboxVerb::List, Inbox { centre, channel })
    };
    let offered = app.centres.channels_offered(centre).into_iter();
    offered.filter(|channel| !people.iter().any(|person| reads(person, *channel))).collect()
}

fn parse(person: &str) -> Result<Uuid, PlatformError> {
    Uuid::try_parse(person).map_err(|_| PlatformError::NotFound)
}

fn answer(language: &str, outcome: Result<&'static str, Undone>) -> Result<Response, PlatformError> {
    let told = match outcome {
        Ok(said) => format!("said={said}"),
        Err(Undone::Database(error)) => return Err(error.into()),
        Err(refused) => format!("refused={refused}"),
    };
    Ok(back(language, "/console/people", &told))
}

/// What a role is called.
fn role_text(t: Texts, role: Role) -> &'static str {
    match role {
        Role::Operator => t.people_role_operator(),
        Role::Supervisor => t.people_role_supervisor(),
        Role::Administrator => t.people_role_administrator(),
        Role::Mediator => t.people_role_mediator(),
        Role::Lawyer => t.people_role_lawyer(),
        Role::SocialWorker => t.people_role_social_worker(),
        Role::Volunteer => t.people_role_volunteer(),
        Role::RoomKeeper => t.people_role_room_keeper(),
        Role::PoliceLiaison => t.people_role_police_liaison(),
        Role::Coordinator => t.people_role_coordinator(),
        Role::Trainer => t.people_role_trainer(),
        Role::ProjectManager => t.people_role_project_manager(),
        Role::Editor => t.people_role_editor(),
        Role::Researcher => t.people_role_researcher(),
        Role::Auditor => t.people_role_auditor(),
        Role::DataProtectionOfficer => t.people_role_data_protection_officer(),
        Role::SystemAdministrator => t.people_role_system_administrator(),
    }
}
