//! The table of purposes and terms: what the project proposes (`data/retention.json`, with sources), within which bounds a centre may
//! change it, and when a case is due.
//!
//! Invariant: rounding is always to the late side. A week stands for its last day, a month for its last, a year for its last.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::week::Week;

/// What is proposed, compiled in: a term that changed by itself would shred what nobody decided about.
const PROPOSED: &str = include_str!("../../../../data/retention.json");

/// Why a closed case is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// A contact that was not followed up.
    Contact,
    /// A case file: what a closed case gets by itself.
    CaseFile,
    /// A case file where a civil claim is likely.
    Claim,
    /// The case of somebody who was a child.
    Child,
}

impl Purpose {
    /// Every purpose, in the order of pages.
    pub const ALL: [Self; 4] = [Self::Contact, Self::CaseFile, Self::Claim, Self::Child];

    /// The word in the database and in forms.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::CaseFile => "case-file",
            Self::Claim => "claim",
            Self::Child => "child",
        }
    }

    /// The purpose of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.word() == word)
    }
}

/// One row of `data/retention.json`.
#[derive(Clone, Debug, Deserialize)]
pub struct ProposedTerm {
    /// The purpose.
    pub purpose: Purpose,
    /// Months after closing; for a child years of age.
    pub term: u16,
    /// The shortest that a centre may choose.
    pub shortest: u16,
    /// The longest that a centre may choose.
    pub longest: u16,
    /// Where it comes from.
    pub source: String,
}

#[derive(Deserialize)]
struct Proposed {
    warning_weeks: u16,
    purposes: Vec<ProposedTerm>,
}

static TABLE: LazyLock<Proposed> = LazyLock::new(|| {
    // The file is part of the build and a test reads it; a table that is missing would shred nothing at all.
    serde_json::from_str(PROPOSED).unwrap_or(Proposed { warning_weeks: u16::MAX, purposes: Vec::new() })
});

/// Weeks that a case stands in the list of what is to be shredded before it is.
#[must_use]
pub fn warning_weeks() -> u16 {
    TABLE.warning_weeks
}

/// What the project proposes, one row a purpose.
#[must_use]
pub fn proposed() -> &'static [ProposedTerm] {
    &TABLE.purposes
}

/// A term outside its bounds, or a purpose without one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a term is missing or outside its bounds")]
pub struct ImpossibleTerms;

/// A whole table: every purpose has a term within its bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms(BTreeMap<Purpose, u16>);

impl Terms {
    /// Checks a table.
    ///
    /// # Errors
    /// [`ImpossibleTerms`].
    pub fn new(terms: BTreeMap<Purpose, u16>) -> Result<Self, ImpossibleTerms> {
        let fits = |row: &ProposedTerm| {
            terms.get(&row.purpose).is_some_and(|term| (row.shortest..=row.longest).contains(term))
        };
        if proposed().len() == Purpose::ALL.len() && proposed().iter().all(fits) {
            Ok(Self(terms))
        } else {
            Err(ImpossibleTerms)
        }
    }

    /// The table that the project proposes.
    ///
    /// # Errors
    /// [`ImpossibleTerms`], which a test of the file rules out.
    pub fn proposed() -> Result<Self, ImpossibleTerms> {
        Self::new(proposed().iter().map(|row| (row.purpose, row.term)).collect())
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`ImpossibleTerms`], also when the bounds were narrowed since: nothing is shredded by such a table.
    pub fn parse(text: &str) -> Result<Self, ImpossibleTerms> {
        Self::new(serde_json::from_str(text).map_err(|_| ImpossibleTerms)?)
    }

    /// The stored form.
    #[must_use]
    pub fn to_text(&self) -> String {
        let pairs: Vec<String> =
            self.0.iter().map(|(purpose, term)| format!("\"{}\":{term}", purpose.word())).collect();
        format!("{{{}}}", pairs.join(","))
    }

    /// Months after closing; for a child years of age.
    #[must_use]
    pub fn of(&self, purpose: Purpose) -> u16 {
        self.0.get(&purpose).copied().unwrap_or(u16::MAX)
    }

    /// The week after whose end a case is due that was closed in `closed`. A child's case is kept as long as a case file at least;
    /// until which birthday is in `at_least`, with everything that was prolonged.
    #[must_use]
    pub fn due(&self, purpose: Purpose, closed: Week, at_least: Option<Week>) -> Week {
        let months = match purpose {
            Purpose::Child => self.of(Purpose::CaseFile),
            other => self.of(other),
        };
        let by_term = closed.plus_months(months);
        at_least.map_or(by_term, |week| week.max(by_term))
    }

    /// The week of the birthday until which a child's case is kept.
    #[must_use]
    pub fn birthday(&self, birth: Birth) -> Week {
        birth.birthday(self.of(Purpose::Child))
    }
}

/// When a child was born, as far as the centre says. It is not stored: only the week that follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Birth {
    year: i16,
    month: Option<i8>,
}

impl Birth {
    /// Reads a year and, where it is known, a month, as typed. Nobody was born after `today` or more than 120 years before.
    #[must_use]
    pub fn parse(year: &str, month: &str, today: Date) -> Option<Self> {
        let year = year
            .trim()
            .parse::<i16>()
            .ok()
            .filter(|year| (today.year() - 120..=today.year()).contains(year))?;
        let month = match month.trim() {
            "" => None,
            typed => Some(typed.parse::<i8>().ok().filter(|month| (1..=12).contains(month))?),
        };
        Some(Self { year, month })
    }

