//! What a centre can read when the platform is gone: a backup of a real server, and the paper from the safe.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use envelope::duty::Channel;
use envelope::encoding::Hash;
use envelope::ids::CaseId;
use envelope::recipient::Recipient;
use jiff::SignedDuration;
use rusqlite::Connection;
use testkit::TestApp;

use crate::desk::{Desk, failed, succeeded};
use crate::world::{NOTE, PICTURE, WORD, World, part_of};

testkit::on_both_engines!(
    paper_alone_opens_every_case_of_its_centre_and_channel,
    nothing_is_written_by_the_wrong_paper_nor_over_anything,
    what_was_altered_is_told_and_the_rest_goes_on,
    whatever_byte_is_changed_nothing_false_is_written,
    what_was_shredded_stays_shredded_and_old_backups_stay_closed,
    a_report_for_two_centres_opens_where_nobody_has_opened_it,
    another_root_is_refused_where_the_right_one_is_known,
    a_code_that_was_taken_back_is_told_with_its_word,
    a_renewed_paper_opens_its_own_epochs_and_tells_what_it_does_not,
    a_full_disk_leaves_nothing_that_looks_whole,
);

/// Every file that was written, by its path inside the folder.
fn restored(desk: &Desk, folder: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let base = desk.path(folder);
    desk.tree(folder)
        .into_iter()
        .map(|(path, bytes)| (path.strip_prefix(&base).unwrap().to_owned(), bytes))
        .collect()
}

/// The folder of a case, and its text.
fn case_of(desk: &Desk, case: CaseId) -> (PathBuf, String) {
    let folders = fs::read_dir(desk.path("restored")).unwrap().map(|entry| entry.unwrap().path());
    let folder = folders
        .into_iter()
        .find(|path| path.to_str().unwrap().ends_with(&case.to_string()))
        .unwrap_or_else(|| panic!("no folder of {case}"));
    let text = fs::read_to_string(folder.join("case.txt")).unwrap();
    (folder, text)
}

fn has_folder(desk: &Desk, case: CaseId) -> bool {
    restored(desk, "restored").keys().any(|path| path.to_str().unwrap().contains(&case.to_string()))
}

async fn paper_alone_opens_every_case_of_its_centre_and_channel(app: TestApp) {
    let (desk, mut world) = (Desk::new(), World::begin(app).await);
    let told = world.live().await;
    world.keep(&desk).await;
    world.papers(&desk);
    let (now, line) = world.line("--paper porto-safe.paper");
    drop(world);

    let said = succeeded(&desk.run_at(&now, &line));
    assert!(said.contains("3 cases") && said.contains("Associazione porto"), "{said}");
    assert!(!said.contains("NOT AS IT SHOULD BE"), "{said}");
    let (folder, text) = case_of(&desk, told.long);
    let in_order = [
        "closed",
        "1. Report · 2026-W",
        "    Prima riga",
        "    1. Answer · 2026-W01 · by Anna Verdi\u{fffd}[2J",
        "    sera, dopo le 18",
        WORD,
        "File: 001-1-foto__.._di_casa.jpg (foto \u{fffd}../di casa.jpg, 400000 bytes, clean)",
        "2. Answer · 2026-W",
        "by Anna Verdi",
        "    Prima risposta",
        "3. Message · 2026-W",
        "by the person who wrote",
        "    Ancora una cosa",
        "Safe word: left empty",
        "4. Change of code",
        "Safe word: right",
        "5. Answer",
        "    Seconda risposta",
        "NOTES OF THE CENTRE",
        "1. Closing",
        "    Nota del centro",
    ];
    let mut rest = text.as_str();
    for expected in in_order {
        let place = rest
            .find(expected)
            .unwrap_or_else(|| panic!("{expected} is missing or out of order in:\n{text}"));
        rest = &rest[place + expected.len()..];
    }
    assert!(
        !text.contains("ATTENTION") && !text.contains('\u{1b}') && !text.contains("AGE-SECRET-KEY"),
        "{text}"
    );
    assert_eq!(fs::read(folder.join("001-1-foto__.._di_casa.jpg")).unwrap(), PICTURE);
    assert_eq!(fs::read(folder.join("003-1-nota.txt")).unwrap(), NOTE);
    assert!(case_of(&desk, told.second_epoch).1.contains("    Nella seconda epoca"));
    assert!(case_of(&desk, told.next_certificate).1.contains("    Con le nuove carte"));
    assert!(!has_folder(&desk, told.withdrawn));

    let index = desk.read("restored/index.txt");
    for expected in [
        "Cases: 3",
        "withdrawn by the person who wrote, and waiting for their end: 1",
        "Epochs opened",
        "Root: ",
    ] {
        assert!(index.contains(expected), "{expected}: {index}");
    }
    for foreign in ["Nell'altro canale", "A un altro centro", "Scritto e ritirato"] {
        for (path, bytes) in restored(&desk, "restored") {
            assert!(!String::from_utf8_lossy(&bytes).contains(foreign), "{foreign} in {}", path.display());
        }
    }
    everything_is_private(&desk.path("restored"));
    // The same again gives the same bytes.
    succeeded(&desk.run_at(&now, &line.replace("restored", "again")));
    assert_eq!(restored(&desk, "restored"), restored(&desk, "again"));
}

