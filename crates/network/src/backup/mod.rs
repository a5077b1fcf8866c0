//! Backups and what they bring back (protocol section 9, docs/backup.md), the same for both engines.
//!
//! It stands here and not in a slice because it knows the tables of all of them, and not in the program because its rules, such as the seven
//! days, take the time as a parameter. Invariants: what opens a case lies in files of its own that nothing restores after seven days; what was
//! shredded stays shredded after a restore (I7); a backup is whole or has no name, and so is a restored database.

mod failed;
mod folder;
mod frames;
mod making;
mod manifest;
mod mark;
mod restoring;
mod rows;
mod tables;
#[cfg(test)]
mod tests;
mod verifying;

pub use failed::Failed;
pub use folder::{Found, list, read_manifest};
pub use making::{Made, Order, make, network_of};
pub use manifest::{Age, Manifest, WRAPS_LIVE, age_of};
pub use mark::restored_from;
pub use restoring::{Restored, Wanted, newest, restore};
pub use verifying::{Checked, Frames, OpenFiles, check, check_frames};
