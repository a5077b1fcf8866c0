//! All questions of this slice to the database, one function each.
//!
//! Invariant: a file that an item has named never changes its item, and its day is gone.

use envelope::file::ChunkRequest;
use envelope::ids::{CaseId, FileId, ItemId};
use jiff::civil::Date;
use platform::database::DatabaseError;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::entities::{chunk, file};

/// Chunks that one transaction erases, 8 MiB: everybody who writes waits for it.
const MOST_ERASED: u64 = 32;

/// How many chunks a file has, kept or not; `None` for a file that nobody began.
pub(super) async fn find_count(
    connection: &impl ConnectionTrait,
    id: &FileId,
) -> Result<Option<u32>, DatabaseError> {
    let row = file::Entity::find_by_id(key(id)).one(connection).await?;
    row.map(|row| u32::try_from(row.chunks).map_err(|_| damaged())).transpose()
}

/// The hash of the chunk at a place.
pub(super) async fn find_hash(
    connection: &impl ConnectionTrait,
    id: &FileId,
    place: u32,
) -> Result<Option<Vec<u8>>, DatabaseError> {
    let hash = chunk::Entity::find()
        .select_only()
        .column(chunk::Column::Hash)
        .filter(of_place(id, place))
        .into_tuple()
        .one(connection)
        .await?;
    Ok(hash)
}

/// Which chunks of a file are kept, in order; none for a file that nobody began.
pub(super) async fn list_numbers(
    connection: &impl ConnectionTrait,
    id: &FileId,
) -> Result<Vec<i32>, DatabaseError> {
    let numbers = chunk::Entity::find()
        .select_only()
        .column(chunk::Column::Number)
        .filter(chunk::Column::FileId.eq(key(id)))
        .order_by_asc(chunk::Column::Number)
        .into_tuple()
        .all(connection)
        .await?;
    Ok(numbers)
}

/// How many chunks are kept of files that no item has named.
pub(super) async fn count_unclaimed(connection: &impl ConnectionTrait) -> Result<u64, DatabaseError> {
    let sum: Option<Option<i64>> = file::Entity::find()
        .select_only()
        .column_as(file::Column::Kept.sum(), "kept")
        .filter(file::Column::ArrivedOn.is_not_null())
        .into_tuple()
        .one(connection)
        .await?;
    Ok(sum.flatten().and_then(|sum| u64::try_from(sum).ok()).unwrap_or_default())
}

/// Begins a file. Its first chunk follows in the same transaction.
pub(super) async fn insert(
    connection: &impl ConnectionTrait,
    id: &FileId,
    chunks: u32,
    today: Date,
) -> Result<(), DatabaseError> {
    file::Entity::insert(file::ActiveModel {
        id: Set(key(id)),
        chunks: Set(stored(chunks)?),
        kept: Set(0),
        arrived_on: Set(Some(today.to_string())),
        case_id: Set(None),
        item_id: Set(None),
    })
    .exec_without_returning(connection)
    .await?;
    Ok(())
}

/// Keeps a chunk of a file that was begun. A broken UNIQUE says that this place has one.
pub(super) async fn insert_chunk(
    connection: &impl ConnectionTrait,
    id: &FileId,
    place: u32,
    request: &ChunkRequest<'_>,
) -> Result<(), DatabaseError> {
    chunk::Entity::insert(chunk::ActiveModel {
        file_id: Set(key(id)),
        number: Set(stored(place)?),
        hash: Set(request.hash().as_bytes().to_vec()),
        bytes: Set(request.chunk().to_vec()),
    })
    .exec_without_returning(connection)
    .await?;
    file::Entity::update_many()
        .col_expr(file::Column::Kept, Expr::col(file::Column::Kept).add(1))
        .filter(file::Column::Id.eq(key(id)))
        .exec(connection)
        .await?;
    Ok(())
}

/// How many of these files are whole and free to be named by this item, or named by it already.
pub(super) async fn count_claimable(
    connection: &impl ConnectionTrait,
    case: CaseId,
    item: ItemId,
    files: &[FileId],
) -> Result<usize, DatabaseError> {
    let rows: Vec<Uuid> = file::Entity::find()
        .select_only()
        .column(file::Column::Id)
        .filter(claimable(case, item, files))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(rows.len())
}

