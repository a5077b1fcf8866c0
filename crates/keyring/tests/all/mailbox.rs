//! Mailbox requests and pages (protocol section 12.4; invariants I10 and I11).

use envelope::duty::Channel;
use envelope::frame::Frame;
use envelope::header::ItemKind;
use envelope::index::{FRAME_CELLS, FillerPlace, IndexEntry, Mailbox, PAGE_LENGTH, assemble_page, pages_of};
use envelope::mailbox::{MailboxId, NONCE_LENGTH, Nonce, NonceLabel, PAGE_REQUEST_LENGTH, PageRequest};
use envelope::refusal::MailboxRefusal;
use envelope::sizes::CELL_LENGTH;
use hmac::{Hmac, Mac};
use keyring::conversation::check_against_index;
use keyring::item::{
    AnswerKind, Place, SealedItem, open_for_centre, open_with_receipt, seal_answer, seal_safe_report,
};
use keyring::receipt::Receipt;
use proptest::prelude::*;
use sha2::Sha256;

use crate::world::{World, after_days, at, italian, report};

/// The server's filler, with a fixed key.
fn filler(place: FillerPlace<'_>) -> [u8; CELL_LENGTH] {
    let mut cell = [0; CELL_LENGTH];
    for (counter, block) in (0_u32..).zip(cell.chunks_mut(32)) {
        let mut code = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
        code.update(place.mailbox.as_bytes());
        for number in [place.page, place.cell, counter] {
            code.update(&number.to_le_bytes());
        }
        block.copy_from_slice(&code.finalize().into_bytes());
    }
    cell
}

struct Case {
    world: World,
    receipt: Receipt,
    mailbox: MailboxId,
    entries: Vec<IndexEntry>,
    frames: Vec<Vec<u8>>,
}

impl Case {
    /// A report and answers of these lengths.
    fn new(seed: u64, answers: &[usize]) -> Self {
        let mut world = World::new(seed);
        let receipt = world.receipt();
        let safe = world.centre().safe_recipient(at(0)).unwrap();
        let report = seal_safe_report(&safe, None, &receipt, &report("ciao"), &mut world.rng).unwrap();
        let key = world.key(Channel::Safe).clone();
        let address =
            open_for_centre(&report.bytes, &key, &world.centre()).unwrap().receipt_address().unwrap();
        let entry = |item: &SealedItem| IndexEntry::of_frame(&Frame::parse(&item.bytes).unwrap()).unwrap();
        let (mut entries, mut frames, mut last) = (vec![entry(&report)], Vec::new(), report);
        for length in answers {
            let place =
                Place { case: last.case, seq: last.seq + 1, prev: Some(last.body_hash), seen: last.seq };
            let author = world.operators[0].clone();
            let text = "r".repeat(*length);
            let to = safe.clone().into();
            let kind = AnswerKind::Answer;
            last =
                seal_answer(kind, &to, &address, &author, &place, &text, &italian(), &mut world.rng).unwrap();
            entries.push(entry(&last));
            frames.push(last.bytes.clone());
        }
        let mailbox = receipt.mailbox_id();
        Self { world, receipt, mailbox, entries, frames }
    }

    fn page(&self, page: u32) -> Vec<u8> {
        assemble_page(&self.mailbox, page, &self.entries, &self.frames, filler)
    }

    fn pages(&self) -> Vec<Vec<u8>> {
        (0..pages_of(&self.page(0)).unwrap()).map(|page| self.page(page)).collect()
    }
}

/// I10: known without an answer, and unknown: byte for byte what the filler gives for the id and place.
#[test]
fn an_unanswered_mailbox_is_an_unknown_one() {
    let case = Case::new(1, &[]);
    for page in [0, 1, 7, u32::MAX] {
        let known = case.page(page);
        let unknown = assemble_page(&case.mailbox, page, &[], &[], filler);
        assert_eq!(known, unknown);
        assert_eq!(known.len(), PAGE_LENGTH);
        for (cell, bytes) in (0_u32..).zip(known.chunks(CELL_LENGTH)) {
            assert_eq!(bytes, filler(FillerPlace { mailbox: &case.mailbox, page, cell }));
        }
        assert_eq!(pages_of(&known), Err(MailboxRefusal::Empty));
        assert_eq!(Mailbox::read(&[known]), Err(MailboxRefusal::Empty));
    }
}

/// I10: filler is alike for every id and never the same for two places.
#[test]
fn filler_looks_alike_and_never_repeats() {
    let ids = [[0; 32], [1; 32], [255; 32]].map(MailboxId::from_bytes);
    let mut cells = std::collections::BTreeSet::new();
    for mailbox in &ids {
        for page in 0..3 {
            let bytes = assemble_page(mailbox, page, &[], &[], filler);
            for cell in bytes.chunks(CELL_LENGTH) {
                assert!(cells.insert(cell.to_vec()));
                // Random bytes have about 4.0 set bits each; a structure in them would show here.
                let set: u32 = cell.iter().map(|byte| byte.count_ones()).sum();
                assert!((15_800..17_000).contains(&set), "{set}");
            }
        }
    }
}

