//! Channels and readers of what is there already, from the signed documents as they stood when this step was written.
//!
//! The shapes are the step's own: a step that has run anywhere never changes, and the documents' living types may. Nothing is verified and
//! nothing is decided here; the constraints of the tables decide.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::Statement as Question;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use envelope::encoding::Base64;

/// In the place of a person: the paper identity of the channel.
const PAPER: &str = "paper";

/// A signed document; who signed it was asked when it was taken in.
#[derive(Deserialize)]
struct Document {
    payload: Base64,
}

#[derive(Deserialize)]
struct Certificate {
    channels: Vec<Offered>,
    #[serde(default)]
    duty: Duties,
    local_opinion: Option<String>,
    named_persons: Vec<String>,
    founding_members: Vec<Member>,
}

#[derive(Deserialize)]
struct Offered {
    channel: String,
}

#[derive(Deserialize)]
struct Member {
    person: Uuid,
    name: String,
    #[serde(default)]
    duty: Duties,
    channels: Vec<String>,
}

#[derive(Clone, Deserialize)]
#[serde(default)]
struct Duties {
    on_status: String,
}

impl Default for Duties {
    /// What nobody has stated is the strong one (protocol section 3).
    fn default() -> Self {
        Self { on_status: "strong".to_owned() }
    }
}

#[derive(Deserialize)]
struct Statement {
    body: Body,
}

/// Of a statement's body only who joins.
#[derive(Deserialize)]
struct Body {
    member: Option<Member>,
}

/// States the channels and readers of every certificate that is there.
pub(super) async fn fill(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let (connection, engine) = (manager.get_connection(), manager.get_database_backend());
    let question = Question::from_string(engine, "SELECT hash, document FROM certificate ORDER BY hash");
    for row in connection.query_all_raw(question).await? {
        let hash: String = row.try_get("", "hash")?;
        let certificate: Certificate = payload_of(&row.try_get::<String>("", "document")?)?;
        for offered in &certificate.channels {
            state_channel(manager, &hash, &certificate, &offered.channel).await?;
            let own = (PAPER, certificate.duty.on_status.as_str(), false);
            state_reader(manager, &hash, &certificate, &offered.channel, own).await?;
        }
        for member in &certificate.founding_members {
            state_member(manager, &hash, &certificate, member).await?;
        }
        let question = "SELECT document FROM statement WHERE certificate_hash = $1 ORDER BY seq";
        let question = Question::from_sql_and_values(engine, question, [hash.as_str().into()]);
        for row in connection.query_all_raw(question).await? {
            let statement: Statement = payload_of(&row.try_get::<String>("", "document")?)?;
            if let Some(member) = &statement.body.member {
                state_member(manager, &hash, &certificate, member).await?;
            }
        }
    }
    Ok(())
}

fn payload_of<T: DeserializeOwned>(document: &str) -> Result<T, DbErr> {
    let damaged = |_| DbErr::Migration("a stored certificate or statement cannot be read".to_owned());
    let document: Document = serde_json::from_str(document).map_err(damaged)?;
    serde_json::from_slice(&document.payload.0).map_err(damaged)
}

async fn state_channel(
    manager: &SchemaManager<'_>,
    hash: &str,
    certificate: &Certificate,
    channel: &str,
) -> Result<(), DbErr> {
    let insert = Query::insert()
        .into_table("certified_channel")
        .columns(["certificate_hash", "channel", "on_status", "opinion"])
        .values_panic([
            hash.into(),
            channel.into(),
            certificate.duty.on_status.as_str().into(),
            certificate.local_opinion.is_some().into(),
        ])
        .to_owned();
    manager.execute(insert).await
}

/// A founding member, or one who joined, in each channel that she names.
async fn state_member(
    manager: &SchemaManager<'_>,
    hash: &str,
    certificate: &Certificate,
    member: &Member,
) -> Result<(), DbErr> {
    let named = certificate.local_opinion.is_some() && certificate.named_persons.contains(&member.name);
    let person = member.person.to_string();
    for channel in &member.channels {
        let own = (person.as_str(), member.duty.on_status.as_str(), named);
        state_reader(manager, hash, certificate, channel, own).await?;
    }
    Ok(())
}

/// The reader, what she must report, and whether a local opinion admits her by name.
async fn state_reader(
    manager: &SchemaManager<'_>,
    hash: &str,
    certificate: &Certificate,
    channel: &str,
    (reader, on_status, named): (&str, &str, bool),
) -> Result<(), DbErr> {
    let insert = Query::insert()
        .into_table("channel_reader")
        .columns(["certificate_hash", "channel", "reader", "body_on_status", "on_status", "named"])
        .values_panic([
            hash.into(),
            channel.into(),
            reader.into(),
            certificate.duty.on_status.as_str().into(),
            on_status.into(),
            named.into(),
        ])
        // Somebody who left and joined again is stated once.
        .on_conflict(OnConflict::columns(["certificate_hash", "channel", "reader"]).do_nothing().to_owned())
        .to_owned();
    manager.execute(insert).await
}
