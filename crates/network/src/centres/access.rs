//! Who may know and change who works at a centre: witnesses with private constructors, made of what the rules say (docs/roles.md).

use platform::database::DatabaseError;
use policy::verb::CentreVerb;
use policy::{Policy, Roles};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::App;
use crate::accounts::{self, Operator, Person};

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
        let actor = accounts::find_person(connection, operator.person().id).await?;
        let may = actor.filter(|actor| is_of(actor) && !actor.suspended).is_some_and(|actor| {
            let facts = app.centres.facts_of(centre, actor.id, actor.roles);
            Policy::current().may_centre(&facts, CentreVerb::ChangeRoles, centre)
        });
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
