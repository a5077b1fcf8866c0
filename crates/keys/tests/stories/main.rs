//! The offline tool as somebody at an offline computer uses it: the real binary, real files, folders of their own.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where something is missing")]

mod ceremony;
mod demo;
mod desk;
mod open;
mod rage;
mod world;
