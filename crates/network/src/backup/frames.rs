//! Every item of a backup as what it is: a frame that its author signed, in the place that it names.

use std::collections::BTreeMap;

use envelope::encoding::Hash;
use envelope::frame::{Frame, FrameParts, Wrap, WrapKind};
use envelope::header::Chain;
use platform::database::DatabaseError;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbErr, QueryResult, Statement, Value};
use uuid::Uuid;

use super::Failed;
use super::verifying::Frames;

/// Items that are read at once.
const PAGE: u64 = 128;

/// An item as it was stored, without its wraps.
struct Item {
    id: Uuid,
    case: Uuid,
    chain: String,
    seq: i64,
    clear: Vec<u8>,
    body: Vec<u8>,
    body_hash: Vec<u8>,
    signature: Vec<u8>,
    frame_hash: Vec<u8>,
}

/// Looks at every item.
pub(super) async fn check(
    data: &DatabaseConnection,
    wraps: Option<&DatabaseConnection>,
    name: &str,
) -> Result<Frames, Failed> {
    let mut seen = Frames::default();
    let mut after = Uuid::nil();
    loop {
        let items = list_items(data, after).await.map_err(DatabaseError::from)?;
        let Some(last) = items.last() else { return Ok(seen) };
        after = last.id;
        let mut found = match wraps {
            Some(wraps) => list_wraps(wraps, &items).await.map_err(DatabaseError::from)?,
            None => BTreeMap::new(),
        };
        for item in items {
            match found.remove(&item.id) {
                None => seen.without_wraps += 1,
                Some(wraps) if is_right(&item, &wraps) => seen.right += 1,
                // Which one is not said: an id tied to a report stands in no message.
                Some(_) => return Err(Failed::damaged(name, "an item is not what its author signed")),
            }
        }
    }
}

fn is_right(item: &Item, wraps: &[Wrap]) -> bool {
    let Ok(signature) = item.signature.clone().try_into() else { return false };
    let parts =
        FrameParts { clear: item.clear.clone(), wraps: wraps.to_vec(), body: item.body.clone(), signature };
    let Ok(frame) = Frame::from_parts(parts) else { return false };
    let clear = frame.clear();
    let chain = if item.chain == "notes" { Chain::Notes } else { Chain::Conversation };
    clear.item.uuid() == item.id
        && clear.case.uuid() == item.case
        && clear.chain == chain
        && i64::from(clear.seq) == item.seq
        && frame.body_hash().as_bytes().as_slice() == item.body_hash
        && Hash::of(&frame.to_bytes()).as_bytes().as_slice() == item.frame_hash
        && frame.verify_signature().is_ok()
}

async fn list_items(data: &DatabaseConnection, after: Uuid) -> Result<Vec<Item>, DbErr> {
    let question = format!(
        "SELECT id, case_id, chain, seq, clear, body, body_hash, signature, frame_hash FROM report_item \
         WHERE id > $1 ORDER BY id LIMIT {PAGE}"
    );
    let values: [Value; 1] = [after.into()];
    let statement = Statement::from_sql_and_values(data.get_database_backend(), question, values);
    data.query_all_raw(statement).await?.iter().map(read_item).collect()
}

fn read_item(row: &QueryResult) -> Result<Item, DbErr> {
    Ok(Item {
        id: row.try_get("", "id")?,
        case: row.try_get("", "case_id")?,
        chain: row.try_get("", "chain")?,
        seq: row.try_get("", "seq")?,
        clear: row.try_get("", "clear")?,
        body: row.try_get("", "body")?,
        body_hash: row.try_get("", "body_hash")?,
        signature: row.try_get("", "signature")?,
        frame_hash: row.try_get("", "frame_hash")?,
    })
}

/// The wraps of some items, in the order of their frames.
async fn list_wraps(wraps: &DatabaseConnection, items: &[Item]) -> Result<BTreeMap<Uuid, Vec<Wrap>>, DbErr> {
    let places: Vec<String> = (1..=items.len()).map(|place| format!("${place}")).collect();
    let question = format!(
        "SELECT item_id, kind, wrap FROM report_wrap WHERE item_id IN ({}) ORDER BY item_id, position",
        places.join(", ")
    );
    let values: Vec<Value> = items.iter().map(|item| item.id.into()).collect();
    let statement = Statement::from_sql_and_values(wraps.get_database_backend(), question, values);
    let mut found: BTreeMap<Uuid, Vec<Wrap>> = BTreeMap::new();
    for row in wraps.query_all_raw(statement).await? {
        let kind: i64 = row.try_get("", "kind")?;
        let kind = u8::try_from(kind).ok().and_then(WrapKind::of_byte);
        let kind = kind.ok_or_else(|| DbErr::Type("a wrap is of no known kind".to_owned()))?;
        found
            .entry(row.try_get("", "item_id")?)
            .or_default()
            .push(Wrap { kind, sealed: row.try_get("", "wrap")? });
    }
    Ok(found)
}
