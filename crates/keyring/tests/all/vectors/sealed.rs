//! Chains, frames, operators and mailboxes.

use envelope::centre::{CentreBundle, VerifiedCentre, verify_centre};
use envelope::clock::Clock;
use envelope::content::{ClosingContent, Content};
use envelope::duty::{Channel, Duty};
use envelope::encoding::{from_base64, to_base64};
use envelope::frame::Frame;
use envelope::ids::NetworkId;
use envelope::index::{FillerPlace, IndexEntry, Mailbox, assemble_page};
use envelope::mailbox::{Nonce, PageRequest, sign_in_payload};
use envelope::publication::WrapTarget;
use envelope::refusal::CentreRefusal;
use envelope::root::{Root, VerifiedRoot};
use envelope::signature::{Signature, SignedDocument, SignedType};
use envelope::sizes::CELL_LENGTH;
use jiff::Timestamp;
use keyring::conversation::{check_against_index, check_conversation};
use keyring::documents::{countersign, sign_leave, sign_root};
use keyring::epoch;
use keyring::item::{
    AnswerKind, MessageDraft, OpenedItem, Place, SealedItem, open_for_centre, open_with_receipt, seal_answer,
    seal_closing, seal_message, seal_safe_report,
};
use keyring::operator::OperatorIdentity;
use keyring::passphrase::Passphrase;
use keyring::receipt::{ReceiptCode, derive};
use keyring::refusal::OpenRefusal;
use keyring::session;
use keyring::slot::SlotKeys;
use serde_json::{Value, json};

use super::{CODE, as_json, bytes, committed, list, read, text};
use crate::world::{World, after_days, at, italian, message, report, rng, start};

pub(super) fn clock_of(vector: &Value) -> Clock {
    let time = |name| text(vector, name).parse::<Timestamp>().unwrap();
    Clock::of_device(time("device_time"), time("bundle_build"))
}

pub(super) fn verify(vector: &Value) -> Result<VerifiedCentre, CentreRefusal> {
    let root = SignedDocument::parse(&serde_json::to_vec(&vector["root"]).unwrap())?;
    let bundle = CentreBundle::parse(&serde_json::to_vec(&vector["bundle"]).unwrap())?;
    let clock = clock_of(vector);
    verify_centre(&VerifiedRoot::verify(&root, clock)?, &bundle, clock, None)
}

pub(super) fn chain_case(world: &World, days: i64) -> Value {
    json!({
        "device_time": after_days(days),
        "bundle_build": start(),
        "root": as_json(&world.root),
        "bundle": as_json(&world.bundle),
    })
}

fn refused_chains() -> Vec<Value> {
    let mut cases = Vec::new();
    let mut add = |name: &str, code: &str, world: &World, days: i64| {
        let mut case = chain_case(world, days);
        case["name"] = json!(name);
        case["code"] = json!(code);
        cases.push(case);
    };
    let world = || World::new(22);
    add("certificate past its end", "expired", &world(), 370);
    let mut early = world();
    early.root = sign_root(
        &{
            let mut root: Root = serde_json::from_slice(&early.root.payload.0).unwrap();
            root.not_before = after_days(10);
            root
        },
        &[&early.governors[0], &early.governors[1]],
    )
    .unwrap();
    add("root of next week", "not-yet-valid", &early, 0);
    let mut one_signature = world();
    one_signature.bundle.certificate.signatures.truncate(1);
    add("certificate signed by one governor", "signature", &one_signature, 0);
    let mut altered = world();
    altered.bundle.certificate.payload.0.push(b' ');
    add("certificate altered after signing", "signature", &altered, 0);
    let bound = World::without_epochs(22, |certificate| certificate.duty.on_status = Duty::Strong);
    add("safe channel of a bound body", "duty", &bound, 0);
    let person = World::without_epochs(22, |it| it.founding_members[0].duty.on_status = Duty::Contested);
    add("safe channel with a contested person and no opinion", "duty", &person, 0);
    let mut gap = world();
    gap.bundle.statements.remove(0);
    add("first statement left out", "chain", &gap, 0);
    let mut unsigned = world();
    unsigned.bundle.statements[0].signatures.clear();
    add("statement without a signature", "signature", &unsigned, 0);
    let mut foreign = world();
    let stranger = foreign.governors[0].clone();
    foreign.bundle.statements[1].signatures.clear();
    countersign(&mut foreign.bundle.statements[1], &stranger);
    add("statement by somebody who is no member", "signature", &foreign, 0);
    cases
}

