//! The second factor (docs/adr/0023-second-factor.md), where it is required: enrolled by each for herself, asked for at every sign-in, each
//! code taken once.

use envelope::duty::Channel;
use hmac::{Hmac, Mac as _};
use jiff::{SignedDuration, Timestamp};
use keyring::documents::sign_leave;
use keyring::passphrase::{Passphrase, WordList};
use keyring::slot::{self, SlotKeys};
use network::accounts::forget_factor;
use network::centres::import;
use platform::config::{Config, SecondFactor};
use serde_json::json;
use sha1::Sha1;
use testkit::actors::{Client, DemoNetwork, DemoPerson, Operator};
use testkit::{Answer, TestApp, TestDatabase};

use crate::common::{count, world};
use crate::roles::{Needs, addresses, ask, needs};

testkit::on_both_engines!(
    database:
    enrolling_comes_before_everything_and_the_next_sign_in_takes_a_code,
    a_session_before_the_factor_opens_no_page_and_no_call,
    a_code_is_taken_once_and_one_step_of_drift_is_forgiven,
    a_backup_code_stands_in_once,
    wrong_codes_wait_and_nobody_without_the_passphrase_learns_or_delays_anything,
    of_two_who_bring_one_code_at_once_one_gets_in,
    another_telephone_takes_both_proofs_and_ends_other_sessions,
    new_backup_codes_take_the_place_of_those_that_are_left,
    nobody_enrols_for_somebody_else,
    what_was_forgotten_is_enrolled_anew,
    who_leaves_takes_the_factor_along,
    new_keys_keep_the_factor_and_take_a_session_that_waits_for_one,
    where_it_is_offered_who_enrolled_is_asked_all_the_same,
);

/// As outside of demonstrations.
async fn required(store: TestDatabase) -> TestApp {
    TestApp::on(store, Config { demo: true, ..Config::default() }).await
}

/// An authenticator: RFC 6238 once more, written apart from the server's.
#[derive(Clone)]
struct Authenticator(Vec<u8>);

