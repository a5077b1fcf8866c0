//! Stories told by actors, through the router, each on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a story that cannot go on must fail")]

mod attacks;
mod backup;
mod burn;
mod common;
mod console;
mod hostile;
mod import;
mod journey;
mod keeping;
mod mailbox;
mod pages;
mod rotation;
mod second_centre;
