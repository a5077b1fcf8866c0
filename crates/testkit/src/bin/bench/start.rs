//! From the start of the process to its first page, with a database full of reports.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use testkit::load::{Outcome, post};

use crate::house::House;
use crate::progress;
use crate::reports::MANY;
use crate::results::{Line, Results, median, quantile};

/// Real reports; all others are like one of them, with ids and contents of their own.
const REAL: usize = 100;

/// In WAL mode with a large cache and without a sync: what is thrown away tomorrow needs none.
const FILL: &str = "
    PRAGMA synchronous = OFF;
    PRAGMA cache_size = -400000;
    CREATE TEMP TABLE twin (number INTEGER PRIMARY KEY, id BLOB, item BLOB, of_case BLOB, of_item BLOB);
    INSERT INTO twin (id, item, of_case, of_item)
        WITH RECURSIVE counted (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM counted WHERE number < :copies)
        SELECT randomblob(16), randomblob(16), r.id, i.id FROM report r JOIN report_item i ON i.case_id = r.id, counted
        ORDER BY 1;";

/// Columns that no two rows share, and what stands there instead. A week of the past year, as a database of that size would have.
const OWN: [(&str, &str); 8] = [
    ("mailbox", "randomblob(32)"),
    ("frame_hash", "randomblob(32)"),
    ("body", "randomblob(length(body))"),
    ("body_hash", "randomblob(32)"),
    ("signature", "randomblob(64)"),
    ("wrap", "randomblob(length(wrap))"),
    ("week", "printf('2026-W%02d', 1 + abs(random()) % 47)"),
    ("arrived_on", "NULL"),
];

pub(crate) async fn measure(house: &mut House, results: &mut Results) -> Outcome<()> {
    let stored = house.furnish("full")?;
    progress(&format!("a database with {} reports", house.scale.stored));
    let server = house.serve(&stored, &[]).await?;
    let letters = house.letters(&server, REAL).await?;
    post(server.address(), letters, MANY, Duration::ZERO).await?;
    server.kill()?;
    let reports = fill(&stored, house.scale.stored)?;

    let mut times = Vec::new();
    for _ in 0..house.scale.rounds {
        let server = house.serve(&stored, &[]).await?;
        times.push(server.started_in().as_secs_f64());
        server.kill()?;
    }
    results.keep(format!("start to first page with {reports} reports"), "s", &times);
    let (usual, slowest) = (median(&times), quantile(&times, 1.0));
    let ours = format!("{usual:.3} s, slowest {slowest:.3}");
    let what = format!("start to first page with {reports} reports");
    results.tell(Line::new(what, ours, "≤ 0.2 s", usual <= 0.2).beside("2.6 s"));
    Ok(())
}

/// Fills the database by SQL. Answers how many reports are in it.
fn fill(database: &Path, wanted: usize) -> Outcome<u32> {
    let mut connection = Connection::open(database)?;
    connection.execute_batch(&FILL.replace(":copies", &(wanted / REAL).saturating_sub(1).to_string()))?;
    let transaction = connection.transaction()?;
    for (table, of, order, own) in [
        ("report", "of_case = t.id", "l.id", [("id", "l.id"), ("", "")]),
        ("report_item", "of_item = t.id", "l.item", [("id", "l.item"), ("case_id", "l.id")]),
        ("report_wrap", "of_item = t.item_id", "l.item", [("item_id", "l.item"), ("", "")]),
    ] {
        let mut question = transaction.prepare(&format!("SELECT name FROM pragma_table_info('{table}')"))?;
        let names: Vec<String> = question.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let values: Vec<String> = names.iter().map(|name| value_of(name, &own)).collect();
        transaction.execute_batch(&format!(
            "INSERT INTO {table} ({}) SELECT {} FROM {table} t JOIN twin l ON l.{of} ORDER BY {order}",
            names.join(", "),
            values.join(", ")
        ))?;
    }
    transaction.commit()?;
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(connection.query_row("SELECT COUNT(*) FROM report", [], |row| row.get(0))?)
}

fn value_of(name: &str, own: &[(&str, &str)]) -> String {
    let find = |list: &[(&str, &str)]| {
        list.iter().find(|(column, _)| *column == name).map(|(_, value)| (*value).to_owned())
    };
    find(own).or_else(|| find(&OWN)).unwrap_or_else(|| format!("t.{name}"))
}
