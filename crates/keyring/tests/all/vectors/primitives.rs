//! Derivation, signatures and headers: all deterministic.

use envelope::duty::Channel;
use envelope::encoding::to_base64;
use envelope::header::{ClearHeader, InnerHeader};
use envelope::ids::NetworkId;
use envelope::signature::{PublicKey, Signature, SignedType, signed_bytes};
use keyring::item::{open_for_centre, seal_safe_report};
use keyring::receipt::{ReceiptCode, derive, salt};
use keyring::signing::SigningKey;
use serde_json::{Value, json};

use super::{CODE, bytes, committed, list, text};
use crate::world::{World, at, report, rng};

#[test]
fn derivation() {
    let network = NetworkId::from_random_bytes([0x11; 16]);
    let fresh = || {
        let arabic: String =
            CODE.chars().filter_map(|digit| char::from_u32(0x660 + digit.to_digit(10)?)).collect();
        let code = |typed: Vec<String>| {
            let code = ReceiptCode::parse(&typed[0]).unwrap();
            let receipt = derive(&code, network).unwrap();
            json!({
                "typed": typed,
                "groups": code.groups().iter().map(|group| group.as_str()).collect::<Vec<_>>(),
                "words": receipt.words(),
                "recipient": receipt.recipient(),
                "signing_key": receipt.public_key(),
                "mailbox": receipt.mailbox_id(),
            })
        };
        json!({
            "network": network,
            "salt": to_base64(&salt(network)),
            "codes": [
                code(vec![CODE.to_owned(), "3141 5926 5358 9793 2384".to_owned(), arabic]),
                code(vec!["00000000000000000000".to_owned()]),
                code(vec!["3141 5926 5358 9793 2385".to_owned()]),
            ],
        })
    };
    let vectors = committed("derivation.json", fresh);
    assert_eq!(vectors, fresh());
    for code in list(&vectors, "codes") {
        let groups: Vec<&str> = list(code, "groups").iter().map(|group| group.as_str().unwrap()).collect();
        let plain = ReceiptCode::parse(&groups.concat()).unwrap();
        for typed in list(code, "typed") {
            assert!(ReceiptCode::parse(typed.as_str().unwrap()).unwrap() == plain);
        }
    }
}

#[test]
fn signatures() {
    let fresh = || {
        let mut rng = rng(20);
        let vectors: Vec<Value> = (0_u8..)
            .zip(SignedType::ALL)
            .map(|(length, signed_type)| {
                let key = SigningKey::generate(&mut rng).unwrap();
                let payload = vec![length; usize::from(length) * 5];
                json!({
                    "type": signed_type.name(),
                    "payload": to_base64(&payload),
                    "seed": key.seed_base64().as_str(),
                    "key": key.public(),
                    "signed_bytes": to_base64(&signed_bytes(signed_type, &payload)),
                    "signature": key.sign(signed_type, &payload),
                })
            })
            .collect();
        json!({ "signatures": vectors })
    };
    let vectors = committed("signatures.json", fresh);
    assert_eq!(vectors, fresh());
    assert_eq!(list(&vectors, "signatures").len(), SignedType::ALL.len());
    for vector in list(&vectors, "signatures") {
        let key = PublicKey::parse(text(vector, "key")).unwrap();
        let signature = Signature::parse(text(vector, "signature")).unwrap();
        let payload = bytes(vector, "payload");
        let name = text(vector, "type");
        for signed_type in SignedType::ALL {
            assert_eq!(key.verifies(signed_type, &payload, &signature), signed_type.name() == name);
        }
        assert_eq!(SigningKey::parse_seed(text(vector, "seed")).unwrap().public(), key);
    }
}

#[test]
fn headers() {
    let fresh = || {
        let mut world = World::new(21);
        let receipt = world.receipt();
        let safe = world.centre().safe_recipient(at(0)).unwrap();
        let sealed = seal_safe_report(&safe, None, &receipt, &report("x"), &mut world.rng).unwrap();
        let opened = open_for_centre(&sealed.bytes, world.key(Channel::Safe), &world.centre()).unwrap();
        let clear = serde_json::to_string(opened.clear()).unwrap();
        let inner = serde_json::to_string(opened.header()).unwrap();
        let cases = |good: &str, changes: &[(&str, &str)]| -> Vec<Value> {
            let mut cases = vec![json!({ "json": good, "valid": true })];
            for (old, new) in changes {
                assert!(good.contains(old), "{old}");
                cases.push(json!({ "json": good.replacen(old, new, 1), "valid": false }));
            }
            cases
        };
        let common = [
            ("approdo-1", "approdo-2"),
            (r#""safe""#, r#""police""#),
            (r#""seq":1"#, r#""seq":-1"#),
            (r#""seq":1"#, r#""seq":4294967296"#),
            (r#""kind":"report""#, r#""kind":"order""#),
            (r#"{"suite""#, r#"{"extra":true,"suite""#),
            (r#""epoch":1,"#, ""),
        ];
        let clear_only = [
            (r#""kind":"report""#, r#""kind":"answer""#),
            (r#""seq":1"#, r#""seq":2"#),
            (r#""chain":"conversation""#, r#""chain":"notes""#),
            (r#""language":"it""#, r#""language":"Italiano!""#),
            (r#""epoch":1"#, r#""epoch":0"#),
        ];
        let inner_only =
            [(r#""role":"victim""#, r#""role":"police""#), (r#""prev":null"#, r#""prev":"abc""#)];
        json!({
            "clear": cases(&clear, &[common.as_slice(), &clear_only].concat()),
            "inner": cases(&inner, &[common.as_slice(), &inner_only].concat()),
        })
    };
    let vectors = committed("headers.json", fresh);
    assert_eq!(vectors, fresh());
    for case in list(&vectors, "clear") {
        let parsed = serde_json::from_str::<ClearHeader>(text(case, "json"));
        assert_eq!(parsed.is_ok_and(|header| header.is_consistent()), case["valid"] == true, "{case}");
    }
    for case in list(&vectors, "inner") {
        assert_eq!(
            serde_json::from_str::<InnerHeader>(text(case, "json")).is_ok(),
            case["valid"] == true,
            "{case}"
        );
    }
}
