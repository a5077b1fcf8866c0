//! `If-Match` with the version of a record, so that two operators never overwrite each other silently.

use axum::extract::FromRequestParts;
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
