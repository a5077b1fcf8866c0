//! Another code in place of the old one, and two members who take that back (protocol section 7.4).

use crate::common::{column, count, told, world};
use crate::journey::text_of;
use envelope::centre::VerifiedCentre;
use envelope::content::Content;
use envelope::duty::Channel;
use envelope::header::{Chain, Undone};
use envelope::ids::CaseId;
use envelope::refusal::MailboxRefusal;
use jiff::SignedDuration;
use keyring::item::SealedItem;
use keyring::safe_word::Verdict;
use testkit::TestApp;
use testkit::actors::{DemoNetwork, Operator, Victim};

testkit::on_both_engines!(
    a_new_code_opens_old_and_new_answers_and_the_old_one_is_unknown,
    a_rotation_sent_twice_is_one,
    a_rotation_before_the_first_answer_is_refused_like_a_message,
    nobody_rotates_to_a_code_that_is_in_use_or_was,
    what_an_intruder_rotated_two_members_take_back,
    one_member_alone_takes_nothing_back,
    after_a_right_word_the_browser_signs_nothing,
    what_is_final_is_not_taken_back,
    only_the_latest_rotation_is_taken_back,
    two_rotations_at_once_leave_one,
);

const WORD: &str = "limone";

/// Her report with a safe word, answered once.
async fn answered(app: &TestApp) -> (&'static DemoNetwork, VerifiedCentre, Victim, CaseId) {
    let network = world(app).await;
    let now = app.platform.now();
    let centre = network.verified(0, now);
    let her = Victim::new(app, network.id);
    let report = her.seal_with_word(&centre, Channel::Safe, "Prima parola", WORD, now);
    assert_eq!(her.send_report(report.bytes).await.status.as_u16(), 201);
    let anna = Operator::sign_in(app, &network.centres[0].people[0]).await;
    let opened = anna.open(report.case).await.unwrap();
    assert_eq!(anna.answer(&opened, "Prima risposta", now).await.status.as_u16(), 201);
    (network, centre, her, report.case)
}

/// What whoever has the code of `from` seals to change to that of `to`.
async fn sealed_rotation(
    app: &TestApp,
    centre: &VerifiedCentre,
    from: &Victim,
    to: &Victim,
    word: Option<&str>,
) -> SealedItem {
    let (mailbox, reading) = from.read_all(centre).await.unwrap();
    from.seal_rotation(&to.receipt, centre, (&mailbox, &reading), word, app.platform.now())
}

async fn rotate(app: &TestApp, centre: &VerifiedCentre, from: &Victim, to: &Victim, word: Option<&str>) {
    let sealed = sealed_rotation(app, centre, from, to, word).await;
    assert_eq!(from.send_message(sealed.bytes).await.verdict(), (201, String::new()));
}

/// Whoever asks with this code sees what any code sees: pages of filler, and the one refusal of messages.
async fn assert_unknown(
    app: &TestApp,
    centre: &VerifiedCentre,
    who: &Victim,
    case: CaseId,
    network: &DemoNetwork,
) {
    let now = app.platform.now();
    let nobody = Victim::new(app, network.id);
    assert_eq!(who.read(centre).await.unwrap_err(), MailboxRefusal::Empty);
    let (one, other) = (who.page(0).await, nobody.page(0).await);
    assert_eq!((one.status, one.body.len()), (other.status, other.body.len()));
    let place =
        |seq| keyring::item::Place { case, seq, prev: Some(envelope::encoding::Hash::of(b"any")), seen: 1 };
    for seq in 2..6 {
        let of_who = who.seal_message_at(centre, Channel::Safe, &place(seq), "Prova", now);
        let of_nobody = nobody.seal_message_at(centre, Channel::Safe, &place(seq), "Prova", now);
        let (one, other) = (who.send_message(of_who.bytes).await, nobody.send_message(of_nobody.bytes).await);
        assert_eq!(one.verdict(), (403, "refused".to_owned()), "{seq}");
        assert_eq!(told(&one), told(&other), "{seq}");
    }
}

