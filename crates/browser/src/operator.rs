//! An operator's browser: opens the epoch keys that are hers, reads a case, answers and closes it (protocol sections 4, 6, 7.3).

mod lives;
mod reading;
mod shown;
mod statements;
mod writing;

use envelope::centre::{CentreBundle, SeenEpochs, VerifiedCentre};
use envelope::duty::Channel;
use envelope::encoding::{Base64, Hash, from_base64, to_base64};
use envelope::header::{ClearHeader, Language};
use envelope::ids::{CaseId, CentreId, PersonId};
use envelope::signature::SignedDocument;
use keyring::epoch::EpochKey;
use keyring::item::{OpenedItem, ReceiptAddress};
use keyring::operator::OperatorIdentity;
use serde::Deserialize;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::papers::Time;
use crate::refusal::Refused;
use lives::Undoing;
use reading::Reading;

/// An unlocked operator.
#[wasm_bindgen]
pub struct Operator {
    identity: OperatorIdentity,
    desk: Option<Desk>,
    case: Option<OpenCase>,
    sealed: Option<Sealed>,
}

/// Her centre, verified, and the epoch keys that opened.
struct Desk {
    built: f64,
    /// When the server gave it, by the server's clock: what she signs is dated so, because the chain goes by one clock.
    given: Option<i64>,
    centre: VerifiedCentre,
    keys: Vec<EpochKey>,
}

/// The case on the screen, as far as it was read.
struct OpenCase {
    channel: Channel,
    case: CaseId,
    /// Where to answer now; none when that cannot be told.
    address: Option<ReceiptAddress>,
    language: Language,
    conversation: Vec<OpenedItem>,
    notes: Vec<OpenedItem>,
    ends: Ends,
    /// What may be taken back, as it was shown last.
    undoing: Vec<Undoing>,
}

/// The ends of both chains.
#[derive(Clone, Copy, Default)]
struct Ends {
    conversation: Tail,
    notes: Tail,
}

/// The end of a chain.
#[derive(Clone, Copy, Default)]
struct Tail {
    seq: u32,
    hash: Option<Hash>,
}

/// The item sealed last, for a repeat of the same bytes (section 7.5).
struct Sealed {
    words: Hash,
    frame: Vec<u8>,
}

/// What `GET /console/keys` gives.
#[derive(Deserialize)]
struct Keys {
    root: SignedDocument,
    centre: CentreId,
    bundle: CentreBundle,
    epochs: Vec<SealedEpoch>,
    /// Milliseconds since 1970.
    #[serde(default)]
    now: Option<i64>,
}

#[derive(Deserialize)]
struct SealedEpoch {
    channel: Channel,
    number: u32,
    wrap: Base64,
}

impl Desk {
    /// The keys that may open an item: of its channel and of the epoch that it was sealed to for this centre.
    fn keys_of<'a>(&'a self, clear: &'a ClearHeader) -> impl Iterator<Item = &'a EpochKey> {
        let second = clear.second.filter(|second| second.centre == self.centre.centre());
        let number = second.map_or(clear.epoch, |second| second.epoch);
        self.keys.iter().filter(move |key| key.channel() == clear.channel && key.number() == number)
    }

    /// The name of a member, as the chain knows it now.
    fn name_of(&self, person: PersonId) -> Option<String> {
        self.centre.members().iter().find(|member| member.person == person).map(|member| member.name.clone())
    }
}

impl Operator {
    /// An operator whose slot was opened.
    #[must_use]
    pub fn of(identity: OperatorIdentity) -> Self {
        Self { identity, desk: None, case: None, sealed: None }
    }
}

#[wasm_bindgen]
impl Operator {
    /// The identity sealed under the 32 bytes that only the server's memory holds, in base64: all that the browser keeps between
    /// two pages (protocol section 6).
    ///
    /// # Errors
    /// `malformed` for a key of another length.
    pub fn park(&self, session_key: &[u8]) -> Result<String, Refused> {
        Ok(to_base64(&keyring::session::seal(&self.identity, &key_of(session_key)?)?))
    }

    /// The inverse of [`Operator::park`], on the next page.
    ///
    /// # Errors
    /// `slot` when the key is another session's, `malformed`.
    pub fn resume(parked: &str, session_key: &[u8]) -> Result<Operator, Refused> {
        let sealed = from_base64(parked)?;
        keyring::session::open(&sealed, &key_of(session_key)?).map(Self::of).map_err(|_| Refused::SLOT)
    }

