//! Whether the calendar can be believed. A server whose clock was a year ahead for an hour would take every burn of this week for a year
//! old and shred what may still be taken back (protocol section 7.4).
//!
//! Invariant: what becomes final after some weeks does so only after the regular work has seen these weeks pass one after the other. A
//! week that was left out, or one that came again, begins the counting anew: late is harmless, early is not.

use super::week::Week;

/// ISO weeks after which burns and rotations are final, as in `reports`.
const WEEKS_UNTIL_FINAL: u16 = 3;

/// What was seen of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SteadyClock {
    /// The week of the last round.
    pub seen: Week,
    /// Since when every week was seen.
    pub since: Week,
}

impl SteadyClock {
    /// The first round of all, or the first since somebody counts.
    #[must_use]
    pub const fn begin(now: Week) -> Self {
        Self { seen: now, since: now }
    }

    /// A round in the week `now`.
    #[must_use]
    pub fn tick(self, now: Week) -> Self {
        let follows = now == self.seen || now == self.seen.plus_weeks(1);
        if follows { Self { seen: now, ..self } } else { Self::begin(now) }
    }

    /// Whether something can become final in the week of the last round: as many weeks were seen to pass as it takes.
    #[must_use]
    pub fn is_steady(self) -> bool {
        self.since.plus_weeks(WEEKS_UNTIL_FINAL) <= self.seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(text: &str) -> Week {
        Week::parse(text).unwrap()
    }

    /// Rounds in these weeks, after a first one.
    fn after(first: &str, weeks: &[&str]) -> SteadyClock {
        weeks.iter().fold(SteadyClock::begin(week(first)), |clock, now| clock.tick(week(now)))
    }

    #[test]
    fn three_weeks_seen_one_after_the_other_are_enough() {
        assert!(!after("2026-W48", &["2026-W48", "2026-W49", "2026-W50"]).is_steady());
        assert!(after("2026-W48", &["2026-W48", "2026-W49", "2026-W50", "2026-W51"]).is_steady());
        assert!(after("2026-W51", &["2026-W52", "2026-W53", "2027-W01"]).is_steady(), "over the year");
    }

    #[test]
    fn a_clock_set_forward_or_back_begins_the_counting_anew() {
        let steady = after("2026-W48", &["2026-W49", "2026-W50", "2026-W51"]);
        for wrong in ["2027-W51", "2025-W51", "2026-W50", "2027-W01"] {
            let moved = steady.tick(week(wrong));
            assert_eq!(moved, SteadyClock::begin(week(wrong)), "{wrong}");
            let back = moved.tick(week("2026-W52"));
            assert!(!back.is_steady(), "{wrong}");
        }
        let again = steady.tick(week("2027-W51")).tick(week("2026-W51"));
        assert!(
            ["2026-W52", "2026-W53", "2027-W01"]
                .iter()
                .fold(again, |clock, now| clock.tick(week(now)))
                .is_steady()
        );
    }
}
