//! The step that gate 3 came with: over a database in which a centre lives, and with what stops it halfway.

use network::migrations::Migrations;
use network::verify::{Source, Verified, verify};
use platform::database::{Database, DatabaseError};
use sea_orm::{ConnectionTrait as _, QueryResult, Statement, Value};
use serde_json::Value as Json;
use testkit::TestDatabase;
use testkit::actors::DemoNetwork;
use uuid::Uuid;

testkit::on_both_engines!(
    database:
    a_filled_database_is_carried_over,
    a_step_that_fails_halfway_leaves_the_database_as_it_was,
);

/// Steps of the version before.
const BEFORE: u32 = 11;

async fn rows(database: &Database, question: &str) -> Vec<QueryResult> {
    let question = Statement::from_string(database.engine(), question);
    database.read().query_all_raw(question).await.unwrap()
}

async fn count(database: &Database, table: &str) -> i64 {
    let rows = rows(database, &format!("SELECT COUNT(*) AS number FROM {table}")).await;
    rows[0].try_get("", "number").unwrap()
}

async fn execute(database: &Database, statement: &str, values: Vec<Value>) {
    let statement = &Statement::from_sql_and_values(database.engine(), statement, values);
    let written = database.write(|transaction| async move {
        transaction.execute_raw(statement.clone()).await?;
        Ok::<_, DatabaseError>(())
    });
    written.await.unwrap();
}

/// What an import of the version before wrote, and a report to the first centre.
async fn fill(database: &Database) -> Uuid {
    let network = DemoNetwork::shared();
    let now = testkit::beginning();
    let publication = network.publication();
    let root: Vec<Value> = vec![
        network.id.uuid().into(),
        network.root.hash().to_string().into(),
        publication.root.as_str().into(),
    ];
    execute(database, "INSERT INTO network_root (network, hash, document) VALUES ($1, $2, $3)", root).await;
    for (place, centre) in network.centres.iter().enumerate() {
        let (verified, published) = (network.verified(place, now), &publication.centres[place]);
        let (id, hash) = (centre.id.uuid(), verified.certificate_hash().to_string());
        let organisation = Uuid::from_u128(u128::try_from(place).unwrap() + 1);
        let new = vec![organisation.into(), verified.certificate().organisation.as_str().into()];
        execute(database, "INSERT INTO organisation (id, name) VALUES ($1, $2)", new).await;
        let new = vec![
            id.into(),
            organisation.into(),
            centre.slug.into(),
            published.centre.as_str().into(),
            hash.as_str().into(),
        ];
        let insert = "INSERT INTO centre (id, organisation_id, slug, facts, certificate_hash) VALUES ($1, $2, $3, $4, $5)";
        execute(database, insert, new).await;
        let new = vec![
            hash.as_str().into(),
            id.into(),
            published.certificate.as_str().into(),
            verified.certificate().not_before.as_second().into(),
            verified.certificate().not_after.as_second().into(),
        ];
        let insert = "INSERT INTO certificate (hash, centre_id, document, not_before, not_after) VALUES ($1, $2, $3, $4, $5)";
        execute(database, insert, new).await;
        for (seq, statement) in (1_i64..).zip(&centre.bundle.statements) {
            let document = serde_json::to_string(statement).unwrap();
            let new =
                vec![hash.as_str().into(), seq.into(), statement.hash().to_string().into(), document.into()];
            let insert =
                "INSERT INTO statement (certificate_hash, seq, hash, document) VALUES ($1, $2, $3, $4)";
            execute(database, insert, new).await;
        }
        for epoch in verified.epochs() {
            let new = vec![
                hash.as_str().into(),
                epoch.channel().name().into(),
                i64::from(epoch.number()).into(),
                epoch.recipient().to_string().into(),
                epoch.not_before().as_second().into(),
                epoch.not_after().as_second().into(),
            ];
            let insert = "INSERT INTO epoch (certificate_hash, channel, number, recipient, not_before, not_after) \
                VALUES ($1, $2, $3, $4, $5, $6)";
            execute(database, insert, new).await;
        }
        let records: Vec<envelope::publication::EpochRecord> =
            serde_json::from_str(&published.epochs).unwrap();
        for (record, wrap) in
            records.iter().flat_map(|record| record.wraps.iter().map(move |wrap| (record, wrap)))
        {
            let to: Json = serde_json::to_value(wrap.to).unwrap();
            let new = vec![
                hash.as_str().into(),
                record.channel.name().into(),
                i64::from(record.number).into(),
                to.as_str().unwrap().into(),
                wrap.wrap.0.clone().into(),
            ];
            let insert = "INSERT INTO epoch_wrap (certificate_hash, channel, number, sealed_to, wrap) \
                VALUES ($1, $2, $3, $4, $5)";
            execute(database, insert, new).await;
        }
    }
    let (case, centre) = (Uuid::from_u128(7), network.centres[0].id.uuid());
    let insert = "INSERT INTO report (id, centre_id, channel, mailbox, epoch, state, version, urgent, language, size_class, week, answered, \
        conversation_items, notes_items) VALUES ($1, $2, 'safe', $3, 1, 'arrived', 1, false, 'it', 4096, '2026-W47', false, 0, 0)";
    execute(database, insert, vec![case.into(), centre.into(), vec![7_u8; 32].into()]).await;
    case
}

