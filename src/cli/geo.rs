//! `sumun geo`: what the geo databases say of addresses, and whether they will do.

use std::io::{self, BufRead as _, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::args::{Format, GeoAction, GeoArgs, GeoCheckArgs, GeoDatabases, GeoLookupArgs};
use super::exit::{Exit, Failure, Outcome};
use super::layout::{line, table, wrapped};
use super::{assemble, clock, json_line};
use crate::destination::Country;
use crate::geo;
use crate::locate::{AddressIndex, is_public, parse_address};
use crate::text::Language;

/// An older database misplaces networks that have changed hands since. The licence of `GeoLite` asks for the same.
const BUILD_DAYS_MAX: u64 = 45;
const DAY_S: u64 = 24 * 60 * 60;

pub(super) fn run(arguments: &GeoArgs, language: Language) -> Outcome {
    match &arguments.action {
        GeoAction::Lookup(arguments) => lookup(arguments, language),
        GeoAction::Check(arguments) => check(arguments, language),
    }
}

fn files(databases: &GeoDatabases) -> Result<Vec<PathBuf>, Failure> {
    let Some(file) = &databases.config else { return Ok(databases.files.clone()) };
    let files = assemble::configuration(file)?.geo_databases;
    if files.is_empty() {
        let text = "the configuration names no geo database; add one under `geo.databases`";
        return Err(Failure::new(Exit::Configuration, text));
    }
    Ok(files)
}

/// What is known of one address.
#[derive(Serialize)]
struct Located<'i> {
    address: Option<IpAddr>,
    /// Of an address that is not one of the public internet no database knows anything.
    public: bool,
    country: Option<Country>,
    /// The database that says so.
    source: Option<&'i str>,
    build: Option<&'i str>,
    asn: Option<u32>,
    as_organisation: Option<&'i str>,
}

impl<'i> Located<'i> {
    /// `None`: the line holds no address.
    fn new(address: Option<IpAddr>, index: &'i AddressIndex) -> Located<'i> {
        let observed = address.map(|address| index.lookup(address)).unwrap_or_default();
        Located {
            address,
            public: address.is_some_and(is_public),
            country: observed.country.map(|observed| observed.country),
            source: observed.country.map(|observed| observed.source),
            build: observed.country.map(|observed| observed.build),
            asn: observed.asn,
            as_organisation: observed.as_organisation,
        }
    }

    fn row(&self, language: Language) -> [String; 4] {
        let address = match self.address {
            Some(address) => address.to_string(),
            None => language.pick("not an address", "주소가 아님").to_owned(),
        };
        let country = match self.country {
            Some(country) => country.to_string(),
            None if self.address.is_some() && !self.public => language.pick("internal", "내부").to_owned(),
            None => language.pick("unknown", "알 수 없음").to_owned(),
        };
        let source = self.source.zip(self.build).map(|(source, build)| format!("{source} {build}"));
        let operator = self.asn.map(|asn| match self.as_organisation {
            Some(name) => format!("AS{asn} {name}"),
            None => format!("AS{asn}"),
        });
        [address, country, source.unwrap_or_default(), operator.unwrap_or_default()]
    }
}

fn lookup(arguments: &GeoLookupArgs, language: Language) -> Outcome {
    let index = geo::load(&files(&arguments.databases)?);
    let index = index.map_err(|error| Failure::new(Exit::Configuration, error))?;
    let mut addresses: Vec<Option<IpAddr>> = arguments.addresses.iter().copied().map(Some).collect();
    if addresses.is_empty() {
        for line in io::stdin().lock().lines() {
            let line = line.map_err(|error| {
                Failure::new(
                    Exit::Usage,
                    format_args!("stdin cannot be read ({}); write addresses", error.kind()),
                )
            })?;
            if !line.trim().is_empty() {
                addresses.push(parse_address(&line));
            }
        }
    }
    let located: Vec<Located<'_>> =
        addresses.into_iter().map(|address| Located::new(address, &index)).collect();
    let text = match arguments.output {
        Format::Json => lines(&located)?,
        Format::Human => {
            let heads = language
                .pick(["address", "country", "by", "operator"], ["주소", "국가", "출처", "운영 기관"]);
            table(heads, &located.iter().map(|located| located.row(language)).collect::<Vec<_>>())
        }
    };
    io::stdout().lock().write_all(text.as_bytes()).map_err(|error| Failure::writing(&error))?;
    Ok(Exit::Ok)
}

/// One database, as far as it can be read.
#[derive(Serialize)]
struct Checked {
    file: String,
    kind: Option<String>,
    build: Option<String>,
    age_days: Option<u64>,
    networks: Option<usize>,
    countries: Option<usize>,
    operators: Option<bool>,
    /// Why `run` would not start with it.
    error: Option<String>,
}

impl Checked {
    fn new(file: &Path, now_s: u64) -> Checked {
        let name = file.display().to_string();
        match geo::probe(file) {
            Ok(probe) => Checked {
                file: name,
                kind: Some(probe.kind),
                build: Some(geo::build_date(probe.built_s)),
                age_days: Some(now_s.saturating_sub(probe.built_s) / DAY_S),
                networks: Some(probe.networks),
                countries: Some(probe.countries),
                operators: Some(probe.has_operators),
                error: None,
            },
            Err(error) => Checked {
                file: name,
                kind: None,
                build: None,
                age_days: None,
                networks: None,
                countries: None,
                operators: None,
                error: Some(error.reason.to_string()),
            },
        }
    }

