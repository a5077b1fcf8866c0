//! The rows of a backup's SQLite files (docs/backup.md), read with SQLite alone: no server code, no migration, nothing written.
//!
//! Invariant: a row that cannot be read is counted and passed over, a table that breaks off is said to; what was read before stays.

use std::path::{Path, PathBuf};

use envelope::duty::Channel;
use envelope::encoding::Hash;
use envelope::ids::{CaseId, CentreId, FileId, ItemId};
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, Params, Row};
use uuid::Uuid;

use crate::failure::Failure;

/// Longest value that is read, in bytes: above the longest chunk of a file and the longest document, far below the memory of a computer.
const LONGEST_VALUE: i32 = 16 << 20;

/// What a question answered.
#[derive(Debug)]
pub(super) struct Listed<T> {
    /// The rows that could be read.
    pub(super) rows: Vec<T>,
    /// Rows that are there and make no sense.
    pub(super) unreadable: usize,
    /// Why there are perhaps more, where the file itself is damaged.
    pub(super) cut: Option<String>,
}

impl<T> Listed<T> {
    /// What is to be told about the reading itself.
    pub(super) fn findings(&self, what: &str) -> Vec<String> {
        let unreadable =
            (self.unreadable > 0).then(|| format!("{} of the {what} cannot be read", self.unreadable));
        let cut = self.cut.as_ref().map(|why| format!("the {what} are perhaps not all: {why}"));
        unreadable.into_iter().chain(cut).collect()
    }
}

/// A case as the server knew it.
#[derive(Clone, Debug)]
pub(super) struct CaseRow {
    pub(super) case: CaseId,
    /// The word of the state.
    pub(super) state: String,
    pub(super) week: String,
    pub(super) urgent: bool,
    /// Whether another centre holds it, and had not opened it.
    pub(super) is_second: bool,
    pub(super) conversation_items: u32,
    pub(super) notes_items: u32,
    /// Its shredding had been decided and not finished.
    pub(super) is_being_shredded: bool,
}

