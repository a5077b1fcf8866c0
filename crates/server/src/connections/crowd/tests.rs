//! Who gives way, without a socket.

use super::*;

fn rules(most: usize) -> Rules {
    Rules { most, leaving: 1_000, bytes: 1_000, proxies: vec![AddressRange::parse("10.0.0.1").unwrap()] }
}

fn peer(address: &str) -> Peer {
    Peer(std::net::SocketAddr::new(address.parse().unwrap(), 1))
}

thread_local!(static BEGUN: Instant = Instant::now());

/// So long after a moment that is the same all through a test.
fn at(seconds: u64) -> Instant {
    BEGUN.with(|begun| *begun) + Duration::from_secs(seconds)
}

fn is_open(member: &Member) -> bool {
    member.watch.arrived(at(0))
}

fn enter(crowd: &Arc<Crowd>, address: &str, second: u64) -> Member {
    crowd.enter(peer(address), at(second)).unwrap()
}

#[test]
fn whoever_holds_the_most_gives_way_and_nobody_else() {
    let crowd = Crowd::new(rules(10));
    let shelter: Vec<Member> = (0..3).map(|second| enter(&crowd, "192.0.2.7", second)).collect();
    let many: Vec<Member> =
        (0..40).map(|second| enter(&crowd, &format!("198.51.100.{second}"), second)).collect();
    assert!(shelter.iter().all(is_open));
    assert_eq!(many.iter().filter(|member| is_open(member)).count(), 7);
    // Of its own, the oldest went.
    assert!(many.iter().rev().take(7).all(is_open));
    let visitor = enter(&crowd, "2001:db8::1", 50);
    assert!(is_open(&visitor) && shelter.iter().all(is_open));
    assert_eq!(many.iter().filter(|member| is_open(member)).count(), 6);
}

#[test]
fn one_address_may_have_all_there_is_while_nobody_else_comes() {
    let crowd = Crowd::new(rules(10));
    let shelter: Vec<Member> = (0..10).map(|second| enter(&crowd, "192.0.2.7", second)).collect();
    assert!(shelter.iter().all(is_open));
    drop(shelter);
    assert!(crowd.lock().networks.is_empty() && crowd.lock().by_size.is_empty() && crowd.lock().count == 0);
}

#[test]
fn whoever_waits_goes_first_and_a_whole_request_never() {
    let crowd = Crowd::new(rules(4));
    let [working, answering, sending, fresh] = [0, 1, 2, 3].map(|second| enter(&crowd, "192.0.2.7", second));
    assert!(working.watch.begin(false, at(4)) && sending.watch.begin(true, at(9)));
    assert!(answering.watch.begin(false, at(4)));
    answering.watch.answer(at(5));
    let order = [&fresh, &sending, &answering];
    let mut others = Vec::new();
    for (gone, second) in (1..).zip(10..13) {
        others.push(enter(&crowd, &format!("10.{second}.0.1"), second));
        assert!(order.iter().take(gone).all(|member| !is_open(member)), "{gone}");
        assert!(order.iter().skip(gone).all(|member| member.watch.rank().is_some()), "{gone}");
    }
    others.push(enter(&crowd, "10.14.0.1", 14));
    assert!(is_open(&working) && !is_open(&others[0]));
}

#[test]
fn where_all_are_at_work_a_new_one_waits_for_a_place() {
    let crowd = Crowd::new(rules(2));
    let [one, other] = ["192.0.2.7", "198.51.100.1"].map(|address| enter(&crowd, address, 0));
    assert!(one.watch.begin(false, at(1)) && other.watch.begin(false, at(1)));
    assert!(crowd.enter(peer("203.0.113.1"), at(2)).is_none());
    one.watch.answer(at(3));
    assert!(crowd.enter(peer("203.0.113.1"), at(4)).is_some());
    assert!(!is_open(&one) && !one.watch.begin(false, at(5)), "no request begins on it any more");
}

#[test]
fn those_that_gave_way_count_until_they_have_ended() {
    let crowd = Crowd::new(Rules { leaving: 2, ..rules(3) });
    let mut members: Vec<Member> = (0..5).map(|second| enter(&crowd, "192.0.2.7", second)).collect();
    assert_eq!(members.iter().filter(|member| is_open(member)).count(), 3);
    assert!(crowd.enter(peer("203.0.113.1"), at(6)).is_none());
    members.remove(0);
    assert!(crowd.enter(peer("203.0.113.1"), at(7)).is_some());
}

#[test]
fn many_networks_with_one_each_lose_their_oldest() {
    let crowd = Crowd::new(rules(20));
    let visitor = enter(&crowd, "203.0.113.9", 0);
    visitor.watch.begin(false, at(1));
    let others: Vec<Member> =
        (0..200).map(|number| enter(&crowd, &format!("10.9.{number}.1"), 2 + number)).collect();
    assert!(is_open(&visitor));
    assert_eq!(others.iter().filter(|member| is_open(member)).count(), 19);
    assert!(others.iter().rev().take(19).all(is_open));
}

#[test]
fn a_proxy_is_not_asked_before_it_has_been_still() {
    let crowd = Crowd::new(rules(4));
    let proxied: Vec<Member> = (0..4).map(|_| enter(&crowd, "10.0.0.1", 0)).collect();
    assert!(crowd.enter(peer("10.0.0.1"), at(1)).is_none());
    assert!(proxied.iter().all(is_open));
    let later = enter(&crowd, "192.0.2.1", 6);
    assert_eq!(proxied.iter().filter(|member| is_open(member)).count(), 3);
    // A network that has one goes before a proxy, however many that holds.
    let next = enter(&crowd, "10.0.0.1", 7);
    assert!(!is_open(&later) && is_open(&next));
}

#[test]
fn bodies_are_bounded_together_and_the_slowest_gives_way() {
    let crowd = Crowd::new(rules(10));
    let slow: Vec<Member> = (0..4).map(|second| enter(&crowd, "198.51.100.1", second)).collect();
    for (member, second) in slow.iter().zip(10..) {
        assert!(member.watch.begin(true, at(second)) && member.hold(250, at(second)));
    }
    let visitor = enter(&crowd, "192.0.2.7", 20);
    assert!(visitor.watch.begin(true, at(20)) && visitor.hold(100, at(20)));
    assert!(is_open(&visitor) && !is_open(&slow[0]) && is_open(&slow[3]));
    assert_eq!(crowd.held.load(Ordering::Relaxed), 850);
    visitor.let_go();
    drop(slow);
    assert_eq!(crowd.held.load(Ordering::Relaxed), 0);
    // Of bodies that are here as a whole none is dropped: the next one is refused instead.
    let [whole, late] = ["192.0.2.7", "192.0.2.8"].map(|address| enter(&crowd, address, 30));
    assert!(whole.watch.begin(true, at(30)) && whole.hold(1_000, at(30)) && whole.watch.arrived(at(30)));
    assert!(late.watch.begin(true, at(31)));
    assert!(late.hold(10, at(31)), "it was the one to give way");
    assert!(!is_open(&late) && is_open(&whole));
}
