//! Everything that can go wrong, as one sentence that says what to do; never with the content of a secret in it.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// A failure of a command; nothing was written where the sentence does not say so.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// A file could not be read.
    #[error("cannot read {0}: {1}")]
    Read(PathBuf, #[source] io::Error),
    /// A file could not be written.
    #[error("cannot write {0}: {1}")]
    Write(PathBuf, #[source] io::Error),
    /// A secret file would have been overwritten.
    #[error("{0} is there already; a secret is never overwritten. Choose another name or move the file away")]
    Exists(PathBuf),
    /// A secret file that others may read.
    #[error(
        "{0} holds a secret and others may read it: treat the secret as known to others and make a new one"
    )]
    Exposed(PathBuf),
    /// A file has another content than its format says.
    #[error("{0} is not in the expected format: {1}")]
    Format(PathBuf, String),
    /// A published file or folder that has no place in a publication.
    #[error("{0} does not belong in a publication; move it away before anything is copied to the server")]
    Stray(PathBuf),
    /// A published file with something that looks like a secret key.
    #[error("{0} contains a secret key; do not publish this folder, and replace the key")]
    SecretPublished(PathBuf),
    /// A published file is not what its signatures, or the files beside it, say.
    #[error("{0}: {1}")]
    Invalid(PathBuf, String),
    /// A name that is not usable as a file name or an account.
    #[error(
        "'{0}' is not usable here: small letters, digits, dots and hyphens, 1 to 64 of them, beginning with a letter or a digit"
    )]
    Name(String),
    /// Writing what was opened stopped half way.
    #[error(
        "stopped half way: {1}. What was written until then lies in {0}, is not whole and not sealed: erase it, then try again"
    )]
    Stopped(PathBuf, Box<Failure>),
    /// Anything that the person who runs the command can mend.
    #[error("{0}")]
    Refused(String),
    /// The sealing code refused.
    #[error("{0}: {1}")]
    Sealing(&'static str, String),
}
