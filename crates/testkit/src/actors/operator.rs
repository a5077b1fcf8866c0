//! Somebody who works in a centre: signs in by challenge, opens in her own browser, answers.

mod files;
mod statements;

use envelope::centre::{CentreBundle, VerifiedCentre, verify_centre};
use envelope::clock::Clock;
use envelope::content::ClosingContent;
use envelope::duty::Channel;
use envelope::header::{Chain, Undone};
use envelope::ids::CaseId;
use envelope::mailbox::Nonce;
use envelope::root::VerifiedRoot;
use envelope::signature::SignedDocument;
use jiff::Timestamp;
use keyring::conversation::{self, Rotated};
use keyring::epoch::{self, EpochKey};
use keyring::item::{self, AnswerKind, OpenedItem, Place, SealedItem};
use keyring::operator::OperatorIdentity;
use keyring::refusal::SealRefusal;
use keyring::safe_word::{SafeWord, Verdict};
use keyring::slot::SlotKeys;
use platform::random::Random;
use serde_json::json;

pub use statements::MadeEpoch;

use super::client::Client;
use super::network::DemoPerson;
use super::victim::{bytes_of, language};
use crate::{Answer, TestApp};

/// An operator who is signed in and unlocked.
pub struct Operator {
    /// Her browser.
    pub client: Client,
    /// Her centre, as her browser verified it.
    pub centre: VerifiedCentre,
    identity: OperatorIdentity,
    keys: Vec<EpochKey>,
    random: Random,
}

/// A report that her browser opened.
pub struct OpenedReport {
    /// The case.
    pub case: CaseId,
    /// What the next change must name.
    pub version: i64,
    /// The word of the state.
    pub state: String,
    /// Conversation, then notes.
    pub items: Vec<OpenedItem>,
    /// The frames as they were handed out.
    pub frames: Vec<Vec<u8>>,
    /// Her burn, while the report is withdrawn: the week, and the sealed word.
    pub withdrawn: Option<(String, Option<Vec<u8>>)>,
    /// What two members can still take back.
    pub undoable: Vec<Undone>,
}

impl OpenedReport {
    /// The items of one chain.
    #[must_use]
    pub fn chain(&self, chain: Chain) -> Vec<OpenedItem> {
        self.items.iter().filter(|item| item.clear().chain == chain).cloned().collect()
    }

    /// The rotations, with what the word typed at each says.
    #[must_use]
    pub fn rotations(&self) -> Vec<Rotated> {
        conversation::rotations(&self.chain(Chain::Conversation), &self.chain(Chain::Notes))
    }
}

impl Operator {
    /// Answers the challenge for an account with what a person's passphrase gives, right or not; keeps a cookie.
    pub async fn answer_challenge(
        client: &mut Client,
        account: &str,
        person: &DemoPerson,
    ) -> (Answer, SlotKeys) {
        Self::answer_challenge_with(client, account, person, "").await
    }

    /// The same, with a code of her second factor.
    pub async fn answer_challenge_with(
        client: &mut Client,
        account: &str,
        person: &DemoPerson,
        code: &str,
    ) -> (Answer, SlotKeys) {
        let challenge =
            client.post_json("/console/sign-in/challenge", &json!({ "account": account })).await.json();
        let keys = SlotKeys::derive(&person.passphrase, &bytes_of(&challenge["salt"])).expect("64 MiB");
        let nonce = Nonce::from_slice(&bytes_of(&challenge["nonce"])).expect("56 bytes");
        let signature = keys.sign_in(&nonce, account);
        let mut request = json!({ "account": account, "nonce": challenge["nonce"], "signature": signature });
        if !code.is_empty() {
            request["code"] = code.into();
        }
        (client.post_json("/console/sign-in", &request).await, keys)
    }

    /// Signs in, opens the slot, verifies the centre and opens the epoch keys.
    pub async fn sign_in(app: &TestApp, person: &DemoPerson) -> Self {
        let now = app.platform.now();
        let mut client = Client::new(app);
        let (answer, slot_keys) = Self::answer_challenge(&mut client, person.account, person).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.code());
        let signed_in = answer.json();
        client.keep_csrf(signed_in["csrf"].as_str().expect("a token"));
        let identity = slot_keys.open(&bytes_of(&signed_in["slot"])).expect("a slot that opens");

