//! Backups: what comes back, what does not, and what is found when a byte is not as it was.

use std::path::{Path, PathBuf};

use envelope::duty::Channel;
use envelope::ids::CaseId;
use jiff::{SignedDuration, Timestamp};
use network::backup::{self, Age, Failed, Made, Order, Wanted};
use network::keeping::{Tombstones, beside, hash_of};
use platform::config::DatabaseUrl;
use platform::database::{Database, DatabaseError, portable};
use sea_orm::{ConnectionTrait as _, Statement};
use tempfile::TempDir;
use testkit::actors::{DemoNetwork, Operator, Victim};
use testkit::{Engine, TestApp, TestDatabase};

use crate::common::{count, world};

testkit::on_both_engines!(
    what_was_shredded_after_the_backup_stays_shredded,
    wraps_are_deleted_and_refused_after_seven_days,
    from_one_engine_to_the_other_and_back_every_row_is_the_same,
    whatever_byte_is_changed_it_is_found,
    an_item_that_was_changed_in_the_database_is_found_by_its_signature,
    a_restore_that_stopped_half_way_is_never_used,
    a_folder_keeps_one_network_and_as_many_as_are_asked_for,
    a_backup_that_fails_leaves_nothing_and_takes_old_wraps_all_the_same,
    a_clock_set_forward_does_not_make_wraps_immortal,
);

pub(crate) async fn keep(app: &TestApp, folder: &Path, now: Timestamp) -> Result<Made, Failed> {
    keep_so_many(app, folder, now, 7).await
}

async fn keep_so_many(app: &TestApp, folder: &Path, now: Timestamp, keep: usize) -> Result<Made, Failed> {
    let database = &app.platform.database;
    let list = app.store.folder().map(|folder| beside(&folder.join("approdo.db")));
    backup::make(&Order { database, name: "it", folder, tombstones: list.as_deref(), keep, now }).await
}

/// An empty place for a database: on SQLite a file that is not there.
pub(crate) async fn empty_place(engine: Engine) -> Option<TestDatabase> {
    let store = engine.open().await?;
    if let DatabaseUrl::Sqlite(path) = &store.url {
        store.database.clone().close().await.unwrap();
        std::fs::remove_file(path).unwrap();
    }
    Some(store)
}

pub(crate) async fn bring_back(
    backups: &Path,
    target: &TestDatabase,
    outside: &Tombstones,
    now: Timestamp,
) -> Result<backup::Restored, Failed> {
    backup::restore(&Wanted { folder: backups, target: &target.url, outside, tombstones: None, now }).await
}

/// The product on what was brought back.
pub(crate) async fn live_on(mut store: TestDatabase) -> TestApp {
    store.database = Database::connect(&store.url).await.unwrap();
    TestApp::on(store, testkit::demonstration()).await
}

pub(crate) fn engine_of(app: &TestApp) -> Engine {
    if app.store.folder().is_some() { Engine::Sqlite } else { Engine::Postgres }
}

pub(crate) fn other(engine: Engine) -> Engine {
    if engine == Engine::Sqlite { Engine::Postgres } else { Engine::Sqlite }
}

async fn told(app: &TestApp, network: &DemoNetwork, text: &str) -> (Victim, CaseId) {
    let now = app.platform.now();
    let her = Victim::new(app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, text, now);
    assert_eq!(her.send_report(report.bytes).await.status.as_u16(), 201);
    (her, report.case)
}

