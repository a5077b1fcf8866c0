//! Tokens that were redeemed, so that each counts once.
//!
//! Invariant: at most [`MOST`] are remembered. When there would be more, the oldest are forgotten and every token issued in their time ends
//! at once: a token is never good twice, and nobody is locked out, because a new one is to be had.

use std::collections::{BTreeMap, HashSet};

/// Redeemed tokens that are remembered at most; about twelve bytes each.
pub(super) const MOST: usize = 400_000;

/// Whether a token may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Use {
    /// For the first time.
    First,
    /// It was used, or it is from a time that was forgotten.
    Again,
}

/// How many seconds of issue times lie in one drawer.
const DRAWER_SECONDS: u64 = 10;

/// Drawers that are kept: as long as a token can be good, and one more.
const DRAWERS: u64 = (super::CHALLENGE_SECONDS + super::limiter::HORIZON_SECONDS) / DRAWER_SECONDS + 1;

/// The ids of redeemed tokens in drawers, by the time at which their challenge was issued.
#[derive(Debug, Default)]
pub(super) struct Used {
    drawers: BTreeMap<u64, HashSet<u64>>,
    count: usize,
    /// Tokens of earlier drawers have ended.
    first: u64,
}

impl Used {
    pub(super) fn is_used(&self, issued_seconds: u64, id: u64) -> bool {
        let drawer = issued_seconds / DRAWER_SECONDS;
        drawer < self.first || self.drawers.get(&drawer).is_some_and(|ids| ids.contains(&id))
    }

    /// Notes that a token was redeemed.
    pub(super) fn take(&mut self, issued_seconds: u64, id: u64) -> Use {
        if self.is_used(issued_seconds, id) {
            return Use::Again;
        }
        let drawer = issued_seconds / DRAWER_SECONDS;
        let is_over = |oldest: u64| oldest.saturating_add(DRAWERS) < drawer;
        while self.count >= MOST || self.drawers.first_key_value().is_some_and(|(oldest, _)| is_over(*oldest))
        {
            let Some((oldest, ids)) = self.drawers.pop_first() else { break };
            self.count = self.count.saturating_sub(ids.len());
            self.first = self.first.max(oldest.saturating_add(1));
        }
        if drawer < self.first {
            return Use::Again;
        }
        self.drawers.entry(drawer).or_default().insert(id);
        self.count += 1;
        Use::First
    }

    /// After the clock was set back, what is issued now would count as long forgotten: then everything begins anew. Tokens issued
    /// before lie in the future, where none is good.
    pub(super) fn notice_time(&mut self, now_seconds: u64) {
        if now_seconds / DRAWER_SECONDS < self.first.saturating_sub(1) {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_counts_once() {
        let mut used = Used::default();
        assert_eq!(used.take(600, 1), Use::First);
        assert_eq!(used.take(600, 1), Use::Again);
        assert_eq!(used.take(600, 2), Use::First);
        assert_eq!(used.take(660, 1), Use::First, "another challenge with the same beginning");
    }

    #[test]
    fn memory_is_bounded_and_what_is_forgotten_is_not_good_again() {
        let mut used = Used::default();
        let many = u64::try_from(MOST).unwrap();
        for id in 0..many {
            assert_eq!(used.take(100 + id % 20, id), Use::First);
        }
        assert_eq!(used.count, MOST);
        assert_eq!(used.take(120, many), Use::First);
        assert!(used.count <= MOST / 2 + 1, "the oldest were forgotten: {}", used.count);
        assert_eq!(used.take(100, 0), Use::Again, "and their tokens have ended");
        assert_eq!(used.take(119, many + 1), Use::First, "the others have not");
    }

    #[test]
    fn what_has_ended_is_forgotten() {
        let mut used = Used::default();
        assert_eq!(used.take(1_000, 1), Use::First);
        assert_eq!(used.take(100_000, 2), Use::First);
        assert_eq!(used.count, 1);
    }

    #[test]
    fn a_clock_set_back_locks_nobody_out() {
        let mut used = Used::default();
        assert_eq!(used.take(1_000_000, 1), Use::First);
        assert_eq!(used.take(2_000_000, 1), Use::First);
        assert_eq!(used.take(1_500, 2), Use::Again, "older than what was forgotten");
        used.notice_time(1_500);
        assert_eq!(used.take(1_500, 2), Use::First, "the clock says that it is this time now");
        assert_eq!(used.take(1_500, 2), Use::Again);
    }
}
