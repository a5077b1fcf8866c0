//! Writing a report: verify the centre, make a code, seal, and show the code after the server has acknowledged (protocol section 4.1).

mod draft;

use envelope::centre::{CentreBundle, EpochRecipient, SeenEpochs, VerifiedCentre};
use envelope::duty::Channel;
use envelope::encoding::Hash;
use envelope::ids::CentreId;
use envelope::root::VerifiedRoot;
use keyring::capacity;
use keyring::item::{SealedItem, seal_general_report, seal_safe_report};
use keyring::receipt::{Receipt, ReceiptCode};
use rand_core::OsRng;
use wasm_bindgen::prelude::wasm_bindgen;

use self::draft::Draft;
use crate::code;
use crate::papers::{self, Time};
use crate::refusal::Refused;

/// One page's report to one centre by one channel.
#[wasm_bindgen]
pub struct Letter {
    built: f64,
    root: Option<VerifiedRoot>,
    addressee: Option<Addressee>,
    seen: Vec<(CentreId, SeenEpochs)>,
    /// Centres of the same channel that she may choose as the second one.
    seconds: Vec<VerifiedCentre>,
    /// The code of the next letter, made ahead by [`Letter::subject`].
    next: Option<(ReceiptCode, Receipt)>,
    sealed: Option<Sealed>,
}

/// A centre that was verified, and the channel she chose.
struct Addressee {
    centre: VerifiedCentre,
    channel: Channel,
}

/// What was sealed last: the same words give the same bytes again, so that a repeat after a lost answer counts once (section 7.5).
struct Sealed {
    words: Hash,
    frame: Vec<u8>,
    code: ReceiptCode,
    receipt: Receipt,
}

#[wasm_bindgen]
impl Letter {
    /// A letter to nobody yet. `built` is when the web code was built, in seconds since 1970.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(built: f64) -> Self {
        Self {
            built,
            root: None,
            addressee: None,
            seen: Vec::new(),
            seconds: Vec::new(),
            next: None,
            sealed: None,
        }
    }

    /// Verifies root, certificate, statements and epoch, and remembers whom the report goes to. Called again, it refuses an epoch
    /// older than one already seen in this page (protocol section 3), and second centres have to verify again too.
    ///
    /// # Errors
    /// `certificate`, `channel`, `clock`, `expired`.
    pub fn verify(
        &mut self,
        root_address: &str,
        root: &str,
        bundle: &str,
        centre: &str,
        channel: &str,
        now: f64,
    ) -> Result<(), Refused> {
        let root = Time::of_device(now, self.built)?.verify_root(root_address, root)?;
        let channel: Channel = channel.parse().map_err(|_| Refused::CHANNEL)?;
        let centre = self.verified(&root, bundle, centre, channel, now)?;
        self.root = Some(root);
        self.seconds.clear();
        self.addressee = Some(Addressee { centre, channel });
        Ok(())
    }

    /// Verifies a centre that may be chosen as the second one, for the channel of the first (protocol section 7.7). After
    /// [`Letter::verify`].
    ///
    /// # Errors
    /// `certificate`, `channel`, `clock`, `expired`; `unknown` before the first centre.
    pub fn verify_second(&mut self, bundle: &str, centre: &str, now: f64) -> Result<(), Refused> {
        let (root, addressee) = self.root.as_ref().zip(self.addressee.as_ref()).ok_or(Refused::UNKNOWN)?;
        let (root, channel, first) = (root.clone(), addressee.channel, addressee.centre.centre());
        let second = self.verified(&root, bundle, centre, channel, now)?;
        if second.centre() == first {
            return Err(Refused::CERTIFICATE);
        }
        self.seconds.retain(|known| known.centre() != second.centre());
        self.seconds.push(second);
        Ok(())
    }

    /// About how many more characters fit into the largest frame; negative when it is too long.
    ///
    /// # Errors
    /// `malformed` for a draft that the page could not have made.
    pub fn room(&self, draft: &str) -> Result<i32, Refused> {
        let draft = Draft::parse(draft)?;
        let left = capacity::remaining_in_report(&draft.report(), draft.second.is_some());
        Ok(papers::room(left, &draft.text))
    }

    /// Whether there is something to send, before anything is done for it.
    ///
    /// # Errors
    /// `empty`; `number` and `windows` for a call that cannot be made; `malformed`.
    pub fn check(&self, draft: &str) -> Result<(), Refused> {
        Draft::parse(draft)?.check()
    }

    /// Makes a code, seals the draft to the epoch verified last, and returns the frame to post. The same draft gives the same bytes
    /// until [`Letter::forget`].
    ///
    /// # Errors
    /// `empty`, `number`, `windows`, `size`, `clock`, `expired`, `channel`, `certificate`, `malformed`.
    pub fn seal(&mut self, draft: &str, now: f64) -> Result<Vec<u8>, Refused> {
        let words = Hash::of(draft.as_bytes());
        if let Some(sealed) = self.sealed.as_ref().filter(|sealed| sealed.words == words) {
            return Ok(sealed.frame.clone());
        }
        let draft = Draft::parse(draft)?;
        draft.check()?;
        let addressee = self.addressee.as_ref().ok_or(Refused::UNKNOWN)?;
        let time = Time::of_device(now, self.built)?;
        let to = time.recipient(&addressee.centre, addressee.channel)?;
        let second = match draft.second {
            Some(second) => {
                let known = self.seconds.iter().find(|known| known.centre() == second);
                Some(time.recipient(known.ok_or(Refused::CERTIFICATE)?, addressee.channel)?)
            }
            None => None,
        };
        // Always a new code and a new case: bytes whose answer was lost may have arrived under the old ones.
        let (code, receipt) = match self.next.take() {
            Some(next) => next,
            None => code::fresh(addressee.centre.network())?,
        };
        let frame = match sealed_for(&to, second.as_ref(), &receipt, &draft) {
            Ok(item) => item.bytes,
            Err(refused) => {
                // Nothing was made with it: the work that was done for this code stays good.
                self.next = Some((code, receipt));
                return Err(refused);
            }
        };
        self.sealed = Some(Sealed { words, frame: frame.clone(), code, receipt });
        Ok(frame)
    }

    /// The 32 bytes that work for the next letter is bound to: its mailbox id. Its code is made for that now, and used once.
    ///
    /// # Errors
    /// `unknown` before a centre was verified; `start` when the device has no memory for it.
    pub fn subject(&mut self) -> Result<Vec<u8>, Refused> {
        let addressee = self.addressee.as_ref().ok_or(Refused::UNKNOWN)?;
        let next = match self.next.take() {
            Some(next) => next,
            None => code::fresh(addressee.centre.network())?,
        };
        let (_, receipt) = self.next.insert(next);
        Ok(receipt.mailbox_id().as_bytes().to_vec())
    }

    /// The server has acknowledged: her code (20 digits) and the indexes of its two words, as `{"code", "words"}`.
    ///
    /// # Errors
    /// `unknown` when nothing was sealed.
    pub fn acknowledged(&self) -> Result<String, Refused> {
        let sealed = self.sealed.as_ref().ok_or(Refused::UNKNOWN)?;
        Ok(code::shown(&sealed.code, &sealed.receipt))
    }

    /// Whether `typed` is the last group of her code, in digits of any script.
    #[must_use]
    pub fn confirm(&self, typed: &str) -> bool {
        self.sealed.as_ref().is_some_and(|sealed| code::ends_with(&sealed.code, typed))
    }

    /// Forgets what was sealed, and its code: the next [`Letter::seal`] makes others, whatever the words.
    pub fn forget(&mut self) {
        self.sealed = None;
    }
}

