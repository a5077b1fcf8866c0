//! A transaction on SQLite that several share (docs/adr/0008-grouped-writes.md). Who gets into it is decided in `writer.rs`.
//!
//! Invariant: nobody is answered before the commit that keeps what the answer rests on, and when it fails everybody in the group learns
//! that. Each stands behind a savepoint of its own, or shares one with others whose statements ran at once, so that one that is refused, dropped or
//! panics leaves nothing.

use std::sync::Arc;

use sea_orm::error::ConnAcquireErr;
use sea_orm::{ConnectionTrait as _, DatabaseTransaction, DbErr, Statement};
use tokio::sync::oneshot;

use super::error::ends_a_transaction;
use super::together::joined;
use super::transaction::Lease;

/// At most so many callers' statements go to SQLite's thread at once, and only powers of two. It keeps what it has prepared by text: the
/// fewer the texts (a power times what [prepares](Savepoint::prepare) them), the more often one is found there.
pub(super) const TOGETHER: usize = 16;

/// Whoever waits for the end of the group.
type Caller = oneshot::Sender<Result<(), DbErr>>;

/// What a caller holds while its closure runs. Dropping it is a refusal.
#[derive(Debug)]
pub(super) struct Turn {
    pub(super) lease: Arc<Lease>,
    /// Whether what the closure did shall be kept.
    pub(super) outcome: oneshot::Sender<bool>,
    pub(super) answer: oneshot::Receiver<Result<(), DbErr>>,
}

/// How a turn ended.
enum Driven {
    /// The caller waits for its answer; whether its work shall be kept, and whether it did any behind its savepoint.
    Ended { keep: bool, is_prepared: bool, answer: Caller },
    /// The caller went away: before its turn, or in the midst of it.
    Gone { touched: bool },
}

/// One of two names in turn: where a closure went away before its savepoint was made, no other one has that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Left,
    Right,
}

/// The savepoint of the closure that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Savepoint {
    /// Nothing has been done in this transaction.
    None,
    /// The first closure ran without one and was refused.
    Spoilt,
    /// There is none, and what was done so far is kept.
    Absent,
    /// A closure ran behind it and is kept.
    Used(Name),
    /// Rolled back to: the next closure may use it as it is.
    Clean(Name),
}

impl Savepoint {
    /// What must run before the next closure's first statement, and the name of the savepoint that it then stands behind.
    const fn prepare(self) -> (Option<&'static str>, Name) {
        match self {
            Self::None | Self::Spoilt => (None, Name::Left),
            Self::Absent => (Some("SAVEPOINT left_member"), Name::Left),
            Self::Used(Name::Left) => (Some("RELEASE left_member; SAVEPOINT right_member"), Name::Right),
            Self::Used(Name::Right) => (Some("RELEASE right_member; SAVEPOINT left_member"), Name::Left),
            Self::Clean(name) => (None, name),
        }
    }
}

impl Name {
    const fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }

    const fn release(self) -> &'static str {
        match self {
            Self::Left => "RELEASE left_member",
            Self::Right => "RELEASE right_member",
        }
    }

    const fn roll_back(self) -> &'static str {
        match self {
            Self::Left => "ROLLBACK TO left_member",
            Self::Right => "ROLLBACK TO right_member",
        }
    }
}

/// A transaction that several share.
pub(super) struct Group {
    transaction: Arc<DatabaseTransaction>,
    answers: Vec<Answer>,
    savepoint: Savepoint,
}

/// What a caller is told after the commit.
struct Answer {
    caller: Caller,
    /// Why nothing of its own was kept, where that is known here. A closure knows it by itself.
    refused: Option<DbErr>,
}

impl Group {
    /// A group without anybody, in a transaction that has just begun.
    pub(super) fn new(transaction: DatabaseTransaction) -> Self {
        Self { transaction: Arc::new(transaction), answers: Vec::new(), savepoint: Savepoint::None }
    }

    /// How many wait for its end.
    pub(super) fn len(&self) -> usize {
        self.answers.len()
    }

