//! SQLite's one writer: who waits, and the task that serves them (docs/adr/0008-grouped-writes.md). What a group does is in `group.rs`.
//!
//! A closure borrows from its caller, so it runs in the caller's task; what moves is the *turn*. A task of ours owns the transaction,
//! hands the turn to one caller after the other and takes it back, also from one that has gone away. No caller carries the group, so none can
//! take it along when it goes. Statements that answer nothing need no turn: that task runs them itself, those of several callers at once.

use std::collections::VecDeque;
use std::error::Error as StdError;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sea_orm::error::ConnAcquireErr;
use sea_orm::{
    DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait as _,
};
use tokio::sync::{Notify, oneshot};
use tokio::time::{Instant, timeout, timeout_at};

use super::group::{Group, TOGETHER, Turn, ended};
use super::merging::Log;
use super::transaction::Transaction;
use super::{DatabaseError, PATIENCE};

/// At most so many share a commit.
const GROUP: usize = 128;

/// How long a group waits for as many as the one before it had. Those who were just answered come again under load, and a
/// commit that waits for them costs one sync instead of many. After a group of one nobody is waited for.
const LINGER: Duration = Duration::from_millis(8);

/// The writer of a file. Cheap while nothing is written: the task that serves ends when nobody has come for a moment.
#[derive(Debug)]
pub(super) struct Writer {
    connection: DatabaseConnection,
    log: Arc<Log>,
    queue: Mutex<Queue>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    is_served: bool,
}

/// A caller that waits.
#[derive(Debug)]
enum Waiting {
    /// For its turn.
    Turn(oneshot::Sender<Result<Turn, DbErr>>),
    /// For what became of its statements.
    Statements(Statements),
}

/// Statements that answer nothing, and the caller who waits for them.
#[derive(Debug)]
struct Statements {
    in_order: Vec<Statement>,
    caller: oneshot::Sender<Result<(), DbErr>>,
    /// Set by the writer that begins with them, or by the caller who gives up: whoever is first decides.
    is_decided: Arc<AtomicBool>,
}

impl Writer {
    /// The writer of `connection`, and of its file's log.
    pub(super) fn new(connection: DatabaseConnection, log: Arc<Log>) -> Arc<Self> {
        Arc::new(Self { connection, log, queue: Mutex::default(), arrived: Notify::new() })
    }

    /// Merges the log and leaves it empty.
    pub(super) async fn empty_log(&self) -> Result<(), DatabaseError> {
        self.log.empty(&self.connection).await
    }

