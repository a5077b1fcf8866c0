//! The demonstration network, made and renewed with the real binary.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::desk::{Desk, failed, succeeded};
use serde_json::Value;

const CENTRES: [&str; 3] = ["livorno", "mantova", "pisa"];

#[test]
fn the_demonstration_is_complete_and_renewed_with_the_same_people() {
    let desk = Desk::new();
    let said = desk.succeed("demo --folder demo");
    the_accounts_are_said_and_secret(&desk, &said);
    everything_private_is_private(&desk);
    the_publication_has_its_layout_and_no_secret(&desk);
    stock_age_opens_the_paper_wrap(&desk);
    nothing_changes_while_it_is_valid(&desk);
    epochs_are_renewed_with_the_same_people(&desk);
    certificates_are_renewed_with_the_same_people(&desk);
}

fn the_accounts_are_said_and_secret(desk: &Desk, said: &str) {
    let accounts = desk.json("demo/private/accounts.json");
    let accounts = accounts.as_array().unwrap();
    assert_eq!(accounts.len(), 6);
    for account in accounts {
        let passphrase = account["passphrase"].as_str().unwrap();
        assert!(said.contains(passphrase) && said.contains(account["account"].as_str().unwrap()));
        assert!(passphrase.split_whitespace().count() >= 6);
    }
    let languages: Vec<&str> = accounts.iter().map(|account| account["language"].as_str().unwrap()).collect();
    assert_eq!(languages.iter().filter(|language| **language == "it").count(), 5);
}

fn everything_private_is_private(desk: &Desk) {
    for folder in ["demo/private", "demo/private/governors", "demo/private/paper"] {
        assert_eq!(desk.mode(folder), 0o700, "{folder}");
    }
    let secrets = desk.tree("demo/private");
    assert_eq!(secrets.len(), 1 + 3 + 4, "accounts, three governors, four paper identities");
    for path in secrets.keys() {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
}

fn the_publication_has_its_layout_and_no_secret(desk: &Desk) {
    let public = desk.tree("demo/public");
    assert_eq!(public.len(), 1 + 3 * 5);
    for centre in CENTRES {
        for file in ["centre", "certificate", "statements", "members", "epochs"] {
            assert!(public.contains_key(&desk.path(&format!("demo/public/{centre}/{file}.json"))));
        }
    }
    let mut secrets: Vec<String> = Vec::new();
    for account in desk.json("demo/private/accounts.json").as_array().unwrap() {
        secrets.push(account["passphrase"].as_str().unwrap().to_owned());
    }
    for (path, content) in desk.tree("demo/private") {
        let text = String::from_utf8(content).unwrap();
        if path.to_string_lossy().contains("governors") {
            let key: Value = serde_json::from_str(&text).unwrap();
            secrets.push(key["secret_key"].as_str().unwrap().to_owned());
        }
        secrets.extend(text.lines().filter(|line| line.starts_with("AGE-SECRET-KEY-")).map(str::to_owned));
    }
    assert_eq!(secrets.len(), 6 + 3 + 4);
    for (path, content) in public {
        let text = String::from_utf8(content).unwrap();
        for secret in &secrets {
            assert!(!text.contains(secret.as_str()), "{}", path.display());
        }
    }
}

/// The stock format and nothing of ours: the paper identity and a wrap, with the `age` crate alone.
fn stock_age_opens_the_paper_wrap(desk: &Desk) {
    let paper = desk.read("demo/private/paper/mantova-safe.txt");
    let identity: age::x25519::Identity =
        paper.lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).unwrap().parse().unwrap();
    let epochs = desk.json("demo/public/mantova/epochs.json");
    let wrap =
        epochs[0]["wraps"].as_array().unwrap().iter().find(|wrap| wrap["to"] == "paper").unwrap()["wrap"]
            .clone();
    let sealed = envelope::encoding::from_base64(wrap.as_str().unwrap()).unwrap();
    let opened = String::from_utf8(age::decrypt(&identity, &sealed).unwrap()).unwrap();
    assert!(opened.starts_with("# approdo wrap v1\n"), "{opened}");
    assert!(opened.lines().any(|line| line.starts_with("AGE-SECRET-KEY-")));
    let other: age::x25519::Identity = desk
        .read("demo/private/paper/livorno-safe.txt")
        .lines()
        .find(|line| line.starts_with("AGE-SECRET-KEY-"))
        .unwrap()
        .parse()
        .unwrap();
    assert!(age::decrypt(&other, &sealed).is_err());
}