#[test]
fn chain() {
    let fresh = || {
        let mut world = World::new(22);
        let leave =
            sign_leave(&world.centre(), world.persons[2], world.operators[1].signing_key(), after_days(1));
        world.bundle.statements.push(leave.unwrap());
        world.new_epoch(Channel::General, 1);
        let mut vectors = chain_case(&world, 1);
        let epoch = |channel| {
            let key = world.key(channel);
            json!({ "epoch": key.number(), "recipient": key.recipient() })
        };
        vectors["expected"] = json!({
            "safe": epoch(Channel::Safe),
            "general": epoch(Channel::General),
            "members": world.persons[..2],
        });
        vectors["refused"] = json!(refused_chains());
        vectors
    };
    let vectors = committed("chain.json", fresh);
    assert_eq!(vectors, fresh());
    let centre = verify(&vectors).unwrap();
    for channel in [Channel::Safe, Channel::General] {
        let recipient = centre.recipient(channel, clock_of(&vectors)).unwrap();
        let expected = json!({ "epoch": recipient.epoch(), "recipient": recipient.recipient() });
        assert_eq!(vectors["expected"][channel.name()], expected);
    }
    let members: Vec<_> = centre.members().iter().map(|member| member.person).collect();
    assert_eq!(vectors["expected"]["members"], json!(members));
    for case in list(&vectors, "refused") {
        assert_eq!(verify(case).err().map(CentreRefusal::code), Some(text(case, "code")), "{}", case["name"]);
    }
}

/// The parts of a vector that the world's seed determines.
fn frames_world() -> (World, Value) {
    let world = World::new(23);
    let mut vectors = chain_case(&world, 0);
    vectors["operator"] = json!(world.operators[0].to_file().as_str());
    vectors["network"] = json!(world.network);
    vectors["code"] = json!(CODE);
    (world, vectors)
}

fn frame_vector(name: &str, item: &SealedItem, world: &World) -> Value {
    let opened = open_for_centre(&item.bytes, world.key(Channel::Safe), &world.centre()).unwrap();
    let content: Value = serde_json::from_slice(&opened.content().to_json().unwrap()).unwrap();
    json!({
        "name": name,
        "kind": opened.clear().kind,
        "seq": item.seq,
        "frame": to_base64(&item.bytes),
        "body_hash": item.body_hash,
        "content": content,
        "for_receipt": opened.clear().kind.is_for_receipt(),
    })
}

fn fresh_frames() -> Value {
    let (mut world, mut vectors) = frames_world();
    let receipt = derive(&ReceiptCode::parse(CODE).unwrap(), world.network).unwrap();
    let safe = world.centre().safe_recipient(at(0)).unwrap();
    let to = safe.clone().into();
    let author = world.operators[0].clone();
    let first =
        seal_safe_report(&safe, None, &receipt, &report("Piccolo: àèìòù ☎ مرحبا\n\"fine\""), &mut world.rng)
            .unwrap();
    let address = open_for_centre(&first.bytes, world.key(Channel::Safe), &world.centre())
        .unwrap()
        .receipt_address()
        .unwrap();
    let after = |item: &SealedItem| Place {
        case: item.case,
        seq: item.seq + 1,
        prev: Some(item.body_hash),
        seen: item.seq,
    };
    let answer = seal_answer(
        AnswerKind::Answer,
        &to,
        &address,
        &author,
        &after(&first),
        "Risposta.",
        &italian(),
        &mut world.rng,
    )
    .unwrap();
    let medium = "medio ".repeat(1_500);
    let draft = MessageDraft { urgent: true, ..message(&medium) };
    let medium = seal_message(&to, &receipt, &after(&answer), &draft, &mut world.rng).unwrap();
    let large = "grande ".repeat(7_000);
    let draft = message(&large);
    let large = seal_message(&to, &receipt, &after(&medium), &draft, &mut world.rng).unwrap();
    let place = Place { case: first.case, seq: 1, prev: None, seen: 4 };
    let closing = ClosingContent { reason: "helped".to_owned(), note: String::new() };
    let closing = seal_closing(&to, &author, &place, &closing, &italian(), &mut world.rng).unwrap();
    vectors["frames"] = json!([
        frame_vector("report, smallest size", &first, &world),
        frame_vector("answer, smallest size", &answer, &world),
        frame_vector("message, middle size", &medium, &world),
        frame_vector("message, largest size", &large, &world),
        frame_vector("closing, smallest size", &closing, &world),
    ]);
    let wrap = world.wrap(Channel::Safe, 1, WrapTarget::Person(world.persons[0]));
    vectors["epoch"] = json!({ "channel": "safe", "number": 1, "wrap": to_base64(wrap) });
    let refused = |name: &str, code: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let mut frame = first.bytes.clone();
        change(&mut frame);
        json!({ "name": name, "code": code, "frame": to_base64(&frame) })
    };
    vectors["refused"] = json!([
        refused("one byte too large", "malformed", &|frame| frame.push(0)),
        refused("cut", "malformed", &|frame| frame.truncate(4_000)),
        refused("last byte of the signature altered", "signature", &|frame| frame[4_095] ^= 1),
        refused("a byte of the body altered", "signature", &|frame| frame[4_000] ^= 1),
        refused("another beginning", "malformed", &|frame| frame[7] = b'2'),
    ]);
    vectors
}

