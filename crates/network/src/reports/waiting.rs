//! What waits at centres: for notices, and as one glance above every page of the console.
//!
//! Invariant: what leaves here for a job names no case; what an operator sees is of her centre and of her channels.

use envelope::duty::Channel;
use jiff::ToSpan as _;
use platform::database::DatabaseError;
use uuid::Uuid;

use super::access::Reader;
use super::marks::{Mark, MarkKey};
use super::second_centre::{self, SecondSide};
use super::store::{self, Lying};
use crate::App;
use crate::centres::hours::day_of;

/// Reports of another centre that a glance counts at most.
const MOST_SECOND: u64 = 25;

/// One thing that waits to be opened and can be opened now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Where.
    pub centre: Uuid,
    /// Who of the centre may open it.
    pub channel: Channel,
    /// She ticked the box.
    pub urgent: bool,
    /// Stands for it as long as nothing is added to it.
    pub mark: Mark,
    /// Whether it is the centre's own and lies there longer than promised.
    pub overdue: bool,
    /// Stands for the promise to open it in time.
    pub promise: Mark,
}

/// What waits for one operator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Glance {
    /// Reports of her centre that hold something unopened, counted up to 100.
    pub unopened: u64,
    /// Whether one of them lies there longer than promised.
    pub overdue: bool,
    /// Reports of other centres that hers may open now.
    pub second: usize,
}

/// What waits at some centres, their own reports and those that they may take over.
///
/// # Errors
/// [`DatabaseError`].
pub async fn waiting(app: &App, centres: &[Uuid], key: &MarkKey) -> Result<Vec<Waiting>, DatabaseError> {
    let connection = app.platform.database.read();
    let today = day_of(app.platform.now());
    let mut found = Vec::new();
    for centre in centres {
        let is_lapsed =
            |lying: &Lying| lying.standing.is_lapsed(app.centres.promise_days(lying.holder), today);
        let waits = |lying: &Lying| Waiting {
            centre: *centre,
            channel: lying.channel,
            urgent: lying.urgent,
            mark: key.of("waits", lying.case, &lying.standing.conversation_items().to_string()),
            overdue: lying.holder == *centre && is_lapsed(lying),
            promise: key.of("promise", lying.case, ""),
        };
        found.extend(store::list_lying(connection, *centre).await?.iter().map(waits));
        let second = store::list_lying_as_second(connection, *centre).await?;
        found.extend(second.iter().filter(|lying| is_lapsed(lying)).map(waits));
    }
    Ok(found)
}

/// What waits for a reader: three questions, whatever lies there.
///
/// # Errors
/// [`DatabaseError`].
pub async fn glance(app: &App, reader: &Reader) -> Result<Glance, DatabaseError> {
    let connection = app.platform.database.read();
    let promise = i32::from(app.centres.promise_days(reader.centre()));
    let promised_since = day_of(app.platform.now()).saturating_sub(promise.days());
    let unopened = store::count_lying(connection, reader).await?;
    let overdue = unopened > 0 && store::is_overdue(connection, reader, promised_since).await?;
    let second = second_centre::list(app, reader, MOST_SECOND).await?;
    let second = second.iter().filter(|line| line.side == SecondSide::MayOpen).count();
    Ok(Glance { unopened, overdue, second })
}
