//! Gate 3 of protocol section 8: the database itself refuses a row of the safe channel for a body or a person that is bound to report
//! residence status, whatever the program believes (docs/adr/0022).
//!
//! Duties stand in tables now, carried over from the signed documents: `certified_channel` for the organisation, `channel_reader` for
//! whoever may be given an epoch. CHECK constraints decide on both. An epoch is one of a certified channel, its wrap is for a stated reader, and
//! a report names an epoch that its centre had, of the same channel; so does what it says of a second centre.
//!
//! `epoch` and `epoch_wrap` are made anew, the same on both engines: they are small, and SQLite cannot add a constraint to a table that is
//! there. `report` is not: other tables lead to it, and at a hundred thousand reports the server would stand still for long. There SQLite has
//! triggers, and PostgreSQL, which can add one, a foreign key.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, blob, boolean, string, uuid};
use sea_orm_migration::sea_orm::{DatabaseBackend, Statement as Question};

use envelope::certificate::Certificate;
use envelope::signature::SignedDocument;
use envelope::statement::{Statement, StatementBody};

use crate::centres::readers::{self, StoredChannel, StoredReader};

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

/// Whether an epoch is one that the centre had.
const HAD: &str = "SELECT 1 FROM epoch WHERE centre_id = NEW.";

#[derive(DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for (name, table, columns) in [("certificate_of_centre", "certificate", ["hash", "centre_id"])] {
            let mut index = Index::create();
            index.name(name).table(table).unique();
            for column in columns {
                index.col(column);
            }
            manager.create_index(index).await?;
        }
        create_readers(manager).await?;
        fill(manager).await?;
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

async fn bind_reports(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    if manager.get_database_backend() == DatabaseBackend::Sqlite {
        let is_strange = format!(
            "NOT EXISTS ({HAD}centre_id AND channel = NEW.channel AND number = NEW.epoch) \
             OR (NEW.second_centre_id IS NOT NULL AND NOT EXISTS \
             ({HAD}second_centre_id AND channel = NEW.channel AND number = NEW.second_epoch))"
        );
        for (name, event) in [
            ("report_of_an_epoch", "INSERT"),
            (
                "report_stays_of_an_epoch",
                "UPDATE OF centre_id, channel, epoch, second_centre_id, second_epoch",
            ),
        ] {
            let trigger = format!(
                "CREATE TRIGGER {name} BEFORE {event} ON report WHEN {is_strange} \
                 BEGIN SELECT RAISE(ABORT, 'a report names an epoch that its centre did not have'); END"
            );
            connection.execute_unprepared(&trigger).await?;
        }
        return Ok(());
    }
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

/// States the channels and readers of what is there already.
async fn fill(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let (connection, engine) = (manager.get_connection(), manager.get_database_backend());
    let question = Question::from_string(engine, "SELECT hash, document FROM certificate");
    for row in connection.query_all_raw(question).await? {
        let hash: String = row.try_get("", "hash")?;
        let certificate: Certificate = payload_of(&row.try_get::<String>("", "document")?)?;
        let mut members = certificate.founding_members.clone();
        let question = "SELECT document FROM statement WHERE certificate_hash = $1 ORDER BY seq";
        let question = Question::from_sql_and_values(engine, question, [hash.clone().into()]);
        for row in connection.query_all_raw(question).await? {
            let statement: Statement = payload_of(&row.try_get::<String>("", "document")?)?;
            if let StatementBody::Join { member } = statement.body {
                members.push(member);
            }
        }
        for channel in readers::channels(&hash, &certificate) {
            state_channel(manager, channel).await?;
        }
        let mut stated: Vec<StoredReader> = readers::papers(&hash, &certificate);
        stated.extend(members.iter().flat_map(|member| readers::of_member(&hash, &certificate, member)));
        for reader in stated {
            state_reader(manager, reader).await?;
        }
    }
    Ok(())
}

fn payload_of<T: serde::de::DeserializeOwned>(document: &str) -> Result<T, DbErr> {
    let damaged = || DbErr::Migration("a stored certificate or statement cannot be read".to_owned());
    let document = SignedDocument::parse(document.as_bytes()).map_err(|_| damaged())?;
    serde_json::from_slice(&document.payload.0).map_err(|_| damaged())
}

async fn state_channel(manager: &SchemaManager<'_>, new: StoredChannel) -> Result<(), DbErr> {
    let insert = Query::insert()
        .into_table("certified_channel")
        .columns(["certificate_hash", "channel", "on_status", "opinion"])
        .values_panic([new.certificate.into(), new.channel.into(), new.on_status.into(), new.opinion.into()])
        .to_owned();
    manager.execute(insert).await
}

async fn state_reader(manager: &SchemaManager<'_>, new: StoredReader) -> Result<(), DbErr> {
    let insert = Query::insert()
        .into_table("channel_reader")
        .columns(["certificate_hash", "channel", "reader", "body_on_status", "on_status", "named"])
        .values_panic([
            new.certificate.into(),
            new.channel.into(),
            new.reader.into(),
            new.body_on_status.into(),
            new.on_status.into(),
            new.named.into(),
        ])
        // Somebody who left and joined again is stated once.
        .on_conflict(OnConflict::columns(["certificate_hash", "channel", "reader"]).do_nothing().to_owned())
        .to_owned();
    manager.execute(insert).await
}
