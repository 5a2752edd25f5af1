//! The command line: every command and option in one list.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use clap::{ArgAction, ArgGroup, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::destination::Country;
use crate::entity::EntityType;
use crate::locate::parse_address;
use crate::subject::{SubjectToken, TokenType};
use crate::telemetry::Verbosity;
use crate::text::Language;

/// Finds personal data in outbound Kafka records and raises an alert when no legal basis covers its transfer abroad.
#[derive(Parser)]
#[command(name = "sumun", version, max_term_width = 80)]
#[command(after_help = "\
Examples:
  sumun demo
  sumun check -c sumun.yaml --connect
  sumun run -c sumun.yaml

Data is on stdout, logs and remarks are on stderr. Identifiers of persons are
read from stdin, never from the command line.
Exit codes: 0 ok, 1 findings or failed tests (only where asked for), 2 usage,
69 a dependency is unreachable, 70 internal, 78 configuration.
SUMUN_LOG sets what is logged: warn, info, debug, or target=level pairs.")]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
    /// Log more; twice for everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
    /// Language of texts for people [default: that of the locale]
    #[arg(long, global = true, value_name = "LANGUAGE", value_parser = languages())]
    pub(super) lang: Option<Language>,
}

#[derive(Subcommand)]
pub(super) enum Command {
    Run(RunArgs),
    Coverage(CoverageArgs),
    Check(CheckArgs),
    Scan(ScanArgs),
    Explain(ExplainArgs),
    Bench(BenchArgs),
    Token(TokenArgs),
    Demo(DemoArgs),
    Patterns(PatternsArgs),
    Facts(FactsArgs),
    Consent(ConsentArgs),
    Geo(GeoArgs),
    Schema(SchemaArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
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
#[command(after_help = "\
Examples:
  sumun run -c /etc/sumun/sumun.yaml
  SUMUN_LOG=sumun=debug sumun run -c sumun.yaml")]
pub(super) struct RunArgs {
    /// The configuration, in YAML
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: PathBuf,
}

/// Show which offsets were inspected and which were not, from the receipts.
#[derive(Args)]
#[command(after_help = "\
Examples:
  sumun coverage -c sumun.yaml
  sumun coverage -c sumun.yaml --topic orders.outbound -o json | jq .total")]
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
#[command(after_help = "\
Examples:
  sumun check -c sumun.yaml
  sumun check -c sumun.yaml --connect")]
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
Examples:
  kcat -b broker:9092 -t orders.outbound -C -J -c 100 | sumun scan -o human
  sumun scan -c sumun.yaml --fail-on violation records.kcat
  sumun scan --input ndjson --reveal < payloads.ndjson")]
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

/// Explain why a record is judged as it is.
///
/// What was found and by which marks; everything that was weighed, found or not, with what else it could be and what
/// would have been enough; with -c where it goes, and for each item the steps of the decision in their order, the facts
/// that were asked and what each lacks.
#[derive(Args)]
#[command(after_help = "\
Examples:
  kcat -b broker:9092 -t orders.outbound -C -J -p 3 -o 1207 -c 1 \\
      | sumun explain -c sumun.yaml
  sumun explain --input ndjson --lang ko < payload.ndjson
  sumun explain -c sumun.yaml --at 2024-07-02T00:00:00Z -o json record.kcat")]
pub(super) struct ExplainArgs {
    /// What a line is, as for `scan`
    #[arg(long, value_enum, default_value_t = Input::Kcat)]
    pub(super) input: Input,
    /// Lines for a person, or one JSON object per record
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = Format::Human)]
    pub(super) output: Format,
    /// Locate and judge each record too
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// RFC 3339 time at which records without a timestamp are judged [default: now]
    #[arg(long, value_name = "TIME", requires = "config", value_parser = parse_time)]
    pub(super) at: Option<i64>,
    /// Files to read; `-` or none is stdin
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
}

/// Measure how many records per second the stages take on this machine.
///
/// The corpus is loaded into memory, repeated to at least 200 MB, and read in seeded shuffled order. With -c the
/// records are also located and judged, and the alerts are built and dropped.
#[derive(Args)]
#[command(after_help = "\
Examples:
  sumun bench --corpus mixed.kcat --threads 2 --seconds 10
  sumun bench --corpus mixed.kcat -c sumun.yaml -o human
  sumun bench --corpus mixed.kcat --entity phone_number")]
