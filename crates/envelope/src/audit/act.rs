//! What is written down: acts, their openings, and the leaves that are all that stays of them.

use uuid::Uuid;

use super::week::Week;
use crate::duty::Channel;
use crate::encoding::Hash;

/// Bytes of the salt that keeps a commitment from being guessed.
pub const SALT_LENGTH: usize = 32;

macro_rules! kinds {
    ($($variant:ident = $number:literal, $word:literal, $meaning:literal;)*) => {
        /// The type of a leaf: what was done. The number and the word are for ever.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum ActKind {
            $(#[doc = $meaning] $variant,)*
        }

        impl ActKind {
            /// All of them, in the order of their numbers.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The number in what is hashed and sent.
            #[must_use]
            pub const fn number(self) -> u8 {
                match self { $(Self::$variant => $number,)* }
            }

            /// The kind of a number.
            #[must_use]
            pub const fn from_number(number: u8) -> Option<Self> {
                match number { $($number => Some(Self::$variant),)* _ => None }
            }

            /// The word in tables, addresses and exports.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The kind of a word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

kinds! {
    Opened = 1, "opened", "An operator was handed what her centre can open.";
    TakenOver = 2, "taken-over", "The second centre opened what the first one had left unopened (section 7.7).";
    Answered = 3, "answered", "An answer was sent.";
    Acknowledged = 4, "acknowledged", "A ready-made first answer was sent.";
    Closed = 5, "closed", "A case was closed.";
    UndoAsked = 6, "undo-asked", "The first of two members signed that a change of code or a withdrawal be taken back.";
    Undone = 7, "undone", "The second member signed, and it was taken back.";
    HoldPlaced = 8, "hold-placed", "A hold was placed.";
    HoldLifted = 9, "hold-lifted", "Another person lifted it.";
    ShredProposed = 10, "shred-proposed", "The first of two people proposed to shred a case.";
    ShredWithdrawn = 11, "shred-withdrawn", "The proposal was taken back.";
    ShredConfirmed = 12, "shred-confirmed", "The second person agreed.";
    ShredDue = 13, "shred-due", "A term, or the time after a withdrawal, was over.";
    Erased = 14, "erased", "The openings of a shredded case were erased; this one says how many.";
    SignedIn = 15, "signed-in", "A person signed in.";
    RoleGiven = 16, "role-given", "An import gave a person an account at a centre.";
    RoleChanged = 17, "role-changed", "An import gave a person other keys, or a colleague other roles.";
    RoleEnded = 18, "role-ended", "An import ended a role.";
    Imported = 19, "imported", "A publication of the governors was taken in.";
    Suspended = 20, "suspended", "Somebody was shut out for a while.";
    Returned = 21, "returned", "Somebody who had been shut out may come in again.";
    KeyMade = 22, "key-made", "A member made the next key of a channel.";
    Left = 23, "left", "A member stated that a person has left.";
    FactorEnrolled = 24, "factor-enrolled", "A person enrolled her second factor.";
    FactorReplaced = 25, "factor-replaced", "A person replaced her second factor.";
    FactorForgotten = 26, "factor-forgotten", "A command of the host removed the second factor of a person.";
    BackupCodeUsed = 27, "backup-code-used", "A backup code stood in for the second factor.";
    BackupCodesDrawn = 28, "backup-codes-drawn", "A person drew new backup codes.";
}

impl ActKind {
    /// Whether a second time in the same week is not written down again: the log says that somebody looked, not how often.
    #[must_use]
    pub const fn is_once_a_week(self) -> bool {
        matches!(self, Self::Opened | Self::ShredDue | Self::SignedIn | Self::Imported)
    }
}

/// One act. Ids that say nothing are absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Act {
    /// What was done.
    pub kind: ActKind,
    /// Who did it; nobody where the calendar or a command of the host did.
    pub actor: Option<Uuid>,
    /// At which centre.
    pub centre: Option<Uuid>,
    /// To what: a case, a person, a centre.
    pub object: Option<Uuid>,
    /// The channel of the case.
    pub channel: Option<Channel>,
    /// For [`ActKind::Erased`] how many openings are gone; else 0.
    pub gone: u32,
}

impl Act {
    /// What a person does to a case.
    #[must_use]
    pub const fn on_case(
        kind: ActKind,
        actor: Option<Uuid>,
        centre: Uuid,
        case: Uuid,
        channel: Channel,
    ) -> Self {
        Self { kind, actor, centre: Some(centre), object: Some(case), channel: Some(channel), gone: 0 }
    }

    /// What happens to a person or a centre.
    #[must_use]
    pub const fn of_centre(kind: ActKind, actor: Option<Uuid>, centre: Uuid, object: Uuid) -> Self {
        Self { kind, actor, centre: Some(centre), object: Some(object), channel: None, gone: 0 }
    }
}

/// What opens a leaf: an act and the salt under which it was committed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// The act.
    pub act: Act,
    /// 32 random bytes.
    pub salt: [u8; SALT_LENGTH],
}

impl Opening {
    /// That the openings of a shredded case are gone, so many. It names nobody. `case` is the hash of the case's id, under which its
    /// tombstone stands.
    #[must_use]
    pub fn of_erasure(case: &Hash, gone: u32) -> Self {
        let act = Act { kind: ActKind::Erased, actor: None, centre: None, object: None, channel: None, gone };
        Self { act, salt: Self::salt_of_erasure(case) }
    }

    /// The salt of an erasure follows from the hash of the case, which its tombstone keeps: the same erasure, told again after a restore, is
    /// the same leaf, and one without a tombstone is none.
    #[must_use]
    pub fn salt_of_erasure(case: &Hash) -> [u8; SALT_LENGTH] {
        *hash_typed("approdo/audit-erasure/v1", &[case.as_bytes()]).as_bytes()
    }

    /// The salted commitment: SHA-256 over everything but kind and week, which the leaf says in clear.
    #[must_use]
    pub fn commitment(&self) -> Hash {
        let id = |id: Option<Uuid>| id.unwrap_or(Uuid::nil()).into_bytes();
        let act = &self.act;
        let channel = act.channel.map_or(0, channel_number);
        let parts: [&[u8]; 6] = [
            &self.salt,
            &id(act.actor),
            &id(act.centre),
            &id(act.object),
            &[channel],
            &act.gone.to_le_bytes(),
        ];
        hash_typed("approdo/audit-opening/v1", &parts)
    }
}

/// What stays of an act for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// What was done.
    pub kind: ActKind,
    /// When, and no finer.
    pub week: Week,
    /// Of whom and what.
    pub commitment: Hash,
}

