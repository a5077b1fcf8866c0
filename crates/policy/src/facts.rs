//! What a decision is made of, as the product has verified it, and how the rules see it.

use std::collections::{HashMap, HashSet};

use cedar_policy::{Entity, EntityUid, RestrictedExpression};
use envelope::duty::{Channel, Duty};
use uuid::Uuid;

use crate::decide::{PolicyError, uid};
use crate::role::Roles;

/// A centre with what its certificate says of the organisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// The centre.
    pub centre: Uuid,
    /// Its duty to report residence status.
    pub on_status: Duty,
    /// Whether a local legal opinion admits it.
    pub opinion: bool,
}

/// Somebody who is signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The person.
    pub id: Uuid,
    /// Where she works.
    pub organisation: Organisation,
    /// What she does there.
    pub roles: Roles,
    /// The channels for which the verified chain vouches for her keys.
    pub channels: Vec<Channel>,
    /// Her own duty to report residence status; of who is no member nothing is known, which is `strong`.
    pub on_status: Duty,
    /// Whether the local legal opinion names her.
    pub named: bool,
}

/// All reports of one centre on one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Inbox {
    /// The centre.
    pub centre: Uuid,
    /// The channel.
    pub channel: Channel,
}

/// One report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// The case.
    pub case: Uuid,
    /// Where it lies.
    pub inbox: Inbox,
    /// The second centre that she named, on the same channel.
    pub second: Option<Uuid>,
    /// Whether the promised time has passed unopened.
    pub lapsed: bool,
}

impl Person {
    pub(crate) fn uid(&self) -> Result<EntityUid, PolicyError> {
        uid("Person", &self.id.to_string())
    }

    /// The person and her centre.
    pub(crate) fn entities(&self) -> Result<[Entity; 2], PolicyError> {
        let roles = self.roles.iter().map(|role| value("Role", role.name()));
        let channels = self.channels.iter().map(|channel| value("Channel", channel.name()));
        let person = HashMap::from([
            ("centre".to_owned(), value("Centre", &self.organisation.centre.to_string())?),
            ("roles".to_owned(), RestrictedExpression::new_set(roles.collect::<Result<Vec<_>, _>>()?)),
            ("channels".to_owned(), RestrictedExpression::new_set(channels.collect::<Result<Vec<_>, _>>()?)),
            ("on_status".to_owned(), duty(self.on_status)?),
            ("named".to_owned(), RestrictedExpression::new_bool(self.named)),
        ]);
        let centre = HashMap::from([
            ("on_status".to_owned(), duty(self.organisation.on_status)?),
            ("opinion".to_owned(), RestrictedExpression::new_bool(self.organisation.opinion)),
        ]);
        let centre_uid = uid("Centre", &self.organisation.centre.to_string())?;
        Ok([entity(self.uid()?, person)?, entity(centre_uid, centre)?])
    }
}

impl Inbox {
    pub(crate) fn uid(self) -> Result<EntityUid, PolicyError> {
        uid("Inbox", &format!("{}/{}", self.centre, self.channel))
    }

    pub(crate) fn entity(self) -> Result<Entity, PolicyError> {
        let attributes = HashMap::from([
            ("centre".to_owned(), value("Centre", &self.centre.to_string())?),
            ("channel".to_owned(), value("Channel", self.channel.name())?),
        ]);
        entity(self.uid()?, attributes)
    }
}

impl Report {
    pub(crate) fn uid(&self) -> Result<EntityUid, PolicyError> {
        uid("Report", &self.case.to_string())
    }

    /// The report and its inboxes.
    pub(crate) fn entities(&self) -> Result<Vec<Entity>, PolicyError> {
        let mut attributes = HashMap::from([
            ("inbox".to_owned(), RestrictedExpression::new_entity_uid(self.inbox.uid()?)),
            ("lapsed".to_owned(), RestrictedExpression::new_bool(self.lapsed)),
        ]);
        let mut entities = vec![self.inbox.entity()?];
        let second = self.second.map(|centre| Inbox { centre, channel: self.inbox.channel });
        if let Some(second) = second.filter(|second| *second != self.inbox) {
            attributes.insert("second".to_owned(), RestrictedExpression::new_entity_uid(second.uid()?));
            entities.push(second.entity()?);
        }
        entities.push(entity(self.uid()?, attributes)?);
        Ok(entities)
    }
}

fn value(kind: &str, id: &str) -> Result<RestrictedExpression, PolicyError> {
    Ok(RestrictedExpression::new_entity_uid(uid(kind, id)?))
}

fn duty(duty: Duty) -> Result<RestrictedExpression, PolicyError> {
    value("Duty", duty.name())
}

fn entity(uid: EntityUid, attributes: HashMap<String, RestrictedExpression>) -> Result<Entity, PolicyError> {
    Entity::new(uid, attributes, HashSet::new()).map_err(|_| PolicyError::Facts)
}
