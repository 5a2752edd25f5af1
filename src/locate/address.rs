//! Address to country: the networks of geo databases, flattened to sorted ranges. Loading them is `geo`'s.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use crate::destination::Country;

/// What databases say about a network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Place {
    pub country: Option<Country>,
    pub asn: Option<u32>,
    pub as_organisation: Option<Arc<str>>,
}

/// Networks as ranges of addresses, each with the position of what is said of it in a list of places.
#[derive(Debug, Default)]
pub struct Networks {
    v4: Vec<Range<u32>>,
    v6: Vec<Range<u128>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Range<A> {
    first: A,
    /// Belongs to it.
    last: A,
    place: u32,
}

impl Networks {
    /// The network of an address with a prefix length in bits. Networks side by side that say the same are one.
    pub fn push(&mut self, address: IpAddr, prefix_bits: u8, place: u32) {
        match address {
            IpAddr::V4(address) => {
                let host_bits = u32::MAX.checked_shr(u32::from(prefix_bits)).unwrap_or_default();
                let first = u32::from(address) & !host_bits;
                append(&mut self.v4, Range { first, last: first | host_bits, place });
            }
            IpAddr::V6(address) => {
                let host_bits = u128::MAX.checked_shr(u32::from(prefix_bits)).unwrap_or_default();
                let first = u128::from(address) & !host_bits;
                append(&mut self.v6, Range { first, last: first | host_bits, place });
            }
        }
    }

    /// Ranges of both families.
    pub fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn append<A: Copy + Ord + Neighbours>(ranges: &mut Vec<Range<A>>, next: Range<A>) {
    match ranges.last_mut() {
        Some(before) if before.place == next.place && before.last.after() == Some(next.first) => {
            before.last = next.last;
        }
        _ => ranges.push(next),
    }
}

/// One database, flattened. A lookup is one probe of a prefix index and a short binary search.
#[derive(Debug)]
pub struct Database {
    /// How evidence names it: `mmdb:country`.
    source: String,
    /// `2026-11-01`.
    build: String,
    places: Vec<Place>,
    v4: Ranges<u32>,
    /// Position in `v4` of the first range that ends at or after each /16.
    v4_prefixes: Vec<u32>,
    v6: Ranges<u128>,
}

/// All databases in their order; the first that knows the country, or the network's operator, counts.
#[derive(Debug, Default)]
pub struct AddressIndex {
    databases: Vec<Database>,
}

/// What is known about one address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Observed<'i> {
    pub country: Option<ObservedCountry<'i>>,
    pub asn: Option<u32>,
    pub as_organisation: Option<&'i str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObservedCountry<'i> {
    pub country: Country,
    pub source: &'i str,
    pub build: &'i str,
}

/// Sorted ranges that do not overlap.
#[derive(Debug, Default)]
struct Ranges<A> {
    firsts: Vec<A>,
    lasts: Vec<A>,
    places: Vec<u32>,
}

impl AddressIndex {
    pub fn new(databases: Vec<Database>) -> AddressIndex {
        AddressIndex { databases }
    }

    pub fn is_empty(&self) -> bool {
        self.databases.is_empty()
    }

    /// Name (`mmdb:country`) and build date (`2026-11-01`) of the databases, in their order.
    pub fn builds(&self) -> impl Iterator<Item = (&str, &str)> {
        self.databases.iter().map(|database| (database.source.as_str(), database.build.as_str()))
    }

