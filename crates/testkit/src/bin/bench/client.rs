//! Clients: as much of HTTP/1.1 as the measuring needs, and nothing whose own cost would be measured too.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use crate::{Outcome, machine};

/// Where the server listens, `127.0.0.1:port`.
#[derive(Clone, Debug)]
pub(crate) struct Address(pub(crate) String);

/// What a batch of posts took.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    /// Reports posted.
    pub(crate) reports: usize,
    /// Reports that were not answered with 201.
    pub(crate) lost: usize,
    /// From the first byte sent to the last answer.
    pub(crate) took: Duration,
    /// Time of each post, sorted.
    pub(crate) times: Vec<Duration>,
}

impl Batch {
    /// Reports a second.
    pub(crate) fn rate(&self) -> f64 {
        machine::per_second(self.reports, self.took)
    }
}

/// An answer.
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The body, as it came over the wire.
    pub(crate) body: Vec<u8>,
}

/// A connection that is kept.
struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Connection {
    async fn open(address: &Address) -> Outcome<Self> {
        let stream = TcpStream::connect(&address.0).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), host: address.0.clone() })
    }

    /// Sends a request and reads its answer, which must say its length.
    async fn ask(&mut self, line: &str, headers: &str, body: &[u8]) -> Outcome<Answer> {
        let head = format!(
            "{line} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n{headers}\r\n",
            self.host,
            body.len()
        );
        let mut bytes = head.into_bytes();
        bytes.extend_from_slice(body);
        self.stream.get_mut().write_all(&bytes).await?;
        let mut status = 0;
        let mut length = 0;
        let mut text = String::new();
        loop {
            text.clear();
            if self.stream.read_line(&mut text).await? == 0 {
                return Err("the server hung up".into());
            }
            let line = text.trim_end();
            if line.is_empty() {
                break;
            }
            if let Some(rest) = line.strip_prefix("HTTP/1.1 ") {
                status = rest.split(' ').next().unwrap_or_default().parse()?;
            } else if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        Ok(Answer { status, body })
    }
}

/// Fetches an address, as a browser that takes brotli does.
pub(crate) async fn get(address: &Address, path: &str, encoding: &str) -> Outcome<Answer> {
    let headers = format!("accept-encoding: {encoding}\r\n");
    Connection::open(address).await?.ask(&format!("GET {path}"), &headers, &[]).await
}

/// Posts all frames with so many clients at once; each keeps its connection and waits for each answer.
pub(crate) async fn post(address: &Address, frames: Vec<Arc<[u8]>>, clients: usize) -> Outcome<Batch> {
    let reports = frames.len();
    let waiting = Arc::new(Mutex::new(VecDeque::from(frames)));
    let mut connections = Vec::new();
    for _ in 0..clients {
        connections.push(Connection::open(address).await?);
    }
    let headers = format!(
        "origin: http://{}\r\nsec-fetch-site: same-origin\r\ncontent-type: application/octet-stream\r\n",
        address.0
    );
    let begun = machine::instant();
    let mut tasks = Vec::new();
    for mut connection in connections {
        let (waiting, headers) = (waiting.clone(), headers.clone());
        tasks.push(tokio::spawn(async move {
            let mut times = Vec::new();
            let mut lost = 0;
            loop {
                let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                let Some(frame) = next else { break };
                let sent = machine::instant();
                let answer = connection.ask("POST /reports", &headers, &frame).await;
                times.push(sent.elapsed());
                // Not `?`: an error is a report that got lost, and that is a figure of its own.
                if !answer.is_ok_and(|answer| answer.status == 201) {
                    lost += 1;
                }
            }
            (times, lost)
        }));
    }
    let mut batch = Batch { reports, lost: 0, took: Duration::ZERO, times: Vec::new() };
    for task in tasks {
        let (times, lost) = task.await?;
        batch.times.extend(times);
        batch.lost += lost;
    }
    batch.took = begun.elapsed();
    batch.times.sort();
    Ok(batch)
}

/// Bytes of a page with everything that it names under /static; `deep` adds what those files name in turn: worker and sealing core.
pub(crate) async fn weigh(address: &Address, path: &str, deep: bool) -> Outcome<usize> {
    let mut bytes = 0;
    let mut known = BTreeSet::from([path.to_owned()]);
    let mut waiting = VecDeque::from([path.to_owned()]);
    while let Some(part) = waiting.pop_front() {
        let answer = get(address, &part, "br").await?;
        if answer.status != 200 {
            return Err(format!("{part} answered {}", answer.status).into());
        }
        bytes += answer.body.len();
        if part == path || deep {
            let plain = get(address, &part, "identity").await?.body;
            // The core is no text, and names nothing.
            for named in named_assets(&String::from_utf8_lossy(&plain)) {
                if known.insert(named.clone()) {
                    waiting.push_back(named);
                }
            }
        }
    }
    Ok(bytes)
}

/// The addresses under /static that stand between quotation marks.
fn named_assets(text: &str) -> Vec<String> {
    let is_address = |part: &&str| part.starts_with("/static/") && !part.contains(char::is_whitespace);
    text.split(['"', '\'', '`']).filter(is_address).map(str::to_owned).collect()
}