pub(super) struct BenchArgs {
    /// The records, one per line
    #[arg(long, value_name = "FILE")]
    pub(super) corpus: PathBuf,
    /// Locate and judge each record too, and build its alerts
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Look for this kind of personal data only; may be repeated [default: all]
    #[arg(long, value_name = "ENTITY", value_parser = parse_entity, conflicts_with = "config")]
    pub(super) entity: Vec<EntityType>,
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
Examples:
  sumun token --new-key keys/k1.hex
  sumun token --type phone -c sumun.yaml < phones.txt
  sumun token --type member --key-file keys/k1.hex --key-id k1 < members.txt")]
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

/// Play a shop's day on an embedded broker: nothing to install, nothing to configure.
///
/// A shop sends its orders to sellers, couriers, a cloud and a card company, some of it without a legal basis. The
/// records are inspected as `run` does it; then a report says what went where, on what basis, and what was not
/// covered and why. The same seed is the same day.
#[derive(Args)]
#[command(after_help = "\
Examples:
  sumun demo
  sumun demo --lang ko --records 1000 --seed 7
  sumun demo -o json | jq '.causes[0]'
  sumun demo --hold")]
pub(super) struct DemoArgs {
    /// How many records the shop sends
    #[arg(long, default_value_t = 5000, value_parser = clap::value_parser!(u64).range(1..=20_000))]
    pub(super) records: u64,
    /// Which day it is
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    /// Keep the lanes running afterwards, and serve their metrics and health until Ctrl-C
    #[arg(long)]
    pub(super) hold: bool,
    /// A page for a person, or one JSON object
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = Format::Human)]
    pub(super) output: Format,
}

/// List, show and test the rules by which personal data is found.
#[derive(Args)]
pub(super) struct PatternsArgs {
    #[command(subcommand)]
    pub(super) action: PatternsAction,
}

#[derive(Subcommand)]
pub(super) enum PatternsAction {
    List(PatternsListArgs),
    Show(PatternsShowArgs),
    Test(PatternsTestArgs),
}

/// List the rules with their names and examples.
#[derive(Args)]
#[command(after_help = "\
Examples:
  sumun patterns list
  sumun patterns list --rules /etc/sumun/rules -o json")]
pub(super) struct PatternsListArgs {
    /// Add the rules of this folder; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) rules: Vec<PathBuf>,
    /// A table for a person, or one JSON object per rule file
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = Format::Human)]
    pub(super) output: Format,
}

/// Show a rule as it is written, with its sources and examples.
#[derive(Args)]
#[command(after_help = "\
Examples:
  sumun patterns show phone_number
  sumun patterns show look_alikes -o json")]
pub(super) struct PatternsShowArgs {
    /// An entity type, or the name of a file without `.yaml`
    #[arg(value_name = "RULE")]
    pub(super) rule: String,
    /// Add the rules of this folder; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) rules: Vec<PathBuf>,
    /// The file itself, or one JSON object per rule file
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = Format::Human)]
    pub(super) output: Format,
}

/// Try every example and counter-example of every rule; exit with 1 if one does not hold.
#[derive(Args)]
#[command(after_help = "\
Examples:
  sumun patterns test
  sumun patterns test --rules /etc/sumun/rules")]
pub(super) struct PatternsTestArgs {
    /// Add the rules of this folder; may be given several times
    #[arg(long, value_name = "DIR")]
    pub(super) rules: Vec<PathBuf>,
    /// Lines for a person, or one JSON object
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = Format::Human)]
    pub(super) output: Format,
}

/// Check the facts, or show some of them.
#[derive(Args)]
pub(super) struct FactsArgs {
    #[command(subcommand)]
    pub(super) action: FactsAction,
}

#[derive(Subcommand)]
pub(super) enum FactsAction {
    Check(FactsCheckArgs),
    Show(FactsShowArgs),
}

/// Which facts.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(super) struct FactsFiles {
    /// Those of this configuration
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// This folder or file of JSON Lines; may be given several times
    #[arg(long = "facts", value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
}

/// Read all facts as `run` does, and say which of them can never be of use.
///
/// Unreadable facts are told with file and line, and refused: exit 78. Warnings name what a notice must tell and does
/// not, recipients that nobody knows, acts that consent to nothing.
#[derive(Args)]
#[command(after_help = "\
Examples:
  sumun facts check -c sumun.yaml
  sumun facts check --facts facts/ -o json")]
pub(super) struct FactsCheckArgs {
    #[command(flatten)]
    pub(super) facts: FactsFiles,
    /// Lines for a person, or one JSON object
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = Format::Human)]
    pub(super) output: Format,
}

/// Show the facts about a person, a disclosure, a recipient or a legal basis, with file and line.
///
/// A person is named by a token, or by identifiers on stdin: never on the command line.
#[derive(Args)]
#[command(group = ArgGroup::new("what").required(true)
    .args(["token_type", "token", "disclosure", "recipient", "basis"]))]
#[command(after_help = "\
Examples:
  sumun facts show -c sumun.yaml --type phone < phones.txt
  sumun facts show -c sumun.yaml --disclosure ae-checkout@2
  sumun facts show --facts facts/ --recipient seller-17 -o json")]
