//! `open`: what a centre received, restored from a backup with its paper identity alone, when the platform is gone (protocol sections 4, 6 and 9;
//! docs/adr/0018-open-with-paper-alone.md).
//!
//! Invariants: nothing is written before the paper identity has opened an epoch; what does not verify is told and never written as if it did; one
//! damaged item stops no other; a folder without the ending `.part` was written to its end; the same backup and paper give the same bytes.

mod backup;
mod cases;
mod folder;
mod manifest;
mod rows;
mod telling;
mod text;
mod trust;

use jiff::Timestamp;
use keyring::paper::PaperIdentity;
use zeroize::Zeroizing;

use crate::cli::Open;
use crate::failure::Failure;
use crate::files;

use backup::Backup;
use folder::Target;
use rows::Rows;
use trust::Trust;

/// Runs `open`.
///
/// # Errors
/// When backup or paper identity are refused: nothing was written then. When writing stopped half way: the sentence says where.
pub(crate) fn open(arguments: &Open, now: Timestamp) -> Result<Vec<String>, Failure> {
    let paper = read_paper(arguments)?;
    let backup = Backup::find(&arguments.backup, &arguments.tombstones, now)?;
    let (data, wraps) = (Rows::open(&backup.data)?, Rows::open(&backup.wraps)?);
    let expected = arguments.root.as_deref().map(files::read).transpose()?;
    let trust = Trust::establish(&data, &wraps, &paper, expected.as_deref(), backup.made_at.max(now))?;
    let cases = cases::list(&data, &trust, &backup)?;
    let target = Target::begin(&arguments.out)?;
    let mut told = telling::Telling::begin(&backup, &trust, &cases);
    let written = cases.rows.iter().try_for_each(|row| {
        let case = cases::open(&data, &wraps, &trust, row);
        told.add(target.write_case(&data, &case, &trust)?);
        Ok(())
    });
    let said = written
        .and_then(|()| target.write(text::INDEX, told.index().as_bytes()))
        .and_then(|()| target.finish())
        .map_err(|failure| Failure::Stopped(target.unfinished().to_owned(), Box::new(failure)))
        .map(|()| told.summary(&arguments.out))?;
    Ok(said)
}

fn read_paper(arguments: &Open) -> Result<PaperIdentity, Failure> {
    let bytes = Zeroizing::new(files::read_secret(&arguments.paper)?);
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    PaperIdentity::parse(text).map_err(|_| {
        Failure::Format(
            arguments.paper.clone(),
            "expected one line that begins with AGE-SECRET-KEY-1, as on the paper".to_owned(),
        )
    })
}