    /// Verifies root, centre and statements, that `person` is a member with this very identity, and opens her epoch keys. `keys` is
    /// the answer of `GET /console/keys`. An epoch older than one already seen is refused.
    ///
    /// # Errors
    /// `certificate`, `clock`, `expired`, `malformed`; `keys` when she is no member.
    pub fn keys(&mut self, keys: &str, person: &str, now: f64, built: f64) -> Result<(), Refused> {
        let keys: Keys = serde_json::from_slice(keys.as_bytes()).map_err(|_| Refused::MALFORMED)?;
        let given = keys.now;
        let time = Time::of_device(now, built)?;
        let root = time.verify_own_root(&keys.root)?;
        let seen: Option<SeenEpochs> = self.desk.as_ref().map(|desk| desk.centre.seen_epochs());
        let centre = time.verify_centre(&root, &keys.bundle, seen)?;
        if centre.centre() != keys.centre {
            return Err(Refused::CERTIFICATE);
        }
        let person = PersonId::parse(person)?;
        let member = centre.member_by_key(&self.identity.public_key()).ok_or(Refused::KEYS)?;
        if member.person != person || member.recipient != *self.identity.recipient() {
            return Err(Refused::KEYS);
        }
        // A wrap that does not open leaves its epoch's items unreadable, and only those: the page says so for each.
        let keys = keys
            .epochs
            .iter()
            .filter_map(|epoch| {
                keyring::epoch::open(
                    &epoch.wrap.0,
                    self.identity.identity(),
                    &centre,
                    epoch.channel,
                    epoch.number,
                )
                .ok()
            })
            .collect();
        self.desk = Some(Desk { built, given, centre, keys });
        Ok(())
    }

    /// Opens the frames of a case (a JSON array of base64: the conversation in order, then the notes). An item that was moved from
    /// another place, is out of order, answers somebody else or does not open is listed without its text; `incomplete` tells of anything
    /// that the chain as a whole does not bear out (section 7.3), `problems` what it is. Returns `{"items", "incomplete", "problems",
    /// "ends", "taken_over"}`.
    ///
    /// # Errors
    /// `malformed`; `keys` when she holds no key of this channel.
    pub fn read(&mut self, centre: &str, channel: &str, case: &str, frames: &str) -> Result<String, Refused> {
        let desk = self.desk.as_ref().ok_or(Refused::UNKNOWN)?;
        let channel: Channel = channel.parse().map_err(|_| Refused::CHANNEL)?;
        let case = CaseId::parse(case)?;
        if desk.centre.centre() != CentreId::parse(centre)? {
            return Err(Refused::CERTIFICATE);
        }
        if !desk.keys.iter().any(|key| key.channel() == channel) {
            return Err(Refused::KEYS);
        }
        let frames: Vec<Base64> =
            serde_json::from_slice(frames.as_bytes()).map_err(|_| Refused::MALFORMED)?;
        let mut reading = Reading::new(channel, case);
        for bytes in &frames {
            reading.take(desk, &bytes.0)?;
        }
        let (open, shown) = reading.finish(desk, Language::parse("it")?);
        self.case = Some(open);
        serde_json::to_string(&shown).map_err(|_| Refused::UNKNOWN)
    }

    /// A draft sealed to her own key, in base64, before the lock drops the identity (protocol section 6).
    ///
    /// # Errors
    /// `unknown` never happens for a draft that fits into memory.
    pub fn seal_draft(&self, draft: &str) -> Result<String, Refused> {
        Ok(to_base64(&keyring::draft::seal(&self.identity, draft.as_bytes())?))
    }

    /// Opens a draft of her own.
    ///
    /// # Errors
    /// `slot` when it is somebody else's, `malformed`.
    pub fn open_draft(&self, sealed: &str) -> Result<String, Refused> {
        let opened =
            keyring::draft::open(&self.identity, &from_base64(sealed)?).map_err(|_| Refused::SLOT)?;
        core::str::from_utf8(&opened).map(str::to_owned).map_err(|_| Refused::MALFORMED)
    }
}

fn key_of(session_key: &[u8]) -> Result<[u8; 32], Refused> {
    session_key.try_into().map_err(|_| Refused::MALFORMED)
}
