//! Who has a wrap of which epoch: without the wraps themselves.

use platform::database::DatabaseError;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::certificates_of;
use crate::centres::entities::epoch_wrap;

/// Somebody, or paper, for whom a wrap of an epoch is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::centres) struct Holder {
    pub(in crate::centres) channel: String,
    pub(in crate::centres) number: i64,
    /// A person's id, or `paper`.
    pub(in crate::centres) sealed_to: String,
}

/// For whom wraps of a centre's epochs are kept, in order.
pub(in crate::centres) async fn list_holders(
    connection: &impl ConnectionTrait,
    centre: Uuid,
) -> Result<Vec<Holder>, DatabaseError> {
    use epoch_wrap::Column;

    let rows: Vec<(String, i64, String)> = epoch_wrap::Entity::find()
        .select_only()
        .columns([Column::Channel, Column::Number, Column::SealedTo])
        .filter(Column::CertificateHash.is_in(certificates_of(connection, centre).await?))
        .order_by_asc(Column::Channel)
        .order_by_asc(Column::Number)
        .order_by_asc(Column::SealedTo)
        .into_tuple()
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(|(channel, number, sealed_to)| Holder { channel, number, sealed_to }).collect())
}
