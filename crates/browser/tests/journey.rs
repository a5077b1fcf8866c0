//! The questions that pages ask, in the order in which they ask them: a report, its answer, a message, its end. No server: the test
//! carries the bytes from one handle to the other.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

#[expect(dead_code, reason = "shared with the other stories of pages")]
mod page;

use browser::letter::Letter;
use browser::operator::Operator;
use browser::refusal::Refused;
use browser::sign_in::SignIn;
use envelope::duty::Channel;
use envelope::encoding::to_base64;
use envelope::index::PAGE_LENGTH;
use envelope::mailbox::{Nonce, PageRequest};
use envelope::sizes::CELL_LENGTH;
use keyring::item::{AnswerKind, Place, SealedItem, open_for_centre, seal_answer, seal_safe_report};
use keyring::passphrase::Passphrase;
use page::world::{self, World};
use page::{
    built, bundle, case_of, code_of, draft, fetch, keys, letter, mailbox, message, now, operator, page, read,
    root, root_address, seal, texts, verify,
};
use serde_json::{Value, json};

#[test]
fn she_writes_the_centre_answers_she_writes_again_and_the_case_closes() {
    let world = World::new(1);
    let mut letter = letter(&world);
    let mut urgent = draft("Ho paura di tornare a casa.");
    urgent["safe_contact"] = json!("dopo le 18");
    urgent["urgent"] = json!(true);
    let report = letter.seal(&urgent.to_string(), now()).unwrap();
    let code = code_of(&letter);
    assert!(letter.confirm(&code[16..]));
    assert!(!letter.confirm("12345"));

    let mut ada = operator(&world, 0);
    let shown = read(&mut ada, &world, &case_of(&report), std::slice::from_ref(&report));
    assert_eq!(texts(&shown), ["Ho paura di tornare a casa."]);
    assert_eq!(shown["items"][0]["safe_contact"], "dopo le 18");
    assert_eq!(shown["incomplete"], false);
    let answer = ada.answer("answer", "Siamo qui. Quando può parlare?", now()).unwrap();

    let mut hers = mailbox(&world);
    hers.enter(&code).unwrap();
    assert_eq!(fetch(&mut hers, &[report.clone(), answer.clone()]), 1);
    assert_eq!(hers.centre().unwrap(), Some(world.certificate.centre.to_string()));
    let contents: Value = serde_json::from_str(&hers.read(&bundle(&world), now()).unwrap()).unwrap();
    assert_eq!(texts(&contents), [Value::Null, json!("Siamo qui. Quando può parlare?")]);
    assert_eq!(contents["may_write"], true);
    assert_eq!(contents["incomplete"], false);
    let message = hers.seal(&message("Domani alle 10.", ""), now()).unwrap();
    let contents: Value = serde_json::from_str(&hers.acknowledged().unwrap()).unwrap();
    assert_eq!(contents["items"][2]["kind"], "message");

    let frames = [report, answer, message];
    let shown = read(&mut ada, &world, &case_of(&frames[0]), &frames);
    assert_eq!(shown["items"][2]["text"], "Domani alle 10.");
    let closing = ada.close("helped", "accompagnata", now()).unwrap();
    let mut bea = operator(&world, 1);
    let shown = read(&mut bea, &world, &case_of(&frames[0]), &[frames.as_slice(), &[closing]].concat());
    assert_eq!(shown["items"][3]["reason"], "helped");
    assert_eq!(shown["items"][3]["chain"], "notes");
}

#[test]
fn the_same_words_give_the_same_bytes_and_changed_words_another_case() {
    let world = World::new(2);
    let mut letter = letter(&world);
    let first = seal(&mut letter, "uno").unwrap();
    assert_eq!(seal(&mut letter, "uno").unwrap(), first);
    let code = code_of(&letter);
    let changed = seal(&mut letter, "due").unwrap();
    assert_ne!(case_of(&changed), case_of(&first));
    assert_ne!(code_of(&letter), code);
    letter.forget();
    assert_eq!(letter.acknowledged().unwrap_err(), Refused::UNKNOWN);
    assert_ne!(seal(&mut letter, "due").unwrap(), changed);
}

