//! The inbox at 1,000 and at 100,000 reports, on both engines: the same plan, the same rows, the same work.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use platform::database::{Database, DatabaseError};
use sea_orm::{ActiveValue::Set, DatabaseBackend, QueryTrait as _, Statement};
use serde_json::Value;
use testkit::TestDatabase;

use super::super::super::inbox::PAGE_LENGTH;
use super::*;
use crate::migrations::Migrations;

testkit::on_both_engines!(database: the_inbox_costs_the_same_at_a_thousand_and_a_hundred_thousand_reports);

const CENTRE: Uuid = Uuid::from_u128(0xce);
const CHANNELS: [&str; 2] = ["safe", "general"];
const FEW: u32 = 1_000;
const MANY: u32 = 100_000;
const WEEKS: u32 = 200;

/// What SQLite may need more for a row that is shown, of more than 30.
const INSTRUCTIONS_OF_A_COMPARISON: u64 = 4;

/// A report of the test by its number: every combination of channel, state, urgency and week occurs, with ids in no order.
fn numbered(number: u32) -> report::ActiveModel {
    // Numbers that share no factor with each other: each column takes its values independently of the others.
    let state = State::ALL[(number as usize) % State::ALL.len()];
    let week = (number / 6) % WEEKS;
    let scattered = u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    report::ActiveModel {
        id: Set(Uuid::from_u128(scattered)),
        centre_id: Set(CENTRE),
        channel: Set(CHANNELS[(number as usize / 7) % 2].to_owned()),
        mailbox: Set(number.to_le_bytes().repeat(8)),
        epoch: Set(1),
        state: Set(state.word().to_owned()),
        version: Set(1),
        urgent: Set(number.is_multiple_of(11)),
        language: Set("it".to_owned()),
        size_class: Set(4_096),
        week: Set(format!("{:04}-W{:02}", 2022 + week / 50, 1 + week % 50)),
        arrived_on: Set(None),
        opened: Set(state != State::Arrived),
        answered: Set(state == State::Answered),
        conversation_items: Set(1),
        notes_items: Set(0),
        second_centre_id: Set(None),
        second_epoch: Set(None),
    }
}

async fn fill(database: &Database, from: u32, to: u32) {
    for first in (from..to).step_by(1_500) {
        let last = Ord::min(to, first + 1_500);
        let kept: Result<(), DatabaseError> = database
            .write(move |transaction| async move {
                report::Entity::insert_many((first..last).map(numbered))
                    .exec_without_returning(&transaction)
                    .await?;
                Ok(())
            })
            .await;
        kept.unwrap();
    }
    execute(database, "ANALYZE").await;
}

async fn execute(database: &Database, sql: &'static str) {
    let done: Result<(), DatabaseError> = database
        .write(move |transaction| async move {
            transaction.execute_unprepared(sql).await?;
            Ok(())
        })
        .await;
    done.unwrap();
}

/// Everything that can be asked for: each state and all that is open, with and without a week, urgent alone or not; from the
/// beginning and from a place further on.
fn questions() -> Vec<(Search, Option<Cursor>)> {
    let filters = State::ALL.into_iter().map(Filter::In).chain([Filter::NotClosed]);
    let mut questions = Vec::new();
    for filter in filters {
        for week in [None, Some("2022-W03".to_owned())] {
            for urgent_only in [false, true] {
                let search = Search { filter, week: week.clone(), urgent_only };
                let place = |urgent| Cursor {
                    urgent,
                    week: week.clone().unwrap_or_else(|| "2024-W20".to_owned()),
                    id: Uuid::from_u128(0x5555 << 112),
                };
                questions.push((search.clone(), None));
                questions.push((search.clone(), Some(place(true))));
                if !urgent_only {
                    questions.push((search, Some(place(false))));
                }
            }
        }
    }
    questions
}

