//! The headers of protocol §11, on every answer.

use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use crate::Platform;

const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; \
style-src 'self'; form-action 'self'; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'; \
require-trusted-types-for 'script'; trusted-types approdo";

const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), \
geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), \
screen-wake-lock=(), usb=(), xr-spatial-tracking=()";

const FIXED: [(HeaderName, &str); 6] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS),
];

/// Two years, the usual length for browsers' preload lists.
const TWO_YEARS: &str = "max-age=63072000; includeSubDomains";

pub(super) async fn add(State(platform): State<Platform>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    put(response.headers_mut(), platform.site.public.is_https());
    response
}

fn put(headers: &mut HeaderMap, https: bool) {
    for (name, value) in FIXED {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(TWO_YEARS));
    }
    // Hashed files say themselves that they may be kept.
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_transport_is_for_https_only_and_caching_is_opt_in() {
        let mut headers = HeaderMap::new();
        put(&mut headers, false);
        assert_eq!(headers[CACHE_CONTROL], "no-store");
        assert!(!headers.contains_key(STRICT_TRANSPORT_SECURITY));
        let mut headers = HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static("public"))]);
        put(&mut headers, true);
        assert_eq!(headers[CACHE_CONTROL], "public");
        assert!(headers.contains_key(STRICT_TRANSPORT_SECURITY));
    }

    #[test]
    fn the_policy_is_that_of_the_protocol() {
        for part in [
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval'",
            "worker-src 'self'",
            "connect-src 'self'",
            "style-src 'self'",
            "form-action 'self'",
            "img-src 'self' data:",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types approdo",
        ] {
            assert!(POLICY.split("; ").any(|directive| directive == part), "{part}");
        }
        assert_eq!(POLICY.split("; ").count(), 11);
    }
}
