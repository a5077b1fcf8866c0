//! Reports that arrive: how many a second beside a bare SQLite file, whether all are there, and how long people wait at half of that.

use std::path::Path;
use std::time::Duration;

use testkit::load::{Letter, Outcome, Posted, Running, post, read_pages};

use crate::bare::Bare;
use crate::house::{House, look_for};
use crate::progress;
use crate::results::{Line, Results, milliseconds, per_second, quantile, ratios};

/// Clients at once, and so as many reports as can wait for one commit: the bare writer groups as many.
pub(crate) const MANY: usize = 64;

/// How long half of the load is kept up.
const LONG: Duration = Duration::from_secs(10);

/// What was posted on the way, all in all.
#[derive(Default)]
struct Tally {
    acknowledged: Vec<[u8; 32]>,
    refused: usize,
    unknown: usize,
}

impl Tally {
    fn add(&mut self, posted: Posted) {
        self.acknowledged.extend(posted.acknowledged);
        self.refused += posted.refused.len();
        self.unknown += posted.unknown;
    }
}

pub(crate) async fn measure(house: &mut House, results: &mut Results) -> Outcome<()> {
    let (stored, bare) = (house.furnish("served")?, house.furnish("bare")?);
    let server = house.serve(&stored, &[]).await?;
    let mut bare = Bare::open(&bare, &stored)?;
    let mut tally = Tally::default();
    let (mut one, mut bare_one, mut many, mut bare_many) = (vec![], vec![], vec![], vec![]);
    // The first round fills caches and opens connections; it does not count.
    for round in 0..=house.scale.rounds {
        progress(&format!("reports, round {round} of {}", house.scale.rounds));
        let letters = house.letters(&server, house.scale.with_one + house.scale.with_many).await?;
        let (alone, together) = letters.split_at(house.scale.with_one);
        let posted = post(server.address(), alone.to_vec(), 1, Duration::ZERO).await?;
        let rows = bare.fetch()?;
        let beside = bare.write(&rows, 1)?;
        let rushed = post(server.address(), together.to_vec(), MANY, Duration::ZERO).await?;
        let rows = bare.fetch()?;
        let grouped = bare.write(&rows, MANY)?;
        if round > 0 {
            one.push(per_second(posted.acknowledged.len(), posted.took));
            bare_one.push(beside);
            many.push(per_second(rushed.acknowledged.len(), rushed.took));
            bare_many.push(grouped);
        }
        tally.add(posted);
        tally.add(rushed);
    }
    let rate = tell_rates(results, &many, &bare_many, &one, &bare_one);
    let letters = wait(house, &server, rate / 2.0, &mut tally, results).await?;
    read(&server, letters, results).await?;
    drop(server);
    count(&tally, &stored, results)
}

/// The rates and their ratios. Answers the rate of all clients.
fn tell_rates(results: &mut Results, many: &[f64], bare_many: &[f64], one: &[f64], bare_one: &[f64]) -> f64 {
    let rate = results.keep("reports of 64 clients", "1/s", many);
    let grouped = results.keep("grouped bare inserts", "1/s", bare_many);
    let ratio =
        results.keep("reports of 64 clients to grouped bare inserts", "ratio", &ratios(many, bare_many));
    let what =
        format!("durable reports of 4 KiB, {MANY} clients, to grouped bare SQLite inserts of the same rows");
    let ours = format!("{ratio:.2} ({rate:.0}/s of {grouped:.0}/s)");
    results.tell(Line::new(what, ours, "≥ 0.30", ratio >= 0.3).beside("0.42/s"));
    let best = many.iter().copied().fold(0.0, f64::max);
    let ours = format!("{rate:.0}/s, best round {best:.0}/s");
    results.tell(Line::new("  on a quiet machine", ours, "≥ 3,000/s", rate >= 3_000.0).beside("0.42/s"));

    let rate_of_one = results.keep("reports of 1 client", "1/s", one);
    let single = results.keep("bare inserts, one a commit", "1/s", bare_one);
    let ratio = results.keep("reports of 1 client to bare inserts", "ratio", &ratios(one, bare_one));
    let ours = format!("{ratio:.2} ({rate_of_one:.0}/s of {single:.0}/s)");
    results.tell(Line::new("1 client, to bare inserts, one a commit", ours, "≥ 0.30", ratio >= 0.3));
    rate
}

/// Half of the load, evenly. Answers what was posted.
async fn wait(
    house: &mut House,
    server: &Running,
    rate: f64,
    tally: &mut Tally,
    results: &mut Results,
) -> Outcome<Vec<Letter>> {
    progress("waiting times at half of that load");
    let every = Duration::from_secs_f64(1.0 / rate.max(1.0));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some thousands")]
    let count = (rate * LONG.as_secs_f64()).max(100.0) as usize;
    // The second half is posted while mailboxes of the first are read.
    let letters = house.letters(server, 2 * count).await?;
    let (first, second) = letters.split_at(count);
    let posted = post(server.address(), first.to_vec(), MANY, every).await?;
    let times = milliseconds(&posted.times);
    tally.add(posted);
    results.keep("post at half of the load", "ms", &times);
    let p99 = quantile(&times, 0.99);
    let ours = format!("{p99:.1} ms (median {:.1}) at {rate:.0}/s", quantile(&times, 0.5));
    results
        .tell(Line::new("p99 of a post at half of that load", ours, "≤ 50 ms", p99 <= 50.0).beside("2–5 s"));

    let load = tokio::spawn({
        let (address, second) = (server.address().clone(), second.to_vec());
        async move { post(&address, second, MANY, every).await }
    });
    let pages = read_pages(server.address(), first.to_vec(), MANY, every).await?;
    tally.add(load.await??);
    tell_reading(
        "mailbox page while reports come at half of that load",
        "p99 of a mailbox page beside that load",
        &pages,
        results,
    );
    Ok(first.to_vec())
}

/// Mailboxes while nothing else happens, as many a second as with other figures.
async fn read(server: &Running, letters: Vec<Letter>, results: &mut Results) -> Outcome<()> {
    progress("pages of mailboxes");
    let pages = read_pages(server.address(), letters, MANY, Duration::from_millis(2)).await?;
    tell_reading("mailbox page", "p99 of a mailbox page, 500/s and nothing else", &pages, results);
    Ok(())
}

fn tell_reading(name: &str, what: &str, pages: &[Duration], results: &mut Results) {
    let times = milliseconds(pages);
    results.keep(name, "ms", &times);
    let p99 = quantile(&times, 0.99);
    let ours = format!("{p99:.1} ms (median {:.1})", quantile(&times, 0.5));
    results.tell(Line::new(what, ours, "≤ 10 ms", p99 <= 10.0).beside("2–5 s"));
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