#[test]
fn frames() {
    let vectors = committed("frames.json", fresh_frames);
    let (_, expected) = frames_world();
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&vectors[name], value, "{name}");
    }
    let centre = verify(&vectors).unwrap();
    let operator = OperatorIdentity::parse_file(text(&vectors, "operator").as_bytes()).unwrap();
    let key = epoch::open(&bytes(&vectors["epoch"], "wrap"), operator.identity(), &centre, Channel::Safe, 1)
        .unwrap();
    let receipt = derive(&ReceiptCode::parse(text(&vectors, "code")).unwrap(), centre.network()).unwrap();
    let mut conversation: Vec<OpenedItem> = Vec::new();
    let mut lengths = std::collections::BTreeSet::new();
    for vector in list(&vectors, "frames") {
        let frame = bytes(vector, "frame");
        lengths.insert(frame.len());
        let opened = open_for_centre(&frame, &key, &centre).unwrap();
        assert_eq!(as_json(&opened.body_hash()), vector["body_hash"]);
        assert_eq!(as_json(&opened.clear().kind), vector["kind"]);
        assert_eq!(as_json(&opened.clear().seq), vector["seq"]);
        let content: Value = serde_json::from_slice(&opened.content().to_json().unwrap()).unwrap();
        assert_eq!(content, vector["content"]);
        let hers = open_with_receipt(&frame, &receipt, &centre);
        assert_eq!(hers.ok().as_ref(), (vector["for_receipt"] == true).then_some(&opened));
        if !matches!(opened.content(), Content::Closing(_)) {
            conversation.push(opened);
        }
    }
    assert_eq!(lengths, [4_096, 16_384, 65_536].into());
    check_conversation(&conversation, &[]).unwrap();
    for case in list(&vectors, "refused") {
        let refused = open_for_centre(&bytes(case, "frame"), &key, &centre).err();
        assert_eq!(refused.map(OpenRefusal::code), Some(text(case, "code")), "{}", case["name"]);
    }
}

const SALT: [u8; 16] = [0x22; 16];
const SESSION_KEY: [u8; 32] = [0x33; 32];

pub(super) fn nonce() -> Nonce {
    Nonce::assemble(1_800_000_000, &[0x44; 16], &[0x55; 32])
}

