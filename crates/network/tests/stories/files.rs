//! Sealed files (protocol sections 5 and 12.8): sent in chunks, claimed by one report or message, read by who opened it, erased with it.

use crate::common::{count, stored, told, world};
use envelope::duty::Channel;
use envelope::ids::CaseId;
use envelope::sizes::{FILE_CHUNK_LENGTH, LONGEST_FILE};
use jiff::SignedDuration;
use keyring::item::{Place, SealedItem};
use sea_orm::ConnectionTrait as _;
use testkit::actors::{DemoNetwork, Operator, SealedFile, Victim, draft_with_files};
use testkit::{Engine, TestApp};

testkit::on_both_engines!(
    chunks_come_in_any_order_and_go_on_after_a_break,
    other_bytes_at_a_place_are_refused,
    what_is_not_a_chunk_of_this_file_is_refused,
    a_report_claims_its_files_and_a_message_its_own,
    a_report_without_its_files_is_not_kept,
    a_file_belongs_to_one_item,
    a_found_code_does_not_tell_by_its_files_whether_a_report_exists,
    only_who_opened_it_reads_the_bytes,
    what_nobody_names_is_erased,
    files_that_nobody_named_have_their_bound,
    shredding_erases_the_files,
);

/// On one engine, because it takes long where nothing is optimised; the others send files of ten megabytes on both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_file_arrives_whole() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let network = world(&app).await;
    let her = Victim::new(&app, network.id);
    let longest = noise(usize::try_from(LONGEST_FILE).unwrap());
    let file = her.seal_file(&longest, "lunga.webm");
    her.send_file(&file).await;
    let report = with_files(&app, network, &her, &[&file]);
    assert_eq!(her.send_report(report.bytes).await.verdict(), (201, String::new()));
    let anna = anna(&app, network).await;
    let opened = anna.open(report.case).await.unwrap();
    let entry = &opened.items[0].content().files()[0];
    assert!(anna.fetch_file(report.case, entry).await.unwrap() == longest);
}

/// Bytes that compress to nothing and repeat nowhere.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// Her report with these files, not sent yet.
fn with_files(app: &TestApp, network: &DemoNetwork, her: &Victim, files: &[&SealedFile]) -> SealedItem {
    let now = app.platform.now();
    her.seal(&network.verified(0, now), None, Channel::Safe, &draft_with_files("Con le foto", files), now)
}

async fn anna(app: &TestApp, network: &DemoNetwork) -> Operator {
    Operator::sign_in(app, &network.centres[0].people[0]).await
}

async fn files(app: &TestApp) -> (i64, i64) {
    (count(app, "file").await, count(app, "file_chunk").await)
}

async fn chunks_come_in_any_order_and_go_on_after_a_break(app: TestApp) {
    let network = world(&app).await;
    let her = Victim::new(&app, network.id);
    let file = her.seal_file(&noise(3 * FILE_CHUNK_LENGTH), "foto.jpg");
    assert_eq!(file.count(), 4);
    assert!(her.kept_chunks(&file).await.is_empty(), "alike for a file that nobody began");
    assert_eq!(her.send_chunk(&file, 2).await.verdict(), (409, "sequence".to_owned()), "the first begins it");
    for number in [0, 3] {
        assert_eq!(her.send_chunk(&file, number).await.verdict(), (201, String::new()));
    }
    // The line broke. What is there need not be sent again.
    let kept = her.kept_chunks(&file).await;
    assert_eq!(kept, [0, 3]);
    for number in (0..file.count()).filter(|number| !kept.contains(number)) {
        assert_eq!(her.send_chunk(&file, number).await.verdict(), (201, String::new()));
    }
    for number in 0..file.count() {
        assert_eq!(
            her.send_chunk(&file, number).await.verdict(),
            (201, String::new()),
            "once more, {number}"
        );
    }
    assert_eq!(her.kept_chunks(&file).await, [0, 1, 2, 3]);
    assert_eq!(files(&app).await, (1, 4));
    // The same chunk twice at once is one.
    let another = her.seal_file(&noise(FILE_CHUNK_LENGTH), "altra.jpg");
    her.send_chunk(&another, 0).await;
    let (one, other) = tokio::join!(her.send_chunk(&another, 1), her.send_chunk(&another, 1));
    assert_eq!([one.verdict().0, other.verdict().0], [201, 201]);
    assert_eq!(files(&app).await, (2, 6));
    let report = with_files(&app, network, &her, &[&file, &another]);
    assert_eq!(her.send_report(report.bytes).await.verdict(), (201, String::new()), "and it counts once");
}

