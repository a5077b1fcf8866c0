//! All questions of this slice to the database, one function each.

pub(super) mod factor;

use jiff::Timestamp;
use platform::database::DatabaseError;
use policy::{Role, Roles};
use sea_orm::sea_query::{Condition, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
};
use uuid::Uuid;

use super::entities::{installation, organisation, person, role, session, slot};
use super::model::{AccountName, CLOCK_STEP, Enrolled, Enrolment, Lengths, Life, Person, Slot, Working};

/// The one kind of slot of this version.
const PASSPHRASE: &str = "passphrase";

/// A session with its person, as found by the hash of the cookie.
#[derive(Clone, Debug)]
pub(super) struct FoundSession {
    /// Whose it is.
    pub(super) person: Person,
    /// Its times.
    pub(super) life: Life,
    /// Whether it began with a second factor.
    pub(super) with_factor: bool,
}

/// The secret of this installation, if it was born already.
pub(super) async fn find_installation_secret(
    connection: &impl ConnectionTrait,
) -> Result<Option<Vec<u8>>, DatabaseError> {
    let row = installation::Entity::find_by_id(1).one(connection).await?;
    Ok(row.map(|row| row.secret))
}

/// Keeps the secret of this installation, unless another process was faster.
pub(super) async fn keep_installation_secret(
    connection: &impl ConnectionTrait,
    secret: &[u8],
) -> Result<(), DatabaseError> {
    installation::Entity::insert(installation::ActiveModel { id: Set(1), secret: Set(secret.to_vec()) })
        .on_conflict(OnConflict::column(installation::Column::Id).do_nothing().to_owned())
        .exec_without_returning(connection)
        .await?;
    Ok(())
}

/// The slot of an account, if there is such an account.
pub(super) async fn find_slot(
    connection: &impl ConnectionTrait,
    account: &AccountName,
) -> Result<Option<Slot>, DatabaseError> {
    let person =
        person::Entity::find().filter(person::Column::Account.eq(account.as_str())).one(connection).await?;
    // An unknown account asks the same two questions: the second one for an id that nobody has.
    let id = person.map_or(Uuid::nil(), |row| row.id);
    let row = slot::Entity::find_by_id((id, PASSPHRASE.to_owned())).one(connection).await?;
    Ok(row.map(|row| Slot {
        person: row.person_id,
        salt: row.salt,
        login_key: row.login_key,
        sealed: row.sealed,
    }))
}

/// A person by id.
pub(crate) async fn find_person(
    connection: &impl ConnectionTrait,
    id: Uuid,
) -> Result<Option<Person>, DatabaseError> {
    let Some(row) = person::Entity::find_by_id(id).one(connection).await? else {
        return Ok(None);
    };
    let roles = role::Entity::find().filter(role::Column::PersonId.eq(id)).all(connection).await?;
    Ok(Some(read_person(row, &roles)))
}

/// A person by the name that she signs in with.
pub(super) async fn find_by_account(
    connection: &impl ConnectionTrait,
    account: &AccountName,
) -> Result<Option<Person>, DatabaseError> {
    let row =
        person::Entity::find().filter(person::Column::Account.eq(account.as_str())).one(connection).await?;
    match row {
        Some(row) => find_person(connection, row.id).await,
        None => Ok(None),
    }
}

/// Everybody of a centre, by name.
pub(crate) async fn list_people(
    connection: &impl ConnectionTrait,
    centre: Uuid,
) -> Result<Vec<Person>, DatabaseError> {
    let roles = role::Entity::find().filter(role::Column::CentreId.eq(centre)).all(connection).await?;
    let ids = roles.iter().map(|role| role.person_id);
    let people = person::Entity::find()
        .filter(person::Column::Id.is_in(ids))
        .order_by_asc(person::Column::Name)
        .all(connection)
        .await?;
    Ok(people.into_iter().map(|row| read_person(row, &roles)).collect())
}

