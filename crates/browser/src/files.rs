//! Files that go with a report or a message: cleaned, sealed and signed part by part, and opened part by part (protocol sections 5
//! and 12.8). They live in workers of their own (`web/src/file-worker.ts`, `console-worker.ts`), never beside a code or an
//! operator's keys.
//!
//! Invariant: whatever the length of a file, a few parts of it are in memory. The key of a file leaves its handle inside the entry
//! that the report seals: it opens that one file, which the page has anyway.

#[cfg(feature = "console")]
use envelope::content::FileEntry;
use envelope::content::Track;
use envelope::ids::FileId;
use envelope::sizes::FILE_CHUNK_LENGTH;
use envelope::work::subject_of_file;
#[cfg(feature = "console")]
use keyring::file::FileOpener;
use keyring::file::{FileSealer, UploadKey};
use media::{Cleaner, KIND_LENGTH, Kind, Survey, Unreadable};
use rand_core::OsRng;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::refusal::Refused;

/// Not one of the pictures that can be cleaned.
const UNREADABLE: Refused = Refused::MALFORMED;

/// One file on its way: read once to see whether and how it can be cleaned, then again to seal it.
#[wasm_bindgen]
pub struct FileToSend {
    name: String,
    media_type: String,
    length: u64,
    looking: Option<Looking>,
    found: Option<Survey>,
    sealing: Option<Sealing>,
}

/// The first reading.
enum Looking {
    /// Too few bytes to know the kind.
    Begun(Vec<u8>),
    Of(Cleaner),
}

/// The second reading.
struct Sealing {
    upload: UploadKey,
    cleaner: Option<Cleaner>,
    sealer: FileSealer,
    /// Sealed bytes that are no whole chunk yet.
    ready: Vec<u8>,
    /// Number of the next chunk.
    next: u32,
    has_ended: bool,
    is_exhausted: bool,
}

