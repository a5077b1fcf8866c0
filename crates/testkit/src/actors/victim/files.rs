//! Her files: sealed for a key of their own, sent in chunks before the report or message that names them (protocol section 12.8).

use envelope::content::{FileEntry, Track};
use envelope::file::CHUNK_OVERHEAD;
use envelope::sizes::FILE_CHUNK_LENGTH;
use keyring::file::{FileSealer, UploadKey};
use keyring::item::ReportDraft;

use super::{Victim, draft};
use crate::Answer;

/// A file as her browser holds it between sealing and the report that names it.
#[derive(Clone)]
pub struct SealedFile {
    /// What goes into the report or message.
    pub entry: FileEntry,
    /// Signs the chunks.
    pub key: UploadKey,
    /// The sealed bytes, cut.
    pub chunks: Vec<Vec<u8>>,
}

impl SealedFile {
    /// How many chunks there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.chunks.len()).expect("few chunks")
    }

    /// Where a chunk is posted.
    #[must_use]
    pub fn path(&self, number: u32) -> String {
        format!("/files/{}/{number}", self.entry.file)
    }

    /// The body that posts a chunk.
    #[must_use]
    pub fn request(&self, number: u32) -> Vec<u8> {
        let chunk = &self.chunks[usize::try_from(number).expect("a small number")];
        let request = self.key.chunk_request(number, self.count(), chunk);
        assert!(request.len() <= CHUNK_OVERHEAD + FILE_CHUNK_LENGTH);
        request
    }
}

impl Victim {
    /// Seals a file as a stream, as the worker for files does.
    #[must_use]
    pub fn seal_file(&self, bytes: &[u8], name: &str) -> SealedFile {
        let mut random = self.random.clone();
        let key = UploadKey::generate(&mut random).expect("a key");
        let length = bytes.len() as u64;
        let mut sealing = FileSealer::new(length, Track::Clean, name, "image/jpeg", &key, &mut random)
            .expect("a file of a length that is allowed");
        let mut sealed = Vec::new();
        for part in bytes.chunks(FILE_CHUNK_LENGTH) {
            sealed.extend(sealing.push(part).expect("sealed bytes"));
        }
        while let Some(part) = sealing.rest().expect("sealed bytes") {
            sealed.extend(part);
        }
        let entry = sealing.finish().expect("a whole file");
        SealedFile { entry, key, chunks: sealed.chunks(FILE_CHUNK_LENGTH).map(<[u8]>::to_vec).collect() }
    }

    /// Posts one chunk.
    pub async fn send_chunk(&self, file: &SealedFile, number: u32) -> Answer {
        self.client.post(&file.path(number), file.request(number)).await
    }

    /// Posts a whole file.
    pub async fn send_file(&self, file: &SealedFile) {
        for number in 0..file.count() {
            let answer = self.send_chunk(file, number).await;
            assert_eq!(answer.verdict(), (201, String::new()), "chunk {number}");
        }
    }

    /// Asks which chunks are kept.
    pub async fn kept_chunks(&self, file: &SealedFile) -> Vec<u32> {
        let path = format!("/files/{}/status", file.entry.file);
        let answer = self.client.post(&path, file.key.status_request()).await;
        serde_json::from_value(answer.json()["chunks"].clone()).expect("numbers")
    }
}

/// A report with files.
#[must_use]
pub fn draft_with_files<'a>(text: &'a str, files: &[&SealedFile]) -> ReportDraft<'a> {
    ReportDraft { files: files.iter().map(|file| file.entry.clone()).collect(), ..draft(text) }
}