async fn other_bytes_at_a_place_are_refused(app: TestApp) {
    let network = world(&app).await;
    let her = Victim::new(&app, network.id);
    let mut file = her.seal_file(&noise(2 * FILE_CHUNK_LENGTH), "foto.jpg");
    her.send_chunk(&file, 0).await;
    her.send_chunk(&file, 1).await;
    file.chunks[1][7] ^= 1;
    assert_eq!(her.send_chunk(&file, 1).await.verdict(), (409, "sequence".to_owned()));
    // Another number of chunks than it began with.
    file.chunks[1][7] ^= 1;
    let longer = file.key.chunk_request(1, 4, &file.chunks[1]);
    assert_eq!(her.client.post(&file.path(1), longer).await.verdict(), (409, "sequence".to_owned()));
    assert_eq!(her.send_chunk(&file, 1).await.verdict(), (201, String::new()), "the control");
    assert_eq!(files(&app).await, (1, 2));
}

async fn what_is_not_a_chunk_of_this_file_is_refused(app: TestApp) {
    let network = world(&app).await;
    let her = Victim::new(&app, network.id);
    let [file, another] = ["una.jpg", "altra.jpg"].map(|name| her.seal_file(&noise(FILE_CHUNK_LENGTH), name));
    let verdict = async |path: String, body: Vec<u8>| her.client.post(&path, body).await.verdict();
    let (malformed, signature) = ((400, "malformed".to_owned()), (400, "signature".to_owned()));
    let mut altered = file.request(0);
    altered[500] ^= 1;
    assert_eq!(verdict(file.path(0), altered).await, signature);
    assert_eq!(verdict(another.path(0), file.request(0)).await, signature, "under another file's name");
    assert_eq!(verdict(file.path(1), file.request(0)).await, signature, "at another place");
    assert_eq!(verdict(file.path(2), file.request(0)).await, malformed, "at a place that it does not have");
    assert_eq!(verdict(file.path(0), file.request(0)[..90].to_vec()).await, malformed);
    assert_eq!(verdict("/files/nonsense/0".to_owned(), file.request(0)).await, malformed);
    assert_eq!(verdict(format!("/files/{}/x", file.entry.file), file.request(0)).await, malformed);
    let too_long = [file.request(0), vec![0; 200]].concat();
    assert_eq!(verdict(file.path(0), too_long).await, (413, "size".to_owned()));
    // Only sealed bytes are kept here, whoever sends them.
    let plain =
        file.key.chunk_request(0, 1, b"un testo che tutti possono leggere, abbastanza lungo per un inizio");
    assert_eq!(verdict(file.path(0), plain).await, malformed);
    let foreign = her.client.clone().on_another_site().post(&file.path(0), file.request(0)).await;
    assert_eq!(foreign.verdict(), (403, "origin".to_owned()));
    // The work is for this file.
    let without = her.client.post_once(&file.path(0), file.request(0), None).await;
    assert_eq!(without.verdict(), (429, "work".to_owned()));
    // Nobody else asks what is kept.
    let status = format!("/files/{}/status", file.entry.file);
    assert_eq!(verdict(status.clone(), another.key.status_request()).await, signature);
    assert_eq!(verdict(status, vec![0; 10]).await, malformed);
    assert_eq!(files(&app).await, (0, 0));
    assert_eq!(her.send_chunk(&file, 0).await.verdict(), (201, String::new()), "the control");
}

