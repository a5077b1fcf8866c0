//! Files (protocol sections 5 and 12.8): each an ordinary age v1 file for a key of its own, sealed and opened as a stream, so that a
//! file of any length takes the same memory. The key lies in the item that the file belongs to: whoever destroys that item's wraps
//! destroys the file.
//!
//! The plaintext is the file and zero bytes after it, so many that the sealed file has a length of [`envelope::sizes::padme`]. The
//! true length is in the item; after the stock command a centre cuts the rest off.

use std::cell::RefCell;
use std::io::{BufReader, Read, Write};
use std::iter;
use std::rc::Rc;

use age::stream::{StreamReader, StreamWriter};
use age::{Decryptor, Encryptor};
use envelope::content::{FileEntry, Track};
use envelope::encoding::Hash;
use envelope::file::{CHUNK_OVERHEAD, chunk_payload};
use envelope::ids::FileId;
use envelope::sealed_file;
use envelope::signature::SignedType;
use envelope::sizes::{FILE_CHUNK_LENGTH, LONGEST_FILE, padme};
use rand_core::CryptoRngCore;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::age_file::LONGEST_HEADER;
use crate::identity::Identity;
use crate::refusal::{OpenRefusal, SealRefusal, SecretRefusal};
use crate::signing::SigningKey;

/// Bytes of age's nonce after its header.
const NONCE: u64 = 16;
/// Bytes of plaintext in a chunk of age's stream, and of the tag after each.
const STREAM_CHUNK: u64 = 65_536;
const TAG: u64 = 16;
/// Zero bytes that are sealed at once: as much as an upload's chunk.
const PADDING_STEP: u64 = FILE_CHUNK_LENGTH as u64;
/// How many headers are drawn before giving up: one in 4,000 cannot be padded to the length wanted.
const MOST_HEADERS: usize = 64;
/// Bytes by which a header is complete: the longest and the nonce, with room to spare.
const HEADER_ROOM: usize = 4_096;

/// Bytes of a file of `length` bytes when it is sealed: the same for all lengths near it.
#[must_use]
pub fn sealed_length(length: u64) -> u64 {
    let chunks = length.div_ceil(STREAM_CHUNK).max(1);
    padme(LONGEST_HEADER as u64 + NONCE + length + TAG * chunks)
}

/// Bytes of plaintext that make a file of exactly `total` bytes after what is written already (header and nonce); `None` when no
/// number does, because the last chunk would have to be empty.
fn plaintext_length(total: u64, written: u64) -> Option<u64> {
    let rest = total.checked_sub(written)?;
    let chunks = rest.div_ceil(STREAM_CHUNK + TAG).max(1);
    let plaintext = rest.checked_sub(TAG * chunks)?;
    (chunks == 1 || plaintext > STREAM_CHUNK * (chunks - 1)).then_some(plaintext)
}

/// The key that uploads one file. Wiped when dropped.
#[derive(Clone)]
pub struct UploadKey(SigningKey);

impl UploadKey {
    /// A new key of 32 bytes of `rng`.
    ///
    /// # Errors
    /// [`SecretRefusal::Malformed`] never for a working generator.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Result<Self, SecretRefusal> {
        SigningKey::generate(rng).map(Self)
    }

    /// The key of a seed of 32 bytes.
    ///
    /// # Errors
    /// [`SecretRefusal::Malformed`] never for a seed.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, SecretRefusal> {
        SigningKey::from_seed(seed).map(Self)
    }

    /// The file that it uploads.
    #[must_use]
    pub fn file(&self) -> FileId {
        FileId::of_upload_key(&self.0.public())
    }

    /// The body of `POST /files/{file}/{number}`: `key 32 ‖ u32 count ‖ signature 64 ‖ chunk`.
    #[must_use]
    pub fn chunk_request(&self, number: u32, count: u32, chunk: &[u8]) -> Vec<u8> {
        let payload = chunk_payload(&self.file(), number, count, &Hash::of(chunk));
        let signature = self.0.sign(SignedType::FileChunk, &payload);
        let mut bytes = Vec::with_capacity(CHUNK_OVERHEAD + chunk.len());
        bytes.extend_from_slice(self.0.public().as_bytes());
        bytes.extend_from_slice(&count.to_le_bytes());
        bytes.extend_from_slice(signature.as_bytes());
        bytes.extend_from_slice(chunk);
        bytes
    }

    /// The body of `POST /files/{file}/status`: `key 32 ‖ signature 64`.
    #[must_use]
    pub fn status_request(&self) -> Vec<u8> {
        let signature = self.0.sign(SignedType::FileStatus, self.file().as_bytes());
        [self.0.public().as_bytes().as_slice(), signature.as_bytes()].concat()
    }
}