async fn a_new_code_opens_old_and_new_answers_and_the_old_one_is_unknown(app: TestApp) {
    let (network, centre, old, case) = answered(&app).await;
    let now = app.platform.now();
    let new = Victim::new(&app, network.id);
    rotate(&app, &centre, &old, &new, Some(" Limone ")).await;
    assert_eq!(column(&app, "state").await.as_deref(), Some("arrived"), "somebody must look at the word");
    assert_unknown(&app, &centre, &old, case, network).await;
    let (_, answers) = new.read(&centre).await.unwrap();
    assert_eq!(answers.iter().map(|item| text_of(item.content())).collect::<Vec<_>>(), ["Prima risposta"]);

    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    let opened = anna.open(case).await.unwrap();
    assert_eq!(opened.rotations()[0].word, Verdict::Right);
    assert_eq!(anna.answer(&opened, "Seconda risposta", now).await.status.as_u16(), 201);
    let (mailbox, answers) = new.read(&centre).await.unwrap();
    let texts: Vec<_> = answers.iter().map(|item| text_of(item.content())).collect();
    assert_eq!(texts, ["Prima risposta", "Seconda risposta"]);
    let message = new.seal_message(&centre, Channel::Safe, case, &mailbox, "Col nuovo codice", now);
    assert_eq!(new.send_message(message.bytes).await.verdict(), (201, String::new()));
    assert_eq!(text_of(anna.open(case).await.unwrap().items[4].content()), "Col nuovo codice");
    // And once more: the third code opens everything that the second did.
    let third = Victim::new(&app, network.id);
    rotate(&app, &centre, &new, &third, Some(WORD)).await;
    assert_eq!(third.read(&centre).await.unwrap().1.len(), 2);
    assert_unknown(&app, &centre, &new, case, network).await;
    assert_unknown(&app, &centre, &old, case, network).await;
    // A first report under a code that led here once is answered like any other, and not kept.
    let again = old.seal_report(&centre, Channel::Safe, "Ancora", now);
    assert_eq!(old.send_report(again.bytes).await.verdict(), (201, String::new()));
    assert_eq!((count(&app, "report").await, count(&app, "mailbox_past").await), (1, 2));
}

async fn a_rotation_sent_twice_is_one(app: TestApp) {
    let (network, centre, old, _) = answered(&app).await;
    let new = Victim::new(&app, network.id);
    let sealed = sealed_rotation(&app, &centre, &old, &new, None).await;
    let first = old.send_message(sealed.bytes.clone()).await;
    let again = old.send_message(sealed.bytes.clone()).await;
    assert_eq!((told(&first), first.status.as_u16()), (told(&again), 201));
    assert_eq!((count(&app, "report_item").await, count(&app, "mailbox_past").await), (3, 1));
    // Other bytes from the old code are refused like anybody's.
    let mut other = sealed.bytes;
    let last = other.len() - 1;
    other[last] ^= 1;
    assert_eq!(old.send_message(other).await.verdict(), (400, "signature".to_owned()));
}

async fn a_rotation_before_the_first_answer_is_refused_like_a_message(app: TestApp) {
    let (network, centre, old, _) = answered(&app).await;
    let now = app.platform.now();
    let (mailbox, reading) = old.read_all(&centre).await.unwrap();
    let unanswered = Victim::new(&app, network.id);
    let report = unanswered.seal_report(&centre, Channel::Safe, "Parola", now);
    unanswered.send_report(report.bytes).await;
    let (nobody, new) = (Victim::new(&app, network.id), Victim::new(&app, network.id));
    let mut answers = Vec::new();
    for from in [&unanswered, &nobody] {
        let sealed = from.seal_rotation(&new.receipt, &centre, (&mailbox, &reading), None, now);
        answers.push(told(&from.send_message(sealed.bytes).await));
    }
    assert_eq!(answers[0].0, 403);
    assert_eq!(answers[0], answers[1]);
    assert_eq!(count(&app, "mailbox_past").await, 0);
}

