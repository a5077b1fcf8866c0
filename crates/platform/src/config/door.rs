//! Settings of the door and of what is measured: who is believed about addresses, how much may come, where figures are shown.

use std::net::{IpAddr, SocketAddr};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A range of addresses: `10.0.0.0/8`, `2001:db8::/32`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    first: IpAddr,
    bits: u8,
}

impl AddressRange {
    const EXPECTED: &'static str = "expected addresses or ranges of them, such as `127.0.0.1` or `10.0.0.0/8`, without bits beyond the range";

    /// Reads the text form. Bits beyond the range must be zero: `10.1.2.3/8` is probably a mistake.
    ///
    /// # Errors
    /// A sentence that says what is expected.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let (address, bits) =
            text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let first: IpAddr = address.parse().map_err(|_| Self::EXPECTED)?;
        let most = if first.is_ipv4() { 32 } else { 128 };
        let bits = match bits {
            None => most,
            Some(bits) => bits.parse().ok().filter(|bits| *bits <= most).ok_or(Self::EXPECTED)?,
        };
        let range = Self { first, bits };
        if range.part_of(first) == as_number(first) { Ok(range) } else { Err(Self::EXPECTED) }
    }

    /// Whether an address lies in it.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4() && self.part_of(address) == as_number(self.first)
    }

    /// The bits of an address that the range fixes, the others zero.
    fn part_of(&self, address: IpAddr) -> u128 {
        let all: u32 = if self.first.is_ipv4() { 32 } else { 128 };
        let free = all.saturating_sub(u32::from(self.bits));
        let kept = u128::MAX.checked_shl(free).unwrap_or(0);
        as_number(address) & kept
    }
}

fn as_number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(old) => u128::from(old.to_bits()),
        IpAddr::V6(new) => new.to_bits(),
    }
}

impl std::fmt::Display for AddressRange {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.first, self.bits)
    }
}

impl Serialize for AddressRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AddressRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// How much may come before it takes more work or has to wait (docs/adr/0009-the-door.md).
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DoorSettings {
    /// Posts a second that are taken from everybody together, 1 to 10,000.
    #[serde(deserialize_with = "posts")]
    pub posts_per_second: u16,
    /// Posts a minute that one network sends without more work, 1 to 10,000.
    #[serde(deserialize_with = "posts")]
    pub quiet_posts: u16,
    /// Connections that are open at once, 64 to 60,000.
    #[serde(deserialize_with = "connections")]
    pub connections: u16,
}

impl Default for DoorSettings {
    fn default() -> Self {
        Self { posts_per_second: 100, quiet_posts: 30, connections: 4_096 }
    }
}

/// Where figures about the machine are shown. None of them counts reports, visits or requests.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(try_from = "RawMetrics", deny_unknown_fields)]
pub struct MetricsSettings {
    /// Address and port; without it there are none.
    pub listen: Option<SocketAddr>,
    /// Whether that may be another address than this machine's own.
    pub beyond_this_machine: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMetrics {
    listen: Option<String>,
    #[serde(default)]
    beyond_this_machine: bool,
}

impl TryFrom<RawMetrics> for MetricsSettings {
    type Error = &'static str;

    fn try_from(raw: RawMetrics) -> Result<Self, Self::Error> {
        let address = |text: String| {
            text.parse().map_err(|_| "expected `listen` with an address and a port, such as `127.0.0.1:9464`")
        };
        let listen: Option<SocketAddr> = raw.listen.map(address).transpose()?;
        if listen.is_some_and(|address| !address.ip().is_loopback()) && !raw.beyond_this_machine {
            return Err(
                "expected an address of this machine, such as `127.0.0.1:9464`; another one needs `beyond_this_machine = true`",
            );
        }
        Ok(Self { listen, beyond_this_machine: raw.beyond_this_machine })
    }
}

fn posts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    super::values::between(deserializer, 1, 10_000, "expected a whole number from 1 to 10000")
}

fn connections<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    super::values::between(deserializer, 64, 60_000, "expected a whole number from 64 to 60000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_what_lies_in_it() {
        for (range, inside, outside) in [
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("192.0.2.7", "192.0.2.7", "192.0.2.8"),
            ("0.0.0.0/0", "8.8.8.8", "::1"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"),
            ("::1", "::1", "::2"),
            ("127.0.0.0/8", "::ffff:127.0.0.1", "::1"),
        ] {
            let range = AddressRange::parse(range).unwrap();
            assert!(range.holds(inside.parse().unwrap()), "{range} {inside}");
            assert!(!range.holds(outside.parse().unwrap()), "{range} {outside}");
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in
            ["", "10.0.0.0/33", "10.1.0.0/8", "::1/129", "example.org", "10.0.0.0/", "10.0.0.0/x", "*"]
        {
            assert!(AddressRange::parse(text).is_err(), "{text}");
        }
    }
}
