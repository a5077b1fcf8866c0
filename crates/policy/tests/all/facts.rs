//! People and reports for the tests.

use std::collections::BTreeSet;

use envelope::duty::{Channel, Duty};
use policy::{Inbox, Organisation, Person, Report, Role};
use uuid::Uuid;

pub(crate) const HERE: Uuid = Uuid::from_u128(1);
pub(crate) const ELSEWHERE: Uuid = Uuid::from_u128(2);

/// Somebody of the centre here with these roles, bound to nothing, vouched for on both channels.
pub(crate) fn person(roles: &[Role]) -> Person {
    Person {
        id: Uuid::from_u128(10),
        organisation: Organisation { centre: HERE, on_status: Duty::None, opinion: false },
        roles: roles.iter().copied().collect::<BTreeSet<_>>(),
        channels: vec![Channel::Safe, Channel::General],
        on_status: Duty::None,
        named: false,
    }
}

pub(crate) const fn inbox(centre: Uuid, channel: Channel) -> Inbox {
    Inbox { centre, channel }
}

/// A report of this inbox with nobody else named.
pub(crate) const fn report(inbox: Inbox) -> Report {
    Report { case: Uuid::from_u128(20), inbox, second: None, lapsed: false }
}
