//! Looks for what was tampered with: recomputes every leaf, commitment, root and hash from the rows, and compares with what others kept.
//!
//! What it cannot find: an act that was never written down, and a leaf of the present week that went together with its opening.

use std::collections::{BTreeMap, BTreeSet};

use envelope::audit::act::{ActKind, Leaf, Opening};
use envelope::audit::checkpoint::Checkpoint;
use envelope::audit::tree::Tree;
use envelope::encoding::Hash;
use platform::database::DatabaseError;
use sea_orm::ConnectionTrait;

use super::entities::{leaf, opening};
use super::store::{self, read_opening};

/// Leaves that one question reads.
const BATCH: u64 = 500;

/// A log in which nothing is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Leaves in all.
    pub leaves: u64,
    /// Those that no checkpoint has taken in, because their week is not over.
    pub waiting: u64,
    /// Those whose openings went with their cases.
    pub erased: u64,
    /// The checkpoints, for a witness to keep.
    pub checkpoints: Vec<Checkpoint>,
}

/// The first thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Kind, week or commitment of a leaf is not what its hash says.
    #[error("leaf {0} was altered: its kind, week or commitment does not give its hash")]
    LeafAltered(String),
    /// Who, where, what, how many, or the salt.
    #[error("the opening of leaf {0} was altered: it does not give the commitment of the leaf")]
    OpeningAltered(String),
    /// A leaf was taken away.
    #[error("an opening has no leaf: leaf {0} was taken away")]
    LeafMissing(String),
    /// Openings were taken away, or leaves put in, or erasures invented.
    #[error(
        "{missing} leaves have no opening, but shredding explains {explained}: openings were taken away or leaves put in or taken away"
    )]
    OpeningsMissing {
        /// Leaves without an opening.
        missing: u64,
        /// What the erasures say.
        explained: u64,
    },
    /// No case was shredded that this leaf could be about.
    #[error(
        "leaf {0} says that openings went with a shredded case, but no tombstone fits it: the erasure was invented"
    )]
    ErasureInvented(String),
    /// A checkpoint was altered, taken away or put in.
    #[error("checkpoint {0} does not follow from the one before, or its hash is not its own")]
    CheckpointAltered(u32),
    /// Leaves were added to an old week, taken from it, or altered.
    #[error("checkpoint {0} does not fit its leaves: some were put in, taken away or altered")]
    TreeAltered(u32),
    /// A leaf says that a checkpoint took it in which is not there.
    #[error("leaves name checkpoint {0}, which is not there")]
    CheckpointMissing(u32),
    /// The log was rolled back.
    #[error("a witness kept checkpoint {kept}, but the log ends with {here}: it was rolled back")]
    RolledBack {
        /// The newest that the witness kept.
        kept: u32,
        /// The newest here.
        here: u32,
    },
    /// The log was written anew.
    #[error("checkpoint {0} is another one than a witness kept: the log was written anew")]
    Rewritten(u32),
}