async fn nobody_rotates_to_a_code_that_is_in_use_or_was(app: TestApp) {
    let (network, centre, old, _) = answered(&app).await;
    let now = app.platform.now();
    let (used, new) = (Victim::new(&app, network.id), Victim::new(&app, network.id));
    let report = used.seal_report(&centre, Channel::Safe, "Parola", now);
    used.send_report(report.bytes).await;
    let burned = Victim::new(&app, network.id);
    let report = burned.seal_report(&centre, Channel::Safe, "Parola", now);
    burned.send_report(report.bytes).await;
    assert_eq!(burned.burn(None, now).await.status.as_u16(), 200);
    for target in [&used, &burned] {
        let sealed = sealed_rotation(&app, &centre, &old, target, Some(WORD)).await;
        assert_eq!(old.send_message(sealed.bytes).await.verdict(), (403, "refused".to_owned()));
    }
    rotate(&app, &centre, &old, &new, Some(WORD)).await;
    let back = sealed_rotation(&app, &centre, &new, &old, Some(WORD)).await;
    assert_eq!(new.send_message(back.bytes).await.verdict(), (403, "refused".to_owned()), "an id that was");
    assert_eq!(new.read(&centre).await.unwrap().1.len(), 1, "nothing changed");
}

async fn what_an_intruder_rotated_two_members_take_back(app: TestApp) {
    let (network, centre, her, case) = answered(&app).await;
    let now = app.platform.now();
    let found = Victim::with_code(&app, network.id, her.code.clone());
    let intruder = Victim::new(&app, network.id);
    rotate(&app, &centre, &found, &intruder, Some("mela")).await;
    assert_eq!(her.read(&centre).await.unwrap_err(), MailboxRefusal::Empty);

    let [anna, bea] = [0, 1].map(|place| &network.centres[0].people[place]);
    let (anna, bea) = (Operator::sign_in(&app, anna).await, Operator::sign_in(&app, bea).await);
    let opened = anna.open(case).await.unwrap();
    assert_eq!((opened.rotations()[0].word, opened.rotations()[0].is_undone), (Verdict::Wrong, false));
    assert_eq!(opened.undoable, [Undone::Rotation(3)]);
    assert_eq!(anna.undo(case, Undone::Rotation(3), now).await.verdict(), (201, String::new()));
    assert_eq!(intruder.read(&centre).await.unwrap().1.len(), 1, "one signature changes nothing");
    assert_eq!(bea.undo(case, Undone::Rotation(3), now).await.verdict(), (201, String::new()));

    assert_unknown(&app, &centre, &intruder, case, network).await;
    let (mailbox, reading) = her.read_all(&centre).await.unwrap();
    assert_eq!((reading.answers().count(), reading.replaced_at()), (1, Some(3)), "her code works again");
    let message = her.seal_message(&centre, Channel::Safe, case, &mailbox, "Sono io", now);
    assert_eq!(her.send_message(message.bytes).await.verdict(), (201, String::new()));
    let opened = anna.open(case).await.unwrap();
    assert!(opened.rotations()[0].is_undone && opened.undoable.is_empty());
    keyring::conversation::check_conversation(
        &opened.chain(Chain::Conversation),
        &opened.chain(Chain::Notes),
    )
    .unwrap();
    assert_eq!(anna.answer(&opened, "Ben tornata", now).await.status.as_u16(), 201);
    assert_eq!(her.read(&centre).await.unwrap().1.len(), 2, "answers go to her code again");
    assert_eq!(anna.undo(case, Undone::Rotation(3), now).await.verdict(), (409, "changed".to_owned()));
    // She changes to a code that nobody has found.
    let fresh = Victim::new(&app, network.id);
    rotate(&app, &centre, &her, &fresh, Some(WORD)).await;
    assert_eq!(fresh.read(&centre).await.unwrap().1.len(), 2);
}