/// An item as it was stored, without its wraps.
#[derive(Clone, Debug)]
pub(super) struct ItemRow {
    pub(super) item: ItemId,
    pub(super) chain: String,
    pub(super) seq: u32,
    pub(super) week: String,
    pub(super) clear: Vec<u8>,
    pub(super) body: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

/// A SQLite file of a backup, opened for reading.
#[derive(Debug)]
pub(super) struct Rows {
    connection: Connection,
    path: PathBuf,
}

impl Rows {
    /// Opens a file that nobody writes, also from a disk that cannot be written. Nothing is made beside it.
    ///
    /// # Errors
    /// [`Failure::Format`].
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let opened = Connection::open_with_flags(address(path), flags).and_then(|connection| {
            // What the file defines itself is not run, and pages are looked at before they are used.
            connection.execute_batch(
                "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA query_only = ON;",
            )?;
            connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST_VALUE)?;
            Ok(connection)
        });
        let connection = opened.map_err(|error| Failure::Format(path.into(), error.to_string()))?;
        Ok(Self { connection, path: path.into() })
    }

    /// The document of the network's root.
    ///
    /// # Errors
    /// [`Failure::Format`] when there is none.
    pub(super) fn root(&self) -> Result<String, Failure> {
        let mut listed = self.list("SELECT document FROM network_root", (), |row| text(row, 0));
        listed.rows.pop().ok_or_else(|| {
            let why = listed.cut.unwrap_or_else(|| "it holds no root of a network".to_owned());
            Failure::Format(self.path.clone(), why)
        })
    }

    /// Every certificate with its hash, the oldest first.
    pub(super) fn certificates(&self) -> Listed<(Hash, String)> {
        let question = "SELECT hash, document FROM certificate ORDER BY not_before, hash";
        self.list(question, (), |row| Some((Hash::parse(&text(row, 0)?).ok()?, text(row, 1)?)))
    }

    /// The statements under a certificate, in order.
    pub(super) fn statements(&self, certificate: Hash) -> Listed<String> {
        let question = "SELECT document FROM statement WHERE certificate_hash = ?1 ORDER BY seq";
        self.list(question, [certificate.to_string()], |row| text(row, 0))
    }

    /// The wraps of epochs that are sealed to paper: number and wrap. They lie in the file of wraps.
    pub(super) fn paper_wraps(&self, certificate: Hash, channel: Channel) -> Listed<(u32, Vec<u8>)> {
        let question = "SELECT number, wrap FROM epoch_wrap \
            WHERE certificate_hash = ?1 AND channel = ?2 AND sealed_to = 'paper' ORDER BY number";
        let place = [certificate.to_string(), channel.name().to_owned()];
        self.list(question, place, |row| Some((number(row, 0)?, bytes(row, 1)?)))
    }

    /// The cases that a centre holds on a channel, and those that name it as second centre and that the first had not opened. By week and id.
    pub(super) fn cases(&self, centre: CentreId, channel: Channel) -> Listed<CaseRow> {
        let question = "SELECT r.id, r.state, r.week, r.urgent, r.centre_id <> ?1, r.conversation_items, r.notes_items, \
            EXISTS (SELECT 1 FROM shredding s WHERE s.case_id = r.id) FROM report r \
            WHERE r.channel = ?2 AND (r.centre_id = ?1 OR (r.second_centre_id = ?1 AND NOT r.opened)) ORDER BY r.week, r.id";
        self.list(question, (centre.as_bytes().as_slice(), channel.name()), |row| {
            Some(CaseRow {
                case: CaseId::from_uuid(id(row, 0)?)?,
                state: text(row, 1)?,
                week: text(row, 2)?,
                urgent: number(row, 3)? != 0,
                is_second: number(row, 4)? != 0,
                conversation_items: number(row, 5)?,
                notes_items: number(row, 6)?,
                is_being_shredded: number(row, 7)? != 0,
            })
        })
    }

    /// The items of a case, by chain and place.
    pub(super) fn items(&self, case: CaseId) -> Listed<ItemRow> {
        let question = "SELECT id, chain, seq, week, clear, body, signature FROM report_item WHERE case_id = ?1 ORDER BY chain, seq";
        self.list(question, [case.as_bytes().as_slice()], |row| {
            Some(ItemRow {
                item: ItemId::from_uuid(id(row, 0)?)?,
                chain: text(row, 1)?,
                seq: number(row, 2)?,
                week: text(row, 3)?,
                clear: bytes(row, 4)?,
                body: bytes(row, 5)?,
                signature: bytes(row, 6)?,
            })
        })
    }

    /// The wraps of an item in the order of its frame: kind and bytes. They lie in the file of wraps.
    pub(super) fn wraps(&self, item: ItemId) -> Listed<(u8, Vec<u8>)> {
        let question = "SELECT kind, wrap FROM report_wrap WHERE item_id = ?1 ORDER BY position";
        self.list(question, [item.as_bytes().as_slice()], |row| {
            Some((u8::try_from(number(row, 0)?).ok()?, bytes(row, 1)?))
        })
    }

    /// The numbers of the chunks of a file that are there.
    pub(super) fn chunks(&self, file: FileId) -> Listed<u32> {
        let question = "SELECT number FROM file_chunk WHERE file_id = ?1 ORDER BY number";
        self.list(question, [file.as_bytes().as_slice()], |row| number(row, 0))
    }

    /// One chunk of a file; none when it is not there or cannot be read.
    pub(super) fn chunk(&self, file: FileId, place: u32) -> Option<Vec<u8>> {
        let question = "SELECT bytes FROM file_chunk WHERE file_id = ?1 AND number = ?2";
        let place = (file.as_bytes().as_slice(), place);
        self.list(question, place, |row| bytes(row, 0)).rows.pop()
    }

    fn list<T>(
        &self,
        question: &str,
        values: impl Params,
        read: impl Fn(&Row<'_>) -> Option<T>,
    ) -> Listed<T> {
        let mut listed = Listed { rows: Vec::new(), unreadable: 0, cut: None };
        let asked = self.connection.prepare(question).and_then(|mut statement| {
            let mut rows = statement.query(values)?;
            while let Some(row) = rows.next()? {
                match read(row) {
                    Some(row) => listed.rows.push(row),
                    None => listed.unreadable += 1,
                }
            }
            Ok(())
        });
        listed.cut = asked.err().map(|error| error.to_string());
        listed
    }
}

/// The file as an address that says: nobody writes this, make nothing beside it. Every byte that could mean something in an address is escaped.
fn address(path: &Path) -> String {
    use std::fmt::Write as _;
    use std::os::unix::ffi::OsStrExt as _;

    let mut address = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(byte) {
            address.push(char::from(*byte));
        } else {
            // Writing into a text cannot fail.
            let _ = write!(address, "%{byte:02x}");
        }
    }
    address.push_str("?mode=ro&immutable=1");
    address
}

fn text(row: &Row<'_>, place: usize) -> Option<String> {
    match row.get_ref(place).ok()? {
        ValueRef::Text(text) => std::str::from_utf8(text).ok().map(str::to_owned),
        _ => None,
    }
}

fn bytes(row: &Row<'_>, place: usize) -> Option<Vec<u8>> {
    match row.get_ref(place).ok()? {
        ValueRef::Blob(bytes) => Some(bytes.to_vec()),
        _ => None,
    }
}

fn number(row: &Row<'_>, place: usize) -> Option<u32> {
    match row.get_ref(place).ok()? {
        ValueRef::Integer(number) => u32::try_from(number).ok(),
        _ => None,
    }
}

/// An id: 16 bytes.
fn id(row: &Row<'_>, place: usize) -> Option<Uuid> {
    match row.get_ref(place).ok()? {
        ValueRef::Blob(bytes) => Uuid::from_slice(bytes).ok(),
        _ => None,
    }
}
