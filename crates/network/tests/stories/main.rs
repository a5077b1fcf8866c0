//! Stories told by actors, through the router, each on SQLite and on PostgreSQL.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a story that cannot go on must fail")]

mod attacks;
mod audit;
mod backup;
mod burn;
mod call_back;
mod clock;
mod common;
mod console;
mod data_map;
mod door;
mod epochs;
mod factor;
mod files;
mod gates;
mod hostile;
mod import;
mod inbox;
mod journey;
mod keeping;
mod mailbox;
mod meanwhile;
mod migrations;
mod notices;
mod pages;
mod people;
mod roles;
mod rotation;
mod second_centre;
mod tampering;
mod timing;
