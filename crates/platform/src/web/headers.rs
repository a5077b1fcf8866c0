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

/// What one page may beyond the policy of all others. Its handler puts it into the extensions of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowance {
    /// A page that records a voice message and plays it back: the microphone, which the browser asks about, and its own sound.
    Recording,
    /// A page with the viewer in it.
    Framing,
    /// The viewer: an origin of its own that shows what is handed over and can ask for nothing (docs/adr/0011-files.md).
    Viewer,
    /// The viewer's script, which an origin of its own loads.
    ViewerScript,
}

const VIEWER_POLICY: &str = "default-src 'none'; img-src blob:; media-src blob:; script-src 'self'; sandbox allow-scripts; \
base-uri 'none'; form-action 'none'; frame-ancestors 'self'; require-trusted-types-for 'script'; trusted-types 'none'";

impl Allowance {
    fn put(self, headers: &mut HeaderMap) {
        let policy = match self {
            Self::Recording => Some(format!("{POLICY}; media-src blob:")),
            Self::Framing => Some(format!("{POLICY}; frame-src 'self'")),
            Self::Viewer => Some(VIEWER_POLICY.to_owned()),
            Self::ViewerScript => None,
        };
        if let Some(policy) = policy.and_then(|policy| HeaderValue::try_from(policy).ok()) {
            headers.insert(CONTENT_SECURITY_POLICY, policy);
        }
        let permissions = PERMISSIONS.replace("microphone=()", "microphone=(self)");
        match (self, HeaderValue::try_from(permissions)) {
            (Self::Recording, Ok(permissions)) => {
                headers.insert(HeaderName::from_static("permissions-policy"), permissions);
            }
            (Self::ViewerScript, _) => {
                let anybody = HeaderValue::from_static("cross-origin");
                headers.insert(HeaderName::from_static("cross-origin-resource-policy"), anybody);
            }
            _ => {}
        }
    }
}

/// Two years, the usual length for browsers' preload lists.
const TWO_YEARS: &str = "max-age=63072000; includeSubDomains";

pub(super) async fn add(State(platform): State<Platform>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    put(response.headers_mut(), platform.site.public.is_https());
    if let Some(allowance) = response.extensions().get::<Allowance>().copied() {
        allowance.put(response.headers_mut());
    }
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

    #[test]
    fn what_a_page_may_beyond_the_policy_is_said_by_name() {
        let of = |allowance: Allowance| {
            let mut headers = HeaderMap::new();
            put(&mut headers, true);
            let before = headers.clone();
            allowance.put(&mut headers);
            (before, headers)
        };
        let (before, recording) = of(Allowance::Recording);
        let text = |headers: &HeaderMap, name: &str| headers[name].to_str().unwrap().to_owned();
        assert!(text(&before, "permissions-policy").contains("microphone=()"));
        assert!(text(&recording, "permissions-policy").contains("microphone=(self)"));
        assert!(text(&recording, "permissions-policy").contains("camera=()"));
        assert_eq!(text(&recording, "content-security-policy"), format!("{POLICY}; media-src blob:"));
        let (_, viewer) = of(Allowance::Viewer);
        let policy = text(&viewer, "content-security-policy");
        let allowed: Vec<&str> = policy.split("; ").filter(|part| !part.contains("'none'")).collect();
        let expected = [
            "img-src blob:",
            "media-src blob:",
            "script-src 'self'",
            "sandbox allow-scripts",
            "frame-ancestors 'self'",
        ];
        assert!(expected.iter().all(|part| allowed.contains(part)), "{allowed:?}");
        assert_eq!(allowed.len(), expected.len() + 1, "and trusted types: {allowed:?}");
        let (_, script) = of(Allowance::ViewerScript);
        assert_eq!(script["cross-origin-resource-policy"], "cross-origin");
        assert_eq!(script["content-security-policy"], POLICY);
    }
}
