//! The committed vectors of `crates/keyring/tests/vectors`, checked inside a browser (invariant I8): the same files that the native
//! tests make and open. Format: the README beside them. Compiled only with the feature `vectors`, into a module of its own.

mod beside;
mod turning;

use envelope::centre::{CentreBundle, VerifiedCentre, verify_centre};
use envelope::clock::Clock;
use envelope::content::Content;
use envelope::duty::Channel;
use envelope::encoding::{from_base64, to_base64};
use envelope::header::{ClearHeader, InnerHeader};
use envelope::ids::NetworkId;
use envelope::index;
use envelope::mailbox::{Nonce, PageRequest};
use envelope::refusal::CentreRefusal;
use envelope::root::VerifiedRoot;
use envelope::signature::{PublicKey, Signature, SignedDocument, SignedType, signed_bytes};
use jiff::Timestamp;
use keyring::conversation::check_against_index;
use keyring::item::{OpenedItem, open_for_centre, open_with_receipt};
use keyring::operator::OperatorIdentity;
use keyring::passphrase::Passphrase;
use keyring::receipt::{self, Receipt, ReceiptCode};
use keyring::refusal::OpenRefusal;
use keyring::signing::SigningKey;
use keyring::slot::SlotKeys;
use serde_json::{Value, json};
use wasm_bindgen::prelude::wasm_bindgen;

/// Checks one file; the second value is all files by name. `None` when a part of it could not be read.
type Check = fn(&Value, &Value, &mut Report) -> Option<()>;

/// Checks the vectors. `json` is an object from file name (`frames.json`) to the file's content; returns
/// `{"checked": number, "failed": [what]}`. A file that is missing or unknown counts as failed.
#[wasm_bindgen]
#[must_use]
pub fn check_vectors(json: &str) -> String {
    let files: Value = serde_json::from_slice(json.as_bytes()).unwrap_or_default();
    let mut report = Report::default();
    let checks: [(&str, Check); 11] = [
        ("derivation.json", derivation),
        ("signatures.json", signatures),
        ("headers.json", headers),
        ("chain.json", chain),
        ("renewal.json", renewal),
        ("frames.json", frames),
        ("operator.json", operator),
        ("mailbox.json", mailbox),
        ("requests.json", beside::requests),
        ("files.json", beside::files),
        ("turning.json", turning::turning),
    ];
    for (name, check) in checks {
        let ended = files.get(name).and_then(|file| check(file, &files, &mut report)).is_some();
        report.expect(ended, || format!("{name}: missing, or a part of it could not be read"));
    }
    let count = files.as_object().map_or(0, serde_json::Map::len);
    report.expect(count == checks.len(), || format!("{count} files"));
    json!({ "checked": report.checked, "failed": report.failed }).to_string()
}

#[derive(Default)]
struct Report {
    checked: u32,
    failed: Vec<String>,
}

impl Report {
    fn expect(&mut self, holds: bool, what: impl FnOnce() -> String) {
        self.checked += 1;
        if !holds {
            self.failed.push(what());
        }
    }
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.get(name)?.as_str()
}

fn bytes(value: &Value, name: &str) -> Option<Vec<u8>> {
    from_base64(text(value, name)?).ok()
}

fn list<'a>(value: &'a Value, name: &str) -> Option<&'a Vec<Value>> {
    value.get(name)?.as_array()
}

fn receipt_of(value: &Value) -> Option<Receipt> {
    let network = NetworkId::parse(text(value, "network")?).ok()?;
    receipt::derive(&ReceiptCode::parse(text(value, "code")?).ok()?, network).ok()
}

fn derivation(file: &Value, _: &Value, report: &mut Report) -> Option<()> {
    let network = NetworkId::parse(text(file, "network")?).ok()?;
    report.expect(bytes(file, "salt")? == receipt::salt(network), || "salt".to_owned());
    for code in list(file, "codes")? {
        let typed: Vec<ReceiptCode> = list(code, "typed")?
            .iter()
            .filter_map(|typed| ReceiptCode::parse(typed.as_str()?).ok())
            .collect();
        let groups = |code: &ReceiptCode| json!(code.groups().each_ref().map(|group| group.as_str()));
        let alike = typed.iter().all(|typed| groups(typed) == code["groups"]);
        report.expect(alike && typed.len() == list(code, "typed")?.len(), || {
            format!("spellings of {}", code["groups"])
        });
        let receipt = receipt::derive(typed.first()?, network).ok()?;
        let derived = json!([
            receipt.words(),
            receipt.recipient(),
            receipt.public_key(),
            receipt.mailbox_id().to_string()
        ]);
        let expected = json!([code["words"], code["recipient"], code["signing_key"], code["mailbox"]]);
        report.expect(derived == expected, || format!("derivation of {}", code["groups"]));
    }
    Some(())
}

