//! Proof that a form or call of the console comes from a page of the console.
//!
//! Invariant: the token is derived from the session's cookie value, which no script can read, so it changes with every
//! rotation and needs no storage.

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::web::sessions::SessionToken;

/// The header of JSON calls; forms carry a field `csrf` (docs/http.md).
pub const CSRF_HEADER: &str = "x-approdo-csrf";

/// The token of a session: SHA-256 in base64 of a label and the cookie's value.
#[must_use]
pub fn token(session: &SessionToken) -> String {
    let digest = Sha256::new().chain_update(b"approdo/csrf/v1|").chain_update(session.bytes()).finalize();
    URL_SAFE_NO_PAD.encode(digest)
}

/// Whether `given` is the session's token, compared in constant time.
#[must_use]
pub fn matches(session: &SessionToken, given: &str) -> bool {
    token(session).as_bytes().ct_eq(given.as_bytes()).into()
}

/// Whether the header [`CSRF_HEADER`] carries the session's token.
#[must_use]
pub fn header_matches(session: &SessionToken, headers: &HeaderMap) -> bool {
    headers
        .get(CSRF_HEADER)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|given| matches(session, given))
}

#[cfg(test)]
mod tests {
    use crate::random::Random;

    use super::*;

    #[test]
    fn a_token_fits_its_own_session_only() {
        let mut rng = Random::system();
        let (one, other) = (SessionToken::random(&mut rng), SessionToken::random(&mut rng));
        assert!(matches(&one, &token(&one)));
        assert!(!matches(&one, &token(&other)));
        assert!(!matches(&one, ""));
        let headers = HeaderMap::from_iter([(CSRF_HEADER.parse().unwrap(), token(&one).parse().unwrap())]);
        assert!(header_matches(&one, &headers) && !header_matches(&other, &headers));
        assert!(!header_matches(&one, &HeaderMap::new()));
    }
}
