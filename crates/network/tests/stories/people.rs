//! What members sign in their browsers: the next key of a channel (protocol section 4.1), and that a colleague has left (section 4.3).

use envelope::centre::verify_centre;
use envelope::clock::Clock;
use envelope::duty::Channel;
use envelope::publication::WrapTarget;
use jiff::SignedDuration;
use network::accounts::Role;
use serde_json::json;
use testkit::TestApp;
use testkit::actors::{Client, DemoNetwork, Operator, Victim};

use crate::common::{count, world};
use crate::gates::replay;
use crate::roles::change;

testkit::on_both_engines!(
    a_member_makes_the_next_key_and_people_write_under_it_at_once,
    of_two_who_make_a_key_at_once_one_makes_it_and_nothing_is_lost,
    a_key_is_sealed_to_exactly_those_who_may_read_or_it_is_refused,
    a_statement_counts_by_the_signature_of_who_is_signed_in,
    a_copy_that_does_not_open_is_made_good_by_the_next_key,
    whoever_left_is_out_at_once_and_opens_nothing_that_comes_after,
    copies_of_who_left_go_at_once_where_two_others_have_one,
    a_departure_is_stated_by_a_colleague_and_of_a_colleague,
    an_import_goes_on_from_what_members_signed,
);

fn days(count: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * count)
}

async fn sign_in(app: &TestApp, network: &DemoNetwork, centre: usize, place: usize) -> Operator {
    Operator::sign_in(app, &network.centres[centre].people[place]).await
}

/// Wraps that are kept for somebody.
async fn copies(app: &TestApp, person: impl ToString) -> i64 {
    count(app, &format!("epoch_wrap WHERE sealed_to = '{}'", person.to_string())).await
}

async fn channels_page(operator: &Operator) -> String {
    let page = operator.client.get("/it/console/channels").await;
    assert_eq!(page.status.as_u16(), 200);
    page.text().to_owned()
}

async fn a_member_makes_the_next_key_and_people_write_under_it_at_once(app: TestApp) {
    let network = world(&app).await;
    let her = Victim::new(&app, network.id);
    let before =
        her.seal_report(&network.verified(0, app.platform.now()), Channel::Safe, "Prima", app.platform.now());
    assert_eq!(her.send_report(before.bytes).await.status.as_u16(), 201);
    let anna = sign_in(&app, network, 0, 0).await;
    let page = channels_page(&anna).await;
    assert!(!page.contains("data-part=\"state\" class=\"notice\""), "not due on its second day");
    assert!(page.contains("Anna Verdi · Bea Neri"), "both can open it");

    // The epochs began 23 hours before the story: this is the first moment of their day 21.
    app.time.advance(days(20) + SignedDuration::from_hours(1));
    let now = app.platform.now();
    let mut anna = sign_in(&app, network, 0, 0).await;
    let page = channels_page(&anna).await;
    assert_eq!(page.matches("data-part=\"state\" class=\"notice\"").count(), 2, "both are due");
    assert!(page.contains("id=\"waits\""), "a line above every page says so");
    let stale = network.verified(0, now);
    assert_eq!(anna.make_epoch(Channel::Safe, now).await.verdict(), (201, String::new()));
    assert_eq!(count(&app, "audit_leaf WHERE kind = 'key-made'").await, 1);
    assert_eq!(channels_page(&anna).await.matches("data-part=\"state\" class=\"notice\"").count(), 1);

    // Whoever writes now writes under the new key, and under the old one no more.
    let late = Victim::new(&app, network.id);
    let late = late.send_report(late.seal_report(&stale, Channel::Safe, "Tardi", now).bytes).await;
    assert_eq!(late.verdict(), (409, "epoch".to_owned()));
    let mut bea = sign_in(&app, network, 0, 1).await;
    assert!(bea.holds_newest(Channel::Safe), "sealed to her as well");
    let after = her_report(&app, network, &bea, "Dopo").await;
    for case in [before.case, after] {
        assert_eq!(bea.open(case).await.unwrap().items.len(), 1, "old keys stay, new ones open");
    }
    let restarted = network::App::start(app.platform.clone()).await.unwrap();
    assert_eq!(network::centres::list(&restarted).len(), 2, "what is stored verifies");
    assert_eq!(bea.make_epoch(Channel::General, now).await.status.as_u16(), 201);
}

