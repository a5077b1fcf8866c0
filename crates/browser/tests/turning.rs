//! What a report may carry beside words, and the life of a code: a call, a safe word, a second centre, another code, everything
//! withdrawn (protocol sections 4.1, 7.4, 7.7).

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod page;

use browser::refusal::Refused;
use envelope::burn::{BURN_LENGTH, BurnRequest};
use envelope::content::Content;
use envelope::duty::Channel;
use envelope::frame::{Frame, WrapKind};
use envelope::header::ItemKind;
use envelope::ids::CentreId;
use envelope::index::PAGE_LENGTH;
use envelope::mailbox::{MailboxId, PageRequest};
use keyring::burn::open_burn_word;
use keyring::conversation::{current_receipt_address, rotations};
use keyring::item::{OpenedItem, open_for_centre};
use keyring::safe_word::Verdict;
use page::world::World;
use page::{
    bundle, case_of, code_of, draft, letter, mailbox, message, nonce, now, open, operator, page, read, seal,
    texts,
};
use serde_json::{Value, json};

/// What the centre opens.
fn opened(world: &World, frames: &[Vec<u8>]) -> Vec<OpenedItem> {
    let open = |frame: &Vec<u8>| open_for_centre(frame, world.key(Channel::Safe), &world.centre()).unwrap();
    frames.iter().map(open).collect()
}

/// A report with a safe word, answered once; returns its code and both frames.
fn answered(world: &World, safe_word: &str) -> (String, Vec<Vec<u8>>) {
    let mut letter = letter(world);
    let mut words = draft("uno");
    words["safe_word"] = json!(safe_word);
    let report = letter.seal(&words.to_string(), now()).unwrap();
    let mut ada = operator(world, 0);
    read(&mut ada, world, &case_of(&report), std::slice::from_ref(&report));
    let answer = ada.answer("answer", "Siamo qui.", now()).unwrap();
    (code_of(&letter), vec![report, answer])
}

fn new_code(shown: &str) -> String {
    serde_json::from_str::<Value>(shown).unwrap()["code"].as_str().unwrap().to_owned()
}

#[test]
fn a_call_is_sealed_with_nothing_else_and_without_its_parts_not_at_all() {
    let world = World::new(31);
    let window = json!({ "from": "2026-11-23T08:00:00Z", "to": "2026-11-23T12:00:00Z" });
    let call = |number: &str, windows: &[&Value]| {
        let mut call = draft("");
        call["call_back"] = json!({ "number": number, "language": "fr", "windows": windows, "if_somebody_else_answers": "Ha sbagliato numero." });
        call.to_string()
    };
    let mut letter = letter(&world);
    assert_eq!(letter.check(&call("0586 1", &[])).unwrap_err(), Refused::WINDOWS);
    for number in ["", "abcdefgh", "0586"] {
        assert_eq!(letter.check(&call(number, &[&window])).unwrap_err(), Refused::NUMBER, "{number}");
        assert_eq!(letter.seal(&call(number, &[&window]), now()).unwrap_err(), Refused::NUMBER, "{number}");
    }
    let backwards = json!({ "from": window["to"], "to": window["from"] });
    assert_eq!(letter.check(&call("0586 123456", &[&backwards])).unwrap_err(), Refused::WINDOWS);
    let report = letter.seal(&call("0586 123456", &[&window, &window]), now()).unwrap();
    assert_eq!(report.len(), 4_096, "as long as a short message");

    let items = opened(&world, &[report]);
    let Content::Report(content) = items[0].content() else { panic!("a call is a report") };
    let call = content.call_back.as_ref().unwrap();
    assert_eq!((call.number.as_str(), call.language.as_str(), call.windows.len()), ("0586 123456", "fr", 2));
    assert_eq!(call.windows[0].from, "2026-11-23T08:00:00Z".parse().unwrap());
    assert!(content.text.is_empty() && content.safe_contact.is_none() && content.safe_word.is_none());
}

#[test]
fn a_safe_word_travels_sealed_and_an_empty_field_is_none() {
    let world = World::new(32);
    let (code, mut frames) = answered(&world, "Pietra  lunare");
    let (mut hers, _) = open(&world, &code, &frames);
    assert_eq!(hers.seal(&message(" ", " "), now()).unwrap_err(), Refused::EMPTY);
    frames.push(hers.seal(&message("", "pietra lunare"), now()).unwrap());
    let words: Vec<Option<String>> = opened(&world, &frames)
        .iter()
        .map(|item| match item.content() {
            Content::Report(content) => content.safe_word.clone(),
            Content::Text(content) => content.safe_word.clone(),
            _ => None,
        })
        .collect();
    assert_eq!(words, [Some("Pietra  lunare".to_owned()), None, Some("pietra lunare".to_owned())]);
    let plain = opened(&world, &[seal(&mut letter(&world), "uno").unwrap()]);
    let Content::Report(content) = plain[0].content() else { panic!("a report") };
    assert_eq!(content.safe_word, None);
}

