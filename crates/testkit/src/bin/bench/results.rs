//! What came out: every raw figure, and the lines that are told, each with what it must reach and with the peer's figure.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;
use testkit::load::Outcome;

/// Where the peer's figures come from. They were measured once, on another day: only orders of magnitude compare.
const PEER: &str = "GlobaLeaks 5.0.15, November 2026";

/// Collects, and writes into a folder.
pub(crate) struct Results {
    folder: PathBuf,
    raw: Vec<Raw>,
    lines: Vec<Line>,
}

/// Figures as they were measured, in their order.
#[derive(Serialize)]
struct Raw {
    name: String,
    unit: &'static str,
    figures: Vec<f64>,
}

/// One line of the table.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Line {
    what: String,
    ours: String,
    target: String,
    is_met: bool,
    /// Whether it must hold on every machine, because it is a count and no time.
    is_count: bool,
    peer: &'static str,
}

impl Line {
    /// What was measured, what came out, what it must reach, and whether it does.
    pub(crate) fn new(what: impl Into<String>, ours: String, target: &str, is_met: bool) -> Self {
        Self { what: what.into(), ours, target: target.to_owned(), is_met, is_count: false, peer: "–" }
    }

    /// A count: it must hold on every machine.
    pub(crate) fn counted(mut self) -> Self {
        self.is_count = true;
        self
    }

    /// The peer's figure.
    pub(crate) fn beside(mut self, peer: &'static str) -> Self {
        self.peer = peer;
        self
    }
}

impl Results {
    /// Results that will lie in this folder.
    pub(crate) fn new(folder: PathBuf) -> Outcome<Self> {
        fs::create_dir_all(&folder)?;
        Ok(Self { folder, raw: Vec::new(), lines: Vec::new() })
    }

    /// Keeps raw figures and answers their median.
    pub(crate) fn keep(&mut self, name: impl Into<String>, unit: &'static str, figures: &[f64]) -> f64 {
        self.raw.push(Raw { name: name.into(), unit, figures: figures.to_vec() });
        median(figures)
    }

    /// Adds a line to the table.
    pub(crate) fn tell(&mut self, line: Line) {
        self.lines.push(line);
    }

    /// Whether every count is what it must be.
    pub(crate) fn holds(&self) -> bool {
        self.lines.iter().all(|line| line.is_met || !line.is_count)
    }

    /// Writes `results.json`, `raw.csv` and `table.md`.
    pub(crate) fn write(&self) -> Outcome<()> {
        let whole = serde_json::json!({ "lines": self.lines, "raw": self.raw });
        fs::write(self.folder.join("results.json"), serde_json::to_vec_pretty(&whole)?)?;
        let mut csv = String::from("name,unit,number,figure\n");
        for raw in &self.raw {
            for (number, figure) in raw.figures.iter().enumerate() {
                writeln!(csv, "{},{},{number},{figure}", raw.name, raw.unit)?;
            }
        }
        fs::write(self.folder.join("raw.csv"), csv)?;
        fs::write(self.folder.join("table.md"), self.table())?;
        Ok(())
    }

    /// The table, as Markdown.
    pub(crate) fn table(&self) -> String {
        let heading = ["figure", "here and now", "must reach", "", PEER].map(str::to_owned);
        let lines = self.lines.iter().map(|line| {
            let met = if line.is_met { "met" } else { "**missed**" };
            [line.what.clone(), line.ours.clone(), line.target.clone(), met.to_owned(), line.peer.to_owned()]
        });
        let rows: Vec<[String; 5]> = std::iter::once(heading).chain(lines).collect();
        let mut widths = [0; 5];
        for row in &rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell.chars().count());
            }
        }
        let rule = widths.map(|width| "-".repeat(width));
        let mut rows = rows.into_iter();
        let ordered = rows.next().into_iter().chain([rule]).chain(rows);
        let padded = |row: [String; 5]| {
            let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
            format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
        };
        ordered.map(padded).collect::<Vec<_>>().join("\n")
    }
}

/// The one in the middle.
pub(crate) fn median(figures: &[f64]) -> f64 {
    quantile(figures, 0.5)
}

/// The one below which this part of all lies.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a place in a list of some thousands"
)]
pub(crate) fn quantile(figures: &[f64], part: f64) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len() as f64 * part) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// One list divided by the other, round by round.
pub(crate) fn ratios(ours: &[f64], theirs: &[f64]) -> Vec<f64> {
    ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs).collect()
}

/// Times in thousandths of a second.
pub(crate) fn milliseconds(times: &[Duration]) -> Vec<f64> {
    times.iter().map(|time| time.as_secs_f64() * 1_000.0).collect()
}

/// So many a second.
pub(crate) fn per_second(number: usize, took: Duration) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX)) / took.as_secs_f64()
}
