//! All questions of this slice to the database, one function each.
//!
//! Invariant: what a person decides about a case demands the witness [`MayKeep`], what is decided about a centre's table a [`Reader`].

use platform::database::DatabaseError;
use sea_orm::sea_query::{Condition, Expr, ExprTrait as _, OnConflict, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use uuid::Uuid;

use super::access::{MayChangeTerms, MayKeep};
use super::clock::SteadyClock;
use super::entities::{clock, hold, keeping, proposal, shredded, shredding, table};
use super::model::{Hold, HoldReason, Keeping, Proposal, ShredReason};
use super::terms::{Purpose, Terms};
use super::tombstones::{CaseHash, Tombstones};
use super::week::Week;
use crate::reports::Reader;
use crate::reports::keeping::KeptCase;

/// A centre's table as it stands in the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredTable {
    /// The terms; `None` when they no longer fit the bounds.
    pub(super) terms: Option<Terms>,
    pub(super) proposed_by: Uuid,
    pub(super) proposed: Week,
    pub(super) confirmed: Option<(Uuid, Week)>,
}

/// Which of a centre's two tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Proposed,
    Approved,
}

impl Standing {
    const fn word(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Approved => "approved",
        }
    }
}

/// The table of a centre.
pub(super) async fn find_table(
    connection: &impl ConnectionTrait,
    centre: Uuid,
    standing: Standing,
) -> Result<Option<StoredTable>, DatabaseError> {
    let row = table::Entity::find_by_id((centre, standing.word().to_owned())).one(connection).await?;
    row.map(|row| {
        let confirmed = match (row.confirmed_by, row.confirmed_week) {
            (Some(by), Some(on)) => Some((by, week(&on)?)),
            _ => None,
        };
        Ok(StoredTable {
            terms: Terms::parse(&row.terms).ok(),
            proposed_by: row.proposed_by,
            proposed: week(&row.proposed_week)?,
            confirmed,
        })
    })
    .transpose()
}

/// Keeps a table that a member proposes, in place of an earlier proposal.
pub(super) async fn propose_table(
    connection: &impl ConnectionTrait,
    may: MayChangeTerms<'_>,
    terms: &Terms,
    now: Week,
) -> Result<(), DatabaseError> {
    drop_table(connection, may, Standing::Proposed).await?;
    let row = table::ActiveModel {
        centre_id: Set(may.reader().centre()),
        standing: Set(Standing::Proposed.word().to_owned()),
        terms: Set(terms.to_text()),
        proposed_by: Set(may.reader().person().id),
        proposed_week: Set(now.to_string()),
        confirmed_by: Set(None),
        confirmed_week: Set(None),
    };
    table::Entity::insert(row).exec_without_returning(connection).await?;
    Ok(())
}

/// Removes one of a centre's tables.
pub(super) async fn drop_table(
    connection: &impl ConnectionTrait,
    may: MayChangeTerms<'_>,
    standing: Standing,
) -> Result<(), DatabaseError> {
    table::Entity::delete_by_id((may.reader().centre(), standing.word().to_owned())).exec(connection).await?;
    Ok(())
}

/// The proposed table becomes the one in force; every due week of the centre is reckoned anew after that.
pub(super) async fn approve_table(
    connection: &impl ConnectionTrait,
    may: MayChangeTerms<'_>,
    now: Week,
) -> Result<(), DatabaseError> {
    drop_table(connection, may, Standing::Approved).await?;
    let change = table::ActiveModel {
        standing: Set(Standing::Approved.word().to_owned()),
        confirmed_by: Set(Some(may.reader().person().id)),
        confirmed_week: Set(Some(now.to_string())),
        ..Default::default()
    };
    table::Entity::update_many()
        .set(change)
        .filter(table::Column::CentreId.eq(may.reader().centre()))
        .filter(table::Column::Standing.eq(Standing::Proposed.word()))
        .exec(connection)
        .await?;
    keeping::Entity::update_many()
        .set(keeping::ActiveModel { due_week: Set(None), warned_week: Set(None), ..Default::default() })
        .filter(keeping::Column::CentreId.eq(may.reader().centre()))
        .exec(connection)
        .await?;
    Ok(())
}

/// How long a case is kept.
pub(super) async fn find_keeping(
    connection: &impl ConnectionTrait,
    case: Uuid,
) -> Result<Option<Keeping>, DatabaseError> {
    let row = keeping::Entity::find_by_id(case).one(connection).await?;
    Ok(row.map(read_keeping).transpose()?.map(|(_, _, keeping)| keeping))
}

