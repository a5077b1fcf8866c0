//! The inbox as data: what is asked for, in which order it comes, the address of the next page, and how much is open.
//!
//! Invariant: whatever an address holds, it becomes a question that an index answers in order; what does not read is left out.

use std::collections::HashMap;

use jiff::civil::{ISOWeekDate, Weekday};
use uuid::Uuid;

use super::model::State;

/// Rows of a page.
pub(super) const PAGE_LENGTH: u64 = 25;

/// Up to here reports are counted one by one; beyond it a page says "99+" (docs/adr/0013-inbox-at-size.md).
pub(super) const MOST_COUNTED: u64 = 99;

/// Which part of the inbox a page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filter {
    /// All that somebody works on: neither closed nor withdrawn.
    NotClosed,
    /// One state.
    In(State),
}

/// What an operator looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Search {
    /// The state.
    pub(super) filter: Filter,
    /// An ISO week such as `2026-W47`.
    pub(super) week: Option<String>,
    /// Only what she called urgent.
    pub(super) urgent_only: bool,
}

/// The place in the inbox after which a page begins; it names the row, so new arrivals move nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    pub(super) urgent: bool,
    pub(super) week: String,
    pub(super) id: Uuid,
}

/// How colleagues name a report to each other: the first eight hexadecimal digits of its random id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reference(u32);

impl Filter {
    /// The filter of `?state=`; anything else shows all that is not closed.
    pub(super) fn of_query(state: Option<&str>) -> Self {
        state.and_then(State::from_word).map_or(Self::NotClosed, Self::In)
    }

    /// The word of `?state=`; empty for all that is not closed.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::NotClosed => "",
            Self::In(state) => state.word(),
        }
    }
}

impl Search {
    /// All of a state, of every week.
    pub(super) const fn of_state(state: State) -> Self {
        Self { filter: Filter::In(state), week: None, urgent_only: false }
    }

    /// What `?state=`, `?week=` and `?urgent=1` say.
    pub(super) fn of_query(query: &HashMap<String, String>) -> Self {
        Self {
            filter: Filter::of_query(query.get("state").map(String::as_str)),
            week: query.get("week").filter(|week| is_week(week)).cloned(),
            urgent_only: query.get("urgent").is_some_and(|word| word == "1"),
        }
    }

    /// The same search for another state.
    pub(super) fn with(&self, filter: Filter) -> Self {
        Self { filter, ..self.clone() }
    }

    /// Whether it leaves out more than a state does.
    pub(super) const fn is_narrow(&self) -> bool {
        self.week.is_some() || self.urgent_only
    }

    /// The search as the end of an address, empty or from `?` on. Nothing in it needs escaping.
    pub(super) fn to_query(&self) -> String {
        let mut parts = Vec::new();
        if !self.filter.word().is_empty() {
            parts.push(format!("state={}", self.filter.word()));
        }
        parts.extend(self.week.iter().map(|week| format!("week={week}")));
        if self.urgent_only {
            parts.push("urgent=1".to_owned());
        }
        if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
    }

    /// The address of the page after a place.
    pub(super) fn to_query_after(&self, cursor: &Cursor) -> String {
        let query = self.to_query();
        format!("{query}{}page={}", if query.is_empty() { '?' } else { '&' }, cursor.to_query())
    }

    /// Who waits to be opened waits in line; everything else begins with the latest week.
    pub(super) fn is_oldest_first(&self) -> bool {
        self.filter == Filter::In(State::Arrived)
    }

    /// The parts of the list in their order, urgent first; those before the cursor's are behind it.
    pub(super) fn urgencies(&self, after: Option<&Cursor>) -> &'static [bool] {
        let is_past_urgent = after.is_some_and(|cursor| !cursor.urgent);
        match (self.urgent_only, is_past_urgent) {
            (true, false) => &[true],
            (true, true) => &[],
            (false, false) => &[true, false],
            (false, true) => &[false],
        }
    }
}

impl Cursor {
    /// Reads `?page=`: `u.2026-W47.<case>`; anything else begins at the beginning.
    pub(super) fn of_query(page: &str) -> Option<Self> {
        let mut parts = page.split('.');
        let (urgent, week, id, end) = (parts.next()?, parts.next()?, parts.next()?, parts.next());
        let urgent = match urgent {
            "u" => true,
            "n" => false,
            _ => return None,
        };
        if !is_week(week) || end.is_some() {
            return None;
        }
        Some(Self { urgent, week: week.to_owned(), id: Uuid::try_parse(id).ok()? })
    }

    /// The value of `?page=`.
    pub(super) fn to_query(&self) -> String {
        format!("{}.{}.{}", if self.urgent { "u" } else { "n" }, self.week, self.id)
    }
}

impl Reference {
    /// Reads what somebody typed or pasted: eight hexadecimal digits, spaces around or between them; a whole id is fine too.
    pub(super) fn parse(typed: &str) -> Option<Self> {
        let digits: String = typed.chars().filter(|letter| !letter.is_whitespace()).collect();
        let digits = if digits.len() == 36 { digits.get(..8)?.to_owned() } else { digits };
        let is_reference = digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_reference.then(|| u32::from_str_radix(&digits, 16).ok().map(Self)).flatten()
    }

    /// The lowest and the highest id that begin with these digits.
    pub(super) const fn ids(self) -> (Uuid, Uuid) {
        let first = (self.0 as u128) << 96;
        (Uuid::from_u128(first), Uuid::from_u128(first | (u128::MAX >> 32)))
    }
}

