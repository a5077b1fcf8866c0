//! The rules as pure functions: who may decide what, and when a case may go.
//!
//! Invariant: there is no path from a case to its shredding but [`Keeping::is_to_be_shredded`], two different people
//! ([`Proposal::confirm`]), or her own burn; and none of the three while a hold stands.

use uuid::Uuid;

use super::terms::{Purpose, Terms, warning_weeks};
use super::week::Week;

/// Why a decision was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum No {
    /// It takes a second person.
    #[error("somebody else must do this")]
    SamePerson,
    /// A hold stands.
    #[error("the case is held")]
    Held,
    /// The case, or what was decided about it, is no longer what the page showed.
    #[error("it has changed")]
    Changed,
    /// What was typed does not fit.
    #[error("what was typed does not fit")]
    Malformed,
}

impl No {
    /// The word in the address of the page that says it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::SamePerson => "same-person",
            Self::Held => "held",
            Self::Changed => "changed",
            Self::Malformed => "malformed",
        }
    }
}

/// Why a case is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldReason {
    /// A court or a prosecutor asked for it.
    Authority,
    /// Proceedings run or are expected.
    Proceedings,
    /// She asked for it.
    Request,
    /// Somebody doubts that the right person asked to burn or rotate.
    Doubt,
}

impl HoldReason {
    /// Every reason, in the order of pages.
    pub const ALL: [Self; 4] = [Self::Authority, Self::Proceedings, Self::Request, Self::Doubt];

    /// The word in the database and in forms.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Authority => "authority",
            Self::Proceedings => "proceedings",
            Self::Request => "request",
            Self::Doubt => "doubt",
        }
    }

    /// The reason of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }
}

/// A hold: one person places it, another lifts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Why.
    pub reason: HoldReason,
    /// Who placed it.
    pub placed_by: Uuid,
    /// When.
    pub placed: Week,
}

impl Hold {
    /// Lifts it.
    ///
    /// # Errors
    /// [`No::SamePerson`] for whoever placed it.
    pub fn lift(&self, by: Uuid) -> Result<(), No> {
        if self.placed_by == by { Err(No::SamePerson) } else { Ok(()) }
    }
}

/// Why somebody proposes to shred a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShredReason {
    /// Nobody in need wrote it.
    Junk,
    /// It is the same as another case.
    Double,
    /// She asked for it by another way.
    Request,
    /// It is closed and no longer needed.
    NotNeeded,
}

impl ShredReason {
    /// Every reason, in the order of pages.
    pub const ALL: [Self; 4] = [Self::Junk, Self::Double, Self::Request, Self::NotNeeded];

    /// The word in the database and in forms.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Junk => "junk",
            Self::Double => "double",
            Self::Request => "request",
            Self::NotNeeded => "not-needed",
        }
    }

    /// The reason of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }
}

/// The first of two people says that a case should be shredded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Why.
    pub reason: ShredReason,
    /// The items of the conversation that existed then: with one more, the proposal is void.
    pub items: u32,
    /// Who.
    pub proposed_by: Uuid,
    /// When.
    pub week: Week,
}

impl Proposal {
    /// The second person agrees.
    ///
    /// # Errors
    /// [`No::SamePerson`] for whoever proposed it, [`No::Held`] while a hold stands, [`No::Changed`] when she has written since.
    pub fn confirm(&self, by: Uuid, items_now: u32, held: bool) -> Result<(), No> {
        if held {
            Err(No::Held)
        } else if self.items != items_now {
            Err(No::Changed)
        } else if self.proposed_by == by {
            Err(No::SamePerson)
        } else {
            Ok(())
        }
    }
}

/// How long a closed case is kept, and how far that has gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keeping {
    /// Why it is kept.
    pub purpose: Purpose,
    /// When it was closed; at the latest the week in which the server noticed.
    pub closed: Week,
    /// The items of the conversation when it was closed: with one more the case was opened again, and the due week says nothing. 0
    /// while it is open.
    pub items: u32,
    /// Not before the end of this week: a child's birthday, or somebody prolonged.
    pub at_least: Option<Week>,
    /// The week after whose end it goes; `None` until the centre has approved a table.
    pub due: Option<Week>,
    /// When it first stood in the list of what is to be shredded.
    pub warned: Option<Week>,
}

impl Keeping {
    /// A case that was just closed.
    #[must_use]
    pub const fn closed(purpose: Purpose, week: Week, items: u32) -> Self {
        Self { purpose, closed: week, items, at_least: None, due: None, warned: None }
    }

    /// A closed case that nobody has given a purpose: a case file.
    #[must_use]
    pub fn begun(week: Week, items: u32, terms: Option<&Terms>) -> Self {
        Self::closed(Purpose::CaseFile, week, items).reckoned(terms)
    }

