//! Cookies of operators' sessions, and the 32 bytes of each session that only this process holds.
//!
//! Invariant: the database knows SHA-256 of the cookie's value, never the value; the bytes in memory are wiped when the
//! session ends, and no restart brings them back (protocol §6).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::http::header::{COOKIE, HeaderName, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use rand_core::CryptoRngCore;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::config::Site;

/// Where TLS protects the way, the prefix makes the browser refuse such a cookie from anywhere else.
const SECURE_NAME: &str = "__Host-session";
const PLAIN_NAME: &str = "session";

/// How far the clock may go back under an entry.
const CLOCK_STEP: SignedDuration = SignedDuration::from_mins(1);

/// SHA-256 of a cookie's value: the name under which the database and [`SessionSecrets`] know a session.
pub type SessionId = [u8; 32];

/// The cookie's value: 32 random bytes, wiped when dropped. Printing it shows nothing.
#[derive(Clone)]
pub struct SessionToken(Zeroizing<[u8; 32]>);

impl SessionToken {
    /// A new one. Rotation is this: every sign-in takes a new one and ends the one the request carried.
    #[must_use]
    pub fn random(rng: &mut impl CryptoRngCore) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *bytes);
        Self(bytes)
    }

    /// The one that a request carries. Two different ones are none.
    #[must_use]
    pub fn of_request(site: &Site, headers: &HeaderMap) -> Option<Self> {
        let name = name(site);
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut found = cookies
            .flat_map(|value| value.split(';'))
            .filter_map(|cookie| cookie.trim().split_once('='))
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| value);
        let value = found.next()?;
        if found.any(|other| other != value) {
            return None;
        }
        let decoded = Zeroizing::new(URL_SAFE_NO_PAD.decode(value).ok()?);
        let bytes: [u8; 32] = decoded.as_slice().try_into().ok()?;
        Some(Self(Zeroizing::new(bytes)))
    }

    /// What the database keeps.
    #[must_use]
    pub fn id(&self) -> SessionId {
        Sha256::digest(self.0.as_slice()).into()
    }

    /// The header that gives the cookie to the browser, for the length of its own session.
    ///
    /// `HttpOnly; SameSite=Strict; Path=/`, and `Secure` where the public address is https.
    #[must_use]
    pub fn set_cookie(&self, site: &Site) -> (HeaderName, HeaderValue) {
        let value = Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0.as_slice()));
        cookie(site, &value, "")
    }

    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for SessionToken {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SessionToken")
    }
}

/// The header that takes the cookie away.
#[must_use]
pub fn clear_cookie(site: &Site) -> (HeaderName, HeaderValue) {
    cookie(site, "", "; Max-Age=0")
}

fn name(site: &Site) -> &'static str {
    if site.public.is_https() { SECURE_NAME } else { PLAIN_NAME }
}

fn cookie(site: &Site, value: &str, more: &str) -> (HeaderName, HeaderValue) {
    let secure = if site.public.is_https() { "; Secure" } else { "" };
    let text = format!("{}={value}; HttpOnly; SameSite=Strict; Path=/{secure}{more}", name(site));
    let mut header = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""));
    header.set_sensitive(true);
    (SET_COOKIE, header)
}

/// The bytes under which a browser keeps its unlocked identity between two pages, one set a session, in memory only.
/// Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct SessionSecrets {
    idle: SignedDuration,
    held: Arc<Mutex<HashMap<SessionId, Held>>>,
}

struct Held {
    secret: Zeroizing<[u8; 32]>,
    used: Timestamp,
}

impl SessionSecrets {
    /// An empty store whose entries end after `idle` without use.
    #[must_use]
    pub fn new(idle: SignedDuration) -> Self {
        Self { idle, held: Arc::default() }
    }

    /// Draws the bytes of a new session. Entries that have ended are wiped on the way.
    pub fn begin(&self, id: SessionId, now: Timestamp, rng: &mut impl CryptoRngCore) {
        let mut secret = Zeroizing::new([0; 32]);
        rng.fill_bytes(&mut *secret);
        let mut held = self.lock();
        let idle = self.idle;
        held.retain(|_, entry| is_alive(entry, idle, now));
        held.insert(id, Held { secret, used: now });
    }