/// Two members shred a case that nobody opened.
async fn shred(app: &TestApp, network: &DemoNetwork, case: CaseId) {
    for (person, what, fields) in [(0, "propose", "reason=junk"), (1, "confirm", "")] {
        let mut member = Operator::sign_in(app, &network.centres[0].people[person]).await;
        let page = member.client.get("/it/console/keeping").await;
        let csrf = page.text().split("data-csrf=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
        let fields = format!("csrf={csrf}&language=it&{fields}");
        let answer = member.client.post_form(&format!("/console/keeping/{case}/{what}"), &fields).await;
        assert_eq!(answer.status.as_u16(), 303, "{}", answer.text());
    }
}

/// All wraps of a file of a backup.
async fn wraps_in(file: &Path) -> Vec<Vec<u8>> {
    let file = portable::open(file).await.unwrap();
    let question = Statement::from_string(file.get_database_backend(), "SELECT wrap FROM report_wrap");
    let rows = file.query_all_raw(question).await.unwrap();
    let wraps = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    file.close().await.unwrap();
    wraps
}

fn part_of(backup: &Path, prefix: &str) -> PathBuf {
    let entries = std::fs::read_dir(backup).unwrap().map(|entry| entry.unwrap().path());
    let is_it = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with(prefix);
    entries.into_iter().find(is_it).unwrap_or_else(|| panic!("no {prefix} in {}", backup.display()))
}

/// Whether bytes are in any file of a folder.
fn is_in_a_file(folder: &Path, needle: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        bytes.windows(needle.len()).any(|part| part == needle)
    })
}

async fn what_was_shredded_after_the_backup_stays_shredded(app: TestApp) {
    let network = world(&app).await;
    let (her, stays) = told(&app, network, "Resta").await;
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    let opened = anna.open(stays).await.unwrap();
    assert_eq!(anna.answer(&opened, "Risposta", app.platform.now()).await.status.as_u16(), 201);
    let folder = TempDir::new().unwrap();
    // The wraps that a backup gains by a second report are that report's.
    let before = keep(&app, folder.path(), app.platform.now()).await.unwrap();
    let known = wraps_in(&part_of(&before.path, "wraps-")).await;
    let (_, gone) = told(&app, network, "Via").await;
    app.time.advance(SignedDuration::from_mins(1));
    let now = app.platform.now();
    let made = keep(&app, folder.path(), now).await.unwrap();
    let all = wraps_in(&part_of(&made.path, "wraps-")).await;
    let lost: Vec<&Vec<u8>> = all.iter().filter(|wrap| !known.contains(wrap)).collect();
    assert_eq!((known.len(), lost.len()), (3, 1), "a report, an answer with two; a report");
    for wrap in &all {
        assert!(!is_in_a_file_of(&part_of(&made.path, "data-"), &wrap[300..400]), "data and wraps lie apart");
    }

    shred(&app, network, gone).await;
    // Without any list it would come back: that is what the lists are for.
    let alone = TempDir::new().unwrap();
    copy_folder(&made.path, alone.path());
    let target = empty_place(engine_of(&app)).await.unwrap();
    let restored = bring_back(alone.path(), &target, &Tombstones::default(), now).await.unwrap();
    assert_eq!((restored.shredded, restored.cases, restored.items), (0, 2, 3));
    if let Some(place) = target.folder() {
        assert!(is_in_a_file(place, &lost[0][300..364]), "the search can find");
    }
    // On PostgreSQL without a setting there is no file: the list of a later backup in the folder says it.
    let outside = if let Some(place) = app.store.folder() {
        Tombstones::read(&beside(&place.join("approdo.db"))).unwrap().0
    } else {
        app.time.advance(SignedDuration::from_mins(1));
        keep(&app, folder.path(), app.platform.now()).await.unwrap();
        Tombstones::default()
    };
    for engine in [engine_of(&app), other(engine_of(&app))] {
        let Some(target) = empty_place(engine).await else { continue };
        let restored = bring_back(&made.path, &target, &outside, now).await.unwrap();
        assert_eq!((restored.shredded, restored.cases, restored.items), (1, 1, 2));
        if let Some(place) = target.folder() {
            assert!(is_in_a_file(place, &known[0][300..400]), "the search can find");
            for wrap in &lost {
                assert!(!is_in_a_file(place, &wrap[300..364]), "a wrap that was shredded came back");
            }
            let buried = Tombstones::read(&beside(&place.join("approdo.db"))).unwrap().0;
            assert!(
                buried.week_of(&hash_of(gone.uuid())).is_some(),
                "the new database goes on with the list"
            );
        }
        let again = live_on(target).await;
        assert_eq!((count(&again, "session").await, count(&again, "shredded").await), (0, 1));
        let anna = Operator::sign_in(&again, &network.centres[0].people[0]).await;
        assert!(anna.open(gone).await.is_err_and(|answer| answer.status.as_u16() == 404));
        let opened = anna.open(stays).await.unwrap();
        assert_eq!(
            opened.chain(envelope::header::Chain::Conversation).len(),
            2,
            "the chain is whole and opens"
        );
        // She reads her answer with the same code.
        let her = Victim::with_code(&again, network.id, her.code.clone());
        let (_, answers) = her.read(&network.verified(0, now)).await.unwrap();
        assert_eq!(answers.len(), 1);
    }
}

