//! She withdraws what she wrote (protocol section 7.4): the same reply for every id, the mailbox unknown at once, the centre's copy
//! destroyed after its fourteen days unless two members take that back.

use crate::common::{count, stored, told, world};
use crate::journey::text_of;
use envelope::centre::VerifiedCentre;
use envelope::duty::Channel;
use envelope::encoding::Hash;
use envelope::header::{Chain, Undone};
use envelope::ids::CaseId;
use envelope::mailbox::Nonce;
use envelope::refusal::MailboxRefusal;
use jiff::SignedDuration;
use keyring::item::Place;
use keyring::safe_word::Verdict;
use testkit::TestApp;
use testkit::actors::{DemoNetwork, Operator, Victim};

testkit::on_both_engines!(
    every_id_gets_the_same_reply,
    a_burned_mailbox_is_unknown_at_once,
    the_centre_sees_whether_the_word_was_right_wrong_or_missing,
    two_members_take_a_burn_back,
    one_member_alone_takes_no_burn_back,
    after_a_right_word_the_browser_signs_nothing,
    after_fourteen_days_it_is_destroyed_and_nothing_brings_it_back,
    a_hold_keeps_it_but_not_the_right_to_take_it_back,
    a_burn_is_of_its_nonce_its_code_and_its_length,
    a_burn_and_an_answer_at_once_leave_a_burned_case,
    a_clock_a_year_ahead_destroys_no_burned_case,
);

const WORD: &str = "limone";

/// Where she was answered: what her browser needs to seal the typed word.
struct Answered {
    network: &'static DemoNetwork,
    centre: VerifiedCentre,
    her: Victim,
    case: CaseId,
}

async fn sent(app: &TestApp) -> Answered {
    let network = world(app).await;
    let now = app.platform.now();
    let centre = network.verified(0, now);
    let her = Victim::new(app, network.id);
    let report = her.seal_with_word(&centre, Channel::Safe, "Prima parola", WORD, now);
    assert_eq!(her.send_report(report.bytes).await.status.as_u16(), 201);
    Answered { network, centre, her, case: report.case }
}

async fn answered(app: &TestApp) -> Answered {
    let story = sent(app).await;
    let (anna, now) = (member(app, story.network, 0).await, app.platform.now());
    let opened = anna.open(story.case).await.unwrap();
    assert_eq!(anna.answer(&opened, "Prima risposta", now).await.status.as_u16(), 201);
    story
}

async fn member(app: &TestApp, network: &DemoNetwork, place: usize) -> Operator {
    Operator::sign_in(app, &network.centres[0].people[place]).await
}

impl Answered {
    /// Burns with what is typed as the safe word.
    async fn burn(&self, app: &TestApp, typed: Option<&str>) {
        let word = Some((&self.centre, Channel::Safe, self.case, typed));
        let answer = self.her.burn(word, app.platform.now()).await;
        assert_eq!((answer.status.as_u16(), answer.text()), (200, "{}"));
    }
}

async fn weeks_later(app: &TestApp, weeks: u32) {
    for _ in 0..weeks {
        app.time.advance(SignedDuration::from_hours(7 * 24));
        app.app.housekeeping().await.unwrap();
    }
}

async fn every_id_gets_the_same_reply(app: TestApp) {
    let story = answered(&app).await;
    let (network, centre, now) = (story.network, &story.centre, app.platform.now());
    let waiting = Victim::new(&app, network.id);
    waiting.send_report(waiting.seal_report(centre, Channel::Safe, "Altra", now).bytes).await;
    let (rotated, fresh) = (&story.her, Victim::new(&app, network.id));
    let (mailbox, reading) = rotated.read_all(centre).await.unwrap();
    let rotation = rotated.seal_rotation(&fresh.receipt, centre, (&mailbox, &reading), Some(WORD), now);
    assert_eq!(rotated.send_message(rotation.bytes).await.status.as_u16(), 201);
    let unknown = Victim::new(&app, network.id);

    let mut replies = Vec::new();
    for (name, who) in
        [("unknown", &unknown), ("unanswered", &waiting), ("rotated", rotated), ("answered", &fresh)]
    {
        for word in [None, Some((centre, Channel::Safe, story.case, Some("mela")))] {
            replies.push((name, told(&who.burn(word, now).await)));
        }
    }
    replies.push(("burned", told(&fresh.burn(None, now).await)));
    assert_eq!(replies[0].1.0, 200);
    for (name, reply) in &replies {
        assert_eq!(reply, &replies[0].1, "{name}");
    }
    assert_eq!(count(&app, "mailbox_past").await, 3, "one that was rotated away from, two that were burned");
    let withdrawn = member(&app, network, 0).await.inbox("?state=withdrawn").await;
    assert_eq!(withdrawn.len(), 2);
}