/// A report to the centre on the safe channel, as an operator's browser verified it.
async fn her_report(
    app: &TestApp,
    network: &DemoNetwork,
    who: &Operator,
    text: &str,
) -> envelope::ids::CaseId {
    let her = Victim::new(app, network.id);
    let report = her.seal_report(&who.centre, Channel::Safe, text, app.platform.now());
    assert_eq!(her.send_report(report.bytes).await.verdict(), (201, String::new()));
    report.case
}

async fn of_two_who_make_a_key_at_once_one_makes_it_and_nothing_is_lost(app: TestApp) {
    let network = world(&app).await;
    app.time.advance(days(21));
    let now = app.platform.now();
    let [mut anna, mut bea] = [sign_in(&app, network, 0, 0).await, sign_in(&app, network, 0, 1).await];
    let [one, other] = [anna.draw_epoch(Channel::Safe, now), bea.draw_epoch(Channel::Safe, now)];
    let (first, second) = tokio::join!(anna.post_epoch(&one), bea.post_epoch(&other));
    let mut verdicts = [first.verdict(), second.verdict()];
    verdicts.sort();
    assert_eq!(verdicts, [(201, String::new()), (409, "changed".to_owned())]);
    assert_eq!(count(&app, "epoch WHERE number = 2").await, 1);
    // A chain that has gone on since, in another channel, is a stale one too.
    let stale = anna.draw_epoch(Channel::General, now);
    assert_eq!(anna.post_epoch(&stale).await.verdict(), (409, "changed".to_owned()));
    for member in [&mut anna, &mut bea] {
        member.refresh(now).await;
        assert!(member.holds_newest(Channel::Safe), "whoever made it, both hold it");
    }
    assert_eq!(bea.make_epoch(Channel::General, now).await.status.as_u16(), 201);
}

async fn a_key_is_sealed_to_exactly_those_who_may_read_or_it_is_refused(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let mut anna = sign_in(&app, network, 0, 0).await;
    let good = anna.draw_epoch(Channel::Safe, now);
    let before = (count(&app, "statement").await, count(&app, "epoch_wrap").await);
    let elsewhere = WrapTarget::Person(network.centres[1].people[0].id);
    for (what, place) in [("Anna", 0), ("Bea", 1), ("paper", 2)] {
        let mut without = good.clone();
        without.wraps.remove(place);
        assert_eq!(anna.post_epoch(&without).await.verdict(), (400, "readers".to_owned()), "without {what}");
        let mut twice = good.clone();
        twice.wraps[place] = good.wraps[(place + 1) % 3].clone();
        assert_eq!(anna.post_epoch(&twice).await.verdict(), (400, "readers".to_owned()), "twice for another");
        let mut stranger = good.clone();
        stranger.wraps[place].to = elsewhere;
        assert_eq!(anna.post_epoch(&stranger).await.verdict(), (400, "readers".to_owned()), "for a stranger");
        let mut short = good.clone();
        short.wraps[place].wrap.0.pop();
        assert_eq!(anna.post_epoch(&short).await.verdict(), (400, "readers".to_owned()), "cut");
    }
    let mut more = good.clone();
    more.wraps.push(good.wraps[0].clone());
    more.wraps[3].to = elsewhere;
    assert_eq!(anna.post_epoch(&more).await.verdict(), (400, "readers".to_owned()), "one too many");
    assert_eq!((count(&app, "statement").await, count(&app, "epoch_wrap").await), before);
    assert_eq!(anna.post_epoch(&good).await.status.as_u16(), 201);
}

