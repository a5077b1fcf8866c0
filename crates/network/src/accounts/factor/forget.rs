//! A telephone and all backup codes are lost: `approdo factor forget`, for whoever runs the machine.

use envelope::audit::act::{Act, ActKind};
use jiff::Timestamp;
use platform::database::{Database, DatabaseError};
use platform::random::Random;

use super::super::model::AccountName;
use super::super::store::{self, end_sessions};
use crate::app::record;

/// Why no factor was forgotten.
#[derive(Debug, thiserror::Error)]
pub enum ForgetRefusal {
    /// No such account, or it belongs to no centre now.
    #[error("there is no such account at any centre")]
    Account,
    /// Nothing to forget.
    #[error("this account has no second factor; it enrols one at its next sign-in")]
    None,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// Removes the factor of an account with its backup codes; the log says so, and the sessions of the person end. At her next sign-in she
/// enrols anew.
///
/// # Errors
/// [`ForgetRefusal`].
pub async fn forget_factor(
    database: &Database,
    random: &Random,
    now: Timestamp,
    account: &str,
) -> Result<(), ForgetRefusal> {
    let account = &AccountName::parse(account).ok_or(ForgetRefusal::Account)?;
    database
        .write(|transaction| async move {
            let person =
                store::find_by_account(&transaction, account).await?.ok_or(ForgetRefusal::Account)?;
            let centre = person.centre.ok_or(ForgetRefusal::Account)?;
            if !store::factor::erase(&transaction, person.id).await? {
                return Err(ForgetRefusal::None);
            }
            end_sessions(&transaction, &[person.id]).await?;
            let act = Act::of_centre(ActKind::FactorForgotten, None, centre, person.id);
            record(&transaction, random, now, act).await?;
            Ok(())
        })
        .await
}
