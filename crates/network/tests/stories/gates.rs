//! Gates 3 and 4 of protocol section 8, each alone (invariant I20): rows that must not be are written past all the others.

mod forbidden;

use envelope::duty::Channel;
use network::verify::{Source, Unverified, Verified, Violation, verify};
use platform::config::DatabaseUrl;
use sea_orm::{ConnectOptions, ConnectionTrait as _, DatabaseConnection};
use testkit::TestApp;
use testkit::actors::{DemoNetwork, Operator, Victim};
use uuid::Uuid;

use crate::common::{count, world};

testkit::on_both_engines!(
    the_database_refuses_a_bound_body_or_person_on_the_safe_channel,
    the_database_refuses_epochs_and_reports_that_cannot_be,
    the_replay_names_every_forbidden_row,
    the_replay_finds_a_wrap_for_somebody_who_had_left,
    the_replay_holds_through_everything_that_happens_to_a_case,
);

const SAFE_OF_FARO: &str =
    "certificate_hash = (SELECT certificate_hash FROM centre WHERE slug = 'faro') AND channel = 'safe'";

pub(crate) async fn replay(app: &TestApp) -> Result<Verified, Violation> {
    let snapshot = app.platform.database.snapshot().await.unwrap();
    let outcome = verify(Source { data: &snapshot, wraps: Some(&snapshot) }).await;
    snapshot.rollback().await.unwrap();
    outcome.map_err(|unverified| match unverified {
        Unverified::Violation(violation) => violation,
        Unverified::Database(error) => panic!("{error:?}"),
    })
}

/// A connection of its own to the same tables, past the product.
async fn past_the_product(app: &TestApp) -> DatabaseConnection {
    let url = match &app.store.url {
        DatabaseUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
        DatabaseUrl::Postgres(url) => url.clone(),
    };
    let mut options = ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    sea_orm::Database::connect(options).await.unwrap()
}

/// Switches gate 3 off.
pub(crate) async fn without_constraints(app: &TestApp) -> DatabaseConnection {
    let bare = past_the_product(app).await;
    let statements: &[&str] = if is_sqlite(app) {
        &[
            "PRAGMA foreign_keys = OFF",
            "PRAGMA ignore_check_constraints = ON",
            "DROP TRIGGER report_of_an_epoch",
            "DROP TRIGGER report_stays_of_an_epoch",
            "DROP TRIGGER epoch_of_reports_stays",
            "DROP TRIGGER epoch_of_reports_keeps_its_name",
        ]
    } else {
        &[
            "DO $$ DECLARE it record; BEGIN FOR it IN SELECT conrelid::regclass AS tab, conname FROM pg_constraint \
           WHERE contype IN ('c', 'f') AND connamespace = 'public'::regnamespace ORDER BY contype DESC \
           LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', it.tab, it.conname); END LOOP; END $$",
        ]
    };
    for statement in statements {
        bare.execute_unprepared(statement).await.unwrap();
    }
    bare
}

fn is_sqlite(app: &TestApp) -> bool {
    app.store.folder().is_some()
}

fn id(app: &TestApp, id: Uuid) -> String {
    if is_sqlite(app) { format!("x'{}'", id.simple()) } else { format!("'{id}'::uuid") }
}

fn bytes(app: &TestApp, bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    if is_sqlite(app) { format!("x'{hex}'") } else { format!("'\\x{hex}'::bytea") }
}

/// Each statement is refused, unless it is marked as the control of the one before.
async fn refused(bare: &DatabaseConnection, statements: &[(&str, bool)]) {
    for (statement, is_control) in statements {
        let outcome = bare.execute_unprepared(statement).await;
        assert_eq!(outcome.is_ok(), *is_control, "{statement}: {outcome:?}");
    }
}