/// The names of some people, also of those who have left.
pub(crate) async fn list_names(
    connection: &impl ConnectionTrait,
    people: &[Uuid],
) -> Result<Vec<(Uuid, String)>, DatabaseError> {
    let rows = person::Entity::find()
        .filter(person::Column::Id.is_in(people.iter().copied()))
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.name)).collect())
}

/// Everybody who works with the reports of a centre now.
pub(crate) async fn list_working(connection: &impl ConnectionTrait) -> Result<Vec<Working>, DatabaseError> {
    let names = [Role::Operator.name(), Role::Supervisor.name()];
    let roles = role::Entity::find().filter(role::Column::Name.is_in(names)).all(connection).await?;
    let people = person::Entity::find().filter(person::Column::Suspended.eq(false)).all(connection).await?;
    let working = people.into_iter().filter_map(|person| {
        let role = roles.iter().find(|role| role.person_id == person.id)?;
        Some(Working { person: person.id, centre: role.centre_id, language: person.language })
    });
    Ok(working.collect())
}

/// Gives a person exactly these roles at her centre. Her sessions end: what she may has changed (docs/adr/0019).
pub(crate) async fn amend_roles(
    connection: &impl ConnectionTrait,
    person: Uuid,
    centre: Uuid,
    roles: &Roles,
) -> Result<(), DatabaseError> {
    role::Entity::delete_many().filter(role::Column::PersonId.eq(person)).exec(connection).await?;
    let rows = roles.iter().map(|role| role::ActiveModel {
        person_id: Set(person),
        centre_id: Set(centre),
        name: Set(role.name().to_owned()),
    });
    role::Entity::insert_many(rows).exec_without_returning(connection).await?;
    end_sessions(connection, &[person]).await
}

/// Suspends a person, or lets her come back. Her sessions end.
pub(crate) async fn amend_suspended(
    connection: &impl ConnectionTrait,
    person: Uuid,
    suspended: bool,
) -> Result<(), DatabaseError> {
    person::Entity::update_many()
        .set(person::ActiveModel { suspended: Set(suspended), ..Default::default() })
        .filter(person::Column::Id.eq(person))
        .exec(connection)
        .await?;
    end_sessions(connection, &[person]).await
}

/// Ends all sessions of some people.
pub(super) async fn end_sessions(
    connection: &impl ConnectionTrait,
    people: &[Uuid],
) -> Result<(), DatabaseError> {
    session::Entity::delete_many()
        .filter(session::Column::PersonId.is_in(people.iter().copied()))
        .exec(connection)
        .await?;
    Ok(())
}

/// A person of a row, with those of the roles that are hers. A name that this version does not know gives nothing.
fn read_person(row: person::Model, roles: &[role::Model]) -> Person {
    let hers: Vec<&role::Model> = roles.iter().filter(|role| role.person_id == row.id).collect();
    Person {
        id: row.id,
        account: row.account,
        name: row.name,
        language: row.language,
        signing_key: row.signing_key,
        recipient: row.recipient,
        centre: hers.first().map(|role| role.centre_id),
        roles: hers.iter().filter_map(|role| Role::find(&role.name)).collect(),
        suspended: row.suspended,
    }
}

/// Writes down a session that begins.
pub(super) async fn insert_session(
    connection: &impl ConnectionTrait,
    token_hash: &[u8],
    person: Uuid,
    life: Life,
    with_factor: bool,
) -> Result<(), DatabaseError> {
    session::Entity::insert(session::ActiveModel {
        token_hash: Set(token_hash.to_vec()),
        person_id: Set(person),
        created_at: Set(life.created.as_second()),
        seen_at: Set(life.seen.as_second()),
        expires_at: Set(life.expires.as_second()),
        with_factor: Set(with_factor),
    })
    .exec_without_returning(connection)
    .await?;
    Ok(())
}

