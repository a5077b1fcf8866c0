//! What a person does at her centre.

use std::collections::BTreeSet;

/// A role (GLOSSARY.md). Rights stand in the rules; one that no rule names has none yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads and answers.
    Operator,
    /// An operator who is told of broken promises, and reads the log.
    Supervisor,
    /// People and settings of a centre; no case.
    Administrator,
    /// Mediator or interpreter: second reader of what she is given.
    Mediator,
    /// Lawyer.
    Lawyer,
    /// Social worker.
    SocialWorker,
    /// Volunteer.
    Volunteer,
    /// Keeps protected rooms.
    RoomKeeper,
    /// Police: rooms and the inbound door only.
    PoliceLiaison,
    /// Coordinates the network: aggregates only.
    Coordinator,
    /// Trains.
    Trainer,
    /// Manages projects.
    ProjectManager,
    /// Edits communications.
    Editor,
    /// Researches with approved, suppressed exports.
    Researcher,
    /// Audits logs and registers; no content.
    Auditor,
    /// Looks after data protection (GDPR art. 39); no content.
    DataProtectionOfficer,
    /// Runs the machine; no content.
    SystemAdministrator,
}

/// The roles of one person.
pub type Roles = BTreeSet<Role>;

impl Role {
    /// All of them, in the order of the schema.
    pub const ALL: [Self; 17] = [
        Self::Operator,
        Self::Supervisor,
        Self::Administrator,
        Self::Mediator,
        Self::Lawyer,
        Self::SocialWorker,
        Self::Volunteer,
        Self::RoomKeeper,
        Self::PoliceLiaison,
        Self::Coordinator,
        Self::Trainer,
        Self::ProjectManager,
        Self::Editor,
        Self::Researcher,
        Self::Auditor,
        Self::DataProtectionOfficer,
        Self::SystemAdministrator,
    ];

    /// Its name in rules, tables and addresses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Supervisor => "supervisor",
            Self::Administrator => "administrator",
            Self::Mediator => "mediator",
            Self::Lawyer => "lawyer",
            Self::SocialWorker => "social-worker",
            Self::Volunteer => "volunteer",
            Self::RoomKeeper => "room-keeper",
            Self::PoliceLiaison => "police-liaison",
            Self::Coordinator => "coordinator",
            Self::Trainer => "trainer",
            Self::ProjectManager => "project-manager",
            Self::Editor => "editor",
            Self::Researcher => "researcher",
            Self::Auditor => "auditor",
            Self::DataProtectionOfficer => "data-protection-officer",
            Self::SystemAdministrator => "system-administrator",
        }
    }

    /// The role of a name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}
