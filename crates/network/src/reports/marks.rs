//! Marks: what a job remembers of cases in memory without holding their ids (docs/adr/0015-notices.md).
//!
//! Invariant: the key is drawn when the program starts and never leaves its memory, so a mark means nothing to anybody else.

use std::fmt;

use hmac::{Hmac, Mac as _};
use platform::random::Random;
use sha2::Sha256;
use uuid::Uuid;

/// The key of a running program.
#[derive(Clone)]
pub struct MarkKey([u8; 32]);

/// Stands for one thing of one case while the program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mark(u64);

impl MarkKey {
    /// A new key.
    #[must_use]
    pub fn random(random: &Random) -> Self {
        Self(random.bytes())
    }

    /// The mark of what `kind` and `detail` say of a case.
    #[must_use]
    pub fn of(&self, kind: &str, case: Uuid, detail: &str) -> Mark {
        // HMAC pads a key that is shorter than its block with zeros (RFC 2104).
        let mut block = [0_u8; 64];
        block.iter_mut().zip(self.0).for_each(|(to, from)| *to = from);
        let code = Hmac::<Sha256>::new(&block.into())
            .chain_update(case.as_bytes())
            .chain_update(kind.as_bytes())
            .chain_update(b"|")
            .chain_update(detail.as_bytes())
            .finalize()
            .into_bytes();
        Mark(code.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte)))
    }
}

impl fmt::Debug for MarkKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MarkKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_stands_for_one_thing_under_one_key() {
        let (one, other) = (MarkKey([1; 32]), MarkKey([2; 32]));
        let case = Uuid::from_u128(7);
        let mark = one.of("lies", case, "1");
        assert_eq!(mark, one.of("lies", case, "1"));
        for different in [
            other.of("lies", case, "1"),
            one.of("near", case, "1"),
            one.of("lies", case, "2"),
            one.of("lies", Uuid::nil(), "1"),
        ] {
            assert_ne!(mark, different);
        }
        assert_eq!(format!("{one:?}"), "MarkKey");
    }
}