#[wasm_bindgen]
impl FileToSend {
    /// A file of so many bytes, with what the device says about it.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(name: &str, media_type: &str, length: f64) -> Self {
        // Control characters have no place in a name that people read; a media type with one is none.
        let name = name.chars().map(|sign| if sign.is_control() { ' ' } else { sign }).collect();
        let is_type = media_type.len() <= 127 && !media_type.chars().any(char::is_control);
        let media_type = if is_type { media_type.to_owned() } else { String::new() };
        let looking = Some(Looking::Begun(Vec::new()));
        Self { name, media_type, length: whole(length), looking, found: None, sealing: None }
    }

    /// Takes the next part of the first reading.
    ///
    /// # Errors
    /// `malformed` for what is no picture that can be cleaned.
    pub fn survey(&mut self, part: &[u8]) -> Result<(), Refused> {
        let looking = match self.looking.take() {
            None => return Err(Refused::UNKNOWN),
            Some(Looking::Of(cleaner)) => take_part(cleaner, part)?,
            Some(Looking::Begun(mut first)) => {
                first.extend_from_slice(part);
                if first.len() < KIND_LENGTH {
                    Looking::Begun(first)
                } else {
                    let kind = Kind::of(&first).ok_or(UNREADABLE)?;
                    take_part(Cleaner::survey(kind), &first)?
                }
            }
        };
        self.looking = Some(looking);
        Ok(())
    }

    /// The first reading is over: bytes of the clean picture.
    ///
    /// # Errors
    /// `malformed` for what is no picture that can be cleaned.
    #[expect(clippy::cast_precision_loss, reason = "a file has far fewer than 2^53 bytes")]
    pub fn surveyed(&mut self) -> Result<f64, Refused> {
        let Some(Looking::Of(cleaner)) = self.looking.take() else { return Err(UNREADABLE) };
        let found = cleaner.finish().map_err(|Unreadable| UNREADABLE)?;
        self.found = Some(found);
        Ok(found.length() as f64)
    }

    /// The media type that will be told: of a clean picture by its content, otherwise what the device says.
    #[must_use]
    pub fn media_type(&self) -> String {
        self.found.map_or_else(|| self.media_type.clone(), |found| found.kind().media_type().to_owned())
    }

    /// Makes the keys of the file and begins the second reading; `clean` needs the first one.
    ///
    /// # Errors
    /// `size` for more than 50 MiB, `unknown` for a name that is too long, or without a first reading.
    pub fn begin(&mut self, clean: bool) -> Result<(), Refused> {
        let upload = UploadKey::generate(&mut OsRng)?;
        let found = if clean { Some(self.found.ok_or(Refused::UNKNOWN)?) } else { None };
        let (track, length, media_type) = match &found {
            Some(found) => (Track::Clean, found.length(), found.kind().media_type()),
            None => (Track::Original, self.length, self.media_type.as_str()),
        };
        let sealer = FileSealer::new(length, track, &self.name, media_type, &upload, &mut OsRng)?;
        self.sealing = Some(Sealing {
            upload,
            cleaner: found.as_ref().map(Cleaner::of),
            sealer,
            ready: Vec::new(),
            next: 0,
            has_ended: false,
            is_exhausted: false,
        });
        Ok(())
    }

    /// The file's id, as it stands in addresses.
    ///
    /// # Errors
    /// `unknown` before [`FileToSend::begin`].
    pub fn id(&self) -> Result<String, Refused> {
        Ok(self.file()?.to_string())
    }

    /// What the work for the first chunk is bound to.
    ///
    /// # Errors
    /// `unknown` before [`FileToSend::begin`].
    pub fn subject(&self) -> Result<Vec<u8>, Refused> {
        Ok(subject_of_file(self.file()?.as_bytes()).to_vec())
    }

    /// How many chunks it has.
    ///
    /// # Errors
    /// `unknown` before [`FileToSend::begin`].
    pub fn count(&self) -> Result<u32, Refused> {
        Ok(self.sealing.as_ref().ok_or(Refused::UNKNOWN)?.sealer.chunks())
    }

    /// Takes the next part of the second reading.
    ///
    /// # Errors
    /// `malformed` when the file is not the one that was read before, `unknown` before [`FileToSend::begin`].
    pub fn push(&mut self, part: &[u8]) -> Result<(), Refused> {
        let sealing = self.sealing.as_mut().ok_or(Refused::UNKNOWN)?;
        let sealed = match &mut sealing.cleaner {
            None => sealing.sealer.push(part)?,
            Some(cleaner) => {
                let mut clean = Vec::with_capacity(part.len());
                cleaner.push(part, &mut clean).map_err(|Unreadable| UNREADABLE)?;
                sealing.sealer.push(&clean)?
            }
        };
        sealing.ready.extend_from_slice(&sealed);
        Ok(())
    }

    /// The second reading is over.
    ///
    /// # Errors
    /// `malformed` when the file is not the one that was read before, `unknown` before [`FileToSend::begin`].
    pub fn end(&mut self) -> Result<(), Refused> {
        let sealing = self.sealing.as_mut().ok_or(Refused::UNKNOWN)?;
        if let Some(cleaner) = sealing.cleaner.take() {
            cleaner.finish().map_err(|Unreadable| UNREADABLE)?;
        }
        sealing.has_ended = true;
        Ok(())
    }

    /// The next request to post, once enough of the file was pushed.
    ///
    /// # Errors
    /// `unknown` before [`FileToSend::begin`], or when the file ended too early.
    #[expect(
        clippy::should_implement_trait,
        reason = "a page asks for it; there is nothing to iterate in JavaScript"
    )]
    pub fn next(&mut self) -> Result<Option<Vec<u8>>, Refused> {
        let sealing = self.sealing.as_mut().ok_or(Refused::UNKNOWN)?;
        while sealing.has_ended && !sealing.is_exhausted && sealing.ready.len() < FILE_CHUNK_LENGTH {
            match sealing.sealer.rest()? {
                Some(rest) => sealing.ready.extend_from_slice(&rest),
                None => sealing.is_exhausted = true,
            }
        }
        let length = sealing.ready.len().min(FILE_CHUNK_LENGTH);
        if length == 0 || (length < FILE_CHUNK_LENGTH && !sealing.is_exhausted) {
            return Ok(None);
        }
        let chunk: Vec<u8> = sealing.ready.drain(..length).collect();
        let request = sealing.upload.chunk_request(sealing.next, sealing.sealer.chunks(), &chunk);
        sealing.next += 1;
        Ok(Some(request))
    }

    /// The place of the request given last.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.sealing.as_ref().map_or(0, |sealing| sealing.next.saturating_sub(1))
    }

    /// Whether every request was given.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.sealing.as_ref().is_some_and(|sealing| sealing.is_exhausted && sealing.ready.is_empty())
    }

    /// The request that asks which chunks are kept.
    ///
    /// # Errors
    /// `unknown` before [`FileToSend::begin`].
    pub fn status(&self) -> Result<Vec<u8>, Refused> {
        Ok(self.sealing.as_ref().ok_or(Refused::UNKNOWN)?.upload.status_request())
    }

    /// What the report has to say about it, as JSON; after that the file is forgotten.
    ///
    /// # Errors
    /// `unknown` before every request was given.
    pub fn entry(&mut self) -> Result<String, Refused> {
        let sealing = self.sealing.take().ok_or(Refused::UNKNOWN)?;
        let entry = sealing.sealer.finish()?;
        serde_json::to_string(&entry).map_err(|_| Refused::UNKNOWN)
    }

    fn file(&self) -> Result<FileId, Refused> {
        Ok(self.sealing.as_ref().ok_or(Refused::UNKNOWN)?.upload.file())
    }
}

