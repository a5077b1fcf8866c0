//! Reading: public pages, and mailboxes under signatures.

use std::sync::Arc;
use std::time::Duration;

use super::{Address, Connection, Letter, Outcome, Queue, connect};

/// Bytes of a page of a mailbox, whatever is in it (protocol section 7.2).
const PAGE: usize = 36_864;

/// Reads the first page of every mailbox with so many clients at once; one is due each `every`. Answers how long each took from when it
/// was due, nonce and signature included, sorted.
///
/// # Errors
/// When one of them is refused, or does not come.
pub async fn read_pages(
    address: &Address,
    letters: Vec<Letter>,
    clients: usize,
    every: Duration,
) -> Outcome<Vec<Duration>> {
    let connections = connect(address, clients).await?;
    let queue = Queue::new(letters, every);
    let tasks: Vec<_> = connections
        .into_iter()
        .map(|connection| tokio::spawn(read_in_turn(connection, Arc::clone(&queue))))
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    times.sort();
    Ok(times)
}

async fn read_in_turn(mut connection: Connection, queue: Arc<Queue<Letter>>) -> Outcome<Vec<Duration>> {
    let mut times = Vec::new();
    while let Some((letter, due)) = queue.next().await {
        let reply = letter.read(&mut connection).await?;
        times.push(due.elapsed());
        if reply.status != 200 || reply.body.len() != PAGE {
            return Err(
                format!("a page of a mailbox: {} with {} bytes", reply.status, reply.body.len()).into()
            );
        }
    }
    Ok(times)
}

/// Fetches paths with so many clients at once, as browsers that take brotli do.
///
/// # Errors
/// When one of them is refused, or does not come.
pub async fn fetch(address: &Address, paths: Vec<String>, clients: usize) -> Outcome<()> {
    let connections = connect(address, clients).await?;
    let queue = Queue::new(paths, Duration::ZERO);
    let tasks: Vec<_> = connections
        .into_iter()
        .map(|connection| tokio::spawn(fetch_in_turn(connection, Arc::clone(&queue))))
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(())
}

async fn fetch_in_turn(mut connection: Connection, queue: Arc<Queue<String>>) -> Outcome<()> {
    while let Some((path, _)) = queue.next().await {
        let reply = connection.ask(&format!("GET {path}"), "accept-encoding: br\r\n", &[]).await?;
        if reply.status != 200 {
            return Err(format!("{path}: {}", reply.status).into());
        }
    }
    Ok(())
}
