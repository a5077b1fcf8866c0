//! "Who opened my case" as her page asks it (protocol sections 9 and 12.11): an honest server's list is shown with the names of the verified
//! chain, and what a hostile one alters or leaves out is said.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

#[expect(dead_code, reason = "shared with the other stories of pages")]
mod page;

use browser::mailbox::Mailbox;
use browser::refusal::Refused;
use envelope::audit::act::{Act, ActKind, Leaf, Opening};
use envelope::audit::checkpoint::{Checkpoint, beginning};
use envelope::audit::openings::{Entry, OPENINGS_LENGTH, OpeningsPage, Standing};
use envelope::audit::tree::Tree;
use envelope::audit::week::Week;
use envelope::duty::Channel;
use envelope::encoding::Hash;
use envelope::ids::CaseId;
use page::world::World;
use page::{case_of, code_of, letter, mailbox, open, operator, read, seal};
use serde_json::{Value, json};

/// A case that Ada opened and answered; her mailbox, open.
fn answered(world: &World) -> (Mailbox, CaseId) {
    let mut letter = letter(world);
    let report = seal(&mut letter, "uno").unwrap();
    let case = case_of(&report);
    let mut ada = operator(world, 0);
    read(&mut ada, world, &case, std::slice::from_ref(&report));
    let answer = ada.answer("answer", "Siamo qui.", page::now()).unwrap();
    let (hers, contents) = open(world, &code_of(&letter), &[report, answer]);
    assert_eq!(contents["may_write"], true);
    (hers, CaseId::parse(&case).unwrap())
}

/// What an honest server says: both acts in the tree of one checkpoint, among others.
fn honest(world: &World, case: CaseId) -> OpeningsPage {
    let week = Week::new(2027, 3).unwrap();
    let (person, centre) = (world.persons[0].uuid(), world.certificate.centre.uuid());
    let acts = [(ActKind::Answered, 1), (ActKind::Opened, 2)];
    let openings: Vec<Opening> = acts
        .map(|(kind, salt)| Opening {
            act: Act::on_case(kind, Some(person), centre, case.uuid(), Channel::Safe),
            salt: [salt; 32],
        })
        .to_vec();
    let leaf =
        |opening: &Opening| Leaf { kind: opening.act.kind, week, commitment: opening.commitment() }.hash();
    let others = (0_u8..3).map(|number| Hash::of(&[number]));
    let tree = Tree::of(others.chain(openings.iter().map(leaf)));
    let entries = (3..).zip(&openings).map(|(place, opening)| Entry {
        kind: opening.act.kind,
        week,
        actor: Some(person),
        centre,
        channel: Channel::Safe,
        salt: opening.salt,
        standing: Some(Standing { place, proof: tree.prove_inclusion(place, 5).unwrap() }),
    });
    let checkpoint =
        Checkpoint { number: 1, week, size: 5, root: tree.root_at(5).unwrap(), previous: beginning() };
    OpeningsPage { acts: 2, page: 0, pages: 1, checkpoint: Some(checkpoint), entries: entries.collect() }
}

fn told(hers: &mut Mailbox, page: &OpeningsPage) -> Value {
    assert_eq!(hers.accept_openings(&page.assemble().unwrap(), 0).unwrap(), 1);
    serde_json::from_str(&hers.openings().unwrap()).unwrap()
}

#[test]
fn an_honest_list_is_shown_with_the_names_of_the_chain() {
    let world = World::new(41);
    let (mut hers, case) = answered(&world);
    let page = honest(&world, case);
    let shown = told(&mut hers, &page);
    assert_eq!((&shown["altered"], &shown["missing"]), (&Value::Bool(false), &Value::Bool(false)));
    assert_eq!(shown["checkpoint"], page.checkpoint.unwrap().hash().to_string());
    let acts = shown["acts"].as_array().unwrap();
    assert_eq!(
        acts.iter().map(|act| act["kind"].as_str().unwrap()).collect::<Vec<_>>(),
        ["answered", "opened"]
    );
    for act in acts {
        assert_eq!(act["who"], world.certificate.founding_members[0].name.as_str());
        assert_eq!(act["centre"], world.certificate.organisation.as_str());
        assert_eq!((&act["week"], &act["waits"]), (&json!([2027, 3]), &Value::Bool(false)));
    }
    // Of a week that is not over nothing is proved, and nothing contradicted.
    let mut waiting = page;
    waiting.entries[1].standing = None;
    let shown = told(&mut hers, &waiting);
    assert_eq!((&shown["altered"], &shown["acts"][1]["waits"]), (&Value::Bool(false), &Value::Bool(true)));
}

/// What a hostile server does to an answer.
type Alteration = fn(&mut OpeningsPage);

#[test]
fn what_was_altered_or_left_out_is_said() {
    let world = World::new(42);
    let (mut hers, case) = answered(&world);
    let whole = honest(&world, case);
    let altered: [(&str, Alteration); 6] = [
        ("who", |page| page.entries[0].actor = None),
        ("where", |page| page.entries[0].centre = page.entries[0].actor.unwrap()),
        ("what", |page| page.entries[0].kind = ActKind::Acknowledged),
        ("when", |page| page.entries[0].week = Week::new(2026, 3).unwrap()),
        ("the channel", |page| page.entries[0].channel = Channel::General),
        ("the root", |page| page.checkpoint.as_mut().unwrap().root = Hash::of(b"")),
    ];
    for (name, alter) in altered {
        let mut page = whole.clone();
        alter(&mut page);
        assert_eq!(told(&mut hers, &page)["altered"], true, "{name}");
    }
    // Those of another case are not hers.
    let other = honest(&world, CaseId::from_random_bytes([9; 16]));
    assert_eq!(told(&mut hers, &other)["altered"], true);
    for left in 0..2 {
        let mut page = whole.clone();
        page.entries.remove(left);
        page.acts = 1;
        let shown = told(&mut hers, &page);
        assert_eq!(
            (&shown["altered"], &shown["missing"]),
            (&Value::Bool(false), &Value::Bool(true)),
            "{left}"
        );
    }
    assert_eq!(told(&mut hers, &whole)["altered"], false, "the control");
}

#[test]
fn filler_and_a_mailbox_without_an_answer_have_nothing_to_show() {
    let world = World::new(43);
    let (mut hers, case) = answered(&world);
    let page = honest(&world, case).assemble().unwrap();
    assert_eq!(hers.accept_openings(&vec![0xF1; OPENINGS_LENGTH], 0).unwrap_err(), Refused::MALFORMED);
    assert_eq!(hers.accept_openings(&page, 1).unwrap_err(), Refused::MALFORMED);
    let mut nobody = mailbox(&world);
    nobody.enter("27182818284590452353").unwrap();
    assert_eq!(nobody.accept_openings(&page, 0).unwrap_err(), Refused::UNKNOWN);
    assert_eq!(nobody.openings().unwrap_err(), Refused::UNKNOWN);
    hers.forget();
    assert_eq!(hers.openings().unwrap_err(), Refused::UNKNOWN);
}