impl Leaf {
    /// The bytes that enter the tree.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let parts: [&[u8]; 3] = [&[self.kind.number()], &self.week.to_bytes(), self.commitment.as_bytes()];
        hash_typed("approdo/audit-leaf/v1", &parts)
    }
}

/// 1 for the safe channel, 2 for general support.
pub(super) const fn channel_number(channel: Channel) -> u8 {
    match channel {
        Channel::Safe => 1,
        Channel::General => 2,
    }
}

/// SHA-256 over `u64 length of the type ‖ type ‖ parts`, as signatures are made (section 12.1). All parts have fixed lengths.
pub(super) fn hash_typed(name: &str, parts: &[&[u8]]) -> Hash {
    let length = u64::try_from(name.len()).unwrap_or(u64::MAX).to_le_bytes();
    Hash::of(&[&[length.as_slice(), name.as_bytes()], parts].concat().concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act() -> Act {
        let id = Uuid::from_u128;
        Act::on_case(ActKind::Opened, Some(id(1)), id(2), id(3), Channel::Safe)
    }

    #[test]
    fn numbers_and_words_of_kinds_lead_back_and_none_is_used_twice() {
        for (place, kind) in (1_u8..).zip(ActKind::ALL) {
            assert_eq!(kind.number(), place);
            assert_eq!(ActKind::from_number(place), Some(*kind));
            assert_eq!(ActKind::from_word(kind.word()), Some(*kind));
        }
        assert_eq!(ActKind::from_number(0), None);
        assert_eq!(ActKind::from_word("Opened"), None);
    }

    #[test]
    fn everything_that_is_said_changes_the_leaf() {
        let opening = Opening { act: act(), salt: [7; 32] };
        let of = |opening: Opening| opening.commitment();
        let altered = [
            Opening { salt: [8; 32], ..opening },
            Opening { act: Act { actor: None, ..act() }, ..opening },
            Opening { act: Act { centre: Some(Uuid::from_u128(9)), ..act() }, ..opening },
            Opening { act: Act { object: Some(Uuid::from_u128(9)), ..act() }, ..opening },
            Opening { act: Act { channel: Some(Channel::General), ..act() }, ..opening },
            Opening { act: Act { channel: None, ..act() }, ..opening },
            Opening { act: Act { gone: 1, ..act() }, ..opening },
        ];
        for other in altered {
            assert_ne!(of(other), of(opening), "{other:?}");
        }
        let week = Week::new(2026, 47).unwrap();
        let leaf = Leaf { kind: ActKind::Opened, week, commitment: of(opening) };
        assert_ne!(leaf.hash(), Leaf { kind: ActKind::Answered, ..leaf }.hash());
        assert_ne!(leaf.hash(), Leaf { week: Week::new(2026, 48).unwrap(), ..leaf }.hash());
        assert_ne!(leaf.hash(), Leaf { commitment: Hash::of(b""), ..leaf }.hash());
    }

    /// Committed: another encoding would leave every leaf that is kept anywhere without an opening.
    #[test]
    fn the_encoding_of_a_leaf_is_for_ever() {
        let opening = Opening { act: act(), salt: [7; 32] };
        let leaf = Leaf {
            kind: ActKind::Opened,
            week: Week::new(2026, 47).unwrap(),
            commitment: opening.commitment(),
        };
        assert_eq!(
            (leaf.commitment.to_string().as_str(), leaf.hash().to_string().as_str()),
            (
                "53d2cc54e4060c4ee33584688ffad7389d083335ce003c20a1f68d6c878c8364",
                "2ffa5831712902add4996cf066b7a24691ccee58a1da8fe77414702bad8312ca"
            )
        );
    }
}
