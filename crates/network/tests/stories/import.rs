//! `network import`: what is refused, and that nothing was written then.

use std::path::Path;

use crate::common::count;
use envelope::centre::VerifiedEpoch;
use envelope::duty::{Channel, Duty};
use network::App;
use network::centres::{ImportRefusal, Publication, import};
use testkit::TestApp;
use testkit::actors::{DemoNetwork, Operator, Victim};

testkit::on_both_engines!(
    importing_twice_changes_nothing,
    what_does_not_verify_is_not_imported,
    an_older_publication_is_refused,
    a_departure_ends_roles_and_sessions,
    published_documents_are_served_as_they_are,
    a_secret_key_is_refused_by_name,
    a_renewal_goes_on_with_epochs_and_cases,
    a_renewal_with_other_duties_takes_the_wraps_of_who_is_bound,
    a_renewal_that_names_another_head_is_refused,
);

async fn try_import(app: &TestApp, publication: &Publication) -> Result<(), ImportRefusal> {
    let platform = &app.platform;
    import(&platform.database, &platform.random, publication, platform.now()).await.map(|_| ())
}

async fn tables(app: &TestApp) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in [
        "network_root",
        "organisation",
        "centre",
        "certificate",
        "statement",
        "epoch",
        "epoch_wrap",
        "person",
        "role",
        "slot",
    ] {
        counts.push(count(app, table).await);
    }
    counts
}

async fn importing_twice_changes_nothing(app: TestApp) {
    let network = DemoNetwork::shared();
    let imported = network.publish(&app.app).await.unwrap();
    assert_eq!((imported.centres, imported.people, imported.demonstration), (2, 4, true));
    let once = tables(&app).await;
    // Two centres, two channels each; wraps for two members and paper, but for one who may not read the safe channel.
    assert_eq!(once, [1, 2, 2, 2, 4, 4, 11, 4, 4, 4]);
    network.publish(&app.app).await.unwrap();
    assert_eq!(tables(&app).await, once);
    let restarted = App::start(app.platform.clone()).await.unwrap();
    assert_eq!(network::centres::list(&restarted).len(), 2);
}

async fn what_does_not_verify_is_not_imported(app: TestApp) {
    let network = DemoNetwork::shared();
    let whole = network.publication();
    let porto = &network.centres[0];
    let with = |change: &dyn Fn(&mut Publication)| {
        let mut publication = whole.clone();
        change(&mut publication);
        publication
    };
    let signed = |change: &dyn Fn(&mut envelope::certificate::Certificate)| {
        let mut certificate = porto.certificate.clone();
        change(&mut certificate);
        serde_json::to_string(&network.sign(&certificate)).unwrap()
    };
    let bound = signed(&|certificate| certificate.duty.on_status = Duty::Strong);
    let expired = signed(&|certificate| {
        certificate.not_before = "2025-01-01T00:00:00Z".parse().unwrap();
        certificate.not_after = "2025-06-01T00:00:00Z".parse().unwrap();
    });
    let member_bound = signed(&|certificate| certificate.founding_members[0].duty.on_status = Duty::Strong);
    let mut few: serde_json::Value = serde_json::from_str(&whole.centres[0].certificate).unwrap();
    few["signatures"].as_array_mut().unwrap().pop();
    let few = few.to_string();
    let cases: Vec<(&str, Publication)> = vec![
        ("broken root", with(&|p| p.root = p.root.replace("\"payload\":\"", "\"payload\":\"A"))),
        (
            "a certificate of a bound body for the safe channel",
            with(&|p| p.centres[0].certificate.clone_from(&bound)),
        ),
        ("a bound member on the safe channel", with(&|p| p.centres[0].certificate.clone_from(&member_bound))),
        ("an expired certificate", with(&|p| p.centres[0].certificate.clone_from(&expired))),
        ("one governor", with(&|p| p.centres[0].certificate.clone_from(&few))),
        (
            "another centre's certificate",
            with(&|p| p.centres[0].certificate = p.centres[1].certificate.clone()),
        ),
        ("another centre's statements", with(&|p| p.centres[0].statements = p.centres[1].statements.clone())),
        ("another centre's members", with(&|p| p.centres[0].members = p.centres[1].members.clone())),
        ("another centre's epochs", with(&|p| p.centres[0].epochs = p.centres[1].epochs.clone())),
        (
            "an epoch that nobody stated",
            with(&|p| p.centres[0].epochs = p.centres[0].epochs.replace("\"number\":1", "\"number\":2")),
        ),
        (
            "no wrap at all",
            with(&|p| {
                let mut epochs: serde_json::Value = serde_json::from_str(&p.centres[0].epochs).unwrap();
                epochs[0]["wraps"] = serde_json::json!([]);
                p.centres[0].epochs = epochs.to_string();
            }),
        ),
        (
            "a wrap of the safe channel for somebody who may not read it",
            with(&|p| {
                let dora = network.centres[1].people[1].id.to_string();
                let carla = network.centres[1].people[0].id.to_string();
                p.centres[1].epochs = p.centres[1].epochs.replace(&carla, &dora);
            }),
        ),
        (
            "unknown facts",
            with(&|p| {
                p.centres[0].centre = p.centres[0].centre.replace("\"town\"", "\"email\":\"x\",\"town\"");
            }),
        ),
        (
            "the same centre twice",
            with(&|p| {
                let again = p.centres[0].clone();
                p.centres.push(again);
            }),
        ),
        (
            "not a demonstration",
            with(&|p| {
                p.centres[0].centre =
                    p.centres[0].centre.replace("\"demonstration\":true", "\"demonstration\":false");
            }),
        ),
    ];
    for (name, publication) in cases {
        assert!(try_import(&app, &publication).await.is_err(), "{name}");
        assert_eq!(tables(&app).await, [0; 10], "{name}");
    }
    try_import(&app, &whole).await.unwrap();
}