    fn human(&self, language: Language, out: &mut String) {
        line(out, &self.file);
        if let Some(error) = &self.error {
            return wrapped(out, language.pick("  refused: ", "  거부됨: "), error);
        }
        let kind = self.kind.as_deref().unwrap_or_default();
        let build = self.build.as_deref().unwrap_or_default();
        let age = self.age_days.unwrap_or_default();
        let [networks, countries] = [self.networks, self.countries].map(Option::unwrap_or_default);
        wrapped(
            out,
            "  ",
            &language.pick(
                format!("{kind}, built {build} ({age} days ago), {networks} networks, {countries} countries"),
                format!("{kind}, {build} 생성({age}일 전), 네트워크 {networks}개, 국가 {countries}개"),
            ),
        );
        if age > BUILD_DAYS_MAX {
            let text = language.pick(
                format!("older than {BUILD_DAYS_MAX} days: networks change hands; fetch a newer one"),
                format!("{BUILD_DAYS_MAX}일이 넘음: 네트워크의 소속은 바뀌므로 새 파일을 받을 것"),
            );
            wrapped(out, language.pick("  warning: ", "  경고: "), &text);
        }
        if countries == 0 {
            let text = language.pick(
                "it tells operators only: another database must tell the countries",
                "운영 기관만 담고 있으므로 국가를 담은 데이터베이스가 따로 필요함",
            );
            wrapped(out, language.pick("  warning: ", "  경고: "), text);
        }
    }
}

fn check(arguments: &GeoCheckArgs, language: Language) -> Outcome {
    let now_s = clock::now_ms().unsigned_abs() / 1000;
    let checked: Vec<Checked> =
        files(&arguments.databases)?.iter().map(|file| Checked::new(file, now_s)).collect();
    let text = match arguments.output {
        Format::Json => lines(&checked)?,
        Format::Human => {
            let mut out = String::new();
            for checked in &checked {
                checked.human(language, &mut out);
            }
            out
        }
    };
    io::stdout().lock().write_all(text.as_bytes()).map_err(|error| Failure::writing(&error))?;
    Ok(if checked.iter().all(|checked| checked.error.is_none()) { Exit::Ok } else { Exit::Configuration })
}

/// One JSON object per line.
fn lines(values: &[impl Serialize]) -> Result<String, Failure> {
    values.iter().map(json_line).collect()
}
