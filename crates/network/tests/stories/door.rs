//! The door (protocol section 7.6; docs/adr/0009-the-door.md) as people meet it: work before a post, an appointment where a line sends too
//! much, and nobody locked out for the line that she shares.

use crate::common::{count, stored, told, world};
use envelope::duty::Channel;
use envelope::encoding::{from_base64, to_base64};
use envelope::mailbox::Nonce;
use envelope::work::{Challenge, Solver, TOKEN_LENGTH};
use jiff::{SignedDuration, Timestamp};
use keyring::receipt::Receipt;
use keyring::slot::SlotKeys;
use platform::config::{Config, DoorSettings, PublicUrl};
use platform::door::{LEAST_TRIES, MOST_TRIES};
use serde_json::json;
use testkit::actors::{Client, DemoNetwork, Operator, Victim};
use testkit::{Answer, Engine, TestApp};

testkit::on_both_engines!(
    a_post_takes_work_that_counts_once_and_for_one_mailbox,
    under_load_it_takes_more_work,
    no_address_is_kept_anywhere,
    wrong_answers_delay_an_account_on_one_line_alone,
    the_delay_ends_and_never_grows_beyond_a_quarter_of_an_hour,
);

/// The door knows no database, and much work takes long where nothing is optimised: these are told on one engine.
macro_rules! on_one_engine {
    ($($story:ident),+ $(,)?) => { $(
        mod $story {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                super::$story(super::narrow().await).await;
            }
        }
    )+ };
}

on_one_engine!(
    a_shelter_behind_one_address_gets_in_within_the_horizon,
    what_one_line_floods_moves_nobody_elses_appointment,
    through_the_onion_service_work_is_all,
    reading_takes_no_work_until_a_line_reads_far_too_much,
);

/// Far less room than a real server has: three posts a minute and line without more work, two a second from everybody.
async fn narrow() -> TestApp {
    let store = Engine::Sqlite.open().await.unwrap();
    let door = DoorSettings { posts_per_second: 2, quiet_posts: 3, ..DoorSettings::default() };
    let onion =
        PublicUrl::parse("http://abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwx.onion").unwrap();
    TestApp::on(store, Config { door, other_urls: vec![onion], ..testkit::demonstration() }).await
}

/// A report of somebody new, ready to be posted, and the mailbox that the work is for.
fn report(app: &TestApp, network: &DemoNetwork, number: u8) -> (Vec<u8>, [u8; 32]) {
    let now = app.platform.now();
    // The slow derivation of a code is left out: this receipt comes from bytes.
    let her = Victim::with_receipt(app, Receipt::from_random_bytes(&[number; 32]).unwrap());
    let sealed = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    (sealed.bytes, *her.receipt.mailbox_id().as_bytes())
}

fn solve(challenge: Challenge, subject: &[u8; 32]) -> String {
    Solver::new(challenge, subject).finish().to_header()
}

/// Posts and works until the door says yes or names a time; then also the token that is to be brought again.
async fn knock(client: &Client, bytes: &[u8], subject: &[u8; 32]) -> (Answer, Option<String>) {
    let mut token = None;
    for _ in 0..8 {
        let answer = client.post_once("/reports", bytes.to_vec(), token.as_deref()).await;
        match answer.challenge() {
            Some(challenge) => token = Some(solve(challenge, subject)),
            None => return (answer, token),
        }
    }
    panic!("work without an end");
}

fn seconds(answer: &Answer) -> i64 {
    assert_eq!(answer.verdict(), (503, "busy".to_owned()));
    let seconds = answer.json()["seconds"].as_i64().unwrap();
    assert_eq!(answer.header("retry-after"), seconds.to_string());
    seconds
}

