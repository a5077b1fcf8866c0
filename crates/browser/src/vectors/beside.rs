//! What her browser posts beside frames, and sealed files (`requests.json`, `files.json`).

use envelope::burn::BurnRequest;
use envelope::content::FileEntry;
use envelope::encoding::{from_base64, to_base64};
use envelope::file::{ChunkRequest, verify_status};
use envelope::ids::FileId;
use envelope::mailbox::Nonce;
use envelope::refusal::FileRefusal;
use envelope::work::{Challenge, Solver, Token, subject_of_file};
use keyring::burn::seal_burn;
use keyring::file::{FileOpener, UploadKey, sealed_length};
use keyring::refusal::OpenRefusal;
use serde_json::{Value, json};

use super::{Report, bytes, list, receipt_of, text};

pub(super) fn requests(file: &Value, _: &Value, report: &mut Report) -> Option<()> {
    burn(file.get("burn")?, report)?;
    upload(file.get("upload")?, report)?;
    work(file.get("work")?, report)
}

fn burn(vector: &Value, report: &mut Report) -> Option<()> {
    let receipt = receipt_of(vector)?;
    let nonce = Nonce::from_slice(&bytes(vector, "nonce")?).ok()?;
    let request = bytes(vector, "request")?;
    report.expect(seal_burn(&receipt, &nonce, None).ok()? == request, || "burn: sealing".to_owned());
    let read = BurnRequest::parse(&request).ok()?;
    let holds = read.verify_signature().is_ok()
        && read.word().is_none()
        && json!(read.mailbox_id()) == vector["mailbox"];
    report.expect(holds, || "burn: reading".to_owned());
    Some(())
}

fn number(vector: &Value, name: &str) -> Option<u32> {
    u32::try_from(vector.get(name)?.as_u64()?).ok()
}

fn upload(vector: &Value, report: &mut Report) -> Option<()> {
    let seed: [u8; 32] = bytes(vector, "seed")?.try_into().ok()?;
    let key = UploadKey::from_seed(&seed).ok()?;
    let file = FileId::parse(text(vector, "file")?).ok()?;
    report.expect(key.file() == file, || "upload: id of the file".to_owned());
    for case in list(vector, "chunks")? {
        let (place, count, chunk) = (number(case, "number")?, number(case, "count")?, bytes(case, "chunk")?);
        let request = bytes(case, "request")?;
        let is_read = ChunkRequest::parse(&request, &file, place)
            .is_ok_and(|read| read.count() == count && read.chunk() == chunk);
        report.expect(is_read && key.chunk_request(place, count, &chunk) == request, || {
            format!("upload: chunk {place} of {count}")
        });
    }
    for case in list(vector, "refused")? {
        let refused = ChunkRequest::parse(&bytes(case, "request")?, &file, number(case, "number")?).err();
        report.expect(refused.map(FileRefusal::code) == text(case, "code"), || {
            format!("upload: {}", case["name"])
        });
    }
    let status = bytes(vector, "status")?;
    let holds = key.status_request() == status && verify_status(&status, &file).is_ok();
    report.expect(holds, || "upload: status".to_owned());
    Some(())
}

fn work(vector: &Value, report: &mut Report) -> Option<()> {
    let noise: [u8; 16] = bytes(vector, "noise")?.try_into().ok()?;
    let code: [u8; 32] = bytes(vector, "code")?.try_into().ok()?;
    let subject: [u8; 32] = bytes(vector, "subject")?.try_into().ok()?;
    let clear = Challenge::clear(vector["issued"].as_u64()?, number(vector, "tries")?, &noise);
    let challenge = Challenge::assemble(&clear, &code);
    report.expect(challenge.as_bytes().as_slice() == bytes(vector, "challenge")?, || "challenge".to_owned());
    let token = Solver::new(challenge, &subject).finish().to_header();
    report.expect(Some(token.as_str()) == text(vector, "token"), || "token: solving".to_owned());
    let read = Token::parse_header(text(vector, "token")?).ok()?;
    let holds = read.is_solved_for(&subject) && !read.is_solved_for(&[0; 32]);
    report.expect(holds, || "token: for its subject only".to_owned());
    let file = FileId::parse(text(vector, "file")?).ok()?;
    let subject = to_base64(&subject_of_file(file.as_bytes()));
    report.expect(Some(subject.as_str()) == text(vector, "file_subject"), || "subject of a file".to_owned());
    for case in list(vector, "refused")? {
        let challenge = from_base64(case.as_str()?).ok()?;
        report.expect(Challenge::parse(&challenge).is_err(), || "a challenge out of bounds".to_owned());
    }
    Some(())
}

fn open(entry: &FileEntry, sealed: &[u8], step: usize) -> Result<Vec<u8>, OpenRefusal> {
    let mut opener = FileOpener::new(entry)?;
    let mut file = Vec::new();
    for part in sealed.chunks(step) {
        file.extend_from_slice(&opener.push(part)?);
    }
    file.extend_from_slice(&opener.finish()?);
    Ok(file)
}

pub(super) fn files(file: &Value, _: &Value, report: &mut Report) -> Option<()> {
    let entry_of = |vector: &Value| serde_json::from_slice(vector["entry"].to_string().as_bytes()).ok();
    for vector in list(file, "files")? {
        let entry: FileEntry = entry_of(vector)?;
        let sealed = bytes(vector, "sealed")?;
        report.expect(sealed_length(entry.length) == sealed.len() as u64, || "a file's length".to_owned());
        for step in [100, 100_000] {
            let opened = open(&entry, &sealed, step).ok();
            report.expect(opened == bytes(vector, "file"), || format!("file {}", entry.name));
        }
    }
    for case in list(file, "refused")? {
        let refused = open(&entry_of(case)?, &bytes(case, "sealed")?, 1_000).err();
        report.expect(refused.map(OpenRefusal::code) == text(case, "code"), || {
            format!("file: {}", case["name"])
        });
    }
    Some(())
}
