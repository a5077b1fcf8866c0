//! The server as a process, the clock, and the console.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::Outcome;
use crate::client::{self, Address};

/// Longest wait for the first page.
const PATIENCE: Duration = Duration::from_mins(1);

/// Memory of the server, in KiB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory {
    /// What it holds now (`VmRSS`).
    pub(crate) now: u64,
    /// The most it ever held (`VmHWM`).
    pub(crate) peak: u64,
}

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    address: Address,
    started_in: Duration,
}

impl Server {
    /// Starts it on a free port and waits for the first page.
    pub(crate) async fn start(program: &Path, database: &Path) -> Outcome<Self> {
        let log = File::create(database.with_extension("log"))?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = Address(format!("127.0.0.1:{port}"));
        let begun = instant();
        let child = Command::new(program)
            .args(["serve", "--demo", "--listen", &address.0, "--origin", &format!("http://{}", address.0)])
            .arg("--database")
            .arg(format!("sqlite:{}", database.display()))
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        let mut server = Self { child, address, started_in: Duration::ZERO };
        while client::get(&server.address, "/it/", "br").await.map_or(true, |answer| answer.status != 200) {
            if begun.elapsed() > PATIENCE || server.child.try_wait()?.is_some() {
                return Err("the server did not show its first page".into());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        server.started_in = begun.elapsed();
        Ok(server)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// From its start to its first page.
    pub(crate) fn started_in(&self) -> Duration {
        self.started_in
    }

    /// Its memory, from the kernel.
    pub(crate) fn memory(&self) -> Outcome<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let field = |name: &str| -> Outcome<u64> {
            let line = status.lines().find(|line| line.starts_with(name)).ok_or("no such field")?;
            Ok(line.split_whitespace().nth(1).ok_or("no figure")?.parse()?)
        };
        Ok(Memory { now: field("VmRSS:")?, peak: field("VmHWM:")? })
    }

    /// Ends it. Its graceful stop is the matter of other tests.
    pub(crate) fn stop(mut self) -> Outcome<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already ended, or about to be: nothing is left to do about an error here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Makes a database with all its tables and the demonstration network in it.
pub(crate) fn prepare(program: &Path, public: &Path, database: &Path) -> Outcome<()> {
    let status = Command::new(program)
        .args(["network", "import"])
        .arg(public)
        .arg("--database")
        .arg(format!("sqlite:{}", database.display()))
        .stdout(Stdio::null())
        .status()?;
    if status.success() { Ok(()) } else { Err("the demonstration network could not be imported".into()) }
}

/// So many a second.
pub(crate) fn per_second(number: usize, took: Duration) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX)) / took.as_secs_f64()
}

/// Now, for what is measured.
#[expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// Now, for what is verified.
pub(crate) fn now() -> Timestamp {
    platform::clock::Clock::system().now()
}

/// Tells the result.
pub(crate) fn say(text: &str) {
    // Where nobody listens there is nobody to tell.
    let _ = writeln!(io::stdout(), "{text}");
}

/// Tells what went wrong.
pub(crate) fn say_error(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