    /// She wrote again: the due week goes. Purpose and birthday stay, for when it is closed again.
    #[must_use]
    pub fn reopened(self) -> Self {
        Self { items: 0, due: None, warned: None, ..self }
    }

    /// It was closed again: the term begins anew.
    #[must_use]
    pub fn closed_again(self, week: Week, items: u32) -> Self {
        Self { closed: week, items, due: None, warned: None, ..self }
    }

    /// The due week by a table; without a table there is none. A week that moves is warned of anew.
    #[must_use]
    pub fn reckoned(self, terms: Option<&Terms>) -> Self {
        let due = terms.map(|terms| terms.due(self.purpose, self.closed, self.at_least));
        let warned = if due == self.due { self.warned } else { None };
        Self { due, warned, ..self }
    }

    /// Another purpose.
    #[must_use]
    pub fn with_purpose(self, purpose: Purpose, birthday: Option<Week>) -> Self {
        Self { purpose, at_least: birthday.max(self.at_least), ..self }
    }

    /// Kept for so many months more, counted from the due week, or from now where that is later or unknown.
    #[must_use]
    pub fn prolonged(self, months: u16, now: Week) -> Self {
        let from = self.due.map_or(now, |due| due.max(now));
        Self { at_least: Some(from.plus_months(months)), ..self }
    }

    /// Whether it belongs into the list of what is to be shredded.
    #[must_use]
    pub fn is_near(&self, now: Week) -> bool {
        self.due.is_some_and(|due| due <= now.plus_weeks(warning_weeks()))
    }

    /// The row after a look at the calendar: what is near has been warned of since this week. A warning from the future is one of a
    /// clock that was wrong.
    #[must_use]
    pub fn looked_at(self, now: Week) -> Self {
        let warned =
            if self.is_near(now) { Some(self.warned.map_or(now, |week| week.min(now))) } else { None };
        Self { warned, ..self }
    }

    /// Whether its time is over: after the end of the due week, and only when it stood in the list for the whole warning. A clock that
    /// jumps ahead therefore shreds nothing: the warning begins then.
    #[must_use]
    pub fn is_to_be_shredded(&self, now: Week, items_now: u32, is_closed: bool, held: bool) -> bool {
        let is_over = self.due.is_some_and(|due| due < now);
        let was_warned = self.warned.is_some_and(|warned| warned.plus_weeks(warning_weeks()) <= now);
        is_over && was_warned && is_closed && !held && self.items == items_now
    }
}

#[cfg(test)]
mod tests {
    use super::super::terms::proposed_table;
    use super::*;
    use proptest::prelude::*;

    fn week(text: &str) -> Week {
        Week::parse(text).unwrap()
    }

    /// The database and the forms hold these words: no two are one, and each is read as what wrote it.
    #[test]
    fn every_reason_has_a_word_of_its_own() {
        let holds = HoldReason::ALL.map(HoldReason::word);
        assert_eq!(holds, ["authority", "proceedings", "request", "doubt"]);
        assert_eq!(holds.map(HoldReason::from_word), HoldReason::ALL.map(Some));
        let shreds = ShredReason::ALL.map(ShredReason::word);
        assert_eq!(shreds, ["junk", "double", "request", "not-needed"]);
        assert_eq!(shreds.map(ShredReason::from_word), ShredReason::ALL.map(Some));
        let answers = [No::SamePerson, No::Held, No::Changed, No::Malformed].map(No::word);
        assert_eq!(answers, ["same-person", "held", "changed", "malformed"]);
        assert_eq!((HoldReason::from_word("junk"), ShredReason::from_word("doubt")), (None, None));
    }

    #[test]
    fn nothing_is_due_without_an_approved_table() {
        let keeping =
            Keeping::closed(Purpose::Contact, week("2020-W01"), 2).reckoned(None).looked_at(week("2026-W47"));
        assert!(!keeping.is_near(week("2026-W47")) && keeping.warned.is_none());
        assert!(!keeping.is_to_be_shredded(week("2026-W47"), 2, true, false));
    }

    #[test]
    fn writing_again_and_closing_again_begin_anew() {
        let terms = proposed_table();
        let closed = Keeping::closed(Purpose::Contact, week("2026-W01"), 2).reckoned(Some(&terms));
        let warned = closed.clone().looked_at(closed.due.unwrap());
        assert_eq!(warned.warned, closed.due);
        let open = warned.clone().reopened();
        assert_eq!((open.items, open.due, open.warned), (0, None, None));
        let again = warned.clone().closed_again(week("2026-W40"), 3);
        assert_eq!((again.closed, again.items, again.due, again.warned), (week("2026-W40"), 3, None, None));
        // A warning holds as long as its week does, and no longer.
        assert_eq!(warned.clone().reckoned(Some(&terms)), warned);
        let other = warned.with_purpose(Purpose::Claim, None).reckoned(Some(&terms));
        assert_eq!((other.purpose, other.warned), (Purpose::Claim, None));
        assert!(other.due > closed.due);
    }

