//! Delays after wrong answers at signing in: per account and network key, at most fifteen minutes (protocol section 6).
//!
//! Invariants: nobody can lock another out, because who answers from elsewhere has a delay of her own; accounts that do not exist
//! are delayed like those that do; neither names nor addresses are stored, only a hash of both that is worth nothing without the key
//! of the day; memory is bounded. Codes of a second factor are delayed per person, from wherever they come, because only who has the passphrase gets
//! to try them: what is kept of them is the person's id, and a backup code is not delayed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use platform::door::NetworkKey;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Wrong answers that cost nothing: people mistype.
const FREE: u32 = 3;

/// The delay after the first answer that costs something; each further one doubles it.
const FIRST_DELAY: SignedDuration = SignedDuration::from_secs(5);

/// The longest delay.
pub(super) const LONGEST_DELAY: SignedDuration = SignedDuration::from_mins(15);

/// After so long without a wrong answer, earlier ones are forgotten.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_mins(60);

/// Pairs of account and network that are remembered at most. Beyond that those with the fewest wrong answers are forgotten, so that
/// inventing accounts does not wash away what is known about a real one.
const MOST: usize = 50_000;

type Key = [u8; 16];

/// What is remembered of a pair.
#[derive(Clone, Copy, Debug)]
struct Wrong {
    answers: u32,
    last: Timestamp,
}

impl Wrong {
    /// When the next answer is looked at.
    fn until(self) -> Timestamp {
        self.last.checked_add(delay_after(self.answers)).unwrap_or(self.last)
    }

    fn is_forgotten(self, now: Timestamp) -> bool {
        // Also when the clock was set back: a time in the future delays nobody.
        let since = now.duration_since(self.last);
        since > FORGOTTEN_AFTER || since.is_negative()
    }
}

/// The wrong answers of the last hour. Cheap to clone; all clones are one.
#[derive(Clone, Debug, Default)]
pub struct SignInDelays(Arc<Mutex<HashMap<Key, Wrong>>>);

/// One answer that is being looked at.
#[derive(Debug)]
pub(super) struct Attempt(Key);

impl SignInDelays {
    /// Begins to look at an answer, which counts as wrong until [`SignInDelays::forgive`]: many at once gain nothing.
    ///
    /// # Errors
    /// The seconds that are left, rounded up, when the last wrong answers are too recent. Asking too early costs nothing.
    pub(super) fn begin(&self, account: &str, network: &NetworkKey, now: Timestamp) -> Result<Attempt, u32> {
        self.begin_key(key_of(account, network), now)
    }

    /// The same for a code of a person's second factor, from wherever it comes: only who has her passphrase gets here.
    ///
    /// # Errors
    /// As [`SignInDelays::begin`].
    pub(super) fn begin_everywhere(&self, person: Uuid, now: Timestamp) -> Result<Attempt, u32> {
        self.begin_key(person.into_bytes(), now)
    }

    fn begin_key(&self, key: Key, now: Timestamp) -> Result<Attempt, u32> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let answers = match known.get(&key).copied().filter(|wrong| !wrong.is_forgotten(now)) {
            None => 0,
            Some(wrong) => {
                let left = wrong.until().duration_since(now);
                if left > SignedDuration::ZERO {
                    let seconds = left.as_millis().saturating_add(999) / 1_000;
                    return Err(u32::try_from(seconds).unwrap_or(u32::MAX));
                }
                wrong.answers
            }
        };
        if known.len() >= MOST && !known.contains_key(&key) {
            forget(&mut known, now);
        }
        known.insert(key, Wrong { answers: answers.saturating_add(1), last: now });
        Ok(Attempt(key))
    }

    /// The answer was right: the pair begins anew.
    pub(super) fn forgive(&self, attempt: &Attempt) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&attempt.0);
    }

    /// Forgets what is an hour old.
    pub(super) fn sweep(&self, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, wrong| !wrong.is_forgotten(now));
    }
}

