//! What members, servers and bodies bound to report could try with programs of their own: well signed, but not allowed
//! (invariants I2 and I11; protocol sections 3, 4.1 and 12.1 to 12.4).

use std::io::{Read, Write};

use envelope::body::Body;
use envelope::centre::VerifiedCentre;
use envelope::certificate::{Certificate, Member};
use envelope::duty::{Channel, Duties, Duty};
use envelope::encoding::{Hash, to_base64};
use envelope::frame::{Frame, FrameParts, signed_payload};
use envelope::header::InnerHeader;
use envelope::ids::{CentreId, PersonId};
use envelope::index::{FillerPlace, IndexEntry, Mailbox, assemble_page};
use envelope::mailbox::MailboxId;
use envelope::recipient::Recipient;
use envelope::refusal::{CentreRefusal, MailboxRefusal};
use envelope::signature::{SignedDocument, SignedType};
use envelope::sizes::CELL_LENGTH;
use envelope::statement::StatementBody;
use keyring::conversation::check_conversation;
use keyring::documents::{sign_join, sign_leave, sign_statement};
use keyring::identity::Identity;
use keyring::item::{
    AnswerKind, Place, SealedItem, open_for_centre, open_with_receipt, seal_answer, seal_safe_report,
};
use keyring::operator::OperatorIdentity;
use keyring::receipt::Receipt;
use keyring::refusal::{OpenRefusal, SealRefusal};
use keyring::signing::SigningKey;

use crate::world::{World, after_days, at, id_bytes, italian, report, start};

/// Somebody who wants to join: no duty stated, the channels given.
fn newcomer(world: &mut World, name: &str, channels: Vec<Channel>) -> Member {
    let operator = OperatorIdentity::generate(&mut world.rng).unwrap();
    Member {
        person: PersonId::from_random_bytes(id_bytes(&mut world.rng)),
        name: name.to_owned(),
        signing_key: operator.public_key(),
        recipient: operator.recipient().clone(),
        duty: Duties { on_status: Duty::None, on_crime: Duty::None },
        channels,
    }
}

/// The centre after one more statement.
fn with(world: &World, statement: SignedDocument) -> Result<VerifiedCentre, CentreRefusal> {
    let mut bundle = world.bundle.clone();
    bundle.statements.push(statement);
    envelope::centre::verify_centre(&world.verified_root(), &bundle, at(1), None)
}

/// The statement of members 0 and 1, or of others, that a person joins.
fn join(world: &World, member: Member, signers: [usize; 2]) -> Result<VerifiedCentre, CentreRefusal> {
    let [one, other] = signers.map(|place| world.operators[place].signing_key());
    with(world, sign_join(&world.centre(), member, [one, other], after_days(1)).unwrap())
}

fn refusal_of(change: impl FnOnce(&mut Certificate)) -> Option<CentreRefusal> {
    World::without_epochs(50, change).verify(at(0)).err()
}

/// Where the duty is contested, the opinion names people. A second person of the same name would be admitted by another's name.
#[test]
fn the_name_that_an_opinion_admits_belongs_to_one_person() {
    let contested = |it: &mut Certificate| {
        it.duty.on_status = Duty::Contested;
        it.local_opinion = Some(Hash::of(b"opinion"));
        it.named_persons = vec!["Ada Rossi".to_owned(), "Bea Conti".to_owned()];
    };
    let mut world = World::without_epochs(51, contested);
    let unnamed = newcomer(&mut world, "Dora Blu", vec![Channel::Safe]);
    assert_eq!(join(&world, unnamed, [0, 1]).err(), Some(CentreRefusal::Duty));
    let mut namesake = newcomer(&mut world, "Ada Rossi", vec![Channel::Safe]);
    assert_eq!(join(&world, namesake.clone(), [0, 1]).err(), Some(CentreRefusal::Chain));
    namesake.duty.on_status = Duty::Contested;
    assert_eq!(join(&world, namesake, [0, 1]).err(), Some(CentreRefusal::Chain));
    let twice = |it: &mut Certificate| it.founding_members[1].name = it.founding_members[0].name.clone();
    assert_eq!(refusal_of(twice), Some(CentreRefusal::Malformed));
}

