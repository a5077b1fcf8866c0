//! Who may read which report: witnesses with private constructors that the store demands.

use envelope::duty::Channel;
use uuid::Uuid;

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
