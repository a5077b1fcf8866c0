//! What is written during a walk: reports and answers.

use envelope::duty::Channel;
use keyring::item::{AnswerKind, Place, open_for_centre, seal_answer, seal_general_report, seal_safe_report};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

use super::Walk;
use crate::world::{italian, report};

impl Walk {
    pub(super) fn report(&mut self, channel: Channel) -> TestCaseResult {
        let centre = self.centre();
        let receipt = self.world.receipt();
        let Ok(to) = centre.recipient(channel, self.clock()) else { return Ok(()) };
        self.check_recipient(&to)?;
        let draft = report("Parole");
        let sealed = match channel {
            Channel::Safe => {
                let safe = centre.safe_recipient(self.clock()).unwrap();
                seal_safe_report(&safe, None, &receipt, &draft, &mut self.world.rng)
            }
            Channel::General => {
                let general = centre.general_recipient(self.clock()).unwrap();
                seal_general_report(&general, None, &receipt, &draft, &mut self.world.rng)
            }
        };
        self.items.push((channel, to.epoch(), sealed.unwrap()));
        Ok(())
    }

    pub(super) fn answer(&mut self, which: prop::sample::Index) -> TestCaseResult {
        if self.items.is_empty() {
            return Ok(());
        }
        let place = which.index(self.items.len());
        let (channel, number, _) = self.items[place];
        let centre = self.centre();
        let Ok(to) = centre.recipient(channel, self.clock()) else { return Ok(()) };
        self.check_recipient(&to)?;
        let author = self.actors(channel).into_iter().find_map(|who| {
            let keys = self.held_by(who, channel, &centre);
            Some((who, keys.into_iter().find(|key| key.number() == number)?))
        });
        let Some((who, key)) = author.filter(|_| self.answered.insert(place)) else { return Ok(()) };
        let item = &self.items[place].2;
        let opened = open_for_centre(&item.bytes, &key, &centre).unwrap();
        let Some(address) = opened.receipt_address() else { return Ok(()) };
        let at = Place { case: item.case, seq: 2, prev: Some(item.body_hash), seen: 1 };
        let author = self.people[who].identity.clone();
        let answer = seal_answer(
            AnswerKind::Answer,
            &to,
            &address,
            &author,
            &at,
            "Risposta",
            &italian(),
            &mut self.world.rng,
        );
        self.answered.insert(self.items.len());
        self.items.push((channel, to.epoch(), answer.unwrap()));
        Ok(())
    }
}
