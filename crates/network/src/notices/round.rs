//! The rounds in which notices go. A round asks what waits now, so no row of work names a report or a time (protocol section 2).
//!
//! Invariants: at most one letter a person and slot, and only for something new since the last one; an address that was not confirmed,
//! that was refused, or whose owner has left gets none; no line of the log names a person or says what she would have been told.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use envelope::duty::Channel;
use jiff::Timestamp;
use jiff::civil::Date;
use platform::database::DatabaseError;
use platform::log::chain;
use platform::mail::{Address, Handover, MailFailure, Mailer};
use platform::texts::Language;
use uuid::Uuid;

use super::letters::{self, Matter};
use super::memory::{Memory, Slot};
use super::model::Wishes;
use super::slots::quarter_of;
use super::store;
use crate::App;
use crate::accounts;
use crate::centres::hours::day_of;
use crate::centres::{self, Hours};
use crate::keeping::{self, Near};
use crate::reports::{self, Mark, Waiting};

/// Between two looks at the clock. The clock decides about slots, not this.
const LOOK: Duration = Duration::from_secs(30);

/// What became of the letters of a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Handed over.
    pub sent: u32,
    /// Addresses that the mail server refused for good.
    pub refused: u32,
    /// Not handed over.
    pub failed: u32,
}

/// Somebody who may be told something, with what it would be.
struct Told {
    person: Uuid,
    address: Address,
    language: Language,
    waiting: HashSet<Mark>,
    urgent: HashSet<Mark>,
    overdue: HashSet<Mark>,
    /// Kept or not: a promise that a clock set back keeps again is not told of twice.
    promises: HashSet<Mark>,
    near: HashSet<Mark>,
    /// Whether her centre reads today: without hours every day.
    reads_today: bool,
}

/// What somebody is told, with the marks of which she then was told.
type Matters = Vec<(Matter, HashSet<Mark>)>;

type Due<'a> = Vec<(&'a Told, Matters)>;

/// Sends notices at their times for as long as the program runs.
pub async fn work(app: App) {
    let mut looks = tokio::time::interval(LOOK);
    // After a machine slept, one look is enough.
    looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        if let Err(error) = round(&app).await {
            tracing::error!(causes = chain(&error), "notices could not be looked at");
        }
    }
}

/// Sends what is due, if a slot has begun since the last call.
///
/// # Errors
/// [`DatabaseError`].
pub async fn round(app: &App) -> Result<Sent, DatabaseError> {
    let Some(mailer) = &app.platform.mail else { return Ok(Sent::default()) };
    let Some(slot) = app.notices.begin(app.platform.now(), mailer.hours()) else {
        return Ok(Sent::default());
    };
    super::housekeeping(app).await?;
    let people = people(app).await?;
    let due = due(&people, |told| matters_at(&app.notices, told, slot));
    deliver(app, mailer, due, slot.at).await
}

/// Sends one notice to everybody for whom something waits now, whatever the hour and whoever was told before: for `approdo notices
/// send`, whose process remembers nothing. `None` without a mail server.
///
/// # Errors
/// [`DatabaseError`].
pub async fn send_now(app: &App) -> Result<Option<Sent>, DatabaseError> {
    let Some(mailer) = &app.platform.mail else { return Ok(None) };
    super::housekeeping(app).await?;
    let people = people(app).await?;
    deliver(app, mailer, due(&people, all_matters), quarter_of(app.platform.now())).await.map(Some)
}

/// Everybody who wishes to be told something and works at a centre now, with what waits there.
async fn people(app: &App) -> Result<Vec<Told>, DatabaseError> {
    let connection = app.platform.database.read();
    let wishes = store::list(connection).await?;
    if wishes.is_empty() {
        return Ok(Vec::new());
    }
    let working: HashMap<Uuid, accounts::Working> =
        accounts::list_working(connection).await?.into_iter().map(|one| (one.person, one)).collect();
    let mut centres: Vec<Uuid> =
        wishes.iter().filter_map(|(person, _)| working.get(person).map(|one| one.centre)).collect();
    centres.sort_unstable();
    centres.dedup();
    let key = app.notices.key();
    let waiting = reports::waiting(app, &centres, &key).await?;
    let near = keeping::near(app, &centres, &key).await?;
    let told = |(person, wishes): &(Uuid, Wishes)| {
        let working = working.get(person)?;
        Some(Told::new(app, working, wishes, wishes.reachable()?.clone(), &waiting, &near))
    };
    let people: Vec<Told> = wishes.iter().filter_map(told).collect();
    app.notices.keep_only_people(&people.iter().map(|told| told.person).collect());
    for told in &people {
        app.notices.keep_only(told.person, &told.all());
    }
    Ok(people)
}

