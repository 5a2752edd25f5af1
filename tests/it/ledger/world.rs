//! The people, recipients and facts of the tests, and what follows from them for one item: the oracle.
//!
//! The oracle is a table, not an engine: who consented to what is known of every person by construction.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::expected::{Cell, hex};

/// 2024-07-01T00:00:00+09:00, where withdrawals take effect.
pub const WITHDRAWN_AT_MS: i64 = 1_719_759_600_000;
/// 2024-07-05T00:00:00+09:00, where some consents run out.
pub const EXPIRED_AT_MS: i64 = 1_720_105_200_000;
/// Records carry times of the thirty days from 2024-06-15T00:00:00+09:00.
pub const FIRST_MS: i64 = 1_718_377_200_000;
pub const SPAN_MS: i64 = 30 * 24 * 3_600_000;

/// How all member numbers of the tests begin, and nothing that sumun prints.
pub const MEMBER_PREFIX: &str = "M-77";

const PEOPLE: usize = 120;
/// What a person did about the checkout form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stance {
    Given,
    /// Given, and withdrawn at `WITHDRAWN_AT_MS`.
    Withdrawn,
    /// Given until `EXPIRED_AT_MS`.
    Expiring,
    /// Given half a year later.
    NotYet,
    NoThirdParty,
    NoCrossBorder,
    Refused,
    ChildAlone,
    /// Given on the form before, which named everybody and everywhere.
    OldForm,
    /// No fact knows this person.
    Never,
}

const STANCES: [Stance; 12] = [
    Stance::Given,
    Stance::Given,
    Stance::Given,
    Stance::Withdrawn,
    Stance::Expiring,
    Stance::NotYet,
    Stance::NoThirdParty,
    Stance::NoCrossBorder,
    Stance::Refused,
    Stance::ChildAlone,
    Stance::OldForm,
    Stance::Never,
];

#[derive(Clone, Debug)]
pub struct Person {
    pub number: usize,
    pub stance: Stance,
}

/// All of them, the same in every run.
pub fn people() -> Vec<Person> {
    (0..PEOPLE).map(|number| Person { number, stance: STANCES[number % STANCES.len()] }).collect()
}

impl Person {
    pub fn member(&self) -> String {
        format!("{MEMBER_PREFIX}{:03}", self.number)
    }

    /// As digits.
    pub fn phone(&self) -> String {
        format!("0107351{:04}", self.number * 7 + 11)
    }

    /// A resident number of 1980 with the check digit that was issued until October 2020.
    pub fn resident_number(&self) -> String {
        let digits = format!("8003151{:05}", 23_000 + self.number);
        let weights = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5];
        let sum: u32 =
            digits.bytes().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        format!("{}-{}{}", &digits[..6], &digits[6..], (11 - sum % 11) % 10)
    }

    pub fn member_token(&self) -> String {
        token("member", &self.member())
    }

    pub fn phone_token(&self) -> String {
        token("phone", &self.phone())
    }

    /// Whether an act in force before the records' times names the phone number as this person's.
    fn is_known_by_phone(&self) -> bool {
        !matches!(self.stance, Stance::Never | Stance::NotYet)
    }

    /// The token that is printed where the person was selected by member, or by phone.
    pub fn printed(&self, by_phone: bool) -> String {
        if by_phone && !self.is_known_by_phone() { self.phone_token() } else { self.member_token() }
    }

    /// What the facts say of whoever was selected.
    fn stance_of_selected(&self, by_phone: bool) -> Stance {
        if by_phone && !self.is_known_by_phone() { Stance::Never } else { self.stance }
    }
}

/// Test key: the 32 bytes 00 01 … 1f.
fn key() -> [u8; 32] {
    std::array::from_fn(|byte| u8::try_from(byte).unwrap())
}

fn token(kind: &str, normalised: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key()).unwrap();
    mac.update(kind.as_bytes());
    mac.update(&[0x1F]);
    mac.update(normalised.as_bytes());
    format!("k1:{kind}:{}", hex(&mac.finalize().into_bytes()[..16]))
}

/// Where data goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// On the list of sellers that the form names.
    Seller17,
    Seller23,
    /// Registered, but named by no disclosure.
    Seller90412,
    /// Adequate: Germany.
    Rheinpost,
    /// Entrusted storage in Singapore.
    CloudSg,
    /// At home.
    Courier,
    /// Registered without a country.
    BrokerX,
    /// Not in the registry.
    Nobody,
}

