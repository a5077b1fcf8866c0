//! Writing a report: verify the centre, make a code, seal, and show the code after the server has acknowledged (protocol section 4.1).

use envelope::centre::{CentreBundle, EpochRecipient, SeenEpochs, VerifiedCentre};
use envelope::duty::Channel;
use envelope::encoding::Hash;
use envelope::header::Language;
use envelope::ids::CentreId;
use keyring::capacity;
use keyring::item::{ReportDraft, seal_general_report, seal_safe_report};
use keyring::receipt::{Receipt, ReceiptCode};
use rand_core::OsRng;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::papers::{self, Time};
use crate::refusal::Refused;

/// One page's report to one centre by one channel.
#[wasm_bindgen]
pub struct Letter {
    built: f64,
    addressee: Option<Addressee>,
    seen: Option<SeenEpochs>,
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
        Self { built, addressee: None, seen: None, sealed: None }
    }

    /// Verifies root, certificate, statements and epoch, and remembers whom the report goes to. Called again, it refuses an epoch
    /// older than one already seen in this page (protocol section 3).
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
        let time = Time::of_device(now, self.built)?;
        let root = time.verify_root(root_address, root)?;
        let verified = time.verify_centre(&root, &CentreBundle::parse(bundle.as_bytes())?, self.seen)?;
        let channel: Channel = channel.parse().map_err(|_| Refused::CHANNEL)?;
        if verified.centre() != CentreId::parse(centre)? {
            return Err(Refused::CERTIFICATE);
        }
        time.recipient(&verified, channel)?;
        self.seen = Some(verified.seen_epochs());
        self.addressee = Some(Addressee { centre: verified, channel });
        Ok(())
    }

    /// About how many more characters fit into the largest frame; negative when it is too long.
    ///
    /// # Errors
    /// `malformed` for a language that is none.
    pub fn room(&self, text: &str, safe_contact: &str, language: &str) -> Result<i32, Refused> {
        let language = Language::parse(language)?;
        let left = capacity::remaining_in_report(text, contact(safe_contact), &language, &language);
        Ok(papers::room(left, text))
    }

    /// Makes a code, seals the report to the epoch verified last, and returns the frame to post. The same words give the same bytes
    /// until [`Letter::forget`].
    ///
    /// # Errors
    /// `empty`, `size`, `clock`, `expired`, `channel`, `certificate`, `malformed`.
    pub fn seal(
        &mut self,
        text: &str,
        safe_contact: &str,
        urgent: bool,
        language: &str,
        now: f64,
    ) -> Result<Vec<u8>, Refused> {
        // A safe way to be reached is a report too: "please phone me on Monday".
        if text.trim().is_empty() && contact(safe_contact).is_none() {
            return Err(Refused::EMPTY);
        }
        let words = words_hash(text, safe_contact, urgent, language);
        if let Some(sealed) = self.sealed.as_ref().filter(|sealed| sealed.words == words) {
            return Ok(sealed.frame.clone());
        }
        let addressee = self.addressee.as_ref().ok_or(Refused::UNKNOWN)?;
        let recipient = Time::of_device(now, self.built)?.recipient(&addressee.centre, addressee.channel)?;
        // Always a new code and a new case: bytes whose answer was lost may have arrived under the old ones.
        let code = ReceiptCode::generate(&mut OsRng);
        let receipt = keyring::receipt::derive(&code, addressee.centre.network())?;
        let language = Language::parse(language)?;
        let draft = ReportDraft {
            text,
            safe_contact: contact(safe_contact),
            answer_language: language.clone(),
            page_language: language,
            urgent,
        };
        let item = match &recipient {
            EpochRecipient::Safe(recipient) => seal_safe_report(recipient, &receipt, &draft, &mut OsRng)?,
            EpochRecipient::General(recipient) => {
                seal_general_report(recipient, &receipt, &draft, &mut OsRng)?
            }
        };
        let frame = item.bytes;
        self.sealed = Some(Sealed { words, frame: frame.clone(), code, receipt });
        Ok(frame)
    }

    /// The server has acknowledged: her code (20 digits) and the indexes of its two words, as `{"code", "words"}`.
    ///
    /// # Errors
    /// `unknown` when nothing was sealed.
    pub fn acknowledged(&self) -> Result<String, Refused> {
        let sealed = self.sealed.as_ref().ok_or(Refused::UNKNOWN)?;
        let code: String = sealed.code.groups().iter().map(|group| group.as_str()).collect();
        Ok(serde_json::json!({ "code": code, "words": sealed.receipt.words() }).to_string())
    }

    /// Whether `typed` is the last group of her code, in digits of any script.
    #[must_use]
    pub fn confirm(&self, typed: &str) -> bool {
        let Some(sealed) = &self.sealed else { return false };
        let groups = sealed.code.groups();
        let [first, second, third, fourth, _] = &groups;
        let whole = [first.as_str(), second, third, fourth, typed].concat();
        ReceiptCode::parse(&whole).is_ok_and(|code| code.groups() == groups)
    }

    /// Forgets what was sealed, and its code: the next [`Letter::seal`] makes others, whatever the words.
    pub fn forget(&mut self) {
        self.sealed = None;
    }
}

fn contact(typed: &str) -> Option<&str> {
    Some(typed).filter(|typed| !typed.trim().is_empty())
}

fn words_hash(text: &str, safe_contact: &str, urgent: bool, language: &str) -> Hash {
    Hash::of(serde_json::json!([text, safe_contact, urgent, language]).to_string().as_bytes())
}
