//! Gate 4 of protocol section 8: `approdo verify` replays a database or a backup and names the first thing that must not be.
//!
//! It stands here and not in a slice because it reads the tables of several by their names, as [`crate::backup`] does. Invariant: it shares no
//! decision with the other gates. Of `envelope` it uses parsers, hashes and signatures only; who is a member, what a duty forbids, which epoch
//! there was and who may have signed is worked out here a second time, from the signed documents as they stand in the database. What it
//! cannot see is what is sealed (docs/adr/0022).

mod cases;
mod duties;
mod keys;
mod papers;
mod rows;
mod seals;
mod violation;

use platform::database::DatabaseError;
use sea_orm::ConnectionTrait;

pub use violation::{Violation, Where};

/// What is verified.
#[derive(Debug)]
pub struct Source<'a, C> {
    /// Everything but the wraps.
    pub data: &'a C,
    /// The wraps: the same database, or the other file of a backup. `None` when they may not be used any more.
    pub wraps: Option<&'a C>,
}

// Derived, these would ask that a connection can be copied.
impl<C> Clone for Source<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Source<'_, C> {}

/// A database in which all holds, in numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Whether wraps were at hand: an old backup gives none.
    pub has_wraps: bool,
    /// Certificates, those that others followed included.
    pub certificates: u64,
    /// Statements.
    pub statements: u64,
    /// Epochs.
    pub epochs: u64,
    /// Sealed copies of epoch keys.
    pub epoch_wraps: u64,
    /// Reports.
    pub reports: u64,
    /// Items that were verified, each with its signature.
    pub items: u64,
    /// Items whose wraps are being erased: they are not verified.
    pub without_wraps: u64,
    /// Items that are not verified because no wraps are at hand: without them nobody can say what their authors signed.
    pub unverified: u64,
    /// Items of a channel that their centre is not certified for any more: its paper opens them, and nobody else has to.
    pub paper_alone: u64,
    /// Items of an epoch whose first readers have all left, while others read its channel now: its paper opens them, and nobody else has to.
    pub readers_left: u64,
    /// Cases that were shredded.
    pub shredded: u64,
}

/// Why verifying stopped.
#[derive(Debug, thiserror::Error)]
pub enum Unverified {
    /// Something must not be as it is.
    #[error(transparent)]
    Violation(#[from] Violation),
    /// The database failed, or lacks a table.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

impl From<sea_orm::DbErr> for Unverified {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Database(error.into())
    }
}

/// Replays everything: root, certificates and statements; then epochs and for whom they are sealed; then reports, items and tombstones. Both
/// sides of `source` must see one moment.
///
/// # Errors
/// [`Unverified`], with the first violation.
pub async fn verify<C: ConnectionTrait>(source: Source<'_, C>) -> Result<Verified, Unverified> {
    let mut seen = Verified { has_wraps: source.wraps.is_some(), ..Verified::default() };
    let papers = papers::replay(source.data, &mut seen).await?;
    let sealed = seals::check(source, &papers, &mut seen).await?;
    cases::check(source, &papers, sealed.as_ref(), &mut seen).await?;
    Ok(seen)
}