async fn a_report_claims_its_files_and_a_message_its_own(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let centre = network.verified(0, now);
    let her = Victim::new(&app, network.id);
    let (said, shown) = (noise(300_000), b"CANARINO-FOTO".repeat(1_000));
    let (first, second) = (her.seal_file(&said, "CANARINO-NOME.jpg"), her.seal_file(&shown, "due.jpg"));
    her.send_file(&first).await;
    let report = with_files(&app, network, &her, &[&first]);
    assert_eq!(her.send_report(report.bytes.clone()).await.verdict(), (201, String::new()));
    assert_eq!(her.send_report(report.bytes).await.verdict(), (201, String::new()), "once more");
    let anna = anna(&app, network).await;
    let opened = anna.open(report.case).await.unwrap();
    let entry = &opened.items[0].content().files()[0];
    assert_eq!((entry.name.as_str(), entry.length), ("CANARINO-NOME.jpg", 300_000));
    assert_eq!(anna.fetch_file(report.case, entry).await.unwrap(), said);

    assert_eq!(anna.answer(&opened, "Grazie", now).await.status.as_u16(), 201);
    her.send_file(&second).await;
    let (mailbox, _) = her.read(&centre).await.unwrap();
    let place = Place { case: report.case, seq: 3, prev: mailbox.last_hash(), seen: 2 };
    let message = her.seal_message_with_files(&centre, Channel::Safe, &place, "Un’altra", &[&second], now);
    assert_eq!(her.send_message(message.bytes).await.verdict(), (201, String::new()));
    let opened = anna.open(report.case).await.unwrap();
    let entry = &opened.items[2].content().files()[0];
    assert_eq!(anna.fetch_file(report.case, entry).await.unwrap(), shown);
    // The day on which they came is gone with the claim.
    app.app.housekeeping().await.unwrap();
    let question = sea_orm::Statement::from_string(
        app.platform.database.engine(),
        "SELECT COUNT(*) AS number FROM file WHERE arrived_on IS NOT NULL",
    );
    let row = app.platform.database.read().query_one_raw(question).await.unwrap().unwrap();
    assert_eq!(row.try_get::<i64>("", "number").unwrap(), 0);
    let Some(folder) = app.store.folder() else { return };
    let secret = entry.secret.as_bytes();
    for kept in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(kept.unwrap().path()).unwrap();
        for canary in [b"CANARINO-FOTO".as_slice(), b"CANARINO-NOME", b"image/jpeg", &secret[..40]] {
            let is_there = bytes.windows(canary.len()).any(|part| part == canary);
            assert!(!is_there, "{} is in the database", String::from_utf8_lossy(canary));
        }
    }
}

async fn a_report_without_its_files_is_not_kept(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let centre = network.verified(0, now);
    let her = Victim::new(&app, network.id);
    let [whole, unfinished, unsent] =
        ["una.jpg", "due.jpg", "tre.jpg"].map(|name| her.seal_file(&noise(FILE_CHUNK_LENGTH), name));
    her.send_file(&whole).await;
    her.send_chunk(&unfinished, 0).await;
    let refused = (409, "files".to_owned());
    for missing in [&unfinished, &unsent] {
        let report = with_files(&app, network, &her, &[&whole, missing]);
        assert_eq!(her.send_report(report.bytes).await.verdict(), refused);
        assert_eq!(stored(&app).await, (0, 0, 0));
    }
    her.send_file(&unfinished).await;
    let report = with_files(&app, network, &her, &[&whole, &unfinished]);
    assert_eq!(
        her.send_report(report.bytes).await.verdict(),
        (201, String::new()),
        "nothing was tied before"
    );
    // A message alike; what is refused leaves its place free.
    let anna = anna(&app, network).await;
    let opened = anna.open(report.case).await.unwrap();
    anna.answer(&opened, "Grazie", now).await;
    let (mailbox, _) = her.read(&centre).await.unwrap();
    let place = Place { case: report.case, seq: 3, prev: mailbox.last_hash(), seen: 2 };
    let seal = |files: &[&SealedFile]| {
        her.seal_message_with_files(&centre, Channel::Safe, &place, "Con foto", files, now).bytes
    };
    for stray in [&unsent, &whole] {
        assert_eq!(her.send_message(seal(&[stray])).await.verdict(), refused, "missing, or of another item");
    }
    assert_eq!(stored(&app).await.1, 2);
    assert_eq!(her.send_message(seal(&[])).await.verdict(), (201, String::new()));
}

async fn a_file_belongs_to_one_item(app: TestApp) {
    let network = world(&app).await;
    let (her, thief) = (Victim::new(&app, network.id), Victim::new(&app, network.id));
    let file = her.seal_file(&noise(1_000), "foto.jpg");
    her.send_file(&file).await;
    // Both name it at the same moment: one has it, the other is not kept.
    let [hers, theirs] = [&her, &thief].map(|who| with_files(&app, network, who, &[&file]));
    let (one, other) = tokio::join!(her.send_report(hers.bytes), thief.send_report(theirs.bytes));
    let mut verdicts = [one.verdict(), other.verdict()];
    verdicts.sort();
    assert_eq!(verdicts, [(201, String::new()), (409, "files".to_owned())]);
    assert_eq!((stored(&app).await.0, files(&app).await), (1, (1, 1)));
    // Nor does another case of the same centre lead to its bytes.
    let another = Victim::new(&app, network.id);
    let report = with_files(&app, network, &another, &[]);
    another.send_report(report.bytes).await;
    let anna = anna(&app, network).await;
    anna.open(report.case).await.unwrap();
    let answer = anna.fetch_chunk(report.case, &file.entry, 0).await;
    assert_eq!(answer.verdict(), (404, "not-found".to_owned()));
}

