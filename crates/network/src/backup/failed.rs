//! Why a backup or a restore was not done, for the person who asked for it.

use std::path::PathBuf;

use jiff::Timestamp;
use platform::database::DatabaseError;
use uuid::Uuid;

/// Why a backup or a restore was not done.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// The database that is to be kept, or the one that is made.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The disk of the backup has no room.
    #[error("there is no room for the backup in {}; what was there before is whole", .0.display())]
    NoRoom(PathBuf),
    /// A file of the backup cannot be written.
    #[error("{} cannot be written", .0.display())]
    Write(PathBuf, #[source] DatabaseError),
    /// A file or folder.
    #[error("{}", .0.display())]
    File(PathBuf, #[source] std::io::Error),
    /// Two at the same time.
    #[error("another backup into {} is running", .0.display())]
    Running(PathBuf),
    /// Two in the same second.
    #[error("{} is there already", .0.display())]
    There(PathBuf),
    /// The database has no tables of ours.
    #[error("the database holds nothing that Approdo wrote")]
    Nothing,
    /// Tables or migrations of another version.
    #[error("it was written by a newer version of Approdo, which knows `{0}`: use that version")]
    Newer(String),
    /// A table that the list of this version lacks.
    #[error("this version of Approdo does not know how to keep the table `{0}`")]
    Unlisted(String),
    /// The folder holds none.
    #[error("there is no backup in {}: expected folders named backup-… or one of them", .0.display())]
    NoBackup(PathBuf),
    /// Not one that this program wrote, or not any more.
    #[error("manifest.json is not as it was written")]
    Manifest,
    /// A later version of the form.
    #[error(
        "the backup has form {0}, and this version of Approdo reads form 1: use the version that made it"
    )]
    Format(u64),
    /// Two networks.
    #[error(
        "the backup is of the network {kept} and the database of the network {found}: use another folder"
    )]
    Foreign {
        /// The one in the folder.
        kept: Uuid,
        /// The one in the database.
        found: Uuid,
    },
    /// A part is not what it was.
    #[error("{file} is damaged: {what}")]
    Damaged {
        /// The name of the file.
        file: String,
        /// What is wrong with it.
        what: String,
    },
    /// A part is not there.
    #[error("{0} is missing: put it beside manifest.json")]
    Missing(String),
    /// Seven days are over.
    #[error(
        "the backup was made on {0}, more than seven days ago, and is not restored: what opens a report lives at most seven days outside \
         of the database, so that what was shredded cannot come back (docs/backup.md). Take a newer backup"
    )]
    TooOld(Timestamp),
    /// A clock was wrong.
    #[error(
        "the backup says that it was made on {0}, which is yet to come by the clock of this computer, so nobody knows how old it is: \
         set the clock right, or take another backup"
    )]
    FromTheFuture(Timestamp),
    /// The target holds something.
    #[error("{0} is there already, and nothing is overwritten: restore into a new one")]
    Taken(String),
    /// The target is half a database.
    #[error(
        "the restore of {0} stopped half way, so it is not used: make a new, empty database and restore into that one"
    )]
    HalfWay(String),
}

impl Failed {
    /// A failure at a file of the backup; a full disk is told apart.
    pub(super) fn writing(path: &std::path::Path, error: DatabaseError) -> Self {
        match error {
            DatabaseError::Full(_) => Self::NoRoom(path.to_owned()),
            error => Self::Write(path.to_owned(), error),
        }
    }

    /// A failure at a file or folder; a full disk is told apart.
    pub(super) fn file(path: &std::path::Path, error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                Self::NoRoom(path.to_owned())
            }
            _ => Self::File(path.to_owned(), error),
        }
    }

    pub(super) fn damaged(file: &str, what: impl Into<String>) -> Self {
        Self::Damaged { file: file.to_owned(), what: what.into() }
    }
}
