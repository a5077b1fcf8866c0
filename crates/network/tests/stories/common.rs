//! What several story files share: a published network, and counting what is stored.

use sea_orm::{ConnectionTrait as _, Statement};
use testkit::actors::DemoNetwork;
use testkit::{Answer, TestApp};

/// Publishes the shared network into an empty installation.
pub(crate) async fn world(app: &TestApp) -> &'static DemoNetwork {
    let network = DemoNetwork::shared();
    network.publish(&app.app).await.unwrap();
    network
}

/// Rows of a table.
pub(crate) async fn count(app: &TestApp, table: &str) -> i64 {
    let database = &app.platform.database;
    let question =
        Statement::from_string(database.engine(), format!("SELECT COUNT(*) AS number FROM {table}"));
    let row = database.read().query_one_raw(question).await.unwrap().unwrap();
    row.try_get("", "number").unwrap()
}

/// Reports, items and wraps.
pub(crate) async fn stored(app: &TestApp) -> (i64, i64, i64) {
    (count(app, "report").await, count(app, "report_item").await, count(app, "report_wrap").await)
}

/// A text column of the only report.
pub(crate) async fn column(app: &TestApp, name: &str) -> Option<String> {
    let database = &app.platform.database;
    let question = Statement::from_string(database.engine(), format!("SELECT {name} AS value FROM report"));
    let row = database.read().query_one_raw(question).await.unwrap().unwrap();
    row.try_get("", "value").unwrap()
}

/// Everything of an answer that a browser gets: status, headers and body.
pub(crate) fn told(answer: &Answer) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let mut headers: Vec<(String, String)> = answer
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    (answer.status.as_u16(), headers, answer.body.to_vec())
}