async fn a_burned_mailbox_is_unknown_at_once(app: TestApp) {
    let story = answered(&app).await;
    let (network, centre, her, now) = (story.network, &story.centre, &story.her, app.platform.now());
    let unanswered = Victim::new(&app, network.id);
    let report = unanswered.seal_report(centre, Channel::Safe, "Senza risposta", now);
    unanswered.send_report(report.bytes.clone()).await;
    let (mailbox, _) = her.read(centre).await.unwrap();
    let late = her.seal_message(centre, Channel::Safe, story.case, &mailbox, "Ancora", now);
    story.burn(&app, Some(WORD)).await;
    assert_eq!(unanswered.burn(None, now).await.status.as_u16(), 200);
    let before = stored(&app).await;

    let nobody = Victim::new(&app, network.id);
    assert_eq!(her.send_message(late.bytes).await.verdict(), (403, "refused".to_owned()));
    for (burned, case) in [(her, story.case), (&unanswered, report.case)] {
        assert_eq!(burned.read(centre).await.unwrap_err(), MailboxRefusal::Empty);
        let (one, other) = (told(&burned.page(0).await), told(&nobody.page(0).await));
        assert_eq!((one.0, one.1, one.2.len()), (other.0, other.1, other.2.len()));
        for seq in 2..5 {
            let place = Place { case, seq, prev: Some(Hash::of(b"any")), seen: 1 };
            let [of_burned, of_nobody] =
                [burned, &nobody].map(|who| who.seal_message_at(centre, Channel::Safe, &place, "Prova", now));
            let (one, other) =
                (burned.send_message(of_burned.bytes).await, nobody.send_message(of_nobody.bytes).await);
            assert_eq!(one.verdict(), (403, "refused".to_owned()));
            assert_eq!(told(&one), told(&other), "{seq}");
        }
        // Another first report under the code is answered like any, and not kept.
        let again = burned.seal_report(centre, Channel::Safe, "Di nuovo", now);
        assert_eq!(burned.send_report(again.bytes).await.verdict(), (201, String::new()));
    }
    assert_eq!(unanswered.send_report(report.bytes).await.status.as_u16(), 201, "the same bytes once more");
    assert_eq!(stored(&app).await, before);
}

async fn the_centre_sees_whether_the_word_was_right_wrong_or_missing(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let centre = network.verified(0, now);
    let anna = member(&app, network, 0).await;
    for (typed, verdict) in [
        (Some(Some(WORD)), Verdict::Right),
        (Some(Some(" LIMONE ")), Verdict::Right),
        (Some(Some("mela")), Verdict::Wrong),
        (Some(None), Verdict::Missing),
        (None, Verdict::Missing),
    ] {
        let her = Victim::new(&app, network.id);
        let report = her.seal_with_word(&centre, Channel::Safe, "Parola", WORD, now);
        her.send_report(report.bytes).await;
        let word = typed.map(|typed| (&centre, Channel::Safe, report.case, typed));
        assert_eq!(her.burn(word, now).await.status.as_u16(), 200);
        let opened = anna.open(report.case).await.unwrap();
        assert_eq!(anna.verdict_of_burn(&opened), verdict, "{typed:?}");
        assert_eq!((opened.state.as_str(), opened.undoable), ("withdrawn", vec![Undone::Burn]));
        assert_eq!(opened.withdrawn.unwrap().0, "2026-W48", "the week and nothing finer");
        assert_eq!(text_of(opened.items[0].content()), "Parola", "the copy is there");
    }
}