    /// The bytes of a session, which counts as use. `None` after the idle time, after a restart, for an unknown session.
    #[must_use]
    pub fn find(&self, id: &SessionId, now: Timestamp) -> Option<Zeroizing<[u8; 32]>> {
        let mut held = self.lock();
        if held.get(id).is_some_and(|entry| !is_alive(entry, self.idle, now)) {
            held.remove(id);
        }
        let entry = held.get_mut(id)?;
        entry.used = entry.used.max(now);
        Some(entry.secret.clone())
    }

    /// Wipes the bytes of a session.
    pub fn end(&self, id: &SessionId) {
        self.lock().remove(id);
    }

    /// Wipes everything that has ended; for a regular sweep.
    pub fn sweep(&self, now: Timestamp) {
        let idle = self.idle;
        self.lock().retain(|_, entry| is_alive(entry, idle, now));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An entry that was used in the future has ended, but for the seconds by which a clock is set right: with a clock set back a year it
/// would be kept a year longer.
fn is_alive(entry: &Held, idle: SignedDuration, now: Timestamp) -> bool {
    let since = now.duration_since(entry.used);
    since <= idle && since >= -CLOCK_STEP
}

impl std::fmt::Debug for SessionSecrets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SessionSecrets")
    }
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, PublicUrl};
    use crate::random::Random;

    use super::*;

    fn site(url: &str) -> Site {
        Site {
            public: PublicUrl::parse(url).unwrap(),
            ..Config::default().site("127.0.0.1:1".parse().unwrap())
        }
    }

    fn request(cookie: &str) -> HeaderMap {
        HeaderMap::from_iter([(COOKIE, cookie.parse().unwrap())])
    }

    #[test]
    fn a_cookie_comes_back_as_the_same_session() {
        for (url, secure) in [("https://example.org", true), ("http://localhost:8080", false)] {
            let site = site(url);
            let token = SessionToken::random(&mut Random::system());
            let (_, header) = token.set_cookie(&site);
            let text = header.to_str().unwrap();
            assert!(text.ends_with(if secure {
                "; HttpOnly; SameSite=Strict; Path=/; Secure"
            } else {
                "; HttpOnly; SameSite=Strict; Path=/"
            }));
            assert_eq!(text.starts_with("__Host-session="), secure);
            let pair = text.split(';').next().unwrap();
            let back = SessionToken::of_request(&site, &request(&format!("other=1; {pair}"))).unwrap();
            assert_eq!(back.id(), token.id());
            assert!(
                !pair.contains(&URL_SAFE_NO_PAD.encode(token.id())),
                "the database does not know the cookie"
            );
            assert!(clear_cookie(&site).1.to_str().unwrap().contains("Max-Age=0"));
        }
    }

    #[test]
    fn what_is_not_a_cookie_of_ours_is_none() {
        let site = site("http://localhost:8080");
        let other = |byte| format!("session={}", URL_SAFE_NO_PAD.encode([byte; 32]));
        for cookie in ["", "session=", "session=abc", "session=!!!", "xsession=AAAA"] {
            assert!(SessionToken::of_request(&site, &request(cookie)).is_none(), "{cookie}");
        }
        assert!(SessionToken::of_request(&site, &request(&format!("{}; {}", other(1), other(2)))).is_none());
        assert!(SessionToken::of_request(&site, &request(&other(1))).is_some());
    }

    #[test]
    fn secrets_end_when_idle_when_told_and_when_swept() {
        let now: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        let at = |minutes| now + SignedDuration::from_mins(minutes);
        let secrets = SessionSecrets::new(SignedDuration::from_mins(15));
        let (old, other) = ([1; 32], [2; 32]);
        secrets.begin(old, now, &mut Random::system());
        let secret = secrets.find(&old, at(15)).unwrap();
        assert_eq!(secrets.find(&old, at(30)).as_deref(), Some(&*secret), "use prolongs");
        assert!(secrets.find(&other, at(30)).is_none(), "another session has none");
        assert!(secrets.find(&old, at(46)).is_none(), "sixteen minutes without use");
        assert!(secrets.find(&old, at(30)).is_none(), "wiped for good");
        secrets.begin(old, now, &mut Random::system());
        secrets.end(&old);
        assert!(secrets.find(&old, now).is_none());
        secrets.begin(old, now, &mut Random::system());
        assert!(secrets.find(&old, at(-1)).is_some());
        assert!(secrets.find(&old, at(-2)).is_none(), "the clock was set back");
        secrets.begin(old, now, &mut Random::system());
        secrets.sweep(at(16));
        assert!(secrets.lock().is_empty());
    }
}
