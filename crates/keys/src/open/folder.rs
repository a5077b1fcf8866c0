//! The folder that is written: private to its owner, new, and named without `.part` only when it is whole.

use std::cell::Cell;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use envelope::content::FileEntry;
use keyring::file::FileOpener;

use super::cases::OpenedCase;
use super::rows::Rows;
use super::text::{self, CASE};
use super::trust::Trust;
use crate::failure::Failure;

const SECRET_FILE: u32 = 0o600;
const SECRET_FOLDER: u32 = 0o700;
const UNFINISHED: &str = ".part";

/// The folder while it is written.
pub(super) struct Target {
    last: PathBuf,
    unfinished: PathBuf,
    is_finished: Cell<bool>,
}

/// What was written of a case, for the index.
pub(super) struct Written {
    /// Name of its folder.
    pub(super) folder: String,
    /// The week of the report.
    pub(super) week: String,
    /// Its state in words.
    pub(super) state: &'static str,
    /// Items that were opened.
    pub(super) items: usize,
    /// Files that were opened.
    pub(super) files: usize,
    /// What is not as it should be.
    pub(super) findings: Vec<String>,
}

impl Target {
    /// Makes the folder.
    ///
    /// # Errors
    /// [`Failure::Refused`] when it is there already, or what an earlier run left; [`Failure::Write`].
    pub(super) fn begin(out: &Path) -> Result<Self, Failure> {
        let mut name = out.as_os_str().to_owned();
        name.push(UNFINISHED);
        let unfinished = PathBuf::from(name);
        for path in [out, &unfinished] {
            if fs::symlink_metadata(path).is_ok() {
                return Err(Failure::Refused(format!(
                    "{} is there already; nothing is written into it. Name another folder with --out",
                    path.display()
                )));
            }
        }
        make_folder(&unfinished)?;
        Ok(Self { last: out.to_owned(), unfinished, is_finished: Cell::new(false) })
    }

    /// Where what was written lies when something failed.
    pub(super) fn unfinished(&self) -> &Path {
        if self.is_finished.get() { &self.last } else { &self.unfinished }
    }

    /// Writes a file at the top.
    ///
    /// # Errors
    /// [`Failure::Write`].
    pub(super) fn write(&self, name: &str, content: &[u8]) -> Result<(), Failure> {
        write(&self.unfinished.join(name), content)
    }

    /// Gives the folder its name.
    ///
    /// # Errors
    /// [`Failure::Write`].
    pub(super) fn finish(&self) -> Result<(), Failure> {
        let failed = |error| Failure::Write(self.last.clone(), error);
        File::open(&self.unfinished).and_then(|folder| folder.sync_all()).map_err(failed)?;
        fs::rename(&self.unfinished, &self.last).map_err(failed)?;
        self.is_finished.set(true);
        let parent = self.last.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all()).map_err(failed)
    }

    /// Writes the folder of a case: its files one by one, then its text.
    ///
    /// # Errors
    /// [`Failure::Write`].
    pub(super) fn write_case(
        &self,
        data: &Rows,
        case: &OpenedCase,
        trust: &Trust,
    ) -> Result<Written, Failure> {
        let name = format!("{}-{}", text::week(&case.row.week).replace(' ', "-"), case.row.case);
        let folder = self.unfinished.join(&name);
        make_folder(&folder)?;
        let mut findings = case.findings.clone();
        let (mut lines, mut files) = (Vec::new(), 0);
        let opened = case.conversation.iter().filter_map(|(seq, place)| Some((*seq, place.item()?)));
        for (seq, item) in opened.clone() {
            for (number, entry) in (1..).zip(item.content().files()) {
                let file = format!("{seq:03}-{number}-{}", text::safe_name(&entry.name));
                let shown = text::line(&entry.name);
                match write_file(data, &folder, &file, entry)? {
                    Ok(()) => {
                        files += 1;
                        let track = entry.track.name();
                        lines.push((seq, format!("{file} ({shown}, {} bytes, {track})", entry.length)));
                    }
                    Err(why) => {
                        lines.push((seq, format!("NOT WHOLE: {shown}: {why}")));
                        findings.push(format!("the file {shown} of number {seq} is not whole: {why}"));
                    }
                }
            }
        }
        write(&folder.join(CASE), text::case_text(case, trust, &lines, &findings).as_bytes())?;
        let notes = case.notes.values().filter(|place| place.item().is_some()).count();
        Ok(Written {
            folder: name,
            week: text::week(&case.row.week).to_owned(),
            state: text::state(&case.row.state),
            items: opened.count() + notes,
            files,
            findings,
        })
    }
}

/// Opens a file of hers as a stream. It has the ending `.incomplete` until its last byte was verified; what is altered or cut keeps that ending, and the
/// inner answer says why.
fn write_file(
    data: &Rows,
    folder: &Path,
    name: &str,
    entry: &FileEntry,
) -> Result<Result<(), String>, Failure> {
    let path = folder.join(name);
    let incomplete = folder.join(format!("{name}.incomplete"));
    let failed = |error| Failure::Write(incomplete.clone(), error);
    let Ok(mut opener) = FileOpener::new(entry) else {
        return Ok(Err("what the item says of it is no sound entry".to_owned()));
    };
    let mut file = create(&incomplete).map_err(failed)?;
    let mut written = 0_usize;
    let mut put = |plaintext: &[u8]| {
        written += plaintext.len();
        file.write_all(plaintext)
    };
    let chunks = data.chunks(entry.file);
    let mut refused = (chunks.rows.is_empty()).then(|| "it is not in the backup".to_owned());
    for (expected, number) in (0..).zip(&chunks.rows) {
        if expected != *number {
            refused = Some("a part of it is missing".to_owned());
            break;
        }
        let pushed = data.chunk(entry.file, *number).map(|chunk| opener.push(&chunk));
        match pushed {
            Some(Ok(plaintext)) => put(&plaintext).map_err(failed)?,
            Some(Err(_)) => {
                refused = Some("it was altered".to_owned());
                break;
            }
            None => {
                refused = Some("a part of it cannot be read".to_owned());
                break;
            }
        }
    }
    if refused.is_none() {
        match opener.finish() {
            Ok(plaintext) => put(&plaintext).map_err(failed)?,
            Err(_) => refused = Some("it was altered, or its end is missing".to_owned()),
        }
    }
    file.sync_all().map_err(failed)?;
    match refused {
        None => fs::rename(&incomplete, &path).map(Ok).map_err(failed),
        Some(why) if written == 0 => fs::remove_file(&incomplete).map(|()| Err(why)).map_err(failed),
        Some(why) => Ok(Err(format!("{why}; its sound beginning is {name}.incomplete"))),
    }
}

fn make_folder(path: &Path) -> Result<(), Failure> {
    DirBuilder::new().mode(SECRET_FOLDER).create(path).map_err(|error| Failure::Write(path.into(), error))
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(SECRET_FILE).open(path)
}

fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    create(path)
        .and_then(|mut file| file.write_all(content).and_then(|()| file.sync_all()))
        .map_err(|error| Failure::Write(path.into(), error))
}
