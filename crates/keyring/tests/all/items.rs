//! Sealing and opening items: round trips, and invariants I2, I9, I11, I12.

use std::collections::BTreeSet;

use crate::world::{NAMES, World, at, italian, message, report};
use envelope::content::{ClosingContent, Content};
use envelope::duty::Channel;
use envelope::frame::{Frame, FrameParts, WrapKind};
use envelope::header::{ClearHeader, ItemKind};
use envelope::ids::{CaseId, ItemId};
use envelope::publication::WrapTarget;
use envelope::refusal::FrameRefusal;
use envelope::sizes::{SizeClass, WRAP_LENGTH};
use keyring::conversation::{check_conversation, check_notes, highest_seen};
use keyring::item::{
    AnswerKind, MessageDraft, OpenedItem, Place, ReportDraft, SealedItem, open_for_centre, open_with_receipt,
    seal_answer, seal_closing, seal_message, seal_safe_report,
};
use keyring::receipt::Receipt;
use keyring::refusal::{OpenRefusal, SealRefusal};
use keyring::{capacity, draft, epoch, session};
use proptest::prelude::*;

struct Story {
    world: World,
    receipt: Receipt,
    report: SealedItem,
    answer: SealedItem,
    message: SealedItem,
}

fn text_of(item: &OpenedItem) -> &str {
    match item.content() {
        Content::Report(report) => &report.text,
        Content::Text(text) => &text.text,
        Content::Closing(closing) => &closing.note,
        Content::Rotation(_) | Content::Undo(_) => panic!("no text"),
    }
}

fn open(world: &World, item: &SealedItem) -> Result<OpenedItem, OpenRefusal> {
    open_for_centre(&item.bytes, world.key(Channel::Safe), &world.centre())
}

/// Report → answer → message on the safe channel.
fn story(seed: u64) -> Story {
    let mut world = World::new(seed);
    let receipt = world.receipt();
    let to = world.recipient(Channel::Safe);
    let safe = world.centre().safe_recipient(at(0)).unwrap();
    let report =
        seal_safe_report(&safe, None, &receipt, &report("Ho bisogno di parlare."), &mut world.rng).unwrap();
    let address = open(&world, &report).unwrap().receipt_address().unwrap();
    let place = Place { case: report.case, seq: 2, prev: Some(report.body_hash), seen: 1 };
    let author = world.operators[0].clone();
    let answer = seal_answer(
        AnswerKind::Answer,
        &to,
        &address,
        &author,
        &place,
        "Siamo qui.",
        &italian(),
        &mut world.rng,
    )
    .unwrap();
    let place = Place { case: report.case, seq: 3, prev: Some(answer.body_hash), seen: 2 };
    let message = MessageDraft { urgent: true, ..message("Grazie.") };
    let message = seal_message(&to, &receipt, &place, &message, &mut world.rng).unwrap();
    Story { world, receipt, report, answer, message }
}

#[test]
fn a_conversation_opens_for_its_readers_and_nobody_else() {
    let Story { world, receipt, report, answer, message } = story(1);
    let opened: Vec<_> = [&report, &answer, &message].map(|item| open(&world, item).unwrap()).into();
    assert_eq!(
        opened.iter().map(text_of).collect::<Vec<_>>(),
        ["Ho bisogno di parlare.", "Siamo qui.", "Grazie."]
    );
    check_conversation(&opened, &[]).unwrap();
    assert_eq!(highest_seen(&opened), 2);
    assert!(opened[2].clear().urgent);

    let hers = open_with_receipt(&answer.bytes, &receipt, &world.centre()).unwrap();
    assert_eq!(text_of(&hers), "Siamo qui.");
    // Her own words cannot be opened with the code, nor anything with another code or the other channel's key.
    assert_eq!(open_with_receipt(&report.bytes, &receipt, &world.centre()), Err(OpenRefusal::Place));
    let other = Receipt::from_random_bytes(&[9; 32]).unwrap();
    assert_eq!(open_with_receipt(&answer.bytes, &other, &world.centre()), Err(OpenRefusal::Key));
    let general = open_for_centre(&report.bytes, world.key(Channel::General), &world.centre());
    assert_eq!(general, Err(OpenRefusal::Place));
}