impl To {
    pub fn id(self) -> Option<&'static str> {
        match self {
            To::Seller17 => Some("seller-17"),
            To::Seller23 => Some("seller-23"),
            To::Seller90412 => Some("seller-90412"),
            To::Rheinpost => Some("dhl-de"),
            To::CloudSg => Some("cloud-sg"),
            To::Courier => Some("kr-courier"),
            To::BrokerX => Some("broker-x"),
            To::Nobody => None,
        }
    }

    /// The value of the header that names it.
    pub fn header(self) -> (&'static str, &'static str) {
        match self {
            To::Seller17 => ("x-seller-id", "S17"),
            To::Seller23 => ("x-seller-id", "S23"),
            To::Seller90412 => ("x-seller-id", "S90412"),
            To::Nobody => ("x-seller-id", "S404"),
            To::Rheinpost => ("x-dest-host", "API.rheinpost.example:443"),
            To::CloudSg => ("x-dest-host", "store.straits.example"),
            To::Courier => ("x-dest-host", "api.hanbit.example."),
            To::BrokerX => ("x-dest-host", "relay.broker-x.example"),
        }
    }

    pub fn country(self) -> Option<&'static str> {
        match self {
            To::Seller17 | To::Seller23 | To::Seller90412 => Some("CN"),
            To::Rheinpost => Some("DE"),
            To::CloudSg => Some("SG"),
            To::Courier => Some("KR"),
            To::BrokerX | To::Nobody => None,
        }
    }
}

/// What the oracle is asked: one item of one person to one recipient.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    pub item: &'static str,
    /// None: the subject is unresolved.
    pub person: Option<&'a Person>,
    pub by_phone: bool,
    pub to: To,
    pub at_ms: i64,
    pub declared_country: Option<&'static str>,
    pub purpose: Option<&'static str>,
}

impl Question<'_> {
    /// F: the countries that are not home.
    pub fn countries(&self) -> Vec<&'static str> {
        let evidence: BTreeSet<_> =
            [self.to.country(), self.declared_country].into_iter().flatten().collect();
        evidence.into_iter().filter(|country| *country != "KR").collect()
    }

    /// One cell for each country of F.
    pub fn cells(&self) -> Vec<Cell> {
        let countries = self.countries();
        if !countries.is_empty() {
            return countries.iter().map(|country| self.cell(country)).collect();
        }
        let (outcome, reasons) = match self.to.country() {
            Some(_) => ("domestic", vec![]),
            None => ("indeterminate", vec!["GEO_UNKNOWN"]),
        };
        vec![Cell { country: None, outcome, basis: None, reasons }]
    }

    fn cell(&self, country: &'static str) -> Cell {
        let permitted = |basis| Cell {
            country: Some(country),
            outcome: "permitted",
            basis: Some(basis),
            reasons: vec![],
        };
        let because = |outcome, mut reasons: Vec<&'static str>| {
            reasons.sort_unstable();
            Cell { country: Some(country), outcome, basis: None, reasons }
        };
        if self.item == "resident_registration_number" {
            return because("violation", vec!["RRN_NEVER_CONSENTABLE"]);
        }
        match self.to {
            To::Rheinpost => return permitted("adequacy:eea-adequacy@1"),
            To::CloudSg => return permitted("contract_entrustment:cloud-storage@1"),
            To::Nobody => return because("violation", vec!["RECIPIENT_UNKNOWN"]),
            _ => {}
        }
        // What the second form does not cover, whoever ticked it.
        let mut uncovered = Vec::new();
        if self.to == To::Seller90412 {
            uncovered.push("RECIPIENT_NOT_COVERED");
        }
        if country != "CN" {
            uncovered.push("COUNTRY_NOT_COVERED");
        }
        if self.purpose.is_some_and(|purpose| purpose != "delivery") {
            uncovered.push("PURPOSE_NOT_COVERED");
        }
        let no_basis = (self.to == To::Seller90412).then_some("NO_BASIS");
        let Some(person) = self.person else {
            if uncovered.is_empty() {
                return because("indeterminate", vec!["SUBJECT_UNRESOLVED"]);
            }
            uncovered.extend(no_basis);
            uncovered.push("SUBJECT_UNRESOLVED");
            return because("violation", uncovered);
        };
        match person.stance_of_selected(self.by_phone) {
            Stance::Given => {}
            Stance::Withdrawn if self.at_ms < WITHDRAWN_AT_MS => {}
            Stance::Expiring if self.at_ms < EXPIRED_AT_MS => {}
            Stance::Withdrawn => uncovered.push("CONSENT_WITHDRAWN"),
            Stance::Expiring => uncovered.push("CONSENT_EXPIRED"),
            Stance::NoThirdParty => uncovered.push("THIRD_PARTY_CONSENT_MISSING"),
            Stance::NoCrossBorder => uncovered.push("SEPARATE_CONSENT_MISSING"),
            Stance::Refused => uncovered.push("CONSENT_REFUSED"),
            Stance::ChildAlone => uncovered.push("CHILD_NO_GUARDIAN"),
            // Without a candidate no row of a form was looked at.
            Stance::NotYet => uncovered = vec!["CONSENT_NOT_YET"],
            Stance::Never => uncovered = vec!["NO_CONSENT"],
            // Every recipient and country passes by "*" alone, and it says nothing about refusing. That it is a
            // wildcard speaks for the whole flow, in place of NO_BASIS.
            Stance::OldForm => {
                let mut reasons = vec!["NOTICE_INCOMPLETE", "WILDCARD_DISCLOSURE"];
                reasons.extend(uncovered.contains(&"PURPOSE_NOT_COVERED").then_some("PURPOSE_NOT_COVERED"));
                return because("violation", reasons);
            }
        }
        if uncovered.is_empty() {
            return permitted("consent:checkout@2#sellers");
        }
        uncovered.extend(no_basis);
        because("violation", uncovered)
    }

    pub fn notes(&self, cells: &[Cell]) -> Vec<&'static str> {
        let mut notes = Vec::new();
        if self.declared_country.is_some()
            && self.to.country().is_some()
            && self.declared_country != self.to.country()
        {
            notes.push("DECLARED_COUNTRY_MISMATCH");
        }
        if cells.iter().any(|cell| cell.basis.is_some_and(|basis| basis.starts_with("adequacy:"))) {
            notes.push("THIRD_PARTY_CONSENT_NOT_JUDGED");
        }
        notes
    }
}