fn signatures(file: &Value, _: &Value, report: &mut Report) -> Option<()> {
    let signatures = list(file, "signatures")?;
    report.expect(signatures.len() == SignedType::ALL.len(), || "one signature of each type".to_owned());
    for vector in signatures {
        let name = text(vector, "type")?;
        let signed_type = SignedType::ALL.into_iter().find(|signed_type| signed_type.name() == name)?;
        let payload = bytes(vector, "payload")?;
        let key = PublicKey::parse(text(vector, "key")?).ok()?;
        let signature = Signature::parse(text(vector, "signature")?).ok()?;
        let own = SigningKey::parse_seed(text(vector, "seed")?).ok()?;
        report.expect(signed_bytes(signed_type, &payload) == bytes(vector, "signed_bytes")?, || {
            format!("{name}: bytes")
        });
        report.expect(own.public() == key && own.sign(signed_type, &payload) == signature, || {
            format!("{name}: signing")
        });
        let only_its_type = SignedType::ALL
            .into_iter()
            .all(|other| key.verifies(other, &payload, &signature) == (other.name() == name));
        report.expect(only_its_type, || format!("{name}: verifies for its own type only"));
    }
    Some(())
}

fn headers(file: &Value, _: &Value, report: &mut Report) -> Option<()> {
    for case in list(file, "clear")? {
        let parsed = serde_json::from_slice::<ClearHeader>(text(case, "json")?.as_bytes());
        let valid = parsed.is_ok_and(|header| header.is_consistent());
        report.expect(Some(valid) == case["valid"].as_bool(), || format!("clear header {}", case["json"]));
    }
    for case in list(file, "inner")? {
        let valid = serde_json::from_slice::<InnerHeader>(text(case, "json")?.as_bytes()).is_ok();
        report.expect(Some(valid) == case["valid"].as_bool(), || format!("inner header {}", case["json"]));
    }
    Some(())
}

fn clock_of(vector: &Value) -> Option<Clock> {
    let time = |name| text(vector, name)?.parse::<Timestamp>().ok();
    Some(Clock::of_device(time("device_time")?, time("bundle_build")?))
}

fn verify(vector: &Value) -> Option<Result<VerifiedCentre, CentreRefusal>> {
    let clock = clock_of(vector)?;
    let (root, bundle) = (vector["root"].to_string(), vector["bundle"].to_string());
    let verified = SignedDocument::parse(root.as_bytes())
        .and_then(|document| VerifiedRoot::verify(&document, clock))
        .and_then(|root| verify_centre(&root, &CentreBundle::parse(bundle.as_bytes())?, clock, None));
    Some(verified)
}

fn chain(file: &Value, _: &Value, report: &mut Report) -> Option<()> {
    let centre = verify(file)?.ok()?;
    for channel in [Channel::Safe, Channel::General] {
        let to = centre.recipient(channel, clock_of(file)?).ok()?;
        let found = json!({ "epoch": to.epoch(), "recipient": to.recipient() });
        report.expect(found == *file.get("expected")?.get(channel.name())?, || format!("epoch of {channel}"));
    }
    let members: Vec<_> = centre.members().iter().map(|member| member.person).collect();
    report.expect(json!(members) == *file.get("expected")?.get("members")?, || "members".to_owned());
    for case in list(file, "refused")? {
        let code = verify(case)?.err().map(CentreRefusal::code);
        report.expect(code == text(case, "code"), || format!("chain: {}", case["name"]));
    }
    Some(())
}

fn renewal(file: &Value, _: &Value, report: &mut Report) -> Option<()> {
    let centre = verify(file)?.ok()?;
    let expected = file.get("expected")?;
    report.expect(json!(centre.seen_epochs().safe) == *expected.get("safe")?, || "renewal: epoch".to_owned());
    for author in list(expected, "authors")? {
        let key = PublicKey::parse(text(author, "key")?).ok()?;
        let epoch = u32::try_from(author["epoch"].as_u64()?).ok()?;
        let person = centre.author(Channel::Safe, epoch, &key).ok();
        report.expect(json!(person) == author["person"], || format!("renewal: author in {epoch}"));
    }
    for case in list(file, "refused")? {
        let code = verify(case)?.err().map(CentreRefusal::code);
        report.expect(code == text(case, "code"), || format!("renewal: {}", case["name"]));
    }
    Some(())
}

fn content_of(item: &OpenedItem) -> Option<Value> {
    serde_json::from_slice(&item.content().to_json().ok()?).ok()
}

fn frames(file: &Value, _: &Value, report: &mut Report) -> Option<()> {
    let centre = verify(file)?.ok()?;
    let operator = OperatorIdentity::parse_file(text(file, "operator")?.as_bytes()).ok()?;
    let epoch = &file["epoch"];
    let channel: Channel = text(epoch, "channel")?.parse().ok()?;
    let number = u32::try_from(epoch["number"].as_u64()?).ok()?;
    let key =
        keyring::epoch::open(&bytes(epoch, "wrap")?, operator.identity(), &centre, channel, number).ok()?;
    let receipt = receipt_of(file)?;
    for vector in list(file, "frames")? {
        let frame = bytes(vector, "frame")?;
        let opened = open_for_centre(&frame, &key, &centre).ok();
        let holds = opened.as_ref().is_some_and(|item| {
            content_of(item).as_ref() == Some(&vector["content"])
                && json!(item.body_hash()) == vector["body_hash"]
                && json!(item.clear().seq) == vector["seq"]
                && json!(item.clear().kind) == vector["kind"]
        });
        report.expect(holds, || format!("opening {}", vector["name"]));
        let hers = open_with_receipt(&frame, &receipt, &centre).ok();
        let for_receipt = vector["for_receipt"].as_bool()?;
        report.expect(hers.is_some() == for_receipt, || format!("opening {} with the code", vector["name"]));
    }
    for case in list(file, "refused")? {
        let code = open_for_centre(&bytes(case, "frame")?, &key, &centre).err().map(OpenRefusal::code);
        report.expect(code == text(case, "code"), || format!("frame: {}", case["name"]));
    }
    Some(())
}

