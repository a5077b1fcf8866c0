//! How much came of late, from each network and from all, and whose turn it is.
//!
//! Two leaky measures a network and no library (docs/adr/0009-the-door.md): `heat` decides about the work, and a theoretical arrival
//! time (the generic cell rate algorithm) gives appointments when a network sends more than its share.
//!
//! Invariants: a network is known by a keyed hash only; at most [`MOST_NETWORKS`] networks and [`MOST_APPOINTMENTS`] appointments are
//! remembered; a network's share never falls to nothing, so an appointment is always a time that comes; what one network does moves
//! no other network's appointment.

use std::collections::HashMap;

use super::visitor::NetworkKey;
use crate::config::DoorSettings;

/// Networks that are remembered at most; the coldest are forgotten first.
pub(super) const MOST_NETWORKS: usize = 65_536;

/// Appointments that are remembered at most.
pub(super) const MOST_APPOINTMENTS: usize = 65_536;

/// How far ahead appointments are given, in seconds.
pub(super) const HORIZON_SECONDS: u64 = 300;

const HORIZON: i64 = 300_000;

/// How long after its time an appointment holds, in milliseconds: the way over a slow line, and a page that was asleep.
const LATENESS: i64 = 120_000;

/// Whoever gets no appointment, because all are given, asks again after this many milliseconds.
const WITHOUT_APPOINTMENT: i64 = 30_000;

/// A network may read this many times as often as it may post before reading takes work.
const READS_A_POST: f64 = 20.0;

/// Whose turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Now.
    Now,
    /// In so many milliseconds.
    In(i64),
}

/// Something that grows with every event and cools down by itself.
#[derive(Clone, Copy, Debug, Default)]
struct Heat {
    level: f64,
    at: i64,
}

impl Heat {
    /// What is left of it, with so many events a second forgotten.
    fn now(self, at: i64, a_second: f64) -> f64 {
        // Set back, the clock cools nothing; set forward, it may cool all.
        (self.level - to_seconds(at.saturating_sub(self.at).max(0)) * a_second).max(0.0)
    }

    fn add(&mut self, at: i64, a_second: f64) {
        *self = Self { level: self.now(at, a_second) + 1.0, at };
    }
}

/// What is known of a network.
#[derive(Clone, Copy, Debug, Default)]
struct Network {
    posts: Heat,
    reads: Heat,
    /// When its next post would be due if it sent exactly its share (milliseconds).
    due: i64,
}

/// An appointment: when, and until when it holds.
#[derive(Debug)]
pub(super) struct Limiter {
    settings: DoorSettings,
    networks: HashMap<NetworkKey, Network>,
    all: Heat,
    appointments: HashMap<u64, i64>,
    /// How many networks were sending more than they may at once, and when that was counted.
    crowd: (f64, i64),
}

impl Limiter {
    pub(super) fn new(settings: DoorSettings) -> Self {
        Self {
            settings,
            networks: HashMap::new(),
            all: Heat::default(),
            appointments: HashMap::new(),
            crowd: (1.0, i64::MIN),
        }
    }

    /// The load that a post of this network meets, from 0 to 1: its own or everybody's, whichever is more.
    pub(super) fn load_of_posts(&self, network: &NetworkKey, at: i64) -> f64 {
        let quiet = self.quiet();
        let own = self.networks.get(network).map_or(0.0, |known| known.posts.now(at, quiet / 60.0));
        share(own, quiet, 4.0 * quiet).max(self.load_of_all(at))
    }

    /// The load that a reading request of this network meets. What others do does not count: reading is cheap.
    pub(super) fn load_of_reading(&self, network: &NetworkKey, at: i64) -> f64 {
        let quiet = self.quiet() * READS_A_POST;
        let own = self.networks.get(network).map_or(0.0, |known| known.reads.now(at, quiet / 60.0));
        share(own, quiet, 4.0 * quiet)
    }

    /// The load of everybody together: nothing below ten seconds' worth of half the capacity, all at four times that.
    pub(super) fn load_of_all(&self, at: i64) -> f64 {
        let half = self.capacity() / 2.0;
        share(self.all.now(at, half), 10.0 * half, 40.0 * half)
    }

    pub(super) fn note_post(&mut self, network: &NetworkKey, at: i64) {
        let (a_second, half) = (self.quiet() / 60.0, self.capacity() / 2.0);
        self.all.add(at, half);
        self.network(network, at).posts.add(at, a_second);
    }

    pub(super) fn note_reading(&mut self, network: &NetworkKey, at: i64) {
        let a_second = self.quiet() * READS_A_POST / 60.0;
        self.network(network, at).reads.add(at, a_second);
    }