async fn the_database_refuses_a_bound_body_or_person_on_the_safe_channel(app: TestApp) {
    let network = world(&app).await;
    let bare = past_the_product(&app).await;
    let certificate = "INSERT INTO certificate (hash, centre_id, document, not_before, not_after) \
        SELECT 'new', id, '', 0, 1 FROM centre WHERE slug = 'faro'";
    let of = |channel: &str, duty: &str, opinion: bool| {
        format!(
            "INSERT INTO certified_channel (certificate_hash, channel, on_status, opinion) VALUES ('new', '{channel}', '{duty}', {opinion})"
        )
    };
    refused(
        &bare,
        &[
            (certificate, true),
            (&of("safe", "strong", false), false),
            (&of("safe", "strong", true), false),
            (&of("safe", "contested", false), false),
            (&of("safe", "unknown", false), false),
            (&of("other", "none", false), false),
            (&of("safe", "contested", true), true),
            (&of("general", "strong", false), true),
        ],
    )
    .await;
    let reader = |channel: &str, who: &str, body: &str, duty: &str, named: bool| {
        format!(
            "INSERT INTO channel_reader (certificate_hash, channel, reader, body_on_status, on_status, named) \
             VALUES ('new', '{channel}', '{who}', '{body}', '{duty}', {named})"
        )
    };
    refused(
        &bare,
        &[
            (&reader("safe", "ada", "contested", "strong", true), false),
            (&reader("safe", "ada", "contested", "none", false), false),
            // Another duty of the organisation than its certificate has.
            (&reader("safe", "ada", "none", "none", false), false),
            (&reader("safe", "ada", "contested", "none", true), true),
            (&reader("safe", "bea", "contested", "contested", true), true),
            (&reader("safe", "paper", "contested", "contested", false), true),
            (&reader("general", "carla", "strong", "strong", false), true),
        ],
    )
    .await;
    // Dora reads general support only: the epoch of the safe channel cannot be sealed to her, nor to somebody whom no paper names.
    let carla = network.centres[1].people[0].id.uuid();
    let to = |who: &str| {
        format!(
            "INSERT INTO epoch_wrap (certificate_hash, channel, number, sealed_to, wrap) \
             SELECT certificate_hash, channel, number, '{who}', wrap FROM epoch_wrap WHERE {SAFE_OF_FARO} AND sealed_to = '{carla}'"
        )
    };
    let dora = network.centres[1].people[1].id.uuid().to_string();
    let cut = format!("UPDATE epoch_wrap SET wrap = {} WHERE {SAFE_OF_FARO}", bytes(&app, b"short"));
    let before = count(&app, "epoch_wrap").await;
    refused(&bare, &[(&to(&dora), false), (&to("somebody"), false), (&cut, false)]).await;
    assert_eq!(count(&app, "epoch_wrap").await, before);
    // Nor can the papers be turned under wraps that are there.
    let turned = format!("UPDATE certified_channel SET on_status = 'strong' WHERE {SAFE_OF_FARO}");
    let bound =
        format!("UPDATE channel_reader SET on_status = 'strong' WHERE {SAFE_OF_FARO} AND reader = '{carla}'");
    refused(&bare, &[(&turned, false), (&bound, false)]).await;
    bare.close().await.unwrap();
}

