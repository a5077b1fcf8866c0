//! Bad luck, with the program as it is started: killed, without room, kept waiting, damaged; and bad people. What was acknowledged is there afterwards.

#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a story that cannot go on has failed")]
#![expect(clippy::print_stderr, reason = "a story says what it measured, and when it could not be told")]

mod damaged;
mod full;
mod hostile;
mod house;
mod killed;
mod locked;