/// I10, by posting: with files that are there, or are not, a code with a report is answered like one without.
async fn a_found_code_does_not_tell_by_its_files_whether_a_report_exists(app: TestApp) {
    let network = world(&app).await;
    let known = Victim::new(&app, network.id);
    known.send_report(with_files(&app, network, &known, &[]).bytes).await;
    let found = Victim::with_code(&app, network.id, known.code.clone());
    let unknown = Victim::new(&app, network.id);
    let [there, elsewhere, missing] = ["una", "due", "tre"].map(|name| found.seal_file(&noise(500), name));
    found.send_file(&there).await;
    found.send_file(&elsewhere).await;
    for (files, status) in [([&missing], 409), ([&there], 201)] {
        let of_found = found.send_report(with_files(&app, network, &found, &files).bytes).await;
        // Each with a file of its own: one that was claimed is no longer there.
        let files = if status == 201 { [&elsewhere] } else { files };
        let of_unknown = unknown.send_report(with_files(&app, network, &unknown, &files).bytes).await;
        assert_eq!(of_found.status.as_u16(), status);
        assert_eq!(told(&of_found), told(&of_unknown), "{status}");
    }
}

async fn only_who_opened_it_reads_the_bytes(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let (porto, faro) = (network.verified(0, now), network.verified(1, now));
    let her = Victim::new(&app, network.id);
    let file = her.seal_file(&noise(400_000), "foto.jpg");
    her.send_file(&file).await;
    let draft = draft_with_files("Con la foto", std::slice::from_ref(&&file));
    let report = her.seal(&porto, Some(&faro), Channel::Safe, &draft, now);
    assert_eq!(her.send_report(report.bytes).await.verdict(), (201, String::new()));
    let verdict = async |who: &Operator| who.fetch_chunk(report.case, &file.entry, 0).await.verdict();
    let missing = (404, "not-found".to_owned());
    let anna = anna(&app, network).await;
    let [carla, dora] = [0, 1].map(|place| &network.centres[1].people[place]);
    let (carla, dora) = (Operator::sign_in(&app, carla).await, Operator::sign_in(&app, dora).await);
    assert_eq!(verdict(&anna).await, (409, "changed".to_owned()), "not before it is opened");
    assert_eq!(verdict(&carla).await, missing, "the second centre before the promised time");
    anna.open(report.case).await.unwrap();
    assert_eq!(verdict(&anna).await, (200, String::new()));
    assert_eq!([verdict(&carla).await, verdict(&dora).await], [missing.clone(), missing.clone()]);
    let path = format!("/console/reports/{}/files/{}/0", report.case, file.entry.file);
    let nobody = her.client.fetch(&path).await;
    assert_eq!(nobody.verdict(), (401, "signed-out".to_owned()));
    for strange in ["0x", "-1", "2", "4294967296", "../0"] {
        let path = format!("/console/reports/{}/files/{}/{strange}", report.case, file.entry.file);
        assert_eq!(anna.client.fetch(&path).await.verdict(), missing, "{strange}");
    }
    let page = anna.fetch_chunk(report.case, &file.entry, 0).await;
    assert_eq!(page.header("content-type"), "application/octet-stream");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
}

async fn what_nobody_names_is_erased(app: TestApp) {
    let network = world(&app).await;
    let her = Victim::new(&app, network.id);
    let (left, kept) =
        (her.seal_file(&noise(40 * FILE_CHUNK_LENGTH), "lunga"), her.seal_file(&noise(9), "sua"));
    her.send_file(&left).await;
    her.send_file(&kept).await;
    assert_eq!(her.send_report(with_files(&app, network, &her, &[&kept]).bytes).await.status.as_u16(), 201);
    app.time.advance(SignedDuration::from_hours(24));
    app.app.housekeeping().await.unwrap();
    assert_eq!(her.kept_chunks(&left).await.len(), left.chunks.len(), "a day later she may still be writing");
    app.time.advance(SignedDuration::from_hours(24));
    app.app.housekeeping().await.unwrap();
    assert_eq!(files(&app).await, (1, 1), "what was named stays");
    assert!(her.kept_chunks(&left).await.is_empty());
    let her = Victim::new(&app, network.id);
    let late = with_files(&app, network, &her, &[&left]);
    assert_eq!(her.send_report(late.bytes).await.verdict(), (409, "files".to_owned()));
    // She sends it again, and is heard.
    her.send_file(&left).await;
    assert_eq!(her.send_report(with_files(&app, network, &her, &[&left]).bytes).await.status.as_u16(), 201);
}