async fn two_members_take_a_burn_back(app: TestApp) {
    let story = answered(&app).await;
    story.burn(&app, Some("mela")).await;
    weeks_later(&app, 2).await;
    let now = app.platform.now();
    let (anna, bea) = (member(&app, story.network, 0).await, member(&app, story.network, 1).await);
    assert_eq!(anna.undo(story.case, Undone::Burn, now).await.verdict(), (201, String::new()));
    assert_eq!(story.her.read(&story.centre).await.unwrap_err(), MailboxRefusal::Empty, "one signature");
    assert_eq!(bea.undo(story.case, Undone::Burn, now).await.verdict(), (201, String::new()));

    let centre = story.network.verified(0, now);
    let (mailbox, answers) = story.her.read(&centre).await.unwrap();
    assert_eq!(answers.len(), 1, "her code works again");
    assert_eq!(anna.inbox("?state=arrived").await, [story.case.to_string()], "somebody must look at it");
    let message = story.her.seal_message(&centre, Channel::Safe, story.case, &mailbox, "Sono qui", now);
    assert_eq!(story.her.send_message(message.bytes).await.verdict(), (201, String::new()));
    let opened = anna.open(story.case).await.unwrap();
    assert!(opened.withdrawn.is_none() && opened.undoable.is_empty());
    assert_eq!(opened.chain(Chain::Notes).len(), 2);
    assert_eq!(anna.answer(&opened, "Bene", now).await.status.as_u16(), 201);
    assert_eq!(anna.undo(story.case, Undone::Burn, now).await.verdict(), (409, "changed".to_owned()));

    // Burned once more: the signatures of before count for nothing.
    let burned = story.her.burn(None, now).await;
    assert_eq!(burned.status.as_u16(), 200);
    assert_eq!(bea.undo(story.case, Undone::Burn, now).await.verdict(), (201, String::new()));
    assert_eq!(story.her.read(&centre).await.unwrap_err(), MailboxRefusal::Empty);
    assert_eq!(bea.undo(story.case, Undone::Burn, now).await.verdict(), (403, "refused".to_owned()));
    weeks_later(&app, 3).await;
    assert_eq!(stored(&app).await, (0, 0, 0));
}

async fn one_member_alone_takes_no_burn_back(app: TestApp) {
    let story = sent(&app).await;
    story.burn(&app, None).await;
    let now = app.platform.now();
    let (anna, bea) = (member(&app, story.network, 0).await, member(&app, story.network, 1).await);
    assert_eq!(anna.undo(story.case, Undone::Burn, now).await.verdict(), (201, String::new()));
    let before = stored(&app).await;
    assert_eq!(anna.undo(story.case, Undone::Burn, now).await.verdict(), (403, "refused".to_owned()));
    // Neither a second session of hers, nor what a colleague signed, brought by her.
    let twice = member(&app, story.network, 0).await;
    assert_eq!(twice.undo(story.case, Undone::Burn, now).await.verdict(), (403, "refused".to_owned()));
    let opened = bea.open(story.case).await.unwrap();
    let of_bea = bea.seal_undo(&opened, Undone::Burn, Verdict::Wrong, now).unwrap();
    assert_eq!(anna.send(&opened, of_bea.bytes.clone()).await.verdict(), (403, "refused".to_owned()));
    // Nor anything else than an undo.
    for answer in
        [anna.answer(&opened, "Risposta", now).await, anna.close(&opened, "other", "Nota", now).await]
    {
        assert_eq!(answer.verdict(), (409, "changed".to_owned()));
    }
    let wrong = bea.seal_undo(&opened, Undone::Rotation(2), Verdict::Wrong, now).unwrap();
    assert_eq!(bea.send(&opened, wrong.bytes).await.verdict(), (409, "changed".to_owned()));
    // Another centre, and who does not read the channel: the case does not exist.
    for person in &story.network.centres[1].people {
        let stranger = Operator::sign_in(&app, person).await;
        let answer = stranger.undo(story.case, Undone::Burn, now).await;
        assert_eq!(answer.verdict(), (404, "not-found".to_owned()));
    }
    assert_eq!(stored(&app).await, before);
    assert_eq!(bea.send(&opened, of_bea.bytes).await.verdict(), (201, String::new()), "the control");
    assert_eq!(anna.inbox("?state=arrived").await.len(), 1);
}

/// The server cannot know which word was right: this rule is the browser's, in the code that seals.
async fn after_a_right_word_the_browser_signs_nothing(app: TestApp) {
    let story = answered(&app).await;
    story.burn(&app, Some(WORD)).await;
    let (anna, now) = (member(&app, story.network, 0).await, app.platform.now());
    let opened = anna.open(story.case).await.unwrap();
    let verdict = anna.verdict_of_burn(&opened);
    assert_eq!(verdict, Verdict::Right);
    assert!(anna.seal_undo(&opened, Undone::Burn, verdict, now).is_err());
    assert!(anna.seal_undo(&opened, Undone::Burn, Verdict::Wrong, now).is_ok(), "the control");
}

