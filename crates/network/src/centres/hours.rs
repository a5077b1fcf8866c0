//! When a centre reads: weekly hours, days of the year and single dates that differ, Italian public holidays; and the next time it reads.
//!
//! Invariant: pure functions of data and the time given. Local times are those of Europe/Rome, so a change to summer time moves nothing on the wall clock.

use jiff::Timestamp;
use jiff::ToSpan as _;
use jiff::Zoned;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use serde::{Deserialize, Serialize};

/// How far ahead the next reading time is looked for, in days. A centre that reads nothing for two months shows its phone alone.
pub const DAYS_AHEAD: i32 = 60;

pub use platform::clock::ZONE;

/// A stretch of one day of the week, local time, `from` before `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeeklyPeriod {
    /// 1 is Monday, 7 is Sunday.
    pub weekday: i8,
    /// Start, included.
    #[serde(with = "minutes")]
    pub from: Time,
    /// End, excluded.
    #[serde(with = "minutes")]
    pub to: Time,
}

/// A day of every year on which nobody reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosedDay {
    /// 1 to 12.
    pub month: i8,
    /// 1 to 31.
    pub day: i8,
}

/// A stretch of one single date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// Start, included.
    #[serde(with = "minutes")]
    pub from: Time,
    /// End, excluded.
    #[serde(with = "minutes")]
    pub to: Time,
}

/// A single date whose hours replace the weekly ones; without periods nobody reads on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The date.
    pub date: Date,
    /// Its hours, which replace everything else, holidays included.
    pub periods: Vec<Period>,
}

/// The reading hours of one centre.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hours {
    weekly: Vec<WeeklyPeriod>,
    closed: Vec<ClosedDay>,
    exceptions: Vec<Exception>,
}

/// What the page says about reading.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Somebody reads now, until the time given.
    Now {
        /// End of the current stretch.
        until: Zoned,
    },
    /// Somebody reads next at the time given.
    At(Zoned),
    /// Nobody reads within [`DAYS_AHEAD`] days: the page gives the phone alone.
    Unknown,
}

/// A set of hours that cannot be true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("reading hours: a day outside the calendar, or a stretch that ends before it begins")]
pub struct ImpossibleHours;

impl Hours {
    /// Checks and keeps the hours as published.
    ///
    /// # Errors
    /// [`ImpossibleHours`] when a weekday is not 1 to 7, a date is not in the calendar, or a stretch does not end after it begins.
    pub fn new(
        mut weekly: Vec<WeeklyPeriod>,
        closed: Vec<ClosedDay>,
        mut exceptions: Vec<Exception>,
    ) -> Result<Self, ImpossibleHours> {
        let weekly_holds =
            weekly.iter().all(|period| (1..=7).contains(&period.weekday) && period.from < period.to);
        // 2028 is a leap year: the 29th of February is a day of the calendar.
        let closed_holds = closed.iter().all(|day| Date::new(2028, day.month, day.day).is_ok());
        let exceptions_hold =
            exceptions.iter().flat_map(|exception| &exception.periods).all(|period| period.from < period.to);
        if !(weekly_holds && closed_holds && exceptions_hold) {
            return Err(ImpossibleHours);
        }
        weekly.sort_by_key(|period| (period.weekday, period.from));
        for exception in &mut exceptions {
            exception.periods.sort_by_key(|period| period.from);
        }
        Ok(Self { weekly, closed, exceptions })
    }

    /// The weekly hours in order of days and times, for the table on the page: day 1 (Monday) to 7, each with its stretches.
    #[must_use]
    pub fn by_day(&self) -> Vec<(i8, Vec<(Time, Time)>)> {
        (1..=7)
            .map(|weekday| {
                let stretches = self
                    .weekly
                    .iter()
                    .filter(|period| period.weekday == weekday)
                    .map(|period| (period.from, period.to))
                    .collect();
                (weekday, stretches)
            })
            .collect()
    }

    /// The hours of one date: an exception replaces everything, a holiday or closed day empties the day, else the weekly hours.
    #[must_use]
    pub fn on(&self, date: Date) -> Vec<Period> {
        if let Some(exception) = self.exceptions.iter().find(|other| other.date == date) {
            return exception.periods.clone();
        }
        let closed = self.closed.iter().any(|day| day.month == date.month() && day.day == date.day());
        if closed || is_public_holiday(date) {
            return Vec::new();
        }
        let weekday = date.weekday().to_monday_one_offset();
        self.weekly
            .iter()
            .filter(|period| period.weekday == weekday)
            .map(|period| Period { from: period.from, to: period.to })
            .collect()
    }