#[test]
fn a_closing_is_a_note_that_only_the_centre_opens() {
    let Story { mut world, receipt, report, .. } = story(2);
    let to = world.recipient(Channel::Safe);
    let place = Place { case: report.case, seq: 1, prev: None, seen: 3 };
    let closing = ClosingContent { reason: "helped".to_owned(), note: "seguita altrove".to_owned() };
    let author = world.operators[1].clone();
    let sealed = seal_closing(&to, &author, &place, &closing, &italian(), &mut world.rng).unwrap();
    let opened = open(&world, &sealed).unwrap();
    assert_eq!(opened.content(), &Content::Closing(closing));
    check_notes(std::slice::from_ref(&opened), &open(&world, &report).unwrap()).unwrap();
    assert_eq!(check_conversation(&[opened], &[]), Err(OpenRefusal::Place));
    assert_eq!(open_with_receipt(&sealed.bytes, &receipt, &world.centre()), Err(OpenRefusal::Place));
}

#[test]
fn an_answer_goes_only_to_the_receipt_of_its_own_report() {
    let Story { mut world, report: first, .. } = story(3);
    let to = world.recipient(Channel::Safe);
    let receipt = world.receipt();
    let safe = world.centre().safe_recipient(at(0)).unwrap();
    let second = seal_safe_report(&safe, None, &receipt, &report("altro"), &mut world.rng).unwrap();
    let address = open(&world, &second).unwrap().receipt_address().unwrap();
    assert_eq!(address.mailbox(), receipt.mailbox_id());
    let place = Place { case: first.case, seq: 2, prev: Some(first.body_hash), seen: 1 };
    let author = world.operators[0].clone();
    let kind = AnswerKind::Acknowledgement;
    let sealed = seal_answer(kind, &to, &address, &author, &place, "x", &italian(), &mut world.rng);
    assert_eq!(sealed, Err(SealRefusal::Place));
}

#[test]
fn an_answer_by_somebody_who_may_not_read_the_channel_is_refused() {
    let Story { mut world, receipt, report, .. } = story(4);
    let to = world.recipient(Channel::Safe);
    let address = open(&world, &report).unwrap().receipt_address().unwrap();
    let place = Place { case: report.case, seq: 2, prev: Some(report.body_hash), seen: 1 };
    // Member 2 reads general support only.
    let outsider = world.operators[2].clone();
    let sealed =
        seal_answer(AnswerKind::Answer, &to, &address, &outsider, &place, "x", &italian(), &mut world.rng)
            .unwrap();
    assert_eq!(open_with_receipt(&sealed.bytes, &receipt, &world.centre()), Err(OpenRefusal::Author));
    assert_eq!(open(&world, &sealed), Err(OpenRefusal::Author));
}

/// I9: one content has one length, whatever `age` draws; all contents together have three.
#[test]
fn three_hundred_seals_have_one_length_and_all_texts_three() {
    let mut world = World::new(5);
    let receipt = world.receipt();
    let safe = world.centre().safe_recipient(at(0)).unwrap();
    let lengths: BTreeSet<usize> = (0..300)
        .map(|_| {
            seal_safe_report(&safe, None, &receipt, &report("sempre uguale"), &mut world.rng)
                .unwrap()
                .bytes
                .len()
        })
        .collect();
    assert_eq!(lengths, BTreeSet::from([SizeClass::Small.length()]));

    let lengths: BTreeSet<usize> = [0, 10, 900, 1_500, 5_000, 12_000, 14_000, 40_000, 60_000]
        .map(|length| {
            seal_safe_report(&safe, None, &receipt, &report(&"a".repeat(length)), &mut world.rng)
                .unwrap()
                .bytes
                .len()
        })
        .into();
    assert_eq!(lengths, SizeClass::ALL.map(SizeClass::length).into());
}