async fn after_fourteen_days_it_is_destroyed_and_nothing_brings_it_back(app: TestApp) {
    let story = answered(&app).await;
    story.burn(&app, Some("mela")).await;
    let anna = member(&app, story.network, 0).await;
    assert_eq!(anna.undo(story.case, Undone::Burn, app.platform.now()).await.status.as_u16(), 201);
    // Sunday evening of the third week: the last moment. (Monday of the fourth is at least fourteen days later, whatever the day was.)
    weeks_later(&app, 2).await;
    app.time.advance(SignedDuration::from_hours(6 * 24 + 13));
    app.app.housekeeping().await.unwrap();
    assert_eq!(stored(&app).await, (1, 3, 4));
    let bea = member(&app, story.network, 1).await;
    let opened = bea.open(story.case).await.unwrap();
    assert_eq!(opened.undoable, [Undone::Burn]);
    // The next morning, before the regular work has come by, it is too late already.
    app.time.advance(SignedDuration::from_hours(11));
    let (bea, now) = (member(&app, story.network, 1).await, app.platform.now());
    let opened = bea.open(story.case).await.unwrap();
    assert!(opened.undoable.is_empty());
    let undo = bea.seal_undo(&opened, Undone::Burn, Verdict::Wrong, now).unwrap();
    assert_eq!(bea.send(&opened, undo.bytes).await.verdict(), (409, "changed".to_owned()));
    app.app.housekeeping().await.unwrap();
    assert_eq!(stored(&app).await, (0, 0, 0));
    assert_eq!((count(&app, "mailbox_past").await, count(&app, "mailbox_tombstone").await), (0, 1));
    assert_eq!(bea.open(story.case).await.err().unwrap().verdict(), (404, "not-found".to_owned()));
    // Her code is like any code, and stays used.
    let centre = story.network.verified(0, now);
    let nobody = Victim::new(&app, story.network.id);
    assert_eq!(told(&story.her.burn(None, now).await), told(&nobody.burn(None, now).await));
    let again = story.her.seal_report(&centre, Channel::Safe, "Di nuovo", now);
    assert_eq!(story.her.send_report(again.bytes).await.status.as_u16(), 201);
    assert_eq!(stored(&app).await, (0, 0, 0));
}

