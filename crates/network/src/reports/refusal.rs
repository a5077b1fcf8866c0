//! Everything that this slice refuses, with the codes of docs/http.md.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use envelope::refusal::{FrameRefusal, MailboxRefusal};
use platform::database::DatabaseError;
use platform::door::Turned;
use platform::nonce::NonceError;
use platform::web::PlatformError;

use super::model::NotNow;
use crate::centres::NotReceiving;

/// Why a post or a call was refused. Nothing was stored then.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Not one of the three lengths.
    #[error("size")]
    Size,
    /// Not the form of protocol section 12.
    #[error("malformed")]
    Malformed,
    /// Not from a page of ours.
    #[error("origin")]
    Origin,
    /// The author's signature does not verify.
    #[error("signature")]
    Signature,
    /// The nonce is not ours or has ended.
    #[error("nonce")]
    Nonce,
    /// There is no such centre.
    #[error("centre")]
    Centre,
    /// The centre does not offer the channel.
    #[error("channel")]
    Channel,
    /// Sealed to an epoch that is not the current one.
    #[error("epoch")]
    Epoch,
    /// Not the next place of the chain.
    #[error("sequence")]
    Sequence,
    /// Alike for unknown, unanswered and moved; and for an operator's item that is not hers to write.
    #[error("refused")]
    Refused,
    /// Her session has ended while she asked.
    #[error("signed-out")]
    SignedOut,
    /// Not this operator's, or not there: the two are not told apart.
    #[error("not-found")]
    NotFound,
    /// Somebody was faster, or the report does not stand where the command needs it.
    #[error("changed")]
    Changed,
    /// The first centre's promised time has not passed (protocol section 7.7).
    #[error("not-yet")]
    NotYet,
    /// A file that the item names is not there in whole, or belongs to another item.
    #[error("files")]
    Files,
    /// Not let in yet: work first, or a time to come again.
    #[error(transparent)]
    Turned(#[from] Turned),
    /// The store failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// What is stored does not read as what was stored.
    #[error("a stored frame does not read")]
    Damaged(#[source] FrameRefusal),
}

impl From<FrameRefusal> for Refusal {
    fn from(refusal: FrameRefusal) -> Self {
        match refusal {
            FrameRefusal::Size => Self::Size,
            // Another suite is another form for whoever sent it.
            FrameRefusal::Malformed | FrameRefusal::Suite => Self::Malformed,
            FrameRefusal::Signature => Self::Signature,
        }
    }
}

impl From<MailboxRefusal> for Refusal {
    fn from(refusal: MailboxRefusal) -> Self {
        match refusal {
            MailboxRefusal::Signature => Self::Signature,
            MailboxRefusal::Malformed | MailboxRefusal::Empty | MailboxRefusal::Mismatch => Self::Malformed,
        }
    }
}

impl From<NonceError> for Refusal {
    fn from(_: NonceError) -> Self {
        Self::Nonce
    }
}

impl From<NotNow> for Refusal {
    fn from(NotNow: NotNow) -> Self {
        Self::Changed
    }
}

impl From<NotReceiving> for Refusal {
    fn from(reason: NotReceiving) -> Self {
        match reason {
            NotReceiving::Centre => Self::Centre,
            NotReceiving::Channel => Self::Channel,
            NotReceiving::Epoch => Self::Epoch,
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
            Refusal::Nonce => (StatusCode::BAD_REQUEST, "nonce"),
            Refusal::Centre => (StatusCode::NOT_FOUND, "centre"),
            Refusal::Channel => (StatusCode::NOT_FOUND, "channel"),
            Refusal::Epoch => (StatusCode::CONFLICT, "epoch"),
            Refusal::Sequence => (StatusCode::CONFLICT, "sequence"),
            Refusal::Refused => (StatusCode::FORBIDDEN, "refused"),
            Refusal::SignedOut => (StatusCode::UNAUTHORIZED, "signed-out"),
            Refusal::NotFound => (StatusCode::NOT_FOUND, "not-found"),
            Refusal::Changed => (StatusCode::CONFLICT, "changed"),
            Refusal::NotYet => (StatusCode::FORBIDDEN, "not-yet"),
            Refusal::Files => (StatusCode::CONFLICT, "files"),
            Refusal::Turned(turned) => return Self::Turned(turned),
            Refusal::Database(error) => return Self::Database(error),
            Refusal::Damaged(_) => return Self::internal(refusal),
        };
        Self::Refused(status, code)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        PlatformError::from(self).into_response()
    }
}
