//! What changes who may read a case: a second centre, the change of the code, notes that undo it, and the word of a burn. Sealed once
//! and opened.

use envelope::burn::BurnRequest;
use envelope::centre::VerifiedCentre;
use envelope::content::{CarriedKey, Content};
use envelope::duty::Channel;
use envelope::encoding::to_base64;
use envelope::frame::Frame;
use envelope::header::Undone;
use envelope::ids::CaseId;
use envelope::index::{IndexEntry, Mailbox, assemble_page};
use envelope::publication::WrapTarget;
use keyring::burn::{open_burn_word, seal_burn};
use keyring::conversation::{check_conversation, check_notes, current_receipt_address};
use keyring::epoch::{self, EpochKey};
use keyring::item::{
    AnswerKind, OpenedItem, Place, ReportDraft, SealedItem, open_for_centre, open_with_carried_key,
    open_with_receipt, seal_answer, seal_rotation, seal_safe_report, seal_undo,
};
use keyring::mailbox;
use keyring::operator::OperatorIdentity;
use keyring::receipt::{Receipt, ReceiptCode, derive};
use keyring::safe_word::Verdict;
use serde_json::{Value, json};

use super::sealed::{chain_case, filler, nonce, verify};
use super::{CODE, as_json, bytes, committed, list, text};
use crate::world::{World, at, italian, report};

const NEW_CODE: &str = "27182818284590452353";
const WORD: &str = "limone";

/// The parts that the worlds' seeds determine: the first centre, and a second one of the same network.
fn worlds() -> (World, World, Value) {
    let world = World::new(26);
    let second = world.neighbour(27);
    let mut vectors = chain_case(&world, 0);
    vectors["second"] = chain_case(&second, 0);
    vectors["network"] = json!(world.network);
    vectors["code"] = json!(CODE);
    vectors["new_code"] = json!(NEW_CODE);
    vectors["operator"] = json!(world.operators[0].to_file().as_str());
    vectors["second"]["operator"] = json!(second.operators[0].to_file().as_str());
    (world, second, vectors)
}

fn epoch_vector(world: &World) -> Value {
    let wrap = world.wrap(Channel::Safe, 1, WrapTarget::Person(world.persons[0]));
    json!({ "channel": "safe", "number": 1, "wrap": to_base64(wrap) })
}

fn receipt_of(world: &World, code: &str) -> Receipt {
    derive(&ReceiptCode::parse(code).unwrap(), world.network).unwrap()
}

fn after(item: &SealedItem) -> Place {
    Place { case: item.case, seq: item.seq + 1, prev: Some(item.body_hash), seen: item.seq }
}

fn fresh() -> Value {
    let (mut world, second, mut vectors) = worlds();
    let (old, new) = (receipt_of(&world, CODE), receipt_of(&world, NEW_CODE));
    let safe = world.centre().safe_recipient(at(0)).unwrap();
    let to = safe.clone().into();
    let other = second.centre().safe_recipient(at(0)).unwrap();
    let draft = ReportDraft { safe_word: Some(WORD), ..report("A due centri.") };
    let first = seal_safe_report(&safe, Some(&other), &old, &draft, &mut world.rng).unwrap();
    let open = |item: &SealedItem, world: &World| {
        open_for_centre(&item.bytes, world.key(Channel::Safe), &world.centre()).unwrap()
    };
    let address = open(&first, &world).receipt_address().unwrap();
    let author = world.operators[1].clone();
    let answer = seal_answer(
        AnswerKind::Answer,
        &to,
        &address,
        &author,
        &after(&first),
        "Prima.",
        &italian(),
        &mut world.rng,
    )
    .unwrap();
    let carried = carried_by(&old, &world.centre(), &[&first, &answer]);
    let rotation =
        seal_rotation(&to, &old, &new, &after(&answer), &carried, Some("mela"), &italian(), &mut world.rng)
            .unwrap();
    let mut notes: Vec<SealedItem> = Vec::new();
    for member in 0..2 {
        let before = notes.last();
        let place = Place {
            case: first.case,
            seq: before.map_or(1, |note| note.seq + 1),
            prev: before.map(|note| note.body_hash),
            seen: 3,
        };
        let author = world.operators[member].clone();
        let undone = Undone::Rotation(3);
        let reason = "lo ha chiesto a voce";
        let note =
            seal_undo(&to, &author, &place, undone, Verdict::Wrong, reason, &italian(), &mut world.rng);
        notes.push(note.unwrap());
    }
    let vector = |name: &str, item: &SealedItem, opens: &[&str]| {
        let opened = open(item, &world);
        let content: Value = serde_json::from_slice(&opened.content().to_json().unwrap()).unwrap();
        json!({
            "name": name,
            "kind": opened.clear().kind,
            "seq": item.seq,
            "frame": to_base64(&item.bytes),
            "body_hash": item.body_hash,
            "content": content,
            "opens": opens,
        })
    };
    vectors["epoch"] = epoch_vector(&world);
    vectors["second"]["epoch"] = epoch_vector(&second);
    vectors["conversation"] = json!([
        vector("report to two centres", &first, &["epoch", "second"]),
        vector("answer to the first code", &answer, &["epoch", "code"]),
        vector("change of the code, with another word", &rotation, &["epoch", "new_code"]),
    ]);
    vectors["notes"] = json!([
        vector("first member undoes the change", &notes[0], &["epoch"]),
        vector("second member undoes the change", &notes[1], &["epoch"]),
    ]);
    vectors["changed"] = json!({ "mailbox": new.mailbox_id() });
    vectors["undone"] = json!({ "mailbox": old.mailbox_id() });
    let burn = seal_burn(&old, &nonce(), Some((&to, first.case, Some(WORD)))).unwrap();
    let silent = seal_burn(&old, &nonce(), Some((&to, first.case, None))).unwrap();
    let elsewhere = CaseId::from_random_bytes([9; 16]);
    let moved = seal_burn(&old, &nonce(), Some((&to, elsewhere, Some(WORD)))).unwrap();
    let stranger = seal_burn(&new, &nonce(), Some((&to, first.case, Some(WORD)))).unwrap();
    vectors["burns"] = json!([
        { "name": "with a word", "request": to_base64(&burn), "safe_word": WORD },
        { "name": "nothing typed", "request": to_base64(&silent), "safe_word": null },
        { "name": "a word of another case", "request": to_base64(&moved), "code": "place" },
        { "name": "a word by another code", "request": to_base64(&stranger), "code": "author" },
    ]);
    vectors
}

