//! What her browser posts beside frames, all of it deterministic, and sealed files, which are opened.

use envelope::burn::BurnRequest;
use envelope::content::{FileEntry, Track};
use envelope::encoding::{from_base64, to_base64};
use envelope::file::{ChunkRequest, verify_status};
use envelope::ids::{FileId, NetworkId};
use envelope::refusal::FileRefusal;
use envelope::sizes::FILE_CHUNK_LENGTH;
use envelope::work::{Challenge, MOST_TRIES, Solver, Token, subject_of_file};
use keyring::burn::seal_burn;
use keyring::file::{FileOpener, FileSealer, UploadKey};
use keyring::receipt::{ReceiptCode, derive};
use keyring::refusal::OpenRefusal;
use serde_json::{Value, json};

use super::sealed::nonce;
use super::{CODE, as_json, bytes, committed, list, text};
use crate::world::rng;

const UPLOAD_SEED: [u8; 32] = [0x66; 32];

fn upload() -> UploadKey {
    UploadKey::from_seed(&UPLOAD_SEED).unwrap()
}

fn number(value: &Value, name: &str) -> u32 {
    u32::try_from(value[name].as_u64().unwrap()).unwrap()
}

fn fresh_challenge(tries: u32) -> Challenge {
    Challenge::assemble(&Challenge::clear(1_800_000_000, tries, &[0x77; 16]), &[0x88; 32])
}

fn fresh_burn() -> Value {
    let network = NetworkId::from_random_bytes([0x11; 16]);
    let receipt = derive(&ReceiptCode::parse(CODE).unwrap(), network).unwrap();
    let request = seal_burn(&receipt, &nonce(), None).unwrap();
    json!({
        "network": network,
        "code": CODE,
        "nonce": to_base64(nonce().as_bytes()),
        "mailbox": receipt.mailbox_id(),
        "request": to_base64(&request),
    })
}

/// Only a last chunk may be short: these are of files of one chunk, and the last of three.
fn fresh_upload() -> Value {
    let file = upload().file();
    let chunk = |place: u32, count: u32, chunk: &[u8]| {
        let request = upload().chunk_request(place, count, chunk);
        json!({ "number": place, "count": count, "chunk": to_base64(chunk), "request": to_base64(&request) })
    };
    let good = upload().chunk_request(2, 3, b"ultimo pezzo");
    let refused = |name: &str, code: &str, place: u32, request: &[u8]| json!({ "name": name, "code": code, "number": place, "request": to_base64(request) });
    let altered = |place: usize| {
        let mut request = good.clone();
        request[place] ^= 1;
        request
    };
    let other = UploadKey::from_seed(&[0x67; 32]).unwrap().chunk_request(2, 3, b"ultimo pezzo");
    let last = good.len() - 1;
    json!({
        "seed": to_base64(&UPLOAD_SEED),
        "file": file,
        "chunks": [chunk(0, 1, b"unico pezzo"), chunk(2, 3, b"ultimo pezzo")],
        "status": to_base64(&upload().status_request()),
        "refused": [
            refused("posted to another place", "malformed", 1, &good),
            refused("no chunk", "malformed", 2, &good[..100]),
            refused("a byte of the chunk altered", "signature", 2, &altered(last)),
            refused("a byte of the signature altered", "signature", 2, &altered(40)),
            refused("another file's key", "signature", 2, &other),
        ],
    })
}

fn fresh_work() -> Value {
    let challenge = fresh_challenge(64);
    let subject = [0x99; 32];
    let token = Solver::new(challenge, &subject).finish();
    let refused = [0, MOST_TRIES + 1].map(|tries| to_base64(fresh_challenge(tries).as_bytes()));
    json!({
        "issued": 1_800_000_000,
        "tries": 64,
        "noise": to_base64(&[0x77; 16]),
        "code": to_base64(&[0x88; 32]),
        "challenge": to_base64(challenge.as_bytes()),
        "subject": to_base64(&subject),
        "token": token.to_header(),
        "file": upload().file(),
        "file_subject": to_base64(&subject_of_file(upload().file().as_bytes())),
        "refused": refused,
    })
}

