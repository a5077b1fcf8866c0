//! Figures about the machine and the papers, for whoever watches over the service: `GET /metrics` on an address of its own, in the text
//! form of Prometheus (docs/configuration.md lists them).
//!
//! Invariant: none of them counts reports, visits, requests, connections or bytes that came, nor can two readings be subtracted to learn
//! such a count: what grows with use is shown in steps that a single report does not move. `tests/metrics.rs` has the whole list, so that
//! a new one is a decision.

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use jiff::Timestamp;
use network::{App, centres};
use platform::config::DatabaseUrl;

use crate::open_files;

/// Sizes of the database and of its disk are shown in steps of so many bytes: thousands of reports fit into one.
const STEP: u64 = 64 << 20;

/// Memory is shown in steps of so many bytes.
const MEMORY_STEP: u64 = 16 << 20;

/// How long the database may take to answer before it counts as silent.
const PATIENCE: Duration = Duration::from_secs(3);

/// When the regular work last succeeded. Cheap to clone; all clones are one.
#[derive(Clone)]
pub(crate) struct LastSuccess(Arc<AtomicI64>);

impl LastSuccess {
    /// It succeeded at `now`.
    pub(crate) fn new(now: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(now.as_second())))
    }

    /// It succeeded again.
    pub(crate) fn note(&self, now: Timestamp) {
        self.0.store(now.as_second(), Ordering::Relaxed);
    }

    fn hours_ago(&self, now: Timestamp) -> i64 {
        now.as_second().saturating_sub(self.0.load(Ordering::Relaxed)).max(0) / 3_600
    }
}

/// Where the figures come from.
pub(crate) struct Sources {
    pub(crate) app: App,
    pub(crate) database: DatabaseUrl,
    pub(crate) started: Timestamp,
    pub(crate) worked: LastSuccess,
}

/// The one address.
pub(crate) fn router(sources: Sources) -> Router {
    Router::new().route("/metrics", get(show)).with_state(Arc::new(sources))
}

async fn show(State(sources): State<Arc<Sources>>) -> impl IntoResponse {
    let headers = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"), (CACHE_CONTROL, "no-store")];
    (headers, sources.page().await)
}

impl Sources {
    async fn page(&self) -> String {
        let platform = &self.app.platform;
        let now = platform.now();
        let mut page = Page(String::new());
        page.help("build_info", "Always 1; the version stands in the label.");
        page.sample("build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
        page.one("uptime_seconds", "Since this process started.", now.as_second() - self.started.as_second());
        page.some(
            "resident_memory_bytes",
            "Memory in use, in whole 16 MiB, rounded up.",
            resident_memory().map(|bytes| bytes.div_ceil(MEMORY_STEP) * MEMORY_STEP),
        );
        page.some(
            "open_files_ratio",
            "Open files of those allowed, in tenths, rounded up.",
            open_files::share_in_use().map(tenths),
        );
        let answers = tokio::time::timeout(PATIENCE, platform.database.check()).await;
        let is_up = matches!(answers, Ok(Ok(())));
        page.one("database_up", "1 if the database answers, else 0.", u8::from(is_up));
        let size = tokio::time::timeout(PATIENCE, platform.database.size()).await;
        page.some(
            "database_bytes",
            "Size of the database, in whole 64 MiB, rounded up.",
            size.ok().and_then(Result::ok).map(rounded_up),
        );
        if let DatabaseUrl::Sqlite(path) = &self.database {
            page.one(
                "database_log_bytes",
                "Size of the write-ahead log, in whole 64 MiB, rounded up.",
                rounded_up(log_size(path)),
            );
            page.some(
                "disk_free_bytes",
                "Room left on the disk of the database, in whole 64 MiB, rounded down.",
                free_space(path).map(|bytes| bytes / STEP * STEP),
            );
        }
        page.one(
            "door_load_ratio",
            "How hard the door is for everybody, in tenths, rounded up: 0 is idle, 1 asks for the most work.",
            tenths(platform.door.load(now)),
        );
        page.one(
            "regular_work_age_hours",
            "Whole hours since the regular work last succeeded; it runs every hour.",
            self.worked.hours_ago(now),
        );
        self.papers(&mut page, now);
        page.0
    }

    fn papers(&self, page: &mut Page, now: Timestamp) {
        let all = centres::list_lasting(&self.app, now);
        page.help("certificate_days_left", "Whole days until a centre's certificate ends.");
        for centre in &all {
            page.sample("certificate_days_left", &[("centre", &centre.slug)], centre.certificate_days);
        }
        page.help("epoch_days_left", "Whole days until the epoch of a channel ends; 0 closes the channel.");
        for (centre, (channel, days)) in
            all.iter().flat_map(|centre| centre.epochs.iter().map(move |epoch| (centre, epoch)))
        {
            let channel = match channel {
                centres::Channel::Safe => "safe",
                centres::Channel::General => "general",
            };
            page.sample("epoch_days_left", &[("centre", &centre.slug), ("channel", channel)], days);
        }
    }
}

/// The text form of Prometheus, version 0.0.4. Every figure is a gauge.
struct Page(String);

impl Page {
    fn help(&mut self, name: &str, help: &str) {
        self.line(&format!("# HELP approdo_{name} {help}\n# TYPE approdo_{name} gauge\n"));
    }

