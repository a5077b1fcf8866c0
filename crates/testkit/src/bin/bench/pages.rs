//! Pages: how many start pages a second beside nginx, and what pages weigh.

use std::collections::{BTreeSet, VecDeque};
use std::process::Command;

use testkit::load::{Address, Outcome};

use crate::house::{House, SLUG};
use crate::nginx::Nginx;
use crate::progress;
use crate::results::{Line, Results, ratios};

/// What browsers ask for.
const ENCODINGS: &str = "gzip, deflate, br";

pub(crate) async fn measure(house: &House, results: &mut Results) -> Outcome<()> {
    let stored = house.furnish("pages")?;
    let server = house.serve(&stored, &[]).await?;
    race(house, server.address(), ENCODINGS, results).await?;
    race(house, server.address(), "identity", results).await?;
    weigh_all(server.address(), results).await
}

/// The start page of both, in turns.
async fn race(house: &House, ours: &Address, encodings: &str, results: &mut Results) -> Outcome<()> {
    let answer = ours.get("/it/", encodings).await?;
    let kind = if encodings == "identity" { "plain" } else { "brotli" };
    let nginx = Nginx::start(&house.path(&format!("nginx-{kind}")), &answer).await?;
    let (mut our_rates, mut their_rates) = (Vec::new(), Vec::new());
    for round in 0..=house.scale.rounds {
        progress(&format!("start page, {kind}, round {round} of {}", house.scale.rounds));
        let our_rate = ask(ours, encodings, house.scale.seconds)?;
        let their_rate = ask(nginx.address(), encodings, house.scale.seconds)?;
        if round > 0 {
            our_rates.push(our_rate);
            their_rates.push(their_rate);
        }
    }
    let rate = results.keep(format!("start page, {kind}"), "1/s", &our_rates);
    let theirs = results.keep(format!("start page of nginx, {kind}"), "1/s", &their_rates);
    let ratio =
        results.keep(format!("start page, {kind}, to nginx"), "ratio", &ratios(&our_rates, &their_rates));
    let what = format!("start page to nginx with the same {} bytes ({kind})", answer.body.len());
    let ours = format!("{ratio:.2} ({rate:.0}/s of {theirs:.0}/s)");
    results.tell(Line::new(what, ours, "≥ 0.50", ratio >= 0.5).beside("0.02"));
    Ok(())
}

/// Requests a second, as `wrk` counts them.
fn ask(address: &Address, encodings: &str, seconds: usize) -> Outcome<f64> {
    let wrk = Command::new("wrk")
        .args(["-t1", "-c32", &format!("-d{seconds}s"), "-H", &format!("Accept-Encoding: {encodings}")])
        .arg(format!("http://{}/it/", address.0))
        .output()
        .map_err(|error| format!("wrk: {error}"))?;
    let said = String::from_utf8(wrk.stdout)?;
    if said.contains("Non-2xx") || said.contains("Socket errors") {
        return Err(format!("wrk met errors:\n{said}").into());
    }
    let line = said.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:"));
    Ok(line.ok_or("wrk said nothing")?.trim().parse()?)
}

/// Bytes on the wire of the pages that have a budget, as a browser that takes brotli gets them.
async fn weigh_all(address: &Address, results: &mut Results) -> Outcome<()> {
    let form = format!("/it/places/{SLUG}/a");
    for (name, path, deep, budget) in [
        ("start page", "/it/", false, 14),
        ("usable form", form.as_str(), false, 30),
        ("form with WebAssembly", form.as_str(), true, 180),
    ] {
        let bytes = weigh(address, path, deep).await?;
        let kibibytes = f64::from(u32::try_from(bytes)?) / 1024.0;
        results.keep(format!("{name}, with all it names"), "bytes", &[kibibytes * 1024.0]);
        let (ours, target) = (format!("{kibibytes:.1} KiB"), format!("≤ {budget} KiB"));
        let line = Line::new(format!("{name}, brotli"), ours, &target, bytes <= budget * 1024).counted();
        results.tell(if budget == 14 { line } else { line.beside("1,139 KiB") });
    }
    Ok(())
}

/// Bytes of a page with everything that it names under /static; `deep` adds what those files name in turn: worker and sealing core.
async fn weigh(address: &Address, path: &str, deep: bool) -> Outcome<usize> {
    let mut bytes = 0;
    let mut known = BTreeSet::from([path.to_owned()]);
    let mut waiting = VecDeque::from([path.to_owned()]);
    while let Some(part) = waiting.pop_front() {
        let answer = address.get(&part, "br").await?;
        if answer.status != 200 {
            return Err(format!("{part} answered {}", answer.status).into());
        }
        bytes += answer.body.len();
        if part == path || deep {
            let plain = address.get(&part, "identity").await?.body;
            // The core is no text, and names nothing.
            for named in named_assets(&String::from_utf8_lossy(&plain)) {
                if known.insert(named.clone()) {
                    waiting.push_back(named);
                }
            }
        }
    }
    Ok(bytes)
}

/// The addresses under /static that stand between quotation marks.
fn named_assets(text: &str) -> Vec<String> {
    let is_address = |part: &&str| part.starts_with("/static/") && !part.contains(char::is_whitespace);
    text.split(['"', '\'', '`']).filter(is_address).map(str::to_owned).collect()
}
