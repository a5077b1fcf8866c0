//! The states of a report and the commands that move it. Consuming transitions: a state that was left cannot be used again (protocol invariant I17).
//!
//! ```text
//! Arrived ──open──▶ Opened ──answer──▶ Answered ──wait──▶ Waiting
//!    ▲                 │ wait, close        │ close          │ answer, close
//!    └── her message ──┴──── from every state but Arrived ───┴── Closed
//! ```

use jiff::Timestamp;
use jiff::ToSpan as _;
use jiff::civil::Date;

use crate::centres::hours::day_of;

/// Days after which the arrival day of an unopened report is erased (protocol section 2).
pub(super) const DAYS_OF_ARRIVAL_DAY: i32 = 7;

/// Where a report stands, as the server and the inbox know it. Why it was closed is sealed: the server sees only that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// Something of hers waits to be opened.
    Arrived,
    /// An operator's browser was given the wraps.
    Opened,
    /// The last word is the centre's.
    Answered,
    /// The centre decided to wait: for her, or for something else.
    Waiting,
    /// Closed; her next message opens it again.
    Closed,
}

impl State {
    /// Every state, in the order in which a page lists them.
    pub const ALL: [Self; 5] = [Self::Arrived, Self::Opened, Self::Answered, Self::Waiting, Self::Closed];

    /// The word in the database, in addresses and in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Arrived => "arrived",
            Self::Opened => "opened",
            Self::Answered => "answered",
            Self::Waiting => "waiting",
            Self::Closed => "closed",
        }
    }

    /// The state of a word, if it is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// What can happen to a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// An operator's browser asks for the wraps.
    Open,
    /// An operator answers or acknowledges.
    Answer,
    /// The centre waits.
    Wait,
    /// The centre closes.
    Close,
    /// She writes again.
    Message,
}

impl Command {
    /// Every command, for exhaustive tests.
    pub const ALL: [Self; 5] = [Self::Open, Self::Answer, Self::Wait, Self::Close, Self::Message];
}

/// A command that the state does not know: the page that sent it is out of date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this report does not stand where the command needs it")]
pub struct NotNow;

/// The part of a report that commands move. Its fields are private: the only ways to change them are the transitions below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    state: State,
    arrived_on: Option<Date>,
    answered: bool,
    conversation_items: u32,
    notes_items: u32,
}

impl Standing {
    /// A report as it arrives: one item in the conversation, its day known until it is opened or seven days have passed.
    #[must_use]
    pub const fn arrived(today: Date) -> Self {
        Self {
            state: State::Arrived,
            arrived_on: Some(today),
            answered: false,
            conversation_items: 1,
            notes_items: 0,
        }
    }

    /// A report as the database holds it.
    #[must_use]
    pub const fn stored(
        state: State,
        arrived_on: Option<Date>,
        answered: bool,
        conversation_items: u32,
        notes_items: u32,
    ) -> Self {
        Self { state, arrived_on, answered, conversation_items, notes_items }
    }

    /// Where it stands.
    #[must_use]
    pub const fn state(&self) -> State {
        self.state
    }

    /// The day it arrived, while that is kept.
    #[must_use]
    pub const fn arrived_on(&self) -> Option<Date> {
        self.arrived_on
    }

    /// Whether the centre has ever answered: only then does the mailbox show anything and take messages (protocol section 7.2).
    #[must_use]
    pub const fn answered(&self) -> bool {
        self.answered
    }

    /// The items of the conversation so far; the next has this number plus one.
    #[must_use]
    pub const fn conversation_items(&self) -> u32 {
        self.conversation_items
    }

    /// The items of the centre's notes so far.
    #[must_use]
    pub const fn notes_items(&self) -> u32 {
        self.notes_items
    }

    /// An operator's browser asks for the wraps. Opening again changes nothing.
    #[must_use]
    pub const fn open(self) -> Self {
        let state = match self.state {
            State::Arrived => State::Opened,
            other => other,
        };
        Self { state, arrived_on: None, ..self }
    }

