//! Seals and opens (`docs/protocol.md`, sections 4 to 7 and 12): receipt codes, items, wraps, epochs, slots, sessions and drafts,
//! and the offline signing of roots, certificates and statements.
//!
//! Invariants: no input or output, no clock, and no randomness of its own except inside `age`, which draws file keys and nonces
//! itself; nothing is sealed to a recipient that `envelope` did not verify; nothing is opened without checking that its header
//! matches the place where it was found; no secret has a `Debug` form, and every one is wiped when dropped.
//!
//! The server never links this crate: only browsers, the offline tool and tests do.

mod age_file;
pub mod burn;
pub mod capacity;
pub mod conversation;
pub mod digits;
pub mod documents;
pub mod draft;
pub mod epoch;
pub mod file;
pub mod identity;
pub mod item;
mod kdf;
pub mod mailbox;
pub mod operator;
pub mod paper;
pub mod passphrase;
pub mod receipt;
pub mod refusal;
pub mod safe_word;
pub mod session;
pub mod signing;
pub mod slot;
pub mod wrap;
