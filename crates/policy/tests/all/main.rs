//! The rules: what they say, what they cannot say, and that they are what the documents show.

mod decisions;
mod facts;
mod proofs;
mod roles;