impl Authenticator {
    /// Reads the secret that a page shows.
    fn read(page: &Answer) -> Self {
        let shown = page.text().split("id=\"secret\"").nth(1).unwrap().split(['>', '<']).nth(1).unwrap();
        let values = shown.chars().filter(|sign| !sign.is_whitespace());
        let values = values.map(|sign| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(sign).unwrap());
        let bits = values.map(|value| format!("{value:05b}")).collect::<Vec<_>>().concat();
        let bytes = bits.as_bytes().chunks(8);
        let bytes = bytes.map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap());
        let secret: Vec<u8> = bytes.collect();
        assert_eq!(secret.len(), 20);
        Self(secret)
    }

    fn code(&self, now: Timestamp) -> String {
        let step = (now.as_second() / 30).to_be_bytes();
        let mac = Hmac::<Sha1>::new_from_slice(&self.0).unwrap().chain_update(step).finalize().into_bytes();
        let from = usize::from(mac[19] & 15);
        let number = u32::from_be_bytes(mac[from..from + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}

fn seconds(app: &TestApp, count: i64) {
    app.time.advance(SignedDuration::from_secs(count));
}

/// Answers the challenge in a browser of her own; keeps cookie and token.
async fn enter(app: &TestApp, person: &DemoPerson, code: &str) -> (Answer, Client) {
    let mut client = Client::new(app);
    let answer = enter_in(&mut client, person, code).await;
    (answer, client)
}

async fn enter_in(client: &mut Client, person: &DemoPerson, code: &str) -> Answer {
    let (answer, _) = Operator::answer_challenge_with(client, person.account, person, code).await;
    if answer.status.as_u16() == 200 {
        client.keep_csrf(answer.json()["csrf"].as_str().unwrap());
    }
    answer
}

async fn send(client: &mut Client, what: &str, fields: &str) -> Answer {
    let csrf = client.csrf().unwrap_or_default().to_owned();
    client.post_form(&format!("/console/factor{what}"), &format!("csrf={csrf}&language=it{fields}")).await
}

/// The codes of a page that shows them.
fn codes(page: &Answer) -> Vec<String> {
    assert_eq!(page.status.as_u16(), 200, "{}", page.header("location"));
    let codes = page.text().split("class=\"signs\" dir=\"ltr\">").skip(1);
    codes.map(|rest| rest.split('<').next().unwrap().to_owned()).collect()
}

/// Her first sign-in, as far as the backup codes.
async fn enrol(app: &TestApp, person: &DemoPerson) -> (Authenticator, Vec<String>, Client) {
    let (answer, mut client) = enter(app, person, "").await;
    assert_eq!(answer.verdict(), (200, String::new()));
    let telephone = Authenticator::read(&client.get("/it/console/factor").await);
    let code = telephone.code(app.platform.now());
    let backups = codes(&send(&mut client, "", &format!("&code={code}")).await);
    (telephone, backups, client)
}

/// Both proofs as the form of the page carries them, with the passphrase of `person`.
async fn proofs(client: &mut Client, person: &DemoPerson, code: &str) -> String {
    let request = json!({ "account": person.account });
    let challenge = client.post_json("/console/sign-in/challenge", &request).await.json();
    let bytes = |name: &str| envelope::encoding::from_base64(challenge[name].as_str().unwrap()).unwrap();
    let keys = SlotKeys::derive(&person.passphrase, &bytes("salt")).unwrap();
    let nonce = envelope::mailbox::Nonce::from_slice(&bytes("nonce")).unwrap();
    let signature = json!(keys.sign_in(&nonce, person.account));
    let typed = |text: &str| text.replace('+', "%2B").replace('=', "%3D").replace(' ', "+");
    let (nonce, signature) = (challenge["nonce"].as_str().unwrap(), signature.as_str().unwrap());
    format!("&nonce={}&signature={}&code={}", typed(nonce), typed(signature), typed(code))
}

async fn is_in(client: &Client) -> bool {
    client.fetch("/console/session-key").await.status.as_u16() == 200
}

async fn enrolling_comes_before_everything_and_the_next_sign_in_takes_a_code(store: TestDatabase) {
    let app = required(store).await;
    let anna = &world(&app).await.centres[0].people[0];
    let (begun, mut client) = enter(&app, anna, "").await;
    assert!(begun.json().get("slot").is_none(), "no slot before the factor");
    let page = client.get("/it/console/factor").await;
    assert!(page.text().contains("otpauth://totp/127.0.0.1:anna.verdi?secret="), "for the same telephone");
    let telephone = Authenticator::read(&page);
    let again = Authenticator::read(&client.get("/en/console/factor").await);
    assert_eq!(telephone.0, again.0, "the offer stays while the session does");
    let wrong = send(&mut client, "", "&code=000000").await;
    assert_eq!(wrong.header("location"), "/it/console/factor?refused=new-code");
    assert_eq!(count(&app, "factor").await, 0, "nothing is stored before it is confirmed");

    let code = telephone.code(app.platform.now());
    let page = send(&mut client, "", &format!("&code={code}")).await;
    assert_eq!(codes(&page).len(), 10);
    assert_eq!(count(&app, "session").await, 0, "a session that began without it never becomes a whole one");
    assert_eq!(client.cookie(), None);
    seconds(&app, 30);
    assert_eq!(enter(&app, anna, "").await.0.verdict(), (403, "code".to_owned()));
    let (entered, client) = enter(&app, anna, &telephone.code(app.platform.now())).await;
    assert!(entered.json()["slot"].is_string() && is_in(&client).await);
    let page = client.get("/it/console/factor").await;
    assert!(page.text().contains("id=\"has\"") && page.text().contains("novembre"), "since which week");
    for (kind, number) in [("factor-enrolled", 1), ("signed-in", 1), ("backup-code-used", 0)] {
        assert_eq!(count(&app, &format!("audit_leaf WHERE kind = '{kind}'")).await, number, "{kind}");
    }
}

/// Every address of the table, with a session that has shown the passphrase alone.
#[expect(clippy::print_stdout, reason = "the number of cells is a figure that is asked for")]
async fn a_session_before_the_factor_opens_no_page_and_no_call(store: TestDatabase) {
    let app = required(store).await;
    let people = &world(&app).await.centres[0].people;
    let (_, mut client) = enter(&app, &people[0], "").await;
    let mut cells = 0;
    for address in addresses() {
        let (asked, body) = needs(&address).unwrap();
        if matches!(asked, Needs::Nothing) || address.ends_with("console/factor") {
            continue;
        }
        let body = if body == "no file" { "" } else { body };
        let id = uuid::Uuid::nil();
        let answer = ask(&mut client, &address, body, &[0; 64], id, people[1].id).await;
        let is_sent = answer.header("location") == "/it/console/factor";
        assert!(
            is_sent || answer.verdict() == (403, "factor".to_owned()),
            "{address}: {:?}",
            answer.verdict()
        );
        cells += 1;
    }
    assert!(cells > 30, "the table was read");
    println!("{cells} addresses before the second factor");
    let out = client.post_json("/console/sign-out", &json!({})).await;
    assert_eq!((out.status.as_u16(), count(&app, "session").await), (204, 0), "the way out is open");
}

async fn a_code_is_taken_once_and_one_step_of_drift_is_forgiven(store: TestDatabase) {
    let app = required(store).await;
    let anna = &world(&app).await.centres[0].people[0];
    let (telephone, ..) = enrol(&app, anna).await;
    let now = || app.platform.now();
    let half_minute = SignedDuration::from_secs(30);
    let used = enter(&app, anna, &telephone.code(now())).await.0;
    assert_eq!(used.verdict(), (403, "code-wrong".to_owned()), "the code of the enrolment is used");
    // A telephone that is half a minute ahead; then one that is behind.
    assert_eq!(enter(&app, anna, &telephone.code(now() + half_minute)).await.0.status.as_u16(), 200);
    seconds(&app, 90);
    let late = telephone.code(now() - half_minute);
    assert_eq!(enter(&app, anna, &telephone.code(now() - half_minute * 2)).await.0.status.as_u16(), 403);
    assert_eq!(enter(&app, anna, &late).await.0.status.as_u16(), 200);
    assert_eq!(enter(&app, anna, &late).await.0.code(), "code-wrong", "each once");
    assert_eq!(enter(&app, anna, &telephone.code(now())).await.0.status.as_u16(), 200, "the next one");
}

async fn a_backup_code_stands_in_once(store: TestDatabase) {
    let app = required(store).await;
    let anna = &world(&app).await.centres[0].people[0];
    let (_, backups, _) = enrol(&app, anna).await;
    let typed = backups[3].to_lowercase().replace(' ', "-");
    let (entered, client) = enter(&app, anna, &typed).await;
    assert_eq!(entered.status.as_u16(), 200);
    assert_eq!(enter(&app, anna, &backups[3]).await.0.code(), "code-wrong", "once");
    let page = client.get("/en/console/factor").await.text().replace(['\u{2068}', '\u{2069}'], "");
    assert!(page.contains("9 backup codes are left"));
    assert_eq!(count(&app, "audit_leaf WHERE kind = 'backup-code-used'").await, 1);
    // Those of a colleague open nothing.
    let bea = &world(&app).await.centres[0].people[1];
    let (_, others, _) = enrol(&app, bea).await;
    assert_eq!(enter(&app, anna, &others[0]).await.0.code(), "code-wrong");
}

async fn wrong_codes_wait_and_nobody_without_the_passphrase_learns_or_delays_anything(store: TestDatabase) {
    let app = required(store).await;
    let network = world(&app).await;
    let [anna, bea] = [0, 1].map(|place| &network.centres[0].people[place]);
    let (telephone, backups, _) = enrol(&app, anna).await;
    seconds(&app, 30);
    // Without the passphrase an account with a factor answers like one that does not exist, code or not, and costs her nothing.
    let mut told = [Vec::new(), Vec::new()];
    for code in ["", "123456"] {
        let mut client = Client::new(&app).from_address("198.18.0.7");
        for (account, told) in [anna.account, "nessuno.qui"].into_iter().zip(&mut told) {
            for _ in 0..2 {
                let (answer, _) = Operator::answer_challenge_with(&mut client, account, bea, code).await;
                told.push(answer.verdict());
            }
        }
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0][0], (403, "sign-in".to_owned()));
    // With it, wrong codes wait from wherever they come.
    for address in ["192.0.2.8", "198.51.100.9", "203.0.113.10"] {
        let mut client = Client::new(&app).from_address(address);
        assert_eq!(enter_in(&mut client, anna, "000000").await.code(), "code-wrong");
    }
    let right = telephone.code(app.platform.now());
    let (waits, client) = enter(&app, anna, &right).await;
    assert_eq!(waits.verdict(), (429, "code-wait".to_owned()));
    assert_eq!((waits.json()["seconds"].as_u64(), waits.header("retry-after")), (Some(5), "5"));
    assert_eq!((client.cookie(), count(&app, "session").await), (None, 0));
    let (colleague, _) = enter(&app, bea, "").await;
    assert_eq!(colleague.status.as_u16(), 200, "nobody else waits");
    let (stands_in, _) = enter(&app, anna, &backups[0]).await;
    assert_eq!(stands_in.status.as_u16(), 200, "a backup code waits for nobody's guesses");
    seconds(&app, 5);
    let right = telephone.code(app.platform.now());
    assert_eq!(enter(&app, anna, &right).await.0.status.as_u16(), 200, "and then she gets in");
}

async fn of_two_who_bring_one_code_at_once_one_gets_in(store: TestDatabase) {
    let app = required(store).await;
    let anna = &world(&app).await.centres[0].people[0];
    let (telephone, backups, _) = enrol(&app, anna).await;
    seconds(&app, 30);
    for code in [telephone.code(app.platform.now()), backups[0].clone()] {
        let before = count(&app, "session").await;
        let ((one, _), (other, _)) = tokio::join!(enter(&app, anna, &code), enter(&app, anna, &code));
        let mut verdicts = [one.verdict(), other.verdict()];
        verdicts.sort();
        assert_eq!(verdicts, [(200, String::new()), (403, "code-wrong".to_owned())]);
        assert_eq!(count(&app, "session").await, before + 1);
    }
}

async fn another_telephone_takes_both_proofs_and_ends_other_sessions(store: TestDatabase) {
    let app = required(store).await;
    let network = world(&app).await;
    let [anna, bea] = [0, 1].map(|place| &network.centres[0].people[place]);
    let (old, backups, _) = enrol(&app, anna).await;
    let (_, elsewhere) = enter(&app, anna, &backups[0]).await;
    let (_, mut here) = enter(&app, anna, &backups[1]).await;
    seconds(&app, 60);
    let now = app.platform.now();
    let new = Authenticator::read(&here.get("/it/console/factor").await);
    assert_ne!(new.0, old.0);
    // A first enrolment without proofs is not for who has one already.
    let again = send(&mut here, "", &format!("&code={}", new.code(now))).await;
    assert!(again.header("location").contains("refused="), "{}", again.status);
    let fresh = format!("&new_code={}", new.code(now));
    for (who, code, new_code, refused) in [
        (bea, old.code(now), fresh.as_str(), "passphrase"),
        (anna, "000000".to_owned(), fresh.as_str(), "code"),
        (anna, new.code(now), fresh.as_str(), "code"),
        (anna, old.code(now), "&new_code=000000", "new-code"),
    ] {
        // Bea's passphrase, for Anna's account.
        let both = proofs(&mut here, who, &code).await;
        let answer = send(&mut here, "/replace", &(both + new_code)).await;
        let expected = format!("/it/console/factor?refused={refused}");
        assert_eq!(answer.header("location"), expected, "{} {new_code}", who.account);
    }
    let both = proofs(&mut here, anna, &old.code(now)).await;
    let page = send(&mut here, "/replace", &(both.clone() + &fresh)).await;
    assert_eq!(codes(&page).len(), 10);
    assert!(is_in(&here).await && !is_in(&elsewhere).await, "all others end");
    let repeated = send(&mut here, "/replace", &(both + &fresh)).await;
    assert!(repeated.header("location").contains("refused="), "a challenge works once");
    seconds(&app, 30);
    let now = app.platform.now();
    for gone in [old.code(now), backups[2].clone()] {
        assert_eq!(enter(&app, anna, &gone).await.0.code(), "code-wrong");
    }
    assert_eq!(enter(&app, anna, &new.code(now)).await.0.status.as_u16(), 200);
    assert_eq!(count(&app, "audit_leaf WHERE kind = 'factor-replaced'").await, 1);
}

async fn new_backup_codes_take_the_place_of_those_that_are_left(store: TestDatabase) {
    let app = required(store).await;
    let anna = &world(&app).await.centres[0].people[0];
    let (telephone, backups, _) = enrol(&app, anna).await;
    let (_, elsewhere) = enter(&app, anna, &backups[0]).await;
    let (_, mut here) = enter(&app, anna, &backups[1]).await;
    let wrong = proofs(&mut here, anna, &backups[1]).await;
    let refused = send(&mut here, "/codes", &wrong).await;
    assert_eq!(refused.header("location"), "/it/console/factor?refused=code");
    let both = proofs(&mut here, anna, &backups[2]).await;
    let fresh = codes(&send(&mut here, "/codes", &both).await);
    assert!(fresh.len() == 10 && !fresh.iter().any(|code| backups.contains(code)));
    assert!(is_in(&here).await && !is_in(&elsewhere).await);
    assert_eq!(enter(&app, anna, &backups[3]).await.0.code(), "code-wrong");
    assert_eq!(enter(&app, anna, &fresh[0]).await.0.status.as_u16(), 200);
    seconds(&app, 30);
    let code = telephone.code(app.platform.now());
    assert_eq!(enter(&app, anna, &code).await.0.status.as_u16(), 200, "the telephone stays");
    assert_eq!(count(&app, "audit_leaf WHERE kind = 'backup-codes-drawn'").await, 1);
}

/// No address takes a person, and what a session offers is for its own person.
async fn nobody_enrols_for_somebody_else(store: TestDatabase) {
    let app = required(store).await;
    let network = world(&app).await;
    let [anna, bea] = [0, 1].map(|place| &network.centres[0].people[place]);
    assert!(addresses().iter().all(|address| !(address.contains("factor") && address.contains("{person}"))));
    let (_, mut of_anna) = enter(&app, anna, "").await;
    let (_, mut of_bea) = enter(&app, bea, "").await;
    let telephone = Authenticator::read(&of_bea.get("/it/console/factor").await);
    let code = telephone.code(app.platform.now());
    let fields = format!("&code={code}&person={}&account={}", bea.id, bea.account);
    let answer = send(&mut of_anna, "", &fields).await;
    assert_eq!(answer.header("location"), "/it/console/factor?refused=new-code", "another session's offer");
    // Nor does a page of another site, nor one that lacks the token.
    let csrf = of_bea.csrf().unwrap().to_owned();
    let body = format!("csrf={csrf}&language=it&code={code}");
    let foreign = of_bea.clone().on_another_site().post_form("/console/factor", &body).await;
    assert_eq!(foreign.status.as_u16(), 403);
    let without =
        of_bea.clone().post_form("/console/factor", &format!("csrf=0&language=it&code={code}")).await;
    assert_eq!((without.status.as_u16(), count(&app, "factor").await), (403, 0));
    assert_eq!(codes(&send(&mut of_bea, "", &format!("&code={code}")).await).len(), 10, "the control");
    assert_eq!(count(&app, "factor_backup").await, 10);
}

async fn what_was_forgotten_is_enrolled_anew(store: TestDatabase) {
    let app = required(store).await;
    let network = world(&app).await;
    let [anna, bea] = [0, 1].map(|place| &network.centres[0].people[place]);
    let (old, backups, _) = enrol(&app, anna).await;
    let (_, inside) = enter(&app, anna, &backups[0]).await;
    enrol(&app, bea).await;
    let platform = &app.platform;
    let forget = async |account: &str| {
        forget_factor(&platform.database, &platform.random, platform.now(), account).await
    };
    forget(anna.account).await.unwrap();
    assert!(forget(anna.account).await.unwrap_err().to_string().contains("no second factor"));
    assert!(forget("nessuno.qui").await.is_err());
    assert!(!is_in(&inside).await, "her sessions end");
    assert_eq!((count(&app, "factor").await, count(&app, "factor_backup").await), (1, 10), "hers alone");
    assert_eq!(count(&app, "audit_leaf WHERE kind = 'factor-forgotten'").await, 1);
    seconds(&app, 30);
    let (new, fresh, _) = enrol(&app, anna).await;
    assert_ne!(new.0, old.0);
    assert_eq!(enter(&app, anna, &backups[1]).await.0.code(), "code-wrong");
    assert_eq!(enter(&app, anna, &fresh[1]).await.0.status.as_u16(), 200);
}

/// New keys answer an overheard passphrase. The telephone was not overheard: forgetting it would let whoever gets the new passphrase first
/// enrol another.
async fn new_keys_keep_the_factor_and_take_a_session_that_waits_for_one(store: TestDatabase) {
    let app = required(store).await;
    let network = world(&app).await;
    let [anna, bea] = [0, 1].map(|place| &network.centres[0].people[place]);
    let (telephone, ..) = enrol(&app, anna).await;
    let (_, mut waiting) = enter(&app, bea, "").await;
    let offered = Authenticator::read(&waiting.get("/it/console/factor").await);
    let mut publication = network.publication();
    let mut random = app.platform.random.clone();
    let mut members: serde_json::Value = serde_json::from_str(&publication.centres[0].members).unwrap();
    let mut fresh = Vec::new();
    for (place, person) in [anna, bea].into_iter().enumerate() {
        let passphrase = Passphrase::generate(WordList::Italian, &mut random);
        let slot = slot::create(&passphrase, &person.identity, &mut random).unwrap();
        members[place]["slot"] = serde_json::to_value(slot).unwrap();
        fresh.push(passphrase);
    }
    publication.centres[0].members = members.to_string();
    let platform = &app.platform;
    import(&platform.database, &platform.random, &publication, platform.now()).await.unwrap();
    let code = offered.code(platform.now());
    let late = send(&mut waiting, "", &format!("&code={code}")).await;
    assert_eq!(late.header("location"), "/it/console/sign-in?locked");
    assert_eq!(count(&app, "factor").await, 1, "Anna's stays, Bea's old passphrase enrols nothing");
    seconds(&app, 30);
    let code = telephone.code(platform.now());
    assert_eq!(enter(&app, anna, &code).await.0.code(), "sign-in", "the old passphrase is gone");
    let request = json!({ "account": anna.account });
    let mut client = Client::new(&app);
    let challenge = client.post_json("/console/sign-in/challenge", &request).await.json();
    let bytes = |name: &str| envelope::encoding::from_base64(challenge[name].as_str().unwrap()).unwrap();
    let keys = SlotKeys::derive(&fresh[0], &bytes("salt")).unwrap();
    let nonce = envelope::mailbox::Nonce::from_slice(&bytes("nonce")).unwrap();
    let mut request = json!({ "account": anna.account, "nonce": challenge["nonce"], "signature": keys.sign_in(&nonce, anna.account) });
    let answer = client.post_json("/console/sign-in", &request).await;
    assert_eq!(answer.verdict(), (403, "code".to_owned()), "the new one still takes a code");
    request["code"] = code.into();
    assert_eq!(client.post_json("/console/sign-in", &request).await.status.as_u16(), 200);
}

async fn where_it_is_offered_who_enrolled_is_asked_all_the_same(store: TestDatabase) {
    let config = testkit::demonstration();
    assert_eq!(config.session.second_factor, SecondFactor::Offered);
    let app = TestApp::on(store, config).await;
    let anna = &world(&app).await.centres[0].people[0];
    let (_, elsewhere) = enter(&app, anna, "").await;
    let (telephone, _, client) = enrol(&app, anna).await;
    assert!(is_in(&client).await && !is_in(&elsewhere).await, "she stays, her others end");
    seconds(&app, 30);
    assert_eq!(enter(&app, anna, "").await.0.code(), "code");
    assert_eq!(enter(&app, anna, &telephone.code(app.platform.now())).await.0.status.as_u16(), 200);
}

async fn who_leaves_takes_the_factor_along(store: TestDatabase) {
    let app = required(store).await;
    let now = app.platform.now();
    let mut network = DemoNetwork::new(now, 4);
    network.publish(&app.app).await.unwrap();
    for person in [0, 1] {
        enrol(&app, &network.centres[0].people[person]).await;
    }
    assert_eq!((count(&app, "factor").await, count(&app, "factor_backup").await), (2, 20));
    let leaver = network.centres[0].people[1].id;
    let signer = network.centres[0].people[0].identity.signing_key().clone();
    let leave = sign_leave(&network.verified(0, now), leaver, &signer, now).unwrap();
    network.centres[0].bundle.statements.push(leave);
    network.centres[0].people.pop();
    for channel in [Channel::Safe, Channel::General] {
        network.renew_epoch(0, channel, now, now);
    }
    network.forget_wraps_of(0, leaver);
    network.publish(&app.app).await.unwrap();
    assert_eq!((count(&app, "factor").await, count(&app, "factor_backup").await), (1, 10));
}
