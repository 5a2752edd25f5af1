//! `sumun patterns`: the rules as data, and whether they keep what their examples promise.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::args::{
    Format, PatternsAction, PatternsArgs, PatternsListArgs, PatternsShowArgs, PatternsTestArgs,
};
use super::exit::{Exit, Failure, Outcome};
use super::layout::{line, table};
use super::{assemble, json_line};
use crate::entity::EntityType;
use crate::inspect::{Inspector, built_in_files};
use crate::text::{Language, names};
use crate::yaml;

pub(super) fn run(arguments: &PatternsArgs, language: Language) -> Outcome {
    let (text, exit) = match &arguments.action {
        PatternsAction::List(arguments) => (list(arguments, language)?, Exit::Ok),
        PatternsAction::Show(arguments) => (show(arguments)?, Exit::Ok),
        PatternsAction::Test(arguments) => test(arguments, language)?,
    };
    io::stdout().lock().write_all(text.as_bytes()).map_err(|error| Failure::writing(&error))?;
    Ok(exit)
}

/// A rule file that the program accepts.
struct RuleFile {
    name: String,
    text: String,
    summary: Summary,
}

/// What can be counted of a rule, whatever its kind; what else it holds is not asked here.
#[derive(Deserialize)]
struct Summary {
    entity: Option<EntityType>,
    version: u32,
    #[serde(default)]
    keys: Vec<IgnoredAny>,
    #[serde(default)]
    weak_keys: Vec<IgnoredAny>,
    #[serde(default)]
    labels: Vec<IgnoredAny>,
    /// Of `look_alikes.yaml`.
    #[serde(default)]
    look_alikes: Vec<Names>,
    #[serde(default)]
    examples: Vec<IgnoredAny>,
    #[serde(default)]
    counter_examples: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct Names {
    #[serde(default)]
    keys: Vec<IgnoredAny>,
    #[serde(default)]
    weak_keys: Vec<IgnoredAny>,
    #[serde(default)]
    labels: Vec<IgnoredAny>,
}

impl Summary {
    fn keys(&self) -> usize {
        let of_look_alikes = self.look_alikes.iter().map(|names| names.keys.len() + names.weak_keys.len());
        self.keys.len() + self.weak_keys.len() + of_look_alikes.sum::<usize>()
    }

    fn labels(&self) -> usize {
        self.labels.len() + self.look_alikes.iter().map(|names| names.labels.len()).sum::<usize>()
    }
}

/// The built-in files and those of the folders, after they were compiled: nothing is shown that would not run.
fn files(folders: &[PathBuf]) -> Result<(Inspector, Vec<RuleFile>), Failure> {
    let extra = assemble::rule_files(folders)?;
    let inspector = Inspector::untested(&extra).map_err(|error| Failure::new(Exit::Configuration, error))?;
    let built_in = built_in_files().map(|(name, text)| (name.to_owned(), text.to_owned()));
    let files = built_in.chain(extra).map(|(name, text)| {
        let summary = yaml::from_text(&text)
            .map_err(|error| Failure::new(Exit::Configuration, format_args!("{name}:{error}")))?;
        Ok(RuleFile { name, text, summary })
    });
    Ok((inspector, files.collect::<Result<_, Failure>>()?))
}

#[derive(Serialize)]
struct Listed<'a> {
    file: &'a str,
    entity: Option<EntityType>,
    version: u32,
    keys: usize,
    labels: usize,
    examples: usize,
    counter_examples: usize,
}

