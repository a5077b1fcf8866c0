//! The rules: what they say, what they cannot say, and that they are what the documents show.

#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a story that cannot go on has failed; the times of proofs are told"
)]

mod decisions;
mod facts;
mod proofs;
mod roles;
