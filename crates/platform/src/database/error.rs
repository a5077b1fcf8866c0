//! What can go wrong with the store, told apart as far as somebody can act on it.

use std::error::Error as StdError;

use sea_orm::{DbErr, RuntimeErr, SqlErr};
use thiserror::Error;

/// The store failed, not a rule. Refusals are the slices' own errors.
#[derive(Debug, Error)]
pub enum DatabaseError {
    /// The file or server could not be reached.
    #[error("cannot open the database")]
    Connect(#[source] DbErr),
    /// The file could not be created.
    #[error("cannot create the database file")]
    File(#[source] std::io::Error),
    /// Nobody gave way within ten seconds.
    #[error("the database is busy")]
    Busy(#[source] DbErr),
    /// The disk has no room. Nothing of this write was kept, everything acknowledged before is.
    #[error("the disk of the database is full")]
    Full(#[source] DbErr),
    /// What stands in the file is not what was written there.
    #[error("the database is damaged: bring back a backup with `approdo restore`")]
    Damaged(#[source] DbErr),
    /// The closure kept its [`Transaction`](super::Transaction) beyond its end, so nothing was committed.
    #[error("a transaction was kept beyond its end")]
    Kept,
    /// A statement failed.
    #[error("a database statement failed")]
    Statement(#[source] DbErr),
}

impl From<DbErr> for DatabaseError {
    fn from(error: DbErr) -> Self {
        match kind(&error) {
            Kind::Busy => Self::Busy(error),
            Kind::Full => Self::Full(error),
            Kind::Damaged => Self::Damaged(error),
            Kind::Lost | Kind::Other => Self::Statement(error),
        }
    }
}

impl DatabaseError {
    /// A failure to open: damage is told apart, because there the way back is another one.
    pub(super) fn opening(error: DbErr) -> Self {
        if kind(&error) == Kind::Damaged { Self::Damaged(error) } else { Self::Connect(error) }
    }

    /// Whether a UNIQUE constraint refused a row, which is how a slice learns that it lost a race.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Statement(error) if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))))
    }

    /// Whether a row was refused because what it refers to is not there.
    #[must_use]
    pub fn is_foreign_key_violation(&self) -> bool {
        matches!(self, Self::Statement(error) if matches!(error.sql_err(), Some(SqlErr::ForeignKeyConstraintViolation(_))))
    }
}

/// What an engine's code means to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Busy,
    Full,
    Damaged,
    /// SQLite may have ended the transaction by itself, or the connection is gone.
    Lost,
    Other,
}

/// Result codes of SQLite (<https://sqlite.org/rescode.html>): the low eight bits are the family, the rest tells its cases apart.
mod sqlite {
    pub(super) const BUSY: u32 = 5;
    pub(super) const OUT_OF_MEMORY: u32 = 7;
    pub(super) const INTERRUPTED: u32 = 9;
    pub(super) const INPUT_OUTPUT: u32 = 10;
    pub(super) const CORRUPT: u32 = 11;
    pub(super) const FULL: u32 = 13;
    pub(super) const NOT_A_DATABASE: u32 = 26;
    /// The index of the log in shared memory cannot grow, which is a full disk as well (`SQLITE_IOERR_SHMSIZE`).
    pub(super) const NO_ROOM_FOR_INDEX: u32 = 4874;
}

fn kind(error: &DbErr) -> Kind {
    if matches!(error, DbErr::ConnectionAcquire(_)) {
        return Kind::Busy;
    }
    let Some(code) = code(error) else {
        return if is_of_driver(error) { Kind::Lost } else { Kind::Other };
    };
    // An SQLSTATE of PostgreSQL has five characters, SQLite's codes have fewer.
    match code.as_str() {
        "53100" => return Kind::Full,
        "XX001" | "XX002" => return Kind::Damaged,
        _ => {}
    }
    match code.parse::<u32>() {
        Ok(number) if code.len() < 5 => match (number, number & 0xff) {
            (_, sqlite::BUSY) => Kind::Busy,
            (_, sqlite::FULL) | (sqlite::NO_ROOM_FOR_INDEX, _) => Kind::Full,
            (_, sqlite::CORRUPT | sqlite::NOT_A_DATABASE) => Kind::Damaged,
            (_, sqlite::OUT_OF_MEMORY | sqlite::INTERRUPTED | sqlite::INPUT_OUTPUT) => Kind::Lost,
            _ => Kind::Other,
        },
        _ => Kind::Other,
    }
}

/// Whether SQLite may have rolled the whole transaction back by itself, or has lost it: nothing may run in it any more.
pub(super) fn ends_a_transaction(error: &DbErr) -> bool {
    kind(error) != Kind::Other
}

/// Whether the driver itself failed, and not the statement.
fn is_of_driver(error: &DbErr) -> bool {
    use sea_orm::sqlx::Error;

    sqlx_error(error).is_some_and(|error| {
        matches!(error, Error::WorkerCrashed | Error::Io(_) | Error::PoolClosed | Error::Protocol(_))
    })
}

fn sqlx_error(error: &DbErr) -> Option<&sea_orm::sqlx::Error> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(inner))
        | DbErr::Query(RuntimeErr::SqlxError(inner))
        | DbErr::Conn(RuntimeErr::SqlxError(inner)) => Some(inner),
        _ => None,
    }
}

/// The engine's own code: SQLSTATE on PostgreSQL, the extended result code on SQLite.
fn code(error: &DbErr) -> Option<String> {
    match sqlx_error(error)? {
        sea_orm::sqlx::Error::Database(error) => error.code().map(std::borrow::Cow::into_owned),
        _ => None,
    }
}

/// 40001 serialisation failure, 40P01 deadlock: the same transaction may well succeed when it runs again.
pub(super) fn is_serialisation_failure(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let found = error.downcast_ref::<DbErr>().and_then(code);
        if matches!(found.as_deref(), Some("40001" | "40P01")) {
            return true;
        }
        next = error.source();
    }
    false
}