    /// The centre answers or acknowledges.
    ///
    /// # Errors
    /// [`NotNow`] while something unopened waits, and after closing.
    pub const fn answer(self) -> Result<Self, NotNow> {
        match self.state {
            State::Opened | State::Answered | State::Waiting => Ok(Self {
                state: State::Answered,
                answered: true,
                conversation_items: self.conversation_items.saturating_add(1),
                ..self
            }),
            State::Arrived | State::Closed => Err(NotNow),
        }
    }

    /// The centre waits.
    ///
    /// # Errors
    /// [`NotNow`] unless the report is opened or answered.
    pub const fn wait(self) -> Result<Self, NotNow> {
        match self.state {
            State::Opened | State::Answered => Ok(Self { state: State::Waiting, ..self }),
            State::Arrived | State::Waiting | State::Closed => Err(NotNow),
        }
    }

    /// The centre closes; the reason is a sealed item of the notes.
    ///
    /// # Errors
    /// [`NotNow`] while something unopened waits, and when it is closed already.
    pub const fn close(self) -> Result<Self, NotNow> {
        match self.state {
            State::Opened | State::Answered | State::Waiting => {
                Ok(Self { state: State::Closed, notes_items: self.notes_items.saturating_add(1), ..self })
            }
            State::Arrived | State::Closed => Err(NotNow),
        }
    }

    /// She writes again: from every state the report waits to be opened; a closed one is open again (protocol section 4.1).
    ///
    /// # Errors
    /// [`NotNow`] before the first answer: until then any code looks the same (protocol section 7.2).
    pub const fn message(self) -> Result<Self, NotNow> {
        if !self.answered {
            return Err(NotNow);
        }
        Ok(Self {
            state: State::Arrived,
            conversation_items: self.conversation_items.saturating_add(1),
            ..self
        })
    }

    /// Any command, for tests and for callers that hold it as data.
    ///
    /// # Errors
    /// [`NotNow`] as the transition of the command.
    pub const fn apply(self, command: Command) -> Result<Self, NotNow> {
        match command {
            Command::Open => Ok(self.open()),
            Command::Answer => self.answer(),
            Command::Wait => self.wait(),
            Command::Close => self.close(),
            Command::Message => self.message(),
        }
    }
}

/// The ISO week of a moment in Rome, as stored: `2026-W47`.
#[must_use]
pub fn week_of(now: Timestamp) -> String {
    let week = day_of(now).iso_week_date();
    format!("{:04}-W{:02}", week.year(), week.week())
}

/// The first day that is still kept: arrival days before it are erased.
#[must_use]
pub fn first_kept_day(now: Timestamp) -> Date {
    let today = day_of(now);
    today.saturating_sub(DAYS_OF_ARRIVAL_DAY.days())
}

/// How old a report looks in the inbox: no finer than what is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// It arrived today.
    Today,
    /// It arrived yesterday.
    Yesterday,
    /// This ISO week.
    ThisWeek,
    /// An earlier week.
    Older,
}

