//! Drafts (protocol section 6): before the console locks, what an operator was writing is sealed to her own key.

use zeroize::Zeroizing;

use crate::age_file;
use crate::operator::OperatorIdentity;
use crate::refusal::{OpenRefusal, SealRefusal};

/// Seals a draft to its author alone.
///
/// # Errors
/// [`SealRefusal::Internal`].
pub fn seal(operator: &OperatorIdentity, draft: &[u8]) -> Result<Vec<u8>, SealRefusal> {
    age_file::seal(operator.recipient(), draft)
}

/// Opens a draft of one's own.
///
/// # Errors
/// [`OpenRefusal::Key`] for another person's, [`OpenRefusal::Malformed`], [`OpenRefusal::Suite`].
pub fn open(operator: &OperatorIdentity, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenRefusal> {
    age_file::open(operator.identity(), sealed)
}