/// Two centres of one network.
fn neighbours(seed: u64) -> (World, World) {
    let mut second = World::without_epochs(seed, |certificate| {
        certificate.centre = CentreId::from_random_bytes([9; 16]);
    });
    // Its epochs are keys of its own.
    second.receipt();
    second.new_epoch(Channel::Safe, 0);
    (World::new(seed), second)
}

#[test]
fn both_centres_open_what_she_sealed_to_both_and_nobody_else_is_chosen() {
    let (first, second) = neighbours(33);
    let centre = second.certificate.centre.to_string();
    let mut letter = letter(&first);
    let mut words = draft("uno");
    words["second"] = json!(centre);
    let unverified = letter.seal(&words.to_string(), now()).unwrap_err();
    assert_eq!(unverified, Refused::CERTIFICATE, "a centre whose papers nobody verified");
    let stranger = World::new(34);
    let strangers = stranger.certificate.centre.to_string();
    assert_eq!(
        letter.verify_second(&bundle(&stranger), &strangers, now()).unwrap_err(),
        Refused::CERTIFICATE
    );
    assert_eq!(letter.verify_second(&bundle(&second), &strangers, now()).unwrap_err(), Refused::CERTIFICATE);
    let itself = first.certificate.centre.to_string();
    assert_eq!(letter.verify_second(&bundle(&first), &itself, now()).unwrap_err(), Refused::CERTIFICATE);

    letter.verify_second(&bundle(&second), &centre, now()).unwrap();
    let report = letter.seal(&words.to_string(), now()).unwrap();
    let frame = Frame::parse(&report).unwrap();
    assert_eq!(frame.clear().second.unwrap().centre, second.certificate.centre);
    assert!(frame.wrap(WrapKind::Second).is_some());
    for world in [&first, &second] {
        assert!(open_for_centre(&report, world.key(Channel::Safe), &world.centre()).is_ok());
    }
    letter.forget();
    let alone = seal(&mut letter, "uno").unwrap();
    assert!(Frame::parse(&alone).unwrap().wrap(WrapKind::Second).is_none(), "not ticked, not sealed");
}

#[test]
fn a_second_centre_that_does_not_offer_the_channel_is_refused() {
    let (first, _) = neighbours(35);
    let mut second = World::without_epochs(35, |certificate| {
        certificate.centre = CentreId::from_random_bytes([9; 16]);
    });
    second.new_epoch(Channel::General, 0);
    let centre = second.certificate.centre.to_string();
    let refused = letter(&first).verify_second(&bundle(&second), &centre, now()).unwrap_err();
    assert_eq!(refused, Refused::EXPIRED, "no epoch of the safe channel");
}

#[test]
fn work_is_done_for_the_very_code_of_the_next_letter() {
    let world = World::new(36);
    let mut letter = letter(&world);
    let subject = letter.subject().unwrap();
    assert_eq!(letter.subject().unwrap(), subject);
    let frame = Frame::parse(&seal(&mut letter, "uno").unwrap()).unwrap();
    assert_eq!(frame.mailbox_id().as_bytes().as_slice(), subject);
    let next = letter.subject().unwrap();
    assert_ne!(next, subject, "a code is used once");
}

