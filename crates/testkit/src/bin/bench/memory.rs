//! Memory: idle, and after an hour's worth of load, which is posted as fast as it goes.
//!
//! The hour: one report a second, which is more than all centres of a country get, and for each report ten pages that somebody reads
//! before it and two looks into its mailbox. Twice, so that what grows is seen.

use std::time::Duration;

use testkit::load::{Outcome, Running, fetch, post, read_pages};

use crate::house::{House, SLUG};
use crate::progress;
use crate::reports::MANY;
use crate::results::{Line, Results};

/// Steps in which the two hours pass.
const STEPS: usize = 8;

/// What the second hour may add: less than one part in twenty. A program that leaks adds as much as the first.
const GROWTH: f64 = 1.05;

pub(crate) async fn measure(house: &mut House, results: &mut Results) -> Outcome<()> {
    let stored = house.furnish("remembering")?;
    let server = house.serve(&stored, &[]).await?;
    // What the start left behind is given back by now, if at all.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let idle = resident(&server)?;
    let mut after = Vec::new();
    for step in 1..=STEPS {
        progress(&format!("two hours' worth of load, step {step} of {STEPS}"));
        pass(house, &server, house.scale.hour * 2 / STEPS).await?;
        after.push(resident(&server)?);
    }
    let peak = mebibytes(server.memory()?.peak);
    results.keep("memory, idle", "MiB", &[idle]);
    results.keep("memory, after each quarter of an hour's worth", "MiB", &after);
    results.keep("memory, at its peak", "MiB", &[peak]);

    let one = after.get(STEPS / 2 - 1).copied().unwrap_or_default();
    let two = after.last().copied().unwrap_or_default();
    results
        .tell(Line::new("memory, idle", format!("{idle:.0} MiB"), "≤ 40 MB", idle <= 40.0).beside("128 MB"));
    let ours = format!("{one:.0} MiB, at its peak {peak:.0}");
    results.tell(
        Line::new("memory after an hour's worth of load", ours, "≤ 120 MB", peak <= 120.0).beside("296 MB"),
    );
    let ours = format!("{one:.1} → {two:.1} MiB");
    results.tell(Line::new("  after one hour, after two", ours, "no growth", two <= one * GROWTH));
    Ok(())
}

/// So many reports with everything around them.
async fn pass(house: &mut House, server: &Running, reports: usize) -> Outcome<()> {
    let paths = ["/it/", "/it/first", "/it/guide", "/it/places", "/en/", "/en/places", "/it/box"];
    let form = [format!("/it/places/{SLUG}"), format!("/it/places/{SLUG}/a"), format!("/en/places/{SLUG}/a")];
    let read = paths.map(str::to_owned).into_iter().chain(form);
    let pages = read.cycle().take(10 * reports).collect();
    fetch(server.address(), pages, MANY).await?;
    let letters = house.letters(server, reports).await?;
    let posted = post(server.address(), letters.clone(), MANY, Duration::ZERO).await?;
    if posted.acknowledged.len() < posted.sent() {
        return Err("a report was refused".into());
    }
    for _ in 0..2 {
        read_pages(server.address(), letters.clone(), MANY, Duration::ZERO).await?;
    }
    Ok(())
}

fn resident(server: &Running) -> Outcome<f64> {
    Ok(mebibytes(server.memory()?.now))
}

fn mebibytes(kibibytes: u64) -> f64 {
    f64::from(u32::try_from(kibibytes).unwrap_or(u32::MAX)) / 1024.0
}