    /// Whether somebody with this token was told to come at a time that is not long past.
    pub(super) fn has_appointment(&self, token: u64, at: i64) -> bool {
        self.appointments.get(&token).is_some_and(|due| at <= due.saturating_add(LATENESS))
    }

    /// Whose turn it is. Whoever comes back for an appointment keeps it, however often she asks.
    pub(super) fn place(&mut self, network: &NetworkKey, token: u64, at: i64) -> Place {
        if let Some(due) = self.appointments.get(&token).copied() {
            // A clock set back would make her wait for the old time.
            let wait = due.saturating_sub(at);
            if wait > 0 && wait <= HORIZON {
                return Place::In(wait);
            }
            self.appointments.remove(&token);
            return Place::Now;
        }
        if network.is_onion() {
            // Behind one address of the onion service is everybody who uses it: work alone decides (protocol section 7.6).
            return Place::Now;
        }
        let step = self.step(at);
        // What a network may send at once shrinks while everybody together sends too much.
        let at_once = (4.0 * self.quiet() * (1.0 - self.load_of_all(at))).max(1.0);
        let lead = to_milliseconds(at_once * step);
        let known = self.network(network, at);
        // After the clock was set back, a time far ahead is no debt.
        let due = if known.due.saturating_sub(at) > HORIZON + lead { at } else { known.due.max(at) };
        let wait = due.saturating_sub(lead).saturating_sub(at);
        if wait <= 0 {
            known.due = due.saturating_add(to_milliseconds(step));
            return Place::Now;
        }
        if wait > HORIZON {
            return Place::In(WITHOUT_APPOINTMENT);
        }
        self.forget_missed(at);
        if self.appointments.len() >= MOST_APPOINTMENTS {
            return Place::In(WITHOUT_APPOINTMENT);
        }
        self.appointments.insert(token, at.saturating_add(wait));
        self.network(network, at).due = due.saturating_add(to_milliseconds(step));
        Place::In(wait)
    }

    /// With a new day, networks have other keys.
    pub(super) fn forget_networks(&mut self) {
        self.networks.clear();
    }

    /// Seconds between two posts of a network that sends all the time: half the capacity is divided among those that do, the other
    /// half is for everybody else.
    fn step(&mut self, at: i64) -> f64 {
        if at.abs_diff(self.crowd.1) >= 1_000 {
            let busy = self.networks.values().filter(|known| known.due > at).count();
            self.crowd = (f64::from(u32::try_from(busy).unwrap_or(u32::MAX)).max(1.0), at);
        }
        2.0 * self.crowd.0 / self.capacity()
    }

    fn network(&mut self, key: &NetworkKey, at: i64) -> &mut Network {
        if self.networks.len() >= MOST_NETWORKS && !self.networks.contains_key(key) {
            self.forget_coldest(at);
        }
        self.networks.entry(*key).or_default()
    }

    /// Makes room: what is cold goes first, so that a flood from many networks does not wash away the memory of the worst.
    fn forget_coldest(&mut self, at: i64) {
        let a_second = self.quiet() / 60.0;
        let mut warm = 0.0;
        while self.networks.len() > MOST_NETWORKS / 2 {
            let heat = |known: &Network| {
                known.posts.now(at, a_second) + known.reads.now(at, a_second * READS_A_POST) / READS_A_POST
            };
            self.networks.retain(|_, known| heat(known) > warm);
            warm = warm * 2.0 + 0.5;
        }
    }

    fn forget_missed(&mut self, at: i64) {
        if self.appointments.len() >= MOST_APPOINTMENTS {
            self.appointments.retain(|_, due| at <= due.saturating_add(LATENESS));
        }
    }

    fn quiet(&self) -> f64 {
        f64::from(self.settings.quiet_posts)
    }

    fn capacity(&self) -> f64 {
        f64::from(self.settings.posts_per_second)
    }
}

/// Where a level lies between nothing and all.
fn share(level: f64, nothing: f64, all: f64) -> f64 {
    ((level - nothing) / (all - nothing)).clamp(0.0, 1.0)
}

#[expect(clippy::cast_precision_loss, reason = "times of minutes, in milliseconds")]
fn to_seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1_000.0
}

