//! Tampering with the audit log (protocol section 9): whatever is altered in the rows is found, and what was rolled back does not pass its
//! witness.

use envelope::audit::act::{ActKind, Leaf, Opening};
use envelope::audit::checkpoint::Checkpoint;
use envelope::audit::proof::verify_consistency;
use envelope::audit::tree::Tree;
use envelope::audit::week::Week;
use envelope::audit::witness;
use envelope::encoding::Hash;
use network::audit::Violation;
use sea_orm::{ConnectionTrait as _, Statement};
use testkit::TestApp;
use testkit::actors::{DemoNetwork, Operator};

use crate::audit::{answered, form, kinds_of, next_week, run, verified};
use crate::backup::{bring_back, empty_place, engine_of, keep, live_on, other};
use crate::common::world;

testkit::on_both_engines!(
    whatever_is_altered_is_found,
    a_log_that_was_rolled_back_or_written_anew_does_not_pass_its_witness,
    an_erasure_without_a_tombstone_hides_nothing,
    any_two_checkpoints_are_consistent,
    a_restored_log_verifies_and_opens_nothing_of_what_was_shredded_since,
);

/// Three weeks with acts, and what a witness kept after each.
async fn three_weeks(app: &TestApp) -> Vec<Vec<Checkpoint>> {
    let network = world(app).await;
    let mut kept = Vec::new();
    for _ in 0..3 {
        let anna = Operator::sign_in(app, &network.centres[0].people[0]).await;
        for _ in 0..3 {
            answered(app, network, &anna).await;
        }
        next_week(app).await;
        let verified = verified(app, &[]).await.unwrap();
        let text = witness::to_text(&verified.checkpoints);
        kept.push(witness::parse(&text).unwrap());
    }
    kept
}

/// Whether a violation is the one that was made.
type IsNamed = fn(&Violation) -> bool;

