//! The command line: every command and option in one list.

use std::path::PathBuf;

use clap::{ArgAction, ArgGroup, Args, Parser, Subcommand, ValueEnum};

use crate::subject::TokenType;
use crate::telemetry::Verbosity;

/// Finds personal data in outbound Kafka records and raises an alert when no legal basis covers its transfer abroad.
#[derive(Parser)]
#[command(name = "sumun", version, max_term_width = 100)]
#[command(after_help = "\
Exit codes: 0 ok, 1 findings or failed tests (only where asked for), 2 usage, 69 a dependency is unreachable, \
70 internal, 78 configuration.
SUMUN_LOG sets what is logged on stderr: warn, info, debug, or target=level pairs.")]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
    /// Log more; twice for everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
}

#[derive(Subcommand)]
pub(super) enum Command {
    Run(RunArgs),
    Coverage(CoverageArgs),
    Check(CheckArgs),
    Scan(ScanArgs),
    Bench(BenchArgs),
    Token(TokenArgs),
    Demo(DemoArgs),
}

impl Arguments {
    pub(super) fn verbosity(&self) -> Verbosity {
        match (self.verbose, &self.command) {
            (0, Command::Run(_)) => Verbosity::Info,
            (0, _) => Verbosity::Warnings,
            (1, _) => Verbosity::Debug,
            (2.., _) => Verbosity::Trace,
        }
    }
}

/// Inspect the configured topics until told to stop (SIGTERM, SIGINT).
#[derive(Args)]
#[command(after_help = "Example: sumun run -c /etc/sumun/sumun.yaml")]
pub(super) struct RunArgs {
    /// The configuration, in YAML
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: PathBuf,
}

/// Show which offsets were inspected and which were not, from the receipts.
#[derive(Args)]
#[command(after_help = "Example: sumun coverage -c sumun.yaml --topic orders.outbound")]
pub(super) struct CoverageArgs {
    /// The configuration, in YAML: it names the group and the topic of receipts
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: PathBuf,
    /// Only this topic
    #[arg(long)]
    pub(super) topic: Option<String>,
    /// Lines for a person, or one JSON object
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = Format::Human)]
    pub(super) output: Format,
}

/// Check the configuration and every file it names; with --connect the brokers and topics too.
#[derive(Args)]
#[command(after_help = "Example: sumun check -c sumun.yaml --connect")]
pub(super) struct CheckArgs {
    /// The configuration, in YAML
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: PathBuf,
    /// Reach the brokers, and name the topics, settings and rights that are missing
    #[arg(long)]
    pub(super) connect: bool,
}

/// Inspect records from files or stdin; connects to nothing.
///
/// One record per line, read as bytes; one JSON object per record, in order. Lines without content are skipped
/// (with --input text they are empty records). With -c each record is also located and judged.
#[derive(Args)]
#[command(after_help = "\
Example: kcat -b broker:9092 -t orders.outbound -C -J -c 100 | sumun scan -c sumun.yaml
Example: printf '%s\\n' '{\"tel\":\"010-2345-6703\"}' | sumun scan --input ndjson -o human")]
pub(super) struct ScanArgs {
    /// What a line is: an object of `kcat -C -J`, the payload itself, or a plain text
    #[arg(long, value_enum, default_value_t = Input::Kcat)]
    pub(super) input: Input,
    /// Lines for a person, or one JSON object per record
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = Format::Json)]
    pub(super) output: Format,
    /// Print the matched text itself, for writing rules on test data
    #[arg(long)]
    pub(super) reveal: bool,
    /// Locate and judge each record too
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// RFC 3339 time at which records without a timestamp are judged [default: now]
    #[arg(long, value_name = "TIME", requires = "config", value_parser = parse_time)]
    pub(super) at: Option<i64>,
    /// Exit with 1 if there is a finding, or a verdict at least this bad
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(super) fail_on: Option<FailOn>,
    /// Files to read; `-` or none is stdin
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
}