impl Told {
    fn new(
        app: &App,
        working: &accounts::Working,
        wishes: &Wishes,
        address: Address,
        waiting: &[Waiting],
        near: &[Near],
    ) -> Self {
        let channels = app.centres.channels_of(working.centre, working.person);
        let is_hers =
            |centre: Uuid, channel: Channel| centre == working.centre && channels.contains(&channel);
        let of = |wish: bool, mark: fn(&Waiting) -> Option<Mark>| -> HashSet<Mark> {
            let hers = waiting.iter().filter(|one| wish && is_hers(one.centre, one.channel));
            hers.filter_map(mark).collect()
        };
        let near = near.iter().filter(|one| wishes.supervises && is_hers(one.centre, one.channel));
        let today = day_of(app.platform.now());
        let card = centres::list(app).iter().find(|card| card.id == working.centre).cloned();
        Self {
            person: working.person,
            address,
            language: Language::find(&working.language).unwrap_or_default(),
            waiting: of(wishes.wants, |one| Some(one.mark)),
            urgent: of(wishes.wants, |one| one.urgent.then_some(one.mark)),
            overdue: of(wishes.supervises, |one| one.overdue.then_some(one.promise)),
            promises: of(wishes.supervises, |one| Some(one.promise)),
            near: near.map(|one| one.mark).collect(),
            reads_today: card.is_none_or(|card| reads_on(&card.hours, today)),
        }
    }

    fn all(&self) -> HashSet<Mark> {
        [&self.waiting, &self.promises, &self.near].into_iter().flatten().copied().collect()
    }
}

/// Whether somebody reads on a day; a centre that publishes no hours may read on any.
fn reads_on(hours: &Hours, day: Date) -> bool {
    let publishes_none = hours.by_day().iter().all(|(_, stretches)| stretches.is_empty());
    publishes_none || !hours.on(day).is_empty()
}

/// What somebody is told at a slot.
fn matters_at(memory: &Memory, told: &Told, slot: Slot) -> Matters {
    let new = |marks: &HashSet<Mark>| memory.new_to(told.person, marks);
    let mut matters = Vec::new();
    let waits = if slot.ordinary && told.reads_today { new(&told.waiting) } else { new(&told.urgent) };
    if !waits.is_empty() {
        // Whoever signs in sees all that waits, so nothing of it is told once more.
        matters.push((Matter::Waiting, told.waiting.clone()));
    }
    if slot.ordinary {
        // A promise that was broken is told on every day.
        matters.push((Matter::Overdue, new(&told.overdue)));
        matters.push((Matter::Near, if told.reads_today { new(&told.near) } else { HashSet::new() }));
    }
    matters.retain(|(_, marks)| !marks.is_empty());
    matters
}

fn all_matters(told: &Told) -> Matters {
    let mut matters = vec![
        (Matter::Waiting, told.waiting.clone()),
        (Matter::Overdue, told.overdue.clone()),
        (Matter::Near, told.near.clone()),
    ];
    matters.retain(|(_, marks)| !marks.is_empty());
    matters
}

fn due(people: &[Told], matters: impl Fn(&Told) -> Matters) -> Due<'_> {
    let due = people.iter().map(|told| (told, matters(told)));
    due.filter(|(_, matters)| !matters.is_empty()).collect()
}

/// Hands the letters over, one after the other on one way.
async fn deliver(app: &App, mailer: &Mailer, due: Due<'_>, date: Timestamp) -> Result<Sent, DatabaseError> {
    let mut sent = Sent::default();
    if due.is_empty() {
        return Ok(sent);
    }
    let mut handover = match mailer.connect().await {
        Ok(handover) => handover,
        Err(failure) => {
            note_failure(app, &failure);
            sent.failed = u32::try_from(due.len()).unwrap_or(u32::MAX);
            return Ok(sent);
        }
    };
    let mut left = u32::try_from(due.len()).unwrap_or(u32::MAX);
    for (told, matters) in due {
        left = left.saturating_sub(1);
        match send(app, &mut handover, told, &matters, date).await {
            Ok(()) => {
                sent.sent += 1;
                app.notices
                    .note_told(told.person, matters.into_iter().flat_map(|(_, marks)| marks).collect());
            }
            Err(failure @ MailFailure::Refused(_)) => {
                tracing::warn!(cause = %failure, "an address for notices is refused; its owner sees it in the console");
                sent.refused += 1;
                let (person, address) = (told.person, &told.address);
                app.platform
                    .database
                    .write(
                        |transaction| async move { store::note_refused(&transaction, person, address).await },
                    )
                    .await?;
            }
            Err(failure @ MailFailure::NotNow(_)) => {
                tracing::warn!(cause = %failure, "a notice was not sent; it is tried again at its next time");
                sent.failed += 1;
            }
            Err(failure @ MailFailure::Server(_)) => {
                note_failure(app, &failure);
                sent.failed = sent.failed.saturating_add(left).saturating_add(1);
                return Ok(sent);
            }
        }
    }
    app.notices.note_server(true);
    handover.close().await;
    Ok(sent)
}

async fn send(
    app: &App,
    handover: &mut Handover,
    told: &Told,
    matters: &[(Matter, HashSet<Mark>)],
    date: Timestamp,
) -> Result<(), MailFailure> {
    let matters: Vec<Matter> = matters.iter().map(|(matter, _)| *matter).collect();
    let letter = letters::notice(&told.address, told.language, &matters, &app.platform.site.public, date);
    handover.send(&letter).await
}

fn note_failure(app: &App, failure: &MailFailure) {
    app.notices.note_server(false);
    tracing::warn!(cause = %failure, "notices were not sent; they are tried again at their next time");
}