/// Why verifying stopped.
#[derive(Debug, thiserror::Error)]
pub enum Unverified {
    /// Something is wrong.
    #[error(transparent)]
    Violation(#[from] Violation),
    /// The database failed, or holds what no version writes.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// Verifies the whole log. `witnesses` are chains of checkpoints that others kept, `tombstones` the hashes of the ids of shredded cases.
///
/// # Errors
/// [`Unverified`], with the first violation.
pub async fn verify(
    connection: &impl ConnectionTrait,
    witnesses: &[Vec<Checkpoint>],
    tombstones: impl IntoIterator<Item = Hash>,
) -> Result<Verified, Unverified> {
    let mut count = Count::default();
    let mut salts: BTreeSet<_> = tombstones.into_iter().map(|case| Opening::salt_of_erasure(&case)).collect();
    let mut entered: BTreeMap<u32, Vec<Hash>> = BTreeMap::new();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let rows = store::list_leaves(connection, after.as_deref(), BATCH).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.leaf.clone());
        let ids = rows.iter().map(|row| row.leaf.clone()).collect();
        let openings = store::list_openings(connection, ids).await?;
        for row in &rows {
            let leaf = check_leaf(row).ok_or_else(|| Violation::LeafAltered(hex(&row.leaf)))?;
            let opening = openings.iter().find(|opening| opening.leaf == row.leaf);
            count.add(&leaf, opening).ok_or_else(|| Violation::OpeningAltered(hex(&row.leaf)))?;
            // Each tombstone explains one erasure.
            if let Some(opening) = opening
                && leaf.kind == ActKind::Erased
                && !salts.remove(opening.salt.as_slice())
            {
                return Err(Violation::ErasureInvented(hex(&row.leaf)).into());
            }
            match row.checkpoint {
                // What has no number that a checkpoint could have is counted to one that is not there.
                Some(number) => {
                    entered.entry(u32::try_from(number).unwrap_or(0)).or_default().push(leaf.hash());
                }
                None => count.waiting += 1,
            }
        }
    }
    if let Some(lone) = store::find_lone_opening(connection).await? {
        return Err(Violation::LeafMissing(hex(&lone)).into());
    }
    if count.unopened != count.explained {
        return Err(Violation::OpeningsMissing { missing: count.unopened, explained: count.explained }.into());
    }
    let checkpoints = check_chain(connection, entered).await?;
    for witness in witnesses {
        compare(&checkpoints, witness)?;
    }
    Ok(Verified { leaves: count.leaves, waiting: count.waiting, erased: count.unopened, checkpoints })
}

#[derive(Default)]
struct Count {
    leaves: u64,
    waiting: u64,
    unopened: u64,
    explained: u64,
}

impl Count {
    /// Counts a leaf with its opening; `None` when that is another's.
    fn add(&mut self, leaf: &Leaf, opening: Option<&opening::Model>) -> Option<()> {
        self.leaves += 1;
        let Some(row) = opening else {
            self.unopened += 1;
            return Some(());
        };
        let opening =
            read_opening(row, leaf.kind).filter(|opening| opening.commitment() == leaf.commitment)?;
        if leaf.kind == ActKind::Erased {
            self.explained += u64::from(opening.act.gone);
        }
        Some(())
    }
}

/// A row whose hash is that of its contents.
fn check_leaf(row: &leaf::Model) -> Option<Leaf> {
    let leaf = Leaf {
        kind: ActKind::from_word(&row.kind)?,
        week: row.week.parse().ok()?,
        commitment: Hash::from_bytes(row.commitment.as_slice().try_into().ok()?),
    };
    (leaf.hash().as_bytes().as_slice() == row.leaf.as_slice()).then_some(leaf)
}

/// Each checkpoint follows the one before, and its root is that of its leaves and all before them, in order.
async fn check_chain(
    connection: &impl ConnectionTrait,
    mut entered: BTreeMap<u32, Vec<Hash>>,
) -> Result<Vec<Checkpoint>, Unverified> {
    let mut tree = Tree::default();
    let mut chain: Vec<Checkpoint> = Vec::new();
    for stored in store::list_checkpoints(connection).await? {
        let checkpoint = stored.checkpoint;
        if !checkpoint.follows(chain.last()) || stored.hash != checkpoint.hash() {
            return Err(Violation::CheckpointAltered(checkpoint.number).into());
        }
        // They were read in the order of their hashes.
        for leaf in entered.remove(&checkpoint.number).unwrap_or_default() {
            tree.push(leaf);
        }
        let is_whole = tree.size() == checkpoint.size && tree.root_at(tree.size()) == Some(checkpoint.root);
        if !is_whole {
            return Err(Violation::TreeAltered(checkpoint.number).into());
        }
        chain.push(checkpoint);
    }
    match entered.first_key_value() {
        Some((number, _)) => Err(Violation::CheckpointMissing(*number).into()),
        None => Ok(chain),
    }
}

/// What a witness kept is the beginning of what is here.
fn compare(here: &[Checkpoint], kept: &[Checkpoint]) -> Result<(), Violation> {
    for (one, other) in here.iter().zip(kept) {
        if one != other {
            return Err(Violation::Rewritten(other.number));
        }
    }
    let newest = |chain: &[Checkpoint]| chain.last().map_or(0, |last| last.number);
    if kept.len() > here.len() {
        return Err(Violation::RolledBack { kept: newest(kept), here: newest(here) });
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
