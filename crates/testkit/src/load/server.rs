//! The program as a process.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::{Address, Outcome, instant};

/// Longest wait for the first page.
const PATIENCE: Duration = Duration::from_mins(1);

/// Memory of a server, in KiB.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// What it holds now (`VmRSS`).
    pub now: u64,
    /// The most it ever held (`VmHWM`).
    pub peak: u64,
}

/// A running server; killed when dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    is_wrapped: bool,
    address: Address,
    started_in: Duration,
}

/// A port on which nobody listens. Port 0 would give one of those that outgoing connections take, and one of them may take it before the
/// server does; these are below.
fn free_port() -> Outcome<u16> {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    for _ in 0..500 {
        let place =
            std::process::id().wrapping_mul(7_919).wrapping_add(ASKED.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(10_240 + place % 9_000)?;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    Err("no port is free".into())
}

impl Running {
    /// Starts `approdo serve --demo` on a free port and waits for the first page. Its log is added to the file `log`. `around` is a
    /// program with its arguments that is put before it (`strace …`), or nothing.
    ///
    /// # Errors
    /// When it ends, or shows nothing within a minute.
    pub async fn start(program: &Path, database: &str, log: &Path, around: &[String]) -> Outcome<Self> {
        let log = File::options().create(true).append(true).open(log)?;
        let address = Address(format!("127.0.0.1:{}", free_port()?));
        let mut command = match around {
            [first, rest @ ..] => {
                let mut command = Command::new(first);
                command.args(rest).arg(program);
                command
            }
            [] => Command::new(program),
        };
        command
            .args(["serve", "--demo", "--listen", &address.0, "--origin", &format!("http://{}", address.0)])
            .args(["--database", database])
            // The door is for strangers: here it takes the idle work and lets everybody in.
            .env("APPRODO_DOOR__POSTS_PER_SECOND", "10000")
            .env("APPRODO_DOOR__QUIET_POSTS", "10000")
            .stdout(Stdio::null())
            .stderr(log);
        let begun = instant();
        let mut server = Self {
            child: command.spawn()?,
            is_wrapped: !around.is_empty(),
            address,
            started_in: Duration::ZERO,
        };
        while server.address.get("/it/", "br").await.map_or(true, |reply| reply.status != 200) {
            if begun.elapsed() > PATIENCE || server.child.try_wait()?.is_some() {
                return Err("the server did not show its first page".into());
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        server.started_in = begun.elapsed();
        Ok(server)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// From its start to its first page.
    #[must_use]
    pub fn started_in(&self) -> Duration {
        self.started_in
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.wrapped().unwrap_or_else(|| self.child.id())
    }

    /// The process id of the program behind what was put around it.
    fn wrapped(&self) -> Option<u32> {
        let id = self.child.id();
        let children =
            self.is_wrapped.then(|| fs::read_to_string(format!("/proc/{id}/task/{id}/children")))?;
        children.ok()?.split_whitespace().next()?.parse().ok()
    }

    /// Its memory, from the kernel.
    ///
    /// # Errors
    /// When it does not run, or this is no Linux.
    pub fn memory(&self) -> Outcome<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.id()))?;
        let field = |name: &str| -> Outcome<u64> {
            let line = status.lines().find(|line| line.starts_with(name)).ok_or("no such field")?;
            Ok(line.split_whitespace().nth(1).ok_or("no figure")?.parse()?)
        };
        Ok(Memory { now: field("VmRSS:")?, peak: field("VmHWM:")? })
    }

    /// How much of the processors it has used since its start.
    ///
    /// # Errors
    /// When it does not run, or this is no Linux.
    pub fn processor_time(&self) -> Outcome<Duration> {
        processor_time(&self.id().to_string())
    }

    /// Kills it without a warning, `kill -9`.
    ///
    /// # Errors
    /// When it cannot be killed.
    pub fn kill(mut self) -> Outcome<()> {
        self.end()
    }

    fn end(&mut self) -> Outcome<()> {
        match self.wrapped() {
            // What is around it would leave it behind, and ends with it.
            Some(id) => drop(Command::new("kill").args(["-9", &id.to_string()]).status()?),
            None => self.child.kill()?,
        }
        self.child.wait()?;
        Ok(())
    }
}

/// How much of the processors a process has used; `self` for this one. To a hundredth of a second.
///
/// # Errors
/// When it does not run, or this is no Linux.
pub fn processor_time(process: &str) -> Outcome<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name, which may hold anything, ends with the last bracket; user and system time are the 12th and 13th field after it.
    let (_, fields) = stat.rsplit_once(')').ok_or("no such process")?;
    let mut ticks = 0;
    for field in fields.split_whitespace().skip(11).take(2) {
        ticks += field.parse::<u64>()?;
    }
    Ok(Duration::from_millis(ticks * 10))
}

impl Drop for Running {
    fn drop(&mut self) {
        // Already ended, or about to be: nothing is left to do about an error here.
        let _ = self.end();
    }
}
