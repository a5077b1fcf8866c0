//! Who may decide about a case: a witness with a private constructor that the store demands.

use envelope::audit::act::{Act, ActKind};
use platform::database::DatabaseError;
use sea_orm::{ConnectionTrait, DbErr};
use uuid::Uuid;

use crate::reports::Reader;
use crate::reports::keeping::{self, KeptCase};

/// The right to propose, approve and drop the terms of a centre, as one of two.
#[derive(Clone, Copy, Debug)]
pub(super) struct MayChangeTerms<'a>(&'a Reader);

impl<'a> MayChangeTerms<'a> {
    /// That of a reader, if she has it.
    pub(super) fn of(reader: &'a Reader) -> Option<Self> {
        reader.may_change_terms().then_some(Self(reader))
    }

    /// Who decides.
    pub(super) const fn reader(&self) -> &Reader {
        self.0
    }
}

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

    /// What she does to it, for the log.
    pub(super) fn act(&self, kind: ActKind) -> Result<Act, DatabaseError> {
        act_on(kind, Some(self.person), &self.case)
    }

    /// Who decides.
    pub(super) const fn person(&self) -> Uuid {
        self.person
    }
}

/// What somebody, or the calendar, does to a case.
pub(super) fn act_on(kind: ActKind, actor: Option<Uuid>, case: &KeptCase) -> Result<Act, DatabaseError> {
    let channel =
        case.channel.parse().map_err(|_| DbErr::Type("a channel that no version knows".to_owned()))?;
    Ok(Act::on_case(kind, actor, case.centre, case.id, channel))
}
