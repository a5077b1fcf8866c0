//! The inbox as data: which part is asked for, and the address of the next page.

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
}