#[test]
fn requests() {
    let fresh = || json!({ "burn": fresh_burn(), "upload": fresh_upload(), "work": fresh_work() });
    let vectors = committed("requests.json", fresh);
    assert_eq!(vectors, fresh());

    let burn = BurnRequest::parse(&bytes(&vectors["burn"], "request")).unwrap();
    burn.verify_signature().unwrap();
    assert_eq!(as_json(&burn.mailbox_id()), vectors["burn"]["mailbox"]);
    assert!(burn.word().is_none());

    let upload = &vectors["upload"];
    let file = FileId::parse(text(upload, "file")).unwrap();
    for vector in list(upload, "chunks") {
        let request = bytes(vector, "request");
        let read = ChunkRequest::parse(&request, &file, number(vector, "number")).unwrap();
        assert_eq!((read.count(), read.chunk()), (number(vector, "count"), &*bytes(vector, "chunk")));
    }
    for case in list(upload, "refused") {
        let refused = ChunkRequest::parse(&bytes(case, "request"), &file, number(case, "number")).err();
        assert_eq!(refused.map(FileRefusal::code), Some(text(case, "code")), "{}", case["name"]);
    }
    verify_status(&bytes(upload, "status"), &file).unwrap();

    let work = &vectors["work"];
    let token = Token::parse_header(text(work, "token")).unwrap();
    assert_eq!(token.challenge().as_bytes().as_slice(), bytes(work, "challenge"));
    let subject: [u8; 32] = bytes(work, "subject").try_into().unwrap();
    assert!(token.is_solved_for(&subject) && !token.is_solved_for(&[0; 32]));
    for challenge in list(work, "refused") {
        assert!(Challenge::parse(&from_base64(challenge.as_str().unwrap()).unwrap()).is_err());
    }
}

/// The whole file, sealed at once.
fn seal(file: &[u8], track: Track, name: &str, media_type: &str) -> (FileEntry, Vec<u8>) {
    let mut rng = rng(25 + file.len() as u64);
    let mut sealing =
        FileSealer::new(file.len() as u64, track, name, media_type, &upload(), &mut rng).unwrap();
    let mut sealed = sealing.push(file).unwrap();
    while let Some(part) = sealing.rest().unwrap() {
        sealed.extend_from_slice(&part);
    }
    (sealing.finish().unwrap(), sealed)
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

fn fresh_files() -> Value {
    let texts: [(&[u8], Track, &str, &str); 3] = [
        (b"", Track::Original, "vuoto", ""),
        (b"una riga\n", Track::Original, "nota è.txt", "text/plain"),
        (&[0xff; 5_000], Track::Clean, "foto.jpg", "image/jpeg"),
    ];
    let files: Vec<(FileEntry, Vec<u8>, &[u8])> = texts
        .into_iter()
        .map(|(file, track, name, media_type)| {
            let (entry, sealed) = seal(file, track, name, media_type);
            (entry, sealed, file)
        })
        .collect();
    let vectors: Vec<Value> = files
        .iter()
        .map(|(entry, sealed, file)| json!({ "entry": entry, "sealed": to_base64(sealed), "file": to_base64(file) }))
        .collect();
    let (entry, sealed, _) = &files[1];
    let refused = |name: &str, code: &str, entry: &FileEntry, sealed: &[u8]| json!({ "name": name, "code": code, "entry": entry, "sealed": to_base64(sealed) });
    let mut altered = sealed.clone();
    *altered.last_mut().unwrap() ^= 1;
    let shorter = FileEntry { length: entry.length - 1, ..entry.clone() };
    let other_key = FileEntry { secret: files[2].0.secret.clone(), ..entry.clone() };
    json!({
        "files": vectors,
        "refused": [
            refused("last byte altered", "key", entry, &altered),
            refused("cut by a byte", "malformed", entry, &sealed[..sealed.len() - 1]),
            refused("a byte more", "malformed", entry, &[sealed.as_slice(), &[0]].concat()),
            refused("another file in its place", "malformed", entry, &files[2].1),
            refused("another file's key", "key", &other_key, sealed),
            refused("said to be shorter than it is", "malformed", &shorter, sealed),
        ],
    })
}

#[test]
fn files() {
    let vectors = committed("files.json", fresh_files);
    let entry_of = |vector: &Value| serde_json::from_value::<FileEntry>(vector["entry"].clone()).unwrap();
    for vector in list(&vectors, "files") {
        let (entry, sealed) = (entry_of(vector), bytes(vector, "sealed"));
        assert_eq!(entry.file, upload().file());
        assert_eq!(keyring::file::sealed_length(entry.length), sealed.len() as u64);
        assert!(sealed.len() < FILE_CHUNK_LENGTH);
        for step in [1, 100, sealed.len()] {
            assert!(
                open(&entry, &sealed, step).unwrap() == bytes(vector, "file"),
                "{} by {step}",
                entry.name
            );
        }
    }
    for case in list(&vectors, "refused") {
        let refused = open(&entry_of(case), &bytes(case, "sealed"), 1_000).err();
        assert_eq!(refused.map(OpenRefusal::code), Some(text(case, "code")), "{}", case["name"]);
    }
}
