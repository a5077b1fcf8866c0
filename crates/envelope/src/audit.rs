//! The audit log (protocol sections 9 and 12.11): what was done, as leaves of a Merkle tree that says nothing by itself and cannot be
//! changed afterwards without being noticed.
//!
//! Invariants: a leaf without its opening names nobody, because 32 random bytes are part of its commitment; nothing here is finer than
//! the ISO week; what is read was written by somebody we do not trust, so every parser is total and every proof is recomputed.

pub mod act;
pub mod checkpoint;
pub mod openings;
pub mod proof;
pub mod tree;
pub mod week;
pub mod witness;