async fn an_older_publication_is_refused(app: TestApp) {
    let now = app.platform.now();
    let mut network = DemoNetwork::new(now, 3);
    let old = network.publication();
    network.renew_epoch(0, Channel::Safe, now, now);
    network.publish(&app.app).await.unwrap();
    let after = tables(&app).await;
    assert!(matches!(try_import(&app, &old).await, Err(ImportRefusal::Older(_))));
    network.take_back_epoch(0);
    network.renew_epoch(0, Channel::Safe, now, now);
    let fork = network.publication();
    assert!(matches!(try_import(&app, &fork).await, Err(ImportRefusal::Older(_))), "a forked chain");
    let other = DemoNetwork::shared().publication();
    assert!(matches!(try_import(&app, &other).await, Err(ImportRefusal::Older(_))), "another network");
    assert_eq!(tables(&app).await, after);
}

async fn a_departure_ends_roles_and_sessions(app: TestApp) {
    let now = app.platform.now();
    let mut network = DemoNetwork::new(now, 4);
    network.publish(&app.app).await.unwrap();
    let bea = Operator::sign_in(&app, &network.centres[0].people[1]).await;
    assert_eq!(bea.client.get("/it/console/").await.status.as_u16(), 200);
    let leaver = network.centres[0].people[1].id;
    let signer = network.centres[0].people[0].identity.signing_key().clone();
    let verified = network.verified(0, now);
    let leave = keyring::documents::sign_leave(&verified, leaver, &signer, now).unwrap();
    network.centres[0].bundle.statements.push(leave);
    network.centres[0].people.pop();
    network.renew_epoch(0, Channel::Safe, now, now);
    network.renew_epoch(0, Channel::General, now, now);
    network.forget_wraps_of(0, leaver);
    network.publish(&app.app).await.unwrap();
    assert_eq!(bea.client.get("/it/console/").await.status.as_u16(), 303, "the session ends at once");
    assert_eq!(count(&app, "role").await, 3);
    assert_eq!(
        count(&app, "epoch_wrap").await,
        11 + 4,
        "one colleague is left: old copies stay (Rule L), and the new epochs have none for her"
    );
}

async fn published_documents_are_served_as_they_are(app: TestApp) {
    let network = DemoNetwork::shared();
    network.publish(&app.app).await.unwrap();
    let root = network::centres::root_file(&app.app).unwrap();
    let served = app.get(&root.address).await;
    assert_eq!(served.text(), network.publication().root);
    assert!(served.header("cache-control").contains("immutable"));
    let bundle = app.get(&format!("/network/centres/{}.json", network.centres[0].id)).await;
    let bundle: envelope::centre::CentreBundle = serde_json::from_slice(&bundle.body).unwrap();
    assert_eq!(bundle, network.centres[0].bundle);
    let all = app.get("/network/centres.json").await;
    let all: std::collections::BTreeMap<uuid::Uuid, envelope::centre::CentreBundle> =
        serde_json::from_slice(&all.body).unwrap();
    let published = network.centres.iter().map(|centre| (centre.id.uuid(), centre.bundle.clone()));
    assert_eq!(all, published.collect(), "everything at once, so that nobody sees which centre answered");
    for path in [
        "/network/abc.json",
        "/network/centres/abc.json",
        "/network/centres/6f1d7f0e-5f0e-4a7b-9a44-0d2f6a2b1c01.json",
    ] {
        assert_eq!(app.get(path).await.status.as_u16(), 404, "{path}");
    }
}