async fn a_statement_counts_by_the_signature_of_who_is_signed_in(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let mut anna = sign_in(&app, network, 0, 0).await;
    let bea = sign_in(&app, network, 0, 1).await;
    let good = anna.draw_epoch(Channel::Safe, now);
    let refused = (400, "statement".to_owned());

    let of_bea = bea.draw_epoch(Channel::Safe, now);
    assert_eq!(anna.post_epoch(&of_bea).await.verdict(), refused, "a colleague's");
    let mut forged = good.clone();
    forged.statement.signatures = of_bea.statement.signatures.clone();
    forged.statement.signatures[0].key = good.statement.signatures[0].key;
    assert_eq!(anna.post_epoch(&forged).await.verdict(), refused, "a signature of something else");
    let mut both = good.clone();
    both.statement.signatures.extend(of_bea.statement.signatures.clone());
    assert_eq!(anna.post_epoch(&both).await.verdict(), refused, "one too many");
    let mut none = good.clone();
    none.statement.signatures.clear();
    assert_eq!(anna.post_epoch(&none).await.verdict(), refused);
    let tomorrow = anna.draw_epoch(Channel::Safe, now + days(1));
    assert_eq!(anna.post_epoch(&tomorrow).await.verdict(), refused, "a moment that has not come");

    let mut carla = sign_in(&app, network, 1, 0).await;
    assert_eq!(
        carla.post_epoch(&good).await.verdict(),
        (409, "changed".to_owned()),
        "another centre's chain"
    );
    let mut dora = sign_in(&app, network, 1, 1).await;
    let of_carla = carla.draw_epoch(Channel::Safe, now);
    assert_eq!(dora.post_epoch(&of_carla).await.verdict(), refused, "of a channel that she does not read");
    let bare = anna.client.post_json("/console/epochs", &json!({ "statement": good.statement })).await;
    assert_eq!(bare.verdict(), (400, "malformed".to_owned()));
    let leave = json!({ "statement": anna.sign_leave(network.centres[0].people[1].id, now)["statement"], "wraps": [] });
    let misplaced = anna.client.post_json("/console/epochs", &leave).await;
    assert_eq!(misplaced.verdict(), (400, "malformed".to_owned()), "a departure is no key");
    assert_eq!(count(&app, "statement").await, 4);
    assert_eq!(anna.post_epoch(&good).await.status.as_u16(), 201);
}

/// Only a browser can tell whether a copy opens: the colleague's says so, and she makes the next key.
async fn a_copy_that_does_not_open_is_made_good_by_the_next_key(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let [mut anna, mut bea] = [sign_in(&app, network, 0, 0).await, sign_in(&app, network, 0, 1).await];
    let mut made = anna.draw_epoch(Channel::Safe, now);
    made.wraps[1].wrap = made.wraps[2].wrap.clone();
    assert_eq!(anna.post_epoch(&made).await.status.as_u16(), 201, "sealed bytes look alike to a server");
    bea.refresh(now).await;
    assert!(!bea.holds_newest(Channel::Safe));
    assert_eq!(bea.make_epoch(Channel::Safe, now).await.status.as_u16(), 201);
    for member in [&mut anna, &mut bea] {
        member.refresh(now).await;
        assert!(member.holds_newest(Channel::Safe));
        assert_eq!(member.centre.latest_epoch(Channel::Safe).unwrap().number(), 3);
    }
    let case = her_report(&app, network, &anna, "Sotto la terza").await;
    assert_eq!(bea.open(case).await.unwrap().items.len(), 1);
}

