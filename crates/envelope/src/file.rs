//! Uploads of sealed files, chunk by chunk (protocol section 12.8). A file has an upload key of its own: whoever holds it, and
//! nobody else, adds to the file and asks what is kept of it.
//!
//! ```text
//! chunk:  key 32 ‖ u32 count ‖ signature 64 ‖ chunk (1 to 262,144 bytes)
//! status: key 32 ‖ signature 64
//! ```

use crate::encoding::{Hash, Malformed, Reader};
use crate::ids::FileId;
use crate::refusal::FileRefusal;
use crate::signature::{PublicKey, Signature, SignedType};
use crate::sizes::{FILE_CHUNK_LENGTH, MOST_FILE_CHUNKS, SIGNATURE_LENGTH};

/// Bytes of a chunk's request before the chunk.
pub const CHUNK_OVERHEAD: usize = 32 + 4 + SIGNATURE_LENGTH;
/// Bytes of a status request.
pub const STATUS_LENGTH: usize = 32 + SIGNATURE_LENGTH;

/// What the signature of a chunk covers: `file 16 ‖ u32 number ‖ u32 count ‖ SHA-256 of the chunk`.
#[must_use]
pub fn chunk_payload(file: &FileId, number: u32, count: u32, chunk: &Hash) -> Vec<u8> {
    [file.as_bytes().as_slice(), &number.to_le_bytes(), &count.to_le_bytes(), chunk.as_bytes()].concat()
}

/// One uploaded chunk: well formed, and signed by the key of its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkRequest<'a> {
    count: u32,
    chunk: &'a [u8],
    hash: Hash,
}

impl<'a> ChunkRequest<'a> {
    /// Reads a chunk that was posted for this place, and verifies its key and signature. Total.
    ///
    /// # Errors
    /// [`FileRefusal::Malformed`] for another form: a count of 0 or above [`MOST_FILE_CHUNKS`], a number outside of it, an empty
    /// chunk, or one that is not full although others follow; [`FileRefusal::Key`] when the file is not the key's,
    /// [`FileRefusal::Signature`].
    pub fn parse(bytes: &'a [u8], file: &FileId, number: u32) -> Result<Self, FileRefusal> {
        let (key, count, signature, chunk) = read_chunk(bytes).map_err(|Malformed| FileRefusal::Malformed)?;
        let is_last = number.checked_add(1) == Some(count);
        let is_of_length = if is_last {
            (1..=FILE_CHUNK_LENGTH).contains(&chunk.len())
        } else {
            chunk.len() == FILE_CHUNK_LENGTH
        };
        if number >= count || count > MOST_FILE_CHUNKS || !is_of_length {
            return Err(FileRefusal::Malformed);
        }
        if FileId::of_upload_key(&key) != *file {
            return Err(FileRefusal::Key);
        }
        let hash = Hash::of(chunk);
        if !key.verifies(SignedType::FileChunk, &chunk_payload(file, number, count, &hash), &signature) {
            return Err(FileRefusal::Signature);
        }
        Ok(Self { count, chunk, hash })
    }

    /// How many chunks the file has.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The sealed bytes.
    #[must_use]
    pub fn chunk(&self) -> &'a [u8] {
        self.chunk
    }

    /// SHA-256 of the sealed bytes.
    #[must_use]
    pub fn hash(&self) -> Hash {
        self.hash
    }
}

fn read_chunk(bytes: &[u8]) -> Result<(PublicKey, u32, Signature, &[u8]), Malformed> {
    let mut reader = Reader::new(bytes);
    let key = PublicKey::from_bytes(&reader.array()?)?;
    let count = reader.u32()?;
    let signature = Signature::from_bytes(reader.array()?);
    Ok((key, count, signature, reader.rest()))
}

/// Verifies the question which chunks of a file are kept. Total.
///
/// # Errors
/// [`FileRefusal::Malformed`], [`FileRefusal::Key`] when the file is not the key's, [`FileRefusal::Signature`].
pub fn verify_status(bytes: &[u8], file: &FileId) -> Result<(), FileRefusal> {
    let (key, signature) = read_status(bytes).map_err(|Malformed| FileRefusal::Malformed)?;
    if FileId::of_upload_key(&key) != *file {
        return Err(FileRefusal::Key);
    }
    if key.verifies(SignedType::FileStatus, file.as_bytes(), &signature) {
        Ok(())
    } else {
        Err(FileRefusal::Signature)
    }
}

fn read_status(bytes: &[u8]) -> Result<(PublicKey, Signature), Malformed> {
    if bytes.len() != STATUS_LENGTH {
        return Err(Malformed);
    }
    let mut reader = Reader::new(bytes);
    Ok((PublicKey::from_bytes(&reader.array()?)?, Signature::from_bytes(reader.array()?)))
}