/// The statements of a question, as they are sent.
fn statements(engine: DatabaseBackend, search: &Search, after: Option<&Cursor>) -> Vec<Statement> {
    let ranges = search.urgencies(after).iter().flat_map(|&urgent| {
        let after = after.filter(|cursor| cursor.urgent == urgent);
        CHANNELS
            .map(|channel| range(CENTRE, channel, search, urgent, after).limit(PAGE_LENGTH + 1).build(engine))
    });
    let counts = CHANNELS.into_iter().flat_map(|channel| {
        let counted = counted(CENTRE, channel, State::Opened, search);
        counted.into_iter().map(|statement| engine.build(&statement))
    });
    ranges.chain(counts).collect()
}

async fn explain(database: &Database, how: &str, statement: Statement) -> Vec<sea_orm::QueryResult> {
    let sql = format!("{how} {}", statement.sql);
    let question = Statement { sql, ..statement };
    database.read().query_all_raw(question).await.unwrap()
}

/// SQLite: one search of one index whose columns are all fixed, in order, with nothing beside it.
async fn check_plan_of_sqlite(database: &Database, statement: Statement) {
    let sql = statement.sql.clone();
    let rows = explain(database, "EXPLAIN QUERY PLAN", statement).await;
    let steps: Vec<String> = rows.iter().map(|row| row.try_get("", "detail").unwrap()).collect();
    let searches: Vec<&String> = steps.iter().filter(|step| step.starts_with("SEARCH ")).collect();
    assert_eq!(searches.len(), 1, "{sql}\n{steps:?}");
    let search = searches[0];
    assert!(search.contains("INDEX report_list_"), "{sql}\n{steps:?}");
    // Equality on every column that the question fixes comes first; the place of a page, if any, is a range behind them.
    let fixed = ["centre_id", "channel", "state", "urgent", "week"].map(|column| format!("\"{column}\" = "));
    let asked = fixed.iter().filter(|column| sql.contains(column.as_str())).count();
    assert_eq!(search.matches("=?").count(), asked, "{sql}\n{search}");
    if sql.contains("(\"week\", \"id\")") {
        assert!(search.contains("(week,id)"), "{sql}\n{search}");
    } else if [" \"id\" > ", " \"id\" < "].iter().any(|place| sql.contains(place)) {
        assert!(search.contains("id>?") || search.contains("id<?"), "{sql}\n{search}");
    }
    let allowed =
        |step: &String| step.starts_with("SEARCH ") || step.starts_with("CO-ROUTINE") || step == "SCAN few";
    assert!(steps.iter().all(allowed), "no step that sorts or reads a table through: {steps:?}");
}