        // Between two pages the identity is sealed under a key that only the server's memory holds.
        let key = client.fetch("/console/session-key").await.body;
        let key: [u8; 32] = key.as_ref().try_into().expect("32 bytes");
        let sealed = keyring::session::seal(&identity, &key).expect("a sealed identity");
        let identity = keyring::session::open(&sealed, &key).expect("the identity again");

        let keys = client.fetch("/console/keys").await.json();
        let root: SignedDocument = serde_json::from_value(keys["root"].clone()).expect("a root");
        let bundle: CentreBundle = serde_json::from_value(keys["bundle"].clone()).expect("a bundle");
        let root = VerifiedRoot::verify(&root, Clock::exact(now)).expect("a root that verifies");
        let centre = verify_centre(&root, &bundle, Clock::exact(now), None).expect("a centre that verifies");
        let epochs = keys["epochs"].as_array().expect("epochs").iter().map(|own| {
            let channel: Channel = serde_json::from_value(own["channel"].clone()).expect("a channel");
            let number =
                own["number"].as_u64().and_then(|number| u32::try_from(number).ok()).expect("a number");
            epoch::open(&bytes_of(&own["wrap"]), identity.identity(), &centre, channel, number)
                .expect("an epoch key")
        });
        let keys = epochs.collect();
        Self { client, centre, identity, keys, random: app.platform.random.clone() }
    }

    /// The cases of a page of the inbox, in its order.
    pub async fn inbox(&self, query: &str) -> Vec<String> {
        let page = self.client.get(&format!("/it/console/{query}")).await;
        assert_eq!(page.status.as_u16(), 200);
        let text = page.text();
        text.split("data-case=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .map(str::to_owned)
            .collect()
    }

    /// Asks for the frames of a report and opens them; the refusal where there is one.
    ///
    /// # Errors
    /// The server's answer, when it is not 200.
    pub async fn open(&self, case: CaseId) -> Result<OpenedReport, Answer> {
        let answer = self.client.post(&format!("/console/reports/{case}/open"), Vec::new()).await;
        if answer.status.as_u16() != 200 {
            return Err(answer);
        }
        let opened = answer.json();
        let frames: Vec<Vec<u8>> =
            opened["frames"].as_array().expect("frames").iter().map(bytes_of).collect();
        let items = frames.iter().map(|frame| self.open_frame(frame)).collect();
        Ok(OpenedReport {
            case,
            version: opened["version"].as_i64().expect("a version"),
            state: opened["state"].as_str().expect("a state").to_owned(),
            items,
            frames,
            withdrawn: opened.get("withdrawn").map(|burn| {
                let word = Some(&burn["word"]).filter(|word| !word.is_null()).map(bytes_of);
                (burn["week"].as_str().expect("a week").to_owned(), word)
            }),
            undoable: serde_json::from_value(opened["undoable"].clone()).expect("what can be undone"),
        })
    }

    fn open_frame(&self, frame: &[u8]) -> OpenedItem {
        let opened = self.keys.iter().find_map(|key| item::open_for_centre(frame, key, &self.centre).ok());
        opened.expect("an item that opens")
    }

    /// Seals an answer to an opened report.
    #[must_use]
    pub fn seal_answer(
        &self,
        report: &OpenedReport,
        kind: AnswerKind,
        text: &str,
        now: Timestamp,
    ) -> SealedItem {
        let conversation = report.chain(Chain::Conversation);
        let address = conversation::current_receipt_address(&conversation, &report.chain(Chain::Notes))
            .expect("a report comes first");
        let last = &conversation[conversation.len() - 1];
        let seen = last.clear().seq;
        let place = Place { case: report.case, seq: seen + 1, prev: Some(last.body_hash()), seen };
        let to = self.centre.recipient(last.clear().channel, Clock::exact(now)).expect("a recipient");
        let mut random = self.random.clone();
        item::seal_answer(kind, &to, &address, &self.identity, &place, text, &language(), &mut random)
            .expect("a sealed answer")
    }

    /// Answers; the version that was seen goes with it.
    pub async fn answer(&self, report: &OpenedReport, text: &str, now: Timestamp) -> Answer {
        let sealed = self.seal_answer(report, AnswerKind::Answer, text, now);
        self.send(report, sealed.bytes).await
    }

    /// Sends the ready-made first answer.
    pub async fn acknowledge(&self, report: &OpenedReport, text: &str, now: Timestamp) -> Answer {
        let sealed = self.seal_answer(report, AnswerKind::Acknowledgement, text, now);
        self.send(report, sealed.bytes).await
    }

    /// Closes; the reason is sealed into the notes.
    pub async fn close(&self, report: &OpenedReport, reason: &str, note: &str, now: Timestamp) -> Answer {
        let place = next_note(report);
        let channel = report.items[0].clear().channel;
        let to = self.centre.recipient(channel, Clock::exact(now)).expect("a recipient");
        let closing = ClosingContent { reason: reason.to_owned(), note: note.to_owned() };
        let mut random = self.random.clone();
        let sealed = item::seal_closing(&to, &self.identity, &place, &closing, &language(), &mut random)
            .expect("a sealed closing");
        self.send(report, sealed.bytes).await
    }

    /// What the word of a burn says, as her browser shows it.
    #[must_use]
    pub fn verdict_of_burn(&self, report: &OpenedReport) -> Verdict {
        let conversation = report.chain(Chain::Conversation);
        let chosen = conversation::chosen_word(&conversation);
        let (_, word) = report.withdrawn.as_ref().expect("a withdrawn report");
        let typed = word.as_ref().map(|word| {
            let address = conversation::current_receipt_address(&conversation, &report.chain(Chain::Notes))
                .expect("a report comes first");
            let opened =
                self.keys.iter().find_map(|key| keyring::burn::open_burn_word(word, key, &address).ok());
            opened.expect("a word that opens")
        });
        let typed = typed.as_ref().and_then(|word| word.safe_word.as_deref());
        SafeWord::verdict(chosen.as_deref(), typed)
    }

    /// Signs that a rotation or a burn be taken back. The verdict is the browser's own; after a right word it seals nothing.
    ///
    /// # Errors
    /// [`SealRefusal::Place`] after a right word.
    pub fn seal_undo(
        &self,
        report: &OpenedReport,
        undone: Undone,
        verdict: Verdict,
        now: Timestamp,
    ) -> Result<SealedItem, SealRefusal> {
        let channel = report.items[0].clear().channel;
        let to = self.centre.recipient(channel, Clock::exact(now)).expect("a recipient");
        let (place, mut random) = (next_note(report), self.random.clone());
        let reason = "Ha telefonato lei";
        item::seal_undo(&to, &self.identity, &place, undone, verdict, reason, &language(), &mut random)
    }

    /// Opens a report anew and signs that a rotation or a burn be taken back, after a wrong word.
    pub async fn undo(&self, case: CaseId, undone: Undone, now: Timestamp) -> Answer {
        let report = match self.open(case).await {
            Ok(report) => report,
            Err(refusal) => return refusal,
        };
        let sealed = self.seal_undo(&report, undone, Verdict::Wrong, now).expect("a sealed note");
        self.send(&report, sealed.bytes).await
    }

    /// Sends a frame with the version that was seen.
    pub async fn send(&self, report: &OpenedReport, bytes: Vec<u8>) -> Answer {
        self.client
            .post_if_match(&format!("/console/reports/{}/items", report.case), report.version, bytes)
            .await
    }

    /// Sets a report to waiting.
    pub async fn wait(&mut self, case: CaseId, version: i64) -> Answer {
        self.client.post_json(&format!("/console/reports/{case}/wait"), &json!({ "version": version })).await
    }

    /// Signs out by script.
    pub async fn sign_out(&mut self) -> Answer {
        self.client.post_json("/console/sign-out", &json!({})).await
    }
}

/// The next place in the notes of a report.
fn next_note(report: &OpenedReport) -> Place {
    let notes = report.chain(Chain::Notes);
    let conversation = report.chain(Chain::Conversation);
    Place {
        case: report.case,
        seq: notes.last().map_or(1, |last| last.clear().seq + 1),
        prev: notes.last().map(OpenedItem::body_hash),
        seen: conversation.iter().map(|item| item.clear().seq).max().unwrap_or(0),
    }
}