/// What `age` has written and nobody has taken yet.
#[derive(Clone, Default)]
struct Sink(Rc<RefCell<Vec<u8>>>);

impl Sink {
    fn take(&self) -> Vec<u8> {
        core::mem::take(&mut *self.0.borrow_mut())
    }
}

impl Write for Sink {
    fn write(&mut self, part: &[u8]) -> std::io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(part);
        Ok(part.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Seals one file as a stream: [`FileSealer::push`] the plaintext in parts of any size, then [`FileSealer::rest`] until it gives
/// nothing more, then [`FileSealer::finish`]. All that `push` and `rest` give, laid end to end, is the sealed file. Memory: the part
/// pushed, and two chunks of 64 KiB.
pub struct FileSealer {
    writer: Option<StreamWriter<Sink>>,
    sink: Sink,
    hasher: Sha256,
    sealed: u64,
    to_come: u64,
    padding: u64,
    entry: FileEntry,
}

impl FileSealer {
    /// Begins a file of exactly `length` bytes, with a fresh key of `rng`.
    ///
    /// # Errors
    /// [`SealRefusal::TooLong`] for more than [`LONGEST_FILE`] bytes, [`SealRefusal::Place`] for a name or media type that is too long
    /// or has control characters.
    pub fn new(
        length: u64,
        track: Track,
        name: &str,
        media_type: &str,
        upload: &UploadKey,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Self, SealRefusal> {
        if length > LONGEST_FILE {
            return Err(SealRefusal::TooLong);
        }
        let key = Identity::generate(rng).map_err(|_| SealRefusal::Internal)?;
        let total = sealed_length(length);
        let (writer, sink, plaintext) = begin(&key, total)?;
        let entry = FileEntry {
            file: upload.file(),
            secret: key.to_secret_string().expose_secret().to_owned(),
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            track,
            length,
            sealed_length: total,
            sealed_hash: Hash::from_bytes([0; 32]),
        };
        if !entry.is_consistent() {
            return Err(SealRefusal::Place);
        }
        Ok(Self {
            writer: Some(writer),
            sink,
            hasher: Sha256::new(),
            sealed: 0,
            to_come: length,
            padding: plaintext.checked_sub(length).ok_or(SealRefusal::Internal)?,
            entry,
        })
    }

    /// Bytes of the whole sealed file.
    #[must_use]
    pub fn sealed_length(&self) -> u64 {
        self.entry.sealed_length
    }

    /// Chunks of the upload.
    #[must_use]
    pub fn chunks(&self) -> u32 {
        u32::try_from(self.entry.sealed_length.div_ceil(FILE_CHUNK_LENGTH as u64)).unwrap_or(u32::MAX)
    }

    /// Seals a part of the plaintext; returns the sealed bytes that are ready, possibly none.
    ///
    /// # Errors
    /// [`SealRefusal::Place`] for more bytes than were announced.
    pub fn push(&mut self, plaintext: &[u8]) -> Result<Vec<u8>, SealRefusal> {
        self.to_come = self.to_come.checked_sub(plaintext.len() as u64).ok_or(SealRefusal::Place)?;
        self.write(plaintext)
    }

    /// The rest of the sealed file after the last part, in steps: `None` when there is nothing more.
    ///
    /// # Errors
    /// [`SealRefusal::Place`] when plaintext that was announced is still to come.
    pub fn rest(&mut self) -> Result<Option<Vec<u8>>, SealRefusal> {
        if self.to_come > 0 {
            return Err(SealRefusal::Place);
        }
        if self.writer.is_none() {
            return Ok(None);
        }
        if self.padding > 0 {
            let step = self.padding.min(PADDING_STEP);
            self.padding -= step;
            let zeros = vec![0; usize::try_from(step).map_err(|_| SealRefusal::Internal)?];
            return self.write(&zeros).map(Some);
        }
        let writer = self.writer.take().ok_or(SealRefusal::Internal)?;
        writer.finish().map_err(|_| SealRefusal::Internal)?;
        Ok(Some(self.drain()))
    }

    /// What goes into the report or message that the file belongs to.
    ///
    /// # Errors
    /// [`SealRefusal::Place`] before [`FileSealer::rest`] has given everything.
    pub fn finish(self) -> Result<FileEntry, SealRefusal> {
        if self.writer.is_some() {
            return Err(SealRefusal::Place);
        }
        if self.sealed != self.entry.sealed_length {
            return Err(SealRefusal::Internal);
        }
        let sealed_hash = Hash::from_bytes(self.hasher.finalize().into());
        Ok(FileEntry { sealed_hash, ..self.entry })
    }

    fn write(&mut self, plaintext: &[u8]) -> Result<Vec<u8>, SealRefusal> {
        let writer = self.writer.as_mut().ok_or(SealRefusal::Place)?;
        writer.write_all(plaintext).map_err(|_| SealRefusal::Internal)?;
        Ok(self.drain())
    }

    fn drain(&mut self) -> Vec<u8> {
        let sealed = self.sink.take();
        self.hasher.update(&sealed);
        self.sealed = self.sealed.saturating_add(sealed.len() as u64);
        sealed
    }
}

/// Writes the header; says how long the plaintext must be. The grease in a header is random: another is drawn where one cannot be
/// padded to the length wanted.
fn begin(key: &Identity, total: u64) -> Result<(StreamWriter<Sink>, Sink, u64), SealRefusal> {
    let recipient: age::x25519::Recipient =
        key.recipient().as_str().parse().map_err(|_| SealRefusal::Internal)?;
    for _ in 0..MOST_HEADERS {
        let encryptor = Encryptor::with_recipients(iter::once(&recipient as &dyn age::Recipient))
            .map_err(|_| SealRefusal::Internal)?;
        let sink = Sink::default();
        let writer = encryptor.wrap_output(sink.clone()).map_err(|_| SealRefusal::Internal)?;
        let written = sink.0.borrow().len() as u64;
        if let Some(plaintext) = plaintext_length(total, written) {
            return Ok((writer, sink, plaintext));
        }
    }
    Err(SealRefusal::Internal)
}

/// What was pushed and not read yet; says "not now" instead of "the end" until it is closed.
#[derive(Clone, Default)]
struct Source(Rc<RefCell<Pending>>);

#[derive(Default)]
struct Pending {
    bytes: Vec<u8>,
    read: usize,
    is_closed: bool,
}

impl Source {
    fn push(&self, part: &[u8]) {
        let mut pending = self.0.borrow_mut();
        let read = core::mem::take(&mut pending.read);
        pending.bytes.drain(..read);
        pending.bytes.extend_from_slice(part);
    }

    fn len(&self) -> usize {
        self.0.borrow().bytes.len()
    }
}

impl Read for Source {
    fn read(&mut self, target: &mut [u8]) -> std::io::Result<usize> {
        let mut pending = self.0.borrow_mut();
        let left = pending.bytes.get(pending.read..).unwrap_or_default();
        if left.is_empty() && !pending.is_closed {
            return Err(std::io::ErrorKind::WouldBlock.into());
        }
        let count = left.len().min(target.len());
        for (target, byte) in target.iter_mut().zip(left) {
            *target = *byte;
        }
        pending.read += count;
        Ok(count)
    }
}

/// Opens one file as a stream: [`FileOpener::push`] the sealed bytes in parts of any size, in order, then [`FileOpener::finish`].
/// What both give, laid end to end, is the file, cut at its true length. Every 64 KiB are authentic when they are given; that nothing
/// is missing at the end is known only when `finish` has not refused.
pub struct FileOpener {
    source: Source,
    reader: Option<StreamReader<BufReader<Source>>>,
    key: Identity,
    hasher: Sha256,
    taken: u64,
    left: u64,
    entry: FileEntry,
}

impl FileOpener {
    /// Begins with the entry of an opened report or message.
    ///
    /// # Errors
    /// [`OpenRefusal::Malformed`] for an entry outside its limits.
    pub fn new(entry: &FileEntry) -> Result<Self, OpenRefusal> {
        let key = Identity::parse(&entry.secret).map_err(|_| OpenRefusal::Malformed)?;
        if !entry.is_consistent() {
            return Err(OpenRefusal::Malformed);
        }
        Ok(Self {
            source: Source::default(),
            reader: None,
            key,
            hasher: Sha256::new(),
            taken: 0,
            left: entry.length,
            entry: entry.clone(),
        })
    }

    /// Takes a part of the sealed file; returns the plaintext that is ready, possibly none.
    ///
    /// # Errors
    /// [`OpenRefusal::Malformed`] for more bytes than the entry says, or what is no age file; [`OpenRefusal::Suite`];
    /// [`OpenRefusal::Key`] for a file of another key, or one that was altered or put in another order.
    pub fn push(&mut self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenRefusal> {
        self.taken = self.taken.saturating_add(sealed.len() as u64);
        if self.taken > self.entry.sealed_length {
            return Err(OpenRefusal::Malformed);
        }
        self.hasher.update(sealed);
        self.source.push(sealed);
        if self.reader.is_none() && self.source.len() < HEADER_ROOM {
            return Ok(Zeroizing::default());
        }
        self.read()
    }

    /// The end of the file: the last of the plaintext.
    ///
    /// # Errors
    /// [`OpenRefusal::Malformed`] when sealed bytes are missing, the whole is another file than the entry names, or what follows the
    /// true length is not zero; otherwise as [`FileOpener::push`].
    pub fn finish(mut self) -> Result<Zeroizing<Vec<u8>>, OpenRefusal> {
        if self.taken != self.entry.sealed_length {
            return Err(OpenRefusal::Malformed);
        }
        self.source.0.borrow_mut().is_closed = true;
        let plaintext = self.read()?;
        let hash = Hash::from_bytes(self.hasher.finalize().into());
        if self.left == 0 && hash == self.entry.sealed_hash {
            Ok(plaintext)
        } else {
            Err(OpenRefusal::Malformed)
        }
    }

    fn read(&mut self) -> Result<Zeroizing<Vec<u8>>, OpenRefusal> {
        if self.reader.is_none() {
            sealed_file::check_suite(&self.source.0.borrow().bytes)?;
            let decryptor = Decryptor::new_buffered(BufReader::new(self.source.clone()))
                .map_err(|_| OpenRefusal::Malformed)?;
            let reader = decryptor
                .decrypt(iter::once(self.key.age() as &dyn age::Identity))
                .map_err(|_| OpenRefusal::Key)?;
            self.reader = Some(reader);
        }
        let reader = self.reader.as_mut().ok_or(OpenRefusal::Malformed)?;
        let mut part = Zeroizing::new(vec![0; 16_384]);
        let mut plaintext = Zeroizing::new(Vec::with_capacity(self.source.len()));
        loop {
            let count = match reader.read(&mut part) {
                Ok(0) => return Ok(plaintext),
                Ok(count) => count,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(plaintext),
                Err(_) => return Err(OpenRefusal::Key),
            };
            let mine = usize::try_from(self.left).unwrap_or(usize::MAX).min(count);
            self.left = self.left.saturating_sub(mine as u64);
            let read = part.get(..count).unwrap_or_default();
            let (content, padding) = read.split_at(mine);
            if padding.iter().any(|byte| *byte != 0) {
                return Err(OpenRefusal::Malformed);
            }
            plaintext.extend_from_slice(content);
        }
    }
}