async fn the_database_refuses_epochs_and_reports_that_cannot_be(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    assert_eq!(her.send_report(report.bytes).await.status.as_u16(), 201);
    let bare = past_the_product(&app).await;
    let faro = id(&app, network.centres[1].id.uuid());
    let copied = |epoch: u8, channel: &str, centre: &str| {
        let (case, mailbox) = (id(&app, Uuid::from_u128(7)), bytes(&app, &[7; 32]));
        format!(
            "INSERT INTO report (id, centre_id, channel, mailbox, epoch, state, version, urgent, language, size_class, week, answered, \
             conversation_items, notes_items) SELECT {case}, {centre}, '{channel}', {mailbox}, {epoch}, state, version, urgent, language, \
             size_class, week, answered, conversation_items, notes_items FROM report"
        )
    };
    let epoch_elsewhere = format!(
        "INSERT INTO epoch (certificate_hash, centre_id, channel, number, recipient, not_before, not_after) \
         SELECT certificate_hash, {faro}, channel, 9, recipient, 0, 1 FROM epoch WHERE channel = 'safe' AND centre_id <> {faro}"
    );
    let epoch_of_no_channel = "INSERT INTO epoch (certificate_hash, centre_id, channel, number, recipient, not_before, not_after) \
         SELECT certificate_hash, centre_id, 'other', 9, recipient, 0, 1 FROM epoch WHERE channel = 'safe'";
    let second = |epoch: u8| format!("UPDATE report SET second_centre_id = {faro}, second_epoch = {epoch}");
    let half = format!("UPDATE report SET second_centre_id = {faro}");
    let of_porto = format!("channel = 'safe' AND centre_id <> {faro}");
    let taken_away = format!("DELETE FROM epoch WHERE {of_porto}");
    let renamed = format!("UPDATE epoch SET number = 9 WHERE {of_porto}");
    let wraps_of_porto = format!(
        "channel = 'safe' AND certificate_hash IN (SELECT certificate_hash FROM epoch WHERE {of_porto})"
    );
    let ended = format!("UPDATE epoch SET not_after = not_after WHERE {of_porto}");
    refused(
        &bare,
        &[
            (&epoch_elsewhere, false),
            (epoch_of_no_channel, false),
            ("UPDATE report SET epoch = 99", false),
            ("UPDATE report SET channel = 'other'", false),
            (&second(99), false),
            // Half of a second centre.
            (&half, false),
            ("UPDATE report SET second_epoch = 1", false),
            (&copied(99, "safe", "centre_id"), false),
            (&copied(1, "other", "centre_id"), false),
            (&copied(1, "safe", &id(&app, Uuid::from_u128(8))), false),
            (&copied(1, "safe", "centre_id"), true),
            ("DELETE FROM report_wrap", true),
            // An epoch to which a report was sealed neither goes nor takes another name, not even without its wraps.
            (&format!("DELETE FROM epoch_wrap WHERE {wraps_of_porto}"), true),
            (&taken_away, false),
            (&renamed, false),
            (&ended, true),
        ],
    )
    .await;
    bare.execute_unprepared(&format!("DELETE FROM report WHERE id = {}", id(&app, Uuid::from_u128(7))))
        .await
        .unwrap();
    refused(&bare, &[(&second(1), true)]).await;
    // Nor does one that only a second centre has; one that nothing names may go.
    let [of_faro, general] = ["channel = 'safe' AND centre_id =", "channel = 'general' AND centre_id <>"]
        .map(|which| format!("{which} {faro}"));
    let without = |which: &str| {
        format!(
            "DELETE FROM epoch_wrap WHERE (certificate_hash, channel) IN (SELECT certificate_hash, channel FROM epoch WHERE {which})"
        )
    };
    refused(
        &bare,
        &[
            (&without(&of_faro), true),
            (&without(&general), true),
            (&format!("DELETE FROM epoch WHERE {of_faro}"), false),
            (&format!("UPDATE epoch SET channel = 'general', number = 9 WHERE {of_faro}"), false),
            (&format!("DELETE FROM epoch WHERE {general}"), true),
        ],
    )
    .await;
    bare.close().await.unwrap();
}

/// A report that is opened and answered, and one for two centres.
async fn furnished(app: &TestApp, network: &DemoNetwork) -> [Uuid; 2] {
    let now = app.platform.now();
    let her = Victim::new(app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, "Prima", now);
    assert_eq!(her.send_report(report.bytes).await.status.as_u16(), 201);
    let anna = Operator::sign_in(app, &network.centres[0].people[0]).await;
    let opened = anna.open(report.case).await.unwrap();
    assert_eq!(anna.answer(&opened, "Risposta", now).await.status.as_u16(), 201);
    let other = Victim::new(app, network.id);
    let (one, two) = (network.verified(0, now), network.verified(1, now));
    let for_two = other.seal_for_two(&one, &two, Channel::Safe, "Seconda", now);
    assert_eq!(other.send_report(for_two.bytes).await.status.as_u16(), 201);
    [report.case.uuid(), for_two.case.uuid()]
}

const TABLES: [&str; 13] = [
    "network_root",
    "centre",
    "certificate",
    "statement",
    "certified_channel",
    "channel_reader",
    "epoch",
    "epoch_wrap",
    "report",
    "report_item",
    "report_wrap",
    "mailbox_tombstone",
    "shredded",
];

