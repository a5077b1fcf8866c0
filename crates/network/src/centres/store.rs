//! All questions of this slice to the database, one function each.

mod holders;

use platform::database::DatabaseError;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _,
};
use uuid::Uuid;

use super::entities::{
    centre, certificate, certified_channel, channel_reader, epoch, epoch_wrap, network_root, statement,
};
use super::readers::{StoredChannel, StoredReader};
pub(super) use holders::{Holder, list_holders};

/// The root as stored: the document exactly as it was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredRoot {
    pub(super) network: Uuid,
    pub(super) hash: String,
    pub(super) document: String,
}

/// A centre with the documents that make it trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredCentre {
    pub(super) id: Uuid,
    pub(super) slug: String,
    pub(super) facts: String,
    pub(super) chain: StoredChain,
    /// The chains of its other certificates, the oldest first.
    pub(super) others: Vec<StoredChain>,
}

/// A certificate with its statements in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredChain {
    pub(super) certificate: StoredDocument,
    pub(super) statements: Vec<StoredDocument>,
}

/// A signed document, exactly as published, with its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredDocument {
    pub(super) hash: String,
    pub(super) document: String,
}

/// A certificate that is to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NewCertificate {
    pub(super) stored: StoredDocument,
    /// Seconds since 1970.
    pub(super) not_before: i64,
    /// Seconds since 1970.
    pub(super) not_after: i64,
}

/// An epoch with its wraps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredEpoch {
    /// The certificate under which it was made.
    pub(super) certificate: String,
    pub(super) channel: String,
    pub(super) number: u32,
    pub(super) recipient: String,
    /// Seconds since 1970.
    pub(super) not_before: i64,
    /// Seconds since 1970.
    pub(super) not_after: i64,
    /// For whom (a person's id or `paper`) and the wrap. They come beside those that are kept; `None` brings none.
    pub(super) wraps: Option<Vec<(String, Vec<u8>)>>,
}

/// The wrap of an epoch's private half for one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OwnWrap {
    pub(super) channel: String,
    pub(super) number: i64,
    pub(super) wrap: Vec<u8>,
}

/// The root, once one was imported.
pub(super) async fn find_root(
    connection: &impl ConnectionTrait,
) -> Result<Option<StoredRoot>, DatabaseError> {
    let row = network_root::Entity::find().one(connection).await?;
    Ok(row.map(|row| StoredRoot { network: row.network, hash: row.hash, document: row.document }))
}

/// Keeps the root.
pub(super) async fn insert_root(
    connection: &impl ConnectionTrait,
    root: &StoredRoot,
) -> Result<(), DatabaseError> {
    network_root::Entity::insert(network_root::ActiveModel {
        network: Set(root.network),
        hash: Set(root.hash.clone()),
        document: Set(root.document.clone()),
    })
    .exec_without_returning(connection)
    .await?;
    Ok(())
}

/// All centres, each with all of its certificates and their statements in order.
pub(super) async fn list_centres(
    connection: &impl ConnectionTrait,
) -> Result<Vec<StoredCentre>, DatabaseError> {
    let mut centres = Vec::new();
    for row in centre::Entity::find().order_by_asc(centre::Column::Slug).all(connection).await? {
        let kept = certificate::Entity::find()
            .filter(certificate::Column::CentreId.eq(row.id))
            .order_by_asc(certificate::Column::NotBefore)
            .order_by_asc(certificate::Column::Hash)
            .all(connection)
            .await?;
        let (mut chain, mut others) = (None, Vec::new());
        for kept in kept {
            let is_in_force = kept.hash == row.certificate_hash;
            let statements = list_statements(connection, &kept.hash).await?;
            let certificate = StoredDocument { hash: kept.hash, document: kept.document };
            let kept = StoredChain { certificate, statements };
            if is_in_force { chain = Some(kept) } else { others.push(kept) }
        }
        let Some(chain) = chain else { continue };
        centres.push(StoredCentre { id: row.id, slug: row.slug, facts: row.facts, chain, others });
    }
    Ok(centres)
}

/// The statements under a certificate, in order.
pub(super) async fn list_statements(
    connection: &impl ConnectionTrait,
    certificate_hash: &str,
) -> Result<Vec<StoredDocument>, DatabaseError> {
    let rows = statement::Entity::find()
        .filter(statement::Column::CertificateHash.eq(certificate_hash))
        .order_by_asc(statement::Column::Seq)
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| StoredDocument { hash: row.hash, document: row.document }).collect())
}