fn is_in_a_file_of(file: &Path, needle: &[u8]) -> bool {
    std::fs::read(file).unwrap().windows(needle.len()).any(|part| part == needle)
}

async fn wraps_are_deleted_and_refused_after_seven_days(app: TestApp) {
    let network = world(&app).await;
    told(&app, network, "Parola").await;
    let folder = TempDir::new().unwrap();
    let made_at = app.platform.now();
    let old = keep(&app, folder.path(), made_at).await.unwrap();
    let copied = TempDir::new().unwrap();
    copy_folder(&old.path, copied.path());
    let week = SignedDuration::from_hours(7 * 24);
    let second = SignedDuration::from_secs(1);

    let at_the_end = keep(&app, folder.path(), made_at + week).await.unwrap();
    assert_eq!(at_the_end.wraps_erased, 0);
    assert!(part_of(&old.path, "wraps-").exists());
    let after = keep(&app, folder.path(), made_at + week + second).await.unwrap();
    assert_eq!(after.wraps_erased, 1);
    assert!(
        std::fs::read_dir(&old.path)
            .unwrap()
            .all(|entry| { !entry.unwrap().file_name().to_str().unwrap().starts_with("wraps-") })
    );
    // What is left of it is still looked through, and says what it is.
    assert_eq!(backup::check(&old.path, made_at + week + second).await.unwrap().age, Age::TooOld);

    // A copy that was kept elsewhere is refused, by the second.
    let target = empty_place(engine_of(&app)).await.unwrap();
    let outside = Tombstones::default();
    let refused = bring_back(copied.path(), &target, &outside, made_at + week + second).await.unwrap_err();
    assert!(matches!(refused, Failed::TooOld(_)) && refused.to_string().contains("seven days"), "{refused}");
    let early = bring_back(copied.path(), &target, &outside, made_at - SignedDuration::from_hours(2)).await;
    assert!(matches!(early.unwrap_err(), Failed::FromTheFuture(_)));
    // The name of a file does not make it younger.
    let renamed = copied.path().join("wraps-renamed");
    std::fs::rename(part_of(copied.path(), "wraps-"), renamed).unwrap();
    assert!(matches!(
        bring_back(copied.path(), &target, &outside, made_at).await.unwrap_err(),
        Failed::Missing(_)
    ));
    // The newest of the folder is taken.
    let restored = bring_back(folder.path(), &target, &outside, made_at + week + second).await.unwrap();
    assert_eq!((restored.backup, restored.cases), (after.path, 1));
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// Every row of every table of a SQLite file, as text.
async fn dump(path: &Path) -> Vec<String> {
    let file = portable::open(path).await.unwrap();
    let ask = async |question: String| -> Vec<String> {
        let rows =
            file.query_all_raw(Statement::from_string(file.get_database_backend(), question)).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    };
    let mut all = Vec::new();
    for table in ask("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name".to_owned()).await {
        if table == "seaql_migrations" || table.starts_with("sqlite_") {
            continue;
        }
        let columns = ask(format!("SELECT name FROM pragma_table_info('{table}') ORDER BY name")).await;
        let columns: Vec<String> = columns.iter().map(|name| format!("quote(\"{name}\")")).collect();
        let rows = format!(
            "SELECT '{table} ' || {} AS row FROM \"{table}\" ORDER BY row",
            columns.join(" || ' ' || ")
        );
        all.extend(ask(rows).await);
    }
    file.close().await.unwrap();
    all
}

async fn from_one_engine_to_the_other_and_back_every_row_is_the_same(app: TestApp) {
    let network = world(&app).await;
    let (her, case) = told(&app, network, "Uno").await;
    told(&app, network, "Due").await;
    let (burned, _) = told(&app, network, "Tre").await;
    assert_eq!(burned.burn(None, app.platform.now()).await.status.as_u16(), 200);
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    let opened = anna.open(case).await.unwrap();
    assert_eq!(anna.answer(&opened, "Risposta", app.platform.now()).await.status.as_u16(), 201);
    let now = app.platform.now();
    let centre = network.verified(0, now);
    let (mailbox, _) = her.read(&centre).await.unwrap();
    let message = her.seal_message(&centre, Channel::Safe, case, &mailbox, "Ancora", now);
    assert_eq!(her.send_message(message.bytes).await.status.as_u16(), 201);

    let folders = [TempDir::new().unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap()];
    let first = keep(&app, folders[0].path(), now).await.unwrap();
    assert!(first.manifest.rows_of("report") == 3 && first.manifest.rows_of("mailbox_past") == 1);
    let (mut last, mut engine) = (first.path.clone(), engine_of(&app));
    for folder in &folders[1..] {
        engine = other(engine);
        let Some(target) = empty_place(engine).await else { return };
        bring_back(&last, &target, &Tombstones::default(), now).await.unwrap();
        let database = Database::connect(&target.url).await.unwrap();
        let order =
            Order { database: &database, name: "it", folder: folder.path(), tombstones: None, keep: 1, now };
        last = backup::make(&order).await.unwrap().path;
        database.close().await.unwrap();
    }
    for prefix in ["data-", "wraps-"] {
        let (was, is) = (dump(&part_of(&first.path, prefix)).await, dump(&part_of(&last, prefix)).await);
        assert!(was.len() > 4, "{prefix}: {was:?}");
        assert_eq!(was, is, "{prefix}");
    }
}

async fn whatever_byte_is_changed_it_is_found(app: TestApp) {
    let network = world(&app).await;
    told(&app, network, "Parola").await;
    let (folder, now) = (TempDir::new().unwrap(), app.platform.now());
    let made = keep(&app, folder.path(), now).await.unwrap();
    // Nothing of it is for anybody else.
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let permissions = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(permissions(&made.path), 0o700);
        for entry in std::fs::read_dir(&made.path).unwrap() {
            assert_eq!(permissions(&entry.unwrap().path()), 0o600);
        }
    }

    for prefix in ["data-", "wraps-", "manifest.json"] {
        let path = part_of(&made.path, prefix);
        let whole = std::fs::read(&path).unwrap();
        for part in 0..16 {
            let mut changed = whole.clone();
            let place = (part * 7_919 + part * whole.len() / 16) % whole.len();
            changed[place] ^= 0x20;
            std::fs::write(&path, &changed).unwrap();
            assert!(backup::check(&made.path, now).await.is_err(), "{prefix} byte {place}");
        }
        std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert!(backup::check(&made.path, now).await.is_err(), "{prefix} cut");
        std::fs::remove_file(&path).unwrap();
        assert!(backup::check(&made.path, now).await.is_err(), "{prefix} away");
        std::fs::write(&path, &whole).unwrap();
    }
    let list = part_of(&made.path, "tombstones-");
    std::fs::write(&list, format!("{} 2026-W48\n", "0".repeat(64))).unwrap();
    assert!(backup::check(&made.path, now).await.is_err(), "a tombstone too much");
    std::fs::write(&list, "").unwrap();
    backup::check(&made.path, now).await.unwrap();
}

