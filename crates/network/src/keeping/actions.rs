//! What the forms of the two pages do. Each answers with 303 to its page, which says what was done or why nothing was.
//!
//! Invariant: every decision is checked inside the transaction that writes it, so two people who press at once are two people.

use std::collections::BTreeMap;

use axum::extract::{Path, State as AppState};
use axum::http::StatusCode;
use axum::response::Response;
use envelope::audit::act::ActKind;
use platform::database::DatabaseError;
use platform::texts::Language;
use platform::web::PlatformError;
use serde::Deserialize;
use uuid::Uuid;

use super::access::{MayChangeTerms, MayKeep};
use super::jobs::{complete, reckon, table_of};
use super::model::{Hold, HoldReason, Keeping, No, Proposal, ShredReason};
use super::pages::{Notice, case_page};
use super::store::{self, Standing};
use super::terms::{Birth, Purpose, Terms, proposed};
use super::week::Week;
use crate::App;
use crate::accounts::{Console, ConsoleForm, OfPage, back};
use crate::centres::hours::day_of;
use crate::reports::{Reader, State};

/// Months by which one person may prolong at a time.
const PROLONGED: [&str; 3] = ["6", "12", "24"];

/// Why a form did nothing.
#[derive(Debug, thiserror::Error)]
enum Undone {
    #[error(transparent)]
    No(#[from] No),
    /// Not there, or not this operator's.
    #[error("not-found")]
    NotFound,
    /// The session ended while the form was under way.
    #[error("signed-out")]
    SignedOut,
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// The language of the page, and a term a purpose under the purpose's word.
pub(super) type TableForm = BTreeMap<String, String>;

#[derive(Deserialize)]
pub(super) struct PurposeForm {
    language: String,
    purpose: String,
    #[serde(default)]
    birth_year: String,
    #[serde(default)]
    birth_month: String,
}

#[derive(Deserialize)]
pub(super) struct ProlongForm {
    language: String,
    months: String,
}

#[derive(Deserialize)]
pub(super) struct ReasonForm {
    language: String,
    reason: String,
}

/// `POST /console/keeping/table`: a member proposes terms for her centre.
pub(super) async fn propose_table(
    AppState(app): AppState<App>,
    form: ConsoleForm<TableForm>,
) -> Result<Response, PlatformError> {
    let reader = Reader::of(&app, form.operator)?;
    let may = MayChangeTerms::of(&reader).ok_or(PlatformError::NotFound)?;
    let language = form.fields.get("language").cloned().unwrap_or_default();
    let now = Week::of(app.platform.now());
    let terms = proposed()
        .iter()
        .filter_map(|row| Some((row.purpose, form.fields.get(row.purpose.word())?.trim().parse().ok()?)));
    let outcome = match Terms::new(terms.collect()) {
        Err(_) => Err(No::Malformed.into()),
        Ok(terms) => {
            let (reader, terms) = (&reader, &terms);
            app.platform
                .database
                .write(|transaction| async move {
                    still_signed_in(&transaction, reader).await?;
                    store::propose_table(&transaction, may, terms, now).await?;
                    Ok::<_, Undone>("proposed")
                })
                .await
        }
    };
    answer(&language, None, outcome)
}

/// `POST /console/keeping/table/confirm`: another member puts the proposed table into force.
pub(super) async fn confirm_table(
    AppState(app): AppState<App>,
    form: ConsoleForm<OfPage>,
) -> Result<Response, PlatformError> {
    let reader = &Reader::of(&app, form.operator)?;
    let may = MayChangeTerms::of(reader).ok_or(PlatformError::NotFound)?;
    let now = Week::of(app.platform.now());
    let outcome = app
        .platform
        .database
        .write(|transaction| async move {
            still_signed_in(&transaction, reader).await?;
            let table = store::find_table(&transaction, reader.centre(), Standing::Proposed).await?;
            let table = table.ok_or(No::Changed)?;
            if table.proposed_by == reader.person().id {
                return Err(No::SamePerson.into());
            }
            if table.terms.is_none() {
                return Err(No::Malformed.into());
            }
            store::approve_table(&transaction, may, now).await?;
            Ok::<_, Undone>("saved")
        })
        .await;
    if outcome.is_ok() {
        reckon(&app).await?;
    }
    answer(&form.fields.language, None, outcome)
}

/// `POST /console/keeping/table/withdraw`: the proposed table goes.
pub(super) async fn withdraw_table(
    AppState(app): AppState<App>,
    form: ConsoleForm<OfPage>,
) -> Result<Response, PlatformError> {
    let reader = &Reader::of(&app, form.operator)?;
    let may = MayChangeTerms::of(reader).ok_or(PlatformError::NotFound)?;
    let outcome = app
        .platform
        .database
        .write(|transaction| async move {
            still_signed_in(&transaction, reader).await?;
            store::drop_table(&transaction, may, Standing::Proposed).await?;
            Ok::<_, Undone>("saved")
        })
        .await;
    answer(&form.fields.language, None, outcome)
}

/// `POST /console/keeping/{case}/purpose`: why a closed case is kept, and for a child when it was born.
pub(super) async fn purpose(
    AppState(app): AppState<App>,
    Path(case): Path<String>,
    form: ConsoleForm<PurposeForm>,
) -> Result<Response, PlatformError> {
    let (case, fields) = (parse_case(&case)?, &form.fields);
    let console = Console::of(&app, &form.operator);
    let reader = &Reader::of(&app, form.operator)?;
    let now = Week::of(app.platform.now());
    let today = day_of(app.platform.now());
    let birth = Birth::parse(&fields.birth_year, &fields.birth_month, today);
    if Purpose::from_word(&fields.purpose) == Some(Purpose::Child) && birth.is_none() {
        let notice = Notice::of_birth(fields.birth_year.clone(), fields.birth_month.clone());
        let language = Language::find(&fields.language).unwrap_or_default();
        return case_page(&app, language, console, reader, case, notice).await;
    }
    let outcome = app
        .platform
        .database
        .write(|transaction| async move {
            let may_keep = found(&transaction, reader, case).await?;
            let kept = may_keep.case();
            let purpose = Purpose::from_word(&fields.purpose).ok_or(No::Malformed)?;
            if kept.state != State::Closed || store::is_decided(&transaction, case).await? {
                return Err(No::Changed.into());
            }
            let terms = table_of(&transaction, kept.centre).await?;
            let birthday = match purpose {
                Purpose::Child => {
                    let birth = birth.ok_or(No::Malformed)?;
                    // Without a table in force the project's own term holds the birthday.
                    Some(
                        terms
                            .clone()
                            .map_or_else(Terms::proposed, Ok)
                            .map_err(|_| No::Malformed)?
                            .birthday(birth),
                    )
                }
                _ => None,
            };
            let row = match store::find_keeping(&transaction, case).await? {
                Some(row) if row.items == kept.items => row,
                Some(row) => row.closed_again(now, kept.items),
                None => Keeping::closed(purpose, now, kept.items),
            };
            let row = row.with_purpose(purpose, birthday).reckoned(terms.as_ref());
            store::keep(&transaction, case, kept.centre, &row).await?;
            Ok::<_, Undone>("saved")
        })
        .await;
    answer(&fields.language, Some(case), outcome)
}

/// `POST /console/keeping/{case}/prolong`: a closed case is kept longer.
pub(super) async fn prolong(
    AppState(app): AppState<App>,
    Path(case): Path<String>,
    form: ConsoleForm<ProlongForm>,
) -> Result<Response, PlatformError> {
    let (case, fields) = (parse_case(&case)?, &form.fields);
    let reader = &Reader::of(&app, form.operator)?;
    let now = Week::of(app.platform.now());
    let outcome = app
        .platform
        .database
        .write(|transaction| async move {
            let may_keep = found(&transaction, reader, case).await?;
            let kept = may_keep.case();
            let months = PROLONGED.iter().find(|months| **months == fields.months).ok_or(No::Malformed)?;
            let months = months.parse().map_err(|_| No::Malformed)?;
            if kept.state != State::Closed || store::is_decided(&transaction, case).await? {
                return Err(No::Changed.into());
            }
            let terms = table_of(&transaction, kept.centre).await?;
            let row = match store::find_keeping(&transaction, case).await? {
                Some(row) if row.items == kept.items => row,
                Some(row) => row.closed_again(now, kept.items).reckoned(terms.as_ref()),
                None => Keeping::begun(now, kept.items, terms.as_ref()),
            };
            let row = row.prolonged(months, now).reckoned(terms.as_ref());
            store::keep(&transaction, case, kept.centre, &row).await?;
            Ok::<_, Undone>("saved")
        })
        .await;
    answer(&fields.language, Some(case), outcome)
}

/// `POST /console/keeping/{case}/hold`: nothing of this case is shredded or forgotten while the hold stands.
pub(super) async fn hold(
    AppState(app): AppState<App>,
    Path(case): Path<String>,
    form: ConsoleForm<ReasonForm>,
) -> Result<Response, PlatformError> {
    let (case, fields) = (parse_case(&case)?, &form.fields);
    let app = &app;
    let reader = &Reader::of(app, form.operator)?;
    let now = Week::of(app.platform.now());
    let outcome = app
        .platform
        .database
        .write(|transaction| async move {
            let may_keep = found(&transaction, reader, case).await?;
            let reason = HoldReason::from_word(&fields.reason).ok_or(No::Malformed)?;
            let is_held = store::find_hold(&transaction, case).await?.is_some();
            if is_held || store::is_decided(&transaction, case).await? {
                return Err(No::Changed.into());
            }
            let placed = Hold { reason, placed_by: may_keep.person(), placed: now };
            store::place_hold(&transaction, &may_keep, &placed).await?;
            app.record(&transaction, may_keep.act(ActKind::HoldPlaced)?).await?;
            Ok::<_, Undone>("saved")
        })
        .await;
    answer(&fields.language, Some(case), outcome)
}

/// `POST /console/keeping/{case}/lift`: another person than the one who placed the hold lifts it.
pub(super) async fn lift(
    AppState(app): AppState<App>,
    Path(case): Path<String>,
    form: ConsoleForm<OfPage>,
) -> Result<Response, PlatformError> {
    let case = parse_case(&case)?;
    let app = &app;
    let reader = &Reader::of(app, form.operator)?;
    let outcome = app
        .platform
        .database
        .write(|transaction| async move {
            let may_keep = found(&transaction, reader, case).await?;
            let hold = store::find_hold(&transaction, case).await?.ok_or(No::Changed)?;
            hold.lift(may_keep.person())?;
            store::lift_hold(&transaction, &may_keep).await?;
            app.record(&transaction, may_keep.act(ActKind::HoldLifted)?).await?;
            Ok::<_, Undone>("saved")
        })
        .await;
    answer(&form.fields.language, Some(case), outcome)
}

/// `POST /console/keeping/{case}/propose`: the first of two people says that an unopened or a closed case should be shredded.
pub(super) async fn propose(
    AppState(app): AppState<App>,
    Path(case): Path<String>,
    form: ConsoleForm<ReasonForm>,
) -> Result<Response, PlatformError> {
    let (case, fields) = (parse_case(&case)?, &form.fields);
    let app = &app;
    let reader = &Reader::of(app, form.operator)?;
    let now = Week::of(app.platform.now());
    let outcome = app
        .platform
        .database
        .write(|transaction| async move {
            let may_keep = found(&transaction, reader, case).await?;
            let reason = ShredReason::from_word(&fields.reason).ok_or(No::Malformed)?;
            if !matches!(may_keep.case().state, State::Arrived | State::Closed) {
                return Err(No::Changed.into());
            }
            if store::find_hold(&transaction, case).await?.is_some() {
                return Err(No::Held.into());
            }
            let items = may_keep.case().items;
            // Whoever proposed first stays the first: else two could take each other's place for ever.
            if store::find_proposal(&transaction, case).await?.is_some_and(|standing| standing.items == items)
            {
                return Err(No::Changed.into());
            }
            let proposal = Proposal { reason, items, proposed_by: may_keep.person(), week: now };
            store::propose(&transaction, &may_keep, &proposal).await?;
            app.record(&transaction, may_keep.act(ActKind::ShredProposed)?).await?;
            Ok::<_, Undone>("proposed")
        })
        .await;
    answer(&fields.language, Some(case), outcome)
}

/// `POST /console/keeping/{case}/withdraw`: the proposal to shred goes.
pub(super) async fn withdraw(
    AppState(app): AppState<App>,
    Path(case): Path<String>,
    form: ConsoleForm<OfPage>,
) -> Result<Response, PlatformError> {
    let case = parse_case(&case)?;
    let app = &app;
    let reader = &Reader::of(app, form.operator)?;
    let outcome = app
        .platform
        .database
        .write(|transaction| async move {
            let may_keep = found(&transaction, reader, case).await?;
            store::withdraw(&transaction, &may_keep).await?;
            app.record(&transaction, may_keep.act(ActKind::ShredWithdrawn)?).await?;
            Ok::<_, Undone>("saved")
        })
        .await;
    answer(&form.fields.language, Some(case), outcome)
}

/// `POST /console/keeping/{case}/confirm`: the second of two people agrees, and the case is shredded.
pub(super) async fn confirm(
    AppState(app): AppState<App>,
    Path(case): Path<String>,
    form: ConsoleForm<OfPage>,
) -> Result<Response, PlatformError> {
    let case = parse_case(&case)?;
    let app = &app;
    let reader = &Reader::of(app, form.operator)?;
    let now = Week::of(app.platform.now());
    let outcome = app
        .platform
        .database
        .write(|transaction| async move {
            let may_keep = found(&transaction, reader, case).await?;
            let kept = may_keep.case();
            if !matches!(kept.state, State::Arrived | State::Closed) {
                return Err(No::Changed.into());
            }
            let proposal = store::find_proposal(&transaction, case).await?.ok_or(No::Changed)?;
            let is_held = store::find_hold(&transaction, case).await?.is_some();
            proposal.confirm(may_keep.person(), kept.items, is_held)?;
            store::decide(&transaction, case, now).await?;
            app.record(&transaction, may_keep.act(ActKind::ShredConfirmed)?).await?;
            Ok::<_, Undone>("shredded")
        })
        .await;
    if outcome.is_ok() {
        complete(app).await?;
        // The case has no page any more.
        return answer(&form.fields.language, None, outcome);
    }
    answer(&form.fields.language, Some(case), outcome)
}

async fn found(
    connection: &impl sea_orm::ConnectionTrait,
    reader: &Reader,
    case: Uuid,
) -> Result<MayKeep, Undone> {
    still_signed_in(connection, reader).await?;
    MayKeep::find(connection, reader, case).await?.ok_or(Undone::NotFound)
}

async fn still_signed_in(connection: &impl sea_orm::ConnectionTrait, reader: &Reader) -> Result<(), Undone> {
    if reader.operator().is_still_signed_in(connection).await? { Ok(()) } else { Err(Undone::SignedOut) }
}

fn parse_case(text: &str) -> Result<Uuid, PlatformError> {
    Uuid::try_parse(text).map_err(|_| PlatformError::NotFound)
}

/// Back to the page: to that of the case, or to the centre's.
fn answer(
    language: &str,
    case: Option<Uuid>,
    outcome: Result<&'static str, Undone>,
) -> Result<Response, PlatformError> {
    let told = match outcome {
        Ok(word) => format!("said={word}"),
        Err(Undone::No(no)) => format!("refused={}", no.word()),
        Err(Undone::NotFound) => return Err(PlatformError::NotFound),
        Err(Undone::SignedOut) => return Err(PlatformError::Refused(StatusCode::UNAUTHORIZED, "signed-out")),
        Err(Undone::Database(error)) => return Err(error.into()),
    };
    let page = case.map_or_else(String::new, |case| format!("/{case}"));
    Ok(back(language, &format!("/console/keeping{page}"), &told))
}