impl Age {
    /// The age of a report that came in `week`, on `arrived_on` where that is still kept.
    #[must_use]
    pub fn of(week: &str, arrived_on: Option<Date>, now: Timestamp) -> Self {
        let today = day_of(now);
        match arrived_on {
            Some(day) if day == today => Self::Today,
            Some(day) if today.yesterday().is_ok_and(|yesterday| yesterday == day) => Self::Yesterday,
            _ if week == week_of(now) => Self::ThisWeek,
            _ => Self::Older,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn standings() -> impl Strategy<Value = Standing> {
        let state = (0_usize..State::ALL.len()).prop_map(|index| State::ALL[index]);
        (state, any::<bool>(), any::<bool>(), 1_u32..1000, 0_u32..1000).prop_map(
            |(state, day, answered, conversation, notes)| {
                Standing::stored(state, day.then(|| date(2026, 11, 20)), answered, conversation, notes)
            },
        )
    }

    /// I17 by the table: every state with every command, written out once more and independently.
    #[test]
    fn every_pair_of_state_and_command_is_decided() {
        let table = [
            ("arrived", Command::Open, Some("opened")),
            ("arrived", Command::Answer, None),
            ("arrived", Command::Wait, None),
            ("arrived", Command::Close, None),
            ("arrived", Command::Message, Some("arrived")),
            ("opened", Command::Open, Some("opened")),
            ("opened", Command::Answer, Some("answered")),
            ("opened", Command::Wait, Some("waiting")),
            ("opened", Command::Close, Some("closed")),
            ("opened", Command::Message, Some("arrived")),
            ("answered", Command::Open, Some("answered")),
            ("answered", Command::Answer, Some("answered")),
            ("answered", Command::Wait, Some("waiting")),
            ("answered", Command::Close, Some("closed")),
            ("answered", Command::Message, Some("arrived")),
            ("waiting", Command::Open, Some("waiting")),
            ("waiting", Command::Answer, Some("answered")),
            ("waiting", Command::Wait, None),
            ("waiting", Command::Close, Some("closed")),
            ("waiting", Command::Message, Some("arrived")),
            ("closed", Command::Open, Some("closed")),
            ("closed", Command::Answer, None),
            ("closed", Command::Wait, None),
            ("closed", Command::Close, None),
            ("closed", Command::Message, Some("arrived")),
        ];
        assert_eq!(table.len(), State::ALL.len() * Command::ALL.len());
        for (before, command, after) in table {
            let standing = Standing::stored(State::from_word(before).unwrap(), None, true, 3, 1);
            let result = standing.apply(command).ok().map(|next| next.state().word());
            assert_eq!(result, after, "{before} {command:?}");
        }
    }

    proptest! {
        /// I17: whatever comes in whatever order, the rules that the protocol states hold after every step.
        #[test]
        fn no_run_of_commands_breaks_a_rule(start in standings(), commands in proptest::collection::vec(0_usize..Command::ALL.len(), 0..40)) {
            let mut standing = start;
            for index in commands {
                let command = Command::ALL[index];
                let before = standing;
                match standing.apply(command) {
                    Err(NotNow) => {}
                    Ok(after) => {
                        // Chains only grow, by one, and only by the command that writes.
                        let conversation = after.conversation_items() - before.conversation_items();
                        let notes = after.notes_items() - before.notes_items();
                        prop_assert_eq!(conversation, u32::from(matches!(command, Command::Answer | Command::Message)));
                        prop_assert_eq!(notes, u32::from(command == Command::Close));
                        // What was once answered stays answered; only an answer makes it so.
                        prop_assert!(after.answered() == (before.answered() || command == Command::Answer));
                        // Nothing unopened is answered, waited for or closed.
                        if before.state() == State::Arrived {
                            prop_assert!(matches!(command, Command::Open | Command::Message));
                        }
                        // The day never comes back.
                        prop_assert!(after.arrived_on().is_none() || after.arrived_on() == before.arrived_on());
                        standing = after;
                    }
                }
            }
        }

        #[test]
        fn an_unanswered_report_takes_no_message(start in standings()) {
            prop_assert_eq!(start.message().is_ok(), start.answered());
        }

        #[test]
        fn opening_erases_the_day(start in standings()) {
            prop_assert_eq!(start.open().arrived_on(), None);
        }
    }

    #[test]
    fn ages_are_no_finer_than_what_is_kept() {
        // Sunday 22 November 2026, shortly after midnight in Rome.
        let now: Timestamp = "2026-11-21T23:30:00Z".parse().unwrap();
        assert_eq!(week_of(now), "2026-W47");
        assert_eq!(day_of(now), date(2026, 11, 22));
        assert_eq!(first_kept_day(now), date(2026, 11, 15));
        assert_eq!(Age::of("2026-W47", Some(date(2026, 11, 22)), now), Age::Today);
        assert_eq!(Age::of("2026-W47", Some(date(2026, 11, 21)), now), Age::Yesterday);
        assert_eq!(Age::of("2026-W47", None, now), Age::ThisWeek);
        assert_eq!(Age::of("2026-W46", None, now), Age::Older);
    }
}
