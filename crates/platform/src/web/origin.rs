//! Public posts carry no ambient authority; that they come from a page of ours is still checked (protocol 7.6).

use axum::http::HeaderMap;
use axum::http::header::ORIGIN;

use crate::config::Site;

const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Whether a request that changes something comes from a page of ours.
///
/// Browsers send `Sec-Fetch-Site`, older ones `Origin`; at least one must be there and none may contradict. A form on a page
/// with `Referrer-Policy: no-referrer` sends `Origin: null`, which says nothing, so it needs the other.
#[must_use]
pub fn is_own(site: &Site, headers: &HeaderMap) -> bool {
    let only = |name: &str| {
        let mut values = headers.get_all(name).iter();
        let first = values.next().map(|value| value.to_str().unwrap_or("?"));
        if values.next().is_some() { Some("?") } else { first }
    };
    let site_says = only(SEC_FETCH_SITE).map(|value| value == "same-origin");
    let origin_says =
        only(ORIGIN.as_str()).filter(|value| *value != "null").map(|value| site.is_own_origin(value));
    match (site_says, origin_says) {
        (None, None) => false,
        (one, other) => one.unwrap_or(true) && other.unwrap_or(true),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    use super::*;

    fn own(headers: &[(&str, &str)]) -> bool {
        let site = Config::default().site("127.0.0.1:8080".parse().unwrap());
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(axum::http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        is_own(&site, &map)
    }

    #[test]
    fn pages_of_ours_pass() {
        assert!(own(&[("origin", "http://127.0.0.1:8080"), ("sec-fetch-site", "same-origin")]));
        assert!(own(&[("origin", "http://127.0.0.1:8080")]), "a browser without Sec-Fetch-Site");
        assert!(own(&[("origin", "null"), ("sec-fetch-site", "same-origin")]), "a form without a referrer");
    }

    #[test]
    fn others_do_not() {
        assert!(!own(&[]));
        assert!(!own(&[("origin", "null")]));
        assert!(!own(&[("origin", "https://evil.example")]));
        assert!(!own(&[("origin", "http://127.0.0.1:8080"), ("sec-fetch-site", "cross-site")]));
        assert!(!own(&[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")]));
        assert!(!own(&[("origin", "http://127.0.0.1:8080"), ("origin", "https://evil.example")]));
        assert!(!own(&[("sec-fetch-site", "same-site")]));
        assert!(!own(&[("sec-fetch-site", "none")]));
    }
}