#[test]
fn operator() {
    let operator = || OperatorIdentity::generate(&mut rng(24)).unwrap();
    let passphrase = || Passphrase::parse("abaco metodo uva prato lusso tenore").unwrap();
    let deterministic = || {
        let keys = SlotKeys::derive(&passphrase(), &SALT).unwrap();
        json!({
            "typed": ["abaco metodo uva prato lusso tenore", " Abaco  METODO uva\tprato lusso tenore "],
            "salt": to_base64(&SALT),
            "login_key": keys.login_key(),
            "account": "ada",
            "nonce": to_base64(nonce().as_bytes()),
            "signature": keys.sign_in(&nonce(), "ada"),
            "recipient": operator().recipient(),
            "signing_key": operator().public_key(),
            "session_key": to_base64(&SESSION_KEY),
        })
    };
    let vectors = committed("operator.json", || {
        let mut vectors = deterministic();
        let keys = SlotKeys::derive(&passphrase(), &SALT).unwrap();
        vectors["slot"] = json!(to_base64(&keys.seal(&operator()).unwrap()));
        vectors["session"] = json!(to_base64(&session::seal(&operator(), &SESSION_KEY).unwrap()));
        vectors
    });
    for (name, value) in deterministic().as_object().unwrap() {
        assert_eq!(&vectors[name], value, "{name}");
    }
    for typed in list(&vectors, "typed") {
        assert!(Passphrase::parse(typed.as_str().unwrap()).unwrap() == passphrase());
    }
    let keys = SlotKeys::derive(&passphrase(), &bytes(&vectors, "salt")).unwrap();
    let signature = Signature::parse(text(&vectors, "signature")).unwrap();
    let nonce = Nonce::from_slice(&bytes(&vectors, "nonce")).unwrap();
    assert!(keys.login_key().verifies(SignedType::SignIn, &sign_in_payload(&nonce, "ada"), &signature));
    let from_slot = keys.open(&bytes(&vectors, "slot")).unwrap();
    let from_session = session::open(&bytes(&vectors, "session"), &SESSION_KEY).unwrap();
    for opened in [from_slot, from_session] {
        assert_eq!(as_json(opened.recipient()), vectors["recipient"]);
        assert_eq!(as_json(&opened.public_key()), vectors["signing_key"]);
    }
}

/// In the vectors, filler is the byte 0xF1 everywhere: the keyed function is the server's.
pub(super) fn filler(_: FillerPlace<'_>) -> [u8; CELL_LENGTH] {
    [0xF1; CELL_LENGTH]
}

#[test]
fn mailbox() {
    // The pages are made of the committed frames, so that one code opens both files.
    let frames = read("frames.json");
    let network = NetworkId::parse(text(&frames, "network")).unwrap();
    let receipt = derive(&ReceiptCode::parse(CODE).unwrap(), network).unwrap();
    let fresh = || {
        let all: Vec<Frame> = list(&frames, "frames")
            .iter()
            .map(|vector| Frame::parse(&bytes(vector, "frame")).unwrap())
            .collect();
        let entries: Vec<IndexEntry> = all.iter().filter_map(IndexEntry::of_frame).collect();
        let answers: Vec<Vec<u8>> =
            all.iter().filter(|frame| frame.clear().kind.is_for_receipt()).map(Frame::to_bytes).collect();
        let page = assemble_page(&receipt.mailbox_id(), 0, &entries, &answers, filler);
        json!({
            "network": network,
            "code": CODE,
            "nonce": to_base64(nonce().as_bytes()),
            "requests": [
                { "page": 0, "request": to_base64(&receipt.page_request(&nonce(), 0)) },
                { "page": 7, "request": to_base64(&receipt.page_request(&nonce(), 7)) },
            ],
            "pages": [to_base64(&page)],
            "answers": ["Risposta."],
            "highest_seq": 4,
        })
    };
    let vectors = committed("mailbox.json", fresh);
    assert_eq!(vectors, fresh());
    for vector in list(&vectors, "requests") {
        let request = PageRequest::parse(&bytes(vector, "request")).unwrap();
        assert_eq!(json!(request.page()), vector["page"]);
        assert_eq!(request.mailbox_id(), receipt.mailbox_id());
    }
    let pages: Vec<Vec<u8>> =
        list(&vectors, "pages").iter().map(|page| from_base64(page.as_str().unwrap()).unwrap()).collect();
    let mailbox = Mailbox::read(&pages).unwrap();
    assert_eq!(json!(mailbox.highest_seq()), vectors["highest_seq"]);
    let centre = verify(&frames).unwrap();
    let mut answers = Vec::new();
    for frame in &mailbox.frames {
        let opened = open_with_receipt(&frame.to_bytes(), &receipt, &centre).unwrap();
        check_against_index(&opened, &mailbox.entries).unwrap();
        let Content::Text(content) = opened.content() else { panic!("no text") };
        answers.push(content.text.clone());
    }
    assert_eq!(json!(answers), vectors["answers"]);
}