async fn change(app: &TestApp, statement: &str) {
    app.platform
        .database
        .write(|transaction| async move {
            transaction.execute_unprepared(statement).await?;
            Ok::<_, DatabaseError>(())
        })
        .await
        .unwrap();
}

async fn an_item_that_was_changed_in_the_database_is_found_by_its_signature(app: TestApp) {
    let network = world(&app).await;
    for text in ["Uno", "Due"] {
        told(&app, network, text).await;
    }
    let (folder, now) = (TempDir::new().unwrap(), app.platform.now());
    let made = keep(&app, folder.path(), now).await.unwrap();
    let frames = backup::check_frames(&backup::check(&made.path, now).await.unwrap()).await.unwrap();
    assert_eq!((frames.right, frames.without_wraps), (2, 0));
    // A byte inside of a value: no structure is broken, no count is wrong.
    change(&app, "UPDATE report_item SET week = '2026-W01', signature = frame_hash || frame_hash").await;
    let made = keep(&app, folder.path(), now + SignedDuration::from_secs(1)).await.unwrap();
    let checked = backup::check(&made.path, now).await.unwrap();
    assert!(matches!(backup::check_frames(&checked).await.unwrap_err(), Failed::Damaged { .. }));
    // A chain with a gap is found without looking at signatures, and no backup takes the place of a better one.
    change(&app, "UPDATE report SET conversation_items = 2").await;
    let refused = keep(&app, folder.path(), now + SignedDuration::from_secs(2)).await.unwrap_err();
    assert!(refused.to_string().contains("gap"), "{refused}");
    assert_eq!(backup::list(folder.path()).unwrap().len(), 2);
}

