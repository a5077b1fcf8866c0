//! The table that is printed: ours beside the peer's.

use std::time::Duration;

use crate::client::Batch;
use crate::machine::Memory;
use crate::yardstick::Copied;

/// Where the peer's figures come from. They were measured once, on another day: only orders of magnitude compare.
const PEER: &str = "GlobaLeaks 5.0.15, measured November 2026 on 2 shared cores";

/// A page with its budget.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    /// Which.
    pub(crate) name: &'static str,
    /// On the wire, compressed, with all that it needs.
    pub(crate) bytes: usize,
    /// KiB that it may have.
    pub(crate) budget: usize,
}

/// One round: the server and the bare file, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Round {
    /// One client.
    pub(crate) one: Batch,
    /// The same rows, bare.
    pub(crate) bare_one: Copied,
    /// Many clients.
    pub(crate) many: Batch,
    /// The same rows, bare.
    pub(crate) bare_many: Copied,
}

/// Everything that was measured.
pub(crate) struct Findings {
    /// The rounds.
    pub(crate) rounds: Vec<Round>,
    /// Memory before the first report.
    pub(crate) idle: Memory,
    /// Memory after the last.
    pub(crate) after: Memory,
    /// From start to the first page.
    pub(crate) started: Duration,
    /// The pages with a budget.
    pub(crate) pages: Vec<Page>,
    /// Clients at once.
    pub(crate) many: usize,
    /// Who received.
    pub(crate) centre: String,
}

impl Findings {
    /// Whether every page keeps its budget and no report was lost.
    pub(crate) fn is_within_budget(&self) -> bool {
        self.lost() == 0 && self.pages.iter().all(|page| page.bytes <= page.budget * 1024)
    }

    fn lost(&self) -> usize {
        self.rounds.iter().map(|round| round.one.lost + round.many.lost).sum()
    }

    fn posted(&self) -> usize {
        self.rounds.iter().map(|round| round.one.reports + round.many.reports).sum()
    }

    /// The table, ready to be printed.
    pub(crate) fn table(&self) -> String {
        let one = |pick: fn(&Round) -> f64| median(self.rounds.iter().map(pick).collect());
        let mut lines = vec![
            ["what".to_owned(), "Approdo, here and now".to_owned(), PEER.to_owned()],
            [
                "reports a second, 1 client".to_owned(),
                format!(
                    "{:.0}; median answer {}",
                    one(|round| round.one.rate()),
                    self.typical(|round| &round.one)
                ),
                "0.42 (one full report every 2.4 s)".to_owned(),
            ],
            [
                "  beside bare SQLite inserts of the same rows".to_owned(),
                format!(
                    "{:.0}; ratio {:.2}",
                    one(|round| round.bare_one.rate()),
                    one(|round| round.one.rate() / round.bare_one.rate())
                ),
                String::new(),
            ],
            [
                format!("reports a second, {} clients", self.many),
                format!(
                    "{:.0}; median answer {}",
                    one(|round| round.many.rate()),
                    self.typical(|round| &round.many)
                ),
                "with 8 at once, 9 of 12 failed".to_owned(),
            ],
            [
                "  beside bare SQLite inserts of the same rows".to_owned(),
                format!(
                    "{:.0}; ratio {:.2}",
                    one(|round| round.bare_many.rate()),
                    one(|round| round.many.rate() / round.bare_many.rate())
                ),
                String::new(),
            ],
            [
                "reports not accepted".to_owned(),
                format!("{} of {}", self.lost(), self.posted()),
                "9 of 12, with HTTP 500".to_owned(),
            ],
            ["memory, idle".to_owned(), mebibytes(self.idle.now), "128 MB".to_owned()],
            [
                "memory, after; at its peak".to_owned(),
                format!("{}; {}", mebibytes(self.after.now), mebibytes(self.after.peak)),
                "296 MB at its peak".to_owned(),
            ],
            [
                "start to first page".to_owned(),
                format!("{:.2} s", self.started.as_secs_f64()),
                "2.6 to 7.7 s".to_owned(),
            ],
        ];
        for page in &self.pages {
            lines.push([
                format!("{}, brotli", page.name),
                format!("{} (at most {} KiB)", kibibytes(page.bytes), page.budget),
                if page.budget == 14 { String::new() } else { "1,139 KiB to a usable form".to_owned() },
            ]);
        }
        let widths =
            [0, 1].map(|column| lines.iter().map(|line| width(line, column)).max().unwrap_or_default());
        let table = lines.iter().map(|[what, ours, theirs]| {
            let line = format!("{what:<0$}  {ours:<1$}  {theirs}", widths[0], widths[1]);
            line.trim_end().to_owned()
        });
        let explanation = format!(
            "Reports to {}; median of {} rounds. The speed of a disk swings: compare ratios, or runs of the same hour.",
            self.centre,
            self.rounds.len()
        );
        table.chain([String::new(), explanation]).collect::<Vec<_>>().join("\n")
    }

    /// The median time of an answer over all rounds.
    fn typical(&self, pick: fn(&Round) -> &Batch) -> String {
        let mut times: Vec<Duration> =
            self.rounds.iter().flat_map(|round| pick(round).times.clone()).collect();
        times.sort();
        let middle = times.get(times.len() / 2).copied().unwrap_or_default();
        format!("{:.1} ms", middle.as_secs_f64() * 1000.0)
    }
}

fn width(line: &[String; 3], column: usize) -> usize {
    line.get(column).map_or(0, |cell| cell.chars().count())
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or_default()
}

fn mebibytes(kibibytes: u64) -> String {
    format!("{} MiB", kibibytes.div_ceil(1024))
}

fn kibibytes(bytes: usize) -> String {
    format!("{}.{} KiB", bytes / 1024, bytes % 1024 * 10 / 1024)
}
