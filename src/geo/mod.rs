//! Address to country, from mmdb files: read once into memory and flattened to ranges (`locate::AddressIndex`).
//!
//! A file is read, never mapped: a database that is replaced in place would be a bus error.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use maxminddb::{MaxMindDbError, Reader, WithinOptions};
use serde::Deserialize;

use crate::destination::Country;
use crate::locate::{AddressIndex, Database, Networks, Place};

/// Bits of IPv6 in front of an IPv4 address, in a tree of both.
const V4_IN_V6_BITS: u8 = 96;

/// Why a database was not loaded.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", file.display())]
pub struct GeoError {
    pub file: PathBuf,
    pub reason: Reason,
}

#[derive(Debug, thiserror::Error)]
pub enum Reason {
    #[error("not a whole mmdb database ({0}); fetch it again")]
    Broken(#[from] MaxMindDbError),
    #[error(
        "the database ({0}) tells no country; sumun reads `country.iso_code`, `country_code` or `country`, and \
         `autonomous_system_number` in one of networks"
    )]
    Schema(String),
}

/// Loads databases; the first that knows an address counts.
pub fn load(files: &[PathBuf]) -> Result<AddressIndex, GeoError> {
    let databases = files
        .iter()
        .map(|file| database(file).map_err(|reason| GeoError { file: file.clone(), reason }))
        .collect::<Result<_, _>>()?;
    Ok(AddressIndex::new(databases))
}

/// What a database is, for whoever has to decide whether it will do.
#[derive(Debug)]
pub struct Probe {
    /// As it calls itself: `GeoLite2-Country`.
    pub kind: String,
    /// Seconds since the epoch.
    pub built_s: u64,
    /// Neighbours that say the same count as one.
    pub networks: usize,
    /// Different countries, 0 where it tells none.
    pub countries: usize,
    pub has_operators: bool,
}

/// Reads a whole database as [`load`] does, and says what it holds.
pub fn probe(file: &Path) -> Result<Probe, GeoError> {
    let refused = |reason| GeoError { file: file.to_owned(), reason };
    let Contents { kind, built_s, places, networks } = read(file).map_err(refused)?;
    let mut countries: Vec<Country> = places.iter().filter_map(|place| place.country).collect();
    countries.sort_unstable();
    countries.dedup();
    Ok(Probe {
        kind,
        built_s,
        networks: networks.len(),
        countries: countries.len(),
        has_operators: places.iter().any(|place| place.asn.is_some()),
    })
}

struct Contents {
    kind: String,
    built_s: u64,
    places: Vec<Place>,
    networks: Networks,
}

fn read(file: &Path) -> Result<Contents, Reason> {
    let reader = Reader::open_readfile(file)?;
    let (places, networks) = flatten(&reader)?;
    let metadata = reader.metadata();
    if places.iter().all(|place| place.country.is_none() && place.asn.is_none()) {
        return Err(Reason::Schema(metadata.database_type.clone()));
    }
    Ok(Contents { kind: metadata.database_type.clone(), built_s: metadata.build_epoch, places, networks })
}

fn database(file: &Path) -> Result<Database, Reason> {
    let Contents { built_s, places, networks, .. } = read(file)?;
    let stem = file.file_stem().map(|stem| stem.to_string_lossy()).unwrap_or_default();
    Ok(Database::new(format!("mmdb:{stem}"), build_date(built_s), places, networks))
}

/// `2026-11-01`, UTC.
pub fn build_date(epoch_s: u64) -> String {
    let time = i64::try_from(epoch_s).ok().and_then(|second| jiff::Timestamp::from_second(second).ok());
    time.unwrap_or_default().strftime("%Y-%m-%d").to_string()
}

fn flatten(reader: &Reader<Vec<u8>>) -> Result<(Vec<Place>, Networks), Reason> {
    let mut places: Vec<Place> = Vec::new();
    let mut positions: HashMap<Place, u32> = HashMap::new();
    // Millions of networks share a few thousand rows.
    let mut rows: HashMap<usize, u32> = HashMap::new();
    let mut networks = Networks::default();
    // A whole tree ends as often as its nodes have branches. In a broken one branches may meet again, and the
    // walk would take for ever: networks without data are walked too, to be counted.
    let mut ends_left = 2 * u64::from(reader.metadata().node_count) + 1;
    // Aliases of the IPv4 tree (6to4, Teredo, mapped addresses) are left out by default.
    for found in reader.networks(WithinOptions::default().include_networks_without_data())? {
        let found = found?;
        ends_left =
            ends_left.checked_sub(1).ok_or_else(|| MaxMindDbError::invalid_database("its tree is none"))?;
        let network = found.network()?;
        let Some(offset) = found.offset() else { continue };
        let position = if let Some(position) = rows.get(&offset) {
            *position
        } else {
            let place = found.decode::<Row>()?.unwrap_or_default().place();
            let position = *positions.entry(place.clone()).or_insert_with(|| {
                places.push(place);
                u32::try_from(places.len() - 1).unwrap_or(u32::MAX)
            });
            rows.insert(offset, position);
            position
        };
        push(&mut networks, network.network(), network.prefix(), position);
    }
    Ok((places, networks))
}

