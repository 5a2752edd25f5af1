//! Writes a corpus for `sumun bench` and for runs on Kafka; the same seed writes the same bytes (benches/README.md).
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]
#![expect(clippy::indexing_slicing, reason = "random choices from constant lists")]

mod people;
mod random;
mod records;
mod shapes;
mod surroundings;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use records::{Fate, Kind, Record, Records, TOPIC};

const USAGE: &str = "\
cargo bench --bench corpus -- --out FILE [options]
  --kind mixed|clean|violating   what the records hold (default: mixed)
  --bytes N                      write payloads of at least N bytes (default: 200000000)
  --seed N                       (default: 1)
  --violating SHARE              of all records of a mixed corpus (default: 0.01)
  --format kcat|ndjson           with envelope, or the payloads alone (default: kcat)
  --config-dir DIR               write the configuration, facts, key and geo database that fit";

/// Shares are counted in millionths; more records than consent and violation leave room for cannot violate.
const VIOLATING_MAX: f64 = 0.6;

pub(crate) struct Options {
    kind: Kind,
    bytes: u64,
    seed: u64,
    violating: f64,
    kcat: bool,
    out: Option<PathBuf>,
    config_dir: Option<PathBuf>,
}

fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("error: {error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    if options.out.is_none() && options.config_dir.is_none() {
        // Also what `cargo test --all-targets` and a bare `cargo bench` see.
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    match write(&options) {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(70)
        }
    }
}

pub(crate) fn options(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        kind: Kind::Mixed,
        bytes: 200_000_000,
        seed: 1,
        violating: 0.01,
        kcat: true,
        out: None,
        config_dir: None,
    };
    while let Some(name) = arguments.next() {
        // cargo adds these two by itself.
        if matches!(name.as_str(), "--bench" | "--test") {
            continue;
        }
        let value = arguments.next().ok_or_else(|| format!("{name} wants a value"))?;
        let number = || value.parse().map_err(|_| format!("{name} wants a number"));
        match name.as_str() {
            "--kind" => {
                options.kind = match value.as_str() {
                    "mixed" => Kind::Mixed,
                    "clean" => Kind::Clean,
                    "violating" => Kind::Violating,
                    _ => return Err("--kind is mixed, clean or violating".to_owned()),
                }
            }
            "--bytes" => options.bytes = number()?,
            "--seed" => options.seed = number()?,
            "--violating" => {
                options.violating = value
                    .parse()
                    .ok()
                    .filter(|share| (0.0..=VIOLATING_MAX).contains(share))
                    .ok_or(format!("--violating is a share from 0 to {VIOLATING_MAX}"))?;
            }
            "--format" => {
                options.kcat = match value.as_str() {
                    "kcat" => true,
                    "ndjson" => false,
                    _ => return Err("--format is kcat or ndjson".to_owned()),
                }
            }
            "--out" => options.out = Some(value.into()),
            "--config-dir" => options.config_dir = Some(value.into()),
            _ => return Err(format!("unknown option {name}")),
        }
    }
    Ok(options)
}

/// Gives what was written, as JSON.
pub(crate) fn write(options: &Options) -> io::Result<String> {
    if let Some(folder) = &options.config_dir {
        surroundings::write(folder)?;
    }
    let Some(path) = &options.out else { return Ok(Written::default().summary()) };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share from 0 to 1")]
    let violating = (options.violating * 1e6) as u64;
    let mut records = Records::new(options.kind, violating, options.seed);
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    let mut written = Written::default();
    while written.bytes < options.bytes {
        let record = records.next();
        written.count(&record);
        if options.kcat {
            write_kcat(&record, &mut out)?;
        } else {
            writeln!(out, "{}", record.payload)?;
        }
    }
    out.flush()?;
    Ok(written.summary())
}

/// As `kcat -C -J` prints a record.
fn write_kcat(record: &Record, out: &mut impl Write) -> io::Result<()> {
    let Record { partition, offset, at_ms, seller, address, payload, .. } = record;
    write!(
        out,
        r#"{{"topic":"{TOPIC}","partition":{partition},"offset":{offset},"tstype":"create","ts":{at_ms},"broker":1,"headers":["x-seller-id","S{seller}","x-dest-ip","{address}","x-purpose","delivery"],"key":"{offset}","payload":""#,
    )?;
    let mut rest = payload.as_str();
    while let Some(position) = rest.find(['"', '\\']) {
        let (plain, marked) = rest.split_at(position);
        let (mark, tail) = marked.split_at(1);
        write!(out, "{plain}\\{mark}")?;
        rest = tail;
    }
    writeln!(out, "{rest}\"}}")
}

/// What was written, for comparison with what is found.
#[derive(Default)]
struct Written {
    records: u64,
    bytes: u64,
    escaped: u64,
    clear: u64,
    domestic: u64,
    permitted: u64,
    violation: u64,
}

impl Written {
    fn count(&mut self, record: &Record) {
        self.records += 1;
        self.bytes += record.payload.len() as u64;
        self.escaped += u64::from(record.escaped);
        match record.fate {
            Fate::Clear => self.clear += 1,
            Fate::Domestic => self.domestic += 1,
            Fate::Permitted => self.permitted += 1,
            Fate::Violation => self.violation += 1,
        }
    }

    fn summary(&self) -> String {
        let Written { records, bytes, escaped, clear, domestic, permitted, violation } = self;
        format!(
            r#"{{"records":{records},"bytes":{bytes},"mean_bytes":{},"escaped":{escaped},"verdicts":{{"clear":{clear},"domestic":{domestic},"permitted":{permitted},"violation":{violation}}}}}"#,
            bytes / (*records).max(1)
        )
    }
}