#[test]
fn the_largest_text_that_fits_is_the_one_announced() {
    let mut world = World::new(6);
    let receipt = world.receipt();
    let safe = world.centre().safe_recipient(at(0)).unwrap();
    let room = |text: &str| {
        let draft = ReportDraft { safe_contact: None, ..report(text) };
        capacity::remaining_in_report(&draft, false)
    };
    let most = usize::try_from(room("")).unwrap();
    assert!(most > 60_000, "{most}");
    let mut draft = report("");
    draft.safe_contact = None;
    let fits = "a".repeat(most);
    assert_eq!(room(&fits), 0);
    draft.text = &fits;
    let sealed = seal_safe_report(&safe, None, &receipt, &draft, &mut world.rng).unwrap();
    assert_eq!(text_of(&open(&world, &sealed).unwrap()), fits);
    let too_long = "a".repeat(most + 1);
    draft.text = &too_long;
    assert_eq!(room(&too_long), -1);
    assert_eq!(seal_safe_report(&safe, None, &receipt, &draft, &mut world.rng), Err(SealRefusal::TooLong));
}

/// I2: the wraps of a safe epoch are for the members who may read it and for paper; nobody else is given one.
#[test]
fn a_safe_epoch_is_sealed_to_its_readers_only() {
    let world = World::new(7);
    let targets = |channel| -> BTreeSet<WrapTarget> {
        world.wraps.iter().filter(|wrap| wrap.0 == channel).map(|wrap| wrap.2).collect()
    };
    let person = |place: usize| WrapTarget::Person(world.persons[place]);
    assert_eq!(targets(Channel::Safe), BTreeSet::from([person(0), person(1), WrapTarget::Paper]));
    assert_eq!(
        targets(Channel::General),
        BTreeSet::from([person(0), person(1), person(2), WrapTarget::Paper])
    );
    assert!(world.wraps.iter().all(|wrap| wrap.3.len() == WRAP_LENGTH));

    let centre = world.centre();
    for (place, name) in NAMES.iter().enumerate().take(2) {
        let wrap = world.wrap(Channel::Safe, 1, person(place));
        let key = epoch::open(wrap, world.operators[place].identity(), &centre, Channel::Safe, 1).unwrap();
        assert_eq!(key.recipient(), world.key(Channel::Safe).recipient(), "{name}");
        let other = epoch::open(wrap, world.operators[2].identity(), &centre, Channel::Safe, 1);
        assert_eq!(other.err(), Some(OpenRefusal::Key));
        let elsewhere = epoch::open(wrap, world.operators[place].identity(), &centre, Channel::General, 1);
        assert_eq!(elsewhere.err(), Some(OpenRefusal::Place));
    }
    let paper = world.wrap(Channel::Safe, 1, WrapTarget::Paper);
    epoch::open(paper, world.papers[0].identity(), &centre, Channel::Safe, 1).unwrap();
}

#[test]
fn a_reader_of_one_channel_is_not_sealed_the_key_of_the_other() {
    let world = World::new(8);
    let general_reader = &world.centre().epoch_readers(Channel::General).unwrap()[2];
    let sealed = epoch::seal_to(general_reader, world.key(Channel::Safe), &world.operators[0]);
    assert_eq!(sealed, Err(SealRefusal::Place));
}

/// I11: parts of one frame in another, though every age file in them opens.
#[test]
fn moved_parts_are_refused() {
    let Story { mut world, receipt, report: first, answer, .. } = story(9);
    let safe = world.centre().safe_recipient(at(0)).unwrap();
    let second = seal_safe_report(&safe, None, &receipt, &report("secondo"), &mut world.rng).unwrap();
    let parts = |item: &SealedItem| Frame::parse(&item.bytes).unwrap().into_parts();
    let swaps: [fn(&mut FrameParts, FrameParts); 4] = [
        |target, source| target.wraps = source.wraps,
        |target, source| (target.wraps, target.body) = (source.wraps, source.body),
        |target, source| target.signature = source.signature,
        |target, source| target.clear = source.clear,
    ];
    for swap in swaps {
        let mut moved = parts(&first);
        swap(&mut moved, parts(&second));
        let refused = match Frame::from_parts(moved) {
            Ok(frame) => open_for_centre(&frame.to_bytes(), world.key(Channel::Safe), &world.centre()).err(),
            Err(refusal) => Some(refusal.into()),
        };
        assert!(matches!(refused, Some(OpenRefusal::Signature | OpenRefusal::Malformed)), "{refused:?}");
    }
    let mut reordered = parts(&answer);
    reordered.wraps.reverse();
    assert_eq!(Frame::from_parts(reordered).err(), Some(FrameRefusal::Malformed));
}

