//! People, their accounts and sessions as types that were checked at the edge; and how long a session lives.

use jiff::{SignedDuration, Timestamp};
use policy::Roles;
use uuid::Uuid;

/// The longest time without a request that any configuration can allow (protocol section 6: lock).
pub(super) const LONGEST_IDLE: SignedDuration = SignedDuration::from_mins(10);

/// The longest life of a session that any configuration can allow.
pub(super) const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(12);

/// How far the clock may go back under a session: a server that sets its clock right moves it by seconds.
pub(super) const CLOCK_STEP: SignedDuration = SignedDuration::from_mins(1);

/// A session's last use is written down at most this often: a page with ten requests writes once.
pub(super) const TOUCH_AFTER: SignedDuration = SignedDuration::from_secs(20);

/// An account name: 1 to 64 of lower-case ASCII letters, digits, full stop, hyphen.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccountName(String);

impl AccountName {
    /// Checks a name; surrounding spaces and capitals are forgiven, since people type them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let name = text.trim().to_ascii_lowercase();
        let holds = (1..=64).contains(&name.len())
            && name.bytes().all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'.' || byte == b'-'
            });
        holds.then_some(Self(name))
    }

    /// The name itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A person of a centre, as pages and other slices see her or him.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The id in statements.
    pub id: Uuid,
    /// The account name.
    pub account: String,
    /// The name.
    pub name: String,
    /// Language tag of the console.
    pub language: String,
    /// Ed25519 public key, 32 bytes: the author of this person's items.
    pub signing_key: Vec<u8>,
    /// X25519 recipient.
    pub recipient: String,
    /// The centre this person works for, if any.
    pub centre: Option<Uuid>,
    /// What she does there.
    pub roles: Roles,
    /// Whether an administrator has suspended her: she keeps keys and roles and does not get in.
    pub suspended: bool,
}

/// Somebody who works with the reports of a centre now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Working {
    /// The person.
    pub person: Uuid,
    /// The centre.
    pub centre: Uuid,
    /// Language tag of the console.
    pub language: String,
}

/// What signing in needs of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Whose it is.
    pub person: Uuid,
    /// Argon2id salt, 16 bytes.
    pub salt: Vec<u8>,
    /// The Ed25519 key that signs the challenge.
    pub login_key: Vec<u8>,
    /// The sealed identity.
    pub sealed: Vec<u8>,
}

/// A person with account and slot as the offline tool publishes them, checked by the importer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// The person; `centre` names the centre of the folder.
    pub person: Person,
    /// The passphrase slot.
    pub slot: Slot,
}

/// What an import changed about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enrolled {
    /// She is new at this centre.
    New,
    /// She is there with other keys than before.
    OtherKeys,
    /// Nothing that matters to who gets in.
    Same,
}

/// How long sessions last here: the configuration can only shorten what the protocol allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// Without a request.
    pub idle: SignedDuration,
    /// In all.
    pub whole: SignedDuration,
}

impl Lengths {
    /// What is configured, within what the protocol allows.
    #[must_use]
    pub fn new(idle: SignedDuration, whole: SignedDuration) -> Self {
        Self { idle: idle.min(LONGEST_IDLE), whole: whole.min(LONGEST_LIFE) }
    }
}

/// The times of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    /// Sign-in.
    pub(super) created: Timestamp,
    /// Last request.
    pub(super) seen: Timestamp,
    /// The absolute end.
    pub(super) expires: Timestamp,
}

impl Life {
    /// A session that begins now.
    #[must_use]
    pub(super) fn begin(now: Timestamp, lengths: Lengths) -> Self {
        Self { created: now, seen: now, expires: now.checked_add(lengths.whole).unwrap_or(now) }
    }

    /// Whether the session still holds at `now`. One that was used in the future has ended: nobody knows how long ago that was, and
    /// with a clock set back a year it would last a year longer.
    #[must_use]
    pub(super) fn holds(&self, now: Timestamp, lengths: Lengths) -> bool {
        let since = now.duration_since(self.seen);
        now < self.expires && since < lengths.idle && since >= -CLOCK_STEP
    }

    /// Whether this use should be written down.
    #[must_use]
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        now.duration_since(self.seen) >= TOUCH_AFTER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_names_are_forgiving_about_typing_and_strict_about_signs() {
        assert_eq!(AccountName::parse(" Anna.Verdi ").unwrap().as_str(), "anna.verdi");
        for wrong in ["", " ", "anna verdi", "anna@verdi", "annà", &"a".repeat(65)] {
            assert_eq!(AccountName::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_session_ends_when_idle_and_after_twelve_hours() {
        let now: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        let later = |minutes| now + SignedDuration::from_mins(minutes);
        let lengths = Lengths::new(SignedDuration::from_hours(5), SignedDuration::from_hours(24));
        let life = Life::begin(now, lengths);
        assert!(life.holds(later(9), lengths));
        assert!(!life.holds(later(10), lengths));
        let busy = Life { seen: later(12 * 60 - 1), ..life };
        assert!(busy.holds(later(12 * 60 - 1), lengths));
        assert!(!busy.holds(later(12 * 60), lengths));
    }

    #[test]
    fn a_clock_set_back_ends_a_session_instead_of_prolonging_it() {
        let now: Timestamp = "2026-11-22T09:00:00Z".parse().unwrap();
        let lengths = Lengths::new(SignedDuration::from_mins(10), SignedDuration::from_hours(12));
        let life = Life::begin(now, lengths);
        assert!(life.holds(now - SignedDuration::from_secs(60), lengths), "a clock that is set right");
        for back in [SignedDuration::from_secs(61), SignedDuration::from_hours(24 * 365)] {
            assert!(!life.holds(now - back, lengths), "{back}");
        }
    }

    #[test]
    fn a_configuration_can_shorten_a_session() {
        let lengths = Lengths::new(SignedDuration::from_mins(2), SignedDuration::from_hours(1));
        assert_eq!(
            (lengths.idle, lengths.whole),
            (SignedDuration::from_mins(2), SignedDuration::from_hours(1))
        );
    }
}
