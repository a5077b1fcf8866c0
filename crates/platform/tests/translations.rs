//! The tests of `build.rs`, which cargo itself never runs.

#![expect(dead_code, clippy::print_stdout, reason = "only a build calls `main` and reads what it prints")]

#[path = "../build.rs"]
mod build_script;