async fn a_post_takes_work_that_counts_once_and_for_one_mailbox(app: TestApp) {
    let network = world(&app).await;
    let client = Client::new(&app);
    let (hers, mailbox) = report(&app, network, 1);
    let (another, other_mailbox) = report(&app, network, 2);
    let post =
        async |bytes: &[u8], token: Option<&str>| client.post_once("/reports", bytes.to_vec(), token).await;
    let refused = post(&hers, None).await;
    assert_eq!(refused.verdict(), (429, "work".to_owned()));
    let challenge = refused.challenge().unwrap();
    assert_eq!(challenge.tries(), LEAST_TRIES);
    let work = (429, "work".to_owned());

    let token = solve(challenge, &mailbox);
    let mut forged = from_base64(&token).unwrap();
    // Cheaper work than was asked for, under the same code.
    forged[8..12].copy_from_slice(&1_u32.to_le_bytes());
    let of_others = solve(challenge, &other_mailbox);
    let unsolved = to_base64(&[challenge.as_bytes().as_slice(), &[0; TOKEN_LENGTH - 60]].concat());
    for wrong in [to_base64(&forged).as_str(), &of_others, &unsolved, "nonsense", ""] {
        assert_eq!(post(&hers, Some(wrong)).await.verdict(), work, "{wrong}");
    }
    let elsewhere = solve(foreign_challenge(), &mailbox);
    assert_eq!(post(&hers, Some(&elsewhere)).await.verdict(), work, "of another server");
    assert_eq!(stored(&app).await, (0, 0, 0));
    assert_eq!(post(&hers, Some(&token)).await.verdict(), (201, String::new()));
    assert_eq!(post(&hers, Some(&token)).await.verdict(), work, "used");
    assert_eq!(post(&another, Some(&of_others)).await.verdict(), work, "one challenge is one post");

    // A challenge that was asked for before the post, while she typed; ten minutes later it has ended.
    let asked = client.post_once("/work", Vec::new(), None).await;
    let early = solve(Challenge::parse(&asked.body).unwrap(), &other_mailbox);
    let asked = client.post_once("/work", Vec::new(), None).await;
    let stale = solve(Challenge::parse(&asked.body).unwrap(), &other_mailbox);
    app.time.advance(SignedDuration::from_secs(600));
    assert_eq!(post(&another, Some(&early)).await.verdict(), (201, String::new()));
    app.time.advance(SignedDuration::from_secs(1));
    assert_eq!(post(&another, Some(&stale)).await.verdict(), work);
    let foreign = client.clone().on_another_site().post_once("/work", Vec::new(), None).await;
    assert_eq!(foreign.verdict(), (403, "origin".to_owned()));
    assert_eq!(stored(&app).await.0, 2);
}

/// A challenge that no server of ours issued.
fn foreign_challenge() -> Challenge {
    let clear = Challenge::clear(u64::try_from(testkit::beginning().as_second()).unwrap(), 1, &[5; 16]);
    Challenge::assemble(&clear, &[9; 32])
}

async fn under_load_it_takes_more_work(app: TestApp) {
    let network = world(&app).await;
    let client = Client::new(&app);
    let (hers, mailbox) = report(&app, network, 1);
    let challenge = client.post_once("/reports", hers.clone(), None).await.challenge().unwrap();
    let cheap = solve(challenge, &mailbox);
    app.platform.door.press(1.0);
    let refused = client.post_once("/reports", hers.clone(), Some(&cheap)).await;
    let dear = refused.challenge().unwrap();
    assert_eq!(dear.tries(), MOST_TRIES);
    let token = solve(dear, &mailbox);
    // The rush is over before her phone is done: the work is good all the same.
    app.platform.door.press(0.0);
    let kept = client.post_once("/reports", hers, Some(&token)).await;
    assert_eq!(kept.verdict(), (201, String::new()));
}

async fn a_shelter_behind_one_address_gets_in_within_the_horizon(app: TestApp) {
    let network = world(&app).await;
    // Forty people in a house with one line, all within the same second.
    let mut waiting: Vec<(Timestamp, Vec<u8>, String)> = Vec::new();
    let shelter = Client::new(&app).from_address("198.51.100.20");
    let mut at_once = 0;
    for number in 1..=40 {
        let (bytes, mailbox) = report(&app, network, number);
        let (answer, token) = knock(&shelter, &bytes, &mailbox).await;
        if answer.status.as_u16() == 201 {
            at_once += 1;
            continue;
        }
        let due = app.platform.now() + SignedDuration::from_secs(seconds(&answer));
        waiting.push((due, bytes, token.unwrap()));
    }
    assert!(at_once >= 12, "as many as four quiet minutes at once: {at_once}");
    let begun = app.platform.now();
    waiting.sort_by_key(|(due, _, _)| *due);
    for (due, bytes, token) in waiting {
        // Whoever asks too early is told the same time once more, and loses nothing.
        let early = shelter.post_once("/reports", bytes.clone(), Some(&token)).await;
        if app.platform.now() < due {
            assert!(seconds(&early) <= due.duration_since(app.platform.now()).as_secs());
            app.time.set(due);
            let kept = shelter.post_once("/reports", bytes, Some(&token)).await;
            assert_eq!(kept.verdict(), (201, String::new()), "she comes when she was told to");
        }
    }
    assert_eq!(stored(&app).await.0, 40);
    let lasted = app.platform.now().duration_since(begun);
    assert!(lasted <= SignedDuration::from_secs(60), "{lasted}");
}

