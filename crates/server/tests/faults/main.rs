//! Bad luck, with the program as it is started: killed, without room, kept waiting, damaged. What was acknowledged is there afterwards.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a story that cannot go on has failed")]

mod damaged;
mod full;
mod hostile;
mod house;
mod killed;
mod locked;