async fn a_restore_that_stopped_half_way_is_never_used(app: TestApp) {
    let network = world(&app).await;
    told(&app, network, "Parola").await;
    let (folder, now) = (TempDir::new().unwrap(), app.platform.now());
    keep(&app, folder.path(), now).await.unwrap();
    let target = empty_place(engine_of(&app)).await.unwrap();
    let none = Tombstones::default();
    bring_back(folder.path(), &target, &none, now).await.unwrap();
    // What it was before its last step.
    let again = live_on(target).await;
    let of = backup::restored_from(&again.platform.database, "it").await.unwrap();
    assert_eq!(of.as_deref(), Some(now.to_string().as_str()), "it remembers what it was restored from");
    change(&again, "UPDATE restored SET state = 'filling'").await;
    for outcome in [
        backup::restored_from(&again.platform.database, "it").await.map(drop),
        keep(&again, folder.path(), now + SignedDuration::from_secs(1)).await.map(drop),
    ] {
        assert!(matches!(outcome.unwrap_err(), Failed::HalfWay(_)));
    }
    let refused = bring_back(folder.path(), &again.store, &none, now).await.unwrap_err();
    match engine_of(&again) {
        Engine::Sqlite => assert!(matches!(refused, Failed::Taken(_)), "{refused}"),
        Engine::Postgres => assert!(matches!(refused, Failed::HalfWay(_)), "{refused}"),
    }
    // Into one that is in use nothing is restored either.
    assert!(matches!(bring_back(folder.path(), &app.store, &none, now).await.unwrap_err(), Failed::Taken(_)));
    assert_eq!(count(&app, "report").await, 1);
    // What an unfinished restore left beside its name is no obstacle; the log of a file that is gone is one.
    let place = TempDir::new().unwrap();
    let url = DatabaseUrl::Sqlite(place.path().join("new.db"));
    std::fs::write(place.path().join("new.db.part"), "half").unwrap();
    let wanted = Wanted { folder: folder.path(), target: &url, outside: &none, tombstones: None, now };
    std::fs::write(place.path().join("new.db-wal"), "log").unwrap();
    assert!(matches!(backup::restore(&wanted).await.unwrap_err(), Failed::Taken(_)));
    std::fs::remove_file(place.path().join("new.db-wal")).unwrap();
    backup::restore(&wanted).await.unwrap();
    let mut files: Vec<_> =
        std::fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["new.db"], "nothing unfinished is left");
}