async fn what_one_line_floods_moves_nobody_elses_appointment(app: TestApp) {
    let network = world(&app).await;
    let flood = Client::new(&app).from_address("203.0.113.9");
    let home = Client::new(&app).from_address("198.51.100.20");
    let mut number = 0;
    let mut flooded = async |from: &Client| {
        number += 1;
        let (bytes, mailbox) = report(&app, network, number);
        let (answer, token) = knock(from, &bytes, &mailbox).await;
        (answer, bytes, token)
    };
    // Both lines are busy; at home somebody has an appointment.
    let (hers, bytes, token) = loop {
        let (answer, bytes, token) = flooded(&home).await;
        if answer.status.as_u16() == 503 {
            break (seconds(&answer), bytes, token.unwrap());
        }
    };
    for _ in 0..12 {
        flooded(&flood).await;
    }
    assert!(seconds(&flooded(&flood).await.0) > hers, "who floods waits behind her own flood");
    let other = Client::new(&app).from_address("192.0.2.1");
    assert_eq!(flooded(&other).await.0.status.as_u16(), 201, "a third line does not wait");
    app.time.advance(SignedDuration::from_secs(hers));
    let kept = home.post_once("/reports", bytes, Some(&token)).await;
    assert_eq!(kept.verdict(), (201, String::new()));
}

async fn through_the_onion_service_work_is_all(app: TestApp) {
    let network = world(&app).await;
    let onion = "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwx.onion";
    let tor = Client::new(&app).by_host(onion);
    for number in 1..=16 {
        let (bytes, mailbox) = report(&app, network, number);
        let (answer, _) = knock(&tor, &bytes, &mailbox).await;
        assert_eq!(answer.verdict(), (201, String::new()), "{number}: no appointments");
    }
    let (bytes, _) = report(&app, network, 17);
    let dear = tor.post_once("/reports", bytes.clone(), None).await.challenge().unwrap();
    assert_eq!(dear.tries(), MOST_TRIES);
    // Naming the onion from elsewhere makes nobody anonymous, and its flood is not this machine's.
    let pretender = Client::new(&app).by_host(onion).from_address("203.0.113.9");
    let quiet = pretender.post_once("/reports", bytes, None).await.challenge().unwrap();
    assert!(quiet.tries() < MOST_TRIES);
}

async fn reading_takes_no_work_until_a_line_reads_far_too_much(app: TestApp) {
    let network = world(&app).await;
    let (known, unknown) = (Victim::new(&app, network.id), Victim::new(&app, network.id));
    let now = app.platform.now();
    let report = known.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    known.send_report(report.bytes).await;
    let reader = Client::new(&app).from_address("203.0.113.9");
    let read = async |who: &Victim, client: &Client| {
        let nonce = client.post_once("/mailbox/nonce", Vec::new(), None).await;
        let request = who.receipt.page_request(&Nonce::from_slice(&nonce.body).unwrap(), 0);
        client.post_once("/mailbox/page", request, None).await
    };
    let mut free = 0;
    while read(&unknown, &reader).await.status.as_u16() == 200 {
        free += 1;
        assert!(free < 100, "sixty a minute are three posts' worth");
    }
    assert!(free >= 60, "{free}");
    for who in [&known, &unknown] {
        assert_eq!(read(who, &reader).await.verdict(), (429, "work".to_owned()), "alike for every mailbox");
    }
    let elsewhere = Client::new(&app).from_address("198.51.100.20");
    assert_eq!(read(&known, &elsewhere).await.status.as_u16(), 200);
}

async fn no_address_is_kept_anywhere(app: TestApp) {
    let network = world(&app).await;
    let address = "203.0.113.77";
    let client = Client::new(&app).from_address(address);
    let (bytes, mailbox) = report(&app, network, 1);
    assert_eq!(knock(&client, &bytes, &mailbox).await.0.status.as_u16(), 201);
    let mut console = client.clone();
    let person = &network.centres[0].people[0];
    let (answer, _) = Operator::answer_challenge(&mut console, person.account, person).await;
    assert_eq!(answer.status.as_u16(), 200);
    let shown = format!("{:?} {:?} {:?}", app.app, app.platform, console);
    for part in ["203.0.113", "203, 0, 113", "203,0,113", person.account] {
        assert!(!shown.contains(part), "{part} is in what a log might print");
    }
    let Some(folder) = app.store.folder() else { return };
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(9).any(|part| part == b"203.0.113"));
        // The four bytes of the address, or the three of its network, in front of something that is no chance.
        assert!(!bytes.windows(4).any(|part| part == [203, 0, 113, 77]));
    }
}