fn nothing_changes_while_it_is_valid(desk: &Desk) {
    let before = desk.tree("demo");
    let said = succeeded(&desk.run_at("2026-12-24T09:00:00Z", "demo --folder demo"));
    assert!(said.contains("is valid"), "{said}");
    assert_eq!(before, desk.tree("demo"));
}

fn epochs_are_renewed_with_the_same_people(desk: &Desk) {
    let before = desk.tree("demo");
    // 35 days after the making are the 27th of December: two days before, the epochs are renewed.
    let said = succeeded(&desk.run_at("2026-12-25T10:00:00Z", "demo --folder demo"));
    assert!(
        said.contains("livorno: safe channel, epoch 2") && said.contains("pisa: general channel, epoch 2"),
        "{said}"
    );
    let changed = changed(&before, &desk.tree("demo"));
    let expected: Vec<PathBuf> = CENTRES
        .iter()
        .flat_map(|centre| {
            ["epochs", "statements"].map(|file| desk.path(&format!("demo/public/{centre}/{file}.json")))
        })
        .collect();
    assert_eq!(changed, expected);
    let epochs = desk.json("demo/public/livorno/epochs.json");
    assert_eq!(epochs.as_array().unwrap().len(), 4, "old epoch keys are kept");
    assert!(said.contains("safe channel: epoch 2 until 2027-01-29"), "{said}");
}

fn certificates_are_renewed_with_the_same_people(desk: &Desk) {
    let before = desk.tree("demo");
    let centre = desk.json("demo/public/pisa/centre.json")["centre"].clone();
    let said = succeeded(&desk.run_at("2028-02-01T09:00:00Z", "demo --folder demo"));
    for centre in CENTRES {
        assert!(said.contains(&format!("{centre}: certificate until 2029-01-31")), "{said}");
    }
    let after = desk.tree("demo");
    for kept in ["demo/private/accounts.json", "demo/public/root.json", "demo/public/pisa/members.json"] {
        assert_eq!(before[&desk.path(kept)], after[&desk.path(kept)], "{kept}");
    }
    assert_eq!(desk.json("demo/public/pisa/centre.json")["centre"], centre);
    assert!(after.keys().any(|path| path.to_string_lossy().contains("private/archive/pisa-")));
    succeeded(&desk.run_at("2028-02-01T09:00:00Z", "verify demo/public"));
}

fn changed(before: &BTreeMap<PathBuf, Vec<u8>>, after: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<PathBuf> {
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    before.iter().filter(|(path, content)| after[*path] != **content).map(|(path, _)| path.clone()).collect()
}

#[test]
fn a_folder_with_something_else_in_it_is_left_alone() {
    let desk = Desk::new();
    fs::create_dir(desk.path("demo")).unwrap();
    desk.write("demo/letter.txt", "mine");
    assert!(desk.fail("demo --folder demo").contains("no complete demonstration network"));
    assert_eq!(desk.tree("").len(), 1, "nothing was added, not even beside it");
}

#[test]
fn a_changed_demonstration_is_not_renewed() {
    let desk = Desk::new();
    desk.succeed("demo --folder demo");
    let name = "demo/public/livorno/statements.json";
    desk.write(name, "[]");
    desk.write("demo/public/livorno/epochs.json", &desk.read("demo/public/pisa/epochs.json"));
    let mut certificate = desk.json("demo/public/mantova/certificate.json");
    certificate["signatures"] = serde_json::json!([certificate["signatures"][0]]);
    desk.write("demo/public/mantova/certificate.json", &certificate.to_string());
    assert!(failed(&desk.run("demo --folder demo")).contains("signatures missing or wrong"));
    assert!(desk.fail("verify demo/public").contains("signatures missing or wrong"));
}