/// Makes room for a new pair.
fn forget(known: &mut HashMap<Key, Wrong>, now: Timestamp) {
    let mut most_answers = 0;
    while known.len() > MOST / 2 {
        known.retain(|_, wrong| wrong.answers > most_answers && !wrong.is_forgotten(now));
        most_answers += 1;
    }
}

/// None after the first three, then 5, 10, 20 … seconds, at most fifteen minutes.
fn delay_after(answers: u32) -> SignedDuration {
    let Some(doublings) = answers.checked_sub(FREE) else { return SignedDuration::ZERO };
    let factor = 1_i32.checked_shl(doublings.min(20)).unwrap_or(i32::MAX);
    FIRST_DELAY.checked_mul(factor).unwrap_or(LONGEST_DELAY).min(LONGEST_DELAY)
}

fn key_of(account: &str, network: &NetworkKey) -> Key {
    let hash = Sha256::new().chain_update(network.as_bytes()).chain_update(account.as_bytes()).finalize();
    hash.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        "2026-11-22T09:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
    }

    fn begin(delays: &SignInDelays, account: &str, network: u8, now: Timestamp) -> Result<Attempt, u32> {
        delays.begin(account, &NetworkKey::from_bytes([network; 16]), now)
    }

    #[test]
    fn delays_grow_to_fifteen_minutes_and_not_beyond() {
        let delays = SignInDelays::default();
        let mut now = 0;
        let mut waits = Vec::new();
        for _ in 0..14 {
            begin(&delays, "anna", 1, at(now)).unwrap();
            let wait = begin(&delays, "anna", 1, at(now)).err().unwrap_or(0);
            waits.push(wait);
            if wait == 0 {
                // It was looked at, and counts.
                continue;
            }
            assert_eq!(begin(&delays, "anna", 1, at(now)).err(), Some(wait), "asking costs nothing");
            now += i64::from(wait);
        }
        assert_eq!(waits, [0, 5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900, 900, 900]);
    }

    #[test]
    fn others_are_not_delayed() {
        let delays = SignInDelays::default();
        for _ in 0..3 {
            begin(&delays, "anna", 1, at(0)).unwrap();
        }
        assert!(begin(&delays, "anna", 1, at(0)).is_err());
        assert!(begin(&delays, "anna", 2, at(0)).is_ok(), "the same account from elsewhere");
        assert!(begin(&delays, "bea", 1, at(0)).is_ok(), "another account on the same line");
    }

    #[test]
    fn a_right_answer_and_an_hour_forgive() {
        let delays = SignInDelays::default();
        for _ in 0..3 {
            begin(&delays, "anna", 1, at(0)).unwrap();
        }
        let right = begin(&delays, "anna", 1, at(5)).unwrap();
        delays.forgive(&right);
        assert!((0..3).all(|_| begin(&delays, "anna", 1, at(5)).is_ok()));
        assert!(begin(&delays, "anna", 1, at(5)).is_err());
        assert!((0..3).all(|_| begin(&delays, "anna", 1, at(3_606)).is_ok()), "an hour later");
        delays.sweep(at(9_000));
        assert!(delays.0.lock().unwrap().is_empty());
    }

    #[test]
    fn a_clock_set_back_delays_nobody() {
        let delays = SignInDelays::default();
        for _ in 0..3 {
            begin(&delays, "anna", 1, at(0)).unwrap();
        }
        assert!(begin(&delays, "anna", 1, at(-86_400 * 365)).is_ok());
    }

    #[test]
    fn memory_is_bounded_and_the_worst_are_remembered() {
        let delays = SignInDelays::default();
        for _ in 0..3 {
            begin(&delays, "anna", 1, at(0)).unwrap();
        }
        for number in 0..MOST + 1_000 {
            begin(&delays, &number.to_string(), 1, at(0)).unwrap();
        }
        assert!(delays.0.lock().unwrap().len() <= MOST);
        assert!(begin(&delays, "anna", 1, at(1)).is_err());
    }
}
