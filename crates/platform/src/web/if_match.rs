//! `If-Match` with the version of a record, so that two operators never overwrite each other silently.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::StatusCode;
use axum::http::header::IF_MATCH;
use axum::http::request::Parts;

use crate::web::PlatformError;

/// The version that the caller saw: `If-Match: 7` or `If-Match: "7"` (docs/http.md). A missing or unreadable one is 400
/// `malformed`: nobody writes without saying what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IfMatch(pub i64);

impl IfMatch {
    /// Reads the header's value: digits, bare or quoted, nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = match text.strip_prefix('"') {
            Some(rest) => rest.strip_suffix('"')?,
            None => text,
        };
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse().ok().map(Self)).flatten()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = PlatformError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let mut values = parts.headers.get_all(IF_MATCH).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok().and_then(Self::parse),
            _ => None,
        }
        .ok_or(PlatformError::Refused(StatusCode::BAD_REQUEST, "malformed"))
    }
}

/// For a request that may be about whatever is there: none without the header, refused when it does not read.
impl<S: Send + Sync> OptionalFromRequestParts<S> for IfMatch {
    type Rejection = PlatformError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Self::Rejection> {
        if !parts.headers.contains_key(IF_MATCH) {
            return Ok(None);
        }
        <Self as FromRequestParts<S>>::from_request_parts(parts, state).await.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_read_bare_or_quoted() {
        assert_eq!(IfMatch::parse("7"), Some(IfMatch(7)));
        assert_eq!(IfMatch::parse("\"12\""), Some(IfMatch(12)));
        for bad in
            ["", "\"\"", "\"7", "7\"", "-1", "+1", "*", "W/\"7\"", "7, 8", "99999999999999999999", "７"]
        {
            assert_eq!(IfMatch::parse(bad), None, "{bad}");
        }
    }
}