async fn one_member_alone_takes_nothing_back(app: TestApp) {
    let (network, centre, her, case) = answered(&app).await;
    let now = app.platform.now();
    let intruder = Victim::new(&app, network.id);
    rotate(&app, &centre, &her, &intruder, None).await;
    let [anna, bea] = [0, 1].map(|place| &network.centres[0].people[place]);
    let (anna, bea) = (Operator::sign_in(&app, anna).await, Operator::sign_in(&app, bea).await);
    // Nobody signs without having opened what was typed.
    let unopened = anna.client.post(&format!("/console/reports/{case}/open"), Vec::new()).await;
    assert_eq!(unopened.status.as_u16(), 200);
    assert_eq!(
        anna.undo(case, Undone::Rotation(2), now).await.verdict(),
        (409, "changed".to_owned()),
        "no rotation"
    );
    assert_eq!(anna.undo(case, Undone::Burn, now).await.verdict(), (409, "changed".to_owned()), "no burn");
    assert_eq!(anna.undo(case, Undone::Rotation(3), now).await.verdict(), (201, String::new()));
    let before = count(&app, "report_item").await;
    assert_eq!(
        anna.undo(case, Undone::Rotation(3), now).await.verdict(),
        (403, "refused".to_owned()),
        "alone"
    );
    assert_eq!(count(&app, "report_item").await, before);
    // A note of a colleague that she did not sign herself is nobody's second signature.
    let opened = bea.open(case).await.unwrap();
    let sealed = bea.seal_undo(&opened, Undone::Rotation(3), Verdict::Wrong, now).unwrap();
    assert_eq!(anna.send(&opened, sealed.bytes).await.verdict(), (403, "refused".to_owned()));
    assert_eq!(her.read(&centre).await.unwrap_err(), MailboxRefusal::Empty);
    assert_eq!(intruder.read(&centre).await.unwrap().1.len(), 1);
    // Members of another centre do not see the case at all.
    let carla = Operator::sign_in(&app, &network.centres[1].people[0]).await;
    assert_eq!(carla.undo(case, Undone::Rotation(3), now).await.verdict(), (404, "not-found".to_owned()));
}

/// The server cannot know which word was right: this rule is the browser's, in the code that seals.
async fn after_a_right_word_the_browser_signs_nothing(app: TestApp) {
    let (network, centre, her, case) = answered(&app).await;
    let now = app.platform.now();
    let new = Victim::new(&app, network.id);
    rotate(&app, &centre, &her, &new, Some(WORD)).await;
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    let opened = anna.open(case).await.unwrap();
    let verdict = opened.rotations()[0].word;
    assert_eq!(verdict, Verdict::Right);
    assert!(anna.seal_undo(&opened, Undone::Rotation(3), verdict, now).is_err());
    assert!(anna.seal_undo(&opened, Undone::Rotation(3), Verdict::Missing, now).is_ok(), "the control");
}

