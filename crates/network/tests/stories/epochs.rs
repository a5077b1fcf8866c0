//! Keys of channels that would close one, be sealed to nobody, or come to somebody whom their certificate does not name.

use envelope::centre::VerifiedCentre;
use envelope::certificate::Member;
use envelope::duty::{Channel, Duties, Duty};
use envelope::encoding::Base64;
use envelope::ids::PersonId;
use envelope::publication::{EpochRecord, EpochWrapRecord, WrapTarget};
use envelope::refusal::CentreRefusal;
use envelope::signature::SignedDocument;
use envelope::statement::StatementBody;
use jiff::{SignedDuration, Timestamp};
use keyring::operator::OperatorIdentity;
use network::centres::{ImportRefusal, Publication, import};
use network::verify::Violation;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng as _;
use sea_orm::ConnectionTrait as _;
use testkit::TestApp;
use testkit::actors::{DemoNetwork, Operator, Victim};

use crate::common::{count, world};
use crate::gates::{replay, without_constraints};

testkit::on_both_engines!(
    one_member_uses_up_no_numbers_and_closes_no_channel,
    no_key_is_taken_in_that_is_sealed_to_nobody,
    a_departure_that_an_import_brings_takes_the_wraps,
    keys_of_an_earlier_certificate_go_to_nobody_whom_it_does_not_name,
    papers_that_end_overnight_ask_for_no_key_and_take_none,
);

fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

async fn try_import(app: &TestApp, publication: &Publication) -> Result<(), ImportRefusal> {
    let platform = &app.platform;
    import(&platform.database, &platform.random, publication, platform.now()).await.map(|_| ())
}

/// An epoch of the safe channel as any member may sign one, with a key that nothing had.
fn announce(
    centre: &VerifiedCentre,
    signer: &OperatorIdentity,
    number: u32,
    begins: Timestamp,
    now: Timestamp,
) -> SignedDocument {
    let mut random = rng(u64::from(number) ^ begins.as_second().unsigned_abs());
    let recipient = keyring::identity::Identity::generate(&mut random).unwrap().recipient().clone();
    let body = StatementBody::Epoch {
        channel: Channel::Safe,
        number,
        recipient,
        not_before: begins,
        not_after: begins + hours(24 * 35),
    };
    keyring::documents::sign_statement(centre, body, now, &[signer.signing_key()]).unwrap()
}

/// After the highest number none could follow, and nobody could write before a key begins.
async fn one_member_uses_up_no_numbers_and_closes_no_channel(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let person = &network.centres[0].people[0];
    let mut anna = Operator::sign_in(&app, person).await;
    let good = anna.draw_epoch(Channel::Safe, now);
    let forged = [(u32::MAX, now), (3, now), (2, now + hours(1)), (2, now + hours(24 * 300))];
    for (number, begins) in forged {
        let mut made = good.clone();
        made.statement = announce(&anna.centre, &person.identity, number, begins, now);
        let refused = anna.post_epoch(&made).await;
        assert_eq!(refused.verdict(), (400, "statement".to_owned()), "{number} from {begins}");

        // The same by way of a publication.
        let mut publication = network.publication();
        let published = &mut publication.centres[0];
        let mut statements = network.centres[0].bundle.statements.clone();
        statements.push(made.statement);
        published.statements = serde_json::to_string(&statements).unwrap();
        let mut records: Vec<EpochRecord> = serde_json::from_str(&published.epochs).unwrap();
        records.push(EpochRecord { channel: Channel::Safe, number, wraps: made.wraps });
        published.epochs = serde_json::to_string(&records).unwrap();
        let refused = try_import(&app, &publication).await.unwrap_err();
        let is_named =
            matches!(&refused, ImportRefusal::Trust(_, CentreRefusal::Chain | CentreRefusal::NotYetValid));
        assert!(is_named, "{number} from {begins}: {refused}");
    }
    assert_eq!((count(&app, "statement").await, count(&app, "epoch").await), (4, 4));
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    assert_eq!(her.send_report(report.bytes).await.status.as_u16(), 201, "the channel is open");
    assert_eq!(anna.post_epoch(&good).await.status.as_u16(), 201, "and the next key is the second");
}

/// Rule L: a record that is missing keeps what the server has, and that may be nothing.
async fn no_key_is_taken_in_that_is_sealed_to_nobody(app: TestApp) {
    let now = app.platform.now();
    let mut network = DemoNetwork::new(now, 21);
    let mut publication = network.publication();
    let whole = std::mem::replace(&mut publication.centres[0].epochs, "[]".to_owned());
    let refused = try_import(&app, &publication).await.unwrap_err();
    assert!(refused.to_string().contains("neither in epochs.json nor on this server"), "{refused}");
    assert_eq!((count(&app, "centre").await, count(&app, "epoch").await), (0, 0), "nothing was written");
    publication.centres[0].epochs.clone_from(&whole);
    try_import(&app, &publication).await.unwrap();

    // What is here already stands in for a record; for a newer epoch nothing does.
    "[]".clone_into(&mut publication.centres[0].epochs);
    try_import(&app, &publication).await.unwrap();
    network.renew_epoch(0, Channel::Safe, now, now);
    let mut newer = network.publication();
    let records = std::mem::replace(&mut newer.centres[0].epochs, whole);
    assert!(matches!(try_import(&app, &newer).await, Err(ImportRefusal::Mismatch(..))));
    assert_eq!(count(&app, "epoch").await, 4);
    newer.centres[0].epochs = records;
    try_import(&app, &newer).await.unwrap();
    replay(&app).await.unwrap();
}