impl<'a> Listed<'a> {
    fn new(RuleFile { name, summary, .. }: &'a RuleFile) -> Listed<'a> {
        Listed {
            file: name,
            entity: summary.entity,
            version: summary.version,
            keys: summary.keys(),
            labels: summary.labels(),
            examples: summary.examples.len(),
            counter_examples: summary.counter_examples.len(),
        }
    }
}

fn list(arguments: &PatternsListArgs, language: Language) -> Result<String, Failure> {
    let (_, files) = files(&arguments.rules)?;
    let rules = files.iter().map(Listed::new);
    if arguments.output == Format::Json {
        return rules.map(|rule| json_line(&rule)).collect();
    }
    let heads = language.pick(
        ["rule", "version", "keys", "labels", "examples", "counter"],
        ["규칙", "판", "필드명", "표지어", "예시", "반례"],
    );
    let rows: Vec<[String; 6]> = rules
        .map(|rule| {
            let name = stem(rule.file);
            let korean = rule.entity.map_or("", |entity| names::entity(entity, language));
            let name = language.pick(name.to_owned(), format!("{name} {korean}"));
            let numbers =
                [rule.version as usize, rule.keys, rule.labels, rule.examples, rule.counter_examples];
            let [version, keys, labels, examples, counter_examples] =
                numbers.map(|number| number.to_string());
            [name, version, keys, labels, examples, counter_examples]
        })
        .collect();
    Ok(table(heads, &rows))
}

fn show(arguments: &PatternsShowArgs) -> Result<String, Failure> {
    let (_, files) = files(&arguments.rules)?;
    let is_asked = |file: &&RuleFile| {
        let entity = file.summary.entity.map(EntityType::as_str);
        entity == Some(arguments.rule.as_str()) || stem(&file.name) == arguments.rule
    };
    let mut out = String::new();
    for file in files.iter().filter(is_asked) {
        if arguments.output == Format::Json {
            let rule: serde_json::Value = yaml::from_text(&file.text)
                .map_err(|error| Failure::new(Exit::Internal, format_args!("{}:{error}", file.name)))?;
            out.push_str(&json_line(&serde_json::json!({"file": file.name, "rule": rule}))?);
        } else {
            line(&mut out, &format!("# {}", file.name));
            out.push_str(&file.text);
        }
    }
    if out.is_empty() {
        return Err(Failure::new(Exit::Usage, "there is no such rule; `sumun patterns list` names them"));
    }
    Ok(out)
}

#[derive(Serialize)]
struct Tested<'a> {
    examples: usize,
    counter_examples: usize,
    failed: Vec<Failed<'a>>,
}

/// A promise that is not kept. Rules are tried on made-up payloads only.
#[derive(Serialize)]
struct Failed<'a> {
    file: &'a str,
    list: &'static str,
    number: usize,
    entity: EntityType,
    expected: &'a [String],
    found: Vec<String>,
}

fn test(arguments: &PatternsTestArgs, language: Language) -> Result<(String, Exit), Failure> {
    let (inspector, _) = files(&arguments.rules)?;
    let mut tested = Tested { examples: 0, counter_examples: 0, failed: Vec::new() };
    for tried in inspector.try_examples() {
        let is_example = tried.list == "example";
        tested.examples += usize::from(is_example);
        tested.counter_examples += usize::from(!is_example);
        if !tried.holds() {
            let (file, list, number, entity) = (tried.file, tried.list, tried.number, tried.entity);
            let (expected, found) = (tried.expected, tried.found);
            tested.failed.push(Failed { file, list, number, entity, expected, found });
        }
    }
    let exit = if tested.failed.is_empty() { Exit::Ok } else { Exit::Found };
    let text = match arguments.output {
        Format::Json => json_line(&tested)?,
        Format::Human => human(&tested, language),
    };
    Ok((text, exit))
}

fn human(tested: &Tested<'_>, language: Language) -> String {
    let mut out = String::new();
    let (expected, found, none) = language.pick(("expected", "found", "nothing"), ("기대", "발견", "없음"));
    let listed = |masked: &[String]| if masked.is_empty() { none.to_owned() } else { masked.join(", ") };
    for failed in &tested.failed {
        line(
            &mut out,
            &format!("{}: {} {} ({})", failed.file, failed.list, failed.number, failed.entity.as_str()),
        );
        line(&mut out, &format!("  {expected}: {}", listed(failed.expected)));
        line(&mut out, &format!("  {found}: {}", listed(&failed.found)));
    }
    let Tested { examples, counter_examples, failed } = tested;
    let failed = failed.len();
    let summary = language.pick(
        format!("{examples} examples and {counter_examples} counter-examples, {failed} do not hold"),
        format!("예시 {examples}개, 반례 {counter_examples}개 중 {failed}개가 맞지 않음"),
    );
    line(&mut out, &summary);
    out
}

/// `phone_number` of `patterns/phone_number.yaml`.
fn stem(file: &str) -> &str {
    Path::new(file).file_stem().and_then(|stem| stem.to_str()).unwrap_or(file)
}
