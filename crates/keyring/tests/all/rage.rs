//! I8: a centre opens its data with the stock `rage` command when this software is gone, and we open what `rage` wrote.
//!
//! The command is looked for in `RAGE`, on the path, and in the project's tools folder. Without it the test says so and passes on
//! a developer's machine, and fails where `APPRODO_REQUIRE_RAGE=1` (as in `make test`).

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use envelope::body::Body;
use envelope::content::Content;
use envelope::duty::Channel;
use envelope::frame::{Frame, WrapKind};
use envelope::publication::WrapTarget;
use keyring::item::{AnswerKind, Place, ReportDraft, open_for_centre, seal_answer, seal_safe_report};
use keyring::operator::OperatorIdentity;
use keyring::passphrase::Passphrase;
use keyring::slot::SlotKeys;
use keyring::{draft, session};
use secrecy::ExposeSecret;

use crate::files;
use crate::world::{World, at, italian, report, rng};

fn rage() -> Option<PathBuf> {
    let named = std::env::var_os("RAGE").map(PathBuf::from);
    let on_path = std::env::var_os("PATH")
        .into_iter()
        .flat_map(|path| std::env::split_paths(&path).map(|folder| folder.join("rage")).collect::<Vec<_>>());
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache/approdo/tools/bin/rage"));
    let found = named.into_iter().chain(on_path).chain(home).find(|path| path.is_file());
    if found.is_none() {
        let is_required = std::env::var("APPRODO_REQUIRE_RAGE").is_ok_and(|value| value == "1");
        assert!(
            !is_required,
            "APPRODO_REQUIRE_RAGE=1, and no `rage` was found in RAGE, PATH or the tools folder"
        );
        eprintln!("no `rage` was found: the test of the stock command was not run");
    }
    found
}

/// Runs the command with `input`; gives what it wrote, or `None` when it refused.
fn run(rage: &Path, arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let mut child = Command::new(rage)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    // A command that refuses closes its input early: that is no failure of the test.
    let _ = writer.join().unwrap();
    output.status.success().then_some(output.stdout)
}

/// Decrypts with an identity file of these bytes.
fn decrypt(rage: &Path, identity_file: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("identity.txt");
    std::fs::write(&path, identity_file).unwrap();
    run(rage, &["-d", "-i", path.to_str().unwrap()], sealed)
}

#[test]
fn the_stock_command_opens_everything_at_all_sizes() {
    let Some(rage) = rage() else { return };
    let mut world = World::new(1);
    let receipt = world.receipt();
    let safe = world.centre().safe_recipient(at(0)).unwrap();
    // From paper to the epoch key …
    let paper = world.papers[0].to_file();
    let epoch_file =
        decrypt(&rage, paper.as_bytes(), world.wrap(Channel::Safe, 1, WrapTarget::Paper)).unwrap();
    for length in [20, 5_000, 30_000] {
        let text = "parola ".repeat(length / 7);
        let sealed = seal_safe_report(&safe, None, &receipt, &report(&text), &mut world.rng).unwrap();
        let frame = Frame::parse(&sealed.bytes).unwrap();
        // … from the epoch key to the item key, from the item key to the body. What each step gives is the next identity file.
        let item_file = decrypt(&rage, &epoch_file, frame.wrap(WrapKind::Epoch).unwrap()).unwrap();
        let body = Body::parse(&decrypt(&rage, &item_file, frame.body()).unwrap()).unwrap();
        let Content::Report(content) = body.content else { panic!("no report") };
        assert_eq!(content.text, text);
        assert!(decrypt(&rage, paper.as_bytes(), frame.body()).is_none());
    }
}

