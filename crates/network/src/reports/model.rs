//! The states of a report and the commands that move it. Consuming transitions: a state that was left cannot be used again (protocol invariant I17).
//!
//! ```text
//! Arrived ──open──▶ Opened ──answer──▶ Answered ──wait──▶ Waiting
//!    ▲    take over    │ wait, close        │ close          │ answer, close
//!    ├─ her message ───┴──── from every state but Arrived ───┴── Closed
//!    │  or rotation
//!    └── burn undone by two ── Withdrawn ◀── her burn, from every other state
//! ```
//!
//! Beside the state: whether the centre that holds it ever opened it, and whether it ever answered. A take-over needs the first to be
//! false, a message or rotation the second to be true.

use jiff::Timestamp;
use jiff::ToSpan as _;
use jiff::civil::{Date, ISOWeekDate, Weekday};

use crate::centres::hours::day_of;

/// Days after which the arrival day of an unopened report is erased (protocol section 2).
pub(super) const DAYS_OF_ARRIVAL_DAY: i32 = 7;

/// ISO weeks after which a burn or a rotation is final: week numbers alone then say that 14 days have passed (protocol section 7.4).
const WEEKS_UNTIL_FINAL: i32 = 3;

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
    /// She burned her code: the mailbox is unknown, the centre's copy waits to be shredded (protocol section 7.4).
    Withdrawn,
}

impl State {
    /// Every state, in the order in which a page lists them.
    pub const ALL: [Self; 6] =
        [Self::Arrived, Self::Opened, Self::Answered, Self::Waiting, Self::Closed, Self::Withdrawn];

    /// The word in the database, in addresses and in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Arrived => "arrived",
            Self::Opened => "opened",
            Self::Answered => "answered",
            Self::Waiting => "waiting",
            Self::Closed => "closed",
            Self::Withdrawn => "withdrawn",
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
    /// She, or whoever has her code, puts another code in its place.
    Rotate,
    /// She, or whoever has her code, withdraws the report.
    Burn,
    /// The second centre opens what the first has not opened in its promised time.
    TakeOver,
    /// A member signs that a rotation be undone; the second signature changes the mailbox, not the state.
    UndoRotation,
    /// The first member signs that a burn be undone.
    AskToUndoBurn,
    /// The second member signs it too.
    UndoBurn,
}

