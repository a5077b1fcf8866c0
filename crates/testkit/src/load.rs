//! Load through sockets: what the stories of faults and `make bench` send to a running server.
//!
//! Invariant: what a client was told is kept apart from what it sent. A report counts as acknowledged only after a whole answer with 201;
//! a connection that breaks is a report of which nobody knows.

mod connection;
mod letters;
mod reading;
mod server;

use std::collections::VecDeque;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub use connection::{Address, Connection, Reply};
pub use letters::{Letter, seal};
pub use reading::{fetch, read_pages};
pub use server::{Memory, Running, processor_time};

/// What a client does can fail in many ways, and nobody acts on which.
pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What came of a batch of posts.
#[derive(Clone, Debug, Default)]
pub struct Posted {
    /// From the first byte sent to the last answer.
    pub took: Duration,
    /// Time of each answered post, sorted; from when it was due, where posts were due at times.
    pub times: Vec<Duration>,
    /// Hashes of the frames that were answered with 201.
    pub acknowledged: Vec<[u8; 32]>,
    /// Other answers: status and body.
    pub refused: Vec<(u16, String)>,
    /// Posts without a whole answer.
    pub unknown: usize,
}

impl Posted {
    /// How many were sent.
    #[must_use]
    pub fn sent(&self) -> usize {
        self.acknowledged.len() + self.refused.len() + self.unknown
    }
}

/// Posts all letters with so many clients at once. Each keeps its connection, comes from a network of its own, waits for each answer,
/// and stops at the first that does not come. With `every` one post is due each time that passes, whether or not the one before it has been
/// answered, and its time counts from then: a server that stands still for a second makes everybody late, not one.
///
/// # Errors
/// When no connection can be made.
pub async fn post(
    address: &Address,
    letters: Vec<Letter>,
    clients: usize,
    every: Duration,
) -> Outcome<Posted> {
    let connections = connect(address, clients).await?;
    let queue = Queue::new(letters, every);
    let begun = instant();
    let tasks: Vec<_> = connections
        .into_iter()
        .map(|connection| tokio::spawn(post_in_turn(connection, Arc::clone(&queue))))
        .collect();
    let mut all = Posted::default();
    for task in tasks {
        let posted = task.await?;
        all.times.extend(posted.times);
        all.acknowledged.extend(posted.acknowledged);
        all.refused.extend(posted.refused);
        all.unknown += posted.unknown;
    }
    all.took = begun.elapsed();
    all.times.sort();
    Ok(all)
}

async fn post_in_turn(mut connection: Connection, queue: Arc<Queue<Letter>>) -> Posted {
    let mut posted = Posted::default();
    while let Some((letter, due)) = queue.next().await {
        match letter.send(&mut connection).await {
            Ok(reply) if reply.status == 201 => {
                posted.times.push(due.elapsed());
                posted.acknowledged.push(letter.hash);
            }
            Ok(reply) => {
                posted.refused.push((reply.status, String::from_utf8_lossy(&reply.body).into_owned()));
            }
            Err(_) => {
                posted.unknown += 1;
                return posted;
            }
        }
    }
    posted
}

async fn connect(address: &Address, clients: usize) -> Outcome<Vec<Connection>> {
    let mut connections = Vec::new();
    for number in 0..clients {
        connections.push(Connection::open(address, number).await?);
    }
    Ok(connections)
}

/// What is still to be done, and when each of it is due.
struct Queue<T> {
    waiting: Mutex<(VecDeque<T>, Instant)>,
    every: Duration,
}

impl<T> Queue<T> {
    fn new(waiting: impl Into<VecDeque<T>>, every: Duration) -> Arc<Self> {
        Arc::new(Self { waiting: Mutex::new((waiting.into(), instant())), every })
    }

    /// The next, once it is due, and since when it is.
    async fn next(&self) -> Option<(T, Instant)> {
        let (next, due) = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let next = waiting.0.pop_front()?;
            waiting.1 += self.every;
            (next, waiting.1)
        };
        if self.every.is_zero() {
            return Some((next, instant()));
        }
        tokio::time::sleep_until(due.into()).await;
        Some((next, due))
    }
}

/// Now, for what is measured.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
pub fn instant() -> Instant {
    Instant::now()
}
