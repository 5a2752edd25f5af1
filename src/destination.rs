//! Where a record goes: the countries, and every piece of evidence that named one.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Officially assigned alpha-2 codes of ISO 3166-1 (249 of them), sorted.
pub const ASSIGNED: &str = "\
    ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBL\
    BMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCRCUCV\
    CWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGD\
    GEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIM\
    INIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILK\
    LRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMW\
    MXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPGPHPKPLPMPNPR\
    PSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSS\
    STSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZUAUGUMUSUY\
    UZVAVCVEVGVIVNVUWFWSYEYTZAZMZW";

/// ISO 3166-1 alpha-2, upper case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// Two ASCII letters of either case; anything else is no country.
    pub fn parse(text: &str) -> Option<Country> {
        match text.as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Some(Country([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => None,
        }
    }

    /// Its position in [`ASSIGNED`], in codes; `None` for two letters that are no country's, such as `UK`.
    pub fn assigned(self) -> Option<usize> {
        ASSIGNED.as_bytes().as_chunks::<2>().0.binary_search(&self.0).ok()
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("??")
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Country {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Country {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Country, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Country::parse(&text).ok_or_else(|| serde::de::Error::custom("not a country code of two letters"))
    }
}

/// One piece of evidence of a country (`DECISION.md` §2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evidence {
    pub kind: EvidenceKind,
    pub country: Country,
    /// `recipient:seller-17`, `mmdb:country`, `header:x-dest-country` …
    pub source: String,
    /// Build date of the database, `2026-11-01`; observed evidence only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub build: Option<String>,
    /// Observed evidence only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<GeoConfidence>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceKind {
    Legal,
    Observed,
    Declared,
    Override,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GeoConfidence {
    High,
    Low,
}

/// Where one recipient's share of a record goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destination {
    pub evidence: Vec<Evidence>,
    /// F of `DECISION.md` §2: foreign countries among the evidence, sorted.
    pub countries: Vec<Country>,
    pub reach: Reach,
    pub asn: Option<u32>,
    pub as_organisation: Option<String>,
}

/// What §2 concludes before any basis is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// No evidence, or only the sender's own word that it stays at home: `GEO_UNKNOWN`.
    #[default]
    Unknown,
    Domestic,
    Abroad,
}
