//! All questions of this slice to the database, one function each.
//!
//! Invariant: a row of leaves is written once and never changed, but for the number of the checkpoint that takes it in; a row of openings
//! only goes, with its case.

use envelope::audit::act::{Act, ActKind, Leaf, Opening};
use envelope::audit::checkpoint::{Checkpoint, beginning};
use envelope::audit::week::Week;
use envelope::encoding::Hash;
use platform::database::DatabaseError;
use sea_orm::sea_query::{OnConflict, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, DbErr, EntityTrait as _,
    QueryFilter as _, QueryOrder as _, QuerySelect as _, QueryTrait as _,
};
use uuid::Uuid;

use super::access::MayAudit;
use super::entities::{checkpoint, leaf, opening};
use super::model::{Filter, Row};

/// Writes an act down.
pub(super) async fn insert(
    connection: &impl ConnectionTrait,
    written: &Leaf,
    opened: &Opening,
) -> Result<(), DatabaseError> {
    let engine = connection.get_database_backend();
    let hash = written.hash().as_bytes().to_vec();
    let act = &opened.act;
    let row = leaf::Entity::insert(leaf::ActiveModel {
        leaf: Set(hash.clone()),
        kind: Set(written.kind.word().to_owned()),
        week: Set(written.week.to_string()),
        commitment: Set(written.commitment.as_bytes().to_vec()),
        checkpoint: Set(None),
    });
    let opens = opening::Entity::insert(opening::ActiveModel {
        leaf: Set(hash),
        salt: Set(opened.salt.to_vec()),
        actor: Set(act.actor),
        centre: Set(act.centre),
        object: Set(act.object),
        channel: Set(act.channel.map(|channel| channel.name().to_owned())),
        gone: Set(i64::from(act.gone)),
    });
    // An erasure that is told again is the same leaf with the same opening.
    let again = |column| OnConflict::column(column).do_nothing().to_owned();
    connection.execute_raw(row.on_conflict(again("leaf")).build(engine)).await?;
    connection.execute_raw(opens.on_conflict(again("leaf")).build(engine)).await?;
    Ok(())
}

/// Whether an act of this kind by this person on this object is written down for the week.
pub(super) async fn is_recorded(
    connection: &impl ConnectionTrait,
    act: &Act,
    week: Week,
) -> Result<bool, DatabaseError> {
    let mut of_act = openings_of(act.object);
    of_act.and_where(match act.actor {
        Some(actor) => opening::Column::Actor.eq(actor),
        None => opening::Column::Actor.is_null(),
    });
    let found = leaf::Entity::find()
        .filter(leaf::Column::Week.eq(week.to_string()))
        .filter(leaf::Column::Kind.eq(act.kind.word()))
        .filter(leaf::Column::Leaf.in_subquery(of_act))
        .one(connection)
        .await?;
    Ok(found.is_some())
}

/// The leaves that name an object, as a question.
fn openings_of(object: Option<Uuid>) -> SelectStatement {
    Query::select()
        .column(opening::Column::Leaf)
        .from(opening::Entity)
        .and_where(opening::Column::Object.eq(object))
        .take()
}

/// Everything that was done to a case, in the order of weeks and kinds. Two questions for every id, also for one that nobody has.
pub(super) async fn list_of_case(
    connection: &impl ConnectionTrait,
    case: Uuid,
) -> Result<Vec<Row>, DatabaseError> {
    let openings = opening::Entity::find().filter(opening::Column::Object.eq(case)).all(connection).await?;
    let leaves = leaf::Entity::find()
        .filter(leaf::Column::Leaf.in_subquery(openings_of(Some(case))))
        .order_by_asc(leaf::Column::Week)
        .order_by_asc(leaf::Column::Kind)
        .order_by_asc(leaf::Column::Leaf)
        .all(connection)
        .await?;
    joined(leaves, &openings)
}

/// What the log says to somebody who audits, the latest week first, at most `limit` rows.
pub(super) async fn list(
    connection: &impl ConnectionTrait,
    may: &MayAudit,
    filter: &Filter,
    limit: u64,
) -> Result<Vec<Row>, DatabaseError> {
    let mut allowed = Query::select().column(opening::Column::Leaf).from(opening::Entity).take();
    allowed.cond_where(allowed_to(may));
    if let Some(person) = filter.person {
        allowed.and_where(opening::Column::Actor.eq(person));
    }
    let mut leaves = leaf::Entity::find().filter(leaf::Column::Leaf.in_subquery(allowed));
    if let Some(kind) = filter.kind {
        leaves = leaves.filter(leaf::Column::Kind.eq(kind.word()));
    }
    if let Some(week) = filter.week {
        leaves = leaves.filter(leaf::Column::Week.eq(week.to_string()));
    }
    if let Some((week, after)) = &filter.after {
        let same = Condition::all()
            .add(leaf::Column::Week.eq(week.to_string()))
            .add(leaf::Column::Leaf.gt(after.as_bytes().to_vec()));
        leaves = leaves.filter(Condition::any().add(leaf::Column::Week.lt(week.to_string())).add(same));
    }
    let leaves = leaves
        .order_by_desc(leaf::Column::Week)
        .order_by_asc(leaf::Column::Leaf)
        .limit(limit)
        .all(connection)
        .await?;
    let ids: Vec<Vec<u8>> = leaves.iter().map(|row| row.leaf.clone()).collect();
    let openings = opening::Entity::find().filter(opening::Column::Leaf.is_in(ids)).all(connection).await?;
    joined(leaves, &openings)
}

