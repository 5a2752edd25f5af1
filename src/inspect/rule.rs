//! The rules in `patterns/`: data, with their sources and with the examples that test them (`patterns/README.md`).

use std::sync::Arc;

use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::account::{LayoutRule, Layouts};
use super::address::{Province, Regions};
use super::card::Prefixes;
use super::email::Mailboxes;
use super::hangul::Marks;
use super::keys::{Bearer, Dictionary, Name, Strength};
use super::license::Region;
use super::look_alike::LookAlike;
use super::name::{GivenRule, Names, SurnameRule};
use super::phone::{Plan, Range};
use crate::entity::EntityType;
use crate::record::Record;
use crate::yaml;

/// Name and text of the rules that are built in.
const BUILT_IN: [(&str, &str); 12] = [
    ("patterns/phone_number.yaml", include_str!("../../patterns/phone_number.yaml")),
    (
        "patterns/resident_registration_number.yaml",
        include_str!("../../patterns/resident_registration_number.yaml"),
    ),
    (
        "patterns/foreigner_registration_number.yaml",
        include_str!("../../patterns/foreigner_registration_number.yaml"),
    ),
    ("patterns/passport_number.yaml", include_str!("../../patterns/passport_number.yaml")),
    ("patterns/drivers_license.yaml", include_str!("../../patterns/drivers_license.yaml")),
    ("patterns/customs_code.yaml", include_str!("../../patterns/customs_code.yaml")),
    ("patterns/bank_account.yaml", include_str!("../../patterns/bank_account.yaml")),
    ("patterns/payment_card.yaml", include_str!("../../patterns/payment_card.yaml")),
    ("patterns/connecting_information.yaml", include_str!("../../patterns/connecting_information.yaml")),
    ("patterns/email_address.yaml", include_str!("../../patterns/email_address.yaml")),
    ("patterns/person_name.yaml", include_str!("../../patterns/person_name.yaml")),
    ("patterns/postal_address.yaml", include_str!("../../patterns/postal_address.yaml")),
];
const LOOK_ALIKES: (&str, &str) =
    ("patterns/look_alikes.yaml", include_str!("../../patterns/look_alikes.yaml"));
const REGIONS: (&str, &str) = ("patterns/regions.yaml", include_str!("../../patterns/regions.yaml"));
const CARD_PREFIXES: (&str, &str) =
    ("patterns/card_prefixes.yaml", include_str!("../../patterns/card_prefixes.yaml"));

/// Name and text of every file that is built in: what rules lean on first, then the rules.
pub fn built_in_files() -> impl Iterator<Item = (&'static str, &'static str)> {
    [LOOK_ALIKES, REGIONS, CARD_PREFIXES].into_iter().chain(BUILT_IN)
}

