//! A second centre (protocol section 7.7): sees that a report waits, and may open it once the first centre's promised time has passed.
//!
//! Invariant: until then nothing sealed is handed out to it, and whoever opens first holds the report alone.

use envelope::audit::act::ActKind;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _};
use platform::database::DatabaseError;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::access::{MayRead, MaySee, Reader};
use super::model::Standing;
use super::refusal::Refusal;
use super::store;
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
    let may = reader.take_over(may_see, promise_days, day_of(now))?;
    if !store::take_over(connection, &may).await? {
        return Err(Refusal::Changed);
    }
    app.record(connection, reader.act(ActKind::TakenOver, may.report())?).await?;
    let (version, next) = (may.report().version.saturating_add(1), may.next());
    Ok((may.into_may_read(), version, next))
}