const DISCLOSURES: &str = r#"{"disclosure":"checkout","version":1,"language":"ko","channel":"consent_form","published_at":"2023-01-01T00:00:00+09:00","retired_at":"2024-05-01T00:00:00+09:00","url":"https://shop.example/consent/1","transfers":[{"ref":"sellers","items":["person_name","phone_number","postal_address"],"countries":["*"],"timing":"on_event","method":"API over TLS","recipients":["*"],"purposes":["delivery"],"retention":"P3M","transfer_type":"provide"}]}
{"disclosure":"checkout","version":2,"language":"ko","channel":"consent_form","published_at":"2024-05-01T00:00:00+09:00","url":"https://shop.example/consent/2","transfers":[{"ref":"sellers","items":["person_name","phone_number","postal_address"],"countries":["CN"],"timing":"on_event","method":"API over TLS","recipients":[{"class":"sellers","list_url":"https://shop.example/sellers"}],"purposes":["delivery"],"retention":"P3M","refusal":{"procedure":"Settings","effect":"orders from overseas sellers are not possible"},"transfer_type":"provide"}]}
{"disclosure":"privacy-policy","version":7,"language":"ko","channel":"privacy_policy","published_at":"2024-03-01T00:00:00+09:00","url":"https://shop.example/privacy/7","transfers":[{"ref":"hosting","items":["person_name","phone_number","postal_address","email_address"],"countries":["SG"],"timing":"realtime","method":"private line","recipients":["cloud-sg"],"purposes":["hosting","delivery","marketing"],"retention":"until account deletion","refusal":{"procedure":"delete the account","effect":"the service cannot be used"},"transfer_type":"store"}]}
"#;

const BASES: &str = r#"{"basis":"eea-adequacy","version":1,"kind":"adequacy","countries":["DE","FR"],"excluded_items":["resident_registration_number"],"excluded_classes":["credit"],"valid_from":"2023-09-16T00:00:00+09:00"}
{"basis":"cloud-storage","version":1,"kind":"contract_entrustment","recipients":["cloud-sg"],"countries":["SG"],"items":["person_name","phone_number","postal_address","email_address"],"necessary":true,"disclosed_by":"privacy-policy@7","valid_from":"2024-03-01T00:00:00+09:00"}
"#;