/// Why a rule is refused.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    /// As compilers say it: file, line, column.
    #[error("{file}:{error}")]
    Yaml { file: String, error: yaml::Error },
    #[error("{file}: `{key}` belongs to the built-in rule of {entity} only")]
    NotOurs { file: String, key: &'static str, entity: &'static str },
    #[error("{file}: there is no built-in rule of {entity} to add to")]
    NoSuchRule { file: String, entity: &'static str },
    #[error("{file}: {list} {number}: {problem}")]
    Example { file: String, list: &'static str, number: usize, problem: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    entity: EntityType,
    version: u32,
    /// Where the facts come from; people read them, the program does not.
    #[serde(rename = "sources")]
    _sources: Vec<String>,
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default)]
    weak_keys: Vec<String>,
    #[serde(default)]
    labels: Vec<String>,
    #[serde(default)]
    weak_labels: Vec<String>,
    #[serde(default)]
    placeholders: Vec<String>,
    #[serde(default)]
    specimens: Vec<String>,
    #[serde(default)]
    examples: Vec<Example>,
    #[serde(default)]
    counter_examples: Vec<Example>,
    // What only the built-in rule of one entity has.
    #[serde(default)]
    country_keys: Vec<String>,
    #[serde(default)]
    plan: Vec<Range>,
    #[serde(default)]
    layouts: Vec<LayoutRule>,
    #[serde(default)]
    regions: Vec<Region>,
    #[serde(default)]
    mailboxes: Option<MailboxRule>,
    #[serde(default)]
    names: Option<NameRule>,
    #[serde(default)]
    detail_keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MailboxRule {
    roles: Vec<String>,
    no_domains: Vec<String>,
    no_people: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NameRule {
    owners: Vec<String>,
    things: Vec<String>,
    words: Vec<String>,
    numbers: Vec<String>,
    thing_keys: Vec<String>,
    part_keys: Vec<String>,
    weak_part_keys: Vec<String>,
    surnames: SurnameRule,
    given: GivenRule,
    stop_words: Vec<String>,
    titles: Vec<String>,
    endings: Vec<String>,
    romanised: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RegionFile {
    #[serde(rename = "version")]
    _version: u32,
    #[serde(rename = "sources")]
    _sources: Vec<String>,
    provinces: Vec<Province>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CardPrefixFile {
    #[serde(rename = "version")]
    _version: u32,
    #[serde(rename = "sources")]
    _sources: Vec<String>,
    prefixes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LookAlikeFile {
    #[serde(rename = "version")]
    _version: u32,
    /// Fields that name their sibling.
    kind_keys: Vec<String>,
    look_alikes: Vec<LookAlikeNames>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LookAlikeNames {
    name: LookAlike,
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default)]
    weak_keys: Vec<String>,
    #[serde(default)]
    labels: Vec<String>,
}

/// A whole payload, or one field of one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Example {
    #[serde(default)]
    payload: Option<String>,
    #[serde(default)]
    key: Option<String>,
    #[serde(default)]
    value: Option<String>,
    /// The value as a JSON number.
    #[serde(default)]
    number: Option<String>,
    /// What is found, masked, in record order.
    #[serde(default)]
    masked: Vec<String>,
}

/// All rules, compiled.
#[derive(Default)]
pub(super) struct Rules {
    /// Names of fields, and words that stand before a number.
    pub(super) fields: Dictionary,
    pub(super) labels: Dictionary,
    pub(super) plan: Plan,
    pub(super) layouts: Layouts,
    pub(super) card_prefixes: Prefixes,
    pub(super) license_regions: Vec<Region>,
    pub(super) mailboxes: Mailboxes,
    pub(super) names: Names,
    /// With which syllables the labels of a name end.
    pub(super) name_label_ends: Marks,
    pub(super) regions: Regions,
    pub(super) grounds: Grounds,
    pub(super) digest: String,
    /// The first bytes of the digest: tells these rules from others in a memo.
    pub(super) stamp: u64,
    pub(super) sought: Sought,
    tests: Vec<Test>,
    built_in: Vec<EntityType>,
}

/// What is looked for. Nothing else is read, and so does not compete either.
pub(super) struct Sought {
    entities: Vec<EntityType>,
    /// Whether one of them is no number.
    pub(super) in_texts: bool,
    /// Whether one of them is a number that only its field's name, or its issuer, makes personal.
    pub(super) by_name: bool,
}

impl Sought {
    pub(super) fn new(entities: &[EntityType]) -> Sought {
        use EntityType::{
            BankAccount, DriversLicense, ForeignerRegistrationNumber, PaymentCard, PhoneNumber,
            ResidentRegistrationNumber,
        };
        let by_name = |entity: &EntityType| matches!(entity, BankAccount | PaymentCard | DriversLicense);
        let by_form = |entity: &EntityType| {
            matches!(entity, PhoneNumber | ResidentRegistrationNumber | ForeignerRegistrationNumber)
        };
        Sought {
            in_texts: entities.iter().any(|entity| !by_name(entity) && !by_form(entity)),
            by_name: entities.iter().any(by_name),
            entities: entities.to_vec(),
        }
    }

    pub(super) fn contains(&self, entity: EntityType) -> bool {
        self.entities.contains(&entity)
    }
}

impl Default for Sought {
    fn default() -> Sought {
        Sought::new(&EntityType::ALL)
    }
}

/// Evidence that is no name.
pub(super) struct Grounds {
    pub(super) country: Arc<str>,
    pub(super) zero_lost: Arc<str>,
    pub(super) date: Arc<str>,
    pub(super) checksum: Arc<str>,
    pub(super) issuer: Arc<str>,
    pub(super) layout: Arc<str>,
    pub(super) form: Arc<str>,
    pub(super) surname: Arc<str>,
    pub(super) title: Arc<str>,
    pub(super) number_beside: Arc<str>,
    pub(super) road: Arc<str>,
    pub(super) region: Arc<str>,
    pub(super) detail: Arc<str>,
    /// Other data of a person in the same object.
    pub(super) company: Name,
}

impl Default for Grounds {
    fn default() -> Grounds {
        Grounds {
            country: "country:82".into(),
            zero_lost: "zero_lost".into(),
            date: "date".into(),
            checksum: "checksum".into(),
            issuer: "issuer".into(),
            layout: "layout".into(),
            form: "form".into(),
            surname: "surname".into(),
            title: "title".into(),
            number_beside: "number_beside".into(),
            road: "road".into(),
            region: "region".into(),
            detail: "detail".into(),
            company: Name::new("person"),
        }
    }
}

/// What an example promises.
pub(super) struct Test {
    pub(super) file: Arc<str>,
    pub(super) list: &'static str,
    pub(super) number: usize,
    pub(super) entity: EntityType,
    pub(super) payload: String,
    pub(super) masked: Vec<String>,
}

impl Test {
    pub(super) fn record(&self) -> Record<'_> {
        Record {
            topic: "",
            partition: 0,
            offset: 0,
            timestamp_ms: None,
            key: None,
            value: Some(self.payload.as_bytes()),
            headers: &[],
        }
    }
}

impl Rules {
    /// The built-in rules and what `extra` (name and text) adds to them.
    pub(super) fn compile(extra: &[(String, String)]) -> Result<Rules, RuleError> {
        let mut rules = Rules::default();
        let mut digest = Sha256::new();
        let mut count = |text: &str| {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text);
        };
        for (_, text) in [LOOK_ALIKES, REGIONS, CARD_PREFIXES] {
            count(text);
        }
        rules.add_look_alikes()?;
        rules.add_regions()?;
        rules.add_card_prefixes()?;
        for (file, text) in BUILT_IN {
            count(text);
            rules.add(file, text, true)?;
        }
        for (file, text) in extra {
            count(text);
            rules.add(file, text, false)?;
        }
        let digest = digest.finalize();
        rules.digest = format!("sha256:{}", hex(&digest));
        rules.stamp = digest.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        Ok(rules)
    }

    /// In the order of the files, each with its examples first.
    pub(super) fn tests(&self) -> &[Test] {
        &self.tests
    }

    fn add(&mut self, file: &str, text: &str, built_in: bool) -> Result<(), RuleError> {
        let rule: RuleFile =
            yaml::from_text(text).map_err(|error| RuleError::Yaml { file: file.to_owned(), error })?;
        let entity = rule.entity.as_str();
        if built_in {
            self.built_in.push(rule.entity);
        } else {
            for (key, is_empty) in [
                ("plan", rule.plan.is_empty()),
                ("country_keys", rule.country_keys.is_empty()),
                ("layouts", rule.layouts.is_empty()),
                ("regions", rule.regions.is_empty()),
                ("mailboxes", rule.mailboxes.is_none()),
                ("names", rule.names.is_none()),
                ("detail_keys", rule.detail_keys.is_empty()),
            ] {
                if !is_empty {
                    return Err(RuleError::NotOurs { file: file.to_owned(), key, entity });
                }
            }
            if !self.built_in.contains(&rule.entity) {
                return Err(RuleError::NoSuchRule { file: file.to_owned(), entity });
            }
        }
        if rule.version == 0 {
            return Err(refused(file, "versions begin with 1"));
        }
        let bearer = Bearer::Entity(rule.entity);
        add_names(&mut self.fields, &rule.keys, bearer, Strength::Strong);
        add_names(&mut self.fields, &rule.weak_keys, bearer, Strength::Weak);
        add_names(&mut self.labels, &rule.labels, bearer, Strength::Strong);
        add_names(&mut self.labels, &rule.weak_labels, bearer, Strength::Weak);
        if rule.entity == EntityType::PersonName {
            let words = rule.labels.iter().chain(&rule.weak_labels).chain(&rule.keys).chain(&rule.weak_keys);
            for last in words.filter_map(|word| word.chars().next_back()) {
                self.name_label_ends.add(last, 1);
            }
            // 이름이, 성함은: labels are known by their heads.
            for ending in rule.names.iter().flat_map(|names| &names.endings) {
                self.name_label_ends.add(ending.chars().next_back().unwrap_or_default(), 1);
            }
        }
        add_names(&mut self.fields, &rule.country_keys, Bearer::PhoneCountry, Strength::Strong);
        add_names(&mut self.fields, &rule.detail_keys, Bearer::AddressDetail, Strength::Strong);
        for layout in &rule.layouts {
            if !self.layouts.add(layout) {
                return Err(refused(file, "a layout whose groups or digits are none"));
            }
        }
        self.license_regions.extend(rule.regions);
        if let Some(mailboxes) = rule.mailboxes {
            self.mailboxes.roles.extend(boxed(mailboxes.roles));
            self.mailboxes.no_domains.extend(boxed(mailboxes.no_domains));
            self.mailboxes.no_people.extend(boxed(mailboxes.no_people));
        }
        if let Some(names) = rule.names {
            self.add_person_names(&names);
        }
        self.plan.add(rule.plan);
        self.plan.placeholders.extend(rule.placeholders.iter().map(|number| digits_of(number)));
        self.plan.specimens.extend(rule.specimens.iter().map(|number| digits_of(number)));
        let file: Arc<str> = file.into();
        for (list, examples) in [("example", rule.examples), ("counter_example", rule.counter_examples)] {
            for (position, example) in examples.into_iter().enumerate() {
                self.tests.push(example.into_test(&file, list, position + 1, rule.entity)?);
            }
        }
        Ok(())
    }

    fn add_person_names(&mut self, names: &NameRule) {
        let person = Bearer::Entity(EntityType::PersonName);
        add_names(&mut self.fields, &names.owners, Bearer::Owner, Strength::Strong);
        add_names(&mut self.fields, &names.thing_keys, Bearer::Thing, Strength::Strong);
        add_names(&mut self.fields, &names.part_keys, Bearer::NamePart, Strength::Strong);
        add_names(&mut self.fields, &names.weak_part_keys, Bearer::NamePart, Strength::Weak);
        for (list, bearer) in [(&names.owners, person), (&names.things, Bearer::Thing)] {
            for (owner, word) in
                list.iter().flat_map(|owner| names.words.iter().map(move |word| (owner, word)))
            {
                self.fields.add(&format!("{owner}_{word}"), bearer, Strength::Strong);
            }
        }
        let identifier = Bearer::LookAlike(LookAlike::Identifier);
        for (thing, word) in
            names.things.iter().flat_map(|thing| names.numbers.iter().map(move |word| (thing, word)))
        {
            let name = format!("{thing}_{word}");
            // `cardNo` is a card's number.
            if !self.fields.look_up(&name).is_some_and(|known| known.whole && known.name.is_entity()) {
                self.fields.add(&name, identifier, Strength::Strong);
            }
        }
        self.names.add(
            &names.surnames,
            &names.given,
            [&names.stop_words, &names.titles, &names.endings, &names.romanised],
        );
    }

    fn add_regions(&mut self) -> Result<(), RuleError> {
        let (file, text) = REGIONS;
        let regions: RegionFile =
            yaml::from_text(text).map_err(|error| RuleError::Yaml { file: file.to_owned(), error })?;
        for province in &regions.provinces {
            self.regions.add(province);
        }
        Ok(())
    }

    fn add_card_prefixes(&mut self) -> Result<(), RuleError> {
        let (file, text) = CARD_PREFIXES;
        let prefixes: CardPrefixFile =
            yaml::from_text(text).map_err(|error| RuleError::Yaml { file: file.to_owned(), error })?;
        self.card_prefixes = Prefixes::read(&prefixes.prefixes).ok_or_else(|| {
            refused(file, "a prefix is six or eight digits, or two such with `-` between them")
        })?;
        Ok(())
    }

    fn add_look_alikes(&mut self) -> Result<(), RuleError> {
        let (file, text) = LOOK_ALIKES;
        let names: LookAlikeFile =
            yaml::from_text(text).map_err(|error| RuleError::Yaml { file: file.to_owned(), error })?;
        add_names(&mut self.fields, &names.kind_keys, Bearer::Kind, Strength::Strong);
        for look_alike in names.look_alikes {
            let bearer = Bearer::LookAlike(look_alike.name);
            add_names(&mut self.fields, &look_alike.keys, bearer, Strength::Strong);
            add_names(&mut self.fields, &look_alike.weak_keys, bearer, Strength::Weak);
            add_names(&mut self.labels, &look_alike.labels, bearer, Strength::Strong);
        }
        Ok(())
    }
}

