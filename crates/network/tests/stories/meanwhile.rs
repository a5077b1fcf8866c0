//! What changes while a request is under way: it counts from the transaction on, not from the next request (docs/adr/0019). SQLite's one
//! writer makes requests wait; here somebody holds it for as long as it takes.

use std::sync::Mutex;
use std::time::Duration;

use envelope::duty::Channel;
use platform::database::DatabaseError;
use sea_orm::ConnectionTrait as _;
use testkit::actors::{Client, Operator, Victim};
use testkit::{Engine, TestApp};
use tokio::sync::oneshot;

use crate::common::{stored, world};

/// Holds the writer while `others` get as far as waiting for it, and then does `change` before them.
async fn before<T>(app: &TestApp, change: &str, others: impl Future<Output = T>) -> T {
    let (hold, is_held) = oneshot::channel();
    let (release, released) = oneshot::channel();
    let gates = Mutex::new(Some((hold, released)));
    let holding = app.platform.database.write(|transaction| {
        let gates = gates.lock().unwrap().take();
        async move {
            let (hold, released) = gates.unwrap();
            hold.send(()).unwrap();
            released.await.unwrap();
            transaction.execute_unprepared(change).await?;
            Ok::<_, DatabaseError>(())
        }
    });
    let acting = async {
        is_held.await.unwrap();
        let waiting = async {
            tokio::time::sleep(Duration::from_millis(400)).await;
            release.send(()).unwrap();
        };
        tokio::join!(others, waiting).0
    };
    let (kept, told) = tokio::join!(holding, acting);
    kept.unwrap();
    told
}

#[tokio::test]
async fn an_opening_under_way_ends_with_the_session() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let network = world(&app).await;
    let now = app.platform.now();
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    her.send_report(report.bytes).await;
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    let refused = before(&app, "DELETE FROM session", anna.open(report.case)).await;
    assert_eq!(refused.err().unwrap().verdict(), (401, "signed-out".to_owned()));
    let again = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    let opened = again.open(report.case).await.unwrap();
    let answered = before(&app, "DELETE FROM session", again.answer(&opened, "Da Anna", now)).await;
    assert_eq!(answered.verdict(), (401, "signed-out".to_owned()));
    assert_eq!(stored(&app).await.1, 1, "the answer was not stored");
}

#[tokio::test]
async fn a_sign_in_under_way_does_not_outlive_the_keys_it_was_proved_with() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let network = world(&app).await;
    let anna = &network.centres[0].people[0];
    for change in ["UPDATE slot SET login_key = zeroblob(32)", "UPDATE person SET suspended = TRUE"] {
        network.publish(&app.app).await.unwrap();
        let mut client = Client::new(&app);
        let (answer, _) =
            before(&app, change, Operator::answer_challenge(&mut client, anna.account, anna)).await;
        assert_eq!(answer.verdict(), (403, "sign-in".to_owned()), "{change}");
        assert!(client.cookie().is_none());
    }
}
