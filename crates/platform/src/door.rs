//! The door: who may put something in, and how much work that takes (protocol section 7.6; docs/adr/0009-the-door.md).
//!
//! A post brings a proof of work bound to its subject, the mailbox id. How much work depends on what came of late: next to nothing when
//! it is quiet, at most [`MOST_TRIES`] when it is not. Beyond that posts wait: they get an appointment, network by network, first come
//! first served, and come back for it by themselves.
//!
//! Invariants: nobody is refused for good, neither for the network she shares nor for what others do; no address is stored, only a
//! keyed hash of its network whose key lives a day, in memory; all memory is bounded; for every mailbox the same, so that nothing
//! here tells one from another; nothing is counted that a metric could show but the one figure of [`Door::load`].

mod limiter;
#[cfg(test)]
mod tests;
mod turned;
mod used;
mod visitor;

use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::HeaderMap;
use envelope::work::{self, Challenge, Token};
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use rand_core::RngCore as _;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::config::DoorSettings;
use crate::random::Random;
use limiter::{Limiter, Place};
pub use turned::Turned;
use used::{Use, Used};
pub use visitor::{NetworkKey, NetworkPrefix, Peer, Visitor};

/// Tries a puzzle when it is quiet: a few milliseconds of a phone.
pub const LEAST_TRIES: u32 = 128;

/// Tries a puzzle at most: two seconds of a browser whose processor is throttled six times (docs/adr/0009-the-door.md has the
/// measurement).
pub const MOST_TRIES: u32 = 8_192;

/// How long a challenge can be redeemed, in seconds: people type slowly.
pub const CHALLENGE_SECONDS: u64 = 600;

type HmacSha256 = Hmac<Sha256>;

/// Decides about posts. One a server; everything in it lives in memory only.
pub struct Door {
    random: Random,
    /// Authenticates challenges.
    key: Zeroizing<[u8; 64]>,
    state: Mutex<State>,
}

struct State {
    /// The day for which `networks` is, in days since 1970, and its key.
    day: i64,
    networks: Zeroizing<[u8; 64]>,
    limiter: Limiter,
    used: Used,
    /// A load set by hand, from 0 to 1.
    pressed: f64,
}

/// What is asked of the door.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Errand {
    Post,
    Read,
}

impl Door {
    /// A door with fresh keys and nobody before it.
    #[must_use]
    pub fn new(settings: DoorSettings, random: Random) -> Self {
        let (key, networks) = (fresh_key(&random), fresh_key(&random));
        let state =
            State { day: 0, networks, limiter: Limiter::new(settings), used: Used::default(), pressed: 0.0 };
        Self { random, key, state: Mutex::new(state) }
    }

    /// A challenge for this visitor, who need not say yet what it is for. Nothing is stored.
    #[must_use]
    pub fn challenge(&self, visitor: &Visitor, now: Timestamp) -> Challenge {
        let load = {
            let state = self.state(now);
            state.pressed.max(state.limiter.load_of_posts(visitor.network(), milliseconds(now)))
        };
        self.issue(tries_at(load), now)
    }

    /// Lets a post in, once for each token. To be asked after the cheap checks and before the signature.
    ///
    /// # Errors
    /// [`Turned::Work`] with a new challenge where the token is missing, forged, used, ended, for another subject, or too cheap for
    /// what is going on now; [`Turned::Busy`] where the token is good and has to wait, which does not use it up.
    pub fn admit(
        &self,
        headers: &HeaderMap,
        visitor: &Visitor,
        subject: &[u8; 32],
        now: Timestamp,
    ) -> Result<(), Turned> {
        self.decide(Errand::Post, headers, visitor, subject, now)
    }

    /// Lets a reading request in. It takes no work unless this network reads far more than people do.
    ///
    /// # Errors
    /// [`Turned::Work`], as for [`Door::admit`].
    pub fn admit_reading(
        &self,
        headers: &HeaderMap,
        visitor: &Visitor,
        subject: &[u8; 32],
        now: Timestamp,
    ) -> Result<(), Turned> {
        self.decide(Errand::Read, headers, visitor, subject, now)
    }

    /// How hard the door is for everybody, from 0 (idle) to 1 (the most work). The only figure that a metric shows.
    #[must_use]
    pub fn load(&self, now: Timestamp) -> f64 {
        let state = self.state(now);
        state.pressed.max(state.limiter.load_of_all(milliseconds(now)))
    }

    /// Sets the least load by hand, from 0 to 1: for stories, and for whoever must close the door a little.
    pub fn press(&self, load: f64) {
        self.lock().pressed = load.clamp(0.0, 1.0);
    }