#[test]
fn an_answered_mailbox_gives_its_answers_and_not_her_words() {
    let case = Case::new(2, &[10, 6_000, 30, 20_000, 50]);
    let pages = case.pages();
    // 1 + 4 + 1 + 16 + 1 cells.
    assert_eq!(pages.len(), 23_usize.div_ceil(FRAME_CELLS));
    let mailbox = Mailbox::read(&pages).unwrap();
    assert_eq!(mailbox.entries, case.entries);
    assert_eq!(mailbox.highest_seq(), 6);
    assert_eq!(mailbox.entries[0].kind, ItemKind::Report);
    assert_eq!(mailbox.entries[0].size, None);
    assert_eq!(mailbox.frames.len(), 5);
    for frame in &mailbox.frames {
        let opened = open_with_receipt(&frame.to_bytes(), &case.receipt, &case.world.centre()).unwrap();
        check_against_index(&opened, &mailbox.entries).unwrap();
        check_against_index(&opened, &mailbox.entries[1..2]).unwrap_err();
    }
    // Past the last page there is filler again.
    assert_eq!(pages_of(&case.page(3)), Err(MailboxRefusal::Empty));
    // Unused cells of the last page are filler too.
    let last = pages.last().unwrap().chunks(CELL_LENGTH).next_back().unwrap();
    assert_eq!(last, filler(FillerPlace { mailbox: &case.mailbox, page: 2, cell: 8 }));
}

#[test]
fn more_than_a_hundred_items_take_more_index_pages() {
    let case = Case::new(3, &[10]);
    let mut entries = case.entries.clone();
    for seq in 3..=230 {
        entries.push(IndexEntry {
            seq,
            kind: ItemKind::Message,
            size: None,
            body_hash: entries[0].body_hash,
        });
    }
    let pages: Vec<_> =
        (0..3).map(|page| assemble_page(&case.mailbox, page, &entries, &case.frames, filler)).collect();
    let mailbox = Mailbox::read(&pages).unwrap();
    assert_eq!(mailbox.entries, entries);
    assert_eq!(mailbox.frames.len(), 1);
}

/// I11: pages exchanged, repeated or left out, frames exchanged.
#[test]
fn pages_and_frames_out_of_place_are_refused() {
    let case = Case::new(4, &[10, 20, 20_000]);
    let pages = case.pages();
    assert_eq!(pages.len(), 3);
    Mailbox::read(&pages).unwrap();
    let read = |order: &[usize]| Mailbox::read(&order.iter().map(|page| &pages[*page]).collect::<Vec<_>>());
    for order in [&[][..], &[0], &[0, 1], &[1, 0, 2], &[0, 0, 2], &[0, 2, 1], &[0, 1, 2, 2]] {
        assert_eq!(read(order), Err(MailboxRefusal::Malformed), "{order:?}");
    }
    let swapped_frames = [case.frames[1].clone(), case.frames[0].clone(), case.frames[2].clone()];
    let swapped: Vec<_> = (0..3)
        .map(|page| assemble_page(&case.mailbox, page, &case.entries, &swapped_frames, filler))
        .collect();
    assert_eq!(Mailbox::read(&swapped), Err(MailboxRefusal::Mismatch));
    let other = Case::new(5, &[10]);
    let foreign = [case.frames[0].clone(), other.frames[0].clone(), case.frames[2].clone()];
    let mut entries = case.entries.clone();
    entries[2] = IndexEntry { seq: 3, ..other.entries[1] };
    let foreign: Vec<_> =
        (0..3).map(|page| assemble_page(&case.mailbox, page, &entries, &foreign, filler)).collect();
    assert_eq!(Mailbox::read(&foreign), Err(MailboxRefusal::Mismatch));
}

fn nonce() -> Nonce {
    let issued = u64::try_from(after_days(0).as_second()).unwrap();
    Nonce::assemble(issued, &[3; 16], &[4; 32])
}

#[test]
fn a_page_request_is_164_signed_bytes() {
    let receipt = Receipt::from_random_bytes(&[1; 32]).unwrap();
    let bytes = receipt.page_request(&nonce(), 5);
    assert_eq!(bytes.len(), PAGE_REQUEST_LENGTH);
    let request = PageRequest::parse(&bytes).unwrap();
    assert_eq!((request.page(), request.mailbox_id()), (5, receipt.mailbox_id()));
    assert_eq!(request.nonce(), &nonce());
    assert_eq!(request.key(), &receipt.public_key());
    let mut reserved = bytes.clone();
    reserved[95] = 1;
    assert_eq!(PageRequest::parse(&reserved), Err(MailboxRefusal::Malformed));
    assert_eq!(PageRequest::parse(&bytes[1..]), Err(MailboxRefusal::Malformed));
    assert_eq!(PageRequest::parse(&[bytes, vec![0]].concat()), Err(MailboxRefusal::Malformed));
}

#[test]
fn a_nonce_is_good_for_a_minute_and_for_one_route() {
    let start = after_days(0);
    let seconds = |count: i64| start.checked_add(jiff::SignedDuration::from_secs(count)).unwrap();
    assert!(nonce().is_fresh(start));
    assert!(nonce().is_fresh(seconds(60)));
    assert!(!nonce().is_fresh(seconds(61)));
    assert!(!nonce().is_fresh(seconds(-1)));
    assert!(!Nonce::from_bytes([255; NONCE_LENGTH]).is_fresh(start));
    let (issued, random, code) = nonce().fields();
    assert_eq!(Nonce::assemble(issued, &random, &code), nonce());
    let [mailbox, sign_in] = [NonceLabel::Mailbox, NonceLabel::SignIn]
        .map(|label| Nonce::authenticated_bytes(label, issued, &random));
    assert_ne!(mailbox, sign_in);
    assert!(mailbox.starts_with(b"mailbox") && sign_in.starts_with(b"sign-in"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn an_altered_page_request_is_refused(place in 0..PAGE_REQUEST_LENGTH, mask in 1_u8..=255) {
        let mut bytes = Receipt::from_random_bytes(&[1; 32]).unwrap().page_request(&nonce(), 0);
        bytes[place] ^= mask;
        prop_assert!(PageRequest::parse(&bytes).is_err());
    }
}
