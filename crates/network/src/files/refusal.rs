//! Everything that this slice refuses, with the codes of docs/http.md.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use envelope::refusal::FileRefusal;
use platform::database::DatabaseError;
use platform::door::Turned;
use platform::web::PlatformError;

/// Why an upload was refused. Nothing was stored then.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// Larger than any chunk.
    #[error("size")]
    Size,
    /// Not the form of protocol section 12.8, or not the beginning of a sealed file.
    #[error("malformed")]
    Malformed,
    /// Not from a page of ours.
    #[error("origin")]
    Origin,
    /// Not signed by the key of this file.
    #[error("signature")]
    Signature,
    /// Other bytes at a place that has some, another number of chunks, or no first chunk yet.
    #[error("sequence")]
    Sequence,
    /// No room for files that nobody has named yet.
    #[error("busy")]
    Busy,
    /// The door lets nobody in now, or not without work.
    #[error(transparent)]
    Turned(#[from] Turned),
    /// The store failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl From<FileRefusal> for Refusal {
    fn from(refusal: FileRefusal) -> Self {
        match refusal {
            FileRefusal::Malformed => Self::Malformed,
            FileRefusal::Key | FileRefusal::Signature => Self::Signature,
        }
    }
}

impl From<Refusal> for PlatformError {
    fn from(refusal: Refusal) -> Self {
        let (status, code) = match refusal {
            Refusal::Size => (StatusCode::PAYLOAD_TOO_LARGE, "size"),
            Refusal::Malformed => (StatusCode::BAD_REQUEST, "malformed"),
            Refusal::Origin => (StatusCode::FORBIDDEN, "origin"),
            Refusal::Signature => (StatusCode::BAD_REQUEST, "signature"),
            Refusal::Sequence => (StatusCode::CONFLICT, "sequence"),
            Refusal::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Refusal::Turned(turned) => return turned.into(),
            Refusal::Database(error) => return Self::Database(error),
        };
        Self::Refused(status, code)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        PlatformError::from(self).into_response()
    }
}