/// What is done to the rows, and what it must be called.
type Alteration = (&'static str, Vec<String>, IsNamed);

/// An act of the second week, and another one of the same kind.
const ONE: &str =
    "(SELECT leaf FROM audit_leaf WHERE kind = 'opened' AND checkpoint = 2 ORDER BY leaf LIMIT 1)";
const OTHER: &str =
    "(SELECT leaf FROM audit_leaf WHERE kind = 'opened' AND checkpoint = 2 ORDER BY leaf DESC LIMIT 1)";

/// Bytes as the engine writes them.
fn bytes(app: &TestApp, hex: &str) -> String {
    if app.store.folder().is_some() { format!("x'{hex}'") } else { format!("'\\x{hex}'::bytea") }
}

/// One row is altered, or taken away alone.
fn alterations_of_a_row(app: &TestApp) -> Vec<Alteration> {
    let one = ONE;
    let zeros = bytes(app, &"00".repeat(32));
    let somebody = if app.store.folder().is_some() {
        "x'00000000000040008000000000000001'".to_owned()
    } else {
        "'00000000-0000-4000-8000-000000000001'::uuid".to_owned()
    };
    vec![
        (
            "the kind of an act",
            vec![format!("UPDATE audit_leaf SET kind = 'closed' WHERE leaf = {one}")],
            |found| matches!(found, Violation::LeafAltered(_)),
        ),
        ("its week", vec![format!("UPDATE audit_leaf SET week = '2026-W01' WHERE leaf = {one}")], |found| {
            matches!(found, Violation::LeafAltered(_))
        }),
        (
            "its commitment",
            vec![format!("UPDATE audit_leaf SET commitment = {zeros} WHERE leaf = {one}")],
            |found| matches!(found, Violation::LeafAltered(_)),
        ),
        ("its hash", vec![format!("UPDATE audit_leaf SET leaf = {zeros} WHERE leaf = {one}")], |found| {
            matches!(found, Violation::LeafAltered(_))
        }),
        (
            "who did it",
            vec![format!("UPDATE audit_opening SET actor = {somebody} WHERE leaf = {one}")],
            |found| matches!(found, Violation::OpeningAltered(_)),
        ),
        (
            "to which case",
            vec![format!("UPDATE audit_opening SET object = {somebody} WHERE leaf = {one}")],
            |found| matches!(found, Violation::OpeningAltered(_)),
        ),
        (
            "on which channel",
            vec![format!("UPDATE audit_opening SET channel = 'general' WHERE leaf = {one}")],
            |found| matches!(found, Violation::OpeningAltered(_)),
        ),
        ("a leaf is taken away", vec![format!("DELETE FROM audit_leaf WHERE leaf = {one}")], |found| {
            matches!(found, Violation::LeafMissing(_))
        }),
        (
            "an opening is taken away",
            vec![format!("DELETE FROM audit_opening WHERE leaf = {one}")],
            |found| *found == Violation::OpeningsMissing { missing: 1, explained: 0 },
        ),
    ]
}

/// Several rows are altered so that they fit together, or the chain is.
fn alterations_of_the_tree(app: &TestApp) -> Vec<Alteration> {
    let (one, other) = (ONE, OTHER);
    let ones = bytes(app, &"11".repeat(32));
    vec![
        (
            "both are taken away",
            vec![
                format!("DELETE FROM audit_opening WHERE leaf = {one}"),
                format!("DELETE FROM audit_leaf WHERE leaf = {one}"),
            ],
            |found| *found == Violation::TreeAltered(2),
        ),
        (
            "a leaf is put into an old week",
            vec![format!(
                "UPDATE audit_leaf SET checkpoint = 1 WHERE leaf = (SELECT leaf FROM audit_leaf WHERE checkpoint = 3 ORDER BY leaf LIMIT 1)"
            )],
            |found| *found == Violation::TreeAltered(1),
        ),
        (
            "two leaves change places",
            vec![
                format!("UPDATE audit_leaf SET checkpoint = 3 WHERE leaf = {one}"),
                format!(
                    "UPDATE audit_leaf SET checkpoint = 2 WHERE leaf = (SELECT leaf FROM audit_leaf WHERE checkpoint = 3 AND leaf <> {one} ORDER BY leaf DESC LIMIT 1)"
                ),
            ],
            |found| *found == Violation::TreeAltered(2),
        ),
        (
            "the openings of two are exchanged",
            vec![
                format!(
                    "CREATE TABLE first AS SELECT salt, actor, object FROM audit_opening WHERE leaf = {one}"
                ),
                format!(
                    "UPDATE audit_opening SET salt = (SELECT salt FROM audit_opening WHERE leaf = {other}), object = (SELECT object FROM audit_opening WHERE leaf = {other}) WHERE leaf = {one}"
                ),
                format!(
                    "UPDATE audit_opening SET salt = (SELECT salt FROM first), object = (SELECT object FROM first) WHERE leaf = {other}"
                ),
                "DROP TABLE first".to_owned(),
            ],
            |found| matches!(found, Violation::OpeningAltered(_)),
        ),
        ("a root", vec![format!("UPDATE audit_checkpoint SET root = {ones} WHERE number = 2")], |found| {
            *found == Violation::CheckpointAltered(2)
        }),
        (
            "a size",
            vec!["UPDATE audit_checkpoint SET size = size + 1 WHERE number = 3".to_owned()],
            |found| *found == Violation::CheckpointAltered(3),
        ),
        (
            "a checkpoint in the middle is taken away",
            vec!["DELETE FROM audit_checkpoint WHERE number = 2".to_owned()],
            |found| *found == Violation::CheckpointAltered(3),
        ),
        (
            "the last checkpoint is taken away",
            vec!["DELETE FROM audit_checkpoint WHERE number = 3".to_owned()],
            |found| *found == Violation::CheckpointMissing(3),
        ),
    ]
}

async fn whatever_is_altered_is_found(app: TestApp) {
    let kept = three_weeks(&app).await;
    let whole = verified(&app, &kept).await.unwrap();
    assert_eq!((whole.checkpoints.len(), whole.waiting, whole.erased), (3, 0, 0));
    for table in ["audit_leaf", "audit_opening", "audit_checkpoint"] {
        run(&app, &format!("CREATE TABLE kept_{table} AS SELECT * FROM {table}")).await;
    }
    for (name, statements, is_named) in [alterations_of_a_row(&app), alterations_of_the_tree(&app)].concat() {
        for statement in &statements {
            run(&app, statement).await;
        }
        let found = verified(&app, &[]).await;
        assert!(found.as_ref().is_err_and(is_named), "{name}: {found:?}");
        for table in ["audit_leaf", "audit_opening", "audit_checkpoint"] {
            run(&app, &format!("DELETE FROM {table}")).await;
            run(&app, &format!("INSERT INTO {table} SELECT * FROM kept_{table}")).await;
        }
        assert_eq!(verified(&app, &kept).await.as_ref(), Ok(&whole), "{name}: the control");
    }
}

/// Whoever writes the database takes an opening away and says that it went with a shredded case.
async fn an_erasure_without_a_tombstone_hides_nothing(app: TestApp) {
    three_weeks(&app).await;
    let case = Hash::of(b"a case that nobody had");
    let erasure = Opening::of_erasure(&case, 1);
    let week = Week::new(2027, 1).unwrap();
    let leaf = Leaf { kind: ActKind::Erased, week, commitment: erasure.commitment() };
    let hex = |hash: &Hash| bytes(&app, &hash.to_string());
    let (id, commitment, salt) =
        (hex(&leaf.hash()), hex(&leaf.commitment), hex(&Hash::from_bytes(erasure.salt)));
    run(&app, &format!("DELETE FROM audit_opening WHERE leaf = {ONE}")).await;
    assert_eq!(verified(&app, &[]).await, Err(Violation::OpeningsMissing { missing: 1, explained: 0 }));
    run(&app, &format!("INSERT INTO audit_leaf (leaf, kind, week, commitment) VALUES ({id}, 'erased', '{week}', {commitment})")).await;
    run(&app, &format!("INSERT INTO audit_opening (leaf, salt, gone) VALUES ({id}, {salt}, 1)")).await;
    assert!(matches!(verified(&app, &[]).await, Err(Violation::ErasureInvented(_))));
    // With a tombstone it passes: that much has to be invented, and what was kept apart does not have it.
    run(&app, &format!("INSERT INTO shredded (case_hash, week) VALUES ({}, '{week}')", hex(&case))).await;
    assert_eq!(verified(&app, &[]).await.unwrap().erased, 1);
}

async fn a_log_that_was_rolled_back_or_written_anew_does_not_pass_its_witness(app: TestApp) {
    let kept = three_weeks(&app).await;
    // The last week is gone as a whole, and what is left is a log without a fault.
    let last = "(SELECT leaf FROM audit_leaf WHERE checkpoint = 3)";
    run(&app, &format!("DELETE FROM audit_opening WHERE leaf IN {last}")).await;
    run(&app, "DELETE FROM audit_leaf WHERE checkpoint = 3").await;
    run(&app, "DELETE FROM audit_checkpoint WHERE number = 3").await;
    assert_eq!(verified(&app, &kept[..2]).await.unwrap().checkpoints.len(), 2);
    assert_eq!(verified(&app, &kept).await, Err(Violation::RolledBack { kept: 3, here: 2 }));
    // The same week again, with other acts: it is as long as the witness's, and another.
    let anna = Operator::sign_in(&app, &DemoNetwork::shared().centres[0].people[0]).await;
    answered(&app, DemoNetwork::shared(), &anna).await;
    next_week(&app).await;
    assert_eq!(verified(&app, &kept[..2]).await.unwrap().checkpoints.len(), 3);
    assert_eq!(verified(&app, &kept).await, Err(Violation::Rewritten(3)));
}

/// I14, of the rows as they are stored.
async fn any_two_checkpoints_are_consistent(app: TestApp) {
    let kept = three_weeks(&app).await;
    let chain = kept.last().unwrap();
    let leaves = {
        let database = &app.platform.database;
        let question = "SELECT leaf FROM audit_leaf WHERE checkpoint IS NOT NULL ORDER BY checkpoint, leaf";
        let rows = database
            .read()
            .query_all_raw(Statement::from_string(database.engine(), question.to_owned()))
            .await
            .unwrap();
        let leaf = |row: &sea_orm::QueryResult| -> Vec<u8> { row.try_get_by_index(0).unwrap() };
        rows.iter().map(|row| Hash::from_bytes(leaf(row).try_into().unwrap())).collect::<Vec<_>>()
    };
    let tree = Tree::of(leaves);
    for (place, new) in chain.iter().enumerate() {
        for old in &chain[..=place] {
            let proof = tree.prove_consistency(old.size, new.size).unwrap();
            assert!(verify_consistency(old.size, new.size, &proof, &old.root, &new.root));
            assert!(old == new || !verify_consistency(old.size, new.size, &proof, &new.root, &old.root));
        }
    }
}

/// The openings of a case that was shredded after the backup do not come back, and the log says how many those are (I7).
async fn a_restored_log_verifies_and_opens_nothing_of_what_was_shredded_since(app: TestApp) {
    let network = world(&app).await;
    let people = &network.centres[0].people;
    let mut anna = Operator::sign_in(&app, &people[0]).await;
    let mut bea = Operator::sign_in(&app, &people[1]).await;
    let (_, gone) = answered(&app, network, &anna).await;
    let (_, stays) = answered(&app, network, &anna).await;
    let opened = anna.open(gone).await.unwrap();
    assert_eq!(anna.close(&opened, "helped", "Nota", app.platform.now()).await.status.as_u16(), 201);
    let folder = tempfile::tempdir().unwrap();
    let made = keep(&app, folder.path(), app.platform.now()).await.unwrap();
    for (member, what, fields) in [(&mut anna, "propose", "reason=request"), (&mut bea, "confirm", "")] {
        let to = form(member, &format!("/console/keeping/{gone}/{what}"), fields).await;
        assert!(to.contains("said="), "{to}");
    }
    let outside = network::keeping::stored_tombstones(app.platform.database.read()).await.unwrap();
    for engine in [engine_of(&app), other(engine_of(&app))] {
        let Some(target) = empty_place(engine).await else { continue };
        bring_back(&made.path, &target, &outside, app.platform.now()).await.unwrap();
        let again = live_on(target).await;
        let whole = verified(&again, &[]).await.unwrap();
        assert_eq!(whole.erased, 3, "opened, answered, closed");
        assert!(kinds_of(&again, gone).await.is_empty());
        assert_eq!(kinds_of(&again, stays).await, ["answered", "opened"], "the control");
    }
}