    /// Whether the first ran without a savepoint and was refused: all there is to do is to [roll back](Self::roll_back).
    pub(super) fn is_spoilt(&self) -> bool {
        self.savepoint == Savepoint::Spoilt
    }

    /// Gives a caller its turn behind a savepoint, which is made together with its first statement.
    ///
    /// # Errors
    /// When the whole transaction has failed.
    pub(super) async fn admit(&mut self, caller: oneshot::Sender<Result<Turn, DbErr>>) -> Result<(), DbErr> {
        let (prepare, name) = self.savepoint.prepare();
        let is_kept = match self.drive(caller, prepare).await? {
            Driven::Ended { keep, is_prepared, answer } => {
                self.answers.push(Answer { caller: answer, refused: None });
                if !is_prepared {
                    return Ok(());
                }
                keep
            }
            Driven::Gone { touched: false } => return Ok(()),
            Driven::Gone { touched: true } => false,
        };
        self.settle(self.savepoint, name, is_kept).await
    }

    /// Runs the statements of callers who all have the same texts. One that is refused takes nobody along.
    ///
    /// # Errors
    /// When the whole transaction has failed.
    pub(super) async fn run(
        &mut self,
        (statements, callers): (Vec<Vec<Statement>>, Vec<Caller>),
    ) -> Result<(), DbErr> {
        let (refusals, outcome) = match self.run_all(&statements).await {
            Ok(refusals) => (refusals, Ok(())),
            // The callers are told with the others.
            Err(error) => (vec![None; callers.len()], Err(error)),
        };
        let answers = callers.into_iter().zip(refusals);
        self.answers.extend(answers.map(|(caller, refused)| Answer { caller, refused }));
        outcome
    }

    /// Why each was refused, if it was.
    async fn run_all(&mut self, mut rest: &[Vec<Statement>]) -> Result<Vec<Option<DbErr>>, DbErr> {
        let mut refusals = Vec::with_capacity(rest.len());
        while let Some(power) = rest.len().checked_ilog2() {
            let (part, others) = rest.split_at(TOGETHER.min(1 << power));
            match self.try_together(part).await? {
                // Somebody among them: each for itself.
                Some(_) if part.len() > 1 => {
                    for one in part {
                        refusals.push(self.try_together(std::slice::from_ref(one)).await?);
                    }
                }
                outcome => refusals.resize(refusals.len() + part.len(), outcome),
            }
            rest = others;
        }
        Ok(refusals)
    }

    /// Runs all of them behind one savepoint. When one is refused nothing of any is kept.
    async fn try_together(&mut self, part: &[Vec<Statement>]) -> Result<Option<DbErr>, DbErr> {
        let before = match self.savepoint {
            // Alone it needs none: when it is refused, nobody loses anything.
            Savepoint::None if part.len() > 1 => Savepoint::Absent,
            savepoint => savepoint,
        };
        let (prepare, name) = before.prepare();
        let refused =
            match self.transaction.execute_raw(joined(prepare, part.iter().flatten().cloned())?).await {
                Ok(_) => None,
                Err(error) if ends_a_transaction(&error) => return Err(error),
                Err(error) => Some(error),
            };
        self.settle(before, name, refused.is_none()).await?;
        Ok(refused)
    }

    /// What stands behind the savepoint `name`, which was made from `before`, is kept or undone.
    async fn settle(&mut self, before: Savepoint, name: Name, is_kept: bool) -> Result<(), DbErr> {
        self.savepoint = match (before, is_kept) {
            (Savepoint::None, true) => Savepoint::Absent,
            (Savepoint::None, false) => Savepoint::Spoilt,
            (_, true) => Savepoint::Used(name),
            (_, false) => match self.transaction.execute_unprepared(name.roll_back()).await {
                Ok(_) => Savepoint::Clean(name),
                // It was never made, so nothing came after it either. The one before it may be open still: it is ended, or a later
                // rollback to its name would undo what is kept behind it.
                Err(error) if is_no_savepoint(&error) => {
                    match self.transaction.execute_unprepared(name.other().release()).await {
                        Ok(_) => {}
                        Err(error) if is_no_savepoint(&error) => self.expect_open().await?,
                        Err(error) => return Err(error),
                    }
                    Savepoint::Absent
                }
                Err(error) => return Err(error),
            },
        };
        Ok(())
    }

