//! The decision itself.

use std::collections::BTreeSet;
use std::str::FromStr as _;
use std::sync::LazyLock;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid, PolicySet, Request,
    Schema, ValidationMode, Validator,
};
use envelope::duty::Channel;
use uuid::Uuid;

use crate::facts::{Inbox, Person, Report};
use crate::verb::{CentreVerb, InboxVerb, ReportVerb, Verb};

/// The schema of all rules.
pub(crate) const SCHEMA: &str = include_str!("../policies/schema.cedarschema");

/// The rules, a file a subject.
pub(crate) const FILES: [(&str, &str); 3] = [
    ("firewall.cedar", include_str!("../policies/firewall.cedar")),
    ("reports.cedar", include_str!("../policies/reports.cedar")),
    ("centre.cedar", include_str!("../policies/centre.cedar")),
];

static CURRENT: LazyLock<Policy> = LazyLock::new(|| Policy::load().unwrap_or_else(|_| Policy::nothing()));

/// Why rules or facts could not be used. A decision that meets one is *no*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// The schema does not parse.
    #[error("the schema of the rules does not parse")]
    Schema,
    /// A rule does not parse, or stands twice.
    #[error("a rule does not parse")]
    Rules,
    /// A rule does not hold to the schema.
    #[error("a rule does not fit the schema")]
    Validation,
    /// Facts that the schema does not know.
    #[error("facts that do not fit the schema")]
    Facts,
}

/// All rules, parsed and validated.
#[derive(Debug)]
pub struct Policy {
    rules: PolicySet,
    schema: Option<Schema>,
    authorizer: Authorizer,
}

impl Policy {
    /// The rules that are compiled in. Were they broken, they would permit nothing; a test holds that they are not.
    #[must_use]
    pub fn current() -> &'static Self {
        &CURRENT
    }

    /// Reads and validates the rules that are compiled in.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub fn load() -> Result<Self, PolicyError> {
        let (schema, _) = Schema::from_cedarschema_str(SCHEMA).map_err(|_| PolicyError::Schema)?;
        let mut rules = PolicySet::new();
        for (_, text) in FILES {
            for rule in PolicySet::from_str(text).map_err(|_| PolicyError::Rules)?.policies() {
                let id = rule.annotation("id").ok_or(PolicyError::Rules)?;
                let named = rule.new_id(cedar_policy::PolicyId::new(id));
                rules.add(named).map_err(|_| PolicyError::Rules)?;
            }
        }
        let verdict = Validator::new(schema.clone()).validate(&rules, ValidationMode::Strict);
        if !verdict.validation_passed_without_warnings() {
            return Err(PolicyError::Validation);
        }
        Ok(Self { rules, schema: Some(schema), authorizer: Authorizer::new() })
    }

    /// What permits nothing.
    fn nothing() -> Self {
        Self { rules: PolicySet::new(), schema: None, authorizer: Authorizer::new() }
    }

    pub(crate) fn rules(&self) -> &PolicySet {
        &self.rules
    }

    /// Whether this person may do this to all reports of an inbox.
    #[must_use]
    pub fn may_inbox(&self, person: &Person, verb: InboxVerb, inbox: Inbox) -> bool {
        let decide = || {
            let [who, centre] = person.entities()?;
            self.decide(person, verb, inbox.uid()?, vec![who, centre, inbox.entity()?])
        };
        decide().unwrap_or(false)
    }

    /// The inboxes of her centre to whose reports this person may do this: what lists, searches and counts look at, and nothing else.
    #[must_use]
    pub fn scope(&self, person: &Person, verb: InboxVerb) -> Scope {
        let centre = person.organisation.centre;
        let channels = [Channel::Safe, Channel::General];
        let may = |channel: &Channel| self.may_inbox(person, verb, Inbox { centre, channel: *channel });
        Scope { centre, channels: channels.into_iter().filter(may).collect() }
    }

    /// Whether this person may do this to this report.
    #[must_use]
    pub fn may_report(&self, person: &Person, verb: ReportVerb, report: &Report) -> bool {
        let decide = || {
            let mut entities = report.entities()?;
            entities.extend(person.entities()?);
            self.decide(person, verb, report.uid()?, entities)
        };
        decide().unwrap_or(false)
    }

    /// Whether this person may do this to this centre.
    #[must_use]
    pub fn may_centre(&self, person: &Person, verb: CentreVerb, centre: Uuid) -> bool {
        let decide = || {
            let resource = uid("Centre", &centre.to_string())?;
            self.decide(person, verb, resource, person.entities()?.into())
        };
        decide().unwrap_or(false)
    }

    fn decide(
        &self,
        person: &Person,
        verb: impl Verb,
        resource: EntityUid,
        entities: Vec<Entity>,
    ) -> Result<bool, PolicyError> {
        let schema = self.schema.as_ref();
        let request =
            Request::new(person.uid()?, uid("Action", verb.name())?, resource, Context::empty(), schema)
                .map_err(|_| PolicyError::Facts)?;
        let entities = Entities::from_entities(entities, schema).map_err(|_| PolicyError::Facts)?;
        let answer = self.authorizer.is_authorized(&request, &self.rules, &entities);
        // A rule that cannot be computed is skipped by Cedar; were it one that forbids, skipping would permit.
        let is_whole = answer.diagnostics().errors().next().is_none();
        Ok(is_whole && answer.decision() == Decision::Allow)
    }
}

/// The inboxes that a decision left: one centre, and some of its channels. Becomes the WHERE clause of lists, searches and counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    centre: Uuid,
    channels: BTreeSet<Channel>,
}

impl Scope {
    /// The centre.
    #[must_use]
    pub const fn centre(&self) -> Uuid {
        self.centre
    }

    /// The channels; none where nothing may be seen.
    pub fn channels(&self) -> impl Iterator<Item = Channel> {
        self.channels.iter().copied()
    }

    /// Whether an inbox is in it.
    #[must_use]
    pub fn contains(&self, inbox: Inbox) -> bool {
        inbox.centre == self.centre && self.channels.contains(&inbox.channel)
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.channels.is_empty()
    }
}

/// The name of something in the rules. Ids are not parsed, so nothing that is in one can become part of a rule.
pub(crate) fn uid(kind: &str, id: &str) -> Result<EntityUid, PolicyError> {
    let kind = EntityTypeName::from_str(kind).map_err(|_| PolicyError::Facts)?;
    Ok(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}
