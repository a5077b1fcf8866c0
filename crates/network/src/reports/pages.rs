//! The console's pages: the inbox, several cases at once, and one report. None holds a sealed byte: the islands ask for them when the
//! operator opens.
//!
//! Invariant: what a page says of the channel is what she read before she wrote, in the same words.

mod inbox;
mod report;
mod second;
mod several;
mod texts;

use jiff::Timestamp;
use jiff::civil::{Date, ISOWeekDate, Weekday};
use platform::texts::{Language, Texts};
use uuid::Uuid;

use super::model::{Age, Standing, State};
use super::store::Report;
use crate::App;
use crate::accounts::Console;
use crate::centres::hours::day_of;
use crate::centres::public_pages::words::date_in_words;

pub(super) use inbox::inbox;
pub(super) use report::report;
pub(super) use several::several;

/// A report in words.
struct Row {
    case: Uuid,
    reference: String,
    state: &'static str,
    state_word: &'static str,
    age: String,
    size: &'static str,
    language: String,
    channel: &'static str,
    channel_word: String,
    urgent: bool,
    /// Whether nobody has opened it within the time that the centre promised.
    overdue: bool,
    /// Whether something can be done with it together with others.
    may_be_chosen: bool,
}

impl Row {
    /// `promise_days` is how soon the centre that holds it promised to read.
    fn new(t: Texts, report: &Report, promise_days: u8, now: Timestamp) -> Self {
        let standing = &report.standing;
        Self {
            case: report.id,
            reference: reference(report.id),
            state: standing_text(t, standing),
            state_word: standing.state().word(),
            age: match Age::of(&report.week, standing.arrived_on(), now) {
                Age::Today => t.console_age_today().to_owned(),
                Age::Yesterday => t.console_age_yesterday().to_owned(),
                Age::ThisWeek => t.console_age_this_week().to_owned(),
                Age::Older => week_text(t, &report.week),
            },
            size: match report.size_class {
                ..=4_096 => t.console_size_small(),
                4_097..=16_384 => t.console_size_medium(),
                _ => t.console_size_large(),
            },
            language: match report.language.as_str() {
                "it" => t.console_language_it().to_owned(),
                "en" => t.console_language_en().to_owned(),
                other => t.console_language_other(other),
            },
            channel: if report.channel == "safe" {
                t.console_channel_safe()
            } else {
                t.console_channel_general()
            },
            channel_word: report.channel.clone(),
            urgent: report.urgent,
            overdue: standing.is_lapsed(promise_days, day_of(now)),
            may_be_chosen: standing.close().is_ok(),
        }
    }
}

/// How colleagues name a report to each other: the first eight digits of its random id.
fn reference(case: Uuid) -> String {
    case.simple().to_string().chars().take(8).collect()
}

fn state_text(t: Texts, state: State) -> &'static str {
    match state {
        State::Arrived => t.console_state_arrived(),
        State::Opened => t.console_state_opened(),
        State::Answered => t.console_state_answered(),
        State::Waiting => t.console_state_waiting(),
        State::Closed => t.console_state_closed(),
        State::Withdrawn => t.console_state_withdrawn(),
    }
}

/// Where a report stands; of one that waits to be opened also whether it is a first report or a further message.
fn standing_text(t: Texts, standing: &Standing) -> &'static str {
    match (standing.state(), standing.answered()) {
        (State::Arrived, false) => t.console_state_arrived_report(),
        (State::Arrived, true) => t.console_state_arrived_message(),
        (state, _) => state_text(t, state),
    }
}

/// A stored week as people find it in a calendar; as it is stored where it is none.
fn week_text(t: Texts, stored: &str) -> String {
    monday_of(stored).map_or_else(|| stored.to_owned(), |monday| week_from(t, monday))
}

fn week_from(t: Texts, monday: Date) -> String {
    t.console_week(date_in_words(t, monday), monday.iso_week_date().week())
}

fn monday_of(stored: &str) -> Option<Date> {
    let (year, week) = stored.split_once("-W")?;
    let week = ISOWeekDate::new(year.parse().ok()?, week.parse().ok()?, Weekday::Monday).ok()?;
    Some(week.date())
}

fn centre_name(app: &App, centre: Uuid, language: Language) -> String {
    let card = crate::centres::list(app).iter().find(|card| card.id == centre).cloned();
    card.map_or_else(String::new, |card| card.name.get(language.code()).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_is_told_by_its_monday() {
        let t = Texts::new(Language::English);
        let told = week_text(t, "2026-W01").replace(['\u{2068}', '\u{2069}'], "");
        assert_eq!(told, "Week 1, from 29 December 2025");
        assert_eq!(week_text(t, "2025-W53"), "2025-W53", "that year had none");
    }
}
