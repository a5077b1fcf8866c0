//! How long people wait while as much happens as half of what the server can take, at even times.

use std::time::Duration;

use testkit::load::{Letter, Outcome, Running, post, read_pages};

use crate::house::House;
use crate::progress;
use crate::reports::{MANY, Tally};
use crate::results::{Line, Results, milliseconds, quantile};

/// How long half of the load is kept up.
const LONG: Duration = Duration::from_secs(10);

/// Mailboxes a second while nothing else happens: ten times as many as every centre of a country together would see.
const QUIET: Duration = Duration::from_millis(2);

/// Posts, then posts beside mailboxes, then mailboxes.
pub(crate) async fn measure(
    house: &mut House,
    server: &Running,
    rate: f64,
    tally: &mut Tally,
    results: &mut Results,
) -> Outcome<()> {
    progress("waiting times at half of that load");
    let every = Duration::from_secs_f64(1.0 / rate.max(1.0));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some thousands")]
    let count = (rate * LONG.as_secs_f64()).max(100.0) as usize;
    // The second half is posted while mailboxes of the first are read.
    let letters: Vec<Letter> = house.letters(server, 2 * count).await?;
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

    progress("pages of mailboxes");
    let pages = read_pages(server.address(), first.to_vec(), MANY, QUIET).await?;
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
