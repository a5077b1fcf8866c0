//! The keys of a centre's channels: the page that says who can read what until when, the page before a colleague's departure, and the line
//! above all pages when a key is due. What is signed is signed by their islands and taken in by `statements.rs`.

use std::collections::HashMap;

use askama::Template;
use axum::extract::{Path, Query, State as AppState};
use axum::response::Response;
use envelope::centre::VerifiedCentre;
use envelope::clock::Clock;
use envelope::duty::Channel;
use envelope::validity::is_next_epoch_due;
use jiff::Timestamp;
use platform::texts::{Language, Texts};
use platform::web::{PlatformError, Shell, render};
use uuid::Uuid;

use super::access::{MayMakeKey, MayReadPeople, MayStateLeave};
use super::cards::current_epoch;
use super::hours::day_of;
use super::leavers;
use super::public_pages::words::date_in_words;
use super::store::{self, Holder};
use super::words::channel_text;
use crate::App;
use crate::accounts::{self, Console, ConsoleLine, Operator, PageOperator, Person};

/// A channel and its newest key.
struct ChannelRow {
    word: &'static str,
    name: &'static str,
    /// Until when it is good, or that none is.
    state: String,
    is_due: bool,
    /// Who can open it, by name.
    can: Vec<String>,
    /// Colleagues who cannot.
    cannot: Vec<String>,
    /// Whoever left and whose old wraps are kept for now.
    kept: Vec<String>,
    may_make: bool,
}

#[derive(Template)]
#[template(path = "centres/templates/channels.html")]
struct ChannelsPage {
    shell: Shell,
    console: Console,
    said: Option<&'static str>,
    refusal: Option<&'static str>,
    rows: Vec<ChannelRow>,
}

#[derive(Template)]
#[template(path = "centres/templates/leave.html")]
struct LeavePage {
    shell: Shell,
    console: Console,
    person: Person,
    /// Channels that she reads now, in words.
    channels: String,
    /// Channels with keys of which too few colleagues hold a copy, so that hers are kept.
    few: String,
}

/// `GET /{lang}/console/channels`: the keys of the centre's channels.
pub(super) async fn channels(
    AppState(app): AppState<App>,
    language: Language,
    PageOperator(operator): PageOperator,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Response, PlatformError> {
    let may = MayReadPeople::of(&app, &operator).ok_or(PlatformError::NotFound)?;
    let known = app.centres.find(may.centre()).ok_or(PlatformError::NotFound)?;
    let shell = Shell::console(&app.platform, language, "/console/channels", Some(operator.csrf()));
    let t = shell.t;
    let connection = app.platform.database.read();
    let people = accounts::list_people(connection, may.centre()).await?;
    let holders = store::list_holders(connection, may.centre()).await?;
    let gone = gone(known.verified(), &holders);
    let names = accounts::list_names(connection, &gone).await?;
    let makes = MayMakeKey::channels(&app, &operator);
    let desk = Desk { centre: known.verified(), people, holders, names };
    let rows = app.centres.channels_offered(may.centre()).into_iter();
    let rows = rows.map(|channel| desk.row(t, channel, makes.contains(&channel), app.platform.now()));
    render(&ChannelsPage {
        console: Console::of(&app, &operator),
        said: query.get("said").filter(|said| *said == "made").map(|_| t.keys_said_made()),
        refusal: query.get("refused").filter(|refused| *refused == "changed").map(|_| t.keys_error_changed()),
        rows: rows.collect(),
        shell,
    })
}

/// `GET /{lang}/console/people/{person}/leave`: what follows when a colleague has left, before anything is signed.
pub(super) async fn leave(
    AppState(app): AppState<App>,
    language: Language,
    PageOperator(operator): PageOperator,
    Path((_, person)): Path<(String, String)>,
) -> Result<Response, PlatformError> {
    let person = Uuid::try_parse(&person).map_err(|_| PlatformError::NotFound)?;
    let may = MayStateLeave::find(&app, app.platform.database.read(), &operator, person).await?;
    let may = may.ok_or(PlatformError::NotFound)?;
    let known = app.centres.find(may.centre()).ok_or(PlatformError::NotFound)?;
    let path = format!("/console/people/{person}/leave");
    let shell = Shell::console(&app.platform, language, path, Some(operator.csrf()));
    let t = shell.t;
    let reads = app.centres.channels_of(may.centre(), person);
    let holders = store::list_holders(app.platform.database.read(), may.centre()).await?;
    let are_few = |channel: &Channel| leavers::are_kept(known.verified(), &holders, *channel, person);
    let in_words = |channels: Vec<Channel>| {
        channels.into_iter().map(|channel| channel_text(t, channel)).collect::<Vec<_>>().join(" · ")
    };
    render(&LeavePage {
        console: Console::of(&app, &operator),
        person: may.person().clone(),
        few: in_words(reads.iter().copied().filter(are_few).collect()),
        channels: in_words(reads),
        shell,
    })
}

/// That a key is due, for whoever may make it.
pub(crate) fn lines(app: &App, operator: &Operator, language: Language) -> Vec<ConsoleLine> {
    let Some(known) = app.centres.find(operator.centre()) else { return Vec::new() };
    let now = app.platform.now();
    // Under papers that have ended no key can be made: the governors come first.
    if known.verified().check_holds(Clock::exact(now)).is_err() {
        return Vec::new();
    }
    let is_due = |channel: Channel| is_next_epoch_due(known.verified(), channel, now);
    if !MayMakeKey::channels(app, operator).into_iter().any(is_due) {
        return Vec::new();
    }
    vec![ConsoleLine { text: Texts::new(language).keys_line_due().to_owned(), path: "/console/channels" }]
}

/// What the page of keys looks at.
struct Desk<'a> {
    centre: &'a VerifiedCentre,
    /// Everybody who has a role at the centre.
    people: Vec<Person>,
    holders: Vec<Holder>,
    /// The names of whoever is no member any more.
    names: Vec<(Uuid, String)>,
}