/// Writes how long a case is kept.
pub(super) async fn keep(
    connection: &impl ConnectionTrait,
    case: Uuid,
    centre: Uuid,
    row: &Keeping,
) -> Result<(), DatabaseError> {
    let row = keeping::ActiveModel {
        case_id: Set(case),
        centre_id: Set(centre),
        purpose: Set(row.purpose.word().to_owned()),
        closed_week: Set(row.closed.to_string()),
        items: Set(i64::from(row.items)),
        at_least_week: Set(row.at_least.map(|week| week.to_string())),
        due_week: Set(row.due.map(|week| week.to_string())),
        warned_week: Set(row.warned.map(|week| week.to_string())),
    };
    let mut conflict = OnConflict::column(keeping::Column::CaseId);
    conflict.update_columns([
        keeping::Column::Purpose,
        keeping::Column::ClosedWeek,
        keeping::Column::Items,
        keeping::Column::AtLeastWeek,
        keeping::Column::DueWeek,
        keeping::Column::WarnedWeek,
    ]);
    keeping::Entity::insert(row).on_conflict(conflict).exec_without_returning(connection).await?;
    Ok(())
}

/// The rows of a centre that are due by the end of a week, the earliest first.
pub(super) async fn list_due(
    connection: &impl ConnectionTrait,
    reader: &Reader,
    until: Week,
    limit: u64,
) -> Result<Vec<(Uuid, Keeping)>, DatabaseError> {
    let rows = keeping::Entity::find()
        .filter(keeping::Column::CentreId.eq(reader.centre()))
        .filter(keeping::Column::DueWeek.lte(until.to_string()))
        .order_by_asc(keeping::Column::DueWeek)
        .order_by_asc(keeping::Column::CaseId)
        .limit(limit)
        .all(connection)
        .await?;
    rows.into_iter().map(|row| read_keeping(row).map(|(case, _, keeping)| (case, keeping))).collect()
}

/// The closed cases whose keeping is written down, as a question: closed cases that are not among them begin to be kept.
pub(super) fn known_cases() -> SelectStatement {
    Query::select()
        .column(keeping::Column::CaseId)
        .from(keeping::Entity)
        .and_where(keeping::Column::Items.gt(0))
        .take()
}

/// Rows whose due week is not reckoned although their centre has approved a table.
pub(super) async fn list_unreckoned(
    connection: &impl ConnectionTrait,
    limit: u64,
) -> Result<Vec<(Uuid, Uuid, Keeping)>, DatabaseError> {
    let approved = Query::select()
        .column(table::Column::CentreId)
        .from(table::Entity)
        .and_where(table::Column::Standing.eq(Standing::Approved.word()))
        .take();
    let rows = keeping::Entity::find()
        .filter(keeping::Column::DueWeek.is_null())
        .filter(keeping::Column::Items.gt(0))
        .filter(keeping::Column::CentreId.in_subquery(approved))
        .limit(limit)
        .all(connection)
        .await?;
    rows.into_iter().map(read_keeping).collect()
}

/// Rows that are near their due week, or were warned of, after one in the order of cases: what the weekly look at the calendar moves.
pub(super) async fn list_near(
    connection: &impl ConnectionTrait,
    until: Week,
    after: Option<Uuid>,
    limit: u64,
) -> Result<Vec<(Uuid, Uuid, Keeping)>, DatabaseError> {
    let mut query = keeping::Entity::find().filter(
        Condition::any()
            .add(keeping::Column::DueWeek.lte(until.to_string()))
            .add(keeping::Column::WarnedWeek.is_not_null()),
    );
    if let Some(after) = after {
        query = query.filter(keeping::Column::CaseId.gt(after));
    }
    let rows = query.order_by_asc(keeping::Column::CaseId).limit(limit).all(connection).await?;
    rows.into_iter().map(read_keeping).collect()
}

/// The hold on a case.
pub(super) async fn find_hold(
    connection: &impl ConnectionTrait,
    case: Uuid,
) -> Result<Option<Hold>, DatabaseError> {
    let row = hold::Entity::find_by_id(case).one(connection).await?;
    row.map(|row| {
        Ok(Hold {
            reason: HoldReason::from_word(&row.reason).ok_or_else(damaged)?,
            placed_by: row.placed_by,
            placed: week(&row.placed_week)?,
        })
    })
    .transpose()
}

