//! Who may read which report: witnesses with private constructors that the store demands.

use envelope::audit::act::{Act, ActKind};
use envelope::duty::Channel;
use jiff::civil::Date;
use policy::verb::{CentreVerb, InboxVerb, ReportVerb};
use policy::{Inbox, Policy};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::model::Standing;
use super::refusal::Refusal;
use super::store::Report;
use crate::App;
use crate::accounts::{Operator, Person};

/// An operator with the inboxes that the rules let her list (crates/policy; invariant I2). Exists only for somebody with at least one.
///
/// What is in [`Reader::channels`] becomes the WHERE clause of lists, searches and counts; each report is then decided on its own.
#[derive(Clone, Debug)]
pub struct Reader {
    operator: Operator,
    facts: policy::Person,
    channels: Vec<Channel>,
}

impl Reader {
    /// What this operator may read.
    ///
    /// # Errors
    /// [`Refusal::NotFound`] when the rules leave her no inbox: nothing exists for her then.
    pub fn of(app: &App, operator: Operator) -> Result<Self, Refusal> {
        let facts = app.facts_of(&operator);
        let channels: Vec<Channel> = Policy::current().scope(&facts, InboxVerb::List).channels().collect();
        if channels.is_empty() { Err(Refusal::NotFound) } else { Ok(Self { operator, facts, channels }) }
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

    /// What she does to a report, for the log. A channel that this version does not know is nobody's to act on.
    pub(super) fn act(&self, kind: ActKind, report: &Report) -> Result<Act, Refusal> {
        let channel = report.channel.parse().map_err(|_| Refusal::NotFound)?;
        Ok(Act::on_case(kind, Some(self.person().id), self.centre(), report.id, channel))
    }

    /// Holds a transaction that writes to what is true in it: whoever was suspended, or got other roles or keys, since her request came in is
    /// signed out.
    ///
    /// # Errors
    /// [`Refusal::SignedOut`].
    pub(super) async fn check_session(&self, connection: &impl ConnectionTrait) -> Result<(), Refusal> {
        if self.operator.is_still_signed_in(connection).await? { Ok(()) } else { Err(Refusal::SignedOut) }
    }

    /// A report, if she may open it.
    pub(super) fn may_read(&self, report: Report) -> Option<MayRead> {
        self.may(ReportVerb::Open, &facts_of(&report, false)?).then_some(MayRead { report })
    }

    /// Whether she may write into a report that she may read: answer, acknowledge, close, wait.
    pub(super) fn may_write(&self, may_read: &MayRead) -> bool {
        facts_of(&may_read.report, false).is_some_and(|report| self.may(ReportVerb::Write, &report))
    }

    /// Whether she may take back what an intruder did to a report that she may read, as one of two.
    pub(super) fn may_undo(&self, may_read: &MayRead) -> bool {
        facts_of(&may_read.report, false).is_some_and(|report| self.may(ReportVerb::Undo, &report))
    }

    /// Whether she may decide how long this case is kept.
    pub(super) fn may_keep(&self, case: Uuid, centre: Uuid, channel: Channel) -> bool {
        let report = policy::Report { case, inbox: Inbox { centre, channel }, second: None, lapsed: false };
        self.may(ReportVerb::Keep, &report)
    }

    /// Whether she may know how long her centre keeps reports.
    #[must_use]
    pub fn may_read_terms(&self) -> bool {
        Policy::current().may_centre(&self.facts, CentreVerb::ReadTerms, self.centre())
    }

    /// Whether she may propose and approve how long, as one of two.
    #[must_use]
    pub fn may_change_terms(&self) -> bool {
        Policy::current().may_centre(&self.facts, CentreVerb::ChangeTerms, self.centre())
    }

    /// A report whose other centre is hers: that it is there is all she may see.
    pub(super) fn may_see(&self, report: Report) -> Option<MaySee> {
        let is_second = report.second.is_some_and(|(centre, _)| centre == self.centre());
        let may = is_second && self.may(ReportVerb::See, &facts_of(&report, false)?);
        may.then_some(MaySee { report })
    }

    /// The right to open what nobody has opened in the promised time.
    ///
    /// # Errors
    /// [`Refusal::Changed`] when the other centre was first, or she withdrew it; [`Refusal::NotYet`] before the time has passed.
    pub(super) fn take_over(
        &self,
        may_see: MaySee,
        promise_days: u8,
        today: Date,
    ) -> Result<MayTakeOver, Refusal> {
        let report = may_see.report;
        let next = report.standing.take_over()?;
        let facts = facts_of(&report, report.standing.is_lapsed(promise_days, today));
        if !facts.is_some_and(|facts| self.may(ReportVerb::TakeOver, &facts)) {
            return Err(Refusal::NotYet);
        }
        Ok(MayTakeOver { report, next })
    }

    fn may(&self, verb: ReportVerb, report: &policy::Report) -> bool {
        Policy::current().may_report(&self.facts, verb, report)
    }
}

/// A stored report as the rules see it; `None` for a channel that this version does not know.
fn facts_of(report: &Report, lapsed: bool) -> Option<policy::Report> {
    let inbox = Inbox { centre: report.centre, channel: report.channel.parse().ok()? };
    let second = report.second.map(|(centre, _)| centre);
    Some(policy::Report { case: report.id, inbox, second, lapsed })
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