/// People who may not read the safe channel cannot by themselves send somebody into it.
#[test]
fn nobody_is_let_into_a_channel_by_people_outside_of_it() {
    let mut world = World::without_epochs(52, |it| {
        it.founding_members[1].channels = vec![Channel::General];
        it.founding_members[1].duty.on_status = Duty::Strong;
        it.founding_members[2].duty.on_status = Duty::Strong;
    });
    let puppet = newcomer(&mut world, "Dora Blu", vec![Channel::Safe]);
    assert_eq!(join(&world, puppet.clone(), [1, 2]).err(), Some(CentreRefusal::Signature));
    let mut both = puppet.clone();
    both.channels = vec![Channel::General, Channel::Safe];
    assert_eq!(join(&world, both, [2, 1]).err(), Some(CentreRefusal::Signature));
    assert_eq!(join(&world, puppet.clone(), [0, 0]).err(), Some(CentreRefusal::Signature), "one, twice");
    // With a reader of the channel among the two it holds, and so does general support without one.
    assert_eq!(join(&world, puppet.clone(), [0, 2]).err(), None);
    let general = Member { channels: vec![Channel::General], ..puppet };
    assert_eq!(join(&world, general, [1, 2]).err(), None);
}

/// Paper identities and epochs have keys of their own: one that is also a person's would be a wrap for that person (I2).
#[test]
fn no_key_has_two_owners() {
    assert_eq!(
        refusal_of(|it| it.channels[0].paper_recipient = it.founding_members[2].recipient.clone()),
        Some(CentreRefusal::Malformed),
        "the paper of the safe channel is the key of a reader of general support"
    );
    assert_eq!(
        refusal_of(|it| it.channels[0].paper_recipient = it.channels[1].paper_recipient.clone()),
        Some(CentreRefusal::Malformed),
        "one paper for both channels"
    );
    let mut world = World::new(53);
    let centre = world.centre();
    let announce = |recipient: &Recipient| {
        let body = StatementBody::Epoch {
            channel: Channel::Safe,
            number: 2,
            recipient: recipient.clone(),
            not_before: start(),
            not_after: after_days(10),
        };
        sign_statement(&centre, body, after_days(1), &[world.operators[0].signing_key()]).unwrap()
    };
    let fresh = Identity::generate(&mut crate::world::rng(54)).unwrap();
    assert_eq!(with(&world, announce(fresh.recipient())).err(), None);
    for (whose, recipient) in [
        ("a reader of general support", world.operators[2].recipient()),
        ("the other paper", world.papers[1].recipient()),
        ("the other channel", world.key(Channel::General).recipient()),
    ] {
        assert_eq!(with(&world, announce(recipient)).err(), Some(CentreRefusal::Chain), "{whose}");
    }
    let paper = world.papers[0].recipient().clone();
    let epoch = world.key(Channel::Safe).recipient().clone();
    for recipient in [paper, epoch] {
        let joiner = newcomer(&mut world, "Dora Blu", vec![Channel::General]);
        let joiner = Member { recipient, ..joiner };
        assert_eq!(join(&world, joiner, [0, 1]).err(), Some(CentreRefusal::Chain));
    }
    // Who has left cannot be announced as an epoch either.
    let leave = sign_leave(&centre, world.persons[2], world.operators[0].signing_key(), after_days(1));
    world.bundle.statements.push(leave.unwrap());
    let after = world.verify(at(1)).unwrap();
    let body = StatementBody::Epoch {
        channel: Channel::Safe,
        number: 2,
        recipient: world.operators[2].recipient().clone(),
        not_before: start(),
        not_after: after_days(10),
    };
    let late = sign_statement(&after, body, after_days(1), &[world.operators[0].signing_key()]).unwrap();
    assert_eq!(with(&world, late).err(), Some(CentreRefusal::Chain));
}