/// Who appears in what somebody may audit.
pub(super) async fn list_people(
    connection: &impl ConnectionTrait,
    may: &MayAudit,
) -> Result<Vec<Uuid>, DatabaseError> {
    let found: Vec<Option<Uuid>> = opening::Entity::find()
        .select_only()
        .column(opening::Column::Actor)
        .distinct()
        .filter(allowed_to(may))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(found.into_iter().flatten().collect())
}

/// The witness as a condition: her centre, and of cases those on channels that she reads.
fn allowed_to(may: &MayAudit) -> Condition {
    let channels = may.channels().iter().map(|channel| channel.name());
    Condition::all().add(opening::Column::Centre.eq(may.centre())).add(
        Condition::any()
            .add(opening::Column::Channel.is_null())
            .add(opening::Column::Channel.is_in(channels)),
    )
}

/// Erases what opens the acts on a case; how many there were.
pub(super) async fn erase(connection: &impl ConnectionTrait, case: Uuid) -> Result<u64, DatabaseError> {
    let erased =
        opening::Entity::delete_many().filter(opening::Column::Object.eq(case)).exec(connection).await?;
    Ok(erased.rows_affected)
}

/// The weeks that no checkpoint has taken in yet, the earliest first.
pub(super) async fn list_open_weeks(connection: &impl ConnectionTrait) -> Result<Vec<Week>, DatabaseError> {
    let weeks: Vec<String> = leaf::Entity::find()
        .select_only()
        .column(leaf::Column::Week)
        .distinct()
        .filter(leaf::Column::Checkpoint.is_null())
        .order_by_asc(leaf::Column::Week)
        .into_tuple()
        .all(connection)
        .await?;
    weeks.iter().map(|week| week.parse().map_err(|_| damaged("week"))).collect()
}

/// Takes the leaves of a week into a checkpoint, and lists them in the order of the tree.
pub(super) async fn enter(
    connection: &impl ConnectionTrait,
    week: Week,
    number: u32,
) -> Result<Vec<Hash>, DatabaseError> {
    leaf::Entity::update_many()
        .set(leaf::ActiveModel { checkpoint: Set(Some(i64::from(number))), ..Default::default() })
        .filter(leaf::Column::Week.eq(week.to_string()))
        .filter(leaf::Column::Checkpoint.is_null())
        .exec(connection)
        .await?;
    let rows: Vec<Vec<u8>> = leaf::Entity::find()
        .select_only()
        .column(leaf::Column::Leaf)
        .filter(leaf::Column::Checkpoint.eq(i64::from(number)))
        .order_by_asc(leaf::Column::Leaf)
        .into_tuple()
        .all(connection)
        .await?;
    rows.into_iter().map(hash).collect()
}

/// Keeps a checkpoint.
pub(super) async fn insert_checkpoint(
    connection: &impl ConnectionTrait,
    made: &Checkpoint,
) -> Result<(), DatabaseError> {
    let row = checkpoint::ActiveModel {
        number: Set(i64::from(made.number)),
        week: Set(made.week.to_string()),
        size: Set(i64::try_from(made.size).map_err(|_| damaged("size"))?),
        root: Set(made.root.as_bytes().to_vec()),
        hash: Set(made.hash().as_bytes().to_vec()),
    };
    checkpoint::Entity::insert(row).exec_without_returning(connection).await?;
    Ok(())
}

/// A checkpoint as it is stored: whether its hash is that of its row is for whoever verifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredCheckpoint {
    pub(super) checkpoint: Checkpoint,
    pub(super) hash: Hash,
}

/// All checkpoints in order. What each names as the one before is the hash stored there.
pub(super) async fn list_checkpoints(
    connection: &impl ConnectionTrait,
) -> Result<Vec<StoredCheckpoint>, DatabaseError> {
    let rows = checkpoint::Entity::find().order_by_asc(checkpoint::Column::Number).all(connection).await?;
    let mut previous = beginning();
    let mut chain = Vec::new();
    for row in rows {
        let read = StoredCheckpoint {
            checkpoint: Checkpoint {
                number: u32::try_from(row.number).map_err(|_| damaged("number"))?,
                week: row.week.parse().map_err(|_| damaged("week"))?,
                size: u64::try_from(row.size).map_err(|_| damaged("size"))?,
                root: hash(row.root)?,
                previous,
            },
            hash: hash(row.hash)?,
        };
        previous = read.hash;
        chain.push(read);
    }
    Ok(chain)
}