    /// Nothing for an address that is not a public one.
    pub fn lookup(&self, address: IpAddr) -> Observed<'_> {
        let mut observed = Observed::default();
        let address = address.to_canonical();
        if !is_public(address) {
            return observed;
        }
        for database in &self.databases {
            let Some(place) = database.place(address) else { continue };
            if observed.country.is_none() {
                observed.country = place.country.map(|country| ObservedCountry {
                    country,
                    source: &database.source,
                    build: &database.build,
                });
            }
            if observed.asn.is_none() {
                observed.asn = place.asn;
                observed.as_organisation = place.as_organisation.as_deref();
            }
        }
        observed
    }
}

impl Database {
    /// Networks in any order; where they overlap, the one that begins later counts.
    pub fn new(source: String, build: String, places: Vec<Place>, networks: Networks) -> Database {
        let v4 = Ranges::new(networks.v4);
        let v4_prefixes = prefixes(&v4.lasts);
        Database { source, build, places, v4, v4_prefixes, v6: Ranges::new(networks.v6) }
    }

    fn place(&self, address: IpAddr) -> Option<&Place> {
        let place = match address {
            IpAddr::V4(address) => {
                let address = u32::from(address);
                let prefix = (address >> 16) as usize;
                let begin = *self.v4_prefixes.get(prefix)? as usize;
                // The range that holds the address ends in its /16 or is the first that ends after it.
                let end = *self.v4_prefixes.get(prefix + 1)? as usize + 1;
                self.v4.place(address, begin, end)?
            }
            IpAddr::V6(address) => self.v6.place(u128::from(address), 0, self.v6.firsts.len())?,
        };
        self.places.get(place as usize)
    }
}

/// For each /16 and one more: how many ranges end before it.
fn prefixes(lasts: &[u32]) -> Vec<u32> {
    let mut prefixes = Vec::with_capacity((1 << 16) + 1);
    let mut position = 0_u32;
    let mut rest = lasts.iter().peekable();
    for prefix in 0..1_u32 << 16 {
        while rest.next_if(|last| **last < prefix << 16).is_some() {
            position += 1;
        }
        prefixes.push(position);
    }
    prefixes.push(u32::try_from(lasts.len()).unwrap_or(u32::MAX));
    prefixes
}

impl<A: Copy + Ord + Neighbours> Ranges<A> {
    fn new(mut networks: Vec<Range<A>>) -> Ranges<A> {
        networks.sort_unstable();
        let mut ranges = Ranges { firsts: Vec::new(), lasts: Vec::<A>::new(), places: Vec::new() };
        for Range { first, last, place } in networks {
            if let Some(end) = ranges.lasts.last_mut().filter(|end| **end >= first) {
                *end = first.before().unwrap_or(first);
            }
            ranges.firsts.push(first);
            ranges.lasts.push(last);
            ranges.places.push(place);
        }
        ranges
    }

    /// Looks among the ranges `[begin, end)`.
    fn place(&self, address: A, begin: usize, end: usize) -> Option<u32> {
        let lasts = self.lasts.get(begin..end.min(self.lasts.len()))?;
        let position = begin + lasts.partition_point(|last| *last < address);
        let first = *self.firsts.get(position)?;
        (first <= address).then(|| self.places.get(position).copied())?
    }
}

/// The addresses beside an address.
trait Neighbours: Sized {
    fn after(self) -> Option<Self>;
    fn before(self) -> Option<Self>;
}

macro_rules! neighbours {
    ($($type:ty),+) => {$(
        impl Neighbours for $type {
            fn after(self) -> Option<$type> {
                self.checked_add(1)
            }

            fn before(self) -> Option<$type> {
                self.checked_sub(1)
            }
        }
    )+};
}

neighbours!(u32, u128);

/// The address in a text: as it is, in brackets, with a port, or both. An IPv4 address mapped into IPv6 is the
/// IPv4 address.
pub fn parse_address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, port) = rest.split_once(']')?;
            let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
            address.parse::<Ipv6Addr>().ok().filter(|_| is_port)?.into()
        }
        None => text.parse::<IpAddr>().ok().or_else(|| {
            let (address, port) = text.split_once(':')?;
            address.parse::<Ipv4Addr>().ok().filter(|_| is_port(port)).map(IpAddr::from)
        })?,
    };
    Some(address.to_canonical())
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok()
}

