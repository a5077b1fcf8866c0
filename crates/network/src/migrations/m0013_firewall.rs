//! Gate 3 of protocol section 8: the database itself refuses a row of the safe channel for a body or a person that is bound to report
//! residence status, whatever the program believes (docs/adr/0022).
//!
//! Duties stand in tables now, carried over from the signed documents: `certified_channel` for the organisation, `channel_reader` for
//! whoever may be given an epoch. CHECK constraints decide on both. An epoch is one of a certified channel, its wrap is for a stated reader, and
//! a report names an epoch that its centre had, of the same channel; so does what it says of a second centre.
//!
//! `epoch` and `epoch_wrap` are made anew, the same on both engines: they are small, and SQLite cannot add a constraint to a table that is
//! there. `report` is not: other tables lead to it, and at a hundred thousand reports the server would stand still for long. There SQLite has
//! triggers at both ends, and PostgreSQL, which can add them, a foreign key and a CHECK. What is there already is asked first.

mod stated;

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, boolean, string, uuid};
use sea_orm_migration::sea_orm::{DatabaseBackend, Statement as Question};

/// What an organisation must be for a channel.
const BODY_IS_ADMITTED: &str = "channel IN ('safe', 'general') AND on_status IN ('none', 'contested', 'strong') \
    AND (channel = 'general' OR on_status = 'none' OR (on_status = 'contested' AND opinion))";

/// What a reader and her organisation must be; paper has no duty of its own.
const READER_IS_ADMITTED: &str = "on_status IN ('none', 'contested', 'strong') \
    AND (channel = 'general' OR reader = 'paper' OR (body_on_status = 'none' AND on_status = 'none') \
    OR (named AND body_on_status <> 'strong' AND on_status <> 'strong'))";

/// Rows of the new `epoch` and `epoch_wrap`.
const COPIES: [&str; 2] = [
    "INSERT INTO epoch (certificate_hash, centre_id, channel, number, recipient, not_before, not_after) \
     SELECT e.certificate_hash, c.centre_id, e.channel, e.number, e.recipient, e.not_before, e.not_after \
     FROM epoch_before e JOIN certificate c ON c.hash = e.certificate_hash",
    "INSERT INTO epoch_wrap (certificate_hash, channel, number, sealed_to, wrap) \
     SELECT certificate_hash, channel, number, sealed_to, wrap FROM epoch_wrap_before",
];

#[derive(DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        manager
            .create_index(
                Index::create()
                    .name("certificate_of_centre")
                    .table("certificate")
                    .col("hash")
                    .col("centre_id")
                    .unique()
                    .to_owned(),
            )
            .await?;
        create_readers(manager).await?;
        stated::fill(manager).await?;
        for table in ["epoch", "epoch_wrap"] {
            let copy = format!("CREATE TABLE {table}_before AS SELECT * FROM {table}");
            connection.execute_unprepared(&copy).await?;
        }
        for table in ["epoch_wrap", "epoch"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        create_epochs(manager).await?;
        for copy in COPIES {
            connection.execute_unprepared(copy).await?;
        }
        for table in ["epoch_before", "epoch_wrap_before"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        bind_reports(manager).await
    }
}

async fn create_readers(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("certified_channel")
                .col(string("certificate_hash"))
                .col(string("channel"))
                .col(string("on_status"))
                .col(boolean("opinion"))
                .primary_key(Index::create().col("certificate_hash").col("channel"))
                .foreign_key(
                    ForeignKey::create()
                        .from("certified_channel", "certificate_hash")
                        .to("certificate", "hash"),
                )
                .check(Expr::cust(BODY_IS_ADMITTED))
                .to_owned(),
        )
        .await?;
    manager
        .create_index(
            Index::create()
                .name("certified_channel_duty")
                .table("certified_channel")
                .col("certificate_hash")
                .col("channel")
                .col("on_status")
                .unique()
                .to_owned(),
        )
        .await?;
    manager
        .create_table(
            Table::create()
                .table("channel_reader")
                .col(string("certificate_hash"))
                .col(string("channel"))
                .col(string("reader"))
                .col(string("body_on_status"))
                .col(string("on_status"))
                .col(boolean("named"))
                .primary_key(Index::create().col("certificate_hash").col("channel").col("reader"))
                .foreign_key(
                    ForeignKey::create()
                        .from("channel_reader", ("certificate_hash", "channel", "body_on_status"))
                        .to("certified_channel", ("certificate_hash", "channel", "on_status")),
                )
                .check(Expr::cust(READER_IS_ADMITTED))
                .to_owned(),
        )
        .await
}

