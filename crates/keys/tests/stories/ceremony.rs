//! Root, certificates, people and epochs made with the real binary: what it writes, what it refuses, and what stays secret.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::desk::{Desk, failed, succeeded};
use serde_json::json;

#[test]
fn governors_keys_are_secret_files_and_never_overwritten() {
    let desk = Desk::new();
    desk.network();
    assert_eq!(desk.mode("keys"), 0o700);
    for file in ["keys/1-ada.json", "keys/2-bea.json", "keys/3-cleo.json"] {
        assert_eq!(desk.mode(file), 0o600, "{file}");
    }
    let before = (desk.tree("keys"), desk.tree("public"));

    let again = "network init --name Net --governor Ada --governor Bea";
    assert!(
        desk.fail(&format!("{again} --publication public --keys other"))
            .contains("root.json is there already")
    );
    assert!(
        desk.fail(&format!("{again} --publication other --keys keys"))
            .contains("1-ada.json is there already")
    );
    assert!(!desk.path("other").exists(), "no root without its keys");
    assert_eq!(before, (desk.tree("keys"), desk.tree("public")));
}

#[test]
fn a_root_needs_two_signatures_and_enough_governors() {
    let desk = Desk::new();
    let base =
        "network init --publication public --keys keys --name Net --governor Ada --governor Bea --threshold";
    for threshold in ["0", "1", "3", "300"] {
        assert!(desk.fail(&format!("{base} {threshold}")).contains("threshold"), "{threshold}");
    }
    assert!(
        desk.fail("network init --publication public --keys keys --name Net --governor Ada --governor Ada")
            .contains("each governor")
    );
    assert!(!desk.path("public").exists() && !desk.path("keys").exists());
    desk.succeed(&format!("{base} 2"));
}

#[test]
fn a_certificate_needs_the_threshold_of_different_governors_of_this_root() {
    let desk = Desk::new();
    desk.network();
    let request = desk.request();
    desk.succeed(
        "network init --publication elsewhere --keys foreign --name Other --governor Ada --governor Bea",
    );
    fs::copy(desk.path("foreign/1-ada.json"), desk.path("keys/foreign.json")).unwrap();

    for signers in
        [&["1-ada"][..], &["1-ada", "1-ada"], &["1-ada", "foreign"], &["1-ada", "2-bea", "foreign"]]
    {
        let complaint = failed(&desk.certify(&request, signers));
        assert!(complaint.contains("governors of this root"), "{signers:?}: {complaint}");
        assert!(!desk.path("public/harbour").exists(), "{signers:?}");
    }
    succeeded(&desk.certify(&request, &["2-bea", "3-cleo"]));
    assert!(desk.succeed("verify public").contains("Harbour association, 2 members"));
}