impl Command {
    /// Every command, for exhaustive tests.
    pub const ALL: [Self; 11] = [
        Self::Open,
        Self::Answer,
        Self::Wait,
        Self::Close,
        Self::Message,
        Self::Rotate,
        Self::Burn,
        Self::TakeOver,
        Self::UndoRotation,
        Self::AskToUndoBurn,
        Self::UndoBurn,
    ];
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
    opened: bool,
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
            opened: false,
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
        opened: bool,
        answered: bool,
        conversation_items: u32,
        notes_items: u32,
    ) -> Self {
        Self { state, arrived_on, opened, answered, conversation_items, notes_items }
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

    /// Whether the centre that holds it ever opened it.
    #[must_use]
    pub const fn is_opened(&self) -> bool {
        self.opened
    }

    /// Whether the time in which the centre promised to read has passed while it lay unopened (protocol section 7.7). A day that was
    /// erased is more than seven days old, and no promise is longer.
    #[must_use]
    pub fn is_lapsed(&self, promise_days: u8, today: Date) -> bool {
        let is_unopened = matches!(self.state, State::Arrived) && !self.opened;
        let has_passed = |day: Date| day.saturating_add(i32::from(promise_days).days()) < today;
        is_unopened && self.arrived_on.is_none_or(has_passed)
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
        Self { state, arrived_on: None, opened: true, ..self }
    }

    /// The second centre opens what nobody has opened; whether the promised time has passed is [`Standing::is_lapsed`].
    ///
    /// # Errors
    /// [`NotNow`] once the first centre has opened it, and after a burn.
    pub const fn take_over(self) -> Result<Self, NotNow> {
        match self.state {
            State::Arrived if !self.opened => Ok(self.open()),
            _ => Err(NotNow),
        }
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
            State::Arrived | State::Closed | State::Withdrawn => Err(NotNow),
        }
    }

    /// The centre waits.
    ///
    /// # Errors
    /// [`NotNow`] unless the report is opened or answered.
    pub const fn wait(self) -> Result<Self, NotNow> {
        match self.state {
            State::Opened | State::Answered => Ok(Self { state: State::Waiting, ..self }),
            State::Arrived | State::Waiting | State::Closed | State::Withdrawn => Err(NotNow),
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
            State::Arrived | State::Closed | State::Withdrawn => Err(NotNow),
        }
    }

    /// She writes again: from every state the report waits to be opened; a closed one is open again (protocol section 4.1).
    ///
    /// # Errors
    /// [`NotNow`] before the first answer: until then any code looks the same (protocol section 7.2); and after a burn.
    pub const fn message(self) -> Result<Self, NotNow> {
        if !self.answered || matches!(self.state, State::Withdrawn) {
            return Err(NotNow);
        }
        Ok(Self {
            state: State::Arrived,
            conversation_items: self.conversation_items.saturating_add(1),
            ..self
        })
    }

    /// Another code takes the place of hers: somebody must look at the word that was typed, as at a message.
    ///
    /// # Errors
    /// [`NotNow`] as [`Standing::message`].
    pub const fn rotate(self) -> Result<Self, NotNow> {
        self.message()
    }

    /// Her code withdraws the report, from every state, opened or not.
    ///
    /// # Errors
    /// [`NotNow`] when it is withdrawn already.
    pub const fn burn(self) -> Result<Self, NotNow> {
        match self.state {
            State::Withdrawn => Err(NotNow),
            _ => Ok(Self { state: State::Withdrawn, ..self }),
        }
    }

    /// A member signs that a rotation be undone: a note. Whoever signs has opened what lies there, the typed word among it.
    ///
    /// # Errors
    /// [`NotNow`] while something unopened waits, and after a burn, which is undone first.
    pub const fn undo_rotation(self) -> Result<Self, NotNow> {
        match self.state {
            State::Arrived | State::Withdrawn => Err(NotNow),
            State::Opened | State::Answered | State::Waiting | State::Closed => Ok(self.with_note()),
        }
    }

    /// The first member signs that a burn be undone: a note, nothing else.
    ///
    /// # Errors
    /// [`NotNow`] when it is not burned, or nobody has opened it yet.
    pub const fn ask_to_undo_burn(self) -> Result<Self, NotNow> {
        match self.state {
            State::Withdrawn if self.opened => Ok(self.with_note()),
            _ => Err(NotNow),
        }
    }

    /// The second member signs it too: the report waits to be looked at again, whatever it waited for before.
    ///
    /// # Errors
    /// [`NotNow`] as [`Standing::ask_to_undo_burn`].
    pub const fn undo_burn(self) -> Result<Self, NotNow> {
        match self.ask_to_undo_burn() {
            Ok(noted) => Ok(Self { state: State::Arrived, ..noted }),
            Err(refusal) => Err(refusal),
        }
    }

    const fn with_note(self) -> Self {
        Self { notes_items: self.notes_items.saturating_add(1), ..self }
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
            Command::Rotate => self.rotate(),
            Command::Burn => self.burn(),
            Command::TakeOver => self.take_over(),
            Command::UndoRotation => self.undo_rotation(),
            Command::AskToUndoBurn => self.ask_to_undo_burn(),
            Command::UndoBurn => self.undo_burn(),
        }
    }
}

/// The ISO week of a moment in Rome, as stored: `2026-W47`.
#[must_use]
pub fn week_of(now: Timestamp) -> String {
    let week = day_of(now).iso_week_date();
    format!("{:04}-W{:02}", week.year(), week.week())
}

/// The last week whose burns and rotations are final in `week`: three ISO weeks before it, so that at least 14 days have passed
/// (protocol section 7.4; weeks are all that is kept). `None` for a text that is no week.
#[must_use]
pub fn last_final_week(week: &str) -> Option<String> {
    let (year, number) = week.split_once("-W")?;
    let monday = ISOWeekDate::new(year.parse().ok()?, number.parse().ok()?, Weekday::Monday).ok()?.date();
    let then = monday.checked_sub(WEEKS_UNTIL_FINAL.weeks()).ok()?.iso_week_date();
    Some(format!("{:04}-W{:02}", then.year(), then.week()))
}

/// Whether what was done in the week `done` can still be undone at `now`.
#[must_use]
pub fn can_be_undone(done: &str, now: Timestamp) -> bool {
    // Weeks of four-digit years sort like the time that they name.
    last_final_week(&week_of(now)).is_some_and(|last| done > last.as_str())
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
mod tests;
