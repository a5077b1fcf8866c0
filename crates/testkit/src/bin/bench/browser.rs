//! What a browser takes to seal, and to do the work for the door, at full speed and on a slow device (`e2e/bench.mjs`).

use std::process::{Command, Stdio};

use serde::Deserialize;
use testkit::load::Outcome;

use crate::house::{House, SLUG};
use crate::progress;
use crate::results::{Line, Results, median, quantile};

/// What `e2e/bench.mjs` prints; all in thousandths of a second.
#[derive(Deserialize)]
struct Measured {
    seal: Vec<f64>,
    seal_slow: Vec<f64>,
    work: Vec<f64>,
    work_slow: Vec<f64>,
    /// How many times slower a fixed piece of work was, each time.
    slowness: Vec<f64>,
}

pub(crate) async fn measure(house: &House, results: &mut Results) -> Outcome<()> {
    progress("sealing in the browser");
    let stored = house.furnish("browsed")?;
    let server = house.serve(&stored, &[]).await?;
    let script = Command::new("node")
        .arg("e2e/bench.mjs")
        .arg(format!("http://{}", server.address().0))
        .arg(format!("/it/places/{SLUG}/a"))
        .arg(house.scale.rounds.to_string())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("node: {error}"))?;
    if !script.status.success() {
        return Err("e2e/bench.mjs failed".into());
    }
    let measured: Measured = serde_json::from_slice(&script.stdout)?;
    let slowness = results.keep("slowness of the slow device", "times", &measured.slowness);
    let slow = format!("processor throttled 6 × (measured {slowness:.1} ×)");
    // A device that was not slow shows nothing about slow devices.
    let is_slow = slowness >= 6.0;
    for (name, what, times, most, target) in [
        ("sealing", "sealing in the browser, Argon2id included".to_owned(), &measured.seal, 1.0, "≤ 1 s"),
        ("sealing, throttled", format!("  {slow}"), &measured.seal_slow, 6.0, "≤ 6 s"),
        (
            "most work for the door",
            "the most work that the door asks for".to_owned(),
            &measured.work,
            2.0,
            "≤ 2 s",
        ),
        ("most work for the door, throttled", format!("  {slow}"), &measured.work_slow, 2.0, "≤ 2 s"),
    ] {
        results.keep(name, "ms", times);
        let (usual, slowest) = (median(times) / 1_000.0, quantile(times, 1.0) / 1_000.0);
        let ours = format!("{usual:.2} s, slowest {slowest:.2}");
        let counts = is_slow || !name.ends_with("throttled");
        results.tell(Line::new(what, ours, target, counts && usual <= most));
    }
    Ok(())
}