async fn replay(database: &Database) -> Verified {
    let snapshot = database.snapshot().await.unwrap();
    let seen = verify(Source { data: &snapshot, wraps: Some(&snapshot) }).await.unwrap();
    snapshot.rollback().await.unwrap();
    seen
}

async fn a_filled_database_is_carried_over(store: TestDatabase) {
    let database = &store.database;
    database.migrate_first::<Migrations>(BEFORE).await.unwrap();
    fill(database).await;
    let wraps = count(database, "epoch_wrap").await;
    database.migrate::<Migrations>().await.unwrap();
    assert_eq!(count(database, "epoch_wrap").await, wraps);
    // Each centre both channels; three of its four members' seats on the safe channel, four on the general one, and paper on each.
    assert_eq!(
        (count(database, "certified_channel").await, count(database, "channel_reader").await),
        (4, 11)
    );
    let seen = replay(database).await;
    assert_eq!((seen.certificates, seen.epochs, seen.epoch_wraps, seen.reports), (2, 4, 11, 1));
    database.migrate::<Migrations>().await.unwrap();
}

/// The names of all tables and indexes, and what the program notes of steps.
async fn shape(database: &Database) -> Vec<String> {
    let question = match database.engine() {
        sea_orm::DatabaseBackend::Sqlite => {
            "SELECT type || ' ' || name || ' ' || COALESCE(sql, '') AS name FROM sqlite_schema"
        }
        _ => {
            "SELECT table_name || ' ' || column_name AS name FROM information_schema.columns WHERE table_schema = 'public' \
             UNION ALL SELECT 'constraint ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint \
             WHERE connamespace = 'public'::regnamespace"
        }
    };
    let mut names: Vec<String> = Vec::new();
    for row in rows(database, question).await {
        names.push(row.try_get("", "name").unwrap());
    }
    names.sort();
    names.push(format!("{} steps", count(database, "seaql_migrations").await));
    for table in ["epoch", "epoch_wrap", "report"] {
        names.push(format!("{table} {}", count(database, table).await));
    }
    names
}

/// The last of these fails after all tables were made anew.
async fn a_step_that_fails_halfway_leaves_the_database_as_it_was(store: TestDatabase) {
    let database = &store.database;
    database.migrate_first::<Migrations>(BEFORE).await.unwrap();
    let case = fill(database).await;
    let before = shape(database).await;
    let kept = &rows(database, "SELECT document FROM certificate ORDER BY hash LIMIT 1").await[0];
    let kept: String = kept.try_get("", "document").unwrap();
    let first = "hash = (SELECT hash FROM certificate ORDER BY hash LIMIT 1)";
    for (what, breaks, mends, value) in [
        (
            "a certificate that cannot be read",
            format!("UPDATE certificate SET document = '' WHERE {first}"),
            format!("UPDATE certificate SET document = $1 WHERE {first}"),
            Value::from(kept),
        ),
        (
            "half of a second centre",
            "UPDATE report SET second_epoch = 1".to_owned(),
            "UPDATE report SET second_epoch = NULL WHERE id = $1".to_owned(),
            case.into(),
        ),
        (
            "an epoch that its centre did not have",
            "UPDATE report SET epoch = 9".to_owned(),
            "UPDATE report SET epoch = 1 WHERE id = $1".to_owned(),
            case.into(),
        ),
    ] {
        execute(database, &breaks, Vec::new()).await;
        let refused = database.migrate::<Migrations>().await;
        assert!(refused.is_err(), "{what}");
        let after = shape(database).await;
        let other: Vec<&String> = after.iter().filter(|name| !before.contains(name)).collect();
        assert!(after == before, "{what}: {other:?}");
        execute(database, &mends, vec![value]).await;
    }
    database.migrate::<Migrations>().await.unwrap();
    assert_eq!(replay(database).await.reports, 1);
}