/// X25519 ignores the highest bit and reduces what is too large: one key could be written as several recipients, and "no two share
/// a recipient" would compare in vain. Points of small order give everybody the same secret.
#[test]
fn a_recipient_has_one_spelling_and_no_small_order() {
    let spell = |bytes: &[u8; 32]| {
        let hrp = bech32::Hrp::parse("age").unwrap();
        Recipient::parse(&bech32::encode::<bech32::Bech32>(hrp, bytes).unwrap())
    };
    let good = Identity::generate(&mut crate::world::rng(55)).unwrap();
    let (_, data) = bech32::decode(good.recipient().as_str()).unwrap();
    let good: [u8; 32] = data.try_into().unwrap();
    assert!(spell(&good).is_ok());
    let mut other = good;
    other[31] |= 0x80;
    assert!(spell(&other).is_err(), "the bit that X25519 ignores");
    let near_prime = |lowest: u8| {
        let mut bytes = [0xFF; 32];
        (bytes[0], bytes[31]) = (lowest, 0x7F);
        bytes
    };
    let mut one = [0; 32];
    one[0] = 1;
    let order_eight = [
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    ]
    .map(|digits| *Hash::parse(digits).unwrap().as_bytes());
    let small = [[0; 32], one, near_prime(0xEC), near_prime(0xED), near_prime(0xEE)];
    for bytes in small.into_iter().chain(order_eight) {
        // The control: such a point gives the same secret, zero, to every key.
        assert!(!gives_a_secret(&bytes), "{bytes:?}");
        assert!(spell(&bytes).is_err(), "{bytes:?}");
    }
    assert!(spell(&near_prime(0xFF)).is_err(), "larger than the prime");
    assert!(spell(&near_prime(0xEB)).is_ok(), "the largest but one");
    assert!(gives_a_secret(&good));
}

/// Whether a secret shared with this point depends on anybody's key.
fn gives_a_secret(bytes: &[u8; 32]) -> bool {
    let mine = x25519_dalek::StaticSecret::from([7; 32]);
    mine.diffie_hellman(&x25519_dalek::PublicKey::from(*bytes)).was_contributory()
}

/// A report and an answer on the safe channel, with all keys.
struct Story {
    world: World,
    receipt: Receipt,
    report: SealedItem,
    answer: SealedItem,
}

fn story(seed: u64) -> Story {
    let mut world = World::new(seed);
    let receipt = world.receipt();
    let safe = world.centre().safe_recipient(at(0)).unwrap();
    let report = seal_safe_report(&safe, None, &receipt, &report("Ciao."), &mut world.rng).unwrap();
    let opened = open_for_centre(&report.bytes, world.key(Channel::Safe), &world.centre()).unwrap();
    let address = opened.receipt_address().unwrap();
    let place = Place { case: report.case, seq: 2, prev: Some(report.body_hash), seen: 1 };
    let (author, to) = (world.operators[0].clone(), safe.into());
    let kind = AnswerKind::Answer;
    let answer =
        seal_answer(kind, &to, &address, &author, &place, "Qui.", &italian(), &mut world.rng).unwrap();
    Story { world, receipt, report, answer }
}

fn unseal(identity: &Identity, file: &[u8]) -> Vec<u8> {
    use age::secrecy::ExposeSecret;
    let identity: age::x25519::Identity = identity.to_secret_string().expose_secret().parse().unwrap();
    let mut plaintext = Vec::new();
    let decryptor = age::Decryptor::new_buffered(file).unwrap();
    decryptor
        .decrypt(std::iter::once(&identity as &dyn age::Identity))
        .unwrap()
        .read_to_end(&mut plaintext)
        .unwrap();
    plaintext
}

/// Seals anew until the random grease has the length that the frame needs.
fn seal_to_length(recipient: &Recipient, plaintext: &[u8], length: usize) -> Vec<u8> {
    let recipient: age::x25519::Recipient = recipient.as_str().parse().unwrap();
    for _ in 0..100_000 {
        let recipients = std::iter::once(&recipient as &dyn age::Recipient);
        let mut file = Vec::new();
        let mut writer = age::Encryptor::with_recipients(recipients).unwrap().wrap_output(&mut file).unwrap();
        writer.write_all(plaintext).unwrap();
        writer.finish().unwrap();
        if file.len() == length {
            return file;
        }
    }
    panic!("no file of {length} bytes");
}

/// Puts the author's outer signature under altered parts.
fn sign_again(mut parts: FrameParts, author: &SigningKey) -> Vec<u8> {
    let signed = signed_payload(&parts.clear, &parts.wraps, &parts.body);
    parts.signature = *author.sign(SignedType::Item, &signed).as_bytes();
    let frame = Frame::from_parts(parts).unwrap();
    frame.verify_signature().unwrap();
    frame.to_bytes()
}