async fn create_epochs(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("epoch")
                .col(string("certificate_hash"))
                .col(uuid("centre_id"))
                .col(string("channel"))
                .col(big_integer("number"))
                .col(string("recipient"))
                .col(big_integer("not_before"))
                .col(big_integer("not_after"))
                .primary_key(Index::create().col("certificate_hash").col("channel").col("number"))
                .foreign_key(
                    ForeignKey::create()
                        .from("epoch", ("certificate_hash", "centre_id"))
                        .to("certificate", ("hash", "centre_id")),
                )
                .foreign_key(
                    ForeignKey::create()
                        .from("epoch", ("certificate_hash", "channel"))
                        .to("certified_channel", ("certificate_hash", "channel")),
                )
                .to_owned(),
        )
        .await?;
    manager
        .create_index(
            Index::create()
                .name("epoch_of_centre")
                .table("epoch")
                .col("centre_id")
                .col("channel")
                .col("number")
                .unique()
                .to_owned(),
        )
        .await?;
    manager
        .create_table(
            Table::create()
                .table("epoch_wrap")
                .col(string("certificate_hash"))
                .col(string("channel"))
                .col(big_integer("number"))
                .col(string("sealed_to"))
                .col(blob("wrap"))
                .primary_key(
                    Index::create().col("certificate_hash").col("channel").col("number").col("sealed_to"),
                )
                .foreign_key(
                    ForeignKey::create()
                        .from("epoch_wrap", ("certificate_hash", "channel", "number"))
                        .to("epoch", ("certificate_hash", "channel", "number")),
                )
                .foreign_key(
                    ForeignKey::create()
                        .from("epoch_wrap", ("certificate_hash", "channel", "sealed_to"))
                        .to("channel_reader", ("certificate_hash", "channel", "reader")),
                )
                .check(Expr::cust("length(wrap) = 832"))
                .to_owned(),
        )
        .await
}

/// What makes a report impossible: an epoch that its centre did not have, or a second centre without an epoch, or the reverse.
fn is_strange(row: &str) -> String {
    let had = |centre: &str, number: &str| {
        format!(
            "EXISTS (SELECT 1 FROM epoch WHERE epoch.centre_id = {row}.{centre} AND epoch.channel = {row}.channel \
             AND epoch.number = {row}.{number})"
        )
    };
    format!(
        "(({row}.second_centre_id IS NULL) <> ({row}.second_epoch IS NULL) OR NOT {} OR ({row}.second_centre_id IS NOT NULL AND NOT {}))",
        had("centre_id", "epoch"),
        had("second_centre_id", "second_epoch")
    )
}

async fn bind_reports(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    // Triggers look at what comes, not at what is there; and this sentence says more than a broken key would.
    let question = format!("SELECT id FROM report WHERE {} LIMIT 1", is_strange("report"));
    let question = Question::from_string(manager.get_database_backend(), question);
    if connection.query_one_raw(question).await?.is_some() {
        let reason = "a report names an epoch that its centre did not have, or half of a second centre; nothing was changed";
        return Err(DbErr::Migration(reason.to_owned()));
    }
    if manager.get_database_backend() == DatabaseBackend::Sqlite {
        for trigger in sqlite_triggers() {
            connection.execute_unprepared(&trigger).await?;
        }
        return Ok(());
    }
    let whole = "ALTER TABLE report ADD CONSTRAINT report_second_whole \
        CHECK ((second_centre_id IS NULL) = (second_epoch IS NULL))";
    connection.execute_unprepared(whole).await?;
    for (name, columns) in [
        ("report_of_an_epoch", ("centre_id", "channel", "epoch")),
        ("report_second_of_an_epoch", ("second_centre_id", "channel", "second_epoch")),
    ] {
        manager
            .create_foreign_key(
                ForeignKey::create()
                    .name(name)
                    .from("report", columns)
                    .to("epoch", ("centre_id", "channel", "number"))
                    .to_owned(),
            )
            .await?;
    }
    Ok(())
}

/// What a foreign key from `report` to `epoch` does: at both ends.
fn sqlite_triggers() -> Vec<String> {
    let strange = is_strange("NEW");
    let named = "EXISTS (SELECT 1 FROM report WHERE channel = OLD.channel AND ((centre_id = OLD.centre_id AND epoch = OLD.number) \
        OR (second_centre_id = OLD.centre_id AND second_epoch = OLD.number)))";
    let renamed = format!(
        "(OLD.centre_id <> NEW.centre_id OR OLD.channel <> NEW.channel OR OLD.number <> NEW.number) AND {named}"
    );
    let trigger = |name: &str, event: &str, when: &str, reason: &str| {
        format!("CREATE TRIGGER {name} BEFORE {event} WHEN {when} BEGIN SELECT RAISE(ABORT, '{reason}'); END")
    };
    let (comes, goes) =
        ("a report names an epoch that its centre did not have", "reports name the epoch that goes");
    vec![
        trigger("report_of_an_epoch", "INSERT ON report", &strange, comes),
        trigger(
            "report_stays_of_an_epoch",
            "UPDATE OF centre_id, channel, epoch, second_centre_id, second_epoch ON report",
            &strange,
            comes,
        ),
        trigger("epoch_of_reports_stays", "DELETE ON epoch", named, goes),
        trigger(
            "epoch_of_reports_keeps_its_name",
            "UPDATE OF centre_id, channel, number ON epoch",
            &renamed,
            goes,
        ),
    ]
}