#[test]
fn nothing_is_sealed_before_or_against_the_papers() {
    let world = World::new(3);
    let mut unverified = Letter::new(built());
    assert_eq!(seal(&mut unverified, "uno").unwrap_err(), Refused::UNKNOWN);
    assert_eq!(verify(&mut unverified, &world, "courier").unwrap_err(), Refused::CHANNEL);
    let other = World::new(4).certificate.centre.to_string();
    let (address, root, papers) = (root_address(&world), root(&world), bundle(&world));
    assert_eq!(
        unverified.verify(&address, &root, &papers, &other, "safe", now()).unwrap_err(),
        Refused::CERTIFICATE
    );
    assert_eq!(seal(&mut letter(&world), " \n").unwrap_err(), Refused::EMPTY);
    assert_eq!(seal(&mut letter(&world), &"x".repeat(70_000)).unwrap_err(), Refused::SIZE);
    assert!(letter(&world).room(&draft(&"x".repeat(70_000)).to_string()).unwrap() < 0);
    let day = 24.0 * 3_600_000.0;
    let written_after =
        |days: f64| letter(&world).seal(&draft("uno").to_string(), now() + days * day).unwrap_err();
    assert_eq!(written_after(400.0), Refused::EXPIRED, "papers do run out within a year of their end");
    assert_eq!(
        written_after(800.0),
        Refused::CLOCK_OR_EXPIRED,
        "long after them, the date may be wrong as well"
    );
    let mut built_later = Letter::new((now() + 38.0 * day) / 1_000.0);
    assert_eq!(verify(&mut built_later, &world, "safe").unwrap_err(), Refused::CLOCK);
    let mut built_late = Letter::new((now() + 3.0 * day) / 1_000.0);
    verify(&mut built_late, &world, "safe").unwrap();
    let late = built_late.seal(&draft("uno").to_string(), now() + 37.0 * day).unwrap_err();
    assert_eq!(late, Refused::EXPIRED, "a likely date, and no epoch any more");
}

#[test]
fn an_epoch_older_than_one_seen_in_this_page_is_refused() {
    let mut world = World::new(5);
    let old = bundle(&world);
    world.new_epoch(Channel::Safe, 0);
    let mut letter = letter(&world);
    let centre = world.certificate.centre.to_string();
    let again = letter.verify(&root_address(&world), &root(&world), &old, &centre, "safe", now());
    assert_eq!(again.unwrap_err(), Refused::CERTIFICATE);
}

#[test]
fn an_unknown_code_looks_like_a_mailbox_without_an_answer() {
    let world = World::new(6);
    let mut letter = letter(&world);
    let report = seal(&mut letter, "uno").unwrap();
    for (code, frames) in [(code_of(&letter), vec![report]), ("11112222333344445555".to_owned(), Vec::new())]
    {
        let mut hers = mailbox(&world);
        assert_eq!(hers.enter(&code).unwrap().len(), 2);
        assert_eq!(fetch(&mut hers, &frames), 1);
        assert_eq!(hers.centre().unwrap(), None);
        assert_eq!(hers.seal(&message("x", ""), now()).unwrap_err(), Refused::UNKNOWN);
    }
    let mut hers = mailbox(&world);
    assert_eq!(hers.enter("1111 2222 3333 4444 555").unwrap_err(), Refused::CODE_LENGTH);
    assert_eq!(hers.enter("1111 2222 3333 4444 555a").unwrap_err(), Refused::CODE_LENGTH);
}

