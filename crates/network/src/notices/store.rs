//! All questions of this slice to the database, one function each.

use jiff::Timestamp;
use platform::database::DatabaseError;
use platform::mail::Address;
use sea_orm::sea_query::{Condition, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::entities::notice;
use super::model::{Asked, Wishes};
use crate::accounts::Working;

/// What a person wishes for her centre; what she wished for another one does not count.
pub(super) async fn find(
    connection: &impl ConnectionTrait,
    person: Uuid,
    centre: Uuid,
) -> Result<Option<Wishes>, DatabaseError> {
    let row = notice::Entity::find_by_id(person)
        .filter(notice::Column::CentreId.eq(centre))
        .one(connection)
        .await?;
    row.map(|row| read(row).map(|(_, wishes)| wishes)).transpose()
}

/// Keeps what a person wishes for her centre.
pub(super) async fn keep(
    connection: &impl ConnectionTrait,
    person: Uuid,
    centre: Uuid,
    wishes: &Wishes,
) -> Result<(), DatabaseError> {
    let asked = wishes.asked.as_ref();
    let text = |address: &Address| address.as_str().to_owned();
    let row = notice::ActiveModel {
        person_id: Set(person),
        centre_id: Set(centre),
        address: Set(wishes.address.as_ref().map(text)),
        wants: Set(wishes.wants),
        supervises: Set(wishes.supervises),
        refused: Set(wishes.refused),
        asked_address: Set(asked.map(|asked| text(&asked.address))),
        asked_hash: Set(asked.map(|asked| asked.hash().to_vec())),
        asked_until: Set(asked.map(|asked| asked.until().as_second())),
    };
    let conflict = OnConflict::column(notice::Column::PersonId)
        .update_columns([
            notice::Column::CentreId,
            notice::Column::Address,
            notice::Column::Wants,
            notice::Column::Supervises,
            notice::Column::Refused,
            notice::Column::AskedAddress,
            notice::Column::AskedHash,
            notice::Column::AskedUntil,
        ])
        .to_owned();
    notice::Entity::insert(row).on_conflict(conflict).exec_without_returning(connection).await?;
    Ok(())
}

/// Forgets what a person wishes.
pub(super) async fn erase(connection: &impl ConnectionTrait, person: Uuid) -> Result<(), DatabaseError> {
    notice::Entity::delete_by_id(person).exec(connection).await?;
    Ok(())
}

/// Notes that the mail server refuses an address for good, unless she has another one by now.
pub(super) async fn note_refused(
    connection: &impl ConnectionTrait,
    person: Uuid,
    address: &Address,
) -> Result<(), DatabaseError> {
    notice::Entity::update_many()
        .set(notice::ActiveModel { refused: Set(true), ..Default::default() })
        .filter(notice::Column::PersonId.eq(person))
        .filter(notice::Column::Address.eq(address.as_str()))
        .exec(connection)
        .await?;
    Ok(())
}

/// Everybody who wishes to be told something, with the person's id.
pub(super) async fn list(connection: &impl ConnectionTrait) -> Result<Vec<(Uuid, Wishes)>, DatabaseError> {
    let rows = notice::Entity::find()
        .filter(notice::Column::Address.is_not_null())
        .filter(notice::Column::Refused.eq(false))
        .filter(Condition::any().add(notice::Column::Wants.eq(true)).add(notice::Column::Supervises.eq(true)))
        .all(connection)
        .await?;
    rows.into_iter().map(read).collect()
}

/// Forgets the addresses of whoever no longer works at the centre, and codes that no longer hold.
pub(super) async fn erase_ended(
    connection: &impl ConnectionTrait,
    working: &[Working],
    now: Timestamp,
) -> Result<(), DatabaseError> {
    for row in notice::Entity::find().all(connection).await? {
        let is_working = working.iter().any(|one| one.person == row.person_id && one.centre == row.centre_id);
        let is_over = row.asked_until.is_some_and(|until| until <= now.as_second());
        if !is_working || (is_over && row.address.is_none()) {
            erase(connection, row.person_id).await?;
        } else if is_over {
            let (person, centre) = (row.person_id, row.centre_id);
            let (_, wishes) = read(row)?;
            keep(connection, person, centre, &Wishes { asked: None, ..wishes }).await?;
        }
    }
    Ok(())
}

fn read(row: notice::Model) -> Result<(Uuid, Wishes), DatabaseError> {
    let address = |text: String| Address::parse(&text).ok_or_else(damaged);
    let asked = match (row.asked_address, row.asked_hash, row.asked_until) {
        (Some(text), Some(hash), Some(until)) => {
            let until = Timestamp::from_second(until).map_err(|_| damaged())?;
            Some(Asked::stored(address(text)?, hash, until))
        }
        _ => None,
    };
    let wishes = Wishes {
        address: row.address.map(address).transpose()?,
        wants: row.wants,
        supervises: row.supervises,
        refused: row.refused,
        asked,
    };
    Ok((row.person_id, wishes))
}

fn damaged() -> DatabaseError {
    DatabaseError::from(sea_orm::DbErr::Type(
        "a row of notices is not one that this version writes".to_owned(),
    ))
}