fn everything_is_private(folder: &Path) {
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder), 0o700, "{}", folder.display());
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            everything_is_private(&path);
        } else {
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }
}

async fn nothing_is_written_by_the_wrong_paper_nor_over_anything(app: TestApp) {
    let (desk, world) = (Desk::new(), World::begin(app).await);
    world.write(0, Channel::Safe, "Parola").await;
    let backup = world.keep(&desk).await;
    world.papers(&desk);
    let (now, line) = world.line("--paper porto-safe.paper");
    let absent = |desk: &Desk| !desk.path("restored").exists() && !desk.path("restored.part").exists();

    // A paper that no certificate names.
    desk.succeed("paper new --out stranger.paper");
    let complaint = failed(&desk.run_at(&now, &line.replace("porto-safe", "stranger")));
    assert!(complaint.contains("names this paper identity") && absent(&desk), "{complaint}");
    // A paper whose wraps are gone, or sealed to somebody else.
    let wraps = part_of(&backup, "wraps-");
    let whole = fs::read(&wraps).unwrap();
    let file = Connection::open(&wraps).unwrap();
    file.execute("UPDATE epoch_wrap SET sealed_to = 'nobody' WHERE sealed_to = 'paper'", ()).unwrap();
    drop(file);
    let complaint = failed(&desk.run_at(&now, &line));
    assert!(complaint.contains("opens no epoch") && absent(&desk), "{complaint}");
    fs::write(&wraps, whole).unwrap();
    // A paper that others may read, or that is none.
    desk.write("open.paper", &desk.read("porto-safe.paper"));
    fs::set_permissions(desk.path("open.paper"), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(failed(&desk.run_at(&now, &line.replace("porto-safe", "open"))).contains("others may read it"));
    desk.write_secret("none.paper", "AGE-SECRET-KEY-1WRONG");
    let complaint = failed(&desk.run_at(&now, &line.replace("porto-safe", "none")));
    assert!(
        complaint.contains("as on the paper") && !complaint.contains("WRONG") && absent(&desk),
        "{complaint}"
    );

    // What is there stays as it is, a folder, a file, or what an earlier run left.
    for taken in ["restored", "restored.part"] {
        fs::create_dir(desk.path(taken)).unwrap();
        assert!(failed(&desk.run_at(&now, &line)).contains("is there already"));
        assert_eq!(fs::read_dir(desk.path(taken)).unwrap().count(), 0);
        fs::remove_dir(desk.path(taken)).unwrap();
    }
    let complaint = failed(&desk.run_at(&now, &line.replace("--backup backups", "--backup .")));
    assert!(complaint.contains("no backup"), "{complaint}");
    // General support has its own paper, and its own cases: none.
    let said = succeeded(&desk.run_at(&now, &line.replace("porto-safe", "porto-general")));
    assert!(said.contains("0 cases") && said.contains("Channel: general"), "{said}");
}

/// Rows of a backup are changed as by a bad disk, or by somebody.
async fn what_was_altered_is_told_and_the_rest_goes_on(app: TestApp) {
    let (desk, mut world) = (Desk::new(), World::begin(app).await);
    let told = world.live().await;
    let backup = world.keep(&desk).await;
    world.papers(&desk);
    let (now, line) = world.line("--paper porto-safe.paper");
    let data = part_of(&backup, "data-");
    let whole = fs::read(&data).unwrap();
    let long = told.long.as_bytes().to_vec();
    let of_long = |seq: u32| format!("case_id = ?1 AND chain = 'conversation' AND seq = {seq}");

    let changes: [(String, &[&str]); 5] = [
        (
            format!("DELETE FROM report_item WHERE {}", of_long(3)),
            &["3 of the conversation is missing", "Prima risposta", "Seconda risposta"],
        ),
        (
            format!(
                "UPDATE report_item SET body = CAST(substr(body, 1, length(body) - 1) || x'00' AS BLOB) WHERE {}",
                of_long(2)
            ),
            &["2 of the conversation is not opened", "Ancora una cosa"],
        ),
        (
            format!("UPDATE report_item SET signature = zeroblob(64) WHERE {}", of_long(5)),
            &["5 of the conversation is not opened: its signature", "Nota del centro"],
        ),
        (
            "DELETE FROM file_chunk WHERE number = 1 AND file_id IN (SELECT id FROM file WHERE case_id = ?1)"
                .to_owned(),
            &["is not whole", "001-1-foto__.._di_casa.jpg.incomplete", "Seconda risposta"],
        ),
        (
            format!("DELETE FROM report_item WHERE {} OR {}", of_long(4), of_long(5)),
            &["4 of the conversation is missing", "5 of the conversation is missing"],
        ),
    ];
    for (change, expected) in &changes {
        let file = Connection::open(&data).unwrap();
        file.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        assert!(file.execute(change, [&long]).unwrap() > 0, "{change}");
        drop(file);
        let said = succeeded(&desk.run_at(&now, &line));
        assert!(said.contains("NOT AS IT SHOULD BE") && said.contains("3 cases"), "{change}: {said}");
        let (_, text) = case_of(&desk, told.long);
        for words in *expected {
            assert!(text.contains(words), "{change}: {words} in\n{text}");
        }
        let index = desk.read("restored/index.txt");
        assert!(index.contains("is damaged: its bytes are not those that were written"), "{index}");
        assert!(index.contains(expected[0]), "{index}");
        assert!(case_of(&desk, told.second_epoch).1.contains("    Nella seconda epoca"));
        fs::remove_dir_all(desk.path("restored")).unwrap();
        fs::write(&data, &whole).unwrap();
    }
    an_end_that_was_cut_off_is_told_by_what_others_have_seen(&desk, &now, &line, &data, &told.long);
    fs::remove_dir_all(desk.path("restored")).unwrap();
    fs::write(&data, &whole).unwrap();
    moved_texts_are_not_shown_elsewhere(&desk, &now, &line, &data, &told.long);
}

/// The last two items are gone, and the number that counts them is lower too: the note at the end has seen them.
fn an_end_that_was_cut_off_is_told_by_what_others_have_seen(
    desk: &Desk,
    now: &str,
    line: &str,
    data: &Path,
    long: &CaseId,
) {
    let file = Connection::open(data).unwrap();
    file.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    for change in [
        "DELETE FROM report_item WHERE case_id = ?1 AND chain = 'conversation' AND seq > 3",
        "UPDATE report SET conversation_items = 3 WHERE id = ?1",
    ] {
        assert!(file.execute(change, [long.as_bytes().to_vec()]).unwrap() > 0, "{change}");
    }
    drop(file);
    succeeded(&desk.run_at(now, line));
    let (_, text) = case_of(desk, *long);
    assert!(text.contains("somebody has seen its number 5: its end was cut off"), "{text}");
}

/// An answer in another case's place, with everything that the server could change: it opens nowhere.
fn moved_texts_are_not_shown_elsewhere(desk: &Desk, now: &str, line: &str, data: &Path, long: &CaseId) {
    let file = Connection::open(data).unwrap();
    file.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    let moved = "UPDATE report_item SET seq = 9 WHERE case_id = ?1 AND chain = 'conversation' AND seq = 2";
    assert_eq!(file.execute(moved, [long.as_bytes().to_vec()]).unwrap(), 1);
    drop(file);
    succeeded(&desk.run_at(now, line));
    let (_, text) = case_of(desk, *long);
    assert!(
        text.contains("2 of the conversation is missing")
            && text.contains("9 of the conversation is not opened"),
        "{text}"
    );
    assert!(text.contains("put in another place") && !text.contains("    Prima risposta"), "{text}");
}

async fn whatever_byte_is_changed_nothing_false_is_written(app: TestApp) {
    let (desk, world) = (Desk::new(), World::begin(app).await);
    let words: Vec<String> = (0..12).map(|number| format!("Racconto numero {number}")).collect();
    for words in &words {
        world.write(0, Channel::Safe, words).await;
    }
    let backup = world.keep(&desk).await;
    world.papers(&desk);
    let (now, line) = world.line("--paper porto-safe.paper");
    let (mut refused_runs, mut told_runs) = (0, 0);
    for prefix in ["data-", "wraps-"] {
        let path = part_of(&backup, prefix);
        let whole = fs::read(&path).unwrap();
        for part in 0..24 {
            let mut changed = whole.clone();
            let place = (part * 7_919 + part * whole.len() / 24) % whole.len();
            changed[place] ^= 0x21;
            fs::write(&path, &changed).unwrap();
            let output = desk.run_at(&now, &line);
            let code = output.status.code();
            assert!(code == Some(0) || code == Some(1), "{prefix} byte {place}: {output:?}");
            assert!(!desk.path("restored.part").exists(), "{prefix} byte {place}");
            if code == Some(0) {
                let said = String::from_utf8(output.stdout).unwrap();
                assert!(said.contains("NOT AS IT SHOULD BE"), "{prefix} byte {place}: {said}");
                only_what_was_written_stands_there(&desk, &words);
                fs::remove_dir_all(desk.path("restored")).unwrap();
                told_runs += 1;
            } else {
                assert!(!desk.path("restored").exists());
                refused_runs += 1;
            }
        }
        fs::write(&path, &whole).unwrap();
    }
    assert!(told_runs > 30, "{told_runs} of {} were opened", told_runs + refused_runs);
}

/// Every indented line is one that somebody wrote.
fn only_what_was_written_stands_there(desk: &Desk, words: &[String]) {
    for (path, bytes) in restored(desk, "restored") {
        if path.ends_with("case.txt") {
            let text = String::from_utf8(bytes).unwrap();
            for line in text.lines().filter_map(|line| line.strip_prefix("    ")) {
                let is_known =
                    ["sera, dopo le 18", "it"].contains(&line) || words.iter().any(|words| words == line);
                assert!(is_known, "{line} in {}", path.display());
            }
        }
    }
}

async fn what_was_shredded_stays_shredded_and_old_backups_stay_closed(app: TestApp) {
    let (desk, world) = (Desk::new(), World::begin(app).await);
    let (_, kept) = world.write(0, Channel::Safe, "Resta").await;
    let (_, by_file) = world.write(0, Channel::Safe, "Via per lista").await;
    let (_, by_later) = world.write(0, Channel::Safe, "Via per copia").await;
    world.keep(&desk).await;
    world.papers(&desk);
    let (now, line) = world.line("--paper porto-safe.paper");
    let tombstone = |case: CaseId| format!("{} 2026-W48\n", Hash::of(case.as_bytes()));
    desk.write("shredded.txt", &format!("{}cut off", tombstone(by_file)));
    // A later backup beside it knows more; its own data need not be readable for that.
    let later = desk.path("backups/backup-20200101T000000Z");
    fs::create_dir(&later).unwrap();
    fs::write(later.join("manifest.json"), "{}").unwrap();
    fs::write(later.join("tombstones-20200101T000000Z"), tombstone(by_later)).unwrap();

    let said = succeeded(&desk.run_at(&now, &format!("{line} --tombstones shredded.txt")));
    assert!(said.contains("1 cases") && said.contains("shredded, as a list says: 2"), "{said}");
    assert!(desk.read("restored/index.txt").contains("1 lines of the list of shredded cases shredded.txt"));
    assert!(has_folder(&desk, kept) && !has_folder(&desk, by_file) && !has_folder(&desk, by_later));
    fs::remove_dir_all(desk.path("restored")).unwrap();

    // What was decided and not finished is not opened either.
    let backup = part_of(&desk.path("backups"), "backup-2026");
    let file = Connection::open(part_of(&backup, "data-")).unwrap();
    file.execute("INSERT INTO shredding (case_id, week) VALUES (?1, '2026-W48')", [kept.as_bytes().to_vec()])
        .unwrap();
    drop(file);
    succeeded(&desk.run_at(&now, &line));
    assert!(!has_folder(&desk, kept) && has_folder(&desk, by_file));
    fs::remove_dir_all(desk.path("restored")).unwrap();

    let week = SignedDuration::from_hours(7 * 24);
    let second = SignedDuration::from_secs(1);
    for (moment, why) in [
        (world.now() + week + second, "more than seven days ago"),
        (world.now() - SignedDuration::from_hours(2), "yet to come"),
    ] {
        let complaint = failed(&desk.run_at(&moment.to_string(), &line));
        assert!(complaint.contains(why) && !desk.path("restored").exists(), "{complaint}");
    }
    succeeded(&desk.run_at(&(world.now() + week).to_string(), &line));
}

async fn a_report_for_two_centres_opens_where_nobody_has_opened_it(app: TestApp) {
    let (desk, world) = (Desk::new(), World::begin(app).await);
    let waiting = world.write_for_two("Per due").await;
    let held = world.write_for_two("Aperto dal primo").await;
    world.anna().await.open(held).await.unwrap();
    world.keep(&desk).await;
    world.papers(&desk);
    let (now, line) = world.line("--paper faro-safe.paper");
    succeeded(&desk.run_at(&now, &line));
    let (_, text) = case_of(&desk, waiting);
    assert!(text.contains("    Per due") && text.contains("Written to another centre first"), "{text}");
    assert!(!has_folder(&desk, held), "whoever opens first holds the case alone");
    fs::remove_dir_all(desk.path("restored")).unwrap();
    succeeded(&desk.run_at(&now, &line.replace("faro", "porto")));
    assert!(has_folder(&desk, waiting) && has_folder(&desk, held));
    assert!(!case_of(&desk, held).1.contains("Written to another centre first"));
}

async fn another_root_is_refused_where_the_right_one_is_known(app: TestApp) {
    let (desk, world) = (Desk::new(), World::begin(app).await);
    world.write(0, Channel::Safe, "Parola").await;
    world.keep(&desk).await;
    world.papers(&desk);
    desk.write("root.json", &world.network.publication().root);
    let other = testkit::actors::DemoNetwork::new(world.now(), 42);
    desk.write("other.json", &other.publication().root);
    let (now, line) = world.line("--paper porto-safe.paper");
    let complaint = failed(&desk.run_at(&now, &format!("{line} --root other.json")));
    assert!(complaint.contains("another root") && !desk.path("restored").exists(), "{complaint}");
    succeeded(&desk.run_at(&now, &format!("{line} --root root.json")));
}

async fn a_code_that_was_taken_back_is_told_with_its_word(app: TestApp) {
    let (desk, world) = (Desk::new(), World::begin(app).await);
    let case = world.taken_back().await;
    world.keep(&desk).await;
    world.papers(&desk);
    let (now, line) = world.line("--paper porto-safe.paper");
    let said = succeeded(&desk.run_at(&now, &line));
    assert!(!said.contains("NOT AS IT SHOULD BE"), "{said}");
    let (_, text) = case_of(&desk, case);
    let rotation = text.split("3. Change of code").nth(1).unwrap().split("NOTES").next().unwrap();
    assert!(
        rotation.contains("Safe word: WRONG") && rotation.contains("Taken back by two members"),
        "{text}"
    );
    let notes = text.split("NOTES").nth(1).unwrap();
    assert_eq!(notes.matches("Asks to take back the new code of number 3").count(), 2, "{text}");
    assert!(notes.contains("by Anna Verdi") && notes.contains("by Bea Neri"), "{text}");
}

async fn a_renewed_paper_opens_its_own_epochs_and_tells_what_it_does_not(app: TestApp) {
    let (desk, mut world) = (Desk::new(), World::begin(app).await);
    let (_, old) = world.write(0, Channel::Safe, "Sotto la vecchia carta").await;
    world.papers(&desk);
    let said = desk.succeed("paper new --out new.paper");
    let recipient = said.lines().find_map(|line| line.strip_prefix("paper recipient: ")).unwrap();
    world.app.time.advance(SignedDuration::from_hours(24));
    let now = world.now();
    world.network.centres[0].certificate.channels[0].paper_recipient = Recipient::parse(recipient).unwrap();
    world.network.renew_certificate(0, now);
    world.network.publish(&world.app.app).await.unwrap();
    let (_, new) = world.write(0, Channel::Safe, "Sotto la nuova carta").await;
    world.keep(&desk).await;
    let (now, line) = world.line("--paper new.paper");
    for (paper, opened, closed, words) in
        [("new", new, old, "Sotto la nuova carta"), ("porto-safe", old, new, "Sotto la vecchia carta")]
    {
        succeeded(&desk.run_at(&now, &line.replace("new.paper", &format!("{paper}.paper"))));
        assert!(case_of(&desk, opened).1.contains(&format!("    {words}")));
        let (_, text) = case_of(&desk, closed);
        assert!(text.contains("1. NOT OPENED") && text.contains("NOT AS IT SHOULD BE"), "{paper}: {text}");
        assert!(!text.contains("    Sotto"), "{paper}: {text}");
        fs::remove_dir_all(desk.path("restored")).unwrap();
    }
}

/// No file may grow beyond a limit: as on a disk without room, writing fails in the middle of a picture.
async fn a_full_disk_leaves_nothing_that_looks_whole(app: TestApp) {
    let (desk, mut world) = (Desk::new(), World::begin(app).await);
    world.live().await;
    world.keep(&desk).await;
    world.papers(&desk);
    let (now, line) = world.line("--paper porto-safe.paper");
    let output = Command::new("bash")
        .args([
            "-c",
            "trap '' XFSZ; ulimit -f 200; exec \"$@\"",
            "bash",
            env!("CARGO_BIN_EXE_approdo-keys"),
            "--now",
            &now,
        ])
        .args(line.split_whitespace())
        .current_dir(desk.path(""))
        .output()
        .unwrap();
    let complaint = failed(&output);
    assert!(complaint.contains("stopped half way") && complaint.contains("restored.part"), "{complaint}");
    assert!(!desk.path("restored").exists() && !desk.path("restored.part/index.txt").exists());
    let cut =
        restored(&desk, "restored.part").into_iter().filter(|(_, bytes)| bytes.starts_with(&PICTURE[..9]));
    let names: Vec<PathBuf> = cut.map(|(path, _)| path).collect();
    assert!(names.len() == 1 && names[0].to_str().unwrap().ends_with(".incomplete"), "{names:?}");
    // What is left of it is in the way until somebody has looked.
    assert!(failed(&desk.run_at(&now, &line)).contains("is there already"));
}
