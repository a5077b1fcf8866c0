//! Who may know and change who works at a centre: witnesses with private constructors, made of what the rules say (docs/roles.md).

use platform::database::DatabaseError;
use policy::verb::{CentreVerb, InboxVerb};
use policy::{Inbox, Policy, Roles};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::App;
use crate::accounts::{self, Operator, Person};
use crate::centres::Channel;

/// The right to know who works at one's own centre.
#[derive(Clone, Copy, Debug)]
pub(super) struct MayReadPeople {
    centre: Uuid,
    may_change: bool,
}

impl MayReadPeople {
    /// That of an operator, if she has it.
    pub(super) fn of(app: &App, operator: &Operator) -> Option<Self> {
        let facts = app.facts_of(operator);
        let may = |verb| Policy::current().may_centre(&facts, verb, operator.centre());
        may(CentreVerb::ReadPeople)
            .then(|| Self { centre: operator.centre(), may_change: may(CentreVerb::ChangeRoles) })
    }

    /// The centre.
    pub(super) const fn centre(&self) -> Uuid {
        self.centre
    }

    /// Whether she may change what they do there as well: not what she herself does.
    pub(super) const fn may_change(&self) -> bool {
        self.may_change
    }
}

/// The right to change what one colleague does at a centre. Exists only for somebody else than who changes it: giving oneself a role takes
/// two people.
#[derive(Clone, Debug)]
pub(super) struct MayChangeRoles {
    person: Person,
    centre: Uuid,
}

/// Why there is no such right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoRight {
    /// No such person for whoever asks.
    NotFound,
    /// One's own roles.
    Own,
}

impl MayChangeRoles {
    /// As things stand in this transaction: whoever lost the role a moment ago has lost it here too.
    pub(super) async fn find(
        app: &App,
        connection: &impl ConnectionTrait,
        operator: &Operator,
        person: Uuid,
    ) -> Result<Result<Self, NoRight>, DatabaseError> {
        let centre = operator.centre();
        let is_of = |person: &Person| person.centre == Some(centre);
        let may = facts_now(app, connection, operator)
            .await?
            .is_some_and(|facts| Policy::current().may_centre(&facts, CentreVerb::ChangeRoles, centre));
        if !may {
            return Ok(Err(NoRight::NotFound));
        }
        if person == operator.person().id {
            return Ok(Err(NoRight::Own));
        }
        let found = accounts::find_person(connection, person).await?.filter(is_of);
        Ok(found.map(|person| Self { person, centre }).ok_or(NoRight::NotFound))
    }

    /// The colleague.
    pub(super) const fn person(&self) -> Uuid {
        self.person.id
    }

    /// What the colleague does now.
    pub(super) const fn roles(&self) -> &Roles {
        &self.person.roles
    }

    /// Whether the colleague is suspended now.
    pub(super) const fn is_suspended(&self) -> bool {
        self.person.suspended
    }

    /// The centre.
    pub(super) const fn centre(&self) -> Uuid {
        self.centre
    }
}

/// The right to make the next key of a channel of one's own centre.
#[derive(Clone, Copy, Debug)]
pub(super) struct MayMakeKey {
    centre: Uuid,
    channel: Channel,
}

impl MayMakeKey {
    /// The channels whose next key an operator may make.
    pub(super) fn channels(app: &App, operator: &Operator) -> Vec<Channel> {
        Policy::current().scope(&app.facts_of(operator), InboxVerb::MakeKey).channels().collect()
    }

    /// As things stand in this transaction.
    pub(super) async fn find(
        app: &App,
        connection: &impl ConnectionTrait,
        operator: &Operator,
        channel: Channel,
    ) -> Result<Option<Self>, DatabaseError> {
        let centre = operator.centre();
        let inbox = Inbox { centre, channel };
        let facts = facts_now(app, connection, operator).await?;
        let may = facts.is_some_and(|facts| Policy::current().may_inbox(&facts, InboxVerb::MakeKey, inbox));
        Ok(may.then_some(Self { centre, channel }))
    }

    /// The centre.
    pub(super) const fn centre(&self) -> Uuid {
        self.centre
    }

    /// The channel.
    pub(super) const fn channel(&self) -> Channel {
        self.channel
    }
}

/// The right to state that one colleague has left. Exists only for somebody else than who states it, so that whoever stays has said so.
#[derive(Clone, Debug)]
pub(super) struct MayStateLeave {
    person: Person,
    centre: Uuid,
}

impl MayStateLeave {
    /// Whether an operator may state it of anybody.
    pub(super) fn of_anybody(app: &App, operator: &Operator) -> bool {
        Policy::current().may_centre(&app.facts_of(operator), CentreVerb::StateLeave, operator.centre())
    }

    /// As things stand in this transaction.
    pub(super) async fn find(
        app: &App,
        connection: &impl ConnectionTrait,
        operator: &Operator,
        person: Uuid,
    ) -> Result<Option<Self>, DatabaseError> {
        let centre = operator.centre();
        let may = facts_now(app, connection, operator)
            .await?
            .is_some_and(|facts| Policy::current().may_centre(&facts, CentreVerb::StateLeave, centre));
        if !may || person == operator.person().id {
            return Ok(None);
        }
        let found = accounts::find_person(connection, person).await?;
        Ok(found.filter(|person| person.centre == Some(centre)).map(|person| Self { person, centre }))
    }

    /// The colleague.
    pub(super) const fn person(&self) -> &Person {
        &self.person
    }

    /// The centre.
    pub(super) const fn centre(&self) -> Uuid {
        self.centre
    }
}

/// What the rules know of an operator as things stand in this transaction; nothing where she is of another centre now, or suspended.
async fn facts_now(
    app: &App,
    connection: &impl ConnectionTrait,
    operator: &Operator,
) -> Result<Option<policy::Person>, DatabaseError> {
    let centre = operator.centre();
    let actor = accounts::find_person(connection, operator.person().id).await?;
    let actor = actor.filter(|actor| actor.centre == Some(centre) && !actor.suspended);
    Ok(actor.map(|actor| app.centres.facts_of(centre, actor.id, actor.roles)))
}
