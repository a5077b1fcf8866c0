//! What the tree looked like at the end of a week, in a chain that partner centres witness.
//!
//! Invariant: nobody signs a checkpoint, because the server's key is not trusted; what counts is that somebody else kept it.

use super::act::hash_typed;
use super::week::Week;
use crate::encoding::Hash;

/// The tree at the end of a week. The leaves that a checkpoint takes in follow those before it, sorted by hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// From 1, without a gap.
    pub number: u32,
    /// The week of the leaves that it takes in.
    pub week: Week,
    /// Leaves of the whole tree.
    pub size: u64,
    /// The root of the whole tree.
    pub root: Hash,
    /// The hash of the checkpoint before; of the first one 32 zero bytes.
    pub previous: Hash,
}

/// What the first checkpoint names as the one before it.
#[must_use]
pub fn beginning() -> Hash {
    Hash::from_bytes([0; 32])
}

impl Checkpoint {
    /// The hash that the next checkpoint names, and that people compare.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let parts: [&[u8]; 5] = [
            self.previous.as_bytes(),
            &self.number.to_le_bytes(),
            &self.week.to_bytes(),
            &self.size.to_le_bytes(),
            self.root.as_bytes(),
        ];
        hash_typed("approdo/audit-checkpoint/v1", &parts)
    }

    /// Whether this one follows `before`, or begins the chain.
    #[must_use]
    pub fn follows(&self, before: Option<&Self>) -> bool {
        match before {
            None => self.number == 1 && self.previous == beginning() && self.size > 0,
            Some(before) => {
                before.number.checked_add(1) == Some(self.number)
                    && self.previous == before.hash()
                    && self.size > before.size
            }
        }
    }
}
