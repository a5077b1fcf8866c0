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
    a_record_takes_no_copy_away,
    copies_of_who_left_stay_where_no_two_others_have_one,
    what_only_paper_opens_after_a_renewal_is_counted_and_no_violation,
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
pub(crate) fn announce(
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

/// After the highest number none could follow, and nobody could write before a key begins or after it is over.
async fn one_member_uses_up_no_numbers_and_closes_no_channel(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let person = &network.centres[0].people[0];
    let mut anna = Operator::sign_in(&app, person).await;
    let good = anna.draw_epoch(Channel::Safe, now);
    let forged = [
        (u32::MAX, now),
        (3, now),
        (2, now + hours(1)),
        (2, now + hours(24 * 300)),
        // Over when it is stated, and within the day.
        (2, now - hours(24 * 35)),
        (2, now - hours(24 * 34 + 1)),
    ];
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
        let is_named = matches!(
            &refused,
            ImportRefusal::Trust(
                _,
                CentreRefusal::Chain | CentreRefusal::NotYetValid | CentreRefusal::Malformed
            )
        );
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

/// An import brings copies and takes none, whatever its records leave out: of a key in use and of an ended one.
async fn a_record_takes_no_copy_away(app: TestApp) {
    let now = app.platform.now();
    let mut network = DemoNetwork::new(now, 26);
    network.renew_epoch(0, Channel::Safe, now, now);
    let with = |number: u32, change: &dyn Fn(&mut Vec<EpochWrapRecord>)| {
        let mut publication = network.publication();
        let mut records: Vec<EpochRecord> = serde_json::from_str(&publication.centres[0].epochs).unwrap();
        let is_it = |record: &&mut EpochRecord| (record.channel, record.number) == (Channel::Safe, number);
        change(&mut records.iter_mut().find(is_it).unwrap().wraps);
        publication.centres[0].epochs = serde_json::to_string(&records).unwrap();
        publication
    };
    // The first copy is for Anna, the last one for paper; hers is spoilt, and comes back at the end.
    let spoilt = with(2, &|wraps| wraps[0].wrap = Base64(wraps[2].wrap.0.clone()));
    network.publish(&app.app).await.unwrap();
    let mut anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    try_import(&app, &spoilt).await.unwrap();
    anna.refresh(now).await;
    assert!(!anna.holds_newest(Channel::Safe));
    let all = count(&app, "epoch_wrap").await;
    for number in [1, 2] {
        let emptied = with(number, &|wraps| wraps.clear());
        let paperless = with(number, &|wraps| wraps.truncate(1));
        let cut_down = with(number, &|wraps| drop(wraps.remove(0)));
        for (what, publication) in [("emptied", &emptied), ("without paper", &paperless)] {
            let taken = try_import(&app, publication).await.is_ok();
            assert_eq!(taken, number == 1, "{what}, {number}: a key in use needs paper and a person");
            assert_eq!(count(&app, "epoch_wrap").await, all, "{what}, {number}");
        }
        try_import(&app, &cut_down).await.unwrap();
        assert_eq!(count(&app, "epoch_wrap").await, all, "without Anna, {number}");
    }
    network.publish(&app.app).await.unwrap();
    anna.refresh(now).await;
    assert!(anna.holds_newest(Channel::Safe), "a copy takes the place of the one that was there");
    assert_eq!(count(&app, "epoch_wrap").await, all);
    replay(&app).await.unwrap();
}

/// A report under the first key of the safe channel; then two more people work there and have no copy of that key.
async fn with_newcomers(app: &TestApp, seed: u64) -> DemoNetwork {
    let now = app.platform.now();
    let mut network = DemoNetwork::new(now, seed);
    network.publish(&app.app).await.unwrap();
    let her = Victim::new(app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    assert_eq!(her.send_report(report.bytes).await.status.as_u16(), 201);
    network.join(0, "Gaia Viola", "gaia.viola", now);
    network.join(0, "Dina Rosa", "dina.rosa", now);
    network.publish(&app.app).await.unwrap();
    network
}

/// Rule L counts who has a copy of a key, not who reads its channel: two newcomers read, and the first key is not theirs.
async fn copies_of_who_left_stay_where_no_two_others_have_one(app: TestApp) {
    let network = with_newcomers(&app, 27).await;
    let now = app.platform.now();
    let [anna, bea, dina] = [0, 1, 3].map(|place| network.centres[0].people[place].id);
    let copies = async |person: PersonId, which: &str| {
        count(&app, &format!("epoch_wrap WHERE sealed_to = '{}' AND {which}", person.uuid())).await
    };
    let mut gaia = Operator::sign_in(&app, &network.centres[0].people[2]).await;
    let few = async |who: &Operator, person: PersonId| {
        let page = who.client.get(&format!("/it/console/people/{}/leave", person.uuid())).await;
        page.text().contains("id=\"few\"")
    };
    assert!(!few(&gaia, dina).await, "of her keys three others have a copy each");
    assert!(few(&gaia, anna).await, "of the first one Bea alone would have one, though three read");
    assert_eq!(gaia.state_leave(anna, now).await.status.as_u16(), 201);
    assert_eq!((copies(anna, "number = 1").await, copies(anna, "number > 1").await), (2, 0));
    gaia.refresh(now).await;
    assert_eq!(gaia.state_leave(bea, now).await.status.as_u16(), 201);
    assert_eq!(
        (copies(anna, "number = 1").await, copies(bea, "number = 1").await),
        (2, 2),
        "two read, none has it"
    );
    assert_eq!((copies(bea, "number = 2").await, copies(bea, "number = 3").await), (2, 0));
    let page = gaia.client.get("/it/console/channels").await.text().to_owned();
    assert!(page.contains("data-part=\"kept\"") && page.contains("Anna ") && page.contains("Bea Neri"));
    let seen = replay(&app).await.unwrap();
    assert_eq!((seen.items, seen.readers_left, seen.paper_alone), (1, 1, 0));
}

/// A certificate that names none of the people before: their copies go, and paper opens what came to them.
async fn what_only_paper_opens_after_a_renewal_is_counted_and_no_violation(app: TestApp) {
    let mut network = with_newcomers(&app, 28).await;
    let now = app.platform.now();
    assert_eq!(replay(&app).await.unwrap().readers_left, 0);
    let centre = &mut network.centres[0];
    centre.people.drain(..2);
    let members = centre.people.iter().map(|person| Member {
        person: person.id,
        name: person.name.to_owned(),
        signing_key: person.identity.public_key(),
        recipient: person.identity.recipient().clone(),
        duty: Duties { on_status: Duty::None, on_crime: Duty::None },
        channels: vec![Channel::Safe, Channel::General],
    });
    centre.certificate.founding_members = members.collect();
    network.renew_certificate(0, now);
    network.publish(&app.app).await.unwrap();
    assert_eq!(
        count(&app, "epoch_wrap WHERE number = 1 AND channel = 'safe'").await,
        3,
        "paper's, and two elsewhere"
    );
    let seen = replay(&app).await.unwrap();
    assert_eq!((seen.items, seen.readers_left, seen.paper_alone), (1, 1, 0));
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
    assert_eq!(count(&app, &of_bea).await, 2, "of the first keys Anna alone has another copy");
    assert_eq!(count(&app, &format!("{of_bea} AND number > 1")).await, 0);
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
    let leave = format!("/it/console/people/{}/leave", network.centres[0].people[1].id.uuid());
    for path in ["/it/console/channels", leave.as_str()] {
        let page = anna.client.get(path).await.text().to_owned();
        assert_eq!(page.matches("data-error-expired=").count(), 1, "{path}");
        assert!(
            page.contains("data-error-expired=\"I documenti del centro sono scaduti"),
            "{path}: not the key"
        );
    }
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    assert_eq!(her.send_report(report.bytes).await.verdict(), (409, "epoch".to_owned()));
    assert_eq!(count(&app, "epoch").await, 6);
}