    /// Whether somebody reads at `now`, or when somebody reads next.
    #[must_use]
    pub fn next_reading(&self, now: Timestamp) -> Reading {
        let Ok(zone) = TimeZone::get(ZONE) else {
            return Reading::Unknown;
        };
        let local = now.to_zoned(zone.clone());
        for ahead in 0..=DAYS_AHEAD {
            let Ok(date) = local.date().checked_add(ahead.days()) else {
                return Reading::Unknown;
            };
            for period in self.on(date) {
                let (Some(from), Some(until)) = (
                    on_the_clock(&zone, date.to_datetime(period.from)),
                    on_the_clock(&zone, date.to_datetime(period.to)),
                ) else {
                    continue;
                };
                if from >= until {
                    // Summer time skips the whole period on this date.
                    continue;
                }
                if local >= from && local < until {
                    return Reading::Now { until };
                }
                if from > local {
                    return Reading::At(from);
                }
            }
        }
        Reading::Unknown
    }
}

/// The moment at which clocks show `time`: the first one where the hour is repeated, the next one that exists where it is skipped.
fn on_the_clock(zone: &TimeZone, time: DateTime) -> Option<Zoned> {
    let ambiguous = zone.to_ambiguous_zoned(time);
    if let AmbiguousOffset::Gap { .. } = ambiguous.offset() {
        let before = ambiguous.earlier().ok()?.timestamp();
        return Some(zone.following(before).next()?.timestamp().to_zoned(zone.clone()));
    }
    ambiguous.compatible().ok()
}

/// Whether a date is a public holiday in the whole of Italy (law 260/1949 as amended; 4 October from 2026 by law 151/2025).
#[must_use]
pub fn is_public_holiday(date: Date) -> bool {
    let fixed = matches!(
        (date.month(), date.day()),
        (1, 1 | 6) | (4, 25) | (5 | 11, 1) | (6, 2) | (8, 15) | (12, 8 | 25 | 26)
    );
    let saint_francis = date.month() == 10 && date.day() == 4 && date.year() >= 2026;
    let easter = easter_sunday(date.year()).is_some_and(|sunday| {
        sunday == date || sunday.checked_add(1.day()).is_ok_and(|monday| monday == date)
    });
    fixed || saint_francis || easter
}

/// Easter Sunday of a year by the anonymous Gregorian computus (valid for every Gregorian year).
fn easter_sunday(year: i16) -> Option<Date> {
    let year = i32::from(year);
    let golden = year % 19;
    let century = year / 100;
    let of_century = year % 100;
    let skipped = (century + 8) / 25;
    let moon = (19 * golden + century - century / 4 - (century - skipped + 1) / 3 + 15) % 30;
    let weekday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - moon - of_century % 4) % 7;
    let correction = (golden + 11 * moon + 22 * weekday) / 451;
    let day_number = moon + weekday - 7 * correction + 114;
    Date::new(
        i16::try_from(year).ok()?,
        i8::try_from(day_number / 31).ok()?,
        i8::try_from(day_number % 31 + 1).ok()?,
    )
    .ok()
}

/// The calendar day of a moment where the centres are.
#[must_use]
pub fn day_of(now: Timestamp) -> Date {
    let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
    now.to_zoned(zone).date()
}