#[test]
fn the_stock_command_opens_an_answer_with_each_of_its_two_keys() {
    let Some(rage) = rage() else { return };
    let mut world = World::new(2);
    let receipt = world.receipt();
    let safe = world.centre().safe_recipient(at(0)).unwrap();
    let first = seal_safe_report(&safe, None, &receipt, &report("ciao"), &mut world.rng).unwrap();
    let key = world.key(Channel::Safe).clone();
    let address = open_for_centre(&first.bytes, &key, &world.centre()).unwrap().receipt_address().unwrap();
    let place = Place { case: first.case, seq: 2, prev: Some(first.body_hash), seen: 1 };
    let author = world.operators[1].clone();
    let kind = AnswerKind::Acknowledgement;
    let answer =
        seal_answer(kind, &safe.into(), &address, &author, &place, "letto", &italian(), &mut world.rng)
            .unwrap();
    let frame = Frame::parse(&answer.bytes).unwrap();
    let epoch_file = key.identity().to_secret_string();
    let from_epoch =
        decrypt(&rage, epoch_file.expose_secret().as_bytes(), frame.wrap(WrapKind::Epoch).unwrap()).unwrap();
    let body = Body::parse(&decrypt(&rage, &from_epoch, frame.body()).unwrap()).unwrap();
    let Content::Text(text) = body.content else { panic!("no text") };
    assert_eq!(text.text, "letto");
    // The epoch's key opens no wrap for her.
    let hers = frame.wrap(WrapKind::Receipt).unwrap();
    assert!(decrypt(&rage, epoch_file.expose_secret().as_bytes(), hers).is_none());
}

/// From paper to the file: each step gives the identity file of the next one. What follows the true length is zero bytes.
#[test]
fn the_stock_command_opens_sealed_files_of_all_sizes_from_paper() {
    let Some(rage) = rage() else { return };
    let mut world = World::new(4);
    let receipt = world.receipt();
    let safe = world.centre().safe_recipient(at(0)).unwrap();
    let originals = [0, 1, 65_536, 300_000, 1_048_576 + 3].map(files::content);
    let sealed: Vec<_> = (0..).zip(&originals).map(|(seed, file)| files::seal(file, 40_000, seed)).collect();
    let entries = sealed.iter().map(|(entry, _)| entry.clone()).collect();
    let draft = ReportDraft { files: entries, ..report("con file") };
    let item = seal_safe_report(&safe, None, &receipt, &draft, &mut world.rng).unwrap();
    let frame = Frame::parse(&item.bytes).unwrap();

    let paper = world.papers[0].to_file();
    let epoch_file =
        decrypt(&rage, paper.as_bytes(), world.wrap(Channel::Safe, 1, WrapTarget::Paper)).unwrap();
    let item_file = decrypt(&rage, &epoch_file, frame.wrap(WrapKind::Epoch).unwrap()).unwrap();
    let body = Body::parse(&decrypt(&rage, &item_file, frame.body()).unwrap()).unwrap();
    let Content::Report(content) = body.content else { panic!("no report") };
    assert_eq!(content.files.len(), originals.len());
    for ((entry, original), (_, bytes)) in content.files.iter().zip(&originals).zip(&sealed) {
        let opened = decrypt(&rage, entry.secret.as_bytes(), bytes).unwrap();
        let (file, padding) = opened.split_at(usize::try_from(entry.length).unwrap());
        assert!(file == original, "{} bytes", entry.length);
        assert!(padding.iter().all(|byte| *byte == 0));
        // No other key of the way opens it.
        assert!(decrypt(&rage, &epoch_file, bytes).is_none());
    }
}

#[test]
fn slots_sessions_and_drafts_are_ordinary_files_too() {
    let Some(rage) = rage() else { return };
    let mut rng = rng(3);
    let operator = OperatorIdentity::generate(&mut rng).unwrap();
    let keys = SlotKeys::derive(&Passphrase::parse("una parola").unwrap(), &[1; 16]).unwrap();
    let blob = keys.seal(&operator).unwrap();
    // The opened slot is an identity file: it opens her drafts with the stock command.
    let opened = keys.open(&blob).unwrap();
    let sealed = draft::seal(&operator, b"bozza").unwrap();
    assert_eq!(decrypt(&rage, opened.to_file().as_bytes(), &sealed).unwrap(), b"bozza");
    let session = session::seal(&operator, &[1; 32]).unwrap();
    assert!(decrypt(&rage, opened.to_file().as_bytes(), &session).is_none());
    // And the other way round: what the command sealed, we open.
    let written = run(&rage, &["-e", "-r", operator.recipient().as_str()], b"da fuori").unwrap();
    assert_eq!(draft::open(&operator, &written).unwrap().as_slice(), b"da fuori");
}
