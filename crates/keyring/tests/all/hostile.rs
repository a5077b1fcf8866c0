//! I16: every parser takes every input. Arbitrary bytes, and valid bytes cut, stretched and altered, because arbitrary bytes alone
//! never get past the first check.

use std::sync::OnceLock;

use envelope::body::Body;
use envelope::centre::{CentreBundle, verify_centre};
use envelope::content::Content;
use envelope::duty::Channel;
use envelope::encoding::{Hash, from_base64};
use envelope::frame::Frame;
use envelope::header::{ClearHeader, InnerHeader, ItemKind, Language};
use envelope::ids::CaseId;
use envelope::index::{Mailbox, PAGE_LENGTH, pages_of};
use envelope::mailbox::{Nonce, PageRequest};
use envelope::publication::{EpochRecord, MemberRecord};
use envelope::recipient::{Fingerprint, Recipient};
use envelope::root::VerifiedRoot;
use envelope::sealed_file::check_suite;
use envelope::signature::{PublicKey, Signature, SignedDocument};
use keyring::item::{open_for_centre, seal_safe_report};
use keyring::operator::OperatorIdentity;
use keyring::paper::PaperIdentity;
use keyring::passphrase::Passphrase;
use keyring::receipt::ReceiptCode;
use keyring::{draft, epoch, session};
use proptest::prelude::*;

use crate::world::{World, at, report};

/// Gives the input to every parser; what they answer does not matter, that they answer does.
fn parse_everything(bytes: &[u8]) {
    let (world, _) = sample();
    let text = String::from_utf8_lossy(bytes);
    let _ = (Frame::parse(bytes).map(|frame| frame.verify_signature()), check_suite(bytes));
    let _ = (Body::parse(bytes), PageRequest::parse(bytes), Nonce::from_slice(bytes));
    let _ = (pages_of(bytes), Mailbox::read(&[bytes]), Mailbox::read(&[bytes, bytes]));
    for kind in [ItemKind::Report, ItemKind::Message, ItemKind::Closing] {
        let _ = Content::parse(kind, bytes);
    }
    let _ = (serde_json::from_slice::<ClearHeader>(bytes), serde_json::from_slice::<InnerHeader>(bytes));
    let _ = serde_json::from_slice::<Vec<MemberRecord>>(bytes);
    let _ = serde_json::from_slice::<Vec<EpochRecord>>(bytes);
    let _ = SignedDocument::parse(bytes).map(|document| VerifiedRoot::verify(&document, at(0)));
    let root = world.verified_root();
    let _ = CentreBundle::parse(bytes).map(|bundle| verify_centre(&root, &bundle, at(0), None));
    let _ = (
        Recipient::parse(&text),
        Fingerprint::parse(&text),
        PublicKey::parse(&text),
        Signature::parse(&text),
    );
    let _ = (Hash::parse(&text), from_base64(&text), CaseId::parse(&text), Language::parse(&text));
    let _ = (ReceiptCode::parse(&text), Passphrase::parse(&text), PaperIdentity::parse(&text));
    let _ = (OperatorIdentity::parse_file(bytes), session::open(bytes, &[0; 32]));
    let operator = &world.operators[0];
    let centre = world.centre();
    let _ = (draft::open(operator, bytes), open_for_centre(bytes, world.key(Channel::Safe), &centre));
    let _ = epoch::open(bytes, operator.identity(), &centre, Channel::Safe, 1);
}

/// Valid bytes of every format.
fn sample() -> &'static (World, Vec<Vec<u8>>) {
    static SAMPLE: OnceLock<(World, Vec<Vec<u8>>)> = OnceLock::new();
    SAMPLE.get_or_init(|| {
        let mut world = World::new(1);
        let receipt = world.receipt();
        let safe = world.centre().safe_recipient(at(0)).unwrap();
        let item = seal_safe_report(&safe, None, &receipt, &report("x"), &mut world.rng).unwrap();
        let frame = Frame::parse(&item.bytes).unwrap();
        let samples = vec![
            frame.clear_bytes().to_vec(),
            frame.body().to_vec(),
            frame.wraps()[0].sealed.clone(),
            item.bytes,
            receipt.page_request(&Nonce::from_bytes([1; 56]), 0),
            serde_json::to_vec(&world.root).unwrap(),
            serde_json::to_vec(&world.bundle).unwrap(),
            world.operators[0].to_file().as_bytes().to_vec(),
            [b"APPRODOX".as_slice(), &[1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0], &[0; PAGE_LENGTH]]
                .concat(),
            "١٢٣٤ 5678 9012 3456 7890".as_bytes().to_vec(),
        ];
        (world, samples)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn arbitrary_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        parse_everything(&bytes);
    }

    #[test]
    fn arbitrary_bytes_of_the_right_length(seed: u8, length in prop_oneof![Just(164_usize), Just(832), Just(4_096), Just(PAGE_LENGTH)]) {
        parse_everything(&vec![seed; length]);
    }

    #[test]
    fn valid_bytes_altered(
        which in 0_usize..10,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in any::<prop::sample::Index>(),
        is_cut: bool,
    ) {
        let mut bytes = sample().1[which].clone();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if which == 8 {
            bytes.resize(PAGE_LENGTH, 0);
        }
        parse_everything(&bytes);
    }

    /// Lengths inside a frame that point outside of it.
    #[test]
    fn lengths_that_lie(length: u32, place in prop_oneof![Just(8_usize), 400_usize..1_400]) {
        let mut bytes = sample().1[3].clone();
        bytes[place..place + 4].copy_from_slice(&length.to_le_bytes());
        parse_everything(&bytes);
        let mut body = length.to_le_bytes().to_vec();
        body.extend([0xFF; 4]);
        body.extend([0; 200]);
        parse_everything(&body);
    }
}

#[test]
fn every_cut_of_a_frame_and_of_its_parts_is_refused() {
    let (_, samples) = sample();
    for length in 0..samples[3].len() {
        assert!(Frame::parse(&samples[3][..length]).is_err());
    }
    // A header cut anywhere before its payload is none.
    let header_end = samples[2].windows(5).position(|window| window == b"\n--- ").unwrap();
    for length in 0..header_end {
        assert!(check_suite(&samples[2][..length]).is_err());
    }
    check_suite(&samples[2]).unwrap();
}