/// Times as the publication writes them: `HH:MM`.
mod minutes {
    use jiff::civil::Time;
    use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    pub(super) fn serialize<S: Serializer>(time: &Time, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&time.strftime("%H:%M"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Time, D::Error> {
        let text = String::deserialize(deserializer)?;
        Time::strptime("%H:%M", &text).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};
    use proptest::prelude::*;

    fn office() -> Hours {
        let weekly = (1..=5)
            .map(|weekday| WeeklyPeriod { weekday, from: time(9, 0, 0, 0), to: time(17, 0, 0, 0) })
            .collect();
        Hours::new(weekly, Vec::new(), Vec::new()).unwrap()
    }

    fn rome(text: &str) -> Timestamp {
        text.parse::<jiff::civil::DateTime>()
            .unwrap()
            .to_zoned(TimeZone::get(ZONE).unwrap())
            .unwrap()
            .timestamp()
    }

    #[test]
    fn sunday_waits_for_monday() {
        let Reading::At(next) = office().next_reading(rome("2026-11-22T10:00:00")) else {
            panic!("expected a next time");
        };
        assert_eq!(next.datetime(), date(2026, 11, 23).at(9, 0, 0, 0));
    }

    #[test]
    fn a_weekday_morning_reads_now() {
        assert!(matches!(
            office().next_reading(rome("2026-11-23T09:00:00")),
            Reading::Now { until } if until.datetime() == date(2026, 11, 23).at(17, 0, 0, 0)
        ));
    }

    #[test]
    fn holidays_are_skipped_and_easter_is_known() {
        assert!(is_public_holiday(date(2026, 4, 5)));
        assert!(is_public_holiday(date(2026, 4, 6)));
        assert!(is_public_holiday(date(2027, 3, 29)));
        assert!(!is_public_holiday(date(2025, 10, 4)));
        // 24 December 2026 is a Thursday, 25 and 26 are holidays, then the weekend.
        let Reading::At(next) = office().next_reading(rome("2026-12-24T18:00:00")) else {
            panic!("expected a next time");
        };
        assert_eq!(next.datetime(), date(2026, 12, 28).at(9, 0, 0, 0));
    }

    #[test]
    fn an_exception_replaces_a_holiday_and_an_empty_one_closes_a_day() {
        let hours = Hours::new(
            office().weekly,
            vec![ClosedDay { month: 12, day: 24 }],
            vec![
                Exception {
                    date: date(2026, 12, 25),
                    periods: vec![Period { from: time(10, 0, 0, 0), to: time(11, 0, 0, 0) }],
                },
                Exception { date: date(2026, 12, 28), periods: Vec::new() },
            ],
        )
        .unwrap();
        assert!(hours.on(date(2026, 12, 24)).is_empty());
        assert_eq!(hours.on(date(2026, 12, 25)).len(), 1);
        assert!(hours.on(date(2026, 12, 28)).is_empty());
    }

    /// On 31 March 2030 clocks go from 02:00 to 03:00, on 27 October 2030 from 03:00 back to 02:00.
    #[test]
    fn summer_time_skips_an_hour_and_repeats_one() {
        let sunday = |from, to| {
            let period = WeeklyPeriod { weekday: 7, from, to };
            Hours::new(vec![period], Vec::new(), Vec::new()).unwrap()
        };
        let next = |hours: &Hours, now| match hours.next_reading(rome(now)) {
            Reading::At(next) => next.datetime(),
            other => panic!("expected a next time, got {other:?}"),
        };
        let skipped = sunday(time(2, 0, 0, 0), time(3, 0, 0, 0));
        assert_eq!(next(&skipped, "2030-03-30T12:00:00"), date(2030, 4, 7).at(2, 0, 0, 0));
        let half = sunday(time(2, 30, 0, 0), time(3, 15, 0, 0));
        assert_eq!(next(&half, "2030-03-30T12:00:00"), date(2030, 3, 31).at(3, 0, 0, 0));
        let repeated = sunday(time(2, 30, 0, 0), time(3, 15, 0, 0));
        assert_eq!(next(&repeated, "2030-10-26T12:00:00"), date(2030, 10, 27).at(2, 30, 0, 0));
    }

    #[test]
    fn impossible_hours_are_refused() {
        let backwards = WeeklyPeriod { weekday: 1, from: time(17, 0, 0, 0), to: time(9, 0, 0, 0) };
        let eighth = WeeklyPeriod { weekday: 8, from: time(9, 0, 0, 0), to: time(17, 0, 0, 0) };
        assert!(Hours::new(vec![backwards], vec![], vec![]).is_err());
        assert!(Hours::new(vec![eighth], vec![], vec![]).is_err());
        assert!(Hours::new(vec![], vec![ClosedDay { month: 2, day: 30 }], vec![]).is_err());
    }

    fn any_hours() -> impl Strategy<Value = Hours> {
        let period = (1_i8..=7, 0_i8..23, 0_i8..60).prop_map(|(weekday, hour, minute)| WeeklyPeriod {
            weekday,
            from: time(hour, minute, 0, 0),
            to: time(hour + 1, 0, 0, 0).max(time(hour, minute, 1, 0)),
        });
        proptest::collection::vec(period, 0..6)
            .prop_map(|weekly| Hours::new(weekly, Vec::new(), Vec::new()).unwrap())
    }

    proptest! {
        /// The time named is never in the past, lies inside published hours, and nothing earlier was skipped.
        #[test]
        fn the_next_reading_is_the_first(hours in any_hours(), seconds in 1_700_000_000_i64..2_000_000_000) {
            let now = Timestamp::from_second(seconds).unwrap();
            match hours.next_reading(now) {
                Reading::Now { until } => prop_assert!(until.timestamp() > now),
                Reading::At(next) => {
                    prop_assert!(next.timestamp() > now);
                    prop_assert!(hours.on(next.date()).iter().any(|period| period.from == next.time()
                        || next.time() > period.from));
                    // One second before it, the same answer; nobody reads in between.
                    let before = Timestamp::from_second(next.timestamp().as_second() - 1).unwrap();
                    if before >= now {
                        prop_assert_eq!(hours.next_reading(before), Reading::At(next));
                    }
                }
                Reading::Unknown => prop_assert!(hours.weekly.is_empty()),
            }
        }

        /// Whoever comes at the time named finds somebody reading.
        #[test]
        fn at_the_time_named_somebody_reads(hours in any_hours(), seconds in 1_700_000_000_i64..2_000_000_000) {
            if let Reading::At(next) = hours.next_reading(Timestamp::from_second(seconds).unwrap()) {
                let then = hours.next_reading(next.timestamp());
                prop_assert!(matches!(then, Reading::Now { .. }), "{then:?}");
            }
        }
    }
}
