//! Who may decide about a case: a witness with a private constructor that the store demands.

use platform::database::DatabaseError;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::reports::Reader;
use crate::reports::keeping::{self, KeptCase};

/// A case of the centre and the channels of the person who decides. Exists only for a case that she may read.
#[derive(Clone, Debug)]
pub(super) struct MayKeep {
    case: KeptCase,
    person: Uuid,
}

impl MayKeep {
    /// The case, if this reader may read it.
    pub(super) async fn find(
        connection: &impl ConnectionTrait,
        reader: &Reader,
        case: Uuid,
    ) -> Result<Option<Self>, DatabaseError> {
        let found = keeping::find(connection, reader, case).await?;
        Ok(found.map(|case| Self { case, person: reader.person().id }))
    }

    /// The case.
    pub(super) const fn case(&self) -> &KeptCase {
        &self.case
    }

    /// Who decides.
    pub(super) const fn person(&self) -> Uuid {
        self.person
    }
}