/// Answers to one challenge, right or wrong, without deriving the keys anew each time.
struct Door<'a> {
    account: &'a str,
    keys: SlotKeys,
}

impl Door<'_> {
    async fn answer(&self, client: &mut Client, account: &str, is_right: bool) -> Answer {
        let challenge =
            client.post_json("/console/sign-in/challenge", &json!({ "account": account })).await.json();
        let nonce = from_base64(challenge["nonce"].as_str().unwrap()).unwrap();
        let signed = if is_right { account } else { "qualcun.altro" };
        let signature = self.keys.sign_in(&Nonce::from_slice(&nonce).unwrap(), signed);
        let body = json!({ "account": account, "nonce": challenge["nonce"], "signature": signature });
        client.post_json("/console/sign-in", &body).await
    }
}

async fn door<'a>(app: &TestApp, network: &'a DemoNetwork) -> Door<'a> {
    let person = &network.centres[0].people[0];
    let request = json!({ "account": person.account });
    let challenge = Client::new(app).post_json("/console/sign-in/challenge", &request).await.json();
    let salt = from_base64(challenge["salt"].as_str().unwrap()).unwrap();
    Door { account: person.account, keys: SlotKeys::derive(&person.passphrase, &salt).unwrap() }
}

async fn wrong_answers_delay_an_account_on_one_line_alone(app: TestApp) {
    let network = world(&app).await;
    let door = door(&app, network).await;
    let mut attacker = Client::new(&app).from_address("203.0.113.9");
    for _ in 0..3 {
        let answer = door.answer(&mut attacker, door.account, false).await;
        assert_eq!(answer.verdict(), (403, "sign-in".to_owned()));
    }
    let delayed = door.answer(&mut attacker, door.account, false).await;
    assert_eq!(delayed.verdict(), (429, "wait".to_owned()));
    assert_eq!((delayed.json()["seconds"].as_i64(), delayed.header("retry-after")), (Some(5), "5"));
    // Right or wrong, from any device of that line, however the name is written: not looked at.
    let mut beside = Client::new(&app).from_address("203.0.113.200");
    for name in [door.account, " ANNA.Verdi "] {
        assert_eq!(told(&door.answer(&mut beside, name, true).await), told(&delayed), "{name}");
    }
    // An account that does not exist is delayed alike.
    for _ in 0..3 {
        door.answer(&mut attacker, "nessuno.qui", false).await;
    }
    assert_eq!(told(&door.answer(&mut attacker, "nessuno.qui", false).await), told(&delayed));
    // She herself signs in from elsewhere, and a colleague on that line.
    let mut hers = Client::new(&app).from_address("198.51.100.20");
    assert_eq!(door.answer(&mut hers, door.account, true).await.status.as_u16(), 200);
    let bea = &network.centres[0].people[1];
    let (colleague, _) = Operator::answer_challenge(&mut beside, bea.account, bea).await;
    assert_eq!(colleague.status.as_u16(), 200);
    assert_eq!(count(&app, "session").await, 2);
}

async fn the_delay_ends_and_never_grows_beyond_a_quarter_of_an_hour(app: TestApp) {
    let network = world(&app).await;
    let door = door(&app, network).await;
    let mut client = Client::new(&app).from_address("203.0.113.9");
    let mut longest = 0;
    for _ in 0..40 {
        let answer = door.answer(&mut client, door.account, false).await;
        if answer.status.as_u16() == 429 {
            let seconds = answer.json()["seconds"].as_i64().unwrap();
            longest = longest.max(seconds);
            app.time.advance(SignedDuration::from_secs(seconds));
        }
    }
    assert_eq!(longest, 900);
    let wait = door.answer(&mut client, door.account, true).await;
    if wait.status.as_u16() == 429 {
        app.time.advance(SignedDuration::from_secs(wait.json()["seconds"].as_i64().unwrap()));
        assert_eq!(door.answer(&mut client, door.account, true).await.status.as_u16(), 200);
    }
    // A right answer forgives everything.
    for _ in 0..3 {
        let answer = door.answer(&mut client, door.account, false).await;
        assert_eq!(answer.verdict(), (403, "sign-in".to_owned()));
    }
}