    /// Where no savepoint is known, the transaction may be gone as well: a statement that made SQLite roll back all of it (a full disk), and
    /// whose caller went away before it could tell. Whatever ran next would run outside of it.
    async fn expect_open(&self) -> Result<(), DbErr> {
        match self.transaction.execute_unprepared("BEGIN").await {
            Err(error) if is_within_transaction(&error) => Ok(()),
            // This one holds nothing: it ends with the group, which has failed.
            Ok(_) => {
                tracing::warn!(
                    "a transaction ended by itself, perhaps for want of room: those who shared it are asked to come again"
                );
                Err(DbErr::ConnectionAcquire(ConnAcquireErr::ConnectionClosed))
            }
            Err(error) => Err(error),
        }
    }

    /// Lends the transaction to a caller and waits until it comes back.
    async fn drive(
        &mut self,
        caller: oneshot::Sender<Result<Turn, DbErr>>,
        prepare: Option<&'static str>,
    ) -> Result<Driven, DbErr> {
        let lease = Arc::new(Lease::new(&self.transaction, prepare));
        let (outcome, ended) = oneshot::channel();
        let (answer, answered) = oneshot::channel();
        let turn = Turn { lease: Arc::clone(&lease), outcome, answer: answered };
        if caller.send(Ok(turn)).is_err() {
            return Ok(Driven::Gone { touched: false });
        }
        let keep = ended.await;
        let is_prepared = lease.end().await;
        if let Some(error) = lease.broken() {
            // The caller is told with the others.
            self.answers.push(Answer { caller: answer, refused: None });
            return Err(error.clone());
        }
        Ok(match keep {
            Ok(keep) => Driven::Ended { keep, is_prepared, answer },
            Err(_) => Driven::Gone { touched: is_prepared },
        })
    }

    /// Keeps what was done and tells everybody. Answers how many shared it.
    pub(super) async fn commit(self) -> usize {
        let Self { transaction, answers, .. } = self;
        let outcome = match Arc::into_inner(transaction) {
            Some(transaction) => transaction.commit().await,
            // Every lease has been ended, so nobody else holds it.
            None => Err(ended()),
        };
        let shared = answers.len();
        tell(answers, &outcome);
        if outcome.is_ok() { shared } else { 0 }
    }

    /// Undoes the first, who was alone so far, and tells it.
    pub(super) async fn roll_back(self) {
        let Self { transaction, answers, .. } = self;
        abandon(transaction).await;
        tell(answers, &Ok(()));
    }

    /// Undoes everything and tells everybody why.
    pub(super) async fn fail(self, error: &DbErr) {
        let Self { transaction, answers, .. } = self;
        abandon(transaction).await;
        tell(answers, &Err(error.clone()));
    }
}

/// Rolls back. SQLite may have done so by itself, then this fails: the connection is closed when it is given back (`connect_sqlite`).
async fn abandon(transaction: Arc<DatabaseTransaction>) {
    if let Some(transaction) = Arc::into_inner(transaction)
        && let Err(error) = transaction.rollback().await
    {
        tracing::warn!(error = %error, "a rollback failed");
    }
}

fn tell(answers: Vec<Answer>, outcome: &Result<(), DbErr>) {
    for Answer { caller, refused } in answers {
        // Whoever went away needs no answer.
        let _ = caller.send(outcome.clone().and(refused.map_or(Ok(()), Err)));
    }
}

/// SQLite does not know the savepoint (its general error, which has no code of its own).
fn is_no_savepoint(error: &DbErr) -> bool {
    error.to_string().contains("no such savepoint")
}

/// SQLite has a transaction already.
fn is_within_transaction(error: &DbErr) -> bool {
    error.to_string().contains("within a transaction")
}

/// The writer is gone.
pub(super) fn ended() -> DbErr {
    DbErr::Custom("the writer of the database has ended".to_owned())
}