async fn a_departure_that_an_import_brings_takes_the_wraps(app: TestApp) {
    let now = app.platform.now();
    let mut network = DemoNetwork::new(now, 22);
    network.join(0, "Gaia Viola", "gaia.viola", now);
    network.publish(&app.app).await.unwrap();
    let bea = network.centres[0].people.remove(1).id;
    let of_bea = format!("epoch_wrap WHERE sealed_to = '{}'", bea.uuid());
    assert_eq!(count(&app, &of_bea).await, 4);
    let signer = network.centres[0].people[0].identity.signing_key().clone();
    let leave = keyring::documents::sign_leave(&network.verified(0, now), bea, &signer, now).unwrap();
    network.centres[0].bundle.statements.push(leave);
    // The folder has no records of the old epochs: the server keeps its own, but for hers.
    let mut publication = network.publication();
    "[]".clone_into(&mut publication.centres[0].epochs);
    try_import(&app, &publication).await.unwrap();
    assert_eq!(count(&app, &of_bea).await, 0);
    let gaia = network.centres[0].people[1].id;
    assert_eq!(count(&app, &format!("epoch_wrap WHERE sealed_to = '{}'", gaia.uuid())).await, 2);
    replay(&app).await.unwrap();
}

/// Who is certified first at a renewal reads what comes from then on; gate 3 has no row for more, and import and replay say the same.
async fn keys_of_an_earlier_certificate_go_to_nobody_whom_it_does_not_name(app: TestApp) {
    let now = app.platform.now();
    let mut network = DemoNetwork::new(now, 23);
    network.publish(&app.app).await.unwrap();
    let earlier: Vec<EpochRecord> = serde_json::from_str(&network.publication().centres[0].epochs).unwrap();
    let identity = OperatorIdentity::generate(&mut rng(25)).unwrap();
    let gaia = PersonId::from_random_bytes([7; 16]);
    network.centres[0].certificate.founding_members.push(Member {
        person: gaia,
        name: "Gaia Viola".to_owned(),
        signing_key: identity.public_key(),
        recipient: identity.recipient().clone(),
        duty: Duties { on_status: Duty::None, on_crime: Duty::None },
        channels: vec![Channel::Safe, Channel::General],
    });
    network.renew_certificate(0, now);
    let with = |handed: Option<EpochWrapRecord>| {
        let mut publication = network.publication();
        let mut records: Vec<EpochRecord> = serde_json::from_str(&publication.centres[0].epochs).unwrap();
        let mut old = earlier.iter().find(|record| record.channel == Channel::Safe).unwrap().clone();
        old.wraps.extend(handed);
        records.push(old);
        publication.centres[0].epochs = serde_json::to_string(&records).unwrap();
        publication
    };
    let to_gaia =
        EpochWrapRecord { to: WrapTarget::Person(gaia), wrap: Base64(earlier[0].wraps[0].wrap.0.clone()) };
    let refused = try_import(&app, &with(Some(to_gaia))).await.unwrap_err();
    assert!(refused.to_string().contains("no reader of its channel under that certificate"), "{refused}");
    assert_eq!(count(&app, "certificate").await, 2);
    try_import(&app, &with(None)).await.unwrap();
    replay(&app).await.unwrap();

    let bare = without_constraints(&app).await;
    let handed = format!(
        "INSERT INTO epoch_wrap (certificate_hash, channel, number, sealed_to, wrap) SELECT certificate_hash, channel, number, '{}', wrap \
         FROM epoch_wrap WHERE channel = 'safe' AND number = 1 AND sealed_to = '{}'",
        gaia.uuid(),
        network.centres[0].people[0].id.uuid()
    );
    bare.execute_unprepared(&handed).await.unwrap();
    let found = replay(&app).await;
    let is_named =
        matches!(&found, Err(Violation::Sealed(_, name, "who is no member")) if name == "Gaia Viola");
    assert!(is_named, "{found:?}");
    bare.close().await.unwrap();
}

/// The review date is the last good day, though the certificate goes on for months.
async fn papers_that_end_overnight_ask_for_no_key_and_take_none(app: TestApp) {
    // From 10:00 in Rome to four minutes before midnight in universal time.
    app.time.advance(hours(14) + SignedDuration::from_mins(56));
    let now = app.platform.now();
    let before = now - hours(24 * 21);
    let mut network = DemoNetwork::new(before, 24);
    network.centres[0].certificate.review_date = now.to_zoned(jiff::tz::TimeZone::UTC).date();
    network.renew_certificate(0, before);
    network.publish(&app.app).await.unwrap();
    let mut anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    let waits = |page: &testkit::Answer| page.text().contains("id=\"waits\"");
    assert!(waits(&anna.client.get("/it/console/channels").await), "on its day 21 a key is due");
    let made = anna.draw_epoch(Channel::Safe, now);
    app.time.advance(SignedDuration::from_mins(5));
    assert!(!waits(&anna.client.get("/it/console/channels").await), "the governors come first");
    assert_eq!(anna.post_epoch(&made).await.verdict(), (400, "expired".to_owned()));
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    assert_eq!(her.send_report(report.bytes).await.verdict(), (409, "epoch".to_owned()));
    assert_eq!(count(&app, "epoch").await, 6);
}