/// The answer with other header fields inside the seal, all signatures renewed by its own author.
fn with_header(story: &Story, change: impl FnOnce(&mut InnerHeader)) -> Vec<u8> {
    let author = story.world.operators[0].signing_key();
    let mut parts = Frame::parse(&story.answer.bytes).unwrap().into_parts();
    let wrap = unseal(story.world.key(Channel::Safe).identity(), &parts.wraps[0].sealed);
    let secret = String::from_utf8(wrap).unwrap().lines().last().unwrap().to_owned();
    let item_key = Identity::parse(&secret).unwrap();
    let plaintext = unseal(&item_key, &parts.body);
    let length_at = |place: usize| {
        usize::try_from(u64::from_le_bytes(plaintext[place..place + 8].try_into().unwrap())).unwrap()
    };
    let header_end = 8 + length_at(0);
    let mut header: InnerHeader = serde_json::from_slice(&plaintext[8..header_end]).unwrap();
    let content = &plaintext[header_end + 8..header_end + 8 + length_at(header_end)];
    change(&mut header);
    let mut altered = Body::signed_payload(&serde_json::to_vec(&header).unwrap(), content);
    let signature = author.sign(SignedType::ItemInner, &altered);
    altered.extend_from_slice(signature.as_bytes());
    altered.resize(plaintext.len(), 0);
    parts.body = seal_to_length(item_key.recipient(), &altered, parts.body.len());
    sign_again(parts, author)
}

/// The answer whose wrap for the epoch says other things, well signed by `author`, around the same and right key.
fn with_wrap(story: &Story, change: impl FnOnce(&mut serde_json::Value), author: &SigningKey) -> Vec<u8> {
    let mut parts = Frame::parse(&story.answer.bytes).unwrap().into_parts();
    let epoch = story.world.key(Channel::Safe);
    let wrap = String::from_utf8(unseal(epoch.identity(), &parts.wraps[0].sealed)).unwrap();
    let lines: Vec<&str> = wrap.lines().collect();
    let mut header: serde_json::Value = serde_json::from_str(&lines[1][2..]).unwrap();
    change(&mut header);
    let header = header.to_string();
    let secret = lines[lines.len() - 1];
    let signature = author.sign(SignedType::Wrap, format!("{header}\n{secret}").as_bytes());
    let signature = to_base64(signature.as_bytes());
    let altered = wrap.replace(&lines[1][2..], &header).replace(&lines[2][2..], &signature);
    assert_eq!(altered.len(), wrap.len());
    parts.wraps[0].sealed =
        seal_to_length(epoch.recipient(), altered.as_bytes(), parts.wraps[0].sealed.len());
    sign_again(parts, story.world.operators[0].signing_key())
}

/// I11: a wrap that its author made for another item, grafted onto a body that its key opens.
#[test]
fn a_wrap_of_another_item_is_refused_though_its_key_fits() {
    let story = story(60);
    let open = |bytes: &[u8]| {
        open_for_centre(bytes, story.world.key(Channel::Safe), &story.world.centre()).map(drop)
    };
    let [author, other] = [0, 1].map(|place| story.world.operators[place].signing_key().clone());
    assert_eq!(open(&with_wrap(&story, |_| (), &author)), Ok(()), "the graft itself is sound");
    let elsewhere = "6f1d7f0e-5f0e-4a7b-9a44-0d2f6a2b1c01";
    for field in ["item", "case"] {
        let moved = with_wrap(&story, |header| header[field] = elsewhere.into(), &author);
        assert_eq!(open(&moved), Err(OpenRefusal::Place), "{field}");
    }
    let foreign = with_wrap(&story, |header| header["to"] = "0123456789abcdef".into(), &author);
    assert_eq!(open(&foreign), Err(OpenRefusal::Place));
    let by_another =
        with_wrap(&story, |header| header["author"] = serde_json::to_value(other.public()).unwrap(), &other);
    assert_eq!(open(&by_another), Err(OpenRefusal::Place));
}

