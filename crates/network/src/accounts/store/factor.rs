//! Second factors and their backup codes.

use platform::database::DatabaseError;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _,
    QueryFilter as _,
};
use uuid::Uuid;

use super::super::entities::{factor, factor_backup};
use super::super::factor::{Factor, Kind};

/// The factor of a person.
pub(crate) async fn find(
    connection: &impl ConnectionTrait,
    person: Uuid,
) -> Result<Option<Factor>, DatabaseError> {
    let row = factor::Entity::find_by_id((person, Kind::Totp.word().to_owned())).one(connection).await?;
    Ok(row.map(|row| Factor { secret: row.secret, last_step: row.last_step, week: row.week }))
}

/// Writes a factor in place of the one that was there.
pub(crate) async fn insert(
    connection: &impl ConnectionTrait,
    person: Uuid,
    new: &Factor,
    backups: &[Vec<u8>],
) -> Result<(), DatabaseError> {
    erase(connection, person).await?;
    factor::Entity::insert(factor::ActiveModel {
        person_id: Set(person),
        kind: Set(Kind::Totp.word().to_owned()),
        secret: Set(new.secret.clone()),
        last_step: Set(new.last_step),
        week: Set(new.week.clone()),
    })
    .exec_without_returning(connection)
    .await?;
    amend_backups(connection, person, backups).await
}

/// Removes factor and backup codes. Whether there was one.
pub(crate) async fn erase(connection: &impl ConnectionTrait, person: Uuid) -> Result<bool, DatabaseError> {
    factor_backup::Entity::delete_many()
        .filter(factor_backup::Column::PersonId.eq(person))
        .exec(connection)
        .await?;
    let erased =
        factor::Entity::delete_many().filter(factor::Column::PersonId.eq(person)).exec(connection).await?;
    Ok(erased.rows_affected > 0)
}

/// Gives a person these backup codes and no others.
pub(crate) async fn amend_backups(
    connection: &impl ConnectionTrait,
    person: Uuid,
    hashes: &[Vec<u8>],
) -> Result<(), DatabaseError> {
    factor_backup::Entity::delete_many()
        .filter(factor_backup::Column::PersonId.eq(person))
        .exec(connection)
        .await?;
    let rows = hashes
        .iter()
        .map(|hash| factor_backup::ActiveModel { person_id: Set(person), hash: Set(hash.clone()) });
    factor_backup::Entity::insert_many(rows).exec_without_returning(connection).await?;
    Ok(())
}

/// How many backup codes are left.
pub(crate) async fn count_backups(
    connection: &impl ConnectionTrait,
    person: Uuid,
) -> Result<u64, DatabaseError> {
    let left = factor_backup::Entity::find().filter(factor_backup::Column::PersonId.eq(person));
    Ok(left.count(connection).await?)
}

/// Whether a backup code is there.
pub(crate) async fn has_backup(
    connection: &impl ConnectionTrait,
    person: Uuid,
    hash: &[u8],
) -> Result<bool, DatabaseError> {
    Ok(factor_backup::Entity::find_by_id((person, hash.to_vec())).one(connection).await?.is_some())
}

/// Takes a step of this secret; `false` when it, or a later one, was taken already.
pub(crate) async fn take_step(
    connection: &impl ConnectionTrait,
    person: Uuid,
    secret: &[u8],
    step: i64,
) -> Result<bool, DatabaseError> {
    let taken = factor::Entity::update_many()
        .set(factor::ActiveModel { last_step: Set(step), ..Default::default() })
        .filter(factor::Column::PersonId.eq(person))
        .filter(factor::Column::Secret.eq(secret.to_vec()))
        .filter(factor::Column::LastStep.lt(step))
        .exec(connection)
        .await?;
    Ok(taken.rows_affected > 0)
}

/// Takes a backup code; `false` when it is gone.
pub(crate) async fn take_backup(
    connection: &impl ConnectionTrait,
    person: Uuid,
    hash: &[u8],
) -> Result<bool, DatabaseError> {
    let taken = factor_backup::Entity::delete_by_id((person, hash.to_vec())).exec(connection).await?;
    Ok(taken.rows_affected > 0)
}
