//! Structured logs: JSON lines on the error output. What is never logged stands in docs/logging.md.
//!
//! Invariant: no line describes a request, and none carries a time finer than the hour, so that a line about a failure cannot be
//! laid beside the network's traffic. Other people's crates write warnings and errors only, whatever the level.

use std::error::Error as StdError;

use tracing::Subscriber;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::clock::Clock;
use crate::config::LogLevel;

/// Our crates; everybody else is capped at warnings.
const OWN: [&str; 4] = ["approdo", "server", "network", "platform"];

/// What passes at `level`.
#[must_use]
pub fn filter(level: LogLevel) -> Targets {
    let own = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
    };
    let others = own.min(LevelFilter::WARN);
    Targets::new().with_default(others).with_targets(OWN.map(|target| (target, own)))
}

/// Writes the hour that has begun, `2026-11-22T09:00Z`.
struct Hours(Clock);

impl FormatTime for Hours {
    fn format_time(&self, writer: &mut Writer<'_>) -> std::fmt::Result {
        write!(writer, "{}", self.0.now().strftime("%Y-%m-%dT%H:00Z"))
    }
}

/// What turns events into JSON lines and hands them to `writer`.
pub fn subscriber<W>(level: LogLevel, clock: Clock, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_timer(Hours(clock))
        .with_writer(writer);
    // The filter stands before all layers: as a filter of this layer alone it would lose the line after a
    // refused check elsewhere, such as the bridge from the crate `log` makes.
    tracing_subscriber::registry().with(filter(level)).with(lines)
}

/// Starts logging to the error output. A panic logs the place in the code and not its message, which could quote a
/// value. A second call changes nothing.
pub fn start(level: LogLevel, clock: Clock) {
    if subscriber(level, clock, std::io::stderr).try_init().is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic.location().map(ToString::to_string).unwrap_or_default();
            tracing::error!(target: "approdo", place, "a panic");
        }));
    }
}

/// An error with everything that caused it, outermost first, joined by `: `.
#[must_use]
pub fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let cause = error.to_string();
        // Transparent errors repeat the sentence of their source.
        if !text.ends_with(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use tracing::Level;

    use super::*;

    #[test]
    fn other_crates_are_capped_at_warnings() {
        let debug = filter(LogLevel::Debug);
        assert!(debug.would_enable("network::reports", &Level::DEBUG));
        assert!(!debug.would_enable("hyper::proto", &Level::INFO));
        assert!(!debug.would_enable("sqlx::query", &Level::INFO));
        assert!(debug.would_enable("sqlx::query", &Level::WARN));
        assert!(!filter(LogLevel::Error).would_enable("sqlx::query", &Level::WARN));
    }

    #[test]
    fn a_chain_names_each_cause_once() {
        let inner = std::io::Error::other("disk full");
        let error = crate::database::DatabaseError::File(inner);
        assert_eq!(chain(&error), "cannot create the database file: disk full");
    }
}