async fn files_that_nobody_named_have_their_bound(app: TestApp) {
    let network = world(&app).await;
    let her = Victim::new(&app, network.id);
    let file = her.seal_file(&noise(FILE_CHUNK_LENGTH), "foto.jpg");
    her.send_chunk(&file, 0).await;
    // Forty announcements of the longest file take no room: what was sent counts.
    for _ in 0..40 {
        let announced = her.seal_file(&noise(FILE_CHUNK_LENGTH), "annuncio");
        let request = announced.key.chunk_request(0, 204, &announced.chunks[0]);
        assert_eq!(her.client.post(&announced.path(0), request).await.verdict(), (201, String::new()));
    }
    // As if they had sent all they announced: two gibibytes.
    let filled: Result<(), platform::database::DatabaseError> = app
        .platform
        .database
        .write(|transaction| async move {
            transaction.execute_unprepared("UPDATE file SET kept = chunks WHERE chunks = 204").await?;
            Ok(())
        })
        .await;
    filled.unwrap();
    let busy = (503, "busy".to_owned());
    assert_eq!(her.send_chunk(&her.seal_file(&noise(9), "altra"), 0).await.verdict(), busy);
    assert_eq!(her.send_chunk(&file, 1).await.verdict(), busy);
    assert_eq!(her.send_chunk(&file, 0).await.verdict(), (201, String::new()), "what is there is there");
    let plain = with_files(&app, network, &her, &[]);
    assert_eq!(
        her.send_report(plain.bytes).await.verdict(),
        (201, String::new()),
        "words are not touched by it"
    );
    for _ in 0..2 {
        app.time.advance(SignedDuration::from_hours(24));
        app.app.housekeeping().await.unwrap();
    }
    assert_eq!(
        her.send_chunk(&file, 0).await.verdict(),
        (201, String::new()),
        "two days later there is room"
    );
}

async fn shredding_erases_the_files(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let mut cases: Vec<(CaseId, SealedFile)> = Vec::new();
    for number in 0..2 {
        let her = Victim::new(&app, network.id);
        // Long enough to be erased in several steps.
        let file = her.seal_file(&noise(40 * FILE_CHUNK_LENGTH - number), "foto.jpg");
        her.send_file(&file).await;
        let report = with_files(&app, network, &her, &[&file]);
        assert_eq!(her.send_report(report.bytes).await.status.as_u16(), 201);
        if number == 0 {
            assert_eq!(her.burn(None, now).await.status.as_u16(), 200);
        }
        cases.push((report.case, file));
    }
    assert_eq!(files(&app).await.0, 2);
    for _ in 0..3 {
        app.time.advance(SignedDuration::from_hours(7 * 24));
        app.app.housekeeping().await.unwrap();
    }
    let (gone, kept) = (&cases[0], &cases[1]);
    assert_eq!((stored(&app).await.0, files(&app).await), (1, (1, i64::from(kept.1.count()))));
    let anna = anna(&app, network).await;
    assert_eq!(anna.fetch_chunk(gone.0, &gone.1.entry, 0).await.status.as_u16(), 404);
    anna.open(kept.0).await.unwrap();
    assert!(anna.fetch_file(kept.0, &kept.1.entry).await.is_ok(), "the control");
    let Some(folder) = app.store.folder() else { return };
    let piece = |file: &SealedFile, chunk: usize| file.chunks[chunk][1_000..1_064].to_vec();
    let mut found = [0, 0];
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for (place, (_, file)) in cases.iter().enumerate() {
            for chunk in [0, 20, 38] {
                let needle = piece(file, chunk);
                found[place] += usize::from(bytes.windows(needle.len()).any(|part| part == needle));
            }
        }
    }
    assert_eq!(found, [0, 3], "nothing of what was shredded, everything of what was not");
}