async fn what_is_final_is_not_taken_back(app: TestApp) {
    let (network, centre, her, case) = answered(&app).await;
    let intruder = Victim::new(&app, network.id);
    rotate(&app, &centre, &her, &intruder, None).await;
    let week = |app: &TestApp| network::reports::week_of(app.platform.now());
    let [anna, bea] = [0, 1].map(|place| &network.centres[0].people[place]);
    let first = Operator::sign_in(&app, anna).await;
    assert_eq!(first.undo(case, Undone::Rotation(3), app.platform.now()).await.status.as_u16(), 201);
    app.time.advance(SignedDuration::from_hours(20 * 24));
    assert!(network::reports::can_be_undone("2026-W48", app.platform.now()), "the third Sunday");
    app.time.advance(SignedDuration::from_hours(24));
    let second = Operator::sign_in(&app, bea).await;
    let opened = second.open(case).await.unwrap();
    assert!(opened.undoable.is_empty());
    assert_eq!(
        second.undo(case, Undone::Rotation(3), app.platform.now()).await.verdict(),
        (409, "changed".to_owned())
    );

    // The old id is forgotten, unless a legal hold keeps it; it stays used.
    let database = &app.platform.database;
    let now = week(&app);
    let held = [case.uuid()];
    let (now, held) = (now.as_str(), held.as_slice());
    let kept = database
        .write(|transaction| async move { network::reports::forget_rotated(&transaction, now, held).await })
        .await
        .unwrap();
    assert_eq!((kept, count(&app, "mailbox_past").await), (0, 1));
    let forgotten = database
        .write(|transaction| async move { network::reports::forget_rotated(&transaction, now, &[]).await })
        .await
        .unwrap();
    assert_eq!(forgotten, 1);
    assert_eq!((count(&app, "mailbox_past").await, count(&app, "mailbox_tombstone").await), (0, 1));
    assert_unknown(&app, &centre, &her, case, network).await;
    let again = her.seal_report(
        &network.verified(0, app.platform.now()),
        Channel::Safe,
        "Ancora",
        app.platform.now(),
    );
    assert_eq!(her.send_report(again.bytes).await.status.as_u16(), 201);
    assert_eq!(count(&app, "report").await, 1, "answered, and not kept");
}

async fn only_the_latest_rotation_is_taken_back(app: TestApp) {
    let (network, centre, her, case) = answered(&app).await;
    let now = app.platform.now();
    let (second, third) = (Victim::new(&app, network.id), Victim::new(&app, network.id));
    rotate(&app, &centre, &her, &second, Some("mela")).await;
    rotate(&app, &centre, &second, &third, Some("pera")).await;
    let [anna, bea] = [0, 1].map(|place| &network.centres[0].people[place]);
    let (anna, bea) = (Operator::sign_in(&app, anna).await, Operator::sign_in(&app, bea).await);
    assert_eq!(anna.undo(case, Undone::Rotation(3), now).await.verdict(), (409, "changed".to_owned()));
    for (seq, lives) in [(4, &second), (3, &her)] {
        for member in [&anna, &bea] {
            assert_eq!(
                member.undo(case, Undone::Rotation(seq), now).await.verdict(),
                (201, String::new()),
                "{seq}"
            );
        }
        assert!(lives.read(&centre).await.is_ok(), "{seq}");
        assert_unknown(&app, &centre, &third, case, network).await;
    }
    let opened = anna.open(case).await.unwrap();
    assert!(matches!(opened.items.last().unwrap().content(), Content::Undo(_)));
    assert_eq!(anna.answer(&opened, "Di nuovo", now).await.status.as_u16(), 201);
    assert_eq!(her.read(&centre).await.unwrap().1.len(), 2);
}

async fn two_rotations_at_once_leave_one(app: TestApp) {
    let (network, centre, her, _) = answered(&app).await;
    let (one, other) = (Victim::new(&app, network.id), Victim::new(&app, network.id));
    let first = sealed_rotation(&app, &centre, &her, &one, Some(WORD)).await;
    let second = sealed_rotation(&app, &centre, &her, &other, Some("mela")).await;
    let (first, second) = tokio::join!(her.send_message(first.bytes), her.send_message(second.bytes));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses[0], 201);
    assert!(statuses[1] == 403 || statuses[1] == 409, "{statuses:?}");
    let lives = [one.read(&centre).await.is_ok(), other.read(&centre).await.is_ok()];
    assert_eq!(lives.iter().filter(|lives| **lives).count(), 1);
    assert_eq!((count(&app, "report_item").await, count(&app, "mailbox_past").await), (3, 1));
}