fn take_part(mut cleaner: Cleaner, part: &[u8]) -> Result<Looking, Refused> {
    // What stays is written again in the second reading.
    let mut out = Vec::with_capacity(part.len());
    cleaner.push(part, &mut out).map_err(|Unreadable| UNREADABLE)?;
    Ok(Looking::Of(cleaner))
}

/// A number of bytes as JavaScript gives it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and what is too long is refused"
)]
const fn whole(length: f64) -> u64 {
    length as u64
}

/// One file of an opened report or message.
#[cfg(feature = "console")]
#[wasm_bindgen]
pub struct FileToOpen {
    opener: FileOpener,
    count: u32,
}

#[cfg(feature = "console")]
#[wasm_bindgen]
impl FileToOpen {
    /// The file of an entry, as JSON.
    ///
    /// # Errors
    /// `malformed`.
    #[wasm_bindgen(constructor)]
    pub fn new(entry: &str) -> Result<Self, Refused> {
        let entry: FileEntry = serde_json::from_str(entry).map_err(|_| Refused::MALFORMED)?;
        let chunks = entry.sealed_length.div_ceil(FILE_CHUNK_LENGTH as u64);
        let count = u32::try_from(chunks).map_err(|_| Refused::MALFORMED)?;
        Ok(Self { opener: FileOpener::new(&entry)?, count })
    }

    /// How many chunks to fetch.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count
    }

    /// Takes the next chunk; gives what of the file is ready.
    ///
    /// # Errors
    /// `malformed` for a file that was altered, is another one, or is too long.
    pub fn push(&mut self, chunk: &[u8]) -> Result<Vec<u8>, Refused> {
        Ok(self.opener.push(chunk)?.to_vec())
    }

    /// The end of the file, once the whole was compared with what was sent.
    ///
    /// # Errors
    /// `malformed` for a file that is not the one that was sent, or not all of it.
    pub fn end(self) -> Result<Vec<u8>, Refused> {
        Ok(self.opener.finish()?.to_vec())
    }
}

#[cfg(all(test, feature = "console"))]
mod tests {
    use envelope::file::ChunkRequest;

    use super::*;

