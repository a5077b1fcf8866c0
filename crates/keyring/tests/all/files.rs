//! Sealing and opening files as streams (protocol sections 5 and 12.8): round trips, and what a server could hand out instead.

use envelope::content::{FileEntry, LONGEST_FILE_NAME, Track};
use envelope::file::{CHUNK_OVERHEAD, ChunkRequest, verify_status};
use envelope::refusal::FileRefusal;
use envelope::sizes::{FILE_CHUNK_LENGTH, LONGEST_FILE, MOST_FILE_CHUNKS, padme};
use keyring::file::{FileOpener, FileSealer, UploadKey, sealed_length};
use keyring::refusal::{OpenRefusal, SealRefusal};
use proptest::prelude::*;

use crate::world::rng;

/// Bytes that repeat nowhere near each other.
pub(crate) fn content(length: usize) -> Vec<u8> {
    (0_u32..).map(|place| (place.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0]).take(length).collect()
}

/// A file sealed in parts of `step` bytes.
pub(crate) fn seal(file: &[u8], step: usize, seed: u64) -> (FileEntry, Vec<u8>) {
    let mut rng = rng(seed);
    let upload = UploadKey::generate(&mut rng).unwrap();
    let length = file.len() as u64;
    let mut sealing = FileSealer::new(length, Track::Original, "x.bin", "", &upload, &mut rng).unwrap();
    let mut sealed = Vec::new();
    for part in file.chunks(step) {
        sealed.extend_from_slice(&sealing.push(part).unwrap());
    }
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

/// Around the chunks of age's stream and of the upload, and where the length that it is padded to changes.
#[test]
fn files_come_back_at_every_length_that_is_special() {
    for length in [0, 1, 65_535, 65_536, 65_537, 131_072, 262_143, 262_144, 262_145, 700_000] {
        let file = content(length);
        let (entry, sealed) = seal(&file, 50_000, 100);
        assert_eq!(entry.sealed_length, sealed.len() as u64);
        assert_eq!(entry.sealed_length, sealed_length(length as u64));
        assert_eq!(entry.sealed_length, padme(entry.sealed_length), "a length like many others");
        for step in [4_095, 100_000, sealed.len()] {
            assert!(open(&entry, &sealed, step).unwrap() == file, "{length} by {step}");
        }
    }
}

#[test]
fn a_file_that_is_moved_cut_stretched_or_of_another_key_is_refused() {
    let file = content(200_000);
    let (entry, sealed) = seal(&file, 200_000, 101);
    let (other, foreign) = seal(&file, 200_000, 102);
    assert_eq!(sealed.len(), foreign.len(), "nothing but the key and the hash tell them apart");
    let open = |entry: &FileEntry, sealed: &[u8]| open(entry, sealed, 30_000).map(drop);
    assert_eq!(open(&entry, &foreign), Err(OpenRefusal::Key));
    assert_eq!(open(&FileEntry { secret: other.secret, ..entry.clone() }, &sealed), Err(OpenRefusal::Key));
    assert_eq!(
        open(&FileEntry { sealed_hash: other.sealed_hash, ..entry.clone() }, &sealed),
        Err(OpenRefusal::Malformed)
    );
    for length in [0, 1, 1_000, 65_536, sealed.len() - 1] {
        assert_eq!(open(&entry, &sealed[..length]), Err(OpenRefusal::Malformed), "cut at {length}");
        // Also where the item itself says that it ends there: age knows its last chunk.
        let shorter =
            FileEntry { sealed_length: length as u64, length: (length as u64).min(100), ..entry.clone() };
        assert!(open(&shorter, &sealed[..length]).is_err(), "said to end at {length}");
    }
    assert_eq!(open(&entry, &[sealed.as_slice(), &[0]].concat()), Err(OpenRefusal::Malformed));
    // Two chunks of the stream change places.
    let start = sealed.len() - 2 * 65_552 - sealed.len() % 65_552;
    let mut exchanged = sealed.clone();
    exchanged[start..start + 2 * 65_552].rotate_left(65_552);
    assert_eq!(open(&entry, &exchanged), Err(OpenRefusal::Key));
    // What is said to be padding is content.
    assert_eq!(open(&FileEntry { length: 199_999, ..entry.clone() }, &sealed), Err(OpenRefusal::Malformed));
}

#[test]
fn an_entry_outside_of_its_limits_is_not_opened() {
    let (entry, _) = seal(b"x", 1, 103);
    let refused = |change: fn(&mut FileEntry)| {
        let mut entry = entry.clone();
        change(&mut entry);
        assert_eq!(FileOpener::new(&entry).err(), Some(OpenRefusal::Malformed));
    };
    refused(|entry| entry.secret = "AGE-SECRET-KEY-1X".to_owned());
    refused(|entry| entry.name = "a\nb".to_owned());
    refused(|entry| entry.name = "x".repeat(LONGEST_FILE_NAME + 1));
    refused(|entry| entry.media_type = "x".repeat(LONGEST_FILE_NAME + 1));
    refused(|entry| entry.length = LONGEST_FILE + 1);
    refused(|entry| entry.length = entry.sealed_length);
    refused(|entry| entry.sealed_length = u64::MAX);
}

#[test]
fn a_sealer_keeps_to_what_was_announced() {
    let mut rng = rng(104);
    let upload = UploadKey::generate(&mut rng).unwrap();
    let mut begin = |length, name: &str| FileSealer::new(length, Track::Clean, name, "", &upload, &mut rng);
    assert_eq!(begin(LONGEST_FILE + 1, "x").err(), Some(SealRefusal::TooLong));
    assert_eq!(begin(1, "a\u{7}").err(), Some(SealRefusal::Place));
    let mut sealing = begin(10, "x").unwrap();
    sealing.push(&[1; 6]).unwrap();
    assert_eq!(sealing.rest().err(), Some(SealRefusal::Place), "bytes are still to come");
    assert_eq!(sealing.push(&[1; 5]).err(), Some(SealRefusal::Place), "more than announced");
    assert_eq!(sealing.chunks(), 1);
    assert_eq!(begin(10, "x").unwrap().finish().err(), Some(SealRefusal::Place), "before the end");
    assert_eq!(u64::from(begin(300_000, "x").unwrap().chunks()), sealed_length(300_000).div_ceil(262_144));
}

#[test]
fn a_chunk_is_taken_at_its_own_place_of_its_own_file_only() {
    let mut rng = rng(105);
    let [mine, other] = [(); 2].map(|()| UploadKey::generate(&mut rng).unwrap());
    let full = content(FILE_CHUNK_LENGTH);
    let request = mine.chunk_request(1, 3, &full);
    let read =
        |request: &[u8], key: &UploadKey, number| ChunkRequest::parse(request, &key.file(), number).map(drop);
    assert_eq!(read(&request, &mine, 1), Ok(()));
    assert_eq!(read(&request, &mine, 0), Err(FileRefusal::Signature));
    assert_eq!(read(&request, &mine, 2), Err(FileRefusal::Signature));
    assert_eq!(read(&request, &mine, 3), Err(FileRefusal::Malformed));
    assert_eq!(read(&request, &other, 1), Err(FileRefusal::Key));
    assert_eq!(
        read(&request[..CHUNK_OVERHEAD + 10], &mine, 1),
        Err(FileRefusal::Malformed),
        "others follow it"
    );
    for (number, count, length) in [(0, 0, 1), (0, 205, 1), (0, 1, 0), (2, 3, FILE_CHUNK_LENGTH + 1)] {
        let request = mine.chunk_request(number, count, &vec![1; length]);
        assert_eq!(
            read(&request, &mine, number),
            Err(FileRefusal::Malformed),
            "{number} of {count}: {length}"
        );
    }
    let last = MOST_FILE_CHUNKS - 1;
    assert_eq!(read(&mine.chunk_request(last, MOST_FILE_CHUNKS, &[1]), &mine, last), Ok(()));
    let status = mine.status_request();
    assert_eq!(verify_status(&status, &mine.file()), Ok(()));
    assert_eq!(verify_status(&status, &other.file()), Err(FileRefusal::Key));
    // The key of the question and of a chunk is one, the signature is not.
    let mixed = [&status[..32], &request[36..100]].concat();
    assert_eq!(verify_status(&mixed, &mine.file()), Err(FileRefusal::Signature));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn files_come_back(length in 0_usize..200_000, sealing in 1_usize..90_000, opening in 1_000_usize..90_000, seed: u64) {
        let file = content(length);
        let (entry, sealed) = seal(&file, sealing, seed);
        prop_assert!(open(&entry, &sealed, opening).unwrap() == file);
    }

    /// I11: no altered bit goes unnoticed, in the header, in what is said, or in the padding.
    #[test]
    fn an_altered_byte_is_refused(place: prop::sample::Index, mask in 1_u8..=255, step in 100_usize..9_000) {
        let (entry, mut sealed) = seal(&content(5_000), 5_000, 106);
        let place = place.index(sealed.len());
        sealed[place] ^= mask;
        prop_assert!(open(&entry, &sealed, step).is_err());
    }
}
