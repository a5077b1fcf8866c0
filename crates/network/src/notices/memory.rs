//! What is remembered between two rounds, in memory alone: who was told of what, and how the mail server behaved.
//!
//! Invariant: nothing here is ever written down. Whatever on disk could tell what is new since the last notice would also tell a thief
//! on which side of it a report arrived, which is finer than the week (protocol section 2; docs/adr/0015-notices.md). After a restart
//! everything that still waits counts as new once.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};
use platform::random::Random;
use uuid::Uuid;

use super::slots::{latest_hour, quarter_of};
use crate::reports::{Mark, MarkKey};

/// Quarter hours that urgent notices rest at most after failures.
const LONGEST_REST: u32 = 7;

/// Letters with a code that one person may ask for in a day.
const MOST_ASKED: usize = 5;

/// A moment at which notices go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// Its beginning: the time that letters bear.
    pub(super) at: Timestamp,
    /// Whether ordinary notices go, or urgent ones alone.
    pub(super) ordinary: bool,
}

/// The memory of the running program. Cheap to clone, all clones are one.
#[derive(Clone)]
pub(crate) struct Memory(Arc<Mutex<State>>);

struct State {
    key: MarkKey,
    quarter: Timestamp,
    hour: Option<Timestamp>,
    told: HashMap<Uuid, HashSet<Mark>>,
    failures: u32,
    rest: u32,
    asked: HashMap<Uuid, Vec<Timestamp>>,
}

impl Memory {
    /// An empty memory. The moment in which the program starts is no slot, so a program that starts again and again sends nothing.
    pub(crate) fn new(random: &Random, now: Timestamp, hours: &[i8]) -> Self {
        Self(Arc::new(Mutex::new(State {
            key: MarkKey::random(random),
            quarter: quarter_of(now),
            hour: latest_hour(now, hours),
            told: HashMap::new(),
            failures: 0,
            rest: 0,
            asked: HashMap::new(),
        })))
    }

    /// The key of marks.
    pub(super) fn key(&self) -> MarkKey {
        self.lock().key.clone()
    }

    /// The slot that has begun since this was asked last, if one has. While the mail server fails, urgent notices rest ever longer:
    /// two quarter hours more after each failure in a row but the first.
    pub(super) fn begin(&self, now: Timestamp, hours: &[i8]) -> Option<Slot> {
        let mut state = self.lock();
        let (quarter, hour) = (quarter_of(now), latest_hour(now, hours));
        if state.quarter == quarter {
            return None;
        }
        let ordinary = hour.is_some() && state.hour != hour;
        state.quarter = quarter;
        state.hour = hour;
        if ordinary {
            return Some(Slot { at: hour.unwrap_or(quarter), ordinary });
        }
        if state.rest > 0 {
            state.rest -= 1;
            return None;
        }
        Some(Slot { at: quarter, ordinary })
    }

    /// How the mail server behaved in a round that needed it.
    pub(super) fn note_server(&self, is_well: bool) {
        let mut state = self.lock();
        state.failures = if is_well { 0 } else { state.failures.saturating_add(1) };
        state.rest = state.failures.saturating_mul(2).saturating_sub(2).min(LONGEST_REST);
    }

    /// Those of some marks of which a person was not told.
    pub(super) fn new_to(&self, person: Uuid, marks: &HashSet<Mark>) -> HashSet<Mark> {
        let state = self.lock();
        let told = state.told.get(&person);
        marks.iter().filter(|mark| !told.is_some_and(|told| told.contains(mark))).copied().collect()
    }

    /// Forgets what no longer waits for a person.
    pub(super) fn keep_only(&self, person: Uuid, marks: &HashSet<Mark>) {
        if let Some(told) = self.lock().told.get_mut(&person) {
            told.retain(|mark| marks.contains(mark));
            told.shrink_to_fit();
        }
    }

    /// Forgets people who are told nothing any more.
    pub(super) fn keep_only_people(&self, people: &HashSet<Uuid>) {
        self.lock().told.retain(|person, _| people.contains(person));
    }

    /// Notes that a person was told.
    pub(super) fn note_told(&self, person: Uuid, marks: HashSet<Mark>) {
        self.lock().told.entry(person).or_default().extend(marks);
    }