pub(super) struct FactsShowArgs {
    #[command(flatten)]
    pub(super) facts: FactsFiles,
    /// Persons by the identifiers on stdin, one per line: member, phone, email or ci
    #[arg(long = "type", value_name = "TYPE", value_parser = parse_token_type)]
    pub(super) token_type: Option<TokenType>,
    /// A person by a token, KID:TYPE:HEX
    #[arg(long, value_name = "TOKEN", value_parser = parse_token)]
    pub(super) token: Option<SubjectToken>,
    /// A disclosure, all versions or one
    #[arg(long, value_name = "ID[@VERSION]")]
    pub(super) disclosure: Option<String>,
    /// A recipient of the registry
    #[arg(long, value_name = "ID")]
    pub(super) recipient: Option<String>,
    /// A legal basis, all versions or one
    #[arg(long, value_name = "ID[@VERSION]")]
    pub(super) basis: Option<String>,
    /// Lines for a person, or one JSON object per fact
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = Format::Human)]
    pub(super) output: Format,
}

/// Ask what a person's consents cover.
#[derive(Args)]
pub(super) struct ConsentArgs {
    #[command(subcommand)]
    pub(super) action: ConsentAction,
}

#[derive(Subcommand)]
pub(super) enum ConsentAction {
    Check(ConsentCheckArgs),
}

/// Judge a transfer of a person's data that no record tells of, and show the way to the verdict.
///
/// Every step is shown in its order, with the facts that were asked and what each lacks. A person is named by a token,
/// or by identifiers on stdin: never on the command line.
#[derive(Args)]
#[command(group = ArgGroup::new("person").required(true).args(["token_type", "token"]))]
#[command(after_help = "\
Examples:
  sumun consent check -c sumun.yaml --type phone --recipient s17 < phone.txt
  sumun consent check -c sumun.yaml --type member --recipient cloud-sg \\
      --items person_name,phone_number --at 2024-07-02T00:00:00Z < members.txt")]
pub(super) struct ConsentCheckArgs {
    /// The configuration, in YAML: it names the facts and the key
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: PathBuf,
    /// Persons by the identifiers on stdin, one per line: member, phone, email or ci
    #[arg(long = "type", value_name = "TYPE", value_parser = parse_token_type)]
    pub(super) token_type: Option<TokenType>,
    /// A person by a token, KID:TYPE:HEX
    #[arg(long, value_name = "TOKEN", value_parser = parse_token)]
    pub(super) token: Option<SubjectToken>,
    /// Who gets the data: an id of the registry
    #[arg(long, value_name = "ID")]
    pub(super) recipient: String,
    /// Where to; may be given several times [default: the recipient's legal country]
    #[arg(long, value_name = "COUNTRY", value_parser = parse_country)]
    pub(super) country: Vec<Country>,
    /// What: entity types, separated by commas
    #[arg(long, value_name = "ITEMS", value_delimiter = ',', default_value = "phone_number", value_parser = parse_entity)]
    pub(super) items: Vec<EntityType>,
    /// RFC 3339 time of the transfer [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(super) at: Option<i64>,
    /// The purpose that the sender declares
    #[arg(long, value_name = "TEXT")]
    pub(super) purpose: Option<String>,
    /// The type that the sender declares: provide, view, entrust or store
    #[arg(long, value_name = "TYPE")]
    pub(super) transfer_type: Option<String>,
    /// Lines for a person, or one JSON object per person
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = Format::Human)]
    pub(super) output: Format,
}

/// Ask the geo databases, or check them.
#[derive(Args)]
pub(super) struct GeoArgs {
    #[command(subcommand)]
    pub(super) action: GeoAction,
}

#[derive(Subcommand)]
pub(super) enum GeoAction {
    Lookup(GeoLookupArgs),
    Check(GeoCheckArgs),
}

/// Which databases.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(super) struct GeoDatabases {
    /// Those of this configuration
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// This mmdb file; may be given several times, the first that answers counts
    #[arg(long = "database", value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
}

/// Say to which country addresses belong, and which database says so.
#[derive(Args)]
#[command(after_help = "\
Examples:
  sumun geo lookup -c sumun.yaml 203.0.113.5 2001:db8::1
  sumun geo lookup --database country.mmdb -o json < addresses.txt")]
pub(super) struct GeoLookupArgs {
    #[command(flatten)]
    pub(super) databases: GeoDatabases,
    /// A table for a person, or one JSON object per address
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = Format::Human)]
    pub(super) output: Format,
    /// Addresses, with or without a port; none: the lines of stdin
    #[arg(value_name = "ADDRESS", value_parser = parse_ip)]
    pub(super) addresses: Vec<IpAddr>,
}

