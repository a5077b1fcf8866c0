//! Reports that arrive: how many a second beside a bare SQLite file, and whether all of them are there.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use testkit::load::{Letter, Outcome, Posted, Running, post, processor_time};

use crate::bare::{Bare, Rows};
use crate::house::{House, look_for};
use crate::results::{Line, Results, median, per_second, ratios};
use crate::{progress, waits};

/// Clients at once, and so as many reports as can wait for one commit: the bare writer groups as many.
pub(crate) const MANY: usize = 64;

/// What was posted on the way, all in all.
#[derive(Default)]
pub(crate) struct Tally {
    acknowledged: Vec<[u8; 32]>,
    refused: usize,
    unknown: usize,
}

impl Tally {
    /// Adds what came of a batch.
    pub(crate) fn add(&mut self, posted: Posted) {
        self.acknowledged.extend(posted.acknowledged);
        self.refused += posted.refused.len();
        self.unknown += posted.unknown;
    }
}

/// Figures of all rounds: so many a second, and thousandths of a second of processor for each.
#[derive(Default)]
struct Side {
    rates: Vec<f64>,
    processor: Vec<f64>,
}

impl Side {
    fn add(&mut self, reports: usize, rate: f64, used: Duration) {
        self.rates.push(rate);
        self.processor.push(1_000.0 / per_second(reports, used));
    }
}

/// So many clients, or so many reports to a commit.
struct Race {
    clients: usize,
    ours: Side,
    bare: Side,
    /// What the server wrote in the round before: the bare file gets it now.
    rows: Vec<Rows>,
}

impl Race {
    fn new(clients: usize) -> Self {
        Self { clients, ours: Side::default(), bare: Side::default(), rows: Vec::new() }
    }

    /// One round, in this order or the other: whoever comes second finds the disk busy with what the first has left behind.
    async fn run(
        &mut self,
        round: usize,
        server: &Running,
        letters: Vec<Letter>,
        bare: &mut Bare,
        tally: &mut Tally,
    ) -> Outcome<()> {
        let rows = std::mem::take(&mut self.rows);
        for is_ours in if round.is_multiple_of(2) { [true, false] } else { [false, true] } {
            // What others have left to be written is written before, not in the midst of it.
            Command::new("sync").status()?;
            if is_ours {
                let before = server.processor_time()?;
                let posted = post(server.address(), letters.clone(), self.clients, Duration::ZERO).await?;
                let used = server.processor_time()?.saturating_sub(before);
                self.rows = bare.fetch()?;
                let count = posted.acknowledged.len();
                if round > 0 {
                    self.ours.add(count, per_second(count, posted.took), used);
                }
                tally.add(posted);
            } else if round > 0 {
                let before = processor_time("self")?;
                let rate = bare.write(&rows, self.clients)?;
                self.bare.add(rows.len(), rate, processor_time("self")?.saturating_sub(before));
            }
        }
        Ok(())
    }

    /// Keeps the raw figures. Answers the ratio, and all of it in words.
    fn tell(&self, results: &mut Results, name: &str) -> (f64, String) {
        let rate = results.keep(format!("reports, {name}"), "1/s", &self.ours.rates);
        let bare = results.keep(format!("bare inserts, {name}"), "1/s", &self.bare.rates);
        let ours = results.keep(format!("processor a report, {name}"), "ms", &self.ours.processor);
        let least = results.keep(format!("processor a bare insert, {name}"), "ms", &self.bare.processor);
        let of_rounds = ratios(&self.ours.rates, &self.bare.rates);
        let ratio = results.keep(format!("reports to bare inserts, {name}"), "ratio", &of_rounds);
        (ratio, format!("{ratio:.2} ({rate:.0}/s of {bare:.0}/s; processor {ours:.2} ms of {least:.2})"))
    }
}

pub(crate) async fn measure(house: &mut House, results: &mut Results) -> Outcome<()> {
    let (stored, bare) = (house.furnish("served")?, house.furnish("bare")?);
    let server = house.serve(&stored, &[]).await?;
    let mut bare = Bare::open(&bare, &stored)?;
    let mut tally = Tally::default();
    let (mut one, mut many) = (Race::new(1), Race::new(MANY));
    // The first round fills caches and opens connections; it does not count.
    for round in 0..=house.scale.rounds {
        progress(&format!("reports, round {round} of {}", house.scale.rounds));
        let mut letters = house.letters(&server, house.scale.with_one + house.scale.with_many).await?;
        let alone = letters.split_off(house.scale.with_many);
        one.run(round, &server, alone, &mut bare, &mut tally).await?;
        many.run(round, &server, letters, &mut bare, &mut tally).await?;
    }
    let (ratio, ours) = many.tell(results, "64 clients");
    let what =
        format!("durable reports of 4 KiB, {MANY} clients, to grouped bare SQLite inserts of the same rows");
    results.tell(Line::new(what, ours, "≥ 0.30", ratio >= 0.3).beside("0.42/s"));
    let rate = median(&many.ours.rates);
    let best = many.ours.rates.iter().copied().fold(0.0, f64::max);
    let ours = format!("{rate:.0}/s, best round {best:.0}/s");
    results.tell(Line::new("  on a quiet machine", ours, "≥ 3,000/s", rate >= 3_000.0).beside("0.42/s"));
    let (ratio, ours) = one.tell(results, "1 client");
    results.tell(Line::new("1 client, to bare inserts, one a commit", ours, "≥ 0.30", ratio >= 0.3));

    waits::measure(house, &server, rate / 2.0, &mut tally, results).await?;
    drop(server);
    count(&tally, &stored, results)
}

/// Everything that was acknowledged is there, once.
fn count(tally: &Tally, stored: &Path, results: &mut Results) -> Outcome<()> {
    let kept = look_for(&tally.acknowledged, stored)?;
    let errors = tally.refused + tally.unknown;
    let ours = format!(
        "{} lost, {} twice, {errors} errors of {}",
        kept.lost,
        kept.twice,
        tally.acknowledged.len() + errors
    );
    let is_met = kept.lost + kept.twice + errors == 0;
    results.tell(Line::new("  of all of these", ours, "0, 0, 0", is_met).counted().beside("75 % lost"));
    Ok(())
}