impl Desk<'_> {
    fn row(&self, t: Texts, channel: Channel, may_make: bool, now: Timestamp) -> ChannelRow {
        let newest = self.centre.latest_epoch(channel);
        let current = current_epoch(self.centre, channel, now);
        let holds = newest.filter(|epoch| Some(epoch.number()) == current);
        let number = newest.map(|epoch| i64::from(epoch.number()));
        let can_open = |person: &Person| {
            let id = person.id.to_string();
            self.holders.iter().any(|holder| {
                holder.channel == channel.name() && Some(holder.number) == number && holder.sealed_to == id
            })
        };
        let (can, cannot) = self.people.iter().partition::<Vec<&Person>, _>(|person| can_open(person));
        let name = |person: &Person| person.name.clone();
        let left = |id: &Uuid| {
            let id = id.to_string();
            self.holders.iter().any(|holder| holder.channel == channel.name() && holder.sealed_to == id)
        };
        ChannelRow {
            word: channel.name(),
            name: channel_text(t, channel),
            state: holds.map_or_else(
                || t.keys_none().to_owned(),
                |epoch| t.keys_until(date_in_words(t, day_of(epoch.not_after())), epoch.number()),
            ),
            is_due: is_next_epoch_due(self.centre, channel, now),
            can: can.into_iter().map(name).collect(),
            cannot: cannot.into_iter().map(name).collect(),
            kept: self.names.iter().filter(|(id, _)| left(id)).map(|(_, name)| name.clone()).collect(),
            may_make,
        }
    }
}

/// Whoever has wraps and is no member any more.
fn gone(centre: &VerifiedCentre, holders: &[Holder]) -> Vec<Uuid> {
    let is_member = |id: &Uuid| centre.members().iter().any(|member| member.person.uuid() == *id);
    let ids = holders.iter().filter_map(|holder| Uuid::try_parse(&holder.sealed_to).ok());
    let mut gone: Vec<Uuid> = ids.filter(|id| !is_member(id)).collect();
    gone.sort_unstable();
    gone.dedup();
    gone
}