impl Example {
    fn into_test(
        self,
        file: &Arc<str>,
        list: &'static str,
        number: usize,
        entity: EntityType,
    ) -> Result<Test, RuleError> {
        let refused = |problem: &str| RuleError::Example {
            file: file.to_string(),
            list,
            number,
            problem: problem.to_owned(),
        };
        if (list == "example") == self.masked.is_empty() {
            return Err(refused("an example says under `masked` what is found, a counter_example does not"));
        }
        let quoted = |text: String| serde_json::Value::String(text).to_string();
        let payload = match (self.payload, self.key, self.value, self.number) {
            (Some(payload), None, None, None) => payload,
            (None, Some(key), Some(value), None) => format!("{{{}:{}}}", quoted(key), quoted(value)),
            (None, Some(key), None, Some(number)) => format!("{{{}:{number}}}", quoted(key)),
            _ => return Err(refused("it needs `payload`, or `key` with `value` or `number`")),
        };
        Ok(Test { file: Arc::clone(file), list, number, entity, payload, masked: self.masked })
    }
}

fn refused(file: &str, problem: &str) -> RuleError {
    RuleError::Yaml { file: file.to_owned(), error: yaml::Error::new(yaml::Position::default(), problem) }
}

fn boxed(words: Vec<String>) -> impl Iterator<Item = Box<str>> {
    words.into_iter().map(String::into_boxed_str)
}

fn add_names(dictionary: &mut Dictionary, names: &[String], bearer: Bearer, strength: Strength) {
    for name in names {
        dictionary.add(name, bearer, strength);
    }
}

fn digits_of(number: &str) -> Box<[u8]> {
    number.bytes().filter(u8::is_ascii_digit).collect()
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, byte| {
        // Writing to a String cannot fail.
        write!(out, "{byte:02x}").unwrap_or_default();
        out
    })
}
