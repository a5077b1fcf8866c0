//! What must hold after every step of a walk.

use std::collections::BTreeSet;

use envelope::centre::{EpochRecipient, VerifiedCentre, verify_centre};
use envelope::duty::{Channel, Duty};
use envelope::refusal::CentreRefusal;
use keyring::epoch;
use keyring::item::open_for_centre;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::{PEOPLE, Walk};

impl Walk {
    /// I5, of what is sealed now: whoever does not read the channel now holds no key to it, not even an old one.
    pub(super) fn check_recipient(&self, to: &EpochRecipient) -> TestCaseResult {
        for person in self.people.iter().filter(|person| !person.reads(to.channel())) {
            let holds = person.known.iter().any(|key| key.recipient() == to.recipient());
            prop_assert!(!holds, "I5: {} has the key of {}", person.name, to.epoch());
        }
        Ok(())
    }

    pub(super) fn check(&self) -> TestCaseResult {
        let centre = self.centre();
        for kept in &self.wraps {
            for person in kept.openers.iter().filter_map(|place| self.people.get(*place)) {
                prop_assert!(
                    kept.channel == Channel::General || person.duty == Duty::None,
                    "I2: {}",
                    person.name
                );
                let entitled = person.entitled[usize::from(kept.channel == Channel::General)];
                prop_assert!(kept.number <= entitled, "I5: {} opens epoch {}", person.name, kept.number);
                prop_assert!(person.reads(kept.channel) || person.leaves_wraps, "I5: {}", person.name);
            }
        }
        for person in &self.people {
            for key in &person.known {
                let entitled = person.entitled[usize::from(key.channel() == Channel::General)];
                prop_assert!(key.number() <= entitled, "I5: {} has {}", person.name, key.number());
            }
        }
        for (channel, number, _) in &self.items {
            let wraps = self.wraps.iter().filter(|kept| (kept.channel, kept.number) == (*channel, *number));
            let openers: BTreeSet<usize> = wraps.flat_map(|kept| &kept.openers).copied().collect();
            prop_assert!(openers.contains(&PEOPLE), "I6: no paper opens epoch {number}");
            let actors = self.actors(*channel);
            prop_assert!(
                actors.iter().any(|who| openers.contains(who)),
                "I6: nobody opens {channel} {number}"
            );
        }
        self.check_chain(&centre)
    }

    /// I13: a chain that lost something in between is refused, and one from before the newest epoch by whoever has seen that.
    fn check_chain(&self, centre: &VerifiedCentre) -> TestCaseResult {
        let seen = centre.seen_epochs();
        for old in self.before.iter().rev().take(2) {
            let judged = verify_centre(&self.world.verified_root(), old, self.clock(), Some(seen));
            let is_older = self.verify(old).is_ok_and(|old| old.seen_epochs() != seen);
            prop_assert!(!is_older || judged.err() == Some(CentreRefusal::RolledBack), "I13");
        }
        let mut broken = self.world.bundle.clone();
        if broken.statements.len() > 1 {
            broken.statements.remove(broken.statements.len() - 2);
            prop_assert_eq!(self.verify(&broken).err(), Some(CentreRefusal::Chain), "I13");
        }
        let mut broken = self.world.bundle.clone();
        if let Some(chain) = broken.earlier.last_mut() {
            if chain.statements.pop().is_some() {
                prop_assert_eq!(self.verify(&broken).err(), Some(CentreRefusal::Chain), "I13");
            }
            let mut broken = self.world.bundle.clone();
            broken.earlier.reverse();
            prop_assert!(broken.earlier.len() < 2 || self.verify(&broken).is_err(), "I13");
        }
        Ok(())
    }

    /// At the end everything that came is really opened: by paper, and by somebody who is there.
    pub(super) fn check_items(&self) -> TestCaseResult {
        let centre = self.centre();
        for (channel, number, item) in &self.items {
            let wrap = |who: usize| {
                self.wraps.iter().find(|kept| {
                    (kept.channel, kept.number) == (*channel, *number) && kept.openers.contains(&who)
                })
            };
            let reader = self.actors(*channel).into_iter().find(|who| wrap(*who).is_some()).unwrap();
            let identities =
                [(PEOPLE, self.paper(*channel)), (reader, self.people[reader].identity.identity())];
            for (who, identity) in identities {
                let key =
                    epoch::open(&wrap(who).unwrap().sealed, identity, &centre, *channel, *number).unwrap();
                let opened = open_for_centre(&item.bytes, &key, &centre);
                prop_assert!(opened.is_ok(), "I6: {:?}", opened.err());
            }
        }
        Ok(())
    }
}
