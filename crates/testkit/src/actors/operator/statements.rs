//! What a member signs in her browser: the next key of a channel, and that a colleague has left.

use envelope::centre::{CentreBundle, verify_centre};
use envelope::clock::Clock;
use envelope::duty::Channel;
use envelope::encoding::Base64;
use envelope::ids::PersonId;
use envelope::publication::EpochWrapRecord;
use envelope::root::VerifiedRoot;
use envelope::signature::SignedDocument;
use envelope::statement::LONGEST_EPOCH;
use jiff::Timestamp;
use keyring::{documents, epoch};
use serde_json::{Value, json};

use super::{Operator, bytes_of};
use crate::Answer;

/// The next key of a channel, as it is posted; a story may alter it.
#[derive(Clone, Debug)]
pub struct MadeEpoch {
    /// The statement.
    pub statement: SignedDocument,
    /// The private half, sealed to each reader.
    pub wraps: Vec<EpochWrapRecord>,
}

impl MadeEpoch {
    /// The body of the post.
    #[must_use]
    pub fn body(&self) -> Value {
        json!({ "statement": self.statement, "wraps": self.wraps })
    }
}

impl Operator {
    /// Verifies the centre anew and opens the keys that open, as her browser does on every page.
    pub async fn refresh(&mut self, now: Timestamp) {
        let keys = self.client.fetch("/console/keys").await.json();
        let root: SignedDocument = serde_json::from_value(keys["root"].clone()).expect("a root");
        let bundle: CentreBundle = serde_json::from_value(keys["bundle"].clone()).expect("a bundle");
        let root = VerifiedRoot::verify(&root, Clock::exact(now)).expect("a root that verifies");
        self.centre = verify_centre(&root, &bundle, Clock::exact(now), None).expect("a centre that verifies");
        let own = keys["epochs"].as_array().expect("epochs").iter().filter_map(|own| {
            let channel: Channel = serde_json::from_value(own["channel"].clone()).ok()?;
            let number = own["number"].as_u64().and_then(|number| u32::try_from(number).ok())?;
            let wrap = bytes_of(&own["wrap"]);
            epoch::open(&wrap, self.identity.identity(), &self.centre, channel, number).ok()
        });
        self.keys = own.collect();
    }

    /// Whether she holds the newest key of a channel, as the chain has it that she verified last.
    #[must_use]
    pub fn holds_newest(&self, channel: Channel) -> bool {
        self.centre.latest_epoch(channel).is_some_and(|newest| {
            self.keys.iter().any(|key| key.channel() == channel && key.number() == newest.number())
        })
    }

    /// Whether any key that she holds opens a frame.
    #[must_use]
    pub fn can_open(&self, frame: &[u8], centre: &envelope::centre::VerifiedCentre) -> bool {
        self.keys.iter().any(|key| keyring::item::open_for_centre(frame, key, centre).is_ok())
    }

    /// Draws the next key of a channel on the chain that she verified last.
    #[must_use]
    pub fn draw_epoch(&self, channel: Channel, now: Timestamp) -> MadeEpoch {
        let mut random = self.random.clone();
        let made = epoch::create(&self.centre, channel, &self.identity, now, LONGEST_EPOCH, &mut random)
            .expect("an epoch");
        let wraps =
            made.wraps.into_iter().map(|(to, wrap)| EpochWrapRecord { to, wrap: Base64(wrap) }).collect();
        MadeEpoch { statement: made.statement, wraps }
    }

    /// Posts a key.
    pub async fn post_epoch(&mut self, made: &MadeEpoch) -> Answer {
        self.client.post_json("/console/epochs", &made.body()).await
    }

    /// Makes the next key of a channel, as the page does: on the chain as it is now.
    pub async fn make_epoch(&mut self, channel: Channel, now: Timestamp) -> Answer {
        self.refresh(now).await;
        let made = self.draw_epoch(channel, now);
        self.post_epoch(&made).await
    }

    /// Signs that a person has left, on the chain that she verified last.
    #[must_use]
    pub fn sign_leave(&self, person: PersonId, now: Timestamp) -> Value {
        let signer = self.identity.signing_key();
        let statement = documents::sign_leave(&self.centre, person, signer, now).expect("a statement");
        json!({ "statement": statement })
    }

    /// States that a person has left.
    pub async fn state_leave(&mut self, person: PersonId, now: Timestamp) -> Answer {
        let stated = self.sign_leave(person, now);
        self.client.post_json(&format!("/console/people/{person}/leave"), &stated).await
    }
}
