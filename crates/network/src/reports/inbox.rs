//! The inbox as data: which part is asked for, the address of the next page, and how much is open.

use uuid::Uuid;

use super::model::State;
use super::store::{Cursor, Filter};

/// Rows of a page.
pub(super) const PAGE_LENGTH: u64 = 25;

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
        let is_week =
            week.len() == 8 && week.bytes().all(|byte| byte.is_ascii_digit() || byte == b'W' || byte == b'-');
        if !is_week || end.is_some() {
            return None;
        }
        Some(Self { urgent, week: week.to_owned(), id: Uuid::try_parse(id).ok()? })
    }

    /// The value of `?page=`.
    pub(super) fn to_query(&self) -> String {
        format!("{}.{}.{}", if self.urgent { "u" } else { "n" }, self.week, self.id)
    }
}

/// How many reports are open, by state. What is closed is not counted: it grows without end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct OpenCounts(pub(super) Vec<(State, i64)>);

impl OpenCounts {
    /// The reports in a state; 0 for closed ones.
    pub(super) fn of(&self, state: State) -> i64 {
        self.0.iter().find(|(counted, _)| *counted == state).map_or(0, |(_, count)| *count)
    }

    /// All that are not closed.
    pub(super) fn all(&self) -> i64 {
        self.0.iter().map(|(_, count)| count).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            "u.2026-W47..",
        ] {
            assert_eq!(Cursor::of_query(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn an_unknown_state_shows_what_is_not_closed() {
        assert_eq!(Filter::of_query(Some("closed")), Filter::In(State::Closed));
        assert_eq!(Filter::of_query(Some("secret")), Filter::NotClosed);
        assert_eq!(Filter::of_query(None).word(), "");
    }

    #[test]
    fn all_that_is_open_is_the_sum_of_the_states() {
        let counts = OpenCounts(vec![(State::Arrived, 7), (State::Waiting, 2)]);
        assert_eq!((counts.of(State::Arrived), counts.of(State::Opened), counts.all()), (7, 0, 9));
        assert_eq!(OpenCounts::default().all(), 0);
    }
}
