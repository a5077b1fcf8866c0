//! The second factor (protocol section 6, docs/adr/0023-second-factor.md): what is enrolled, and how a code is looked at and used up.
//!
//! Who may: each person for herself; no address takes a person. Invariants: what is offered is stored only when its first code is right; a
//! step and a backup code are each taken once, in the transaction that they open; a session that began without the factor is never one of
//! an [`super::Operator`] where the factor is required.

mod code;
mod forget;
mod pages;
mod proof;
mod totp;

use platform::database::DatabaseError;
use platform::random::Random;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

pub use forget::{ForgetRefusal, forget_factor};
pub(super) use pages::{enrol, factor, renew_codes, replace};

use self::code::{BACKUP_LENGTH, Code};
use super::delays::Attempt;
use super::store::factor as store;
use crate::App;

/// Backup codes that are handed out at once.
const BACKUP_CODES: usize = 10;

/// What a factor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Codes from the time (RFC 6238).
    Totp,
}

impl Kind {
    /// The word in the table.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Totp => "totp",
        }
    }
}

/// The factor of a person.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Factor {
    /// The secret that her authenticator has as well.
    pub(super) secret: Vec<u8>,
    /// The last step that was taken.
    pub(super) last_step: i64,
    /// The ISO week in which it was enrolled.
    pub(super) week: String,
}

/// Why a code does not open.
#[derive(Debug, thiserror::Error)]
pub(super) enum CodeRefusal {
    /// Too many wrong ones for this person, from wherever: not before so many seconds.
    #[error("too many wrong codes")]
    Wait(u32),
    /// Wrong, used, or of a step that was taken.
    #[error("not a code of this person now")]
    Wrong,
    /// The database.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// A code that is right and not yet used up. Printing it is not possible: a secret is inside.
pub(super) struct Proved {
    person: Uuid,
    what: What,
    /// Of a code that can be guessed.
    attempt: Option<Attempt>,
}

enum What {
    Step { secret: Vec<u8>, step: i64 },
    Backup { hash: Vec<u8> },
}

impl Proved {
    /// Looks at a code. One of six digits counts as wrong until [`Proved::forgive`], and waits after others that were; nobody guesses 80
    /// bits, so a backup code never waits: whoever has her passphrase cannot keep her out with wrong codes.
    pub(super) async fn look_at(
        app: &App,
        person: Uuid,
        factor: &Factor,
        typed: &str,
    ) -> Result<Self, CodeRefusal> {
        let now = app.platform.now();
        let (what, attempt) = match Code::parse(typed).ok_or(CodeRefusal::Wrong)? {
            Code::Timed(given) => {
                let attempt = app.code_delays.begin_everywhere(person, now).map_err(CodeRefusal::Wait)?;
                let step = totp::accepted(&factor.secret, given, now, Some(factor.last_step));
                let step = step.ok_or(CodeRefusal::Wrong)?;
                (What::Step { secret: factor.secret.clone(), step }, Some(attempt))
            }
            Code::Backup(code) => {
                let hash = code::hash(&code);
                if !store::has_backup(app.platform.database.read(), person, &hash).await? {
                    return Err(CodeRefusal::Wrong);
                }
                (What::Backup { hash }, None)
            }
        };
        Ok(Self { person, what, attempt })
    }

    /// Uses it up, in the transaction that it opens. `false` when somebody was faster, or the factor is another one now.
    pub(super) async fn take(&self, connection: &impl ConnectionTrait) -> Result<bool, DatabaseError> {
        match &self.what {
            What::Step { secret, step } => store::take_step(connection, self.person, secret, *step).await,
            What::Backup { hash } => store::take_backup(connection, self.person, hash).await,
        }
    }

    /// Whether it is one of the ten.
    pub(super) fn is_backup(&self) -> bool {
        matches!(self.what, What::Backup { .. })
    }

    /// It opened something: wrong ones before it are forgotten.
    pub(super) fn forgive(&self, app: &App) {
        if let Some(attempt) = &self.attempt {
            app.code_delays.forgive(attempt);
        }
    }
}

/// Ten new backup codes: as they are shown once, and as they are stored.
fn draw_backups(random: &Random) -> (Vec<String>, Vec<Vec<u8>>) {
    let drawn: Vec<[u8; BACKUP_LENGTH]> = (0..BACKUP_CODES).map(|_| random.bytes()).collect();
    (drawn.iter().map(|code| code::in_groups(code)).collect(), drawn.iter().map(code::hash).collect())
}