#[test]
fn an_answer_that_was_altered_or_moved_is_not_shown() {
    let world = World::new(7);
    let mut letter = letter(&world);
    let report = seal(&mut letter, "uno").unwrap();
    let mut ada = operator(&world, 0);
    read(&mut ada, &world, &case_of(&report), std::slice::from_ref(&report));
    let answer = ada.answer("answer", "due", now()).unwrap();
    let code = code_of(&letter);

    // The answer to one case in the mailbox of another.
    let other = seal(&mut letter, "altro").unwrap();
    let mut hers = mailbox(&world);
    hers.enter(&code_of(&letter)).unwrap();
    fetch(&mut hers, &[other.clone(), answer.clone()]);
    let contents: Value = serde_json::from_str(&hers.read(&bundle(&world), now()).unwrap()).unwrap();
    assert_eq!((&contents["incomplete"], &contents["may_write"]), (&json!(true), &json!(false)));

    // One bit changed on the way.
    let mut hers = mailbox(&world);
    hers.enter(&code).unwrap();
    let nonce = Nonce::assemble(1_800_000_000, &[1; 16], &[2; 32]);
    let request = PageRequest::parse(&hers.request(nonce.as_bytes(), 0).unwrap()).unwrap();
    let mut altered = page(&request.mailbox_id(), &[report.clone(), answer.clone()]);
    altered[CELL_LENGTH + 2_000] ^= 1;
    hers.accept(&altered, 0).unwrap();
    assert!(hers.read(&bundle(&world), now()).is_err());
    assert_eq!(hers.accept(&altered[1..], 0).unwrap_err(), Refused::MALFORMED);
    assert_eq!(hers.accept(&vec![0; PAGE_LENGTH + 1], 0).unwrap_err(), Refused::MALFORMED);

    // In the console: another case's item, one left out, one twice.
    let case = case_of(&report);
    let shown = read(&mut ada, &world, &case, &[report.clone(), other]);
    assert_eq!(texts(&shown), [json!("uno"), Value::Null]);
    let shown = read(&mut ada, &world, &case, &[report.clone(), answer.clone(), answer.clone()]);
    assert_eq!(texts(&shown), [json!("uno"), json!("due"), Value::Null]);
    let shown = read(&mut ada, &world, &case, &[answer]);
    assert_eq!(shown["incomplete"], true);
}

#[test]
fn a_conversation_that_is_not_whole_is_shown_as_incomplete() {
    let world = World::new(11);
    let mut letter = letter(&world);
    let report = seal(&mut letter, "uno").unwrap();
    let case = case_of(&report);
    let mut ada = operator(&world, 0);
    let mut shown = |frames: &[&Vec<u8>]| {
        let frames: Vec<Vec<u8>> = frames.iter().copied().cloned().collect();
        read(&mut ada, &world, &case, &frames)
    };
    shown(&[&report]);
    let (first, second, closing) = {
        let mut bea = operator(&world, 1);
        read(&mut bea, &world, &case, std::slice::from_ref(&report));
        let first = bea.answer("answer", "due", now()).unwrap();
        read(&mut bea, &world, &case, &[report.clone(), first.clone()]);
        let second = bea.answer("answer", "tre", now()).unwrap();
        read(&mut bea, &world, &case, &[report.clone(), first.clone(), second.clone()]);
        let closing = bea.close("helped", "", now()).unwrap();
        (first, second, closing)
    };
    let whole = shown(&[&report, &first, &second, &closing]);
    assert_eq!(whole["incomplete"], false);
    assert_eq!(texts(&whole), ["uno", "due", "tre", ""]);
    let bent: [(&str, &[&Vec<u8>]); 6] = [
        ("nothing at all", &[]),
        ("the report left out", &[&first, &second]),
        ("one in the middle left out", &[&report, &second]),
        ("the tail cut, which the closing has seen", &[&report, &first, &closing]),
        ("put in another order", &[&report, &second, &first]),
        ("one twice", &[&report, &first, &first, &second]),
    ];
    for (what, frames) in bent {
        assert_eq!(shown(frames)["incomplete"], true, "{what}");
    }
}

