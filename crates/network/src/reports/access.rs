//! Who may read which report: witnesses with private constructors that the store demands.

use envelope::duty::Channel;
use jiff::civil::Date;
use uuid::Uuid;

use super::model::Standing;
use super::refusal::Refusal;
use super::store::Report;
use crate::App;
use crate::accounts::{Operator, Person};

/// An operator with the channels that the verified chain lets her read now (invariant I2). Exists only for a member of the centre
/// with at least one channel.
#[derive(Clone, Debug)]
pub struct Reader {
    operator: Operator,
    channels: Vec<Channel>,
}

impl Reader {
    /// What this operator may read.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when the chain does not name her, or gives her no channel: nothing exists for her then.
    pub fn of(app: &App, operator: Operator) -> Result<Self, Refusal> {
        let channels = app.centres.channels_of(operator.centre(), operator.person().id);
        if channels.is_empty() { Err(Refusal::NotFound) } else { Ok(Self { operator, channels }) }
    }

    /// The operator.
    #[must_use]
    pub fn operator(&self) -> &Operator {
        &self.operator
    }

    /// Her centre.
    #[must_use]
    pub fn centre(&self) -> Uuid {
        self.operator.centre()
    }

    /// Her channels.
    #[must_use]
    pub fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// The person.
    #[must_use]
    pub fn person(&self) -> &Person {
        self.operator.person()
    }

    /// The token for forms and calls.
    #[must_use]
    pub fn csrf(&self) -> String {
        self.operator.csrf()
    }

    /// A report, if it is of her centre and of her channels.
    pub(super) fn may_read(&self, report: Report) -> Option<MayRead> {
        let is_hers = report.centre == self.centre()
            && self.channels.iter().any(|channel| channel.name() == report.channel);
        is_hers.then_some(MayRead { report })
    }

    /// A report of her channels whose other centre is hers: that it is there is all she may see.
    pub(super) fn may_see(&self, report: Report) -> Option<MaySee> {
        let is_second = report.second.is_some_and(|(centre, _)| centre == self.centre())
            && self.channels.iter().any(|channel| channel.name() == report.channel);
        is_second.then_some(MaySee { report })
    }
}

/// A report that the reader who asked may read.
#[derive(Clone, Debug)]
pub(super) struct MayRead {
    report: Report,
}

impl MayRead {
    /// The report.
    pub(super) fn report(&self) -> &Report {
        &self.report
    }
}

/// A report of which the reader may know that it exists (protocol section 7.7): her centre is the other one of the two.
#[derive(Clone, Debug)]
pub(super) struct MaySee {
    report: Report,
}

impl MaySee {
    /// The report's line: never its frames.
    pub(super) fn report(&self) -> &Report {
        &self.report
    }

    /// Whether the centre that holds it let its promised time pass.
    pub(super) fn is_released(&self, promise_days: u8, today: Date) -> bool {
        self.report.standing.is_lapsed(promise_days, today)
    }

    /// The right to open what nobody has opened in the promised time.
    ///
    /// # Errors
    /// [`Refusal::Changed`] when the other centre was first, or she withdrew it; [`Refusal::NotYet`] before the time has passed.
    pub(super) fn take_over(self, promise_days: u8, today: Date) -> Result<MayTakeOver, Refusal> {
        let next = self.report.standing.take_over()?;
        if !self.is_released(promise_days, today) {
            return Err(Refusal::NotYet);
        }
        Ok(MayTakeOver { report: self.report, next })
    }
}

/// The right to open a report as its second centre. Exists only after the promised time.
#[derive(Clone, Debug)]
pub(super) struct MayTakeOver {
    report: Report,
    next: Standing,
}

impl MayTakeOver {
    /// The report as it was read.
    pub(super) fn report(&self) -> &Report {
        &self.report
    }

    /// Its standing once it is taken over.
    pub(super) fn next(&self) -> Standing {
        self.next
    }

    /// What whoever took it over may read.
    pub(super) fn into_may_read(self) -> MayRead {
        MayRead { report: self.report }
    }
}