    /// Runs `work` in a transaction that it may share.
    pub(super) async fn write<T, E, F, Work>(self: &Arc<Self>, work: &F) -> Result<T, E>
    where
        F: Fn(Transaction) -> Work + Send + Sync,
        Work: Future<Output = Result<T, E>> + Send,
        T: Send,
        E: From<DatabaseError> + StdError + Send + 'static,
    {
        let (waiting, turn) = oneshot::channel();
        self.line_up(Waiting::Turn(waiting));
        let turn = match timeout(PATIENCE, turn).await {
            Ok(Ok(turn)) => turn.map_err(|error| E::from(error.into()))?,
            // The writer ended in the midst of things, which only a runtime that shuts down does.
            Ok(Err(_)) => return Err(DatabaseError::from(ended()).into()),
            Err(_) => return Err(DatabaseError::from(in_vain()).into()),
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

    /// Runs statements that answer nothing in a transaction that they may share: all of them are kept, or none.
    pub(super) async fn run(self: &Arc<Self>, statements: Vec<Statement>) -> Result<(), DbErr> {
        if statements.iter().any(|statement| statement.db_backend != DatabaseBackend::Sqlite) {
            return Err(DbErr::Custom("a statement was built for another engine".to_owned()));
        }
        let (caller, mut answer) = oneshot::channel();
        let is_decided = Arc::new(AtomicBool::new(false));
        let waiting = Statements { in_order: statements, caller, is_decided: Arc::clone(&is_decided) };
        self.line_up(Waiting::Statements(waiting));
        let outcome = match timeout(PATIENCE, &mut answer).await {
            Ok(outcome) => outcome,
            Err(_) if !is_decided.swap(true, Ordering::AcqRel) => return Err(in_vain()),
            // They have begun, so their end is what counts.
            Err(_) => answer.await,
        };
        outcome.unwrap_or_else(|_| Err(ended()))
    }

    /// Takes a place in the queue and sees to it that somebody serves it.
    fn line_up(self: &Arc<Self>, waiting: Waiting) {
        let mut queue = self.lock();
        queue.waiting.push_back(waiting);
        let was_served = std::mem::replace(&mut queue.is_served, true);
        drop(queue);
        if was_served {
            self.arrived.notify_one();
        } else {
            tokio::spawn(Serving { writer: Arc::clone(self), is_over: false }.run());
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next caller that still waits.
    fn pop(&self) -> Option<Waiting> {
        let mut queue = self.lock();
        std::iter::from_fn(|| queue.waiting.pop_front()).find(Waiting::begin)
    }

    /// `first`, and those right behind it with the same texts, at most `most` in all.
    fn pop_alike(&self, first: Statements, most: usize) -> Vec<Statements> {
        let mut alike = vec![first];
        let mut queue = self.lock();
        while alike.len() < most {
            let next = queue.waiting.pop_front_if(
                |next| matches!((next, alike.first()), (Waiting::Statements(next), Some(first)) if next.is_like(first)),
            );
            match next {
                Some(Waiting::Statements(next)) if next.begin() => alike.push(next),
                // Gave up.
                Some(_) => {}
                None => break,
            }
        }
        alike
    }

    /// The next caller, if one comes in time. Statements are let wait until there are `enough` of them, because they cost less together;
    /// whoever waits for a turn in front of all gets it at once.
    async fn next(&self, enough: usize, until: Instant) -> Option<Waiting> {
        while !self.are(enough) {
            if timeout_at(until, self.arrived.notified()).await.is_err() {
                break;
            }
        }
        self.pop()
    }

    /// Whether so many wait, or one for a turn before all others.
    fn are(&self, enough: usize) -> bool {
        let queue = self.lock();
        queue.waiting.len() >= enough || matches!(queue.waiting.front(), Some(Waiting::Turn(_)))
    }

    /// One transaction for the first caller and those who come meanwhile. Answers for how many the next one may wait: as many as shared it,
    /// or as many as before it where it kept nothing because its first was refused.
    async fn group(&self, first: Waiting, company: usize) -> usize {
        let until = Instant::now() + LINGER;
        let mut group = match self.begin().await {
            Ok(transaction) => Group::new(transaction),
            Err(error) => {
                self.turn_away(first, &error);
                return 0;
            }
        };
        let mut next = Some(first);
        while let Some(waiting) = next {
            let admitted = match waiting {
                Waiting::Turn(caller) => group.admit(caller).await,
                Waiting::Statements(first) => {
                    let alike = self.pop_alike(first, GROUP.saturating_sub(group.len()));
                    group.run(alike.into_iter().map(|one| (one.in_order, one.caller)).unzip()).await
                }
            };
            if let Err(error) = admitted {
                group.fail(&error).await;
                return 0;
            }
            // The first stood behind no savepoint: all of it is rolled back.
            if group.is_spoilt() {
                group.roll_back().await;
                return company;
            }
            next = match group.len() {
                GROUP.. => None,
                few if few < company => self.next(TOGETHER.min(company - few), until).await,
                _ => self.pop(),
            };
        }
        let shared = group.commit().await;
        self.log.grew(shared);
        shared
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
            waiting.turn_away(error);
        }
    }
}

impl Waiting {
    /// Whether the caller still waits. Statements have begun with this.
    fn begin(&self) -> bool {
        match self {
            Self::Turn(caller) => !caller.is_closed(),
            Self::Statements(statements) => statements.begin(),
        }
    }

    fn turn_away(self, error: &DbErr) {
        // Whoever went away needs no answer.
        match self {
            Self::Turn(caller) => drop(caller.send(Err(error.clone()))),
            Self::Statements(Statements { caller, .. }) => drop(caller.send(Err(error.clone()))),
        }
    }
}

impl Statements {
    fn begin(&self) -> bool {
        !self.caller.is_closed() && !self.is_decided.swap(true, Ordering::AcqRel)
    }

    /// Whether the texts are the same, so that a text of several is one that SQLite's thread has prepared before.
    fn is_like(&self, other: &Self) -> bool {
        let texts = |all| <[Statement]>::iter(all).map(|one| &one.sql);
        texts(&self.in_order).eq(texts(&other.in_order))
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
            let first = match self.writer.next(1, Instant::now() + LINGER).await {
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
        let last = std::iter::from_fn(|| queue.waiting.pop_front()).find(Waiting::begin);
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

/// Nobody got round to it in time.
fn in_vain() -> DbErr {
    DbErr::ConnectionAcquire(ConnAcquireErr::Timeout)
}