    /// Labels are slugs, channels and versions: none needs to be escaped.
    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        self.line(&format!("approdo_{name}{labels} {value}\n"));
    }

    fn one(&mut self, name: &str, help: &str, value: impl Display) {
        self.help(name, help);
        self.sample(name, &[], value);
    }

    /// A figure that may be unknown; then there is no line for it.
    fn some(&mut self, name: &str, help: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.one(name, help, value);
        }
    }

    fn line(&mut self, text: &str) {
        self.0.push_str(text);
    }
}

fn rounded_up(bytes: u64) -> u64 {
    bytes.div_ceil(STEP) * STEP
}

/// From 0 to 1 in steps of a tenth, so that a single visitor does not show.
fn tenths(share: f64) -> f64 {
    (share.clamp(0.0, 1.0) * 10.0).ceil() / 10.0
}

/// Bytes of the write-ahead log beside a SQLite file; none where there is no such file.
fn log_size(database: &Path) -> u64 {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    std::fs::metadata(name).map_or(0, |file| file.len())
}

/// Bytes that are left on the disk of a file.
#[cfg(unix)]
fn free_space(file: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(file).ok()?;
    disk.f_bavail.checked_mul(disk.f_frsize)
}

/// Other systems do not say.
#[cfg(not(unix))]
fn free_space(_: &Path) -> Option<u64> {
    None
}

/// Bytes of memory in use; `None` where the system does not say.
fn resident_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok()?.checked_mul(1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_hide_what_a_single_report_adds() {
        assert_eq!([0, 1, STEP, STEP + 1].map(rounded_up), [0, STEP, STEP, 2 * STEP]);
        let shown = [0.0, 0.01, 0.1, 0.11, 1.0, 7.0].map(|share| tenths(share).to_string());
        assert_eq!(shown, ["0", "0.1", "0.1", "0.2", "1", "1"]);
    }

    #[test]
    fn the_age_of_the_regular_work_is_in_whole_hours() {
        let begun: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let worked = LastSuccess::new(begun);
        let later = |seconds| Timestamp::from_second(begun.as_second() + seconds).unwrap();
        assert_eq!([0, 3_599, 3_600, 7_300].map(|seconds| worked.hours_ago(later(seconds))), [0, 0, 1, 2]);
        worked.note(later(7_200));
        assert_eq!(worked.hours_ago(later(7_300)), 0);
        assert_eq!(worked.hours_ago(begun), 0, "a clock that was set back");
    }
}