#[expect(clippy::cast_possible_truncation, reason = "times of minutes, in milliseconds")]
fn to_milliseconds(seconds: f64) -> i64 {
    (seconds * 1_000.0) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter() -> Limiter {
        Limiter::new(DoorSettings { posts_per_second: 10, quiet_posts: 5, ..DoorSettings::default() })
    }

    fn network(number: u32) -> NetworkKey {
        let mut hash = [0; 32];
        hash[..4].copy_from_slice(&number.to_le_bytes());
        NetworkKey::from_hash(&hash)
    }

    /// Posts with a new token, and notes it when it gets in.
    fn post(limiter: &mut Limiter, from: u32, token: u64, at: i64) -> Place {
        let place = limiter.place(&network(from), token, at);
        if place == Place::Now {
            limiter.note_post(&network(from), at);
        }
        place
    }

    #[test]
    fn work_grows_with_a_network_and_cools_down() {
        let mut limiter = limiter();
        for _ in 0..5 {
            limiter.note_post(&network(1), 0);
        }
        assert!(limiter.load_of_posts(&network(1), 0) <= 0.0);
        for _ in 0..15 {
            limiter.note_post(&network(1), 0);
        }
        assert!(limiter.load_of_posts(&network(1), 0) >= 1.0);
        assert!(limiter.load_of_posts(&network(2), 0) <= 0.0, "another network");
        assert!(limiter.load_of_posts(&network(1), 240_000) <= 0.0, "four minutes later");
    }

    #[test]
    fn appointments_are_kept_in_order_and_no_other_network_waits() {
        let mut limiter = limiter();
        // Twenty at once are let in, the next ones get appointments a fifth of a second apart.
        let places: Vec<Place> = (0..30).map(|token| post(&mut limiter, 1, token, 0)).collect();
        let waiting: Vec<Place> = places.iter().copied().filter(|place| *place != Place::Now).collect();
        assert_eq!(waiting.len(), 9, "{places:?}");
        for (number, place) in (1..).zip(&waiting) {
            assert_eq!(*place, Place::In(200 * number));
        }
        assert_eq!(post(&mut limiter, 2, 100, 0), Place::Now, "another network");
        // Asking early costs nothing and gains nothing.
        assert_eq!(post(&mut limiter, 1, 29, 100), Place::In(1_700));
        assert!(limiter.has_appointment(29, 100));
        assert_eq!(post(&mut limiter, 1, 29, 1_800), Place::Now);
        assert!(!limiter.has_appointment(29, 1_800), "used");
    }

    #[test]
    fn somebody_on_a_flooded_line_gets_in_when_her_time_comes() {
        let mut limiter = limiter();
        let mut flood = 1_000..;
        let mut at = 0;
        for _ in 0..200 {
            post(&mut limiter, 1, flood.next().unwrap(), at);
        }
        let mut place = post(&mut limiter, 1, 1, at);
        let mut rounds = 0;
        while let Place::In(wait) = place {
            rounds += 1;
            assert!(rounds < 5 && wait <= HORIZON, "{rounds} {wait}");
            at += wait;
            for _ in 0..200 {
                post(&mut limiter, 1, flood.next().unwrap(), at);
            }
            place = post(&mut limiter, 1, 1, at);
        }
        assert!(at < 60_000, "{at}");
    }

    #[test]
    fn networks_that_flood_share_and_others_pass_at_once() {
        let mut limiter = limiter();
        let mut admitted = [0_u32; 4];
        let mut token = 0;
        for at in (0..60_000_i64).step_by(100) {
            for flooder in 1..=3_u32 {
                token += 1;
                if post(&mut limiter, flooder, token, at) == Place::Now {
                    admitted[usize::try_from(flooder).unwrap()] += 1;
                }
            }
            if at % 10_000 == 0 {
                token += 1;
                assert_eq!(post(&mut limiter, 9, token, at), Place::Now, "{at}");
            }
        }
        let [_, first, second, third] = admitted;
        assert!(first.abs_diff(second) <= 3 && second.abs_diff(third) <= 3, "{admitted:?}");
    }

    #[test]
    fn memory_is_bounded_and_the_worst_are_remembered() {
        let mut limiter = limiter();
        for _ in 0..40 {
            limiter.note_post(&network(0), 0);
        }
        for number in 1..=u32::try_from(MOST_NETWORKS).unwrap() + 10 {
            limiter.note_reading(&network(number), 0);
        }
        assert!(limiter.networks.len() <= MOST_NETWORKS);
        assert!(limiter.load_of_posts(&network(0), 0) >= 1.0, "the worst one is remembered");
        for token in 0..u64::try_from(MOST_APPOINTMENTS).unwrap() * 2 {
            limiter.place(&network(u32::try_from(token % 30_000).unwrap()), token, 0);
        }
        assert!(limiter.appointments.len() <= MOST_APPOINTMENTS);
    }

    #[test]
    fn a_clock_set_back_or_forward_a_year_locks_nobody_out() {
        let year = 365 * 86_400_000_i64;
        for at in [-year, year] {
            let mut limiter = limiter();
            for token in 0..100 {
                post(&mut limiter, 1, token, 0);
            }
            assert_eq!(post(&mut limiter, 1, 1_000, at), Place::Now, "{at}");
            assert_eq!(post(&mut limiter, 1, 99, at), Place::Now, "an old appointment, {at}");
        }
    }
}
