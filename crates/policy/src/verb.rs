//! What can be done, by what it is done to: the actions of `policies/schema.cedarschema`.

/// A verb of the rules.
pub trait Verb: Copy + 'static {
    /// All verbs of this kind.
    const ALL: &'static [Self];

    /// Its name in the rules.
    fn name(self) -> &'static str;
}

/// To all reports of a centre on a channel, and to the channel itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InboxVerb {
    /// See which there are.
    List,
    /// Look for one.
    Search,
    /// Count them.
    Count,
    /// Make the next key of the channel, to which reports are sealed from then on.
    MakeKey,
}

impl Verb for InboxVerb {
    const ALL: &'static [Self] = &[Self::List, Self::Search, Self::Count, Self::MakeKey];

    fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Search => "search",
            Self::Count => "count",
            Self::MakeKey => "make-key",
        }
    }
}

/// To one report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportVerb {
    /// Know that it is there.
    See,
    /// Read what was said.
    Open,
    /// Answer, note, close.
    Write,
    /// Terms, holds, shredding.
    Keep,
    /// Take back what an intruder did.
    Undo,
    /// Open as the second centre.
    TakeOver,
}

impl Verb for ReportVerb {
    const ALL: &'static [Self] =
        &[Self::See, Self::Open, Self::Write, Self::Keep, Self::Undo, Self::TakeOver];

    fn name(self) -> &'static str {
        match self {
            Self::See => "see",
            Self::Open => "open",
            Self::Write => "write",
            Self::Keep => "keep",
            Self::Undo => "undo",
            Self::TakeOver => "take-over",
        }
    }
}

/// To a centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CentreVerb {
    /// Know how long reports are kept.
    ReadTerms,
    /// Propose and approve that, as one of two.
    ChangeTerms,
    /// Know who works there and as what.
    ReadPeople,
    /// Give and take roles.
    ChangeRoles,
    /// State that somebody has left.
    StateLeave,
    /// See who did what.
    ReadLog,
    /// Take that along.
    ExportLog,
}

impl Verb for CentreVerb {
    const ALL: &'static [Self] = &[
        Self::ReadTerms,
        Self::ChangeTerms,
        Self::ReadPeople,
        Self::ChangeRoles,
        Self::StateLeave,
        Self::ReadLog,
        Self::ExportLog,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::ReadTerms => "read-terms",
            Self::ChangeTerms => "change-terms",
            Self::ReadPeople => "read-people",
            Self::ChangeRoles => "change-roles",
            Self::StateLeave => "state-leave",
            Self::ReadLog => "read-log",
            Self::ExportLog => "export-log",
        }
    }
}
