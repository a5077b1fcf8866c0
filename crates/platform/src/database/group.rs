//! SQLite's one writer: closures that wait share a transaction and its commit (docs/adr/0008-grouped-writes.md).
//!
//! Invariant: nobody is answered before the commit that keeps what the answer rests on, and when it fails everybody in the group learns
//! that. Each closure stands behind a savepoint of its own, so that one that is refused, dropped or panics leaves nothing.
//!
//! A closure borrows from its caller, so it runs in the caller's task; what moves is the *turn*. A task of ours owns the transaction,
//! hands the turn to one caller after the other and takes it back, also from one that has gone away. No caller carries the group, so none can
//! take it along when it goes.

use std::collections::VecDeque;
use std::error::Error as StdError;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::error::ConnAcquireErr;
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode,
    TransactionOptions, TransactionTrait as _,
};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

use super::transaction::{Lease, Transaction};
use super::{DatabaseError, PATIENCE};

/// At most so many closures share a commit.
const GROUP: usize = 128;

/// How long a group waits for as many closures as the one before it had. Those who were just answered come again under load, and a
/// commit that waits for them costs one sync instead of many. After a group of one nobody is waited for.
const LINGER: Duration = Duration::from_millis(8);

/// The writer of a file. Cheap while nothing is written: the task that serves ends when nobody has come for a moment.
#[derive(Debug)]
pub(super) struct Writer {
    connection: DatabaseConnection,
    queue: Mutex<Queue>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    is_served: bool,
}

/// A caller that waits for its turn.
#[derive(Debug)]
struct Waiting(oneshot::Sender<Result<Turn, DbErr>>);

/// What a caller holds while its closure runs. Dropping it is a refusal.
#[derive(Debug)]
struct Turn {
    lease: Arc<Lease>,
    /// Whether what the closure did shall be kept.
    outcome: oneshot::Sender<bool>,
    answer: oneshot::Receiver<Result<(), DbErr>>,
}

/// How a turn ended.
enum Driven {
    /// The caller waits for its answer; whether its work shall be kept, and whether it did any behind its savepoint.
    Ended { keep: bool, is_prepared: bool, answer: oneshot::Sender<Result<(), DbErr>> },
    /// The caller went away: before its turn, or in the midst of it.
    Gone { touched: bool },
}

impl Writer {
    pub(super) fn new(connection: DatabaseConnection) -> Arc<Self> {
        Arc::new(Self { connection, queue: Mutex::default(), arrived: Notify::new() })
    }

    /// Runs `work` in a transaction that it may share.
    pub(super) async fn write<T, E, F, Work>(self: &Arc<Self>, work: &F) -> Result<T, E>
    where
        F: Fn(Transaction) -> Work + Send + Sync,
        Work: Future<Output = Result<T, E>> + Send,
        T: Send,
        E: From<DatabaseError> + StdError + Send + 'static,
    {
        let turn = match timeout(PATIENCE, self.line_up()).await {
            Ok(Ok(turn)) => turn.map_err(|error| E::from(error.into()))?,
            // The writer ended in the midst of things, which only a runtime that shuts down does.
            Ok(Err(_)) => return Err(DatabaseError::from(ended()).into()),
            Err(_) => {
                return Err(DatabaseError::from(DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)).into());
            }
        };
        let Turn { lease, outcome, answer } = turn;
        let result = work(Transaction::new(&lease)).await;
        // One is ours and one is the writer's: a third belongs to whoever kept it.
        let is_kept = Arc::strong_count(&lease) > 2;
        drop(lease);
        // When nobody listens the writer is gone, and so is the answer below.
        let _ = outcome.send(result.is_ok() && !is_kept);
        match answer.await {
            Ok(Ok(())) if is_kept => Err(DatabaseError::Kept.into()),
            Ok(Ok(())) => result,
            Ok(Err(error)) => Err(DatabaseError::from(error).into()),
            Err(_) => Err(DatabaseError::from(ended()).into()),
        }
    }

    /// Takes a place in the queue and sees to it that somebody serves it.
    fn line_up(self: &Arc<Self>) -> oneshot::Receiver<Result<Turn, DbErr>> {
        let (waiting, turn) = oneshot::channel();
        let mut queue = self.lock();
        queue.waiting.push_back(Waiting(waiting));
        let was_served = std::mem::replace(&mut queue.is_served, true);
        drop(queue);
        if was_served {
            self.arrived.notify_one();
        } else {
            tokio::spawn(Serving { writer: Arc::clone(self), is_over: false }.run());
        }
        turn
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next caller that still waits.
    fn pop(&self) -> Option<Waiting> {
        let mut queue = self.lock();
        std::iter::from_fn(|| queue.waiting.pop_front()).find(|waiting| !waiting.0.is_closed())
    }

    /// The next caller, if one comes in time.
    async fn next(&self, until: Instant) -> Option<Waiting> {
        loop {
            if let Some(waiting) = self.pop() {
                return Some(waiting);
            }
            timeout_at(until, self.arrived.notified()).await.ok()?;
        }
    }

    /// One transaction for the first caller and those who come meanwhile. Answers how many shared it.
    async fn group(&self, first: Waiting, company: usize) -> usize {
        let until = Instant::now() + LINGER;
        let transaction = match self.begin().await {
            Ok(transaction) => Arc::new(transaction),
            Err(error) => {
                self.turn_away(first, &error);
                return 0;
            }
        };
        let mut group = Group { transaction, answers: Vec::new(), savepoint: Savepoint::None };
        let mut next = Some(first);
        while let Some(waiting) = next {
            if let Err(error) = group.admit(waiting).await {
                group.fail(&error).await;
                return 0;
            }
            // The first closure stood behind no savepoint: all of it is rolled back.
            if group.savepoint == Savepoint::Spoilt {
                group.roll_back().await;
                return company;
            }
            next = match group.answers.len() {
                GROUP.. => None,
                few if few < company => self.next(until).await,
                _ => self.pop(),
            };
        }
        group.commit().await
    }

    async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        self.connection
            .begin_with_options(TransactionOptions {
                isolation_level: None,
                access_mode: None,
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            })
            .await
    }

    /// Tells everybody who waits that no transaction could begin: they have waited as long as the first.
    fn turn_away(&self, first: Waiting, error: &DbErr) {
        for waiting in std::iter::once(first).chain(std::iter::from_fn(|| self.pop())) {
            // Whoever went away needs no answer.
            let _ = waiting.0.send(Err(error.clone()));
        }
    }
}