/// Read the databases whole, and say what they hold and how old they are.
#[derive(Args)]
#[command(after_help = "\
Examples:
  sumun geo check -c sumun.yaml
  sumun geo check --database country.mmdb --database asn.mmdb -o json")]
pub(super) struct GeoCheckArgs {
    #[command(flatten)]
    pub(super) databases: GeoDatabases,
    /// Lines for a person, or one JSON object per database
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t = Format::Human)]
    pub(super) output: Format,
}

/// Print the JSON Schema (2020-12) of a format that other programs rely on.
#[derive(Args)]
#[command(after_help = "\
Examples:
  sumun schema config > sumun.schema.json
  sumun schema facts | jq '.\"$defs\".disclosure'

An editor checks and completes a configuration that begins with
  # yaml-language-server: $schema=./sumun.schema.json")]
pub(super) struct SchemaArgs {
    /// Whose schema
    #[arg(value_enum)]
    pub(super) format: SchemaFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaFormat {
    /// The configuration file
    Config,
    /// A file of own rules
    Patterns,
    /// One line of a stream of facts
    Facts,
    Alert,
    Receipt,
}

/// Print a completion script for a shell.
#[derive(Args)]
#[command(after_help = "\
Examples:
  sumun completions bash > /etc/bash_completion.d/sumun
  sumun completions zsh > /usr/local/share/zsh/site-functions/_sumun
  sumun completions fish > ~/.config/fish/completions/sumun.fish")]
pub(super) struct CompletionsArgs {
    /// Whose completions
    #[arg(value_enum)]
    pub(super) shell: Shell,
}

/// Print the manual page, or write one for each command.
#[derive(Args)]
#[command(after_help = "\
Examples:
  sumun man | man -l -
  sumun man --dir /usr/local/share/man/man1")]
pub(super) struct ManArgs {
    /// Write a page for each command into this folder, which must exist
    #[arg(long, value_name = "DIR")]
    pub(super) dir: Option<PathBuf>,
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

fn languages() -> impl clap::builder::TypedValueParser<Value = Language> {
    PossibleValuesParser::new(Language::ALL.map(Language::as_str)).map(|name| Language::of_locale(&name))
}

fn parse_ip(text: &str) -> Result<IpAddr, String> {
    parse_address(text).ok_or_else(|| "not an address such as 203.0.113.5 or [2001:db8::1]:443".to_owned())
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

fn parse_country(text: &str) -> Result<Country, String> {
    Country::parse(text).ok_or_else(|| "not a country of two letters (ISO 3166-1), such as CN".to_owned())
}

fn parse_entity(text: &str) -> Result<EntityType, String> {
    let known = EntityType::ALL.map(EntityType::as_str).join(", ");
    EntityType::parse(text).ok_or_else(|| format!("one of {known}"))
}

fn parse_token(text: &str) -> Result<SubjectToken, String> {
    let token = SubjectToken(text.to_owned());
    let is_token = token.parts().is_some();
    is_token
        .then_some(token)
        .ok_or_else(|| "not a token KID:TYPE:HEX; make one with `sumun token`".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory as _, Parser as _};

    use super::Arguments;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_examples_of_every_command_are_command_lines_that_are_understood() {
        let check = |command: &Command| {
            let name = command.get_name();
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let examples = help.strip_prefix("Examples:\n").unwrap_or_default();
            assert!(examples.lines().all(|line| line.len() <= 80), "{examples}");
            let examples = examples.replace("\\\n    ", "");
            let examples: Vec<&str> = examples.lines().map_while(|line| line.strip_prefix("  ")).collect();
            assert!(examples.len() >= 2, "`sumun {name}` shows {} examples", examples.len());
            for example in examples {
                let (_, rest) = example.split_once("sumun ").expect(example);
                let words = rest.split_whitespace().take_while(|word| !["|", ">", "<"].contains(word));
                let parsed = Arguments::try_parse_from(std::iter::once("sumun").chain(words));
                assert!(parsed.is_ok(), "{example}");
            }
        };
        let command = Arguments::command();
        check(&command);
        commands_in(&command).into_iter().for_each(check);
    }

    #[test]
    fn help_fits_a_terminal_of_80_columns() {
        let mut command = Arguments::command();
        command.build();
        let check = |command: &Command| {
            let help = command.clone().render_long_help().to_string();
            for line in help.lines().filter(|line| !line.starts_with("Usage:")) {
                assert!(line.len() <= 80, "{}: {line}", command.get_name());
            }
        };
        check(&command);
        commands_in(&command).into_iter().for_each(check);
    }

    /// The commands that do something: of one with commands of its own, those.
    fn commands_in(command: &Command) -> Vec<&Command> {
        let of =
            |command| if Command::has_subcommands(command) { commands_in(command) } else { vec![command] };
        command.get_subcommands().flat_map(of).collect()
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
