//! Files as this tool writes them: whole or not at all, secrets readable by their owner only and never overwritten.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rand_core::RngCore;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;

/// Mode of a file that holds a secret.
const SECRET_FILE: u32 = 0o600;
/// Mode of a folder that holds secrets.
const SECRET_FOLDER: u32 = 0o700;
/// Mode of a file that is meant to be published.
const PUBLIC_FILE: u32 = 0o644;

/// Reads and parses a JSON file; fields that the type does not know are an error of its own parser.
///
/// # Errors
/// [`Failure::Read`] when the file cannot be read, [`Failure::Format`] when it is not what the type expects.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let bytes = read(path)?;
    serde_json::from_slice(&bytes).map_err(|error| Failure::Format(path.into(), error.to_string()))
}

/// Reads a file.
///
/// # Errors
/// [`Failure::Read`].
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::Read(path.into(), error))
}

/// Reads a file that holds a secret. Refuses one that others than its owner may read: a key that was open to everybody
/// on the machine has to be replaced, not used.
///
/// # Errors
/// [`Failure::Read`], [`Failure::Exposed`].
pub(crate) fn read_secret(path: &Path) -> Result<Vec<u8>, Failure> {
    let metadata = fs::metadata(path).map_err(|error| Failure::Read(path.into(), error))?;
    if metadata.mode() & 0o077 != 0 {
        return Err(Failure::Exposed(path.into()));
    }
    read(path)
}

/// Parses a JSON file that holds a secret, with the check of [`read_secret`].
///
/// # Errors
/// [`Failure::Read`], [`Failure::Exposed`], [`Failure::Format`] (which never quotes the content).
pub(crate) fn read_secret_json<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    let bytes = read_secret(path)?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Failure::Format(path.into(), format!("line {}", error.line())))
}

/// Creates a folder for secrets, or tightens the one that is there, to mode 0700.
///
/// # Errors
/// [`Failure::Write`].
pub(crate) fn secret_folder(path: &Path) -> Result<(), Failure> {
    DirBuilder::new()
        .recursive(true)
        .mode(SECRET_FOLDER)
        .create(path)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(SECRET_FOLDER)))
        .map_err(|error| Failure::Write(path.into(), error))
}

/// Creates a folder for published files.
///
/// # Errors
/// [`Failure::Write`].
pub(crate) fn public_folder(path: &Path) -> Result<(), Failure> {
    fs::create_dir_all(path).map_err(|error| Failure::Write(path.into(), error))
}

/// Writes a new secret file, mode 0600. A file of that name is never replaced.
///
/// # Errors
/// [`Failure::Exists`] when there is one already, [`Failure::Write`].
pub(crate) fn write_secret(path: &Path, content: &[u8], rng: &mut impl RngCore) -> Result<(), Failure> {
    let draft = draft(path, content, SECRET_FILE, rng)?;
    // A hard link fails when the name is taken, in one step: between a look and a rename another run could slip in.
    let linked = fs::hard_link(&draft, path);
    let removed = fs::remove_file(&draft);
    match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(Failure::Exists(path.into())),
        Err(error) => Err(Failure::Write(path.into(), error)),
        Ok(()) => {
            removed.and_then(|()| sync_folder(path)).map_err(|error| Failure::Write(path.into(), error))
        }
    }
}

/// Writes a new secret JSON file, see [`write_secret`].
///
/// # Errors
/// As [`write_secret`].
pub(crate) fn write_secret_json(
    path: &Path,
    content: &impl Serialize,
    rng: &mut impl RngCore,
) -> Result<(), Failure> {
    write_secret(path, &json(path, content)?, rng)
}

/// Writes or replaces a published JSON file, whole or not at all.
///
/// # Errors
/// [`Failure::Write`].
pub(crate) fn write_public(
    path: &Path,
    content: &impl Serialize,
    rng: &mut impl RngCore,
) -> Result<(), Failure> {
    let draft = draft(path, &json(path, content)?, PUBLIC_FILE, rng)?;
    fs::rename(&draft, path)
        .and_then(|()| sync_folder(path))
        .map_err(|error| Failure::Write(path.into(), error))
}

/// The sorted folders inside a folder.
///
/// # Errors
/// [`Failure::Read`].
pub(crate) fn folders(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(path).map_err(|error| Failure::Read(path.into(), error))? {
        let entry = entry.map_err(|error| Failure::Read(path.into(), error))?;
        if entry.path().is_dir() {
            folders.push(entry.path());
        }
    }
    folders.sort();
    Ok(folders)
}

fn json(path: &Path, content: &impl Serialize) -> Result<Vec<u8>, Failure> {
    let mut bytes = serde_json::to_vec_pretty(content)
        .map_err(|error| Failure::Write(path.into(), io::Error::other(error)))?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// Writes the content beside its target under a name of its own and makes it durable.
fn draft(path: &Path, content: &[u8], mode: u32, rng: &mut impl RngCore) -> Result<PathBuf, Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = path.with_file_name(format!(".{name}.{:016x}", rng.next_u64()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&draft)
        .and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()));
    match written {
        Ok(()) => Ok(draft),
        Err(error) => {
            // Best effort: what counts is the first error, and a draft without its target is never read.
            let _ = fs::remove_file(&draft);
            Err(Failure::Write(path.into(), error))
        }
    }
}

/// Makes the new name durable, not only the bytes.
fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}
