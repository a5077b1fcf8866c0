//! When notices go (protocol section 2): ordinary ones at fixed hours in Rome, urgent ones at quarter hours. Pure functions of the time.
//!
//! Invariant: a moment that was missed is not made good one by one: only the latest counts, so a clock that jumps sends no flood.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use crate::centres::hours::ZONE;

const QUARTER: i64 = 15 * 60;

/// The beginning of the quarter hour. Rome is whole hours from UTC, so both have the same quarters.
pub(super) fn quarter_of(now: Timestamp) -> Timestamp {
    let into = now.as_second().rem_euclid(QUARTER);
    let whole = Timestamp::from_second(now.as_second()).unwrap_or(now);
    whole.checked_sub(SignedDuration::from_secs(into)).unwrap_or(whole)
}

/// The latest of the hours that has come, today or yesterday; `None` without hours.
pub(super) fn latest_hour(now: Timestamp, hours: &[i8]) -> Option<Timestamp> {
    let zone = TimeZone::get(ZONE).ok()?;
    let today = now.to_zoned(zone.clone()).date();
    let days = [today, today.checked_sub(1.day()).ok()?];
    days.into_iter()
        .flat_map(|day| hours.iter().rev().map(move |hour| day.at(*hour, 0, 0, 0)))
        // An hour that summer time skips or repeats is resolved as jiff's "compatible" rule does.
        .filter_map(|hour| hour.to_zoned(zone.clone()).ok().map(|hour| hour.timestamp()))
        .find(|hour| *hour <= now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_moment_belongs_to_its_quarter_hour() {
        assert_eq!(quarter_of(at("2026-11-24T07:14:59.9Z")), at("2026-11-24T07:00:00Z"));
        assert_eq!(quarter_of(at("2026-11-24T07:15:00Z")), at("2026-11-24T07:15:00Z"));
    }

    #[test]
    fn the_latest_hour_is_one_of_today_or_of_yesterday() {
        let hours = [8, 12, 16];
        for (now, latest) in [
            ("2026-11-24T06:59:59Z", "2026-11-23T15:00:00Z"),
            ("2026-11-24T07:00:00Z", "2026-11-24T07:00:00Z"),
            ("2026-11-24T11:20:00Z", "2026-11-24T11:00:00Z"),
            ("2026-11-24T23:30:00Z", "2026-11-24T15:00:00Z"),
            // Summer time: eight in Rome is six in UTC.
            ("2026-07-01T06:00:00Z", "2026-07-01T06:00:00Z"),
            ("2026-07-01T05:59:00Z", "2026-06-30T14:00:00Z"),
        ] {
            assert_eq!(latest_hour(at(now), &hours), Some(at(latest)), "{now}");
        }
        assert_eq!(latest_hour(at("2026-11-24T07:00:00Z"), &[]), None);
    }

    proptest! {
        #[test]
        fn both_are_in_the_past_and_near(second in 0_i64..4_000_000_000, hour in 0_i8..24) {
            let now = Timestamp::from_second(second).unwrap();
            let quarter = quarter_of(now);
            prop_assert!(quarter <= now && now.duration_since(quarter) < SignedDuration::from_mins(15));
            prop_assert_eq!(quarter.as_second() % QUARTER, 0);
            let latest = latest_hour(now, &[hour]).unwrap();
            prop_assert!(latest <= now && now.duration_since(latest) <= SignedDuration::from_hours(25));
        }
    }
}