async fn a_hold_keeps_it_but_not_the_right_to_take_it_back(app: TestApp) {
    let story = sent(&app).await;
    story.burn(&app, None).await;
    let mut anna = member(&app, story.network, 0).await;
    let page = anna.client.get("/it/console/keeping").await;
    let csrf = page.text().split("data-csrf=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let address = format!("/console/keeping/{}/hold", story.case);
    let held = anna.client.post_form(&address, &format!("csrf={csrf}&language=it&reason=doubt")).await;
    assert!(held.header("location").ends_with("said=saved"));
    weeks_later(&app, 4).await;
    assert_eq!(stored(&app).await.0, 1);
    let (anna, now) = (member(&app, story.network, 0).await, app.platform.now());
    let opened = anna.open(story.case).await.unwrap();
    assert_eq!((opened.state.as_str(), opened.undoable.len()), ("withdrawn", 0));
    let undo = anna.seal_undo(&opened, Undone::Burn, Verdict::Missing, now).unwrap();
    assert_eq!(anna.send(&opened, undo.bytes).await.verdict(), (409, "changed".to_owned()));
    assert_eq!(story.her.read(&story.network.verified(0, now)).await.unwrap_err(), MailboxRefusal::Empty);
}

async fn a_burn_is_of_its_nonce_its_code_and_its_length(app: TestApp) {
    let story = answered(&app).await;
    let (her, now) = (&story.her, app.platform.now());
    let seal = |nonce: &[u8]| {
        let nonce = Nonce::from_slice(nonce).unwrap();
        keyring::burn::seal_burn(&her.receipt, &nonce, None).unwrap()
    };
    let verdict = async |request: Vec<u8>| her.client.post("/mailbox/burn", request).await.verdict();
    let refused = |code: &str, status: u16| (status, code.to_owned());
    // A challenge of the mailbox, of the sign-in, of nobody.
    let of_mailbox = her.client.post("/mailbox/nonce", Vec::new()).await.body;
    assert_eq!(verdict(seal(&of_mailbox)).await, refused("nonce", 400));
    let mut client = her.client.clone();
    let sign_in = serde_json::json!({ "account": "anna.verdi" });
    let of_sign_in = client.post_json("/console/sign-in/challenge", &sign_in).await.json();
    let of_sign_in = envelope::encoding::from_base64(of_sign_in["nonce"].as_str().unwrap()).unwrap();
    assert_eq!(verdict(seal(&of_sign_in)).await, refused("nonce", 400));
    assert_eq!(verdict(seal(&[7; 56])).await, refused("nonce", 400));
    // And the other way round.
    let of_burn = her.client.post("/mailbox/burn-nonce", Vec::new()).await.body;
    let page = her.receipt.page_request(&Nonce::from_slice(&of_burn).unwrap(), 0);
    assert_eq!(her.client.post("/mailbox/page", page).await.verdict(), refused("nonce", 400));

    let sound = her.seal_burn(None, now).await;
    assert_eq!(verdict(sound[1..].to_vec()).await, refused("size", 413));
    assert_eq!(verdict([sound.clone(), vec![0]].concat()).await, refused("size", 413));
    for at in [0, 8 + 56 + 32, 1_000, 4_095] {
        let mut altered = sound.clone();
        altered[at] ^= 1;
        let (status, code) = verdict(altered).await;
        assert!(
            status == 400 && ["malformed", "signature"].contains(&code.as_str()),
            "{at}: {status} {code}"
        );
    }
    // Under another code's key the signature is none.
    let another = Victim::new(&app, story.network.id);
    let mut moved = sound.clone();
    moved[64..96].copy_from_slice(another.receipt.public_key().as_bytes());
    assert_eq!(verdict(moved).await, refused("signature", 400));
    let foreign = her.client.clone().on_another_site().post("/mailbox/burn", sound.clone()).await;
    assert_eq!(foreign.verdict(), refused("origin", 403));
    app.time.advance(SignedDuration::from_secs(61));
    assert_eq!(verdict(sound).await, refused("nonce", 400));
    assert_eq!(her.read(&story.centre).await.unwrap().1.len(), 1, "nothing of that burned anything");

    let sound = her.seal_burn(None, app.platform.now()).await;
    for _ in 0..3 {
        assert_eq!(verdict(sound.clone()).await, (200, String::new()), "the same bytes once more");
    }
    assert_eq!(count(&app, "mailbox_past").await, 1);
}

async fn a_burn_and_an_answer_at_once_leave_a_burned_case(app: TestApp) {
    let story = answered(&app).await;
    let (anna, now) = (member(&app, story.network, 0).await, app.platform.now());
    let opened = anna.open(story.case).await.unwrap();
    let request = story.her.seal_burn(None, now).await;
    let (burned, answer) =
        tokio::join!(story.her.client.post("/mailbox/burn", request), anna.answer(&opened, "Ci siamo", now));
    assert_eq!(burned.status.as_u16(), 200, "{}", burned.text());
    let verdict = answer.verdict();
    assert!(verdict.0 == 201 || verdict == (409, "changed".to_owned()), "{verdict:?}");
    assert_eq!(story.her.read(&story.centre).await.unwrap_err(), MailboxRefusal::Empty);
    assert_eq!(anna.open(story.case).await.unwrap().state, "withdrawn");
}

async fn a_clock_a_year_ahead_destroys_no_burned_case(app: TestApp) {
    let story = answered(&app).await;
    weeks_later(&app, 4).await;
    assert_eq!(story.her.burn(None, app.platform.now()).await.status.as_u16(), 200);
    let year = SignedDuration::from_hours(24 * 7 * 52);
    for by in [year, -year, -year, year] {
        app.time.advance(by);
        for _ in 0..3 {
            app.app.housekeeping().await.unwrap();
        }
        assert_eq!(stored(&app).await.0, 1, "{by}");
    }
    for passed in 0..3 {
        assert_eq!(stored(&app).await.0, 1, "{passed} weeks");
        weeks_later(&app, 1).await;
    }
    assert_eq!(stored(&app).await.0, 0, "three weeks that were seen to pass");
}
