//! What members sign in their browsers: the next key of a channel (protocol section 4.1), and that somebody has left (section 4.3).
//!
//! Invariants: a statement is taken in only when the whole chain verifies with it at its end, as an import verifies it; it is appended in
//! the transaction that finds the end of the chain where it was; and a key is sealed to everybody who may read its channel, or it is
//! refused. What became of it stands on all pages before the answer goes out (docs/adr/0021).

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use envelope::audit::act::{Act, ActKind};
use envelope::centre::{VerifiedCentre, verify_centre};
use envelope::clock::Clock;
use envelope::publication::{EpochRecord, EpochWrapRecord};
use envelope::refusal::CentreRefusal;
use envelope::root::VerifiedRoot;
use envelope::signature::SignedDocument;
use envelope::statement::{Statement, StatementBody};
use platform::web::{PlatformError, json};
use sea_orm::ConnectionTrait;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::access::{MayMakeKey, MayStateLeave};
use super::import::epochs;
use super::leavers;
use super::store::{self, StoredDocument, StoredEpoch};
use crate::App;
use crate::accounts::{self, Operator};

const MALFORMED: PlatformError = PlatformError::Refused(StatusCode::BAD_REQUEST, "malformed");
/// It does not verify at the end of the chain, or somebody else signed it.
const STATEMENT: PlatformError = PlatformError::Refused(StatusCode::BAD_REQUEST, "statement");
/// The papers of the centre have ended: nobody but the governors can go on.
const EXPIRED: PlatformError = PlatformError::Refused(StatusCode::BAD_REQUEST, "expired");
/// A key that is not sealed to exactly those who may read its channel.
const READERS: PlatformError = PlatformError::Refused(StatusCode::BAD_REQUEST, "readers");
/// Somebody was faster: the chain goes on from another statement now.
const CHANGED: PlatformError = PlatformError::Refused(StatusCode::CONFLICT, "changed");
const SIGNED_OUT: PlatformError = PlatformError::Refused(StatusCode::UNAUTHORIZED, "signed-out");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MadeEpoch {
    statement: SignedDocument,
    wraps: Vec<EpochWrapRecord>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StatedLeave {
    statement: SignedDocument,
}

/// `POST /console/epochs`: the next key of a channel.
pub(super) async fn make_epoch(
    State(app): State<App>,
    operator: Operator,
    body: Bytes,
) -> Result<Response, PlatformError> {
    if MayMakeKey::channels(&app, &operator).is_empty() {
        return Err(PlatformError::NotFound);
    }
    let made: MadeEpoch = parse(&body)?;
    let next = Next::verify(&app, &operator, &made.statement)?;
    let StatementBody::Epoch { channel, number, .. } = next.body else { return Err(MALFORMED) };
    let epoch = sealed_to_all(&next.centre, EpochRecord { channel, number, wraps: made.wraps })?;
    let (app, operator, next, epoch) = (&app, &operator, &next, &epoch);
    let outcome = app
        .platform
        .database
        .write(|transaction| async move {
            check_signed_in(&transaction, operator).await?;
            let may = MayMakeKey::find(app, &transaction, operator, channel).await?;
            let may = may.ok_or(PlatformError::NotFound)?;
            next.append(&transaction).await?;
            store::amend_epoch(&transaction, may.centre(), epoch).await?;
            leavers::erase_wraps(&transaction, &next.centre).await?;
            let act =
                Act::of_centre(ActKind::KeyMade, Some(operator.person().id), may.centre(), may.centre());
            app.record(&transaction, Act { channel: Some(may.channel()), ..act }).await?;
            Ok::<_, PlatformError>(())
        })
        .await;
    finish(app, outcome).await
}

/// `POST /console/people/{person}/leave`: a colleague has left. Roles and sessions end at once; so do the keys of her channels.
pub(super) async fn leave(
    State(app): State<App>,
    operator: Operator,
    Path(person): Path<String>,
    body: Bytes,
) -> Result<Response, PlatformError> {
    let person = Uuid::try_parse(&person).map_err(|_| PlatformError::NotFound)?;
    let may = MayStateLeave::find(&app, app.platform.database.read(), &operator, person).await?;
    may.ok_or(PlatformError::NotFound)?;
    let stated: StatedLeave = parse(&body)?;
    let next = Next::verify(&app, &operator, &stated.statement)?;
    match &next.body {
        StatementBody::Leave { person: leaver } if leaver.uuid() == person => {}
        _ => return Err(MALFORMED),
    }
    let (app, operator, next) = (&app, &operator, &next);
    let outcome = app
        .platform
        .database
        .write(|transaction| async move {
            check_signed_in(&transaction, operator).await?;
            let may = MayStateLeave::find(app, &transaction, operator, person).await?;
            let may = may.ok_or(PlatformError::NotFound)?;
            next.append(&transaction).await?;
            let members: Vec<Uuid> =
                next.centre.members().iter().map(|member| member.person.uuid()).collect();
            accounts::end_roles_of_others(&transaction, may.centre(), &members).await?;
            leavers::erase_wraps(&transaction, &next.centre).await?;
            let actor = Some(operator.person().id);
            app.record(&transaction, Act::of_centre(ActKind::Left, actor, may.centre(), may.person().id))
                .await?;
            Ok::<_, PlatformError>(())
        })
        .await;
    finish(app, outcome).await
}

/// A statement that continues the chain as it stands in memory, and the centre with it.
struct Next {
    body: StatementBody,
    document: StoredDocument,
    certificate: String,
    seq: u32,
    /// What it follows: the statement before it, or the certificate.
    prev: String,
    centre: VerifiedCentre,
}

impl Next {
    /// Verifies it as the server verifies everything: root, certificate, each statement, this one last. It counts for the person of the
    /// session alone, so that the log names who signed.
    fn verify(app: &App, operator: &Operator, document: &SignedDocument) -> Result<Self, PlatformError> {
        let known = app.centres.find(operator.centre()).ok_or(PlatformError::NotFound)?;
        let root = app.centres.any_root_document().ok_or(PlatformError::NotFound)?;
        let statement: Statement = serde_json::from_slice(&document.payload.0).map_err(|_| MALFORMED)?;
        let verified = known.verified();
        if (statement.seq, statement.prev) != verified.next_statement()
            || statement.certificate != verified.certificate_hash()
        {
            return Err(CHANGED);
        }
        match document.signatures.as_slice() {
            [signed] if signed.key.as_bytes().as_slice() == operator.person().signing_key => {}
            _ => return Err(STATEMENT),
        }
        let clock = Clock::exact(app.platform.now());
        let root = SignedDocument::parse(root.as_bytes()).map_err(PlatformError::internal)?;
        let root = VerifiedRoot::verify(&root, clock).map_err(PlatformError::internal)?;
        let mut bundle = known.bundle_value.clone();
        bundle.statements.push(document.clone());
        let centre = verify_centre(&root, &bundle, clock, None).map_err(|refusal| match refusal {
            CentreRefusal::Expired => EXPIRED,
            _ => STATEMENT,
        })?;
        let json = serde_json::to_string(document).map_err(PlatformError::internal)?;
        Ok(Self {
            document: StoredDocument { hash: document.hash().to_string(), document: json },
            certificate: statement.certificate.to_string(),
            seq: statement.seq,
            prev: statement.prev.to_string(),
            body: statement.body,
            centre,
        })
    }

    /// Appends it, if the chain still ends where it did when it was verified.
    async fn append(&self, connection: &impl ConnectionTrait) -> Result<(), PlatformError> {
        let centre = self.centre.centre().uuid();
        let in_force = store::find_certificate_in_force(connection, centre).await?;
        let kept = store::list_statements(connection, &self.certificate).await?;
        let end = kept.last().map_or(&self.certificate, |last| &last.hash);
        let is_next = u32::try_from(kept.len()).is_ok_and(|length| length.checked_add(1) == Some(self.seq));
        let is_in_force = in_force.is_some_and(|(hash, _)| hash == self.certificate);
        if !is_in_force || !is_next || *end != self.prev {
            return Err(CHANGED);
        }
        store::insert_statement(connection, &self.certificate, i64::from(self.seq), &self.document).await?;
        Ok(())
    }
}

/// The epoch as it is stored: as an import checks it, and beyond that sealed to every single one who may read the channel.
fn sealed_to_all(centre: &VerifiedCentre, record: EpochRecord) -> Result<StoredEpoch, PlatformError> {
    let readers = centre.epoch_readers(record.channel).map_err(|_| STATEMENT)?;
    if record.wraps.len() != readers.len() {
        return Err(READERS);
    }
    let (channel, number) = (record.channel.name(), record.number);
    let epochs = epochs::check("", centre, &[record]).map_err(|_| READERS)?;
    epochs.into_iter().find(|epoch| epoch.channel == channel && epoch.number == number).ok_or(STATEMENT)
}

async fn check_signed_in(
    connection: &impl ConnectionTrait,
    operator: &Operator,
) -> Result<(), PlatformError> {
    if operator.is_still_signed_in(connection).await? { Ok(()) } else { Err(SIGNED_OUT) }
}

/// The pages know of it before the answer goes out; whoever lost a race reads the chain anew, and so does this program.
async fn finish(app: &App, outcome: Result<(), PlatformError>) -> Result<Response, PlatformError> {
    let outcome = match outcome {
        Err(PlatformError::Database(error)) if error.is_unique_violation() => Err(CHANGED),
        outcome => outcome,
    };
    if matches!(outcome, Ok(()) | Err(PlatformError::Refused(StatusCode::CONFLICT, _))) {
        app.reload_centres().await?;
    }
    outcome.map(|()| json(StatusCode::CREATED, &serde_json::json!({})))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, PlatformError> {
    serde_json::from_slice(body).map_err(|_| MALFORMED)
}