#[test]
fn a_new_code_opens_the_old_answers_and_the_old_code_nothing_new() {
    let world = World::new(37);
    let (code, mut frames) = answered(&world, "pietra");
    let (mut hers, _) = open(&world, &code, &frames);
    let change = hers.change("pietra", "it", now()).unwrap();
    assert_eq!(hers.change("pietra", "it", now()).unwrap(), change, "a repeat has the same new code");
    assert_eq!(change.len(), 4_096);
    let frame = Frame::parse(&change).unwrap();
    frame.verify_signature().unwrap();
    assert_eq!((frame.clear().kind, frame.clear().seq), (ItemKind::Rotation, 3));
    frames.push(change);

    // She finds out by herself whether a change without an answer has happened.
    let request = PageRequest::parse(&hers.change_request(nonce().as_bytes()).unwrap()).unwrap();
    let next = frame.clear().next.unwrap().mailbox_id();
    assert_eq!(request.mailbox_id(), next);
    assert!(hers.change_arrived(&page(&next, &frames)).unwrap());
    assert!(!hers.change_arrived(&vec![0xF1; PAGE_LENGTH]).unwrap());

    let fresh = new_code(&hers.changed().unwrap());
    assert!(hers.is_code(&fresh[16..]) && !hers.is_code(&code[16..]));
    assert_eq!(
        hers.seal(&message("x", ""), now()).unwrap_err(),
        Refused::UNKNOWN,
        "nothing of the old one is left"
    );

    // The centre sees the word, and answers to the new code.
    let items = opened(&world, &frames);
    assert_eq!(rotations(&items, &[])[0].word, Verdict::Right);
    assert_eq!(current_receipt_address(&items, &[]).unwrap().mailbox(), next);
    let mut ada = operator(&world, 0);
    read(&mut ada, &world, &case_of(&frames[0]), &frames);
    frames.push(ada.answer("answer", "Abbiamo visto.", now()).unwrap());

    let (mut again, contents) = open(&world, &fresh, &frames);
    assert_eq!(contents["incomplete"], false);
    assert_eq!(contents["items"][2]["kind"], "rotation");
    assert_eq!(texts(&contents), [Value::Null, json!("Siamo qui."), Value::Null, json!("Abbiamo visto.")]);

    // Twice: everything is carried on.
    frames.push(again.change("", "it", now()).unwrap());
    let third = new_code(&again.changed().unwrap());
    let (_, contents) = open(&world, &third, &frames);
    assert_eq!(
        (&contents["incomplete"], &contents["items"][3]["text"]),
        (&json!(false), &json!("Abbiamo visto."))
    );
    assert_eq!(contents["items"][1]["text"], "Siamo qui.");
    assert_eq!(rotations(&opened(&world, &frames), &[])[1].word, Verdict::Missing);

    // Whoever has only the first code, shown all of it by a server that should not: what came later does not open.
    let (_, contents) = open(&world, &code, &frames);
    assert_eq!(contents["replaced"], true);
    assert!(contents["items"].as_array().unwrap().iter().all(|item| item["text"] != "Abbiamo visto."));
}

#[test]
fn without_an_answer_no_code_can_be_changed() {
    let world = World::new(38);
    let mut hers = mailbox(&world);
    hers.enter("11112222333344445555").unwrap();
    assert_eq!(hers.change("", "it", now()).unwrap_err(), Refused::UNKNOWN);
    assert_eq!(hers.changed().unwrap_err(), Refused::UNKNOWN);
}

#[test]
fn withdrawing_looks_the_same_for_every_code_and_carries_the_word_where_it_can() {
    let world = World::new(39);
    let (code, frames) = answered(&world, "pietra");
    let (hers, _) = open(&world, &code, &frames);
    assert!(hers.is_code(&code[16..]) && hers.is_code(&format!(" {}", &code[16..])));
    assert!(!hers.is_code("") && !hers.is_code("12"));
    let with_word = hers.withdraw(nonce().as_bytes(), "pietra", now()).unwrap();
    let mut unknown = mailbox(&world);
    unknown.enter("11112222333344445555").unwrap();
    let without = unknown.withdraw(nonce().as_bytes(), "", now()).unwrap();
    assert_eq!((with_word.len(), without.len()), (BURN_LENGTH, BURN_LENGTH));

    let [first, second] = [&with_word, &without].map(|bytes| {
        let request = BurnRequest::parse(bytes).unwrap();
        request.verify_signature().unwrap();
        request
    });
    assert_eq!(second.word(), None);
    let items = opened(&world, &frames);
    let address = current_receipt_address(&items, &[]).unwrap();
    assert_eq!(first.mailbox_id(), MailboxId::of_key(&Frame::parse(&frames[0]).unwrap().clear().author));
    let typed = open_burn_word(first.word().unwrap(), world.key(Channel::Safe), &address).unwrap();
    assert_eq!(typed.safe_word.as_deref(), Some("pietra"));

    // With a date on which nobody can be sealed to, it is withdrawn all the same, without the word.
    let late = hers.withdraw(nonce().as_bytes(), "pietra", now() + 400.0 * 24.0 * 3_600_000.0).unwrap();
    assert_eq!(BurnRequest::parse(&late).unwrap().word(), None);
    assert_eq!(unknown.withdraw(&[1; 55], "", now()).unwrap_err(), Refused::MALFORMED);
}