/// The held cases of a centre, at most `limit`.
pub(super) async fn list_held(
    connection: &impl ConnectionTrait,
    reader: &Reader,
    limit: u64,
) -> Result<Vec<Uuid>, DatabaseError> {
    let query = hold::Entity::find().select_only().column(hold::Column::CaseId);
    let query = query.filter(hold::Column::CentreId.eq(reader.centre()));
    Ok(query.order_by_asc(hold::Column::CaseId).limit(limit).into_tuple().all(connection).await?)
}

/// Every held case: what jobs pass over.
pub(super) async fn list_all_held(connection: &impl ConnectionTrait) -> Result<Vec<Uuid>, DatabaseError> {
    Ok(hold::Entity::find().select_only().column(hold::Column::CaseId).into_tuple().all(connection).await?)
}

/// Places a hold.
pub(super) async fn place_hold(
    connection: &impl ConnectionTrait,
    may_keep: &MayKeep,
    placed: &Hold,
) -> Result<(), DatabaseError> {
    let row = hold::ActiveModel {
        case_id: Set(may_keep.case().id),
        centre_id: Set(may_keep.case().centre),
        reason: Set(placed.reason.word().to_owned()),
        placed_by: Set(placed.placed_by),
        placed_week: Set(placed.placed.to_string()),
    };
    hold::Entity::insert(row).exec_without_returning(connection).await?;
    Ok(())
}

/// Lifts a hold.
pub(super) async fn lift_hold(
    connection: &impl ConnectionTrait,
    may_keep: &MayKeep,
) -> Result<(), DatabaseError> {
    hold::Entity::delete_by_id(may_keep.case().id).exec(connection).await?;
    Ok(())
}

/// The proposal to shred a case.
pub(super) async fn find_proposal(
    connection: &impl ConnectionTrait,
    case: Uuid,
) -> Result<Option<Proposal>, DatabaseError> {
    let row = proposal::Entity::find_by_id(case).one(connection).await?;
    row.map(|row| {
        Ok(Proposal {
            reason: ShredReason::from_word(&row.reason).ok_or_else(damaged)?,
            items: u32::try_from(row.items).map_err(|_| damaged())?,
            proposed_by: row.proposed_by,
            week: week(&row.week)?,
        })
    })
    .transpose()
}

/// The cases of a centre that somebody proposes to shred, at most `limit`.
pub(super) async fn list_proposed(
    connection: &impl ConnectionTrait,
    reader: &Reader,
    limit: u64,
) -> Result<Vec<Uuid>, DatabaseError> {
    let query = proposal::Entity::find().select_only().column(proposal::Column::CaseId);
    let query = query.filter(proposal::Column::CentreId.eq(reader.centre()));
    Ok(query.order_by_asc(proposal::Column::CaseId).limit(limit).into_tuple().all(connection).await?)
}

/// Keeps a proposal.
pub(super) async fn propose(
    connection: &impl ConnectionTrait,
    may_keep: &MayKeep,
    proposed: &Proposal,
) -> Result<(), DatabaseError> {
    withdraw(connection, may_keep).await?;
    let row = proposal::ActiveModel {
        case_id: Set(may_keep.case().id),
        centre_id: Set(may_keep.case().centre),
        reason: Set(proposed.reason.word().to_owned()),
        items: Set(i64::from(proposed.items)),
        proposed_by: Set(proposed.proposed_by),
        week: Set(proposed.week.to_string()),
    };
    proposal::Entity::insert(row).exec_without_returning(connection).await?;
    Ok(())
}

/// Removes the proposal to shred a case.
pub(super) async fn withdraw(
    connection: &impl ConnectionTrait,
    may_keep: &MayKeep,
) -> Result<(), DatabaseError> {
    proposal::Entity::delete_by_id(may_keep.case().id).exec(connection).await?;
    Ok(())
}

/// Notes that the shredding of a case is decided.
pub(super) async fn decide(
    connection: &impl ConnectionTrait,
    case: Uuid,
    now: Week,
) -> Result<(), DatabaseError> {
    let row = shredding::ActiveModel { case_id: Set(case), week: Set(now.to_string()) };
    let conflict = OnConflict::column(shredding::Column::CaseId).do_nothing().to_owned();
    shredding::Entity::insert(row).on_conflict(conflict).exec_without_returning(connection).await?;
    Ok(())
}

