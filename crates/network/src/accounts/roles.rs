//! The first administrator of a centre: `approdo roles`, for whoever runs the machine. After that colleagues do it on their page.

use envelope::audit::act::{Act, ActKind};
use jiff::Timestamp;
use platform::database::{Database, DatabaseError};
use platform::random::Random;
use policy::{Role, Roles};

use super::model::AccountName;
use super::store;
use crate::app::record;

/// Why roles were not changed.
#[derive(Debug, thiserror::Error)]
pub enum RoleRefusal {
    /// No such account, or it belongs to no centre now.
    #[error("there is no such account at any centre")]
    Account,
    /// The last role of a person.
    #[error("it would be the last role: whoever has none belongs to no centre")]
    Last,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// Gives a role to an account, or takes it; the log says so. Answers what it has then; the sessions of the person end.
///
/// # Errors
/// [`RoleRefusal`].
pub async fn change_role(
    database: &Database,
    random: &Random,
    now: Timestamp,
    account: &str,
    role: Role,
    given: bool,
) -> Result<Roles, RoleRefusal> {
    let account = &AccountName::parse(account).ok_or(RoleRefusal::Account)?;
    database
        .write(|transaction| async move {
            let person = store::find_by_account(&transaction, account).await?.ok_or(RoleRefusal::Account)?;
            let centre = person.centre.ok_or(RoleRefusal::Account)?;
            let mut roles = person.roles.clone();
            if given {
                roles.insert(role);
            } else {
                roles.remove(&role);
            }
            if roles.is_empty() {
                return Err(RoleRefusal::Last);
            }
            if roles == person.roles {
                return Ok(roles);
            }
            store::amend_roles(&transaction, person.id, centre, &roles).await?;
            let act = Act::of_centre(ActKind::RoleChanged, None, centre, person.id);
            record(&transaction, random, now, act).await?;
            Ok(roles)
        })
        .await
}
