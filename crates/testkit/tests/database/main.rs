//! `platform::database` on real files and servers: the one way to write, and those who write at once.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a story that cannot go on has failed")]

mod groups;
mod serial;
mod support;
mod together;
mod write;