/// Notes a round of the regular work in the week `now`; gives what was seen of the calendar.
pub(super) async fn tick(connection: &impl ConnectionTrait, now: Week) -> Result<SteadyClock, DatabaseError> {
    let row = clock::Entity::find_by_id(1).one(connection).await?;
    let before = row.map(|row| {
        Ok::<_, DatabaseError>(SteadyClock {
            seen: week(&row.seen_week)?,
            since: week(&row.steady_since_week)?,
        })
    });
    let ticked = before.transpose()?.map_or_else(|| SteadyClock::begin(now), |before| before.tick(now));
    let row = clock::ActiveModel {
        id: Set(1),
        seen_week: Set(ticked.seen.to_string()),
        steady_since_week: Set(ticked.since.to_string()),
    };
    let mut conflict = OnConflict::column(clock::Column::Id);
    conflict.update_columns([clock::Column::SeenWeek, clock::Column::SteadySinceWeek]);
    clock::Entity::insert(row).on_conflict(conflict).exec_without_returning(connection).await?;
    Ok(ticked)
}

/// Whether the shredding of a case is decided.
pub(super) async fn is_decided(connection: &impl ConnectionTrait, case: Uuid) -> Result<bool, DatabaseError> {
    Ok(shredding::Entity::find_by_id(case).one(connection).await?.is_some())
}

/// The cases whose shredding is decided and not complete.
pub(super) async fn list_decided(
    connection: &impl ConnectionTrait,
) -> Result<Vec<(Uuid, Week)>, DatabaseError> {
    let rows = shredding::Entity::find().order_by_asc(shredding::Column::CaseId).all(connection).await?;
    rows.into_iter().map(|row| Ok((row.case_id, week(&row.week)?))).collect()
}

/// Keeps a tombstone.
pub(super) async fn bury(
    connection: &impl ConnectionTrait,
    hash: &CaseHash,
    now: Week,
) -> Result<(), DatabaseError> {
    let row = shredded::ActiveModel { case_hash: Set(hash.to_vec()), week: Set(now.to_string()) };
    let conflict = OnConflict::column(shredded::Column::CaseHash).do_nothing().to_owned();
    shredded::Entity::insert(row).on_conflict(conflict).exec_without_returning(connection).await?;
    Ok(())
}

/// All tombstones of a database.
pub(super) async fn tombstones(connection: &impl ConnectionTrait) -> Result<Tombstones, DatabaseError> {
    let mut list = Tombstones::default();
    for row in shredded::Entity::find().all(connection).await? {
        list.add(row.case_hash.try_into().map_err(|_| damaged())?, week(&row.week)?);
    }
    Ok(list)
}

/// Removes everything that this slice holds about a case, and the note that it is being shredded.
pub(super) async fn forget_case(connection: &impl ConnectionTrait, case: Uuid) -> Result<(), DatabaseError> {
    keeping::Entity::delete_by_id(case).exec(connection).await?;
    hold::Entity::delete_by_id(case).exec(connection).await?;
    proposal::Entity::delete_by_id(case).exec(connection).await?;
    shredding::Entity::delete_by_id(case).exec(connection).await?;
    Ok(())
}

/// Proposals to shred cases that have changed or are gone: they are void.
pub(super) async fn drop_void_proposal(
    connection: &impl ConnectionTrait,
    case: Uuid,
    now: Option<&KeptCase>,
) -> Result<(), DatabaseError> {
    let mut void = Condition::all().add(proposal::Column::CaseId.eq(case));
    if let Some(now) = now {
        void = void.add(Expr::col(proposal::Column::Items).ne(i64::from(now.items)));
    }
    proposal::Entity::delete_many().filter(void).exec(connection).await?;
    Ok(())
}

/// Every case that somebody proposes to shred.
pub(super) async fn list_all_proposed(connection: &impl ConnectionTrait) -> Result<Vec<Uuid>, DatabaseError> {
    let query = proposal::Entity::find().select_only().column(proposal::Column::CaseId);
    Ok(query.into_tuple().all(connection).await?)
}

fn read_keeping(row: keeping::Model) -> Result<(Uuid, Uuid, Keeping), DatabaseError> {
    let optional = |text: Option<String>| text.map(|text| week(&text)).transpose();
    let keeping = Keeping {
        purpose: Purpose::from_word(&row.purpose).ok_or_else(damaged)?,
        closed: week(&row.closed_week)?,
        items: u32::try_from(row.items).map_err(|_| damaged())?,
        at_least: optional(row.at_least_week)?,
        due: optional(row.due_week)?,
        warned: optional(row.warned_week)?,
    };
    Ok((row.case_id, row.centre_id, keeping))
}

fn week(text: &str) -> Result<Week, DatabaseError> {
    Week::parse(text).ok_or_else(damaged)
}

fn damaged() -> DatabaseError {
    DatabaseError::from(sea_orm::DbErr::Type(
        "a row of keeping is not one that this version writes".to_owned(),
    ))
}
