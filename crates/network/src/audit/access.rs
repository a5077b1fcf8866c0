//! Who may read the log: a witness with a private constructor that the store demands.

use envelope::duty::Channel;
use platform::web::PlatformError;
use policy::Policy;
use policy::verb::CentreVerb;
use uuid::Uuid;

use crate::App;
use crate::accounts::Operator;

/// The right to read the log of one centre; of acts on cases only those of some channels (invariant I5: whoever reads one channel learns
/// nothing of the other, not even how much happens there).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MayAudit {
    centre: Uuid,
    channels: Vec<Channel>,
    may_export: bool,
}

impl MayAudit {
    /// What this person may audit: the only place that asks. The rules say whether (docs/roles.md); the verified chain says which channels,
    /// so somebody who is bound to report, or whom the chain does not name, sees nothing of what is done on the safe one.
    ///
    /// # Errors
    /// [`PlatformError::NotFound`] where the rules say no.
    pub(super) fn of(app: &App, operator: &Operator) -> Result<Self, PlatformError> {
        let (facts, centre) = (app.facts_of(operator), operator.centre());
        let may = |verb| Policy::current().may_centre(&facts, verb, centre);
        if !may(CentreVerb::ReadLog) {
            return Err(PlatformError::NotFound);
        }
        let channels = app.centres.channels_of(centre, operator.person().id);
        Ok(Self { centre, channels, may_export: may(CentreVerb::ExportLog) })
    }

    /// Whose log.
    pub(super) const fn centre(&self) -> Uuid {
        self.centre
    }

    /// Of which cases.
    pub(super) fn channels(&self) -> &[Channel] {
        &self.channels
    }

    /// Whether she may take the log with her.
    pub(super) const fn may_export(&self) -> bool {
        self.may_export
    }
}