/// When the certificate in force of a centre began (seconds since 1970), with its hash.
pub(super) async fn find_certificate_in_force(
    connection: &impl ConnectionTrait,
    id: Uuid,
) -> Result<Option<(String, i64)>, DatabaseError> {
    let Some(row) = centre::Entity::find_by_id(id).one(connection).await? else {
        return Ok(None);
    };
    let kept = certificate::Entity::find_by_id(row.certificate_hash).one(connection).await?;
    Ok(kept.map(|kept| (kept.hash, kept.not_before)))
}

/// Writes a centre, or brings its facts and its certificate in force up to date.
pub(super) async fn amend_centre(
    connection: &impl ConnectionTrait,
    id: Uuid,
    organisation: Uuid,
    slug: &str,
    facts: &str,
    certificate_hash: &str,
) -> Result<(), DatabaseError> {
    centre::Entity::insert(centre::ActiveModel {
        id: Set(id),
        organisation_id: Set(organisation),
        slug: Set(slug.to_owned()),
        facts: Set(facts.to_owned()),
        certificate_hash: Set(certificate_hash.to_owned()),
    })
    .on_conflict(
        OnConflict::column(centre::Column::Id)
            .update_columns([
                centre::Column::OrganisationId,
                centre::Column::Slug,
                centre::Column::Facts,
                centre::Column::CertificateHash,
            ])
            .to_owned(),
    )
    .exec_without_returning(connection)
    .await?;
    Ok(())
}

/// Keeps a certificate, unless it is kept already: a certificate never changes, it is named by its hash.
pub(super) async fn keep_certificate(
    connection: &impl ConnectionTrait,
    centre: Uuid,
    new: &NewCertificate,
) -> Result<(), DatabaseError> {
    certificate::Entity::insert(certificate::ActiveModel {
        hash: Set(new.stored.hash.clone()),
        centre_id: Set(centre),
        document: Set(new.stored.document.clone()),
        not_before: Set(new.not_before),
        not_after: Set(new.not_after),
    })
    .on_conflict(OnConflict::column(certificate::Column::Hash).do_nothing().to_owned())
    .exec_without_returning(connection)
    .await?;
    Ok(())
}

/// Keeps a statement at its place of the chain. The caller has compared what is stored there already.
pub(super) async fn insert_statement(
    connection: &impl ConnectionTrait,
    certificate_hash: &str,
    seq: i64,
    new: &StoredDocument,
) -> Result<(), DatabaseError> {
    statement::Entity::insert(statement::ActiveModel {
        certificate_hash: Set(certificate_hash.to_owned()),
        seq: Set(seq),
        hash: Set(new.hash.clone()),
        document: Set(new.document.clone()),
    })
    .exec_without_returning(connection)
    .await?;
    Ok(())
}

/// States a channel of a certificate and what its organisation must report: the database refuses what the safe channel does not admit
/// (gate 3 of protocol section 8).
pub(super) async fn state_channel(
    connection: &impl ConnectionTrait,
    new: &StoredChannel,
) -> Result<(), DatabaseError> {
    use certified_channel::Column;

    certified_channel::Entity::insert(certified_channel::ActiveModel {
        certificate_hash: Set(new.certificate.clone()),
        channel: Set(new.channel.clone()),
        on_status: Set(new.on_status.to_owned()),
        opinion: Set(new.opinion),
    })
    .on_conflict(OnConflict::columns([Column::CertificateHash, Column::Channel]).do_nothing().to_owned())
    .exec_without_returning(connection)
    .await?;
    Ok(())
}

/// States who may be given the epochs of a channel, with what that person must report: as [`state_channel`]. Whoever keeps a wrap for
/// somebody states her first.
pub(super) async fn state_reader(
    connection: &impl ConnectionTrait,
    new: &StoredReader,
) -> Result<(), DatabaseError> {
    use channel_reader::Column;

    channel_reader::Entity::insert(channel_reader::ActiveModel {
        certificate_hash: Set(new.certificate.clone()),
        channel: Set(new.channel.clone()),
        reader: Set(new.reader.clone()),
        body_on_status: Set(new.body_on_status.to_owned()),
        on_status: Set(new.on_status.to_owned()),
        named: Set(new.named),
    })
    .on_conflict(
        OnConflict::columns([Column::CertificateHash, Column::Channel, Column::Reader])
            .do_nothing()
            .to_owned(),
    )
    .exec_without_returning(connection)
    .await?;
    Ok(())
}