/// Whether the address is one of the public internet; of all others a database knows nothing. The ranges are those
/// of the IANA special-purpose registries (RFC 6890 and its updates); the documentation networks are left in, no
/// packet comes from them and tests may use them.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, ..] = address.octets();
            !(address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_multicast()
                || a == 0
                || a >= 240
                // RFC 6598: shared by customers of a carrier.
                || (a == 100 && (64..128).contains(&b)))
        }
        IpAddr::V6(address) => {
            !(address.is_unspecified()
                || address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_multicast())
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::{AddressIndex, Database, Networks, Place, parse_address};
    use crate::destination::Country;

    fn place(country: &str) -> Place {
        Place { country: Country::parse(country), ..Place::default() }
    }

    fn database(source: &str, rows: &[(&str, u8, &str)]) -> Database {
        let mut networks = Networks::default();
        for ((address, prefix_bits, _), place) in rows.iter().zip(0..) {
            networks.push(address.parse().unwrap(), *prefix_bits, place);
        }
        let places = rows.iter().map(|(.., country)| place(country)).collect();
        Database::new(source.into(), "2026-11-01".into(), places, networks)
    }

    #[track_caller]
    fn check(index: &AddressIndex, address: &str, expected: Option<(&str, &str)>) {
        let observed = index.lookup(address.parse::<IpAddr>().unwrap()).country;
        let observed = observed.map(|observed| (observed.country.to_string(), observed.source.to_owned()));
        let expected = expected.map(|(country, source)| (country.to_owned(), source.to_owned()));
        assert_eq!(observed, expected, "{address}");
    }

    #[test]
    fn an_address_is_in_the_range_that_holds_it_and_the_first_database_that_answers_counts() {
        let first = database(
            "a",
            &[
                ("1.0.0.0", 24, "AU"),
                ("1.0.1.0", 24, "CN"),
                ("1.1.0.0", 16, "CN"),
                ("1.4.0.0", 15, "CN"),
                ("203.0.113.0", 24, "CN"),
                ("2001:db8:de::", 48, "DE"),
                ("255.0.0.0", 8, "US"),
            ],
        );
        let second = database("b", &[("0.0.0.0", 0, "SG")]);
        let index = AddressIndex::new(vec![first, second]);
        check(&index, "1.0.0.0", Some(("AU", "a")));
        check(&index, "1.0.0.255", Some(("AU", "a")));
        check(&index, "1.0.1.0", Some(("CN", "a")));
        check(&index, "1.3.0.0", Some(("SG", "b")));
        check(&index, "1.4.0.0", Some(("CN", "a")));
        check(&index, "1.5.255.255", Some(("CN", "a")));
        check(&index, "1.6.0.0", Some(("SG", "b")));
        check(&index, "::ffff:203.0.113.7", Some(("CN", "a")));
        check(&index, "2001:db8:de:1::7", Some(("DE", "a")));
        check(&index, "2001:db8:df::", None);
        for internal in [
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.1.1",
            "192.168.0.1",
            "255.255.255.255",
            "::1",
            "fd00::1",
        ] {
            check(&index, internal, None);
        }
    }

    #[test]
    fn an_address_is_read_with_brackets_and_port_and_in_no_other_dress() {
        for (text, expected) in [
            ("203.0.113.5", Some("203.0.113.5")),
            ("203.0.113.5:443", Some("203.0.113.5")),
            (" 2001:db8::1 ", Some("2001:db8::1")),
            ("[2001:db8::1]", Some("2001:db8::1")),
            ("[2001:db8::1]:443", Some("2001:db8::1")),
            ("::ffff:203.0.113.5", Some("203.0.113.5")),
            ("203.0.113.5:x", None),
            ("203.0.113", None),
            ("[203.0.113.5]", None),
            ("example.com", None),
            ("", None),
        ] {
            assert_eq!(parse_address(text), expected.map(|text| text.parse().unwrap()), "{text}");
        }
    }
}