/// In a tree of both families IPv4 is the part of IPv6 that begins with 96 zeros.
fn push(networks: &mut Networks, address: IpAddr, prefix_bits: u8, place: u32) {
    let low_bits = match address {
        IpAddr::V6(address) => u32::try_from(u128::from(address)).ok(),
        IpAddr::V4(_) => None,
    };
    match low_bits {
        Some(v4) if prefix_bits >= V4_IN_V6_BITS => {
            networks.push(IpAddr::V4(v4.into()), prefix_bits - V4_IN_V6_BITS, place);
        }
        // A network around all of IPv4.
        Some(0) => {
            networks.push(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0, place);
            networks.push(address, prefix_bits, place);
        }
        _ => networks.push(address, prefix_bits, place),
    }
}

/// A row in any of the schemas: that of `MaxMind` and the flat ones.
#[derive(Default, Deserialize)]
struct Row {
    country: Option<CountryField>,
    registered_country: Option<CountryField>,
    country_code: Option<String>,
    autonomous_system_number: Option<u32>,
    autonomous_system_organization: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum CountryField {
    Code(String),
    Named { iso_code: Option<String> },
}

impl CountryField {
    fn code(self) -> Option<String> {
        match self {
            CountryField::Code(code) => Some(code),
            CountryField::Named { iso_code } => iso_code,
        }
    }
}

impl Row {
    fn place(self) -> Place {
        let country = self.country.and_then(CountryField::code).or(self.country_code);
        let country = country.or_else(|| self.registered_country.and_then(CountryField::code));
        Place {
            // ZZ is the registries' word for nobody's.
            country: country.filter(|code| code != "ZZ").and_then(|code| Country::parse(&code)),
            asn: self.autonomous_system_number,
            as_organisation: self.autonomous_system_organization.map(Arc::from),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::path::PathBuf;
    use std::time::{Duration, UNIX_EPOCH};

    use maxminddb::Reader;
    use mmdb_writer::{Value, Writer};
    use proptest::prelude::*;

    use super::{Row, load};

    /// A row in each schema.
    type Schema = fn(&str) -> Value;

    fn flat(country: &str) -> Value {
        Value::map([("country_code", Value::from(country))])
    }

    fn text(country: &str) -> Value {
        Value::map([("country", Value::from(country))])
    }

    fn maxmind(country: &str) -> Value {
        let named =
            |code: &str| Value::map([("iso_code", Value::from(code)), ("geoname_id", Value::from(1_u32))]);
        Value::map([("country", named(country)), ("registered_country", named("US"))])
    }

    const EXAMPLE: &[(&str, &str)] = &[
        ("203.0.113.0/24", "CN"),
        ("198.51.100.0/24", "KR"),
        ("192.0.2.0/24", "SG"),
        ("2001:db8:de::/48", "DE"),
        ("1.0.0.0/9", "AU"),
        ("1.0.7.0/24", "JP"),
        ("8.8.8.0/23", "ZZ"),
    ];

    fn bytes(rows: &[(&str, &str)], schema: Schema) -> Vec<u8> {
        let mut writer = Writer::builder("test country")
            .description(&[("en", "test")])
            .build_epoch(UNIX_EPOCH + Duration::from_hours(498_192))
            .build();
        for (network, country) in rows {
            writer.insert_value(network.parse::<ipnet::IpNet>().unwrap(), schema(country)).unwrap();
        }
        writer.to_bytes().unwrap()
    }

    fn file(folder: &tempfile::TempDir, name: &str, bytes: &[u8]) -> PathBuf {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        file
    }

    #[test]
    fn every_schema_is_read_and_the_first_database_that_answers_counts() {
        let folder = tempfile::tempdir().unwrap();
        for schema in [flat as Schema, text, maxmind] {
            let first = file(&folder, "country.mmdb", &bytes(EXAMPLE, schema));
            let second =
                file(&folder, "second.mmdb", &bytes(&[("0.0.0.0/0", "US"), ("2001:db8::/32", "FR")], flat));
            let index = load(&[first, second]).unwrap();
            assert_eq!(index.builds().map(|(_, build)| build).collect::<Vec<_>>(), ["2026-11-01"; 2]);
            for (address, country, source) in [
                ("203.0.113.200", "CN", "mmdb:country"),
                ("::ffff:198.51.100.1", "KR", "mmdb:country"),
                ("2001:db8:de:ffff::1", "DE", "mmdb:country"),
                ("2001:db8:df::1", "FR", "mmdb:second"),
                ("1.0.7.255", "JP", "mmdb:country"),
                ("1.0.8.0", "AU", "mmdb:country"),
                ("8.8.8.8", "US", "mmdb:second"),
            ] {
                let observed = index.lookup(address.parse().unwrap()).country.unwrap();
                assert_eq!((observed.country.as_str(), observed.source), (country, source), "{address}");
            }
            assert!(index.lookup("10.1.2.3".parse().unwrap()).country.is_none());
        }
    }

    #[test]
    fn networks_carry_their_operator_where_a_database_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let row = |_: &str| {
            Value::map([
                ("autonomous_system_number", Value::from(64_500_u32)),
                ("autonomous_system_organization", Value::from("Example")),
            ])
        };
        let asn = file(&folder, "asn.mmdb", &bytes(&[("203.0.113.0/24", "")], row));
        let country = file(&folder, "country.mmdb", &bytes(EXAMPLE, flat));
        let index = load(&[asn, country]).unwrap();
        let observed = index.lookup("203.0.113.9".parse().unwrap());
        assert_eq!((observed.asn, observed.as_organisation), (Some(64_500), Some("Example")));
        assert_eq!(observed.country.unwrap().source, "mmdb:country");
    }

    #[test]
    fn another_schema_and_a_broken_file_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let row = |city: &str| Value::map([("city", Value::from(city))]);
        let city = file(&folder, "city.mmdb", &bytes(&[("203.0.113.0/24", "Seoul")], row));
        let error = load(&[city]).unwrap_err().to_string();
        assert!(error.contains("city.mmdb: the database (test country) tells no country"), "{error}");
        let whole = bytes(EXAMPLE, maxmind);
        let metadata = whole.windows(14).rposition(|window| window == b"\xAB\xCD\xEFMaxMind.com").unwrap();
        for length in (0..whole.len()).step_by(7).chain([metadata]) {
            let cut = file(&folder, "cut.mmdb", &whole[..length]);
            let error = load(&[cut]).unwrap_err().to_string();
            assert!(error.contains("cut.mmdb: "), "{error}");
        }
        for at in (0..whole.len()).step_by(11) {
            let mut spoilt = whole.clone();
            spoilt[at] ^= 0x55;
            // Whatever it says, it is read without a panic and without end.
            drop(load(&[file(&folder, "spoilt.mmdb", &spoilt)]));
        }
        let none = folder.path().join("none.mmdb");
        assert!(load(&[none]).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        #[test]
        fn flattened_ranges_answer_as_the_tree_does(
            rows in prop::collection::vec((any::<u32>(), 1_u8..=32, 0_usize..4), 1..40),
            v6 in prop::collection::vec((any::<u64>(), 16_u8..=64, 0_usize..4), 0..20),
            random in prop::collection::vec(any::<u32>(), 64),
        ) {
            let countries = ["CN", "KR", "SG", "DE"];
            let mut networks: Vec<(String, &str)> = rows
                .iter()
                .map(|(address, bits, country)| (format!("{}/{bits}", IpAddr::V4((*address).into())), countries[*country]))
                .collect();
            // Under 2400::/12, outside all special networks.
            let address = |bits: &u64| (0x2400_u128 << 112) | u128::from(bits >> 12) << 56;
            networks.extend(v6.iter().map(|(bits, prefix, country)| {
                (format!("{}/{prefix}", IpAddr::V6(address(bits).into())), countries[*country])
            }));
            let rows: Vec<(&str, &str)> = networks.iter().map(|(network, country)| (network.as_str(), *country)).collect();
            let bytes = bytes(&rows, flat);
            let folder = tempfile::tempdir().unwrap();
            let index = load(&[file(&folder, "random.mmdb", &bytes)]).unwrap();
            let reader = Reader::from_source(bytes).unwrap();
            let edges = rows.iter().flat_map(|(network, _)| {
                let network: ipnet::IpNet = network.parse().unwrap();
                [network.network(), network.broadcast()]
            });
            for address in random.iter().map(|address| IpAddr::V4((*address).into())).chain(edges) {
                let observed = index.lookup(address);
                let told = reader.lookup(address).unwrap().decode::<Row>().unwrap().and_then(|row| row.place().country);
                if let Some(observed) = observed.country {
                    prop_assert_eq!(Some(observed.country), told, "{}", address);
                } else {
                    // Nothing is asked about addresses that are not public.
                    let is_public = crate::locate::is_public(address);
                    prop_assert!(told.is_none() || !is_public, "{}", address);
                }
            }
        }
    }
}