/// Writes an epoch and adds the wraps given: one for somebody who has one takes its place, and none goes. What must go goes by
/// [`erase_wraps_of_others`] and [`erase_wraps_of_epoch`]; a list that lacks somebody takes nothing away.
pub(super) async fn amend_epoch(
    connection: &impl ConnectionTrait,
    centre: Uuid,
    new: &StoredEpoch,
) -> Result<(), DatabaseError> {
    let number = i64::from(new.number);
    epoch::Entity::insert(epoch::ActiveModel {
        certificate_hash: Set(new.certificate.clone()),
        centre_id: Set(centre),
        channel: Set(new.channel.clone()),
        number: Set(number),
        recipient: Set(new.recipient.clone()),
        not_before: Set(new.not_before),
        not_after: Set(new.not_after),
    })
    .on_conflict(
        OnConflict::columns([epoch::Column::CertificateHash, epoch::Column::Channel, epoch::Column::Number])
            .update_columns([epoch::Column::Recipient, epoch::Column::NotBefore, epoch::Column::NotAfter])
            .to_owned(),
    )
    .exec_without_returning(connection)
    .await?;
    for (sealed_to, wrap) in new.wraps.iter().flatten() {
        use epoch_wrap::Column;

        epoch_wrap::Entity::insert(epoch_wrap::ActiveModel {
            certificate_hash: Set(new.certificate.clone()),
            channel: Set(new.channel.clone()),
            number: Set(number),
            sealed_to: Set(sealed_to.clone()),
            wrap: Set(wrap.clone()),
        })
        .on_conflict(
            OnConflict::columns([Column::CertificateHash, Column::Channel, Column::Number, Column::SealedTo])
                .update_column(Column::Wrap)
                .to_owned(),
        )
        .exec_without_returning(connection)
        .await?;
    }
    Ok(())
}

/// Erases the wraps of a channel's epochs under one certificate, but for those of paper and of these people.
pub(super) async fn erase_wraps_of_others(
    connection: &impl ConnectionTrait,
    certificate_hash: &str,
    channel: &str,
    kept: &[String],
) -> Result<(), DatabaseError> {
    epoch_wrap::Entity::delete_many()
        .filter(epoch_wrap::Column::CertificateHash.eq(certificate_hash))
        .filter(epoch_wrap::Column::Channel.eq(channel))
        .filter(epoch_wrap::Column::SealedTo.is_not_in(kept.iter().map(String::as_str)))
        .exec(connection)
        .await?;
    Ok(())
}

/// Erases the wraps of one epoch, but for those of paper and of these people.
pub(super) async fn erase_wraps_of_epoch(
    connection: &impl ConnectionTrait,
    certificate_hash: &str,
    (channel, number): (&str, u32),
    kept: &[String],
) -> Result<(), DatabaseError> {
    epoch_wrap::Entity::delete_many()
        .filter(epoch_wrap::Column::CertificateHash.eq(certificate_hash))
        .filter(epoch_wrap::Column::Channel.eq(channel))
        .filter(epoch_wrap::Column::Number.eq(i64::from(number)))
        .filter(epoch_wrap::Column::SealedTo.is_not_in(kept.iter().map(String::as_str)))
        .exec(connection)
        .await?;
    Ok(())
}

/// The wraps that open a person's epochs at a centre, under whichever certificate, in order.
pub(super) async fn list_wraps_of(
    connection: &impl ConnectionTrait,
    centre: Uuid,
    person: Uuid,
) -> Result<Vec<OwnWrap>, DatabaseError> {
    let certificates = certificates_of(connection, centre).await?;
    let rows = epoch_wrap::Entity::find()
        .filter(epoch_wrap::Column::CertificateHash.is_in(certificates))
        .filter(epoch_wrap::Column::SealedTo.eq(person.to_string()))
        .order_by_asc(epoch_wrap::Column::Channel)
        .order_by_asc(epoch_wrap::Column::Number)
        .all(connection)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| OwnWrap { channel: row.channel, number: row.number, wrap: row.wrap })
        .collect())
}

/// The certificates of a centre, by their hashes.
async fn certificates_of(
    connection: &impl ConnectionTrait,
    centre: Uuid,
) -> Result<Vec<String>, DatabaseError> {
    let hashes = certificate::Entity::find()
        .select_only()
        .column(certificate::Column::Hash)
        .filter(certificate::Column::CentreId.eq(centre))
        .into_tuple()
        .all(connection)
        .await?;
    Ok(hashes)
}
