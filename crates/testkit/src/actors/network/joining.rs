//! Somebody who joins a centre of a [`DemoNetwork`].

use envelope::certificate::Member;
use jiff::Timestamp;
use keyring::documents;
use keyring::signing::SigningKey;

use super::{CHANNELS, DemoNetwork, DemoPerson, no_duty};

impl DemoNetwork {
    /// A further operator of both channels, let in by the first two; new keys of both channels are sealed to all three.
    pub fn join(&mut self, place: usize, name: &'static str, account: &'static str, now: Timestamp) {
        let person = DemoPerson::new(name, account, &mut self.rng);
        let member = Member {
            person: person.id,
            name: name.to_owned(),
            signing_key: person.identity.public_key(),
            recipient: person.identity.recipient().clone(),
            duty: no_duty(),
            channels: CHANNELS.to_vec(),
        };
        let verified = self.verified(place, now);
        let [one, other] = [0, 1].map(|who| &self.centres[place].people[who].identity);
        let signers: [&SigningKey; 2] = [one.signing_key(), other.signing_key()];
        let join = documents::sign_join(&verified, member, signers, now).expect("a statement");
        let centre = &mut self.centres[place];
        centre.bundle.statements.push(join);
        centre.people.push(person);
        for channel in CHANNELS {
            self.renew_epoch(place, channel, now, now);
        }
    }
}