async fn the_replay_names_every_forbidden_row(app: TestApp) {
    let network = world(&app).await;
    let cases = furnished(&app, network).await;
    let whole = replay(&app).await.unwrap();
    assert_eq!((whole.certificates, whole.statements, whole.epochs, whole.epoch_wraps), (2, 4, 4, 11));
    assert_eq!((whole.reports, whole.items, whole.without_wraps, whole.paper_alone), (2, 3, 0, 0));
    assert_eq!(whole.unverified, 0);
    let unsealed = app.platform.database.snapshot().await.unwrap();
    let old = verify(Source { data: &unsealed, wraps: None }).await.unwrap();
    unsealed.rollback().await.unwrap();
    assert_eq!((old.has_wraps, old.reports, old.items, old.unverified), (false, 2, 0, 3), "without wraps");
    let bare = without_constraints(&app).await;
    for table in TABLES {
        bare.execute_unprepared(&format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}"))
            .await
            .unwrap();
    }
    let forbidden =
        [forbidden::papers(&app, network), forbidden::wraps(network), forbidden::rows(&app, network, cases)]
            .concat();
    for (name, statements, is_named) in forbidden {
        for statement in &statements {
            let done = bare.execute_unprepared(statement).await.unwrap();
            assert!(done.rows_affected() > 0, "{name}: {statement} changed nothing");
        }
        let found = replay(&app).await;
        assert!(found.as_ref().is_err_and(is_named), "{name}: {found:?}");
        for table in TABLES {
            bare.execute_unprepared(&format!("DELETE FROM {table}")).await.unwrap();
            bare.execute_unprepared(&format!("INSERT INTO {table} SELECT * FROM kept_{table}"))
                .await
                .unwrap();
        }
        assert_eq!(replay(&app).await.as_ref(), Ok(&whole), "{name}: the control");
    }
    bare.close().await.unwrap();
}

/// I5: the key of an epoch that began after a departure.
async fn the_replay_finds_a_wrap_for_somebody_who_had_left(app: TestApp) {
    let now = app.platform.now();
    let mut network = DemoNetwork::new(now, 77);
    let leaver = network.centres[0].people.pop().unwrap();
    let signer = network.centres[0].people[0].identity.signing_key().clone();
    let leave = keyring::documents::sign_leave(&network.verified(0, now), leaver.id, &signer, now).unwrap();
    network.centres[0].bundle.statements.push(leave);
    network.renew_epoch(0, Channel::Safe, now, now);
    network.renew_epoch(0, Channel::General, now, now);
    network.forget_wraps_of(0, leaver.id);
    network.publish(&app.app).await.unwrap();
    replay(&app).await.unwrap();
    let bare = past_the_product(&app).await;
    let wrap = |number: u8| {
        format!(
            "INSERT INTO epoch_wrap (certificate_hash, channel, number, sealed_to, wrap) \
             SELECT certificate_hash, channel, number, '{}', wrap FROM epoch_wrap WHERE sealed_to = 'paper' AND channel = 'safe' \
             AND number = {number} AND certificate_hash = (SELECT certificate_hash FROM centre WHERE slug = 'porto')",
            leaver.id.uuid()
        )
    };
    // An epoch that she knew: its wrap goes when the next member unlocks, and until then it opens nothing new.
    bare.execute_unprepared(&wrap(1)).await.unwrap();
    replay(&app).await.unwrap();
    bare.execute_unprepared(&wrap(2)).await.unwrap();
    let found = replay(&app).await.unwrap_err();
    assert_eq!(
        found.to_string().split_once(" is sealed to ").unwrap().1,
        "Bea Neri, who had left before the epoch began (protocol sections 3, 4.3 and 8)"
    );
    bare.close().await.unwrap();
}

async fn the_replay_holds_through_everything_that_happens_to_a_case(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    assert_eq!(replay(&app).await.unwrap().reports, 0);
    furnished(&app, network).await;
    let her = Victim::new(&app, network.id);
    let centre = network.verified(0, now);
    let report = her.seal_report(&centre, Channel::General, "Terza", now);
    assert_eq!(her.send_report(report.bytes).await.status.as_u16(), 201);
    let bea = Operator::sign_in(&app, &network.centres[0].people[1]).await;
    let opened = bea.open(report.case).await.unwrap();
    assert_eq!(bea.answer(&opened, "Risposta", now).await.status.as_u16(), 201);
    let new = Victim::new(&app, network.id);
    let (mailbox, reading) = her.read_all(&centre).await.unwrap();
    let rotation = her.seal_rotation(&new.receipt, &centre, (&mailbox, &reading), None, now);
    assert_eq!(her.send_message(rotation.bytes).await.status.as_u16(), 201);
    assert_eq!(replay(&app).await.unwrap().items, 6);
    assert_eq!(new.burn(None, now).await.status.as_u16(), 200);
    let seen = replay(&app).await.unwrap();
    assert_eq!((seen.reports, seen.items), (3, 6));
}