/// A member who answers a stranger instead of her: no signature is wrong, she never sees it, and a colleague notices.
#[test]
fn an_answer_to_somebody_else_is_shown_as_incomplete() {
    let mut world = World::new(12);
    let (hers, a_stranger) = (world.receipt(), world.receipt());
    let to = world.centre().safe_recipient(world::at(0)).unwrap();
    // The same random bytes give the same case.
    let seal =
        |receipt| seal_safe_report(&to, None, receipt, &world::report("uno"), &mut world::rng(13)).unwrap();
    let report = seal(&hers);
    let answer_to = |first: &SealedItem| {
        let opened = open_for_centre(&first.bytes, world.key(Channel::Safe), &world.centre()).unwrap();
        let place = Place { case: report.case, seq: 2, prev: Some(report.body_hash), seen: 1 };
        let (address, author, mut rng) =
            (opened.receipt_address().unwrap(), &world.operators[0], world::rng(14));
        let (kind, recipient) = (AnswerKind::Answer, world.recipient(Channel::Safe));
        let language = world::italian();
        seal_answer(kind, &recipient, &address, author, &place, "due", &language, &mut rng).unwrap().bytes
    };
    let mut bea = operator(&world, 1);
    for (answer, incomplete) in [(answer_to(&report), false), (answer_to(&seal(&a_stranger)), true)] {
        let shown = read(&mut bea, &world, &report.case.to_string(), &[report.bytes.clone(), answer]);
        assert_eq!(shown["incomplete"], incomplete);
        assert_eq!(shown["items"][1]["text"].is_null(), incomplete);
    }
}

#[test]
fn a_safe_way_to_be_reached_is_a_report_of_its_own() {
    let world = World::new(14);
    let mut letter = letter(&world);
    assert_eq!(seal(&mut letter, " ").unwrap_err(), Refused::EMPTY);
    let mut contact = draft("");
    contact["safe_contact"] = json!("lunedì alle 10");
    let report = letter.seal(&contact.to_string(), now()).unwrap();
    let shown = read(&mut operator(&world, 0), &world, &case_of(&report), std::slice::from_ref(&report));
    assert_eq!(shown["incomplete"], false);
    assert_eq!(
        (&shown["items"][0]["text"], &shown["items"][0]["safe_contact"]),
        (&json!(""), &json!("lunedì alle 10"))
    );
}

#[test]
fn keys_open_for_the_member_alone() {
    let world = World::new(8);
    let mut carla = Operator::of(world.operators[2].clone());
    let person = |place: usize| world.persons[place].to_string();
    // Carla under Ada's name.
    assert_eq!(carla.keys(&keys(&world, 0), &person(0), now(), built()).unwrap_err(), Refused::KEYS);
    carla.keys(&keys(&world, 2), &person(2), now(), built()).unwrap();
    // She reads general support only.
    let (centre, case) = (world.certificate.centre.to_string(), "5a1f0a52-8f7e-4c1f-9d5a-0d3f6d1b7e11");
    assert_eq!(carla.read(&centre, "safe", case, "[]").unwrap_err(), Refused::KEYS);
    // Ada's wraps do not open for her either.
    carla.keys(&keys(&world, 0), &person(2), now(), built()).unwrap();
    assert_eq!(carla.read(&centre, "general", case, "[]").unwrap_err(), Refused::KEYS);
}

#[test]
fn a_passphrase_opens_the_slot_and_the_session_key_what_was_parked() {
    let world = World::new(9);
    let passphrase = Passphrase::parse("abaco metodo uva prato lusso tenore").unwrap();
    let mut rng = world::rng(10);
    let slot =
        serde_json::to_value(keyring::slot::create(&passphrase, &world.operators[0], &mut rng).unwrap())
            .unwrap();
    let field = |name: &str| slot[name].as_str().unwrap();
    let signed_in = SignIn::new(" Abaco metodo uva prato lusso tenore", field("salt")).unwrap();
    let nonce = to_base64(Nonce::assemble(1_800_000_000, &[1; 16], &[2; 32]).as_bytes());
    assert_eq!(signed_in.sign(&nonce, "ada").unwrap().len(), 86);
    let ada = signed_in.unlock(field("blob")).unwrap();
    let other = SignIn::new("abaco metodo uva prato lusso tenere", field("salt")).unwrap();
    assert_eq!(other.unlock(field("blob")).err(), Some(Refused::SLOT));

    let parked = ada.park(&[7; 32]).unwrap();
    assert_eq!(Operator::resume(&parked, &[8; 32]).err(), Some(Refused::SLOT));
    let resumed = Operator::resume(&parked, &[7; 32]).unwrap();
    let draft = ada.seal_draft("Gentile persona,").unwrap();
    assert_eq!(resumed.open_draft(&draft).unwrap(), "Gentile persona,");
    assert_eq!(Operator::of(world.operators[1].clone()).open_draft(&draft).unwrap_err(), Refused::SLOT);
}
