//! A mail server as far as notices need one: on this machine, in clear, and as unfriendly as a story wants it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use platform::config::{MailSettings, MailTls};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A letter as the server got it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedLetter {
    /// To whom, from the envelope.
    pub to: String,
    /// Headers and body, as they came.
    pub raw: String,
}

impl ReceivedLetter {
    /// The value of a header; empty where there is none.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let head = self.raw.split("\r\n\r\n").next().unwrap_or_default();
        let value = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        value.unwrap_or_default()
    }

    /// The names of the headers, in order.
    #[must_use]
    pub fn header_names(&self) -> Vec<&str> {
        let head = self.raw.split("\r\n\r\n").next().unwrap_or_default();
        head.lines().filter_map(|line| line.split_once(": ").map(|(name, _)| name)).collect()
    }

    /// The text, decoded (RFC 2045, 6.7).
    #[must_use]
    pub fn text(&self) -> String {
        let body = self.raw.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        if self.header("Content-Transfer-Encoding") != "quoted-printable" {
            return body.replace("\r\n", "\n");
        }
        let joined = body.replace("=\r\n", "").replace("\r\n", "\n");
        let mut bytes = Vec::new();
        let mut rest = joined.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
            let hex = hex.filter(|_| *first == b'=').and_then(|hex| u8::from_str_radix(hex, 16).ok());
            if let Some(byte) = hex {
                bytes.push(byte);
                rest = &after[2..];
            } else {
                bytes.push(*first);
                rest = after;
            }
        }
        String::from_utf8(bytes).expect("UTF-8")
    }
}

#[derive(Debug, Default)]
struct State {
    letters: Vec<ReceivedLetter>,
    connections: u32,
    answers: HashMap<String, String>,
    is_away: bool,
}

/// The server. It ends with its value.
#[derive(Debug)]
pub struct MailServer {
    port: u16,
    state: Arc<Mutex<State>>,
    task: tokio::task::JoinHandle<()>,
}

impl MailServer {
    /// Listens on a free port of this machine.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::<Mutex<State>>::default();
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&shared)));
            }
        });
        Self { port, state, task }
    }

    /// The settings that lead here.
    #[must_use]
    pub fn settings(&self) -> MailSettings {
        MailSettings {
            server: "127.0.0.1".to_owned(),
            port: self.port,
            tls: MailTls::None,
            account: None,
            from: "avvisi@example.org".to_owned(),
            authority: None,
            hours: vec![8, 12, 16],
        }
    }

    /// Gives the letters since this was asked last.
    #[must_use]
    pub fn take(&self) -> Vec<ReceivedLetter> {
        std::mem::take(&mut self.lock().letters)
    }

    /// How often somebody connected.
    #[must_use]
    pub fn connections(&self) -> u32 {
        self.lock().connections
    }

    /// From now on letters to an address are answered with this line; with an empty one they are taken.
    pub fn answer(&self, address: &str, line: &str) {
        self.lock().answers.insert(address.to_owned(), line.to_owned());
    }

    /// From now on everybody is sent away, or not any more.
    pub fn go_away(&self, is_away: bool) {
        self.lock().is_away = is_away;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One conversation (RFC 5321); whoever breaks off is let go.
async fn converse(stream: TcpStream, state: Arc<Mutex<State>>) -> std::io::Result<()> {
    let is_away = {
        let mut state = lock(&state);
        state.connections += 1;
        state.is_away
    };
    let mut stream = BufReader::new(stream);
    if is_away {
        return stream.write_all(b"421 come back later\r\n").await;
    }
    stream.write_all(b"220 mail.example.org\r\n").await?;
    let mut to = String::new();
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let verb = line.split([' ', ':', '\r']).next().unwrap_or_default().to_ascii_uppercase();
        let answer = match verb.as_str() {
            "EHLO" => "250-mail.example.org\r\n250 8BITMIME".to_owned(),
            "RCPT" => {
                to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                let told = lock(&state).answers.get(&to).cloned().unwrap_or_default();
                if told.is_empty() { "250 fine".to_owned() } else { told }
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                let mut raw = String::new();
                while !raw.ends_with("\r\n.\r\n") {
                    if stream.read_line(&mut raw).await? == 0 {
                        return Ok(());
                    }
                }
                let raw = raw.trim_end_matches("\r\n.\r\n").to_owned() + "\r\n";
                lock(&state).letters.push(ReceivedLetter { to: to.clone(), raw });
                "250 taken".to_owned()
            }
            "QUIT" => return stream.write_all(b"221 farewell\r\n").await,
            "STARTTLS" | "AUTH" => "502 not here".to_owned(),
            _ => "250 fine".to_owned(),
        };
        stream.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}