/// PostgreSQL: scans of indexes and limits, and nothing passed over. What came out of it, and the rows that were touched.
async fn check_plan_of_postgres(database: &Database, statement: Statement) -> Cost {
    let sql = statement.sql.clone();
    let rows = explain(database, "EXPLAIN (ANALYZE, FORMAT JSON)", statement).await;
    let plan: Value = rows[0].try_get_by_index(0).unwrap();
    let number = |node: &Value, name: &str| node[name].as_f64().unwrap_or_default();
    let mut nodes = vec![&plan[0]["Plan"]];
    let mut visited = 0.0;
    let mut found = 0.0;
    while let Some(node) = nodes.pop() {
        nodes.extend(node["Plans"].as_array().into_iter().flatten());
        let kind = node["Node Type"].as_str().unwrap();
        let allowed = ["Limit", "Aggregate", "Index Scan", "Index Only Scan", "Subquery Scan"];
        assert!(allowed.contains(&kind), "{kind}\n{sql}\n{plan:#}");
        if kind.starts_with("Index") {
            visited += number(node, "Actual Rows") * number(node, "Actual Loops");
            visited += number(node, "Rows Removed by Filter") + number(node, "Rows Removed by Index Recheck");
        }
        if kind == "Limit" {
            found += number(node, "Actual Rows");
        }
    }
    Cost { found: whole(found), visited: whole(visited) }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count of rows")]
fn whole(rows: f64) -> u64 {
    rows.round() as u64
}

/// The one connection that reads are left with, and the instructions that SQLite executes on it.
struct Counted {
    executed: Arc<AtomicU64>,
    _others: Vec<sea_orm::sqlx::pool::PoolConnection<sea_orm::sqlx::Sqlite>>,
}

impl Counted {
    async fn new(database: &Database) -> Self {
        let pool = database.read().get_sqlite_connection_pool();
        let mut others = Vec::new();
        for _ in 0..pool.options().get_max_connections() {
            others.push(pool.acquire().await.unwrap());
        }
        let executed = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&executed);
        let mut one = others.pop().unwrap();
        one.lock_handle().await.unwrap().set_progress_handler(1, move || {
            counter.fetch_add(1, Ordering::Relaxed);
            true
        });
        drop(one);
        Self { executed, _others: others }
    }

    /// What came out of a statement that is prepared already, and the instructions that it took.
    async fn run(&self, database: &Database, statement: Statement) -> Cost {
        database.read().query_all_raw(statement.clone()).await.unwrap();
        let before = self.executed.load(Ordering::Relaxed);
        let rows = database.read().query_all_raw(statement).await.unwrap();
        let visited = self.executed.load(Ordering::Relaxed) - before;
        assert!(visited > 0, "the instructions are counted");
        // A count is one row; what it counted is its first column.
        let counted = rows.first().and_then(|row| row.try_get_by_index::<i64>(0).ok());
        Cost { found: counted.map_or(rows.len(), |count| usize::try_from(count).unwrap()) as u64, visited }
    }
}

/// What a statement found, and what that took: rows on PostgreSQL, instructions of its machine on SQLite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cost {
    found: u64,
    visited: u64,
}

/// Looks at every statement of every question, and what it costs at this size.
async fn costs(database: &Database, counted: Option<&Counted>) -> Vec<Cost> {
    let mut costs = Vec::new();
    for (search, after) in questions() {
        for statement in statements(database.engine(), &search, after.as_ref()) {
            costs.push(match counted {
                None => check_plan_of_postgres(database, statement).await,
                Some(counted) => {
                    check_plan_of_sqlite(database, statement.clone()).await;
                    counted.run(database, statement).await
                }
            });
        }
    }
    costs
}