/// I11, at the level of the chain: left out, exchanged, doubled, or of another case.
#[test]
fn a_chain_with_a_gap_or_another_order_is_refused() {
    let Story { world, report, answer, message, .. } = story(10);
    let [report, answer, message] = [&report, &answer, &message].map(|item| open(&world, item).unwrap());
    let other = story(11);
    let stranger = open(&other.world, &other.answer).unwrap();
    for items in [
        vec![],
        vec![answer.clone(), message.clone()],
        vec![report.clone(), message.clone()],
        vec![report.clone(), message.clone(), answer.clone()],
        vec![report.clone(), answer.clone(), answer],
        vec![report, stranger, message],
    ] {
        assert_eq!(check_conversation(&items, &[]), Err(OpenRefusal::Place), "{} items", items.len());
    }
}

/// I11: not even its own author can put an answer elsewhere by signing the outside again.
#[test]
fn an_answer_put_elsewhere_by_its_own_author_is_refused() {
    let Story { world, answer, .. } = story(17);
    let changes: [fn(&mut ClearHeader); 3] = [
        |clear| clear.seq = 3,
        |clear| clear.case = CaseId::from_random_bytes([1; 16]),
        |clear| clear.item = ItemId::from_random_bytes([1; 16]),
    ];
    for (which, change) in changes.into_iter().enumerate() {
        let frame = Frame::parse(&answer.bytes).unwrap();
        let mut clear = frame.clear().clone();
        let mut parts = frame.into_parts();
        change(&mut clear);
        parts.clear = serde_json::to_vec(&clear).unwrap();
        let signed = envelope::frame::signed_payload(&parts.clear, &parts.wraps, &parts.body);
        let key = world.operators[0].signing_key();
        parts.signature = *key.sign(envelope::signature::SignedType::Item, &signed).as_bytes();
        let frame = Frame::from_parts(parts).unwrap();
        frame.verify_signature().unwrap();
        let opened = open_for_centre(&frame.to_bytes(), world.key(Channel::Safe), &world.centre());
        assert_eq!(opened, Err(OpenRefusal::Place), "{which}");
    }
}

#[test]
fn a_body_signed_again_by_somebody_else_is_refused() {
    // The operator can open the report and could seal it again under her own key: the inner signature and the receipt stop it.
    let Story { world, report, .. } = story(12);
    let frame = Frame::parse(&report.bytes).unwrap();
    let mut clear = frame.clear().clone();
    clear.author = world.operators[0].public_key();
    let mut parts = frame.into_parts();
    parts.clear = serde_json::to_vec(&clear).unwrap();
    let signed = envelope::frame::signed_payload(&parts.clear, &parts.wraps, &parts.body);
    let key = world.operators[0].signing_key();
    parts.signature = *key.sign(envelope::signature::SignedType::Item, &signed).as_bytes();
    let forged = Frame::from_parts(parts).unwrap();
    forged.verify_signature().unwrap();
    let opened = open_for_centre(&forged.to_bytes(), world.key(Channel::Safe), &world.centre());
    assert_eq!(opened, Err(OpenRefusal::Place));
}

