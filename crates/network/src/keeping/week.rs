//! An ISO week as a value: the only time that anything tied to a report has (protocol section 2).

use std::fmt;

use jiff::civil::{Date, ISOWeekDate, Weekday};
use jiff::{Timestamp, ToSpan as _};

use crate::centres::hours::day_of;

/// An ISO week in Rome, stored and written as `2026-W47`; later weeks are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Week {
    year: i16,
    week: i8,
}

impl Week {
    /// The week of a moment in Rome.
    #[must_use]
    pub fn of(now: Timestamp) -> Self {
        Self::of_day(day_of(now))
    }

    /// The week of a day.
    #[must_use]
    pub fn of_day(day: Date) -> Self {
        let week = day.iso_week_date();
        Self { year: week.year(), week: week.week() }
    }

    /// Reads the stored form.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, week) = text.split_once("-W")?;
        let digits =
            |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
        if !(digits(year, 4) && digits(week, 2)) {
            return None;
        }
        let (year, week) = (year.parse().ok()?, week.parse().ok()?);
        ISOWeekDate::new(year, week, Weekday::Monday).ok().map(|_| Self { year, week })
    }

    /// Its Sunday: what happened in a week is taken to have happened on its last day, so that no term ends early.
    #[must_use]
    pub fn last_day(self) -> Date {
        ISOWeekDate::new(self.year, self.week, Weekday::Sunday).map_or(Date::MAX, ISOWeekDate::date)
    }

    /// Its Monday, by which people find it in a calendar.
    #[must_use]
    pub fn first_day(self) -> Date {
        ISOWeekDate::new(self.year, self.week, Weekday::Monday).map_or(Date::MAX, ISOWeekDate::date)
    }

    /// Its number in the year.
    #[must_use]
    pub const fn number(self) -> i8 {
        self.week
    }

    /// So many weeks later.
    #[must_use]
    pub fn plus_weeks(self, weeks: u16) -> Self {
        Self::of_day(self.last_day().saturating_add(i64::from(weeks).weeks()))
    }

    /// The week in which a term of months ends that began in this one, rounded to the late side.
    #[must_use]
    pub fn plus_months(self, months: u16) -> Self {
        Self::of_day(self.last_day().saturating_add(i64::from(months).months()))
    }
}

impl fmt::Display for Week {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-W{:02}", self.year, self.week)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn weeks() -> impl Strategy<Value = Week> {
        (0_i64..60_000).prop_map(|days| Week::of_day(date(1990, 1, 1).saturating_add(days.days())))
    }

    proptest! {
        #[test]
        fn a_week_is_read_as_it_was_written_and_sorts_like_its_text(one in weeks(), other in weeks()) {
            prop_assert_eq!(Week::parse(&one.to_string()), Some(one));
            prop_assert_eq!(one.cmp(&other), one.to_string().cmp(&other.to_string()));
            prop_assert_eq!(one.cmp(&other), one.last_day().cmp(&other.last_day()));
        }

        #[test]
        fn later_is_later(week in weeks(), number in 1_u16..600) {
            prop_assert!(week.plus_weeks(number) > week);
            prop_assert!(week.plus_months(number) > week);
            prop_assert_eq!(week.plus_weeks(number).last_day(), week.last_day().saturating_add(i64::from(number).weeks()));
        }
    }

    #[test]
    fn only_weeks_of_the_calendar_are_read() {
        for wrong in [
            "",
            "2026",
            "2026-W",
            "2026-W54",
            "2025-W53",
            "2026-W00",
            "26-W47",
            "2026-W4",
            "2026-W477",
            "+026-W47",
        ] {
            assert_eq!(Week::parse(wrong), None, "{wrong}");
        }
        assert!(Week::parse("2026-W53").is_some(), "2026 has 53 weeks");
    }
}