async fn the_inbox_costs_the_same_at_a_thousand_and_a_hundred_thousand_reports(store: TestDatabase) {
    let database = &store.database;
    database.migrate::<Migrations>().await.unwrap();
    let named = [
        ("organisation", vec![("name", "A")]),
        ("centre", vec![("slug", "a"), ("facts", "{}"), ("certificate_hash", "")]),
    ];
    for (table, texts) in named {
        let mut insert = Query::insert();
        let mut columns = vec!["id"];
        let mut values = vec![Expr::val(CENTRE)];
        if table == "centre" {
            columns.push("organisation_id");
            values.push(Expr::val(CENTRE));
        }
        columns.extend(texts.iter().map(|(column, _)| *column));
        values.extend(texts.iter().map(|(_, text)| Expr::val(*text)));
        let insert = insert.into_table(table).columns(columns).values_panic(values).to_owned();
        let insert = &insert;
        let kept: Result<_, DatabaseError> =
            database.write(|transaction| async move { Ok(transaction.execute(insert).await?) }).await;
        kept.unwrap();
    }
    // Reports name an epoch that their centre had.
    for statement in [
        "INSERT INTO certificate (hash, centre_id, document, not_before, not_after) SELECT 'c', id, '', 0, 1 FROM centre",
        "INSERT INTO certified_channel (certificate_hash, channel, on_status, opinion) VALUES ('c', 'safe', 'none', false), ('c', 'general', 'none', false)",
        "INSERT INTO epoch (certificate_hash, centre_id, channel, number, recipient, not_before, not_after) \
         SELECT 'c', c.id, k.channel, 1, '', 0, 1 FROM centre c, certified_channel k",
    ] {
        execute(database, statement).await;
    }
    let counted = match database.engine() {
        DatabaseBackend::Sqlite => Some(Counted::new(database).await),
        _ => None,
    };
    fill(database, 0, FEW).await;
    let at_few = costs(database, counted.as_ref()).await;
    fill(database, FEW, MANY).await;
    let at_many = costs(database, counted.as_ref()).await;

    let longest = Ord::max(PAGE_LENGTH, MOST_COUNTED) + 1;
    assert!(at_many.iter().all(|cost| cost.found <= longest), "no statement finds more than it shows");
    if counted.is_none() {
        // In a small table an index with one column less costs the planner the same where it expects one row; so this is asked of the
        // large one alone.
        let wasteful: Vec<&Cost> = at_many.iter().filter(|cost| cost.visited != cost.found).collect();
        assert!(wasteful.is_empty(), "every row that was touched is one that is shown: {wasteful:?}");
    }
    // Where both sizes find as much, both cost as much.
    let pairs: Vec<(&Cost, &Cost)> =
        at_few.iter().zip(&at_many).filter(|(few, many)| few.found == many.found && few.found > 0).collect();
    assert!(pairs.len() >= 40, "{} statements found as much in both", pairs.len());
    // A comparison of a week and an id is done after the week where that differs: a few instructions of a row, and not one row more.
    let a_row = if counted.is_some() { INSTRUCTIONS_OF_A_COMPARISON } else { 0 };
    for (few, many) in pairs {
        assert!(few.visited.abs_diff(many.visited) <= a_row * few.found, "{few:?} {many:?}");
    }
    check_pages(database).await;
}

/// Page after page shows every open report once, in order: urgent first, then the latest week, then by id.
async fn check_pages(database: &Database) {
    let search = Search { filter: Filter::NotClosed, week: Some("2023-W10".to_owned()), urgent_only: false };
    for search in [search.clone(), Search { filter: Filter::In(State::Arrived), week: None, ..search }] {
        let mut shown: Vec<(bool, String, Uuid)> = Vec::new();
        let mut after = None;
        loop {
            let page = merge(database.read(), CENTRE, &CHANNELS, &search, after.as_ref(), 500).await.unwrap();
            shown.extend(page.iter().map(|report| (!report.urgent, report.week.clone(), report.id)));
            let Some(last) = page.last().filter(|_| page.len() == 500) else { break };
            after = Some(Cursor { urgent: last.urgent, week: last.week.clone(), id: last.id });
        }
        let expected = (0..MANY)
            .map(numbered)
            .filter(|row| {
                let state = State::from_word(row.state.as_ref()).unwrap();
                let fits = match search.filter {
                    Filter::NotClosed => !matches!(state, State::Closed | State::Withdrawn),
                    Filter::In(wanted) => state == wanted,
                };
                fits && search.week.as_ref().is_none_or(|week| week == row.week.as_ref())
            })
            .count();
        assert_eq!(shown.len(), expected);
        assert_eq!(shown.iter().map(|(_, _, id)| id).collect::<HashSet<_>>().len(), expected, "none twice");
        let mut sorted = shown.clone();
        sorted.sort_by(|one, other| {
            let by_place = (&one.1, one.2).cmp(&(&other.1, other.2));
            one.0.cmp(&other.0).then(if search.is_oldest_first() { by_place } else { by_place.reverse() })
        });
        assert_eq!(shown, sorted);
    }
    let found = of_reference(Reference::parse("9e3779b9").unwrap()).all(database.read()).await.unwrap();
    assert_eq!(
        found.iter().map(|row| row.id).collect::<Vec<_>>(),
        [Uuid::from_u128(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)]
    );
}