/// What is said inside of who can open must be true as far as a reader can tell (protocol sections 4.1 and 12.2).
#[test]
fn an_answer_that_names_foreign_recipients_is_refused() {
    let story = story(61);
    let (key, centre) = (story.world.key(Channel::Safe), story.world.centre());
    let foreign = story.world.operators[2].recipient().fingerprint();
    let same = with_header(&story, |_| ());
    open_with_receipt(&same, &story.receipt, &centre).unwrap();
    let report = open_for_centre(&story.report.bytes, key, &centre).unwrap();
    check_conversation(&[report.clone(), open_for_centre(&same, key, &centre).unwrap()], &[]).unwrap();

    // Wrapped to another key than the one in her first item: a colleague notices that she cannot read it.
    let astray = with_header(&story, |header| header.recipients[1] = foreign.clone());
    assert_eq!(open_with_receipt(&astray, &story.receipt, &centre), Err(OpenRefusal::Place));
    let opened = open_for_centre(&astray, key, &centre).unwrap();
    assert_eq!(check_conversation(&[report, opened], &[]), Err(OpenRefusal::Place));

    // Another key in the place of the epoch: she notices.
    let kept = with_header(&story, |header| header.recipients[0] = foreign);
    assert_eq!(open_with_receipt(&kept, &story.receipt, &centre), Err(OpenRefusal::Place));
    assert_eq!(open_for_centre(&kept, key, &centre), Err(OpenRefusal::Place));

    // A second centre that no wrap of this version is for.
    let second = CentreId::from_random_bytes([3; 16]);
    let shared = with_header(&story, |header| header.centres.push(second));
    assert_eq!(open_with_receipt(&shared, &story.receipt, &centre), Err(OpenRefusal::Place));
    assert_eq!(open_for_centre(&shared, key, &centre), Err(OpenRefusal::Place));
}

/// I2: what came by the safe channel is not quoted into an answer that readers of general support can open.
#[test]
fn an_answer_is_not_sealed_to_another_channel_or_centre_than_its_report() {
    let Story { mut world, report, .. } = story(62);
    let opened = open_for_centre(&report.bytes, world.key(Channel::Safe), &world.centre()).unwrap();
    let address = opened.receipt_address().unwrap();
    let place = Place { case: report.case, seq: 2, prev: Some(report.body_hash), seen: 1 };
    let author = world.operators[0].clone();
    let elsewhere = World::new(63).recipient(Channel::Safe);
    for to in [world.recipient(Channel::General), elsewhere] {
        let kind = AnswerKind::Answer;
        let sealed = seal_answer(kind, &to, &address, &author, &place, "Qui.", &italian(), &mut world.rng);
        assert_eq!(sealed.err(), Some(SealRefusal::Place));
    }
}

/// A server that mixes answers of two channels into one mailbox could lead her next words to the other one.
#[test]
fn a_mailbox_of_two_channels_is_refused() {
    let story = story(64);
    let author = story.world.operators[0].signing_key();
    let answer = Frame::parse(&story.answer.bytes).unwrap();
    let forged = |channel: Channel| {
        let mut clear = answer.clear().clone();
        (clear.channel, clear.seq) = (channel, 3);
        let mut parts = answer.clone().into_parts();
        parts.clear = serde_json::to_vec(&clear).unwrap();
        let grown = parts.clear.len() - answer.clear_bytes().len();
        parts.body.truncate(parts.body.len() - grown);
        sign_again(parts, author)
    };
    let read = |third: &[u8]| {
        let frames = [&story.report.bytes, &story.answer.bytes, third];
        let entries: Vec<IndexEntry> =
            frames.iter().map(|bytes| IndexEntry::of_frame(&Frame::parse(bytes).unwrap()).unwrap()).collect();
        let mailbox = MailboxId::from_bytes([0; 32]);
        let filler = |_: FillerPlace<'_>| [7; CELL_LENGTH];
        let answers = [story.answer.bytes.clone(), third.to_vec()];
        Mailbox::read(&[assemble_page(&mailbox, 0, &entries, &answers, filler)]).map(drop)
    };
    assert_eq!(read(&forged(Channel::Safe)), Ok(()));
    assert_eq!(read(&forged(Channel::General)), Err(MailboxRefusal::Mismatch));
}
