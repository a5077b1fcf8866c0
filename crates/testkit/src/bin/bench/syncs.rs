//! How often the server waits for the disk, counted by `strace`: a count is the same on every machine, a time is not.

use std::fs;
use std::time::Duration;

use testkit::load::{Outcome, post};

use crate::house::{House, look_for};
use crate::progress;
use crate::reports::MANY;
use crate::results::{Line, Results};

pub(crate) async fn measure(house: &mut House, results: &mut Results) -> Outcome<()> {
    progress("syncs a report");
    let stored = house.furnish("traced")?;
    let trace = house.path("trace");
    // A filter in the kernel stops the program at these two calls only, so that it runs as fast as ever between them.
    let around = ["strace", "--follow-forks", "--seccomp-bpf", "--trace=fdatasync,fsync", "--output"];
    let mut around: Vec<String> = around.map(str::to_owned).to_vec();
    around.push(trace.display().to_string());
    let server = house.serve(&stored, &around).await?;
    let letters = house.letters(&server, house.scale.with_many).await?;
    // The rest of the start is not the reports'.
    let before = calls(&trace)?;
    let posted = post(server.address(), letters, MANY, Duration::ZERO).await?;
    let after = calls(&trace)?;
    drop(server);
    let kept = look_for(&posted.acknowledged, &stored)?;
    if kept.lost + kept.twice > 0 || posted.acknowledged.len() < posted.sent() {
        return Err(format!("with strace around it: {kept:?}, {} refused", posted.refused.len()).into());
    }
    let reports = f64::from(u32::try_from(posted.acknowledged.len())?);
    let each = f64::from(after - before) / reports;
    results.keep("syncs", "calls", &[f64::from(after - before)]);
    results.keep("reports that they kept", "reports", &[reports]);
    let ours = format!("{each:.3} ({} for {reports} reports)", after - before);
    results.tell(
        Line::new(format!("fdatasyncs a report, {MANY} clients"), ours, "≤ 0.05", each <= 0.05).counted(),
    );
    Ok(())
}

fn calls(trace: &std::path::Path) -> Outcome<u32> {
    let text = fs::read_to_string(trace)?;
    // One that takes long stands there twice, as unfinished and as resumed.
    let begun = text.lines().filter(|line| line.contains("sync(") && !line.contains("resumed"));
    Ok(u32::try_from(begun.count())?)
}