    fn decide(
        &self,
        errand: Errand,
        headers: &HeaderMap,
        visitor: &Visitor,
        subject: &[u8; 32],
        now: Timestamp,
    ) -> Result<(), Turned> {
        let at = milliseconds(now);
        let token = self.genuine_token(headers, subject, now);
        let mut state = self.state(now);
        let load = match errand {
            Errand::Post => state.pressed.max(state.limiter.load_of_posts(visitor.network(), at)),
            Errand::Read => state.limiter.load_of_reading(visitor.network(), at),
        };
        if errand == Errand::Read && load <= 0.0 {
            state.limiter.note_reading(visitor.network(), at);
            return Ok(());
        }
        let tries = tries_at(load);
        // A token from a quieter time counts if it is not far behind; the answer to any other says what is asked now, so that whoever
        // follows it gets in after a few rounds at the most.
        let token = token.filter(|token| token.challenge().tries() >= tries / 2);
        let id = token.as_ref().map(id_of);
        let fits = token.as_ref().zip(id).is_some_and(|(token, id)| {
            let issued = token.challenge().issued_seconds();
            // An appointment outlives the challenge: nobody loses her place by waiting for it.
            let in_time = is_in_time(issued, now) || state.limiter.has_appointment(id, at);
            in_time && !state.used.is_used(issued, id)
        });
        let Some((token, id)) = token.zip(id).filter(|_| fits) else {
            drop(state);
            return Err(Turned::Work(self.issue(tries, now)));
        };
        if errand == Errand::Post {
            match state.limiter.place(visitor.network(), id, at) {
                Place::Now => {}
                Place::In(milliseconds) => return Err(Turned::after(milliseconds)),
            }
        }
        if state.used.take(token.challenge().issued_seconds(), id) == Use::Again {
            drop(state);
            return Err(Turned::Work(self.issue(tries, now)));
        }
        match errand {
            Errand::Post => state.limiter.note_post(visitor.network(), at),
            Errand::Read => state.limiter.note_reading(visitor.network(), at),
        }
        Ok(())
    }

    /// The token of the header if this server issued its challenge and it is solved for this subject. One HMAC first, then the puzzles.
    fn genuine_token(&self, headers: &HeaderMap, subject: &[u8; 32], now: Timestamp) -> Option<Token> {
        let mut values = headers.get_all(work::HEADER).iter();
        let value = values.next().filter(|_| values.next().is_none())?;
        let token = Token::parse_header(value.to_str().ok()?).ok()?;
        let (clear, code) = token.challenge().parts();
        self.code(&clear).verify_slice(&code).ok()?;
        let is_old = seconds(now).saturating_sub(token.challenge().issued_seconds())
            > CHALLENGE_SECONDS + limiter::HORIZON_SECONDS;
        (!is_old && token.is_solved_for(subject)).then_some(token)
    }

    fn issue(&self, tries: u32, now: Timestamp) -> Challenge {
        let mut noise = [0; 16];
        self.random.clone().fill_bytes(&mut noise);
        let clear = Challenge::clear(seconds(now), tries, &noise);
        Challenge::assemble(&clear, &self.code(&clear).finalize().into_bytes().into())
    }

    fn code(&self, clear: &[u8]) -> HmacSha256 {
        keyed(&self.key).chain_update(b"work").chain_update(clear)
    }

    /// The keyed hash of a network, alike for a day and worth nothing after it.
    fn network_key(&self, network: &[u8], now: Timestamp) -> NetworkKey {
        let code = keyed(&self.state(now).networks).chain_update(network).finalize().into_bytes();
        let code: [u8; 32] = code.into();
        NetworkKey::from_hash(&code)
    }

    /// The state of today: with a new day the key of the networks goes, and what was known under it.
    fn state(&self, now: Timestamp) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        let day = now.as_second().div_euclid(86_400);
        if day != state.day {
            state.day = day;
            state.networks = fresh_key(&self.random);
            state.limiter.forget_networks();
        }
        state.used.notice_time(seconds(now));
        state
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Door {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Door")
    }
}

/// Tries a puzzle at a load from 0 to 1: evenly from the least to the most.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between two small positive numbers"
)]
fn tries_at(load: f64) -> u32 {
    let span = f64::from(MOST_TRIES - LEAST_TRIES);
    LEAST_TRIES + (span * load.clamp(0.0, 1.0)) as u32
}

fn is_in_time(issued: u64, now: Timestamp) -> bool {
    seconds(now).checked_sub(issued).is_some_and(|age| age <= CHALLENGE_SECONDS)
}

/// What the door remembers of a token: eight of its challenge's random bytes. Two that agree by chance cost somebody a second solution.
fn id_of(token: &Token) -> u64 {
    token.challenge().noise().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

fn fresh_key(random: &Random) -> Zeroizing<[u8; 64]> {
    // As long as the block of SHA-256, so that HMAC takes it as it is.
    let mut key = Zeroizing::new([0; 64]);
    random.clone().fill_bytes(&mut *key);
    key
}

fn keyed(key: &[u8; 64]) -> HmacSha256 {
    HmacSha256::new(key.into())
}

fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_second()).unwrap_or(0)
}

fn milliseconds(at: Timestamp) -> i64 {
    at.as_millisecond()
}
