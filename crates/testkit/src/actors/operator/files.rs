//! The files of a report, fetched and opened in her browser.

use envelope::content::FileEntry;
use envelope::ids::CaseId;
use envelope::sizes::FILE_CHUNK_LENGTH;
use keyring::file::FileOpener;

use super::Operator;
use crate::Answer;

impl Operator {
    /// Asks for one sealed chunk.
    pub async fn fetch_chunk(&self, case: CaseId, entry: &FileEntry, number: u64) -> Answer {
        self.client.fetch(&format!("/console/reports/{case}/files/{}/{number}", entry.file)).await
    }

    /// Fetches a whole file and opens it.
    ///
    /// # Errors
    /// The server's answer, when one is not 200.
    pub async fn fetch_file(&self, case: CaseId, entry: &FileEntry) -> Result<Vec<u8>, Answer> {
        let mut sealed = Vec::new();
        for number in 0..entry.sealed_length.div_ceil(FILE_CHUNK_LENGTH as u64) {
            let answer = self.fetch_chunk(case, entry, number).await;
            if answer.status.as_u16() != 200 {
                return Err(answer);
            }
            sealed.push(answer.body);
        }
        let mut opener = FileOpener::new(entry).expect("an entry within its limits");
        let mut plaintext = Vec::new();
        for part in &sealed {
            plaintext.extend_from_slice(&opener.push(part).expect("sealed bytes of this file"));
        }
        plaintext.extend_from_slice(&opener.finish().expect("a whole file"));
        Ok(plaintext)
    }
}