/// I12: files of another suite, or of more than one recipient, are refused before anything is decrypted.
#[test]
fn other_suites_are_refused_by_parser_and_opener() {
    use age::secrecy::SecretString;
    use std::io::Write;

    let world = World::new(13);
    let own: age::x25519::Recipient = world.operators[0].recipient().as_str().parse().unwrap();
    let other: age::x25519::Recipient = world.operators[1].recipient().as_str().parse().unwrap();
    let write = |encryptor: age::Encryptor| {
        let mut bytes = Vec::new();
        let mut writer = encryptor.wrap_output(&mut bytes).unwrap();
        writer.write_all(b"text").unwrap();
        writer.finish().unwrap();
        bytes
    };
    let two = write(
        age::Encryptor::with_recipients(
            [&own as &dyn age::Recipient, &other as &dyn age::Recipient].into_iter(),
        )
        .unwrap(),
    );
    let scrypt = write(age::Encryptor::with_user_passphrase(SecretString::from("parola".to_owned())));
    let one = write(age::Encryptor::with_recipients(std::iter::once(&own as &dyn age::Recipient)).unwrap());
    let text = String::from_utf8_lossy(&one).into_owned();
    let stanza_end = text.find("\n---").unwrap();
    let with_stanza =
        |stanza: &str| [&one[..=stanza_end], stanza.as_bytes(), &one[stanza_end + 1..]].concat();
    let ssh = with_stanza("-> ssh-ed25519 abcdef AAAA\nAAAA\n");
    let post_quantum = with_stanza("-> mlkem768x25519 AAAA\nAAAA\n");

    assert_eq!(draft::open(&world.operators[0], &one).unwrap().as_slice(), b"text");
    for file in [two, scrypt, ssh, post_quantum] {
        assert_eq!(envelope::sealed_file::check_suite(&file), Err(FrameRefusal::Suite));
        assert_eq!(draft::open(&world.operators[0], &file).err(), Some(OpenRefusal::Suite));
        assert_eq!(session::open(&file, &[1; 32]).err(), Some(OpenRefusal::Suite));
        let mut parts = Frame::parse(&story(14).report.bytes).unwrap().into_parts();
        // The frame keeps its length, so that the suite is what it is refused for.
        let length = parts.body.len();
        parts.body = file.into_iter().chain(std::iter::repeat(0)).take(length).collect();
        assert_eq!(Frame::from_parts(parts).err(), Some(FrameRefusal::Suite));
    }
}

#[test]
fn one_byte_more_or_less_is_no_frame() {
    let Story { report, .. } = story(15);
    for length in [0, 1, 4_095, 4_097, 16_383, 65_537] {
        let bytes: Vec<u8> = report.bytes.iter().copied().chain(std::iter::repeat(0)).take(length).collect();
        assert_eq!(Frame::parse(&bytes).err(), Some(FrameRefusal::Size), "{length}");
    }
    assert!(Frame::parse(&report.bytes).unwrap().wrap(WrapKind::Receipt).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Every text comes back as it was, in a frame whose parts put together again are the same bytes.
    #[test]
    fn texts_come_back(text in "(?s).{0,2000}", contact in proptest::option::of(".{0,80}"), urgent: bool, seed: u64) {
        let mut world = World::new(seed);
        let receipt = world.receipt();
        let safe = world.centre().safe_recipient(at(0)).unwrap();
        let mut draft = report(&text);
        draft.safe_contact = contact.as_deref();
        draft.urgent = urgent;
        let sealed = seal_safe_report(&safe, None, &receipt, &draft, &mut world.rng).unwrap();
        let frame = Frame::parse(&sealed.bytes).unwrap();
        prop_assert_eq!(frame.clear().kind, ItemKind::Report);
        prop_assert_eq!(frame.mailbox_id(), receipt.mailbox_id());
        let again = Frame::from_parts(frame.clone().into_parts()).unwrap();
        prop_assert_eq!(again.to_bytes(), &sealed.bytes[..]);
        let opened = open(&world, &sealed).unwrap();
        prop_assert_eq!(opened.clear().urgent, urgent);
        let Content::Report(content) = opened.content() else { panic!("no report") };
        prop_assert_eq!(&content.text, &text);
        prop_assert_eq!(&content.safe_contact, &contact);
    }

    /// I11: no altered bit goes unnoticed.
    #[test]
    fn an_altered_byte_is_refused(place in 0_usize..4_096, mask in 1_u8..=255) {
        let Story { world, answer, .. } = story(16);
        let mut bytes = answer.bytes.clone();
        bytes[place] ^= mask;
        prop_assert!(open_for_centre(&bytes, world.key(Channel::Safe), &world.centre()).is_err());
    }
}