/// The session of a cookie's hash, whether it still holds or not.
pub(super) async fn find_session(
    connection: &impl ConnectionTrait,
    token_hash: &[u8],
) -> Result<Option<FoundSession>, DatabaseError> {
    let Some(row) = session::Entity::find_by_id(token_hash.to_vec()).one(connection).await? else {
        return Ok(None);
    };
    let Some(person) = find_person(connection, row.person_id).await? else {
        return Ok(None);
    };
    Ok(Some(FoundSession {
        person,
        with_factor: row.with_factor,
        life: Life {
            created: moment(row.created_at),
            seen: moment(row.seen_at),
            expires: moment(row.expires_at),
        },
    }))
}

/// Notes that a session was used; never moves its time backwards.
pub(super) async fn touch_session(
    connection: &impl ConnectionTrait,
    token_hash: &[u8],
    now: Timestamp,
) -> Result<(), DatabaseError> {
    session::Entity::update_many()
        .set(session::ActiveModel { seen_at: Set(now.as_second()), ..Default::default() })
        .filter(session::Column::TokenHash.eq(token_hash.to_vec()))
        .filter(session::Column::SeenAt.lt(now.as_second()))
        .exec(connection)
        .await?;
    Ok(())
}

/// Ends a session.
pub(super) async fn delete_session(
    connection: &impl ConnectionTrait,
    token_hash: &[u8],
) -> Result<(), DatabaseError> {
    session::Entity::delete_by_id(token_hash.to_vec()).exec(connection).await?;
    Ok(())
}

/// The sessions of a person by the hashes of their cookies, the latest first, whether they still hold or not.
pub(super) async fn list_sessions(
    connection: &impl ConnectionTrait,
    person: Uuid,
) -> Result<Vec<(Vec<u8>, Life)>, DatabaseError> {
    let rows = session::Entity::find()
        .filter(session::Column::PersonId.eq(person))
        .order_by_desc(session::Column::CreatedAt)
        .all(connection)
        .await?;
    let life = |row: &session::Model| Life {
        created: moment(row.created_at),
        seen: moment(row.seen_at),
        expires: moment(row.expires_at),
    };
    Ok(rows.into_iter().map(|row| (row.token_hash.clone(), life(&row))).collect())
}

/// Ends all sessions of a person but one. Answers the hashes of those that ended.
pub(super) async fn delete_other_sessions(
    connection: &impl ConnectionTrait,
    person: Uuid,
    kept: &[u8],
) -> Result<Vec<Vec<u8>>, DatabaseError> {
    let others: Vec<Vec<u8>> = list_sessions(connection, person)
        .await?
        .into_iter()
        .map(|(id, _)| id)
        .filter(|id| id.as_slice() != kept)
        .collect();
    session::Entity::delete_many()
        .filter(session::Column::TokenHash.is_in(others.iter().cloned()))
        .exec(connection)
        .await?;
    Ok(others)
}

/// Removes sessions that no longer hold.
pub(super) async fn delete_ended_sessions(
    connection: &impl ConnectionTrait,
    now: Timestamp,
    lengths: Lengths,
) -> Result<u64, DatabaseError> {
    let idle_since = now.as_second().saturating_sub(lengths.idle.as_secs());
    let latest = now.as_second().saturating_add(CLOCK_STEP.as_secs());
    let ended = Condition::any()
        .add(session::Column::ExpiresAt.lte(now.as_second()))
        .add(session::Column::SeenAt.lte(idle_since))
        .add(session::Column::SeenAt.gt(latest));
    let result = session::Entity::delete_many().filter(ended).exec(connection).await?;
    Ok(result.rows_affected)
}

/// The organisation of that name; a new one gets the id given.
pub(crate) async fn amend_organisation(
    connection: &impl ConnectionTrait,
    name: &str,
    new_id: Uuid,
) -> Result<Uuid, DatabaseError> {
    let found =
        organisation::Entity::find().filter(organisation::Column::Name.eq(name)).one(connection).await?;
    if let Some(row) = found {
        return Ok(row.id);
    }
    organisation::Entity::insert(organisation::ActiveModel { id: Set(new_id), name: Set(name.to_owned()) })
        .exec_without_returning(connection)
        .await?;
    Ok(new_id)
}