/// Writes a publication as the offline tool does.
fn write(publication: &Publication, folder: &Path) {
    std::fs::write(folder.join("root.json"), &publication.root).unwrap();
    for centre in &publication.centres {
        let of_centre = folder.join(&centre.folder);
        std::fs::create_dir(&of_centre).unwrap();
        for (name, text) in [
            ("centre.json", &centre.centre),
            ("certificate.json", &centre.certificate),
            ("statements.json", &centre.statements),
            ("members.json", &centre.members),
            ("epochs.json", &centre.epochs),
        ] {
            std::fs::write(of_centre.join(name), text).unwrap();
        }
    }
}

async fn a_secret_key_is_refused_by_name(app: TestApp) {
    let mut publication = DemoNetwork::shared().publication();
    let facts = &mut publication.centres[1].centre;
    *facts = facts.replace("Un centro di prova.", "age-secret-key-1qqqq");
    let Err(ImportRefusal::SecretKey(name)) = try_import(&app, &publication).await else {
        panic!("a secret key was taken");
    };
    assert_eq!(name, "faro/centre.json");
    assert_eq!(tables(&app).await, [0; 10]);
}

#[test]
fn a_folder_is_read_as_it_was_written_and_nothing_else_is_accepted() {
    let publication = DemoNetwork::shared().publication();
    let folder = tempfile::tempdir().unwrap();
    write(&publication, folder.path());
    let mut read = Publication::read(folder.path()).unwrap();
    read.centres.sort_by_key(|centre| std::cmp::Reverse(centre.folder.clone()));
    assert_eq!(read, publication);

    let stray = folder.path().join("porto/notes.txt");
    std::fs::write(&stray, "harmless").unwrap();
    assert!(
        matches!(Publication::read(folder.path()), Err(ImportRefusal::Unexpected(name)) if name.ends_with("notes.txt"))
    );
    std::fs::write(&stray, "AGE-SECRET-KEY-1QQQQ").unwrap();
    assert!(
        matches!(Publication::read(folder.path()), Err(ImportRefusal::SecretKey(name)) if name.ends_with("notes.txt"))
    );
    std::fs::remove_file(stray).unwrap();
    std::fs::write(folder.path().join("accounts.json"), "{}").unwrap();
    assert!(matches!(Publication::read(folder.path()), Err(ImportRefusal::Unexpected(_))));
    std::fs::remove_file(folder.path().join("accounts.json")).unwrap();
    std::fs::remove_file(folder.path().join("faro/epochs.json")).unwrap();
    assert!(
        matches!(Publication::read(folder.path()), Err(ImportRefusal::File(name, _)) if name.ends_with("epochs.json"))
    );
}

async fn a_renewal_goes_on_with_epochs_and_cases(app: TestApp) {
    let now = app.platform.now();
    let mut network = DemoNetwork::new(now, 5);
    network.renew_epoch(0, Channel::Safe, now, now);
    network.publish(&app.app).await.unwrap();
    let before = Victim::new(&app, network.id);
    let older = before.seal_report(&network.verified(0, now), Channel::Safe, "Prima", now);
    assert_eq!(before.send_report(older.bytes).await.status.as_u16(), 201);
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    let opened = anna.open(older.case).await.unwrap();
    assert_eq!(anna.answer(&opened, "Risposta di prima", now).await.status.as_u16(), 201);
    let old = network.publication();
    let wraps = count(&app, "epoch_wrap").await;
    app.time.advance(jiff::SignedDuration::from_hours(30 * 24));
    let now = app.platform.now();
    network.renew_certificate(0, now);
    network.publish(&app.app).await.unwrap();
    assert_eq!((count(&app, "certificate").await, count(&app, "epoch").await), (3, 7));
    assert_eq!(count(&app, "epoch_wrap").await, wraps + 6, "the keys of the old epochs are kept");
    assert!(
        matches!(try_import(&app, &old).await, Err(ImportRefusal::Older(_))),
        "the old certificate comes too late"
    );
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    assert_eq!(her.send_report(report.bytes).await.status.as_u16(), 201);
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    assert_eq!(anna.open(report.case).await.unwrap().items.len(), 1);
    // What came under the certificate before is read and answered, and she reads both answers, each by its own epoch.
    let opened = anna.open(older.case).await.unwrap();
    assert_eq!(opened.items.len(), 2);
    assert_eq!(anna.answer(&opened, "Risposta di dopo", now).await.status.as_u16(), 201);
    let served = app.get(&format!("/network/centres/{}.json", network.centres[0].id)).await;
    let served: envelope::centre::CentreBundle = serde_json::from_slice(&served.body).unwrap();
    assert_eq!((served.earlier.len(), &served), (1, &network.centres[0].bundle));
    let (_, reading) = before.read_all(&network.verified(0, now)).await.unwrap();
    assert_eq!(reading.items().len(), 2);
    assert_eq!(network.verified(0, now).latest_epoch(Channel::Safe).map(VerifiedEpoch::number), Some(3));
}

