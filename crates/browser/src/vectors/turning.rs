//! What changes who may read a case (`turning.json`): a second centre, the change of the code, notes that undo it, the word of a burn.

use envelope::burn::BurnRequest;
use envelope::centre::VerifiedCentre;
use envelope::content::Content;
use envelope::duty::Channel;
use keyring::burn::open_burn_word;
use keyring::conversation::{check_conversation, check_notes, current_receipt_address};
use keyring::epoch::EpochKey;
use keyring::item::{OpenedItem, open_for_centre, open_with_carried_key, open_with_receipt};
use keyring::operator::OperatorIdentity;
use keyring::receipt::Receipt;
use serde_json::{Value, json};

use super::{Report, bytes, content_of, list, receipt_of, text, verify};

/// Everybody who may or may not open a frame.
struct Readers {
    key: EpochKey,
    centre: VerifiedCentre,
    second: (EpochKey, VerifiedCentre),
    code: Receipt,
    new_code: Receipt,
}

pub(super) fn turning(file: &Value, _: &Value, report: &mut Report) -> Option<()> {
    let (key, centre) = key_of(file)?;
    let new_code = json!({ "network": file["network"], "code": file["new_code"] });
    let readers = Readers {
        key,
        centre,
        second: key_of(&file["second"])?,
        code: receipt_of(file)?,
        new_code: receipt_of(&new_code)?,
    };
    let conversation = open_all(list(file, "conversation")?, &readers, report)?;
    let notes = open_all(list(file, "notes")?, &readers, report)?;
    let [first, answer, rotation] = conversation.as_slice() else { return None };
    report.expect(check_conversation(&conversation, &notes).is_ok(), || "the conversation".to_owned());
    report.expect(check_notes(&notes, first).is_ok(), || "the notes".to_owned());

    let Content::Rotation(content) = rotation.content() else { return None };
    let frame = bytes(list(file, "conversation")?.get(1)?, "frame")?;
    let carried = open_with_carried_key(&frame, content.answers.first()?, &readers.centre);
    report.expect(carried.ok().as_ref() == Some(answer), || "an answer by its carried key".to_owned());

    let mailbox =
        |notes: &[OpenedItem]| Some(json!(current_receipt_address(&conversation, notes)?.mailbox()));
    for (name, notes) in [("changed", notes.get(..1)?), ("undone", notes.as_slice())] {
        report.expect(mailbox(notes)? == file[name]["mailbox"], || format!("who counts, {name}"));
    }

    let address = current_receipt_address(&conversation, &notes)?;
    for vector in list(file, "burns")? {
        let request = BurnRequest::parse(&bytes(vector, "request")?).ok()?;
        let found = open_burn_word(request.word()?, &readers.key, &address);
        let holds = match (found, vector.get("code")) {
            (Err(refusal), Some(code)) => *code == json!(refusal.code()),
            (Ok(word), None) => json!(word.safe_word) == vector["safe_word"],
            _ => false,
        };
        report.expect(holds && request.verify_signature().is_ok(), || format!("burn: {}", vector["name"]));
    }
    Some(())
}

fn key_of(vector: &Value) -> Option<(EpochKey, VerifiedCentre)> {
    let centre = verify(vector)?.ok()?;
    let operator = OperatorIdentity::parse_file(text(vector, "operator")?.as_bytes()).ok()?;
    let wrap = bytes(vector.get("epoch")?, "wrap")?;
    let key = keyring::epoch::open(&wrap, operator.identity(), &centre, Channel::Safe, 1).ok()?;
    Some((key, centre))
}

/// Opens every frame with everybody: who is named opens it, nobody else does.
fn open_all(vectors: &[Value], readers: &Readers, report: &mut Report) -> Option<Vec<OpenedItem>> {
    let Readers { key, centre, second, code, new_code } = readers;
    let mut items = Vec::new();
    for vector in vectors {
        let frame = bytes(vector, "frame")?;
        let opened = open_for_centre(&frame, key, centre).ok()?;
        let all = [
            ("epoch", Some(opened.clone())),
            ("second", open_for_centre(&frame, &second.0, &second.1).ok()),
            ("code", open_with_receipt(&frame, code, centre).ok()),
            ("new_code", open_with_receipt(&frame, new_code, centre).ok()),
        ];
        for (who, found) in all {
            let may = list(vector, "opens")?.contains(&json!(who));
            report
                .expect(found.as_ref() == may.then_some(&opened), || format!("{} by {who}", vector["name"]));
        }
        let holds = content_of(&opened).as_ref() == vector.get("content")
            && json!(opened.body_hash()) == vector["body_hash"]
            && json!(opened.clear().kind) == vector["kind"];
        report.expect(holds, || format!("opening {}", vector["name"]));
        items.push(opened);
    }
    Some(items)
}