/// What a code's mailbox with these items carries over to the next one.
fn carried_by(receipt: &Receipt, centre: &VerifiedCentre, items: &[&SealedItem]) -> Vec<CarriedKey> {
    let frames: Vec<Frame> = items.iter().map(|item| Frame::parse(&item.bytes).unwrap()).collect();
    let entries: Vec<IndexEntry> = frames.iter().filter_map(IndexEntry::of_frame).collect();
    let answers: Vec<Vec<u8>> =
        frames.iter().filter(|frame| frame.clear().kind.is_for_receipt()).map(Frame::to_bytes).collect();
    let page = assemble_page(&receipt.mailbox_id(), 0, &entries, &answers, filler);
    let mailbox = Mailbox::read(&[page]).unwrap();
    let reading = mailbox::read(&mailbox, receipt, centre);
    assert!(reading.is_whole());
    reading.carried().to_vec()
}

/// The epoch key of a vector, and the centre it belongs to.
fn key_of(vector: &Value) -> (EpochKey, VerifiedCentre) {
    let centre = verify(vector).unwrap();
    let operator = OperatorIdentity::parse_file(text(vector, "operator").as_bytes()).unwrap();
    let wrap = bytes(&vector["epoch"], "wrap");
    let key = epoch::open(&wrap, operator.identity(), &centre, Channel::Safe, 1).unwrap();
    (key, centre)
}

#[test]
fn turning() {
    let vectors = committed("turning.json", fresh);
    let (world, _, expected) = worlds();
    for name in ["device_time", "bundle_build", "root", "bundle", "network", "code", "new_code", "operator"] {
        assert_eq!(vectors[name], expected[name], "{name}");
    }
    let (key, centre) = key_of(&vectors);
    let (second_key, second) = key_of(&vectors["second"]);
    let (old, new) = (receipt_of(&world, CODE), receipt_of(&world, NEW_CODE));
    let open_all = |name: &str| -> Vec<OpenedItem> {
        let open = |vector: &Value| {
            let frame = bytes(vector, "frame");
            let opened = open_for_centre(&frame, &key, &centre).unwrap();
            let opens = [
                ("epoch", Ok(opened.clone())),
                ("second", open_for_centre(&frame, &second_key, &second)),
                ("code", open_with_receipt(&frame, &old, &centre)),
                ("new_code", open_with_receipt(&frame, &new, &centre)),
            ];
            for (who, found) in opens {
                let may = list(vector, "opens").contains(&json!(who));
                assert_eq!(found.ok().as_ref(), may.then_some(&opened), "{} by {who}", vector["name"]);
            }
            let content: Value = serde_json::from_slice(&opened.content().to_json().unwrap()).unwrap();
            assert_eq!(content, vector["content"]);
            assert_eq!(as_json(&opened.body_hash()), vector["body_hash"]);
            opened
        };
        list(&vectors, name).iter().map(open).collect()
    };
    let (conversation, notes) = (open_all("conversation"), open_all("notes"));
    check_conversation(&conversation, &notes).unwrap();
    check_notes(&notes, &conversation[0]).unwrap();

    // The new code reads the answer through the key that the change carries.
    let Content::Rotation(rotation) = conversation[2].content() else { panic!("no rotation") };
    let answer = bytes(&vectors["conversation"][1], "frame");
    assert_eq!(open_with_carried_key(&answer, &rotation.answers[0], &centre).unwrap(), conversation[1]);

    let mailbox = |notes: &[OpenedItem]| current_receipt_address(&conversation, notes).unwrap().mailbox();
    assert_eq!(as_json(&mailbox(&[])), vectors["changed"]["mailbox"]);
    assert_eq!(as_json(&mailbox(&notes[..1])), vectors["changed"]["mailbox"]);
    assert_eq!(as_json(&mailbox(&notes)), vectors["undone"]["mailbox"]);

    let address = current_receipt_address(&conversation, &notes).unwrap();
    for vector in list(&vectors, "burns") {
        let request = BurnRequest::parse(&bytes(vector, "request")).unwrap();
        request.verify_signature().unwrap();
        let opened = open_burn_word(request.word().unwrap(), &key, &address);
        let found = opened.map(|opened| opened.safe_word).map_err(|refusal| json!(refusal.code()));
        match vector.get("code") {
            Some(code) => assert_eq!(found.as_ref().err(), Some(code), "{}", vector["name"]),
            None => assert_eq!(json!(found.unwrap()), vector["safe_word"], "{}", vector["name"]),
        }
    }
}