async fn whoever_left_is_out_at_once_and_opens_nothing_that_comes_after(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let [anna_is, bea_is] = [&network.centres[0].people[0], &network.centres[0].people[1]];
    let mut anna = Operator::sign_in(&app, anna_is).await;
    let mut bea = Operator::sign_in(&app, bea_is).await;
    let before = her_report(&app, network, &bea, "Prima").await;
    assert_eq!(bea.open(before).await.unwrap().items.len(), 1);
    let open = network.verified(0, now);

    let page = anna.client.get(&format!("/it/console/people/{}/leave", bea_is.id)).await;
    assert!(
        page.text().contains("id=\"few\""),
        "one reader is left: old copies are kept, and the page says so"
    );
    assert_eq!(anna.state_leave(bea_is.id, now).await.verdict(), (201, String::new()));
    assert_eq!(count(&app, "audit_leaf WHERE kind = 'left'").await, 1);

    // Sessions, roles and sign-in are over in the same moment.
    assert_eq!(bea.client.fetch("/console/keys").await.status.as_u16(), 401);
    let drawn = bea.draw_epoch(Channel::Safe, now);
    assert_eq!(bea.post_epoch(&drawn).await.status.as_u16(), 401);
    assert_eq!(bea.open(before).await.err().unwrap().status.as_u16(), 401);
    let mut client = Client::new(&app);
    let (refused, _) = Operator::answer_challenge(&mut client, bea_is.account, bea_is).await;
    assert_eq!(refused.verdict(), (403, "sign-in".to_owned()));

    // Nobody writes under a key that she knows.
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&open, Channel::Safe, "Ancora la vecchia", now);
    assert_eq!(her.send_report(report.bytes).await.verdict(), (409, "epoch".to_owned()));
    let page = channels_page(&anna).await;
    assert_eq!(page.matches("data-part=\"state\" class=\"notice\"").count(), 2);
    assert!(
        page.contains("data-part=\"kept\"") && page.contains("Bea Neri"),
        "why her old copies are still here"
    );
    assert_eq!(copies(&app, bea_is.id).await, 2, "Rule L: with one reader nothing is erased");

    for channel in [Channel::Safe, Channel::General] {
        assert_eq!(anna.make_epoch(channel, now).await.verdict(), (201, String::new()));
    }
    assert_eq!(copies(&app, bea_is.id).await, 2, "and no newer copy is hers");
    anna.refresh(now).await;
    let after = her_report(&app, network, &anna, "Dopo").await;
    let frame = anna.open(after).await.unwrap().frames.remove(0);
    assert!(anna.can_open(&frame, &anna.centre));
    assert!(!bea.can_open(&frame, &anna.centre), "with every key that she ever held");
    assert_eq!(anna.open(before).await.unwrap().items.len(), 1, "what was before stays readable");
    replay(&app).await.unwrap();
}

async fn copies_of_who_left_go_at_once_where_two_others_have_one(app: TestApp) {
    let now = app.platform.now();
    let mut network = DemoNetwork::new(now, 12);
    network.join(0, "Gaia Viola", "gaia.viola", now);
    network.publish(&app.app).await.unwrap();
    let [bea, gaia] = [1, 2].map(|place| network.centres[0].people[place].id);
    let mut anna = sign_in(&app, &network, 0, 0).await;
    let leaver = sign_in(&app, &network, 0, 1).await;
    assert!(leaver.holds_newest(Channel::Safe));
    let kept = copies(&app, gaia).await;
    assert_eq!(anna.state_leave(bea, now).await.verdict(), (201, String::new()));
    assert_eq!(
        count(&app, &format!("epoch_wrap WHERE sealed_to = '{}' AND number = 2", bea.uuid())).await,
        0
    );
    assert_eq!(copies(&app, bea).await, 2, "of the keys from before Gaia came Anna alone has another copy");
    assert_eq!(copies(&app, gaia).await, kept, "a colleague's copies stay");
    assert!(channels_page(&anna).await.contains("data-part=\"kept\""));
    // Of one who leaves later they wait, where one is left.
    assert_eq!(anna.make_epoch(Channel::Safe, now).await.status.as_u16(), 201);
    anna.refresh(now).await;
    assert_eq!(anna.state_leave(gaia, now).await.verdict(), (201, String::new()));
    assert_eq!(copies(&app, gaia).await, kept + 1);
    let bundle = served(&app, &network).await;
    let centre = verify_centre(&network.root, &bundle, Clock::exact(now), None).unwrap();
    assert_eq!(centre.members().len(), 1, "whoever verifies the papers sees both departures");
    replay(&app).await.unwrap();
}

