//! The tree in memory, so that a proof asks the database nothing: about a hundred bytes for each leaf that a checkpoint has taken in.

use std::sync::{Arc, PoisonError, RwLock};

use envelope::audit::checkpoint::{Checkpoint, beginning};
use envelope::audit::openings::Standing;
use envelope::audit::tree::Tree;
use envelope::audit::week::Week;
use envelope::encoding::Hash;
use platform::database::DatabaseError;
use sea_orm::ConnectionTrait;

use super::store;

/// The log up to its newest checkpoint, as it was read once.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    tree: Tree,
    /// Leaves in the order of the tree.
    leaves: Vec<Hash>,
    /// Where the leaves of each checkpoint end, by its number.
    ends: Vec<(u32, usize)>,
    newest: Option<Checkpoint>,
}

impl Log {
    /// Reads the rows. What they say is believed: whoever gets a proof recomputes it, and `verifying.rs` looks for what was tampered with.
    pub(super) async fn load(connection: &impl ConnectionTrait) -> Result<Self, DatabaseError> {
        let newest = store::list_checkpoints(connection).await?.pop().map(|stored| stored.checkpoint);
        let mut log = Self { newest, ..Self::default() };
        for (number, leaf) in store::list_entered(connection).await? {
            log.push(number, leaf);
        }
        Ok(log)
    }

    fn push(&mut self, number: u32, leaf: Hash) {
        self.tree.push(leaf);
        self.leaves.push(leaf);
        let end = self.leaves.len();
        match self.ends.last_mut() {
            Some((last, of_last)) if *last == number => *of_last = end,
            _ => self.ends.push((number, end)),
        }
    }

    /// The newest checkpoint.
    pub(super) const fn newest(&self) -> Option<&Checkpoint> {
        self.newest.as_ref()
    }

    /// Its number; 0 before the first.
    pub(super) fn number(&self) -> u32 {
        self.newest.map_or(0, |newest| newest.number)
    }

    /// Where a leaf stands, that this checkpoint took in; `None` when the log in memory is older.
    pub(super) fn standing(&self, leaf: &Hash, checkpoint: Option<u32>) -> Option<Standing> {
        let at = self.ends.iter().position(|(number, _)| Some(*number) == checkpoint)?;
        let (_, end) = *self.ends.get(at)?;
        let begin = at.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |(_, end)| *end);
        let place = begin + self.leaves.get(begin..end)?.binary_search(leaf).ok()?;
        let place = u64::try_from(place).ok()?;
        let proof = self.tree.prove_inclusion(place, self.newest?.size)?;
        Some(Standing { place, proof })
    }

    /// The next checkpoint, with these leaves behind those that are there.
    pub(super) fn next(&mut self, week: Week, leaves: Vec<Hash>) -> Option<Checkpoint> {
        let number = self.number().checked_add(1)?;
        for leaf in leaves {
            self.push(number, leaf);
        }
        let size = self.tree.size();
        let previous = self.newest.map_or_else(beginning, |newest| newest.hash());
        let next = Checkpoint { number, week, size, root: self.tree.root_at(size)?, previous };
        self.newest = Some(next);
        Some(next)
    }
}

/// The log that the service answers from.
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<RwLock<Arc<Log>>>);

impl Memory {
    pub(super) fn log(&self) -> Arc<Log> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn replace(&self, log: Log) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(log);
    }
}