    /// The week of the latest day on which this birthday may be: the last of the month, of December where no month is known.
    fn birthday(self, age: u16) -> Week {
        let year = self.year.saturating_add(i16::try_from(age).unwrap_or(i16::MAX));
        let first = Date::new(year, self.month.unwrap_or(12), 1).unwrap_or(Date::MAX);
        Week::of_day(first.last_of_month())
    }
}

#[cfg(test)]
pub(super) fn proposed_table() -> Terms {
    Terms::proposed().unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::ToSpan as _;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn the_file_holds_every_purpose_once_with_a_source_and_how_sure_it_is() {
        let purposes: Vec<Purpose> = proposed().iter().map(|row| row.purpose).collect();
        assert_eq!(purposes, Purpose::ALL);
        assert_eq!(warning_weeks(), 4);
        for row in proposed() {
            assert!(row.shortest <= row.term && row.term <= row.longest, "{row:?}");
            assert!(!row.source.is_empty(), "{row:?}");
        }
        let file: serde_json::Value = serde_json::from_str(PROPOSED).unwrap();
        for row in file["purposes"].as_array().unwrap() {
            assert!(
                ["what", "unit", "certainty", "checked"]
                    .iter()
                    .all(|key| row[key].as_str().is_some_and(|text| !text.is_empty()))
            );
        }
        assert_eq!(proposed_table().of(Purpose::Child), 28);
        assert!(proposed()[3].shortest >= 28, "no centre shortens a child's term");
    }

    #[test]
    fn a_table_is_whole_and_within_its_bounds() {
        let table = proposed_table();
        assert_eq!(Terms::parse(&table.to_text()), Ok(table.clone()));
        for (purpose, term) in [(Purpose::Contact, 5), (Purpose::Contact, 25), (Purpose::Child, 27)] {
            let mut terms = table.0.clone();
            terms.insert(purpose, term);
            assert_eq!(Terms::new(terms), Err(ImpossibleTerms), "{purpose:?} {term}");
        }
        let mut terms = table.0.clone();
        terms.remove(&Purpose::Claim);
        assert_eq!(Terms::new(terms), Err(ImpossibleTerms));
        for wrong in ["", "{}", "[]", "{\"contact\":12}", "{\"contact\":-1}"] {
            assert_eq!(Terms::parse(wrong), Err(ImpossibleTerms), "{wrong}");
        }
    }

    #[test]
    fn a_birthday_is_rounded_to_the_late_side() {
        let today = date(2026, 11, 22);
        let table = proposed_table();
        // The 28th birthday of who was born on 31 December 2010 is in the last week of 2038.
        assert_eq!(
            table.birthday(Birth::parse("2010", "", today).unwrap()),
            Week::of_day(date(2038, 12, 31))
        );
        // February of a leap year ends on the 29th, 28 years later too.
        assert_eq!(
            table.birthday(Birth::parse("2012", "2", today).unwrap()),
            Week::of_day(date(2040, 2, 29))
        );
        for (year, month) in
            [("", ""), ("1906", "1"), ("1905", ""), ("2027", ""), ("2010", "13"), ("2010", "0"), ("x", "1")]
        {
            assert_eq!(Birth::parse(year, month, today).is_some(), year == "1906", "{year} {month}");
        }
    }

    #[test]
    fn a_childs_case_is_never_kept_shorter_than_a_case_file() {
        let table = proposed_table();
        let closed = Week::of_day(date(2026, 11, 22));
        let long_past = Some(Week::of_day(date(2027, 1, 1)));
        assert_eq!(table.due(Purpose::Child, closed, long_past), closed.plus_months(60));
    }

    proptest! {
        /// Whatever the day of the birth was within what is known, the case is still there on the 28th birthday.
        #[test]
        fn no_case_of_a_child_is_due_before_the_birthday(days in 0_i64..6_600, month_known in any::<bool>(), closed_after in 0_i64..6_000) {
            let born = date(2008, 1, 1).saturating_add(days.days());
            let closed = born.saturating_add(closed_after.days());
            let month = if month_known { born.month().to_string() } else { String::new() };
            let birth = Birth::parse(&born.year().to_string(), &month, date(2026, 12, 31)).unwrap();
            let table = proposed_table();
            let due = table.due(Purpose::Child, Week::of_day(closed), Some(table.birthday(birth)));
            let birthday = born.saturating_add(28.years());
            prop_assert!(due.last_day() >= birthday);
            prop_assert!(due.last_day() >= closed.saturating_add(60.months()));
        }

        /// No term ends before its months are over, whatever day of its week the case was closed on.
        #[test]
        fn no_case_is_due_before_its_term(days in 0_i64..9_000, index in 0_usize..3) {
            let closed = date(2026, 1, 1).saturating_add(days.days());
            let purpose = Purpose::ALL[index];
            let table = proposed_table();
            let due = table.due(purpose, Week::of_day(closed), None);
            prop_assert!(due.last_day() >= closed.saturating_add(i64::from(table.of(purpose)).months()));
        }
    }
}