/// I2: who is bound from now on keeps no wrap of the safe channel, of whichever year; paper does.
async fn a_renewal_with_other_duties_takes_the_wraps_of_who_is_bound(app: TestApp) {
    let now = app.platform.now();
    let mut network = DemoNetwork::new(now, 6);
    network.publish(&app.app).await.unwrap();
    let her = Victim::new(&app, network.id);
    let report = her.seal_report(&network.verified(0, now), Channel::Safe, "Parola", now);
    assert_eq!(her.send_report(report.bytes).await.status.as_u16(), 201);
    let bea = network.centres[0].people[1].id;
    let of_bea = format!("epoch_wrap WHERE sealed_to = '{}' AND channel =", bea.uuid());
    assert_eq!(count(&app, &format!("{of_bea} 'safe'")).await, 1);
    let member = &mut network.centres[0].certificate.founding_members[1];
    (member.duty.on_status, member.channels) = (Duty::Strong, vec![Channel::General]);
    network.renew_certificate(0, now);
    network.publish(&app.app).await.unwrap();
    assert_eq!(count(&app, &format!("{of_bea} 'safe'")).await, 0);
    assert_eq!(count(&app, &format!("{of_bea} 'general'")).await, 2);
    let bea = Operator::sign_in(&app, &network.centres[0].people[1]).await;
    assert!(bea.open(report.case).await.is_err());
    let anna = Operator::sign_in(&app, &network.centres[0].people[0]).await;
    assert_eq!(anna.open(report.case).await.unwrap().items.len(), 1);
    assert_eq!(crate::gates::replay(&app).await.unwrap().certificates, 3);
}

async fn a_renewal_that_names_another_head_is_refused(app: TestApp) {
    let now = app.platform.now();
    let mut network = DemoNetwork::new(now, 8);
    network.publish(&app.app).await.unwrap();
    let before = tables(&app).await;
    // The governors sign over the chain as they know it; on the server a member has made a newer epoch meanwhile.
    let mut behind = DemoNetwork::new(now, 8);
    network.renew_epoch(0, Channel::Safe, now, now);
    network.publish(&app.app).await.unwrap();
    let after = tables(&app).await;
    assert_ne!(before, after);
    behind.renew_certificate(0, now);
    assert!(
        matches!(try_import(&app, &behind.publication()).await, Err(ImportRefusal::Older(_))),
        "a shorter chain before"
    );
    // One that names no chain at all.
    let mut alone = network.publication();
    let certificate = envelope::certificate::Certificate {
        not_before: now,
        not_after: now + jiff::SignedDuration::from_hours(24 * 300),
        ..network.centres[0].certificate.clone()
    };
    alone.centres[0].certificate = serde_json::to_string(&network.sign(&certificate)).unwrap();
    (alone.centres[0].statements, alone.centres[0].epochs) = ("[]".to_owned(), "[]".to_owned());
    assert!(matches!(try_import(&app, &alone).await, Err(ImportRefusal::Older(_))), "no chain before");
    // One whose earlier chain was cut in the middle, or whose head is another.
    network.renew_certificate(0, now);
    let mut cut = network.publication();
    let mut earlier: serde_json::Value = serde_json::from_str(&cut.centres[0].earlier).unwrap();
    earlier[0]["statements"].as_array_mut().unwrap().pop();
    cut.centres[0].earlier = earlier.to_string();
    assert!(matches!(
        try_import(&app, &cut).await,
        Err(ImportRefusal::Trust(_, envelope::refusal::CentreRefusal::Chain))
    ));
    assert_eq!(tables(&app).await, after);
    network.publish(&app.app).await.unwrap();
}
