//! The times that a form offers to somebody who asks to be called: stretches of the centre's reading hours on its next days.
//!
//! Invariant: pure functions of published hours and the time given. What is offered lies inside published hours, after the time given, and
//! is named by absolute moments: neither a journey abroad nor summer time moves a call (protocol §4.1).

use jiff::civil::{Date, Time, time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _, Zoned};
use platform::texts::Texts;

use crate::centres::hours::{Hours, Period, ZONE};
use crate::centres::public_pages::words::time_in_words;

/// How many days with hours are offered: enough to choose from, few enough for one screen of a phone.
const DAYS_OFFERED: usize = 4;
/// How many days ahead they are looked for.
const DAYS_AHEAD: i32 = 14;
/// A sealed request holds at most so many (protocol 12.2).
const MOST_WINDOWS: usize = 12;
/// Shorter stretches are not worth waiting for.
const SHORTEST_MINUTES: i64 = 30;
/// Where a long stretch is cut, so that she can choose half a day.
const CUTS: [Time; 2] = [time(13, 0, 0, 0), time(18, 0, 0, 0)];

/// One stretch that can be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    /// Start, included.
    pub(super) from: Timestamp,
    /// End, excluded.
    pub(super) to: Timestamp,
    /// `Morning 9:00–13:00`, in the centre's time.
    pub(super) label: String,
}

/// The stretches of one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Day {
    /// `Tomorrow, Monday 23`.
    pub(super) heading: String,
    /// In order; never empty.
    pub(super) windows: Vec<Window>,
}

/// The next days on which the centre can call, with their stretches; empty when it has published no hours.
pub(super) fn offered(t: Texts, hours: &Hours, now: Timestamp) -> Vec<Day> {
    let Ok(zone) = TimeZone::get(ZONE) else { return Vec::new() };
    let local = now.to_zoned(zone.clone());
    // Somebody has to read first: today nothing is offered that begins within the hour.
    let earliest = next_full_hour(&local);
    let mut days: Vec<Day> = Vec::new();
    let mut left = MOST_WINDOWS;
    for ahead in 0..=DAYS_AHEAD {
        let Ok(date) = local.date().checked_add(ahead.days()) else { break };
        let windows: Vec<Window> = hours
            .on(date)
            .into_iter()
            .flat_map(cut)
            .filter_map(|period| window(t, date, period, &zone, earliest.as_ref()))
            .take(left)
            .collect();
        left -= windows.len();
        if !windows.is_empty() {
            days.push(Day { heading: heading(t, date, ahead), windows });
        }
        if days.len() == DAYS_OFFERED || left == 0 {
            break;
        }
    }
    days
}

/// The first full hour that is at least an hour away.
fn next_full_hour(local: &Zoned) -> Option<Zoned> {
    let later = local.checked_add(119.minutes()).ok()?;
    later.with().minute(0).second(0).subsec_nanosecond(0).build().ok()
}

/// A stretch cut at midday and in the evening, where both sides stay at least an hour long.
fn cut(period: Period) -> Vec<Period> {
    let mut rest = period;
    let mut parts = Vec::new();
    for at in CUTS {
        if minutes(rest.from, at) >= 60 && minutes(at, rest.to) >= 60 {
            parts.push(Period { from: rest.from, to: at });
            rest.from = at;
        }
    }
    parts.push(rest);
    parts
}

fn minutes(from: Time, to: Time) -> i64 {
    to.duration_since(from).as_mins()
}

fn window(t: Texts, date: Date, period: Period, zone: &TimeZone, earliest: Option<&Zoned>) -> Option<Window> {
    let begin = date.to_datetime(period.from).to_zoned(zone.clone()).ok()?;
    let to = date.to_datetime(period.to).to_zoned(zone.clone()).ok()?;
    if begin.time() != period.from || to.time() != period.to {
        // An hour that does not exist in the night when summer time begins would be moved behind the published ones.
        return None;
    }
    let from = earliest.filter(|earliest| **earliest > begin).cloned().unwrap_or(begin);
    if from.date() != date || to.timestamp().duration_since(from.timestamp()).as_mins() < SHORTEST_MINUTES {
        return None;
    }
    let (start, end) = (time_in_words(from.time()), time_in_words(period.to));
    let label = match from.hour() {
        ..12 => t.call_morning(start, end),
        12..18 => t.call_afternoon(start, end),
        _ => t.call_evening(start, end),
    };
    Some(Window { from: from.timestamp(), to: to.timestamp(), label })
}

