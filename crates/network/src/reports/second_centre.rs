//! A second centre (protocol section 7.7): sees that a report waits, and may open it once the first centre's promised time has passed.
//!
//! Invariant: until then nothing sealed is handed out to it, and whoever opens first holds the report alone.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use platform::database::DatabaseError;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::access::{MayRead, MaySee, Reader};
use super::model::Standing;
use super::refusal::Refusal;
use super::store::{self, Lying};
use crate::App;
use crate::centres::hours::day_of;

/// What an operator sees of a report whose other centre is hers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecondLine {
    /// The case.
    pub case: Uuid,
    /// The centre that holds it.
    pub centre: Uuid,
    /// The first day on which the reader's centre may open it, while the day of arrival is kept.
    pub released_on: Option<Date>,
    /// `safe` or `general`.
    pub channel: String,
    /// She ticked the box.
    pub urgent: bool,
    /// ISO week of her latest item.
    pub week: String,
    /// What her centre may do with it.
    pub side: SecondSide,
}

/// What the other centre of a report may do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondSide {
    /// Nothing yet: the centre named first still has time.
    NotYet,
    /// Open it: the promised time has passed.
    MayOpen,
    /// Nothing: this centre was first and holds it.
    TakenBy(Uuid),
}

/// What waits at a centre, for notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The centre.
    pub centre: Uuid,
    /// Reports that it can open now and that hold something unopened.
    pub unopened: u32,
    /// Those of them that were marked urgent.
    pub urgent: u32,
    /// Whether one of its own lies unopened longer than it promised.
    pub overdue: bool,
}

/// The reports that name the reader's centre as the other one: at most `limit`, the latest week first.
///
/// # Errors
/// [`DatabaseError`].
pub async fn list(app: &App, reader: &Reader, limit: u64) -> Result<Vec<SecondLine>, DatabaseError> {
    let now = app.platform.now();
    let seen = store::list_second(app.platform.database.read(), reader, limit).await?;
    Ok(seen.iter().map(|may_see| line(app, may_see, now)).collect())
}

/// What the other centre sees of one report.
pub(super) fn line(app: &App, may_see: &MaySee, now: Timestamp) -> SecondLine {
    let report = may_see.report();
    let promise_days = app.centres.promise_days(report.centre);
    let side = if report.standing.take_over().is_err() {
        SecondSide::TakenBy(report.centre)
    } else if may_see.is_released(promise_days, day_of(now)) {
        SecondSide::MayOpen
    } else {
        SecondSide::NotYet
    };
    let after = i32::from(promise_days).saturating_add(1).days();
    SecondLine {
        case: report.id,
        centre: report.centre,
        released_on: report.standing.arrived_on().map(|day| day.saturating_add(after)),
        channel: report.channel.clone(),
        urgent: report.urgent,
        week: report.week.clone(),
        side,
    }
}

/// Opens a report as its second centre: the reader's centre holds it from now on.
pub(super) async fn take_over(
    app: &App,
    connection: &impl ConnectionTrait,
    reader: &Reader,
    case: Uuid,
    now: Timestamp,
) -> Result<(MayRead, i64, Standing), Refusal> {
    let may_see = store::find_second(connection, reader, case).await?.ok_or(Refusal::NotFound)?;
    let promise_days = app.centres.promise_days(may_see.report().centre);
    let may = may_see.take_over(promise_days, day_of(now))?;
    if !store::take_over(connection, &may).await? {
        return Err(Refusal::Changed);
    }
    let (version, next) = (may.report().version.saturating_add(1), may.next());
    Ok((may.into_may_read(), version, next))
}

/// What waits at each centre, its own reports and those that it may take over. Names no case.
///
/// # Errors
/// [`DatabaseError`].
pub async fn waiting(app: &App) -> Result<Vec<Waiting>, DatabaseError> {
    let lying = store::count_lying(app.platform.database.read()).await?;
    let today = day_of(app.platform.now());
    let mut centres: Vec<Waiting> = Vec::new();
    for part in &lying {
        let is_lapsed = part.standing.is_lapsed(app.centres.promise_days(part.centre), today);
        add(&mut centres, part.centre, part, is_lapsed);
        if let Some(second) = part.second.filter(|_| is_lapsed) {
            add(&mut centres, second, part, false);
        }
    }
    centres.sort_by_key(|waiting| waiting.centre);
    Ok(centres)
}

fn add(centres: &mut Vec<Waiting>, centre: Uuid, part: &Lying, is_overdue: bool) {
    let place = centres.iter().position(|waiting| waiting.centre == centre).unwrap_or_else(|| {
        centres.push(Waiting { centre, unopened: 0, urgent: 0, overdue: false });
        centres.len().saturating_sub(1)
    });
    if let Some(waiting) = centres.get_mut(place) {
        waiting.unopened = waiting.unopened.saturating_add(part.reports);
        waiting.urgent = waiting.urgent.saturating_add(if part.urgent { part.reports } else { 0 });
        waiting.overdue |= is_overdue;
    }
}
