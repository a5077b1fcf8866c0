//! The people of stories: who they are, what their browsers would do, and the network they meet in.
//!
//! Invariant: an actor goes through the router and holds only what her or his browser would hold; nothing is read from the database.

mod client;
mod network;
mod operator;
mod victim;

pub use client::Client;
pub use network::{DemoCentre, DemoNetwork, DemoPerson};
pub use operator::{MadeEpoch, OpenedReport, Operator};
pub use victim::{SealedFile, Victim, draft_with_files};