/// The number of the newest checkpoint; 0 before the first.
pub(super) async fn newest(connection: &impl ConnectionTrait) -> Result<u32, DatabaseError> {
    let number: Option<i64> = checkpoint::Entity::find()
        .select_only()
        .column_as(checkpoint::Column::Number.max(), "number")
        .into_tuple::<Option<i64>>()
        .one(connection)
        .await?
        .flatten();
    u32::try_from(number.unwrap_or_default()).map_err(|_| damaged("number"))
}

/// All leaves that checkpoints have taken in, in the order of the tree, each with its checkpoint.
pub(super) async fn list_entered(
    connection: &impl ConnectionTrait,
) -> Result<Vec<(u32, Hash)>, DatabaseError> {
    let rows: Vec<(Option<i64>, Vec<u8>)> = leaf::Entity::find()
        .select_only()
        .column(leaf::Column::Checkpoint)
        .column(leaf::Column::Leaf)
        .filter(leaf::Column::Checkpoint.is_not_null())
        .order_by_asc(leaf::Column::Checkpoint)
        .order_by_asc(leaf::Column::Leaf)
        .into_tuple()
        .all(connection)
        .await?;
    let read = rows.into_iter().map(|(number, leaf)| {
        let number = u32::try_from(number.unwrap_or_default()).map_err(|_| damaged("checkpoint"))?;
        Ok((number, hash(leaf)?))
    });
    read.collect()
}

/// A page of all leaves in the order of their hashes, as they are stored, for whoever verifies.
pub(super) async fn list_leaves(
    connection: &impl ConnectionTrait,
    after: Option<&[u8]>,
    limit: u64,
) -> Result<Vec<leaf::Model>, DatabaseError> {
    let mut query = leaf::Entity::find();
    if let Some(after) = after {
        query = query.filter(leaf::Column::Leaf.gt(after.to_vec()));
    }
    Ok(query.order_by_asc(leaf::Column::Leaf).limit(limit).all(connection).await?)
}

/// The openings of some leaves, as they are stored.
pub(super) async fn list_openings(
    connection: &impl ConnectionTrait,
    leaves: Vec<Vec<u8>>,
) -> Result<Vec<opening::Model>, DatabaseError> {
    Ok(opening::Entity::find().filter(opening::Column::Leaf.is_in(leaves)).all(connection).await?)
}

/// The first opening without a leaf.
pub(super) async fn find_lone_opening(
    connection: &impl ConnectionTrait,
) -> Result<Option<Vec<u8>>, DatabaseError> {
    let leaves = Query::select().column(leaf::Column::Leaf).from(leaf::Entity).take();
    let found = opening::Entity::find()
        .filter(opening::Column::Leaf.not_in_subquery(leaves))
        .order_by_asc(opening::Column::Leaf)
        .one(connection)
        .await?;
    Ok(found.map(|row| row.leaf))
}

/// Leaves with their openings, in the order of the leaves. One without is passed over: it says nothing.
fn joined(leaves: Vec<leaf::Model>, openings: &[opening::Model]) -> Result<Vec<Row>, DatabaseError> {
    let mut rows = Vec::new();
    for leaf in leaves {
        let Some(opening) = openings.iter().find(|opening| opening.leaf == leaf.leaf) else { continue };
        let kind = ActKind::from_word(&leaf.kind).ok_or_else(|| damaged("kind"))?;
        rows.push(Row {
            leaf: hash(leaf.leaf)?,
            week: leaf.week.parse().map_err(|_| damaged("week"))?,
            opening: read_opening(opening, kind).ok_or_else(|| damaged("opening"))?,
            checkpoint: leaf.checkpoint.and_then(|number| u32::try_from(number).ok()),
        });
    }
    Ok(rows)
}

/// An opening of a leaf of this kind; `None` for values that nobody writes.
pub(super) fn read_opening(row: &opening::Model, kind: ActKind) -> Option<Opening> {
    let channel = row.channel.as_deref().map(str::parse).transpose().ok()?;
    let gone = u32::try_from(row.gone).ok()?;
    let act = Act { kind, actor: row.actor, centre: row.centre, object: row.object, channel, gone };
    Some(Opening { act, salt: row.salt.as_slice().try_into().ok()? })
}

fn hash(bytes: Vec<u8>) -> Result<Hash, DatabaseError> {
    bytes.try_into().map(Hash::from_bytes).map_err(|_| damaged("hash"))
}

fn damaged(column: &str) -> DatabaseError {
    DbErr::Type(format!("a value of {column} in the audit log is not one that this version writes")).into()
}
