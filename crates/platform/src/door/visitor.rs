//! Where a request comes from, as far as the door may know it.
//!
//! Invariants: a handler gets a keyed hash of a network, never an address; what a header says about the address counts only when
//! the connection comes from a proxy that the configuration trusts, and then only the last hop that is not one of those.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{FromRef, FromRequestParts};
use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};

use crate::Platform;
use crate::config::Site;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED: HeaderName = HeaderName::from_static("forwarded");

/// The other end of the connection, put into every request by the server. Only [`Visitor`] reads it.
#[derive(Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// An address in a log would be a trace of a person: the debug form shows none of it.
impl fmt::Debug for Peer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Peer(…)")
    }
}

impl Peer {
    /// The network that the connection comes from, to share out connections while they are open. It is kept no longer than they are.
    #[must_use]
    pub fn network(&self) -> NetworkPrefix {
        NetworkPrefix::of(self.0.ip().to_canonical())
    }
}

/// The part of an address that one household, school or shelter shares: 24 bits of an old, 64 of a new one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetworkPrefix([u8; 9]);

impl NetworkPrefix {
    fn of(address: IpAddr) -> Self {
        let mut bytes = [0; 9];
        let [family, rest @ ..] = &mut bytes;
        match address {
            IpAddr::V4(old) => {
                *family = 4;
                rest.iter_mut().zip(old.octets()).take(3).for_each(|(byte, octet)| *byte = octet);
            }
            IpAddr::V6(new) => {
                *family = 6;
                rest.iter_mut().zip(new.octets()).for_each(|(byte, octet)| *byte = octet);
            }
        }
        Self(bytes)
    }
}

/// As for [`Peer`].
impl fmt::Debug for NetworkPrefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("NetworkPrefix(…)")
    }
}

/// A keyed hash of a network: /24 of an old, /64 of a new address. It is worth nothing after a day and after a restart.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct NetworkKey([u8; 16]);

impl NetworkKey {
    /// Everybody who comes through the onion service, whose networks nobody knows.
    const ONION: Self = Self([0; 16]);

    pub(super) fn from_hash(hash: &[u8; 32]) -> Self {
        Self(hash.first_chunk().copied().unwrap_or_default())
    }

    pub(super) fn is_onion(&self) -> bool {
        *self == Self::ONION
    }

    /// A key from its bytes.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its bytes, to be hashed further.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for NetworkKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("NetworkKey(…)")
    }
}

/// Where a request comes from: an extractor for handlers.
#[derive(Clone, Copy, Debug)]
pub struct Visitor(NetworkKey);

impl Visitor {
    #[cfg(test)]
    pub(super) fn of(network: NetworkKey) -> Self {
        Self(network)
    }

    #[cfg(test)]
    pub(super) fn onion() -> Self {
        Self(NetworkKey::ONION)
    }

    /// The keyed hash of the network.
    #[must_use]
    pub fn network(&self) -> &NetworkKey {
        &self.0
    }
}

impl<S> FromRequestParts<S> for Visitor
where
    S: Send + Sync,
    Platform: FromRef<S>,
{
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let platform = Platform::from_ref(state);
        // Without a connection, as in process, it is this machine.
        let peer = parts
            .extensions
            .get::<Peer>()
            .map_or(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), |peer| peer.0.ip())
            .to_canonical();
        let network = match origin_of(&platform.site, peer, &parts.headers) {
            Origin::Onion => NetworkKey::ONION,
            Origin::Address(address) => {
                platform.door.network_key(&NetworkPrefix::of(address).0, platform.now())
            }
        };
        Ok(Self(network))
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Origin {
    Onion,
    Address(IpAddr),
}

/// Where a request comes from by the connection and, from a trusted proxy, by its headers.
fn origin_of(site: &Site, peer: IpAddr, headers: &HeaderMap) -> Origin {
    let forwarded = hops(headers, &X_FORWARDED_FOR, |value| Some(value.trim().to_owned()));
    let standard = hops(headers, &FORWARDED, for_of);
    // Tor hands connections over on this machine and says nothing about where they come from; a proxy always does.
    if peer.is_loopback() && forwarded.is_none() && standard.is_none() && names_an_onion(site, headers) {
        return Origin::Onion;
    }
    if !site.trusts(peer) {
        return Origin::Address(peer);
    }
    let last = |hops: Option<Vec<Option<IpAddr>>>| hops.map(|hops| last_untrusted(site, peer, &hops));
    match (last(forwarded), last(standard)) {
        (None, None) => Origin::Address(peer),
        (Some(one), None) | (None, Some(one)) => Origin::Address(one),
        // A proxy writes one of the two; a visitor may have sent the other. Where they contradict, neither is believed.
        (Some(one), Some(other)) => Origin::Address(if one == other { one } else { peer }),
    }
}

/// From the end, the first hop that is no proxy of ours. What cannot be read ends the search at the proxy that wrote it.
fn last_untrusted(site: &Site, peer: IpAddr, hops: &[Option<IpAddr>]) -> IpAddr {
    let mut last = peer;
    for hop in hops.iter().rev() {
        let Some(hop) = hop else { break };
        last = *hop;
        if !site.trusts(*hop) {
            break;
        }
    }
    last
}

/// The addresses in a header that may be there several times, in order; `None` where there is none.
fn hops(
    headers: &HeaderMap,
    name: &HeaderName,
    read: impl Fn(&str) -> Option<String>,
) -> Option<Vec<Option<IpAddr>>> {
    let values: Vec<&str> = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or("?")).collect();
    if values.is_empty() {
        return None;
    }
    let parts = values.iter().flat_map(|value| value.split(','));
    Some(parts.map(|part| address_in(&read(part)?)).collect())
}

