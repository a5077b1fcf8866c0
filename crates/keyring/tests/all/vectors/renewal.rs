//! A chain that was renewed (protocol section 12.1).

use envelope::duty::Channel;
use envelope::refusal::CentreRefusal;
use envelope::signature::PublicKey;
use serde_json::{Value, json};

use super::sealed::{chain_case, verify};
use super::{committed, list, text};
use crate::world::World;

/// Renewed twice; the second time the third member is not there any more.
fn renewed() -> World {
    let mut world = World::new(66);
    world.renew(30, |_| ());
    world.new_epoch(Channel::Safe, 31);
    world.renew(60, |it| it.founding_members.truncate(2));
    world.new_epoch(Channel::Safe, 61);
    world.new_epoch(Channel::General, 61);
    world
}

fn refused() -> Vec<Value> {
    let case = |name: &str, code: &str, change: &dyn Fn(&mut World)| {
        let mut world = renewed();
        change(&mut world);
        let mut case = chain_case(&world, 62);
        (case["name"], case["code"]) = (json!(name), json!(code));
        case
    };
    vec![
        case("the chain in between is missing", "chain", &|it| drop(it.bundle.earlier.remove(1))),
        case("an earlier chain lacks its last statement", "chain", &|it| {
            it.bundle.earlier[0].statements.pop();
        }),
        case("earlier chains in another order", "chain", &|it| it.bundle.earlier.reverse()),
        case("an earlier certificate by one governor", "signature", &|it| {
            it.bundle.earlier[0].certificate.signatures.pop();
        }),
    ]
}

#[test]
fn renewal() {
    let fresh = || {
        let world = renewed();
        let mut vectors = chain_case(&world, 62);
        let author = |epoch: u32, place: usize| json!({ "epoch": epoch, "key": world.operators[place].public_key(), "person": world.persons[place] });
        vectors["expected"] = json!({ "safe": 3, "authors": [author(1, 0), author(2, 1), author(3, 0)] });
        vectors["refused"] = json!(refused());
        vectors
    };
    let vectors = committed("renewal.json", fresh);
    assert_eq!(vectors, fresh());
    let centre = verify(&vectors).unwrap();
    assert_eq!(json!(centre.seen_epochs().safe), vectors["expected"]["safe"]);
    for author in list(&vectors["expected"], "authors") {
        let key = PublicKey::parse(text(author, "key")).unwrap();
        let epoch = u32::try_from(author["epoch"].as_u64().unwrap()).unwrap();
        let person = centre.author(Channel::Safe, epoch, &key).unwrap();
        assert_eq!(json!(person), author["person"]);
    }
    for case in list(&vectors, "refused") {
        assert_eq!(verify(case).err().map(CentreRefusal::code), Some(text(case, "code")), "{}", case["name"]);
    }
}