    /// Whether a person may ask for one more letter with a code; notes it.
    pub(super) fn may_ask(&self, person: Uuid, now: Timestamp) -> bool {
        let mut state = self.lock();
        let asked = state.asked.entry(person).or_default();
        // Also what lies in the future of a clock that was set back: it must lock nobody out.
        asked.retain(|at| *at <= now && now.duration_since(*at) < SignedDuration::from_hours(24));
        let may = asked.len() < MOST_ASKED;
        if may {
            asked.push(now);
        }
        may
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Memory")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOURS: [i8; 3] = [8, 12, 16];

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn memory(now: &str) -> Memory {
        Memory::new(&Random::system(), at(now), &HOURS)
    }

    #[test]
    fn a_slot_begins_once_and_only_the_latest_counts() {
        let memory = memory("2026-11-24T06:50:00Z");
        assert_eq!(memory.begin(at("2026-11-24T06:55:00Z"), &HOURS), None, "the quarter in which it started");
        let eight = Slot { at: at("2026-11-24T07:00:00Z"), ordinary: true };
        assert_eq!(memory.begin(at("2026-11-24T07:01:00Z"), &HOURS), Some(eight));
        assert_eq!(memory.begin(at("2026-11-24T07:14:00Z"), &HOURS), None);
        let quarter = Slot { at: at("2026-11-24T07:15:00Z"), ordinary: false };
        assert_eq!(memory.begin(at("2026-11-24T07:16:00Z"), &HOURS), Some(quarter));
        // A machine that slept through noon says it once, with the time of noon.
        let noon = Slot { at: at("2026-11-24T11:00:00Z"), ordinary: true };
        assert_eq!(memory.begin(at("2026-11-24T11:40:00Z"), &HOURS), Some(noon));
        assert_eq!(memory.begin(at("2026-11-24T11:41:00Z"), &HOURS), None);
    }

    #[test]
    fn a_clock_that_jumps_is_one_slot() {
        let memory = memory("2026-11-24T07:05:00Z");
        for moment in ["2027-11-24T07:05:00Z", "2026-11-24T07:06:00Z"] {
            assert!(memory.begin(at(moment), &HOURS).is_some_and(|slot| slot.ordinary), "{moment}");
            assert_eq!(memory.begin(at(moment), &HOURS), None, "{moment}");
        }
    }

    #[test]
    fn urgent_notices_rest_while_the_server_fails_and_ordinary_ones_do_not() {
        let memory = memory("2026-11-24T07:05:00Z");
        let mut quarter = at("2026-11-24T07:15:00Z");
        let mut tried = Vec::new();
        for number in 0..14 {
            if memory.begin(quarter, &HOURS).is_some() {
                memory.note_server(false);
                tried.push(number);
            }
            quarter += SignedDuration::from_mins(15);
        }
        assert_eq!(tried, [0, 1, 4, 9]);
        assert!(memory.begin(at("2026-11-24T11:00:00Z"), &HOURS).is_some_and(|slot| slot.ordinary));
        memory.note_server(true);
        assert!(memory.begin(at("2026-11-24T11:15:00Z"), &HOURS).is_some());
    }

    #[test]
    fn who_was_told_is_not_told_again_until_it_is_gone() {
        let memory = memory("2026-11-24T07:05:00Z");
        let (anna, bea) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let marks: HashSet<Mark> =
            (0..3).map(|case| memory.key().of("waits", Uuid::from_u128(case), "1")).collect();
        assert_eq!(memory.new_to(anna, &marks), marks);
        memory.note_told(anna, marks.clone());
        assert!(memory.new_to(anna, &marks).is_empty());
        assert_eq!(memory.new_to(bea, &marks), marks);
        memory.keep_only(anna, &HashSet::new());
        assert_eq!(memory.new_to(anna, &marks), marks);
    }

    #[test]
    fn codes_are_asked_for_a_few_times_a_day_whatever_the_clock_does() {
        let memory = memory("2026-11-24T07:05:00Z");
        let (anna, now) = (Uuid::from_u128(1), at("2026-11-24T07:05:00Z"));
        for _ in 0..MOST_ASKED {
            assert!(memory.may_ask(anna, now));
        }
        assert!(!memory.may_ask(anna, now));
        assert!(memory.may_ask(anna, now - SignedDuration::from_hours(24 * 365)));
    }
}