    #[test]
    fn a_clock_that_jumps_ahead_shreds_nothing() {
        let terms = proposed_table();
        let keeping = Keeping::closed(Purpose::CaseFile, week("2026-W47"), 2).reckoned(Some(&terms));
        let jumped = keeping.looked_at(week("2036-W01"));
        assert!(!jumped.is_to_be_shredded(week("2036-W01"), 2, true, false));
        // Put right again, the wrong warning goes too.
        let back = jumped.looked_at(week("2026-W48"));
        assert_eq!(back.warned, None);
    }

    proptest! {
        /// Looked at every week, it goes in exactly one week: the first after its due week with a whole warning behind it; never while
        /// held, open, or after a message.
        #[test]
        fn it_goes_after_its_due_week_and_a_whole_warning(late_by in 0_u16..30, held in any::<bool>(), is_closed in any::<bool>(), written in any::<bool>()) {
            let terms = proposed_table();
            let mut keeping = Keeping::closed(Purpose::Contact, week("2026-W47"), 2).reckoned(Some(&terms));
            let due = keeping.due.unwrap();
            // The service sleeps until some weeks before or after the due week.
            let mut now = week("2026-W47").plus_weeks(45 + late_by);
            let first = now;
            let mut gone = None;
            for _ in 0..60 {
                keeping = keeping.looked_at(now);
                if keeping.is_to_be_shredded(now, if written { 3 } else { 2 }, is_closed, held) {
                    gone = Some(now);
                    break;
                }
                now = now.plus_weeks(1);
            }
            if held || !is_closed || written {
                prop_assert_eq!(gone, None);
            } else {
                let gone = gone.unwrap();
                prop_assert!(gone > due);
                let listed_since = due.max(first);
                prop_assert!(gone <= listed_since.plus_weeks(5));
                prop_assert!(first.plus_weeks(4) <= gone);
            }
        }

        #[test]
        fn one_person_alone_never_confirms_nor_lifts(one in any::<u128>(), other in any::<u128>(), items in 1_u32..9) {
            let (one, other) = (Uuid::from_u128(one), Uuid::from_u128(other));
            let now = week("2026-W47");
            let proposal = Proposal { reason: ShredReason::Junk, items, proposed_by: one, week: now };
            prop_assert_eq!(proposal.confirm(other, items, false).is_ok(), one != other);
            prop_assert!(proposal.confirm(one, items, false).is_err());
            prop_assert_eq!(proposal.confirm(other, items, true), Err(No::Held));
            prop_assert_eq!(proposal.confirm(other, items + 1, false), Err(No::Changed));
            let hold = Hold { reason: HoldReason::Doubt, placed_by: one, placed: now };
            prop_assert_eq!(hold.lift(other).is_ok(), one != other);
            prop_assert_eq!(hold.lift(one), Err(No::SamePerson));
        }

        #[test]
        fn a_birthday_outlives_that_she_writes_again(birthday in 0_u16..1500, items in 2_u32..9) {
            let terms = proposed_table();
            let now = week("2026-W47");
            let birthday = now.plus_weeks(birthday);
            let child = Keeping::closed(Purpose::CaseFile, now, 1).with_purpose(Purpose::Child, Some(birthday)).reckoned(Some(&terms));
            let open = child.reopened();
            prop_assert!(open.due.is_none() && !open.is_to_be_shredded(now.plus_weeks(2000), items, true, false));
            let again = open.closed_again(now.plus_weeks(3), items).reckoned(Some(&terms));
            prop_assert!(again.due.unwrap() >= birthday && again.due.unwrap() >= now.plus_weeks(3).plus_months(60));
        }

        #[test]
        fn prolonging_and_another_purpose_never_bring_a_birthday_nearer(months in 1_u16..40, birthday in 0_u16..1500) {
            let terms = proposed_table();
            let now = week("2026-W47");
            let birthday = now.plus_weeks(birthday);
            let child = Keeping::closed(Purpose::CaseFile, now, 1).with_purpose(Purpose::Child, Some(birthday)).reckoned(Some(&terms));
            prop_assert!(child.due.unwrap() >= birthday);
            let prolonged = child.clone().prolonged(months, now).reckoned(Some(&terms));
            prop_assert!(prolonged.due > child.due);
            let other = prolonged.clone().with_purpose(Purpose::Contact, None).reckoned(Some(&terms));
            prop_assert!(other.due.unwrap() >= birthday);
        }
    }
}
