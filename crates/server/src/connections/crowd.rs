//! Who holds the connections that there are, and who gives way when there are no more.
//!
//! Invariants: a network is asked to give way only while it holds the most, so that nobody is locked out by somebody else's thousand
//! connections, and a shelter behind one address keeps all of its own as long as there is room. A network is known here while it has a
//! connection, and forgotten with the last one.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use platform::config::AddressRange;
use platform::door::{NetworkPrefix, Peer};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::watch::{Phase, Watch};

/// How many connections are looked at in search of the one that gives way: the oldest ones are found first, and a search must not take
/// longer the more an attacker opens.
const ENOUGH: usize = 64;

/// How long a connection of a proxy must have been still before it may be closed. It carries many people, who share an address through no
/// doing of theirs; a request of a proxy that works arrives in one piece.
const STILL: Duration = Duration::from_secs(5);

/// What may be open and kept at once.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// Connections.
    pub(crate) most: usize,
    /// Connections beside those that have given way and are about to end: each is an open file until it has.
    pub(crate) leaving: usize,
    /// Bytes of bodies that are being received or worked on.
    pub(crate) bytes: usize,
    /// Whose connections are not counted by network.
    pub(crate) proxies: Vec<AddressRange>,
}

/// All connections.
pub(super) struct Crowd {
    rules: Rules,
    state: Mutex<State>,
    room: Notify,
    held: AtomicUsize,
}

#[derive(Default)]
struct State {
    /// The name of the next connection: later ones have higher numbers.
    next: u64,
    /// Connections that hold a place.
    count: usize,
    /// Those and the ones that gave theirs up and have not ended yet.
    alive: usize,
    networks: HashMap<NetworkPrefix, BTreeMap<u64, Arc<Watch>>>,
    /// Networks by how many connections they hold, then by the age of their oldest.
    by_size: BTreeSet<(usize, Reverse<u64>, NetworkPrefix)>,
    proxied: BTreeMap<u64, Arc<Watch>>,
}

/// A place in the crowd; it is free again when this is dropped.
pub(super) struct Member {
    crowd: Arc<Crowd>,
    number: u64,
    /// `None` for a proxy's.
    network: Option<NetworkPrefix>,
    watch: Arc<Watch>,
}

impl Crowd {
    pub(super) fn new(rules: Rules) -> Arc<Self> {
        Arc::new(Self { rules, state: Mutex::default(), room: Notify::new(), held: AtomicUsize::new(0) })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a new connection; where all are taken, somebody gives way. `None` where nobody can just now.
    pub(super) fn enter(self: &Arc<Self>, peer: Peer, now: Instant) -> Option<Member> {
        let is_proxy = self.rules.proxies.iter().any(|range| range.holds(peer.0.ip()));
        let network = (!is_proxy).then(|| peer.network());
        let watch = Arc::new(Watch::new(now));
        let mut state = self.lock();
        if state.alive >= self.rules.most.saturating_add(self.rules.leaving) {
            return None;
        }
        if state.count >= self.rules.most && !self.make_room(&mut state, |_| true, now) {
            return None;
        }
        let number = state.add(network, Arc::clone(&watch));
        drop(state);
        Some(Member { crowd: Arc::clone(self), number, network, watch })
    }

    /// Makes one connection give way though there are places: the system has no more files.
    pub(super) fn thin_out(&self, now: Instant) {
        self.make_room(&mut self.lock(), |_| true, now);
    }

    /// Resolves when a place may be free.
    pub(super) async fn room(&self) {
        self.room.notified().await;
    }

    /// Closes one connection that is doing something that counts. `false` if there is none.
    fn make_room(&self, state: &mut State, counts: fn(Phase) -> bool, now: Instant) -> bool {
        // What was chosen may have begun something else in the meantime.
        for _ in 0..8 {
            let Some((network, number, watch)) = state.find_victim(counts, now) else { return false };
            if watch.close() {
                state.remove(network, number);
                self.held.fetch_sub(watch.let_go(), Ordering::Relaxed);
                return true;
            }
        }
        false
    }
}

impl State {
    fn add(&mut self, network: Option<NetworkPrefix>, watch: Arc<Watch>) -> u64 {
        let number = self.next;
        self.next += 1;
        self.count += 1;
        self.alive += 1;
        match network {
            None => {
                self.proxied.insert(number, watch);
            }
            Some(network) => self.change(network, |members| {
                members.insert(number, watch);
            }),
        }
        number
    }