#[test]
fn a_key_that_others_may_read_is_not_used() {
    let desk = Desk::new();
    desk.network();
    let request = desk.request();
    fs::set_permissions(desk.path("keys/1-ada.json"), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(failed(&desk.certify(&request, &["1-ada", "2-bea"])).contains("others may read it"));
}

#[test]
fn the_safe_channel_is_closed_to_those_who_must_report() {
    let desk = Desk::new();
    desk.network();
    let request = desk.request();
    let governors = &["1-ada", "2-bea"];
    let opinion = "0000000000000000000000000000000000000000000000000000000000000000";

    let mut strong = request.clone();
    strong["duty"]["on_status"] = json!("strong");
    let mut missing = request.clone();
    missing["duty"] = json!({});
    let mut contested = request.clone();
    contested["duty"]["on_status"] = json!("contested");
    let mut not_named = contested.clone();
    not_named["local_opinion"] = json!(opinion);
    not_named["named_persons"] = json!(["mara"]);
    for (name, refused) in
        [("strong", strong), ("missing", missing), ("contested", contested.clone()), ("not named", not_named)]
    {
        let complaint = failed(&desk.certify(&refused, governors));
        assert!(complaint.contains("residence status"), "{name}: {complaint}");
    }

    desk.person("strict", "--channel safe");
    let mut bound_person = request;
    bound_person["founding_members"] = json!(["mara.json", "strict.json"]);
    assert!(failed(&desk.certify(&bound_person, governors)).contains("residence status"));
    assert!(!desk.path("public/harbour").exists());

    contested["local_opinion"] = json!(opinion);
    contested["named_persons"] = json!(["mara", "nora"]);
    succeeded(&desk.certify(&contested, governors));
}

#[test]
fn a_certificate_lasts_twelve_months_at_most_and_ends_in_the_future() {
    let desk = Desk::new();
    desk.network();
    let mut request = desk.request();
    request["not_after"] = json!("2027-11-25T00:00:00Z");
    request["review_date"] = json!("2028-01-01");
    assert!(failed(&desk.certify(&request, &["1-ada", "2-bea"])).contains("twelve months"));
    request["not_after"] = json!("2026-11-21T00:00:00Z");
    request["not_before"] = json!("2026-01-01T00:00:00Z");
    assert!(failed(&desk.certify(&request, &["1-ada", "2-bea"])).contains("has passed"));
}

#[test]
fn a_passphrase_is_said_once_and_stands_in_no_file() {
    let desk = Desk::new();
    desk.network();
    let passphrase = desk.person("vera", "--channel general");
    assert!(passphrase.split_whitespace().count() >= 6, "{passphrase}");
    fs::remove_file(desk.path("vera.passphrase")).unwrap();
    for (path, content) in desk.tree("") {
        let text = String::from_utf8_lossy(&content).into_owned();
        assert!(!text.contains(&passphrase) && !text.contains("AGE-SECRET-KEY"), "{}", path.display());
    }
    assert_eq!(desk.mode("vera.json"), 0o600);
    let kept = desk.read("vera.json");
    assert!(
        desk.fail("operator new --account vera --name Vera --language it --channel general --out vera.json")
            .contains("already")
    );
    assert_eq!(desk.read("vera.json"), kept);
    assert!(
        desk.fail("operator new --account ../vera --name Vera --language it --channel general --out x.json")
            .contains("not usable")
    );
}

#[test]
fn an_epoch_is_sealed_to_its_readers_and_to_paper_and_signed_by_a_reader() {
    let desk = Desk::new();
    desk.centre();
    let epochs = desk.json("public/harbour/epochs.json");
    assert_eq!(epochs.as_array().unwrap().len(), 2);
    for epoch in epochs.as_array().unwrap() {
        let to: Vec<&str> =
            epoch["wraps"].as_array().unwrap().iter().map(|wrap| wrap["to"].as_str().unwrap()).collect();
        assert_eq!(to.len(), 3);
        assert!(to.contains(&"paper"));
    }
    let command =
        "epoch --publication public --centre harbour --channel safe --signer mara --passphrase-file";
    desk.write_secret("wrong", "apple apple apple apple apple apple");
    assert!(desk.fail(&format!("{command} wrong")).contains("does not open the slot"));
    assert!(desk.fail(&format!("{command} mara.passphrase --days 36")).contains("no epoch was made"));
    let before = desk.tree("public");
    desk.fail(&format!("{command} nora.passphrase"));
    assert_eq!(before, desk.tree("public"));
    assert!(desk.succeed(&format!("{command} mara.passphrase")).contains("epoch 2 of the safe channel"));
    assert!(desk.succeed("verify public").contains("safe channel: epoch 2"));
}

#[test]
fn two_members_admit_a_third_who_gets_the_current_keys() {
    let desk = Desk::new();
    desk.centre();
    desk.person("olga", "--channel general --on-status strong --on-crime strong");
    desk.person("pia", "--channel safe");
    let join =
        "operator join --publication public --centre harbour --signer mara --passphrase-file mara.passphrase";
    let other = "--signer nora --passphrase-file nora.passphrase";

    assert!(desk.fail(&format!("{join} --newcomer olga.json")).contains("two members"));
    desk.fail(&format!("{join} --signer mara --passphrase-file mara.passphrase --newcomer olga.json"));
    desk.fail(&format!("{join} {other} --newcomer pia.json"));
    assert!(desk.succeed("verify public").contains("2 members"), "nothing was written");

    let said = desk.succeed(&format!("{join} {other} --newcomer olga.json"));
    assert!(said.contains("sealed to the newcomer: general channel, epoch 1"), "{said}");
    assert!(!said.contains("safe channel"), "{said}");
    assert!(desk.succeed("verify public").contains("3 members"));
    // The newcomer signs the next epoch: the shared key and the membership are real.
    desk.succeed("epoch --publication public --centre harbour --channel general --signer olga --passphrase-file olga.passphrase");
    desk.fail("epoch --publication public --centre harbour --channel safe --signer olga --passphrase-file olga.passphrase");
}

/// What members' browsers made lies on the server alone (protocol section 12.6): the folder has the statement and no sealed keys.
#[test]
fn a_key_without_a_record_is_the_servers_and_a_newcomer_is_told_so() {
    let desk = Desk::new();
    desk.centre();
    desk.succeed("epoch --publication public --centre harbour --channel general --signer mara --passphrase-file mara.passphrase");
    let name = "public/harbour/epochs.json";
    let mut epochs = desk.json(name);
    epochs.as_array_mut().unwrap().retain(|epoch| epoch["channel"] == "safe");
    desk.write(name, &epochs.to_string());
    let said = desk.succeed("verify public");
    let [safe, general] = ["safe", "general"].map(|channel| {
        said.lines().find(|line| line.contains(&format!("{channel} channel: epoch"))).unwrap()
    });
    assert!(general.contains("epoch 2") && general.contains("the server has to have them"), "{said}");
    assert!(!safe.contains("server"), "{said}");

    desk.person("olga", "--channel safe --channel general --on-status none --on-crime none");
    let said = desk.succeed(
        "operator join --publication public --centre harbour --signer mara --passphrase-file mara.passphrase \
         --signer nora --passphrase-file nora.passphrase --newcomer olga.json",
    );
    for line in [
        "sealed to the newcomer: safe channel, epoch 1",
        "not sealed to the newcomer: general channel, epoch 1: ended",
        "not sealed to the newcomer: general channel, epoch 2: its sealed keys are on the server alone",
    ] {
        assert!(said.lines().any(|told| told.starts_with(line)), "{line}: {said}");
    }
    desk.succeed("verify public");
}

/// Whichever of the two can open the key shares it.
#[test]
fn a_newcomer_gets_the_key_from_the_signer_who_can_open_it() {
    let join = |spoilt: &[usize]| {
        let desk = Desk::new();
        desk.centre();
        let name = "public/harbour/epochs.json";
        let mut epochs = desk.json(name);
        let safe =
            epochs.as_array_mut().unwrap().iter_mut().find(|epoch| epoch["channel"] == "safe").unwrap();
        let wraps = safe["wraps"].as_array_mut().unwrap();
        let of_paper = wraps.iter().find(|wrap| wrap["to"] == "paper").unwrap()["wrap"].clone();
        for (_, wrap) in wraps.iter_mut().enumerate().filter(|(place, _)| spoilt.contains(place)) {
            wrap["wrap"] = of_paper.clone();
        }
        desk.write(name, &epochs.to_string());
        desk.person("olga", "--channel safe --on-status none --on-crime none");
        desk.succeed(
            "operator join --publication public --centre harbour --signer mara --passphrase-file mara.passphrase \
             --signer nora --passphrase-file nora.passphrase --newcomer olga.json",
        )
    };
    // The first copy is of mara, the second of nora.
    let said = join(&[0]);
    assert!(said.contains("sealed to the newcomer: safe channel, epoch 1"), "{said}");
    assert!(!said.contains("not sealed"), "{said}");
    assert!(
        join(&[0, 1]).contains("not sealed to the newcomer: safe channel, epoch 1: neither signer can open")
    );
}

#[test]
fn a_changed_publication_does_not_verify() {
    let desk = Desk::new();
    desk.centre();
    let cases: [(&str, &str, &str, &str); 6] = [
        ("epochs.json", "\"number\": 1", "\"number\": 7", "no statement made epoch 7"),
        ("certificate.json", "\"signature\": \"", "\"signature\": \"AAAA", "format"),
        ("members.json", "\"name\": \"mara\"", "\"name\": \"mora\"", "members.json"),
        ("members.json", "\"account\": \"nora\"", "\"account\": \"mara\"", "twice"),
        (
            "epochs.json",
            "\"to\": \"paper\"",
            "\"to\": \"6f1d7f0e-5f0e-4a7b-9a44-0d2f6a2b1c01\"",
            "not sealed to all",
        ),
        ("centre.json", "\"slug\": \"harbour\"", "\"slug\": \"other\"", "another address"),
    ];
    for (file, from, to, complaint) in cases {
        let name = format!("public/harbour/{file}");
        let original = desk.read(&name);
        assert!(original.contains(from), "{file} has no {from}");
        desk.write(&name, &original.replacen(from, to, 1));
        let said = desk.fail("verify public");
        assert!(said.contains(complaint), "{file}: {said}");
        desk.write(&name, &original);
    }
    desk.succeed("verify public");
}

#[test]
fn a_certificate_with_another_word_in_it_is_refused() {
    let desk = Desk::new();
    desk.centre();
    let name = "public/harbour/certificate.json";
    let mut document = desk.json(name);
    let payload = document["payload"].as_str().unwrap().to_owned();
    // One letter of the base64 is another one: the signed bytes differ, the JSON around them is still whole.
    let place = payload.len() / 2;
    let other = if payload.as_bytes()[place] == b'A' { "B" } else { "A" };
    document["payload"] = json!(format!("{}{other}{}", &payload[..place], &payload[place + 1..]));
    desk.write(name, &document.to_string());
    let complaint = desk.fail("verify public");
    assert!(
        complaint.contains("signatures missing or wrong") || complaint.contains("malformed"),
        "{complaint}"
    );
}

#[test]
fn statements_out_of_order_or_left_out_are_refused() {
    let desk = Desk::new();
    desk.centre();
    let name = "public/harbour/statements.json";
    let statements = desk.json(name);
    let (first, second) = (statements[0].clone(), statements[1].clone());
    for wrong in [json!([second, first]), json!([second]), json!([first, first])] {
        desk.write(name, &wrong.to_string());
        assert!(desk.fail("verify public").contains("broken statement chain"));
    }
}

#[test]
fn a_secret_or_a_stray_file_in_the_publication_is_refused_by_name() {
    let desk = Desk::new();
    desk.centre();
    fs::copy(desk.path("keys/1-ada.json"), desk.path("public/harbour/ada.json")).unwrap();
    assert!(desk.fail("verify public").contains("public/harbour/ada.json does not belong"));
    fs::remove_file(desk.path("public/harbour/ada.json")).unwrap();

    let name = "public/harbour/members.json";
    let members = desk.read(name);
    let secret =
        desk.read("safe.paper").lines().find(|line| line.starts_with("AGE-SECRET-KEY-")).unwrap().to_owned();
    desk.write(
        name,
        &members.replace("\"name\": \"mara\"", &format!("\"name\": \"{}\"", secret.to_lowercase())),
    );
    assert!(desk.fail("verify public").contains("members.json contains a secret key"));
}

#[test]
fn the_next_certificate_continues_the_centre() {
    let desk = Desk::new();
    desk.centre();
    let before = desk.json("public/harbour/centre.json")["centre"].clone();
    let mut request: serde_json::Value = desk.json("request.json");
    request["not_after"] = json!("2028-09-01T00:00:00Z");
    request["review_date"] = json!("2028-09-01");
    desk.write("request.json", &request.to_string());
    let line = "certify --publication public --request request.json --governor-key keys/1-ada.json --governor-key keys/2-bea.json";
    let old_epochs = desk.read("public/harbour/epochs.json");
    // The old certificate has ended by then, and is still what the new one builds on.
    assert!(failed(&desk.run_at("2027-12-01T09:00:00Z", line)).contains("--archive"));
    succeeded(&desk.run_at("2027-12-01T09:00:00Z", &format!("{line} --archive before")));
    let kept: Vec<String> =
        desk.tree("before").into_values().map(|content| String::from_utf8(content).unwrap()).collect();
    assert!(kept.contains(&old_epochs), "the sealed keys of the old epochs are kept");
    assert_eq!(desk.json("public/harbour/centre.json")["centre"], before);
    let said = succeeded(&desk.run_at("2027-12-01T09:00:00Z", "verify public"));
    assert!(said.contains("safe channel: closed"), "{said}");
}