/// The task that serves the queue.
struct Serving {
    writer: Arc<Writer>,
    is_over: bool,
}

impl Serving {
    async fn run(mut self) {
        let mut company = 0;
        loop {
            let first = match self.writer.next(Instant::now() + LINGER).await {
                Some(first) => first,
                None => match self.last_look() {
                    Some(first) => first,
                    None => return,
                },
            };
            company = self.writer.group(first, company).await;
        }
    }

    /// Somebody who came in the last moment, or the end: looked up and told under one lock, so that nobody is overlooked.
    fn last_look(&mut self) -> Option<Waiting> {
        let mut queue = self.writer.lock();
        let last = queue.waiting.pop_front();
        if last.is_none() {
            queue.is_served = false;
            self.is_over = true;
        }
        last
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // Ended in the midst of things: whoever comes next starts another.
        if !self.is_over {
            self.writer.lock().is_served = false;
        }
    }
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
struct Group {
    transaction: Arc<DatabaseTransaction>,
    answers: Vec<oneshot::Sender<Result<(), DbErr>>>,
    savepoint: Savepoint,
}

impl Group {
    /// Gives a caller its turn behind a savepoint, which is made together with its first statement.
    ///
    /// # Errors
    /// When the whole transaction has failed.
    async fn admit(&mut self, waiting: Waiting) -> Result<(), DbErr> {
        let (prepare, name) = self.savepoint.prepare();
        let is_kept = match self.drive(waiting, prepare).await? {
            Driven::Ended { keep, is_prepared, answer } => {
                self.answers.push(answer);
                if !is_prepared {
                    return Ok(());
                }
                keep
            }
            Driven::Gone { touched: false } => return Ok(()),
            Driven::Gone { touched: true } => false,
        };
        self.savepoint = match (self.savepoint, is_kept) {
            (Savepoint::None, true) => Savepoint::Absent,
            (Savepoint::None, false) => Savepoint::Spoilt,
            (_, true) => Savepoint::Used(name),
            (_, false) => match self.transaction.execute_unprepared(name.roll_back()).await {
                Ok(_) => Savepoint::Clean(name),
                // The caller went away before it was made, so nothing came after it either. The one before it may be open still: it is
                // ended, or a later rollback to its name would undo what is kept behind it.
                Err(error) if is_no_savepoint(&error) => {
                    match self.transaction.execute_unprepared(name.other().release()).await {
                        Err(error) if !is_no_savepoint(&error) => return Err(error),
                        _ => Savepoint::Absent,
                    }
                }
                Err(error) => return Err(error),
            },
        };
        Ok(())
    }

    /// Lends the transaction to a caller and waits until it comes back.
    async fn drive(&mut self, waiting: Waiting, prepare: Option<&'static str>) -> Result<Driven, DbErr> {
        let lease = Arc::new(Lease::new(&self.transaction, prepare));
        let (outcome, ended) = oneshot::channel();
        let (answer, answered) = oneshot::channel();
        let turn = Turn { lease: Arc::clone(&lease), outcome, answer: answered };
        if waiting.0.send(Ok(turn)).is_err() {
            return Ok(Driven::Gone { touched: false });
        }
        let keep = ended.await;
        let is_prepared = lease.end().await;
        if let Some(error) = lease.broken() {
            // The caller is told with the others.
            self.answers.push(answer);
            return Err(error.clone());
        }
        Ok(match keep {
            Ok(keep) => Driven::Ended { keep, is_prepared, answer },
            Err(_) => Driven::Gone { touched: is_prepared },
        })
    }

    /// Keeps what was done and tells everybody. Answers how many shared it.
    async fn commit(self) -> usize {
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

    /// Undoes the first closure, which was alone so far, and tells it.
    async fn roll_back(self) {
        let Self { transaction, answers, .. } = self;
        abandon(transaction).await;
        tell(answers, &Ok(()));
    }

    /// Undoes everything and tells everybody why.
    async fn fail(self, error: &DbErr) {
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

fn tell(answers: Vec<oneshot::Sender<Result<(), DbErr>>>, outcome: &Result<(), DbErr>) {
    for answer in answers {
        // Whoever went away needs no answer.
        let _ = answer.send(outcome.clone());
    }
}

/// SQLite does not know the savepoint (its general error, which has no code of its own).
fn is_no_savepoint(error: &DbErr) -> bool {
    error.to_string().contains("no such savepoint")
}

/// The writer is gone.
fn ended() -> DbErr {
    DbErr::Custom("the writer of the database has ended".to_owned())
}
