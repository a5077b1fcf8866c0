//! The program as it is started, on a SQLite file of the folder.

use std::path::Path;
use std::process::Command;

/// The code with which it ended, and all that it said.
pub(crate) fn approdo(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_approdo"))
        .args(arguments)
        .args(["--database", "sqlite:approdo.db"])
        .current_dir(folder)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}
