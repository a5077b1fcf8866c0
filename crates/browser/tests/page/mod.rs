//! A page as the tests play it: the world of keyring's tests, and the bytes that a server would carry to and fro.

#[path = "../../../keyring/tests/all/world.rs"]
#[expect(dead_code, reason = "shared with the tests of keyring, which use all of it")]
pub(crate) mod world;

use self::world::{World, start};
use browser::letter::Letter;
use browser::mailbox::Mailbox;
use browser::operator::Operator;
use browser::refusal::Refused;
use envelope::encoding::to_base64;
use envelope::frame::Frame;
use envelope::index::{FillerPlace, IndexEntry, assemble_page};
use envelope::mailbox::{MailboxId, Nonce, PageRequest};
use envelope::publication::WrapTarget;
use envelope::sizes::CELL_LENGTH;
use serde_json::{Value, json};

pub(crate) fn built() -> f64 {
    1_790_000_000.0
}

pub(crate) fn now() -> f64 {
    f64::from(i32::try_from(start().as_second()).unwrap()) * 1_000.0
}

pub(crate) fn root_address(world: &World) -> String {
    format!("/network/{}.json", world.root.hash())
}

pub(crate) fn root(world: &World) -> String {
    serde_json::to_string(&world.root).unwrap()
}

pub(crate) fn bundle(world: &World) -> String {
    serde_json::to_string(&world.bundle).unwrap()
}

pub(crate) fn verify(letter: &mut Letter, world: &World, channel: &str) -> Result<(), Refused> {
    let centre = world.certificate.centre.to_string();
    letter.verify(&root_address(world), &root(world), &bundle(world), &centre, channel, now())
}

pub(crate) fn letter(world: &World) -> Letter {
    let mut letter = Letter::new(built());
    verify(&mut letter, world, "safe").unwrap();
    letter
}

/// An operator with the keys that the server would give her.
pub(crate) fn operator(world: &World, place: usize) -> Operator {
    let mut operator = Operator::of(world.operators[place].clone());
    operator.keys(&keys(world, place), &world.persons[place].to_string(), now(), built()).unwrap();
    operator
}

pub(crate) fn keys(world: &World, place: usize) -> String {
    let mine = |to: &WrapTarget| *to == WrapTarget::Person(world.persons[place]);
    let epochs: Vec<Value> = world
        .wraps
        .iter()
        .filter(|(_, _, to, _)| mine(to))
        .map(|(channel, number, _, wrap)| json!({ "channel": channel, "number": number, "wrap": to_base64(wrap) }))
        .collect();
    json!({ "root": world.root, "centre": world.certificate.centre, "bundle": world.bundle, "epochs": epochs }).to_string()
}

pub(crate) fn read(operator: &mut Operator, world: &World, case: &str, frames: &[Vec<u8>]) -> Value {
    let frames: Vec<String> = frames.iter().map(|frame| to_base64(frame)).collect();
    let centre = world.certificate.centre.to_string();
    let shown = operator.read(&centre, "safe", case, &json!(frames).to_string()).unwrap();
    serde_json::from_str(&shown).unwrap()
}

pub(crate) fn case_of(frame: &[u8]) -> String {
    Frame::parse(frame).unwrap().clear().case.to_string()
}

pub(crate) fn page(mailbox: &MailboxId, frames: &[Vec<u8>]) -> Vec<u8> {
    let all: Vec<Frame> = frames.iter().map(|frame| Frame::parse(frame).unwrap()).collect();
    let entries: Vec<IndexEntry> = all.iter().filter_map(IndexEntry::of_frame).collect();
    let answers: Vec<Vec<u8>> =
        all.iter().filter(|frame| frame.clear().kind.is_for_receipt()).map(Frame::to_bytes).collect();
    assemble_page(mailbox, 0, &entries, &answers, |_: FillerPlace<'_>| [0xF1; CELL_LENGTH])
}

pub(crate) fn code_of(letter: &Letter) -> String {
    let receipt: Value = serde_json::from_str(&letter.acknowledged().unwrap()).unwrap();
    receipt["code"].as_str().unwrap().to_owned()
}

/// Asks for the first page as a browser does, and hands over what the server would answer.
pub(crate) fn fetch(mailbox: &mut Mailbox, frames: &[Vec<u8>]) -> u32 {
    let nonce = Nonce::assemble(1_800_000_000, &[1; 16], &[2; 32]);
    let request = PageRequest::parse(&mailbox.request(nonce.as_bytes(), 0).unwrap()).unwrap();
    mailbox.accept(&page(&request.mailbox_id(), frames), 0).unwrap()
}

pub(crate) fn mailbox(world: &World) -> Mailbox {
    Mailbox::new(built(), &root_address(world), &root(world), now()).unwrap()
}

pub(crate) fn texts(shown: &Value) -> Vec<Value> {
    shown["items"].as_array().unwrap().iter().map(|item| item["text"].clone()).collect()
}

/// A report as the write page gathers it, with nothing but words in it.
pub(crate) fn draft(text: &str) -> Value {
    json!({ "text": text, "safe_contact": "", "urgent": false, "language": "it", "safe_word": "", "second": null, "call_back": null, "files": [] })
}

/// A message as the mailbox page gathers it.
pub(crate) fn message(text: &str, safe_word: &str) -> String {
    json!({ "text": text, "language": "it", "safe_word": safe_word, "files": [] }).to_string()
}

/// Seals a report with nothing but words in it.
pub(crate) fn seal(letter: &mut Letter, text: &str) -> Result<Vec<u8>, Refused> {
    letter.seal(&draft(text).to_string(), now())
}

/// A fresh nonce of the server.
pub(crate) fn nonce() -> Nonce {
    Nonce::assemble(1_800_000_000, &[1; 16], &[2; 32])
}

/// Opens the mailbox of a code in which these frames lie; returns it with what it shows.
pub(crate) fn open(world: &World, code: &str, frames: &[Vec<u8>]) -> (Mailbox, Value) {
    let mut hers = mailbox(world);
    hers.enter(code).unwrap();
    fetch(&mut hers, frames);
    let contents = serde_json::from_str(&hers.read(&bundle(world), now()).unwrap()).unwrap();
    (hers, contents)
}