    /// What `web/src/file-worker.ts` does, with parts of this length.
    fn send(file: &[u8], clean: bool, part: usize) -> Result<(FileToSend, Vec<Vec<u8>>), Refused> {
        #[expect(clippy::cast_precision_loss, reason = "a short file")]
        let mut sending = FileToSend::new("IMG\n1.jpg", "image/jpeg", file.len() as f64);
        if clean {
            for part in file.chunks(part) {
                sending.survey(part)?;
            }
            sending.surveyed()?;
        }
        sending.begin(clean)?;
        let (mut parts, mut bodies) = (file.chunks(part), Vec::new());
        loop {
            match sending.next()? {
                Some(body) => bodies.push(body),
                None if sending.is_done() => return Ok((sending, bodies)),
                None => match parts.next() {
                    Some(part) => sending.push(part)?,
                    None => sending.end()?,
                },
            }
        }
    }

    fn open(sending: &mut FileToSend, bodies: &[Vec<u8>]) -> Result<Vec<u8>, Refused> {
        let id = sending.file()?;
        let mut opening = FileToOpen::new(&sending.entry()?)?;
        assert_eq!(opening.count() as usize, bodies.len());
        let mut file = Vec::new();
        for (number, body) in (0..).zip(bodies) {
            let chunk = ChunkRequest::parse(body, &id, number).map_err(|_| Refused::MALFORMED)?;
            file.extend(opening.push(chunk.chunk())?);
        }
        file.extend(opening.end()?);
        Ok(file)
    }

    #[test]
    fn what_is_sent_is_what_is_opened_whatever_the_parts() {
        for length in [1, 300, 262_144, 700_001] {
            let file: Vec<u8> = (0..=u8::MAX).cycle().take(length).collect();
            for part in [1_000, 262_144] {
                let (mut sending, bodies) = send(&file, false, part).unwrap();
                assert!(open(&mut sending, &bodies).unwrap() == file, "{length} bytes in parts of {part}");
            }
        }
    }

    #[test]
    fn a_picture_is_cleaned_on_the_way() {
        // The smallest JPEG with a comment in it: tables are not looked into.
        let dirty = b"\xff\xd8\xff\xfe\0\x08CANARY\xff\xc0\0\x02\xff\xda\0\x02\x11\x22\xff\xd9film";
        for part in [1, 7, 100] {
            let (mut sending, bodies) = send(dirty, true, part).unwrap();
            assert_eq!(sending.media_type(), "image/jpeg");
            let clean = open(&mut sending, &bodies).unwrap();
            assert_eq!(clean, b"\xff\xd8\xff\xc0\0\x02\xff\xda\0\x02\x11\x22\xff\xd9");
        }
    }

    #[test]
    fn what_cannot_be_cleaned_is_never_passed_as_clean() {
        assert_eq!(send(b"%PDF-1.7 and so on", true, 5).map(drop), Err(Refused::MALFORMED));
        assert_eq!(send(b"\xff\xd8\xff", true, 5).map(drop), Err(Refused::MALFORMED));
        let mut sending = FileToSend::new("a", "", 3.0);
        assert_eq!(sending.begin(true), Err(Refused::UNKNOWN), "without a first reading");
    }

    #[test]
    fn another_file_in_the_second_reading_is_refused() {
        let mut sending = FileToSend::new("a", "", 4.0);
        sending.begin(false).unwrap();
        sending.push(b"abc").unwrap();
        sending.end().unwrap();
        assert_eq!(sending.next(), Err(Refused::UNKNOWN), "a byte is missing");
        let mut sending = FileToSend::new("a", "", 2.0);
        sending.begin(false).unwrap();
        assert_eq!(sending.push(b"abc"), Err(Refused::UNKNOWN), "a byte more");
    }

    #[test]
    fn too_long_a_file_is_refused_before_it_is_read() {
        let mut sending = FileToSend::new("a", "", 52_428_801.0);
        assert_eq!(sending.begin(false), Err(Refused::SIZE));
    }
}
