//! Whose each key is, over all chains of a centre (protocol sections 3 and 12.1).
//!
//! A person's key is hers, a paper identity is nobody's and no other channel's, and an epoch begins with a key that nothing had. One that
//! stood in two places would open for the one what is sealed to the other, whatever the duties are (invariant I2).

use std::collections::BTreeMap;

use envelope::certificate::Member;
use envelope::duty::Channel;
use envelope::recipient::Recipient;
use uuid::Uuid;

/// In whose place a key stands.
#[derive(Clone, Debug)]
pub(super) enum Owner {
    Paper(Channel),
    Person(Uuid, String),
    Epoch(Channel, u32),
}

impl Owner {
    pub(super) fn of(member: &Member) -> Self {
        Self::Person(member.person.uuid(), member.name.clone())
    }

    /// Who may have one key twice: a person, and the paper of a channel, also after a renewal.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Paper(one), Self::Paper(other)) => one == other,
            (Self::Person(one, _), Self::Person(other, _)) => one == other,
            _ => false,
        }
    }
}

impl std::fmt::Display for Owner {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Paper(channel) => write!(to, "the paper identity of the {channel} channel"),
            Self::Person(_, name) => write!(to, "{name}"),
            Self::Epoch(channel, number) => write!(to, "epoch {number} of the {channel} channel"),
        }
    }
}

/// Every key that was ever named.
#[derive(Default)]
pub(super) struct Keys(BTreeMap<String, Owner>);

impl Keys {
    /// Notes a key, unless it stands in somebody's place already: then whose.
    pub(super) fn take(&mut self, owner: Owner, recipient: &Recipient) -> Result<(), String> {
        match self.0.get(&recipient.to_string()) {
            Some(known) if !known.is_same(&owner) => Err(format!("{owner} has the key of {known}")),
            Some(_) => Ok(()),
            None => {
                self.0.insert(recipient.to_string(), owner);
                Ok(())
            }
        }
    }
}
