//! Stories told by actors, through the router, each on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a story that cannot go on must fail")]

mod attacks;
mod backup;
mod burn;
mod call_back;
mod clock;
mod common;
mod console;
mod door;
mod data_map;
mod files;
mod hostile;
mod import;
mod inbox;
mod journey;
mod keeping;
mod mailbox;
mod notices;
mod pages;
mod rotation;
mod second_centre;
mod timing;