async fn a_departure_is_stated_by_a_colleague_and_of_a_colleague(app: TestApp) {
    let network = world(&app).await;
    let now = app.platform.now();
    let [anna_is, bea_is] = [&network.centres[0].people[0], &network.centres[0].people[1]];
    let mut anna = Operator::sign_in(&app, anna_is).await;
    for (who, id) in [("herself", anna_is.id), ("somebody elsewhere", network.centres[1].people[0].id)] {
        assert_eq!(anna.state_leave(id, now).await.status.as_u16(), 404, "{who}");
        let page = anna.client.get(&format!("/it/console/people/{id}/leave")).await;
        assert_eq!(page.status.as_u16(), 404, "{who}");
    }
    // Signed for one person, sent for another.
    let stated = anna.sign_leave(anna_is.id, now);
    let path = format!("/console/people/{}/leave", bea_is.id);
    assert_eq!(anna.client.post_json(&path, &stated).await.verdict(), (400, "malformed".to_owned()));
    let mut carla = sign_in(&app, network, 1, 0).await;
    assert_eq!(carla.state_leave(bea_is.id, now).await.status.as_u16(), 404, "another centre's member");
    // Signed by a member whose roles no longer give that right.
    change(&app, anna_is.account, Role::Auditor, true).await.unwrap();
    change(&app, anna_is.account, Role::Operator, false).await.unwrap();
    let mut auditor = Operator::sign_in(&app, anna_is).await;
    assert_eq!(auditor.state_leave(bea_is.id, now).await.status.as_u16(), 404);
    assert!(!auditor.client.get("/it/console/people").await.text().contains("data-part=\"leave\""));
    assert_eq!(count(&app, "statement").await, 4, "nothing was appended");
    // Who administers and reads no case may.
    change(&app, anna_is.account, Role::Administrator, true).await.unwrap();
    let mut administrator = Operator::sign_in(&app, anna_is).await;
    assert_eq!(administrator.state_leave(bea_is.id, now).await.verdict(), (201, String::new()));
    let again = administrator.state_leave(bea_is.id, now).await;
    assert_eq!(again.status.as_u16(), 404, "nobody leaves twice");
}

/// The offline tool goes on where members stopped (docs/offline-keys.md): with the server's statements, and without whoever left.
async fn an_import_goes_on_from_what_members_signed(app: TestApp) {
    let now = app.platform.now();
    let mut network = DemoNetwork::new(now, 13);
    network.publish(&app.app).await.unwrap();
    let bea = network.centres[0].people[1].id;
    let mut anna = sign_in(&app, &network, 0, 0).await;
    assert_eq!(anna.make_epoch(Channel::Safe, now).await.status.as_u16(), 201);
    assert!(network.publish(&app.app).await.is_err(), "a folder that fell behind changes nothing");
    network.centres[0].bundle = served(&app, &network).await;
    network.publish(&app.app).await.unwrap();
    assert_eq!(copies(&app, bea).await, 3, "a key without a record keeps its copies");

    anna.refresh(now).await;
    assert!(anna.holds_newest(Channel::Safe));
    assert_eq!(anna.state_leave(bea, now).await.status.as_u16(), 201);
    network.centres[0].bundle = served(&app, &network).await;
    assert!(network.publish(&app.app).await.is_err(), "the folder still names who left");
    network.centres[0].people.remove(1);
    network.forget_wraps_of(0, bea);
    network.renew_epoch(0, Channel::Safe, now, now);
    network.publish(&app.app).await.unwrap();
    anna.refresh(now).await;
    assert!(anna.holds_newest(Channel::Safe), "one that was made offline");
    assert_eq!(
        anna.make_epoch(Channel::General, now).await.status.as_u16(),
        201,
        "and then one in the console"
    );
    replay(&app).await.unwrap();
}

async fn served(app: &TestApp, network: &DemoNetwork) -> envelope::centre::CentreBundle {
    let answer = app.get(&format!("/network/centres/{}.json", network.centres[0].id)).await;
    serde_json::from_slice(&answer.body).unwrap()
}