/// Ties these files to an item, as far as they are whole and free; gives how many that were.
pub(super) async fn claim(
    connection: &impl ConnectionTrait,
    case: CaseId,
    item: ItemId,
    files: &[FileId],
) -> Result<u64, DatabaseError> {
    let result = file::Entity::update_many()
        .set(file::ActiveModel {
            arrived_on: Set(None),
            case_id: Set(Some(case.uuid())),
            item_id: Set(Some(item.uuid())),
            ..Default::default()
        })
        .filter(claimable(case, item, files))
        .exec(connection)
        .await?;
    Ok(result.rows_affected)
}

fn claimable(case: CaseId, item: ItemId, files: &[FileId]) -> Condition {
    let is_named_by_it = file::Column::CaseId.eq(case.uuid()).and(file::Column::ItemId.eq(item.uuid()));
    Condition::all()
        .add(file::Column::Id.is_in(files.iter().map(key)))
        .add(Expr::col(file::Column::Kept).equals(file::Column::Chunks))
        .add(Condition::any().add(file::Column::CaseId.is_null()).add(is_named_by_it))
}

/// The bytes of a chunk of a file that belongs to this case.
pub(super) async fn find_chunk(
    connection: &impl ConnectionTrait,
    case: Uuid,
    id: &FileId,
    place: u32,
) -> Result<Option<Vec<u8>>, DatabaseError> {
    let row = file::Entity::find_by_id(key(id)).filter(file::Column::CaseId.eq(case)).one(connection).await?;
    if row.is_none() {
        return Ok(None);
    }
    let bytes = chunk::Entity::find()
        .select_only()
        .column(chunk::Column::Bytes)
        .filter(of_place(id, place))
        .into_tuple()
        .one(connection)
        .await?;
    Ok(bytes)
}

/// Erases some bytes of the files of a case. Whether nothing of them is left.
pub(super) async fn erase_of_case(
    connection: &impl ConnectionTrait,
    case: Uuid,
) -> Result<bool, DatabaseError> {
    erase_some(connection, Condition::all().add(file::Column::CaseId.eq(case))).await
}

/// Erases some bytes of files that no item has named and whose first chunk came before `first_kept`. Whether nothing of them is left.
pub(super) async fn erase_unclaimed(
    connection: &impl ConnectionTrait,
    first_kept: Date,
) -> Result<bool, DatabaseError> {
    erase_some(connection, Condition::all().add(file::Column::ArrivedOn.lt(first_kept.to_string()))).await
}

/// At most [`MOST_ERASED`] chunks of one of these files, and its row with the last of them.
async fn erase_some(connection: &impl ConnectionTrait, which: Condition) -> Result<bool, DatabaseError> {
    let Some(row) = file::Entity::find().filter(which).one(connection).await? else { return Ok(true) };
    let numbers: Vec<i32> = chunk::Entity::find()
        .select_only()
        .column(chunk::Column::Number)
        .filter(chunk::Column::FileId.eq(row.id))
        .order_by_asc(chunk::Column::Number)
        .limit(MOST_ERASED)
        .into_tuple()
        .all(connection)
        .await?;
    let erased = chunk::Entity::delete_many()
        .filter(chunk::Column::FileId.eq(row.id))
        .filter(chunk::Column::Number.is_in(numbers))
        .exec(connection)
        .await?
        .rows_affected;
    if erased < MOST_ERASED {
        file::Entity::delete_by_id(row.id).exec(connection).await?;
        return Ok(false);
    }
    // A file with a hole is not whole: no item can name it any more.
    file::Entity::update_many()
        .col_expr(file::Column::Kept, Expr::col(file::Column::Kept).sub(erased))
        .filter(file::Column::Id.eq(row.id))
        .exec(connection)
        .await?;
    Ok(false)
}

fn of_place(id: &FileId, place: u32) -> Condition {
    Condition::all().add(chunk::Column::FileId.eq(key(id))).add(chunk::Column::Number.eq(i64::from(place)))
}

/// The column holds the 16 bytes of the id as databases hold such bytes; they are no UUID of any version.
fn key(id: &FileId) -> Uuid {
    Uuid::from_bytes(*id.as_bytes())
}

fn stored(count: u32) -> Result<i32, DatabaseError> {
    i32::try_from(count).map_err(|_| damaged())
}

fn damaged() -> DatabaseError {
    DatabaseError::from(sea_orm::DbErr::Type(
        "a count of chunks is not one that this version writes".to_owned(),
    ))
}