impl Letter {
    /// A centre whose whole chain holds, that is the one asked for, and to whose channel something can be sealed now.
    fn verified(
        &mut self,
        root: &VerifiedRoot,
        bundle: &str,
        centre: &str,
        channel: Channel,
        now: f64,
    ) -> Result<VerifiedCentre, Refused> {
        let (time, centre) = (Time::of_device(now, self.built)?, CentreId::parse(centre)?);
        let seen = self.seen.iter().find(|(known, _)| *known == centre).map(|(_, seen)| *seen);
        let verified = time.verify_centre(root, &CentreBundle::parse(bundle.as_bytes())?, seen)?;
        if verified.centre() != centre {
            return Err(Refused::CERTIFICATE);
        }
        time.recipient(&verified, channel)?;
        self.seen.retain(|(known, _)| *known != centre);
        self.seen.push((centre, verified.seen_epochs()));
        Ok(verified)
    }
}

/// Both centres get it by the same channel: their recipients have the same type, or nothing is sealed.
fn sealed_for(
    to: &EpochRecipient,
    second: Option<&EpochRecipient>,
    receipt: &Receipt,
    draft: &Draft,
) -> Result<SealedItem, Refused> {
    let report = draft.report();
    let sealed = match (to, second) {
        (EpochRecipient::Safe(to), None) => seal_safe_report(to, None, receipt, &report, &mut OsRng),
        (EpochRecipient::Safe(to), Some(EpochRecipient::Safe(second))) => {
            seal_safe_report(to, Some(second), receipt, &report, &mut OsRng)
        }
        (EpochRecipient::General(to), None) => seal_general_report(to, None, receipt, &report, &mut OsRng),
        (EpochRecipient::General(to), Some(EpochRecipient::General(second))) => {
            seal_general_report(to, Some(second), receipt, &report, &mut OsRng)
        }
        _ => return Err(Refused::CHANNEL),
    };
    Ok(sealed?)
}