/// Whether a text is an ISO week as stored: `2026-W47`. A year has 52 or 53 of them.
fn is_week(text: &str) -> bool {
    let number = |digits: &str, length: usize| {
        let is_number = digits.len() == length && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse::<i16>().ok()).flatten()
    };
    let parts = text.split_once("-W").and_then(|(year, week)| Some((number(year, 4)?, number(week, 2)?)));
    parts.is_some_and(|(year, week)| {
        i8::try_from(week).is_ok_and(|week| ISOWeekDate::new(year, week, Weekday::Monday).is_ok())
    })
}

/// How many reports are open, by state, each at most [`MOST_COUNTED`] + 1. What is closed is not counted: nobody works on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OpenCounts(pub(super) Vec<(State, u64)>);

impl OpenCounts {
    /// The reports in a state as a page says it: `7`, or `99+`.
    pub(super) fn of(&self, state: State) -> String {
        told(self.0.iter().filter(|(counted, _)| *counted == state).map(|(_, count)| count).sum())
    }

    /// All that are neither closed nor withdrawn, as a page says it.
    pub(super) fn all(&self) -> String {
        told(self.0.iter().filter(|(state, _)| *state != State::Withdrawn).map(|(_, count)| count).sum())
    }
}

fn told(count: u64) -> String {
    if count > MOST_COUNTED { format!("{MOST_COUNTED}+") } else { count.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        let cursor = Cursor { urgent: true, week: "2026-W47".to_owned(), id: Uuid::from_u128(7) };
        assert_eq!(Cursor::of_query(&cursor.to_query()), Some(cursor));
        for wrong in [
            "",
            "u",
            "x.2026-W47.7",
            "u.2026'W47.00000000-0000-0000-0000-000000000007",
            "u.2026-W47.7",
            "u.2026-W54.00000000-0000-0000-0000-000000000007",
            "u.2026-W00.00000000-0000-0000-0000-000000000007",
            "u.2026-W47..",
        ] {
            assert_eq!(Cursor::of_query(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_search_is_read_as_it_was_written() {
        let search = Search {
            filter: Filter::In(State::Waiting),
            week: Some("2026-W47".to_owned()),
            urgent_only: true,
        };
        assert_eq!(search.to_query(), "?state=waiting&week=2026-W47&urgent=1");
        let pairs = [("state", "waiting"), ("week", "2026-W47"), ("urgent", "1")];
        assert_eq!(Search::of_query(&query(&pairs)), search);
        let open = Search { filter: Filter::NotClosed, week: None, urgent_only: false };
        assert_eq!(open.to_query(), "");
        let wrong = [("state", "secret"), ("week", "2026-W4'"), ("urgent", "yes")];
        assert_eq!(Search::of_query(&query(&wrong)), open, "what does not read is left out");
        assert_eq!(Search::of_query(&query(&[])), open);
        let cursor = Cursor { urgent: false, week: "2026-W47".to_owned(), id: Uuid::nil() };
        assert!(open.to_query_after(&cursor).starts_with("?page=n.2026-W47."));
        assert!(search.to_query_after(&cursor).starts_with("?state=waiting&week=2026-W47&urgent=1&page=n."));
    }

    #[test]
    fn urgent_comes_first_and_is_not_asked_for_again_behind_it() {
        let open = Search { filter: Filter::NotClosed, week: None, urgent_only: false };
        let at = |urgent| Cursor { urgent, week: "2026-W47".to_owned(), id: Uuid::nil() };
        assert_eq!(open.urgencies(None), [true, false]);
        assert_eq!(open.urgencies(Some(&at(true))), [true, false]);
        assert_eq!(open.urgencies(Some(&at(false))), [false]);
        let urgent = Search { urgent_only: true, ..open };
        assert_eq!(urgent.urgencies(None), [true]);
        assert!(urgent.urgencies(Some(&at(false))).is_empty());
    }

    #[test]
    fn a_reference_is_read_however_it_was_copied() {
        let case = Uuid::from_u128(0x3fa2_9b10_0000_4000_8000_0000_0000_0007);
        for typed in ["3fa29b10", " 3FA2 9b10 ", case.to_string().as_str()] {
            let (low, high) = Reference::parse(typed).unwrap().ids();
            assert!(low <= case && case <= high, "{typed}");
        }
        let (low, high) = Reference::parse("ffffffff").unwrap().ids();
        assert_eq!((low, high), (Uuid::from_u128(0xffff_ffff << 96), Uuid::max()));
        for wrong in ["", "3fa29b1", "3fa29b100", "3fa29b1g", "+fa29b10", "１２３４５６７８"] {
            assert_eq!(Reference::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn all_that_is_open_is_the_sum_of_the_states_and_many_are_not_counted_out() {
        let counts = OpenCounts(vec![(State::Arrived, 7), (State::Waiting, 2)]);
        assert_eq!(
            [counts.of(State::Arrived), counts.of(State::Opened), counts.all()],
            ["7", "0", "9"].map(str::to_owned)
        );
        assert_eq!(OpenCounts(vec![(State::Opened, 60), (State::Waiting, 60)]).all(), "99+");
        assert_eq!(OpenCounts(vec![(State::Opened, 1), (State::Withdrawn, 1)]).all(), "1");
        assert_eq!(OpenCounts(vec![(State::Opened, 99)]).of(State::Opened), "99");
    }
}
