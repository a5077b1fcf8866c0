//! What must not be, as statements past the product, each with what the replay must call it.

use envelope::centre::VerifiedCentre;
use envelope::duty::Duty;
use envelope::encoding::Hash;
use envelope::signature::SignedDocument;
use network::verify::Violation;
use testkit::TestApp;
use testkit::actors::DemoNetwork;
use uuid::Uuid;

use super::{SAFE_OF_FARO, bytes, id};

/// What it is, what is done to the rows, and whether a violation is the one that was made.
pub(super) type Forbidden = (&'static str, Vec<String>, fn(&Violation) -> bool);

/// A document as a text of SQL.
fn document(document: &SignedDocument) -> String {
    serde_json::to_string(document).unwrap().replace('\'', "''")
}

/// A certificate that governors did sign, put in force after the one that is there.
fn put_in_force(
    network: &DemoNetwork,
    app: &TestApp,
    change: fn(&mut envelope::certificate::Certificate),
) -> Vec<String> {
    let centre = &network.centres[0];
    let mut certificate = centre.certificate.clone();
    certificate.previous_chain = Some(network.verified(0, app.platform.now()).next_statement().1);
    change(&mut certificate);
    let signed = network.sign(&certificate);
    let (hash, place) = (signed.hash(), id(app, centre.id.uuid()));
    vec![
        format!(
            "INSERT INTO certificate (hash, centre_id, document, not_before, not_after) VALUES ('{hash}', {place}, '{}', {}, {})",
            document(&signed),
            certificate.not_before.as_second(),
            certificate.not_after.as_second()
        ),
        format!("UPDATE centre SET certificate_hash = '{hash}' WHERE id = {place}"),
    ]
}

/// Two members let somebody join whose key is another's.
fn join_with_key_of_paper(network: &DemoNetwork, app: &TestApp) -> Vec<String> {
    let (centre, now) = (&network.centres[0], app.platform.now());
    let verified = network.verified(0, now);
    let mut member = centre.certificate.founding_members[1].clone();
    member.person = envelope::ids::PersonId::from_random_bytes([9; 16]);
    "Gaia Viola".clone_into(&mut member.name);
    member.signing_key = network.centres[1].people[0].identity.public_key();
    member.duty.on_status = Duty::Strong;
    member.channels = vec![envelope::duty::Channel::General];
    member.recipient = centre.papers[0].recipient().clone();
    let signers = [0, 1].map(|place| centre.people[place].identity.signing_key());
    let join = keyring::documents::sign_join(&verified, member, signers, now).unwrap();
    append(&verified, &join)
}

/// One member signs an epoch that ends when it is stated, and the one before with it.
fn epoch_that_is_over(network: &DemoNetwork, app: &TestApp) -> Vec<String> {
    let now = app.platform.now();
    let verified = network.verified(0, now);
    let begins = now - jiff::SignedDuration::from_hours(24 * 35);
    let signer = &network.centres[0].people[0].identity;
    append(&verified, &crate::epochs::announce(&verified, signer, 2, begins, now))
}

/// A statement at the end of a chain.
fn append(centre: &VerifiedCentre, statement: &SignedDocument) -> Vec<String> {
    vec![format!(
        "INSERT INTO statement (certificate_hash, seq, hash, document) VALUES ('{}', {}, '{}', '{}')",
        centre.certificate_hash(),
        centre.next_statement().0,
        statement.hash(),
        document(statement)
    )]
}

pub(super) fn papers(app: &TestApp, network: &DemoNetwork) -> Vec<Forbidden> {
    let mut alone = network.centres[0].bundle.certificate.clone();
    alone.signatures.pop();
    let in_porto = "certificate_hash = (SELECT certificate_hash FROM centre WHERE slug = 'porto')";
    vec![
        (
            "governors who err: a bound body",
            put_in_force(network, app, |it| it.duty.on_status = Duty::Strong),
            |found| matches!(found, Violation::BoundBody(_)),
        ),
        (
            "governors who err: a bound person",
            put_in_force(network, app, |it| it.founding_members[1].duty.on_status = Duty::Strong),
            |found| matches!(found, Violation::BoundPerson(_, name) if name == "Bea Neri"),
        ),
        (
            "governors who err: a bound person's key in the place of the paper",
            put_in_force(network, app, |it| {
                let bea = &mut it.founding_members[1];
                (bea.duty.on_status, bea.channels) = (Duty::Strong, vec![envelope::duty::Channel::General]);
                it.channels[0].paper_recipient = it.founding_members[1].recipient.clone();
            }),
            |found| {
                matches!(found, Violation::SharedKey(_, shared)
                    if shared == "the paper identity of the safe channel has the key of Bea Neri")
            },
        ),
        (
            "members who err: a bound newcomer with the key of the paper",
            join_with_key_of_paper(network, app),
            |found| {
                matches!(found, Violation::SharedKey(_, shared)
                    if shared == "Gaia Viola has the key of the paper identity of the safe channel")
            },
        ),
        (
            "a member who errs: an epoch that is over when it is stated",
            epoch_that_is_over(network, app),
            |found| matches!(found, Violation::Chain(_, reason) if reason.contains("no whole day")),
        ),
        (
            "a certificate that names no head",
            put_in_force(network, app, |it| {
                (it.previous_chain, it.review_date) = (None, jiff::civil::date(2031, 1, 1));
            }),
            |found| matches!(found, Violation::Chain(..)),
        ),
        (
            "one governor alone",
            vec![format!(
                "UPDATE certificate SET document = '{}' WHERE hash = '{}'",
                document(&alone),
                alone.hash()
            )],
            |found| matches!(found, Violation::Governors(_)),
        ),
        (
            "another centre's certificate",
            vec![format!(
                "UPDATE certificate SET document = '{}' WHERE hash = '{}'",
                document(&network.centres[1].bundle.certificate),
                alone.hash()
            )],
            |found| matches!(found, Violation::Altered(_)),
        ),
        (
            "a statement is taken away",
            vec![format!("DELETE FROM statement WHERE {in_porto} AND seq = 1")],
            |found| matches!(found, Violation::Chain(..)),
        ),
        ("no root", vec!["UPDATE network_root SET hash = ''".to_owned()], |found| *found == Violation::Root),
    ]
}

pub(super) fn wraps(network: &DemoNetwork) -> Vec<Forbidden> {
    let [carla, dora] = [0, 1].map(|place| network.centres[1].people[place].id.uuid());
    let anna = network.centres[0].people[0].id.uuid();
    let to_dora = format!(
        "INSERT INTO epoch_wrap (certificate_hash, channel, number, sealed_to, wrap) \
         SELECT certificate_hash, channel, number, '{dora}', wrap FROM epoch_wrap WHERE {SAFE_OF_FARO} AND sealed_to = '{carla}'"
    );
    let stated = format!(
        "INSERT INTO channel_reader (certificate_hash, channel, reader, body_on_status, on_status, named) \
         SELECT certificate_hash, 'safe', '{dora}', 'none', 'none', {} FROM centre WHERE slug = 'faro'",
        false
    );
    let in_porto =
        "certificate_hash = (SELECT certificate_hash FROM centre WHERE slug = 'porto') AND channel = 'safe'";
    vec![
        (
            "a wrap of the safe channel for who does not read it",
            vec![to_dora],
            |found| matches!(found, Violation::Sealed(_, name, "who may not read that channel") if name == "Dora Rosa"),
        ),
        (
            "the table of gate 3 lies",
            vec![stated],
            |found| matches!(found, Violation::StatedDuty(_, name) if name == "Dora Rosa"),
        ),
        (
            "a wrap for another centre's member",
            vec![format!(
                "UPDATE epoch_wrap SET sealed_to = '{anna}' WHERE {SAFE_OF_FARO} AND sealed_to = '{carla}'"
            )],
            |found| matches!(found, Violation::Sealed(_, name, "who is no member") if name == "Anna Verdi"),
        ),
        (
            "another duty of a body",
            vec![format!("UPDATE certified_channel SET opinion = {} WHERE {in_porto}", true)],
            |found| matches!(found, Violation::StatedDuty(..)),
        ),
        (
            "another key of an epoch",
            vec![format!(
                "UPDATE epoch SET recipient = (SELECT recipient FROM epoch WHERE {SAFE_OF_FARO}) WHERE {in_porto}"
            )],
            |found| matches!(found, Violation::Epoch(_)),
        ),
        (
            "no paper",
            vec![format!("DELETE FROM epoch_wrap WHERE {in_porto} AND sealed_to = 'paper'")],
            |found| matches!(found, Violation::Unopenable(_, "the paper identity of its epoch")),
        ),
        (
            "nobody who works there",
            vec![format!("DELETE FROM epoch_wrap WHERE {in_porto} AND sealed_to <> 'paper'")],
            |found| matches!(found, Violation::Unopenable(_, "anybody who reads its channel now")),
        ),
    ]
}

pub(super) fn rows(app: &TestApp, network: &DemoNetwork, cases: [Uuid; 2]) -> Vec<Forbidden> {
    let [one, two] = cases.map(|case| id(app, case));
    let faro = id(app, network.centres[1].id.uuid());
    let of_one = format!("WHERE case_id = {one} AND chain = 'conversation'");
    let buried = bytes(app, Hash::of(cases[0].as_bytes()).as_bytes());
    vec![
        (
            "another channel",
            vec![format!("UPDATE report SET channel = 'general' WHERE id = {one}")],
            |found| matches!(found, Violation::Misplaced(_, "it was sealed for the other channel")),
        ),
        ("another centre", vec![format!("UPDATE report SET centre_id = {faro} WHERE id = {one}")], |found| {
            matches!(found, Violation::Misplaced(_, "it was sealed for another centre"))
        }),
        ("an epoch that never was", vec![format!("UPDATE report SET epoch = 9 WHERE id = {one}")], |found| {
            matches!(found, Violation::NoEpoch(_))
        }),
        (
            "a second centre that she did not name",
            vec![format!("UPDATE report SET second_centre_id = {faro}, second_epoch = 1 WHERE id = {one}")],
            |found| matches!(found, Violation::Misplaced(..)),
        ),
        ("a body", vec![format!("UPDATE report_item SET body = clear {of_one} AND seq = 1")], |found| {
            matches!(found, Violation::Frame(_))
        }),
        (
            "a signature",
            vec![format!(
                "UPDATE report_item SET signature = (SELECT signature FROM report_item WHERE case_id = {two}) {of_one} AND seq = 2"
            )],
            |found| matches!(found, Violation::Frame(_)),
        ),
        (
            "a wrap of another item",
            vec![format!(
                "UPDATE report_wrap SET wrap = (SELECT wrap FROM report_wrap WHERE position = 0 AND item_id = (SELECT id FROM report_item \
                 WHERE case_id = {two})) WHERE item_id = (SELECT id FROM report_item {of_one} AND seq = 1)"
            )],
            |found| matches!(found, Violation::Frame(_)),
        ),
        ("an item is taken away", vec![format!("DELETE FROM report_item {of_one} AND seq = 1")], |found| {
            matches!(found, Violation::Gap(_, "conversation"))
        }),
        (
            "an item is moved",
            vec![
                format!("DELETE FROM report_item {of_one} AND seq = 1"),
                format!("UPDATE report_item SET case_id = {one} WHERE case_id = {two}"),
                format!("UPDATE report SET conversation_items = 0 WHERE id = {two}"),
            ],
            |found| matches!(found, Violation::Misplaced(_, "it names another case, item, kind or place")),
        ),
        (
            "a mailbox",
            vec![format!("UPDATE report SET mailbox = {} WHERE id = {one}", bytes(app, &[9; 32]))],
            |found| matches!(found, Violation::Mailbox(_)),
        ),
        (
            "a tombstone that lives",
            vec![format!("INSERT INTO shredded (case_hash, week) VALUES ({buried}, '2026-W47')")],
            |found| matches!(found, Violation::Shredded(..)),
        ),
        (
            "a mailbox that was buried",
            vec![format!(
                "INSERT INTO mailbox_tombstone (mailbox) SELECT mailbox FROM report WHERE id = {one}"
            )],
            |found| matches!(found, Violation::MailboxTombstone(_)),
        ),
    ]
}