/// The parameter `for` of one element of `Forwarded` (RFC 7239, section 4).
fn for_of(element: &str) -> Option<String> {
    let parameters = element.split(';').filter_map(|pair| pair.split_once('='));
    let mut found = parameters.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for"));
    found.next().map(|(_, value)| value.trim().trim_matches('"').to_owned())
}

/// An address, alone or with a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
fn address_in(text: &str) -> Option<IpAddr> {
    let alone = text.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let in_brackets = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    alone.or_else(with_port).or_else(in_brackets).map(|address: IpAddr| address.to_canonical())
}

fn names_an_onion(site: &Site, headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|value| value.to_str().ok());
    host.is_some_and(|host| site.is_own_onion(host))
}

#[cfg(test)]
mod tests {
    use crate::config::{AddressRange, Config, PublicUrl};

    use super::*;

    fn site(proxies: &[&str]) -> Site {
        let config = Config {
            other_urls: vec![PublicUrl::parse("http://abcd.onion").unwrap()],
            trusted_proxies: proxies.iter().map(|range| AddressRange::parse(range).unwrap()).collect(),
            ..Config::default()
        };
        config.site(config.listen)
    }

    fn from(site: &Site, peer: &str, headers: &[(&str, &str)]) -> Origin {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        origin_of(site, peer.parse().unwrap(), &map)
    }

    fn at(address: &str) -> Origin {
        Origin::Address(address.parse().unwrap())
    }

    #[test]
    fn headers_of_strangers_are_not_believed() {
        for site in [site(&[]), site(&["10.0.0.0/8"])] {
            for header in [("x-forwarded-for", "198.51.100.1"), ("forwarded", "for=198.51.100.1")] {
                assert_eq!(from(&site, "203.0.113.9", &[header]), at("203.0.113.9"));
            }
        }
    }

    #[test]
    fn of_a_trusted_proxy_the_last_hop_that_is_none_counts() {
        let site = site(&["127.0.0.0/8", "10.0.0.0/8", "2001:db8:1::/48"]);
        for (header, value, expected) in [
            ("x-forwarded-for", "198.51.100.1", "198.51.100.1"),
            ("x-forwarded-for", "8.8.8.8, 198.51.100.1", "198.51.100.1"),
            ("x-forwarded-for", "8.8.8.8, 198.51.100.1, 10.1.2.3", "198.51.100.1"),
            ("x-forwarded-for", "8.8.8.8,unknown", "127.0.0.1"),
            ("x-forwarded-for", "unknown, 10.0.0.1", "10.0.0.1"),
            ("x-forwarded-for", "", "127.0.0.1"),
            ("x-forwarded-for", "::ffff:198.51.100.1", "198.51.100.1"),
            ("forwarded", "for=8.8.8.8, for=198.51.100.1:443;proto=https;by=10.0.0.1", "198.51.100.1"),
            ("forwarded", "proto=https;For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("forwarded", "for=198.51.100.1, for=\"[2001:db8:1::5]\"", "198.51.100.1"),
            ("forwarded", "proto=https", "127.0.0.1"),
        ] {
            assert_eq!(from(&site, "127.0.0.1", &[(header, value)]), at(expected), "{value}");
        }
        let twice = [("x-forwarded-for", "8.8.8.8"), ("x-forwarded-for", "198.51.100.1")];
        assert_eq!(from(&site, "127.0.0.1", &twice), at("198.51.100.1"), "a header that stands there twice");
        let both = [("x-forwarded-for", "198.51.100.1"), ("forwarded", "for=8.8.8.8")];
        assert_eq!(from(&site, "127.0.0.1", &both), at("127.0.0.1"), "they contradict");
    }

    #[test]
    fn onion_visitors_have_no_network_and_nobody_else_can_say_so() {
        let site = site(&["127.0.0.1/32"]);
        assert_eq!(from(&site, "127.0.0.1", &[("host", "abcd.onion")]), Origin::Onion);
        assert_eq!(from(&site, "203.0.113.9", &[("host", "abcd.onion")]), at("203.0.113.9"));
        let through_the_proxy = [("host", "abcd.onion"), ("x-forwarded-for", "203.0.113.9")];
        assert_eq!(from(&site, "127.0.0.1", &through_the_proxy), at("203.0.113.9"));
        assert_eq!(from(&site, "127.0.0.1", &[("host", "other.onion")]), at("127.0.0.1"));
        assert_eq!(from(&site, "127.0.0.1", &[("host", "127.0.0.1:8080")]), at("127.0.0.1"));
    }

    #[test]
    fn a_network_is_what_a_line_shares() {
        let prefix = |text: &str| Peer(std::net::SocketAddr::new(text.parse().unwrap(), 1)).network();
        assert_eq!(prefix("203.0.113.1"), prefix("203.0.113.254"));
        assert_ne!(prefix("203.0.113.1"), prefix("203.0.114.1"));
        assert_eq!(prefix("2001:db8::1"), prefix("2001:db8::ffff:1:2:3"));
        assert_ne!(prefix("2001:db8::1"), prefix("2001:db8:0:1::1"));
        assert_eq!(
            prefix("::ffff:203.0.113.1"),
            prefix("203.0.113.7"),
            "an old address in the form of a new one"
        );
    }

    #[test]
    fn printing_shows_no_address() {
        let peer = Peer("203.0.113.9:1".parse().unwrap());
        assert!(
            !format!("{peer:?}{:?}{:?}", peer.network(), Visitor(NetworkKey([7; 16]))).contains(['9', '7'])
        );
    }
}