/// Measure how many records per second the stages take on this machine.
///
/// The corpus is loaded into memory, repeated to at least 200 MB, and read in seeded shuffled order. With -c the
/// records are also located and judged, and the alerts are built and dropped.
#[derive(Args)]
#[command(after_help = "Example: sumun bench --corpus mixed.kcat --threads 2 --seconds 10")]
pub(super) struct BenchArgs {
    /// The records, one per line
    #[arg(long, value_name = "FILE")]
    pub(super) corpus: PathBuf,
    /// Locate and judge each record too, and build its alerts
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// What a line is, as for `scan`
    #[arg(long, value_enum, default_value_t = Input::Kcat)]
    pub(super) input: Input,
    /// Threads, each with its own scratch space [default: one per core]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) threads: Option<u16>,
    /// How long to measure
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(super) seconds: u32,
    /// Lines for a person, or one JSON object
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = Format::Json)]
    pub(super) output: Format,
}

/// Make subject tokens of the identifiers on stdin, one per line; or make a new key.
///
/// An identifier that makes no token (masked, empty) gives an empty line.
#[derive(Args)]
#[command(group = ArgGroup::new("what").required(true).args(["token_type", "new_key"]))]
#[command(after_help = "\
Example: sumun token --new-key keys/k1.hex
Example: sumun token --type phone --key-file keys/k1.hex --key-id k1 < phones.txt")]
pub(super) struct TokenArgs {
    /// What the lines of stdin are: member, phone, email or ci
    #[arg(long = "type", value_name = "TYPE", value_parser = parse_token_type, requires = "key")]
    pub(super) token_type: Option<TokenType>,
    /// Use the first key of this configuration
    #[arg(short, long, value_name = "FILE", group = "key", conflicts_with_all = ["key_file", "key_id"])]
    pub(super) config: Option<PathBuf>,
    /// Use this key file: 64 hexadecimal digits, readable by its owner only
    #[arg(long, value_name = "FILE", group = "key", requires = "key_id")]
    pub(super) key_file: Option<PathBuf>,
    /// The key's id, the first part of every token
    #[arg(long, value_name = "KID", requires = "key_file")]
    pub(super) key_id: Option<String>,
    /// Write a new random key to this file, which must not exist
    #[arg(long, value_name = "FILE", conflicts_with_all = ["config", "key_file", "key_id"])]
    pub(super) new_key: Option<PathBuf>,
}

/// Show the main job on an embedded broker: nothing to install, nothing to configure.
#[derive(Args)]
#[command(after_help = "Example: sumun demo --records 1000")]
pub(super) struct DemoArgs {
    #[arg(long, default_value_t = 5000)]
    pub(super) records: u64,
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Human,
    Json,
}

/// What a line of input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Input {
    Kcat,
    Ndjson,
    Text,
}

/// What makes `scan` exit with 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    Findings,
    Domestic,
    Permitted,
    Indeterminate,
    Violation,
}

fn parse_time(text: &str) -> Result<i64, String> {
    text.parse::<jiff::Timestamp>()
        .map(jiff::Timestamp::as_millisecond)
        .map_err(|_| "not an RFC 3339 time such as 2026-11-24T09:00:00+09:00".to_owned())
}

fn parse_token_type(text: &str) -> Result<TokenType, String> {
    let known = TokenType::ALL.into_iter().find(|token_type| token_type.as_str() == text);
    known.ok_or_else(|| "one of member, phone, email, ci".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::Arguments;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_shows_an_example() {
        for command in Arguments::command().get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Example: "), "{}", command.get_name());
        }
    }

    #[test]
    fn a_token_needs_a_key_and_takes_no_identifier() {
        let parses = |line: &str| Arguments::try_parse_from(line.split(' ')).is_ok();
        assert!(parses("sumun token --type phone -c sumun.yaml"));
        assert!(parses("sumun token --type phone --key-file k1.hex --key-id k1"));
        assert!(parses("sumun token --new-key k1.hex"));
        for wrong in [
            "sumun token",
            "sumun token --type phone",
            "sumun token --type telephone -c sumun.yaml",
            "sumun token --type phone --key-file k1.hex",
            "sumun token --type phone -c sumun.yaml --key-file k1.hex --key-id k1",
            "sumun token --type phone -c sumun.yaml 010-1234-5678",
            "sumun token --new-key k1.hex --type phone",
            "sumun scan --at 2026-11-24T09:00:00+09:00",
            "sumun bench --corpus c --threads 0",
        ] {
            assert!(!parses(wrong), "{wrong}");
        }
    }
}