/// Writes a person with slot and role, or brings them up to date. With other keys or another centre the sessions end: new keys are
/// how a centre shuts out whoever has overheard a passphrase. Answers what was changed about her.
pub(crate) async fn amend_enrolment(
    connection: &impl ConnectionTrait,
    organisation: Uuid,
    enrolment: &Enrolment,
) -> Result<Enrolled, DatabaseError> {
    let Enrolment { person, slot } = enrolment;
    let known = find_person(connection, person.id).await?;
    let known_slot = slot::Entity::find_by_id((person.id, PASSPHRASE.to_owned())).one(connection).await?;
    let is_there = known.as_ref().is_some_and(|known| known.centre == person.centre);
    let has_keys = known.is_some_and(|known| known.signing_key == person.signing_key);
    let has_keys = has_keys && known_slot.is_some_and(|known| known.login_key == slot.login_key);
    if !is_there || !has_keys {
        end_sessions(connection, &[person.id]).await?;
    }
    person::Entity::insert(person::ActiveModel {
        id: Set(person.id),
        organisation_id: Set(organisation),
        account: Set(person.account.clone()),
        name: Set(person.name.clone()),
        language: Set(person.language.clone()),
        signing_key: Set(person.signing_key.clone()),
        recipient: Set(person.recipient.clone()),
        // Never amended by an import: who was suspended here stays so.
        suspended: Set(false),
    })
    .on_conflict(
        OnConflict::column(person::Column::Id)
            .update_columns([
                person::Column::OrganisationId,
                person::Column::Account,
                person::Column::Name,
                person::Column::Language,
                person::Column::SigningKey,
                person::Column::Recipient,
            ])
            .to_owned(),
    )
    .exec_without_returning(connection)
    .await?;
    slot::Entity::insert(slot::ActiveModel {
        person_id: Set(person.id),
        kind: Set(PASSPHRASE.to_owned()),
        salt: Set(slot.salt.clone()),
        login_key: Set(slot.login_key.clone()),
        sealed: Set(slot.sealed.clone()),
    })
    .on_conflict(
        OnConflict::columns([slot::Column::PersonId, slot::Column::Kind])
            .update_columns([slot::Column::Salt, slot::Column::LoginKey, slot::Column::Sealed])
            .to_owned(),
    )
    .exec_without_returning(connection)
    .await?;
    // Whoever is new at this centre begins as operator; roles that were given here stay. A person works for one centre: an import that
    // names another takes those of the old one.
    if !is_there {
        role::Entity::delete_many().filter(role::Column::PersonId.eq(person.id)).exec(connection).await?;
        if let Some(centre) = person.centre {
            amend_roles(connection, person.id, centre, &Roles::from([Role::Operator])).await?;
        }
        return Ok(Enrolled::New);
    }
    Ok(if has_keys { Enrolled::Same } else { Enrolled::OtherKeys })
}

/// Takes all roles from everybody of a centre who is not listed, and ends their sessions at once (protocol section 4.3). Who
/// that was.
pub(crate) async fn end_roles_of_others(
    connection: &impl ConnectionTrait,
    centre: Uuid,
    members: &[Uuid],
) -> Result<Vec<Uuid>, DatabaseError> {
    let mut gone: Vec<Uuid> = role::Entity::find()
        .filter(role::Column::CentreId.eq(centre))
        .filter(role::Column::PersonId.is_not_in(members.iter().copied()))
        .all(connection)
        .await?
        .into_iter()
        .map(|row| row.person_id)
        .collect();
    // Somebody may have several roles.
    gone.sort_unstable();
    gone.dedup();
    end_sessions(connection, &gone).await?;
    for person in &gone {
        factor::erase(connection, *person).await?;
    }
    role::Entity::delete_many()
        .filter(role::Column::CentreId.eq(centre))
        .filter(role::Column::PersonId.is_in(gone.iter().copied()))
        .exec(connection)
        .await?;
    Ok(gone)
}

/// A moment from its seconds; times outside the calendar count as long ago.
fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH)
}
