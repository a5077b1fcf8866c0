//! As much of HTTP/1.1 as load needs, and nothing whose own cost would be measured too.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpSocket, TcpStream};

use super::Outcome;

/// Where a server listens, `127.0.0.1:port`.
#[derive(Clone, Debug)]
pub struct Address(pub String);

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Names and values, in their order.
    pub headers: Vec<(String, String)>,
    /// The body, as it came over the wire.
    pub body: Vec<u8>,
}

/// A connection that is kept.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Connection {
    /// Connects from the network `127.0.<number>.0/24`, because the door tells networks apart and not ports.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn open(address: &Address, number: usize) -> Outcome<Self> {
        let network = u8::try_from(number % 200)?;
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((Ipv4Addr::new(127, 0, network, 1), 0)))?;
        let stream = socket.connect(address.0.parse()?).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::new(stream), host: address.0.clone() })
    }

    /// Posts bytes as a page of ours does.
    ///
    /// # Errors
    /// When no whole answer comes.
    pub async fn post(&mut self, path: &str, headers: &str, body: &[u8]) -> Outcome<Reply> {
        let own = format!(
            "origin: http://{}\r\nsec-fetch-site: same-origin\r\ncontent-type: application/octet-stream\r\n{headers}",
            self.host
        );
        self.ask(&format!("POST {path}"), &own, body).await
    }

    /// Sends a request and reads its answer, which must say its length.
    ///
    /// # Errors
    /// When no whole answer comes.
    pub async fn ask(&mut self, line: &str, headers: &str, body: &[u8]) -> Outcome<Reply> {
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
        let mut headers = Vec::new();
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
            } else if let Some((name, value)) = line.split_once(':') {
                if name.eq_ignore_ascii_case("content-length") {
                    length = value.trim().parse()?;
                }
                headers.push((name.to_owned(), value.trim().to_owned()));
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        Ok(Reply { status, headers, body })
    }
}

impl Address {
    /// Fetches a path, as a browser that takes this encoding does.
    ///
    /// # Errors
    /// When no whole answer comes.
    pub async fn get(&self, path: &str, encoding: &str) -> Outcome<Reply> {
        let headers = format!("accept-encoding: {encoding}\r\n");
        Connection::open(self, 0).await?.ask(&format!("GET {path}"), &headers, &[]).await
    }
}