fn heading(t: Texts, date: Date, ahead: i32) -> String {
    let weekday = t.layout_weekday(date.weekday().to_monday_one_offset());
    match ahead {
        0 => t.call_day_today(date.day(), weekday),
        1 => t.call_day_tomorrow(date.day(), weekday),
        _ => t.call_day(date.day(), weekday),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::centres::hours::WeeklyPeriod;
    use platform::texts::Language;
    use proptest::prelude::*;

    fn office() -> Hours {
        let weekly = (1..=5)
            .map(|weekday| WeeklyPeriod { weekday, from: time(9, 0, 0, 0), to: time(17, 0, 0, 0) })
            .collect();
        Hours::new(weekly, Vec::new(), Vec::new()).unwrap()
    }

    fn rome(text: &str) -> Timestamp {
        let zone = TimeZone::get(ZONE).unwrap();
        text.parse::<jiff::civil::DateTime>().unwrap().to_zoned(zone).unwrap().timestamp()
    }

    /// Headings and labels, without the marks that keep variables from turning a sentence around.
    fn shown(now: &str) -> Vec<(String, Vec<String>)> {
        let plain = |text: &str| text.replace(['\u{2068}', '\u{2069}'], "");
        offered(Texts::new(Language::English), &office(), rome(now))
            .iter()
            .map(|day| (plain(&day.heading), day.windows.iter().map(|window| plain(&window.label)).collect()))
            .collect()
    }

    #[test]
    fn on_a_sunday_the_next_four_days_are_offered_in_halves() {
        let days = shown("2026-11-22T11:00:00");
        let headings: Vec<&str> = days.iter().map(|(heading, _)| heading.as_str()).collect();
        assert_eq!(headings, ["Tomorrow, Monday 23", "Tuesday 24", "Wednesday 25", "Thursday 26"]);
        for (heading, windows) in &days {
            assert_eq!(windows, &["Morning 9:00–13:00", "Afternoon 13:00–17:00"], "{heading}");
        }
    }

    #[test]
    fn today_begins_after_somebody_has_had_an_hour_to_read() {
        let morning = &shown("2026-11-23T10:20:00")[0];
        assert_eq!(morning.0, "Today, Monday 23");
        assert_eq!(morning.1, ["Afternoon 12:00–13:00", "Afternoon 13:00–17:00"]);
        assert_eq!(shown("2026-11-23T14:59:00")[0].1, ["Afternoon 16:00–17:00"]);
        assert_eq!(shown("2026-11-23T15:01:00")[0].0, "Tomorrow, Tuesday 24", "nothing left today");
        assert_eq!(shown("2026-11-23T23:30:00")[0].0, "Tomorrow, Tuesday 24");
    }

    #[test]
    fn nothing_is_offered_that_ends_in_the_hour_that_summer_time_skips() {
        let evening_before = rome("2029-03-24T11:00:00");
        let that_night = |to| {
            let weekly = vec![WeeklyPeriod { weekday: 7, from: time(1, 0, 0, 0), to }];
            let hours = Hours::new(weekly, Vec::new(), Vec::new()).unwrap();
            let days = offered(Texts::new(Language::Italian), &hours, evening_before);
            let mut windows = days.iter().flat_map(|day| &day.windows);
            windows.any(|window| window.from == rome("2029-03-25T01:00:00"))
        };
        assert!(!that_night(time(2, 59, 0, 0)));
        assert!(that_night(time(3, 59, 0, 0)), "the clock goes from two to three");
    }

    #[test]
    fn a_centre_without_hours_offers_nothing() {
        let now = rome("2026-11-22T11:00:00");
        assert!(offered(Texts::new(Language::Italian), &Hours::default(), now).is_empty());
    }

    proptest! {
        /// Whatever the hours: inside them, later than now, in order, never overlapping, never more than a request holds.
        #[test]
        fn what_is_offered_lies_inside_the_hours_and_in_the_future(
            periods in proptest::collection::vec((1_i8..=7, 0_i8..22, 0_i8..60, 1_i8..3), 0..9),
            seconds in 1_700_000_000_i64..2_000_000_000,
        ) {
            let weekly = periods.into_iter().map(|(weekday, hour, minute, length)| WeeklyPeriod {
                weekday,
                from: time(hour, minute, 0, 0),
                to: time((hour + length).min(23), 59, 0, 0),
            });
            let mut weekly: Vec<WeeklyPeriod> = weekly.collect();
            weekly.sort_by_key(|period| period.weekday);
            weekly.dedup_by_key(|period| period.weekday);
            let hours = Hours::new(weekly, Vec::new(), Vec::new()).unwrap();
            let now = Timestamp::from_second(seconds).unwrap();
            let zone = TimeZone::get(ZONE).unwrap();
            let days = offered(Texts::new(Language::Italian), &hours, now);
            prop_assert!(days.len() <= DAYS_OFFERED);
            let windows: Vec<Window> = days.into_iter().flat_map(|day| day.windows).collect();
            prop_assert!(windows.len() <= MOST_WINDOWS);
            let mut before = now;
            for window in windows {
                prop_assert!(before <= window.from && window.from < window.to);
                let (from, to) = (window.from.to_zoned(zone.clone()), window.to.to_zoned(zone.clone()));
                let inside = hours.on(from.date()).iter().any(|period| {
                    period.from <= from.time() && to.time() <= period.to
                });
                prop_assert!(inside, "{from} to {to}");
                before = window.to;
            }
        }
    }
}