    fn remove(&mut self, network: Option<NetworkPrefix>, number: u64) {
        let mut removed = None;
        match network {
            None => removed = self.proxied.remove(&number),
            Some(network) => self.change(network, |members| removed = members.remove(&number)),
        }
        // Whoever gave way was removed then.
        if removed.is_some() {
            self.count = self.count.saturating_sub(1);
        }
    }

    /// Changes who is in a network, and its place in the order of networks.
    fn change(&mut self, network: NetworkPrefix, change: impl FnOnce(&mut BTreeMap<u64, Arc<Watch>>)) {
        let place = |members: &BTreeMap<u64, Arc<Watch>>| {
            members.first_key_value().map(|(oldest, _)| (members.len(), Reverse(*oldest), network))
        };
        let members = self.networks.entry(network).or_default();
        if let Some(place) = place(members) {
            self.by_size.remove(&place);
        }
        change(members);
        match place(members) {
            Some(place) => {
                self.by_size.insert(place);
            }
            None => {
                self.networks.remove(&network);
            }
        }
    }

    /// The connection that gives way first: of the network that holds the most the one that waits, then one that is sending a head, then a
    /// body, then one that takes an answer; the longest first. Only where no network has any, one of a proxy's that has been still for a
    /// while.
    fn find_victim(
        &self,
        counts: fn(Phase) -> bool,
        now: Instant,
    ) -> Option<(Option<NetworkPrefix>, u64, Arc<Watch>)> {
        type Found<'a> = ((Phase, Instant), Option<NetworkPrefix>, u64, &'a Arc<Watch>);
        let mut best: Option<Found<'_>> = None;
        let mut looked = 0;
        let mut most = 0;
        for (size, _, network) in self.by_size.iter().rev() {
            if best.is_some() && (*size < most || looked >= ENOUGH) {
                break;
            }
            most = *size;
            for (number, watch) in self.networks.get(network).into_iter().flatten() {
                looked += 1;
                let rank = watch.rank().filter(|(phase, _)| counts(*phase));
                if let Some(rank) = rank
                    && best.as_ref().is_none_or(|(other, ..)| rank < *other)
                {
                    best = Some((rank, Some(*network), *number, watch));
                }
                if best.is_some() && looked >= ENOUGH {
                    break;
                }
            }
        }
        if best.is_none() {
            let still = self.proxied.iter().filter_map(|(number, watch)| {
                let rank = watch.rank().filter(|(phase, since)| counts(*phase) && *since + STILL <= now)?;
                Some((rank, None, *number, watch))
            });
            best = still.min_by_key(|(rank, ..)| *rank);
        }
        best.map(|(_, network, number, watch)| (network, number, Arc::clone(watch)))
    }
}

impl Member {
    pub(super) fn watch(&self) -> &Arc<Watch> {
        &self.watch
    }

    /// Keeps bytes of a body; where too many are kept, whoever is still sending one gives way. `false` where there is no room, or where
    /// this connection was the one.
    pub(super) fn hold(&self, bytes: usize, now: Instant) -> bool {
        if bytes == 0 {
            return true;
        }
        // In this order, because whoever makes this one give way takes back what it holds.
        let held = self.crowd.held.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        self.watch.hold(bytes);
        if held <= self.crowd.rules.bytes {
            return true;
        }
        let mut state = self.crowd.lock();
        self.crowd.make_room(&mut state, |phase| phase == Phase::Body, now)
    }

    /// Nothing of the body is kept any more.
    pub(super) fn let_go(&self) {
        self.crowd.held.fetch_sub(self.watch.let_go(), Ordering::Relaxed);
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.let_go();
        let mut state = self.crowd.lock();
        state.remove(self.network, self.number);
        state.alive = state.alive.saturating_sub(1);
        drop(state);
        self.crowd.room.notify_one();
    }
}

#[cfg(test)]
mod tests;