fn operator(file: &Value, _: &Value, report: &mut Report) -> Option<()> {
    let typed: Vec<Passphrase> =
        list(file, "typed")?.iter().filter_map(|typed| Passphrase::parse(typed.as_str()?).ok()).collect();
    let first = typed.first()?;
    let alike = typed.iter().all(|typed| typed.as_str() == first.as_str());
    report.expect(alike && typed.len() == list(file, "typed")?.len(), || {
        "spellings of a passphrase".to_owned()
    });
    let keys = SlotKeys::derive(first, &bytes(file, "salt")?).ok()?;
    report.expect(json!(keys.login_key()) == file["login_key"], || "login key".to_owned());
    let nonce = Nonce::from_slice(&bytes(file, "nonce")?).ok()?;
    let signature = keys.sign_in(&nonce, text(file, "account")?);
    report.expect(json!(signature) == file["signature"], || "sign-in".to_owned());
    let session_key: [u8; 32] = bytes(file, "session_key")?.try_into().ok()?;
    let from_slot = keys.open(&bytes(file, "slot")?).ok();
    let from_session = keyring::session::open(&bytes(file, "session")?, &session_key).ok();
    for (name, opened) in [("slot", from_slot), ("session", from_session)] {
        let holds = opened.is_some_and(|identity| {
            json!(identity.recipient()) == file["recipient"]
                && json!(identity.public_key()) == file["signing_key"]
        });
        report.expect(holds, || format!("opening the {name}"));
    }
    Some(())
}

fn mailbox(file: &Value, files: &Value, report: &mut Report) -> Option<()> {
    let receipt = receipt_of(file)?;
    let nonce = Nonce::from_slice(&bytes(file, "nonce")?).ok()?;
    for vector in list(file, "requests")? {
        let page = u32::try_from(vector["page"].as_u64()?).ok()?;
        let request = receipt.page_request(&nonce, page);
        report.expect(to_base64(&request) == text(vector, "request")?, || format!("request of page {page}"));
        report.expect(PageRequest::parse(&request).is_ok(), || format!("reading the request of page {page}"));
    }
    let pages: Vec<Vec<u8>> =
        list(file, "pages")?.iter().filter_map(|page| from_base64(page.as_str()?).ok()).collect();
    let read = index::Mailbox::read(&pages).ok()?;
    report.expect(json!(read.highest_seq()) == file["highest_seq"], || "highest number".to_owned());
    let centre = verify(&files["frames.json"])?.ok()?;
    let mut answers = Vec::new();
    for frame in &read.frames {
        let item = open_with_receipt(&frame.to_bytes(), &receipt, &centre).ok()?;
        report.expect(check_against_index(&item, &read.entries).is_ok(), || "an answer's place".to_owned());
        if let Content::Text(content) = item.content() {
            answers.push(content.text.clone());
        }
    }
    report.expect(json!(answers) == file["answers"], || "answers".to_owned());
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The committed files, as the browser's test hands them over.
    fn committed() -> Value {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../keyring/tests/vectors");
        let names = [
            "derivation",
            "signatures",
            "headers",
            "chain",
            "frames",
            "operator",
            "mailbox",
            "requests",
            "files",
            "turning",
        ];
        names
            .map(|name| {
                let file = std::fs::read(format!("{folder}/{name}.json")).unwrap();
                (format!("{name}.json"), serde_json::from_slice::<Value>(&file).unwrap())
            })
            .into_iter()
            .collect::<serde_json::Map<_, _>>()
            .into()
    }

    fn failures(files: &Value) -> Vec<String> {
        let report: Value = serde_json::from_str(&check_vectors(&files.to_string())).unwrap();
        serde_json::from_value(report["failed"].clone()).unwrap()
    }

    #[test]
    fn the_committed_vectors_hold() {
        assert_eq!(failures(&committed()), Vec::<String>::new());
    }

    #[test]
    fn a_changed_vector_is_noticed() {
        let mut files = committed();
        files["derivation.json"]["codes"][0]["words"][0] = json!(1_000);
        files["frames.json"]["frames"][1]["for_receipt"] = json!(false);
        files.as_object_mut().unwrap().remove("headers.json");
        let failed = failures(&files);
        assert_eq!(failed.len(), 4, "{failed:?}");
    }
}