const RECIPIENTS: &str = r#"{"recipient":"seller-17","legal_name":"Shenzhen Lantian Trading Co., Ltd.","contact":"privacy@lantian.example","role":"third_party","legal_country":"CN","ids":["S17"],"classes":[{"class":"sellers","from":"2024-01-01T00:00:00+09:00"}]}
{"recipient":"seller-23","legal_name":"Guangzhou Meihua E-Commerce Co., Ltd.","contact":"privacy@meihua.example","role":"third_party","legal_country":"CN","ids":["S23"],"classes":[{"class":"sellers","from":"2024-01-01T00:00:00+09:00"}]}
{"recipient":"seller-90412","legal_name":"Yiwu Hongda Commerce","contact":"cs@hongda.example","role":"third_party","legal_country":"CN","ids":["S90412"],"classes":[]}
{"recipient":"dhl-de","legal_name":"Rheinpost GmbH","contact":"datenschutz@rheinpost.example","role":"third_party","legal_country":"DE","hosts":["api.rheinpost.example"],"classes":[]}
{"recipient":"cloud-sg","legal_name":"Straits Cloud Pte. Ltd.","contact":"dpo@straits.example","role":"processor","legal_country":"SG","hosts":["store.straits.example"],"classes":[]}
{"recipient":"kr-courier","legal_name":"한빛택배 주식회사","contact":"02-0000-0000","role":"processor","legal_country":"KR","hosts":["api.hanbit.example"],"classes":[]}
{"recipient":"broker-x","legal_name":"Broker X","contact":"ops@broker-x.example","role":"third_party","hosts":["relay.broker-x.example"],"classes":[]}
"#;

/// Id and registry value of one of the many sellers that only the largest record names.
pub fn bulk_seller(number: usize) -> (String, String) {
    (format!("bulk-{number:04}"), format!("B{number:04}"))
}

/// Writes the facts, and the registry entries of `bulk_sellers` sellers, into `folder`; and the key into `key_file`.
pub fn write(folder: &Path, key_file: &Path, bulk_sellers: usize) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join("disclosure.jsonl"), DISCLOSURES).unwrap();
    fs::write(folder.join("basis.jsonl"), BASES).unwrap();
    let mut recipients = RECIPIENTS.to_owned();
    for number in 0..bulk_sellers {
        let (id, value) = bulk_seller(number);
        writeln!(
            recipients,
            r#"{{"recipient":"{id}","legal_name":"{id}","contact":"x@{id}.example","role":"third_party","legal_country":"CN","ids":["{value}"],"classes":[]}}"#
        )
        .unwrap();
    }
    fs::write(folder.join("recipient.jsonl"), recipients).unwrap();
    fs::write(folder.join("consent.jsonl"), people().iter().map(acts).collect::<String>()).unwrap();
    fs::write(key_file, hex(&key())).unwrap();
    private(key_file);
}

#[cfg(unix)]
fn private(key_file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(key_file, fs::Permissions::from_mode(0o600)).unwrap();
}

/// The acts of one person, a line each.
fn acts(person: &Person) -> String {
    let act = |number, act: &str, at: &str, rest: &str| {
        let version = if person.stance == Stance::OldForm { 1 } else { 2 };
        format!(
            "{{\"event\":\"{}-{number}\",\"subject\":[\"{}\",\"{}\"],\"disclosure\":\"checkout\",\"version\":{version},\
             \"act\":\"{act}\",\"at\":\"{at}T00:00:00+09:00\",\"method\":\"app\"{rest}}}\n",
            person.number,
            person.member_token(),
            person.phone_token(),
        )
    };
    let both = r#","separate":{"cross_border":true,"third_party":true}"#;
    let with = |rest: &str| format!("{both}{rest}");
    match person.stance {
        Stance::Given => act(1, "given", "2024-06-01", both),
        Stance::Withdrawn => act(1, "given", "2024-06-01", both) + &act(2, "withdrawn", "2024-07-01", ""),
        Stance::Expiring => {
            act(1, "given", "2024-06-01", &with(r#","expires_at":"2024-07-05T00:00:00+09:00""#))
        }
        Stance::NotYet => act(1, "given", "2024-12-01", both),
        Stance::NoThirdParty => {
            act(1, "given", "2024-06-01", r#","separate":{"cross_border":true,"third_party":false}"#)
        }
        Stance::NoCrossBorder => {
            act(1, "given", "2024-06-01", r#","separate":{"cross_border":false,"third_party":true}"#)
        }
        Stance::Refused => act(1, "refused", "2024-06-01", ""),
        Stance::ChildAlone => act(1, "given", "2024-06-01", &with(r#","under_14":true"#)),
        Stance::OldForm => act(1, "given", "2024-02-10", both),
        Stance::Never => String::new(),
    }
}

#[test]
fn tokens_are_those_of_the_contracts() {
    assert_eq!(token("member", "M-1001"), "k1:member:f971b4f1fc0c5e2194f55e3935bd3846");
    assert_eq!(token("phone", "01012345678"), "k1:phone:333625e8af6012c36aa018d2d941c053");
}

#[test]
fn resident_numbers_carry_their_check_digit() {
    // 800315-1230000: 8·2+0·3+0·4+3·5+1·6+5·7+1·8+2·9+3·2+0+0+0 = 104; 11 − 104 mod 11 = 6
    assert_eq!(people()[0].resident_number(), "800315-1230006");
}
