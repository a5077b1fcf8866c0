//! The committed vectors of `tests/vectors/` (format: the README there): what is deterministic is made again and compared, what
//! `age` sealed with its own randomness is opened. A browser test opens the same files in WebAssembly (invariant I8).
//!
//! After a change of the protocol, `APPRODO_WRITE_VECTORS=1 cargo test -p keyring vectors -- --test-threads=1` writes them anew.

mod primitives;
mod renewal;
mod requests;
mod sealed;
mod turning;

use std::path::{Path, PathBuf};

use envelope::encoding::from_base64;
use serde_json::Value;

const CODE: &str = "31415926535897932384";

fn path_of(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors").join(name)
}

fn read(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(path_of(name)).unwrap()).unwrap()
}

/// The committed vectors of a file, written anew before if asked for.
fn committed(name: &str, fresh: impl FnOnce() -> Value) -> Value {
    if std::env::var("APPRODO_WRITE_VECTORS").is_ok_and(|value| value == "1") {
        std::fs::write(path_of(name), serde_json::to_string_pretty(&fresh()).unwrap() + "\n").unwrap();
    }
    read(name)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("{name} is no text"))
}

fn bytes(value: &Value, name: &str) -> Vec<u8> {
    from_base64(text(value, name)).unwrap()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().unwrap_or_else(|| panic!("{name} is no list"))
}

fn as_json<T: serde::Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap()
}