async fn a_folder_keeps_one_network_and_as_many_as_are_asked_for(app: TestApp) {
    let network = world(&app).await;
    told(&app, network, "Parola").await;
    let (folder, now) = (TempDir::new().unwrap(), app.platform.now());
    std::fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    let mut last = None;
    for minute in 0..4 {
        last = Some(
            keep_so_many(&app, folder.path(), now + SignedDuration::from_mins(minute), 2).await.unwrap(),
        );
    }
    let last = last.unwrap();
    assert_eq!(last.pruned, 1);
    let kept: Vec<PathBuf> =
        backup::list(folder.path()).unwrap().into_iter().map(|found| found.path).collect();
    assert_eq!(kept.len(), 2);
    assert_eq!(kept.last(), Some(&last.path));
    assert!(folder.path().join("notes.txt").exists());
    assert!(matches!(
        keep(&app, folder.path(), now + SignedDuration::from_mins(3)).await.unwrap_err(),
        Failed::There(_)
    ));
    // Another network has a folder of its own.
    let Some(stranger) = TestApp::start(Engine::Sqlite).await else { return };
    DemoNetwork::new(stranger.platform.now(), 9).publish(&stranger.app).await.unwrap();
    let refused = keep(&stranger, folder.path(), now + SignedDuration::from_mins(5)).await.unwrap_err();
    assert!(matches!(refused, Failed::Foreign { .. }), "{refused}");
    assert_eq!(backup::list(folder.path()).unwrap().len(), 2);
    // And a folder without backups says so.
    let empty = TempDir::new().unwrap();
    assert!(matches!(backup::newest(empty.path(), now).unwrap_err(), Failed::NoBackup(_)));
}

async fn a_backup_that_fails_leaves_nothing_and_takes_old_wraps_all_the_same(app: TestApp) {
    let network = world(&app).await;
    told(&app, network, "Parola").await;
    let (folder, now) = (TempDir::new().unwrap(), app.platform.now());
    let old = keep(&app, folder.path(), now).await.unwrap();
    // An unfinished one, as a kill leaves it.
    let left = folder.path().join("backup-20200101T000000Z.part");
    std::fs::create_dir(&left).unwrap();
    std::fs::write(left.join("wraps-20200101T000000Z.db"), "half").unwrap();
    change(&app, "UPDATE report SET conversation_items = 7").await;
    let later = now + SignedDuration::from_hours(8 * 24);
    keep(&app, folder.path(), later).await.unwrap_err();
    let mut names: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, [old.path.file_name().unwrap().to_str().unwrap(), "lock"]);
    assert_eq!(std::fs::read_dir(&old.path).unwrap().count(), 3, "all but the wraps");
}

async fn a_clock_set_forward_does_not_make_wraps_immortal(app: TestApp) {
    let network = world(&app).await;
    told(&app, network, "Parola").await;
    let (folder, now) = (TempDir::new().unwrap(), app.platform.now());
    let before = keep(&app, folder.path(), now).await.unwrap();
    let ahead = keep(&app, folder.path(), now + SignedDuration::from_hours(24 * 365)).await.unwrap();
    assert_eq!(ahead.wraps_erased, 1, "by that clock the first is a year old");
    let right = keep_so_many(&app, folder.path(), now + SignedDuration::from_hours(24), 2).await.unwrap();
    assert_eq!((right.wraps_erased, right.pruned), (1, 1));
    assert!(
        !ahead.path.exists() && before.path.exists() && right.path.exists(),
        "the wrong clock's goes first"
    );
    let target = empty_place(engine_of(&app)).await.unwrap();
    let later = now + SignedDuration::from_hours(25);
    let restored = bring_back(folder.path(), &target, &Tombstones::default(), later).await.unwrap();
    assert_eq!(restored.backup, right.path);
}
