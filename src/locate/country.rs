//! Evidence of country, and what follows from it (`DECISION.md` §2).

use super::address::Observed;
use crate::destination::{Country, Destination, Evidence, EvidenceKind, GeoConfidence, Reach};
use crate::recipient::Recipient;

/// What one record says of where it goes, whoever its recipients are.
#[derive(Clone, Copy)]
pub(super) struct Signs<'r> {
    pub(super) home: Country,
    pub(super) observed: Observed<'r>,
    /// The country, and the source that declared it.
    pub(super) declared: Option<(Country, &'r str)>,
}

impl Signs<'_> {
    /// Unknown where there is no evidence, or only the sender's own word that it stays at home.
    pub(super) fn reach(&self, recipient: Option<&Recipient>) -> Reach {
        let legal = recipient.and_then(|recipient| recipient.legal_country);
        let observed = self.observed.country.map(|observed| observed.country);
        let declared = self.declared.map(|(country, _)| country);
        if [legal, observed, declared].into_iter().flatten().any(|country| country != self.home) {
            Reach::Abroad
        } else if legal.is_some() || observed.is_some() {
            Reach::Domestic
        } else {
            Reach::Unknown
        }
    }

    /// The whole evidence, in the order legal, observed, declared.
    pub(super) fn destination(&self, recipient: Option<&Recipient>) -> Destination {
        let mut evidence = Vec::with_capacity(3);
        if let Some((id, country)) =
            recipient.and_then(|recipient| Some((recipient.id.as_str(), recipient.legal_country?)))
        {
            let source = ["recipient:", id].concat();
            evidence.push(Evidence {
                kind: EvidenceKind::Legal,
                country,
                source,
                build: None,
                confidence: None,
            });
        }
        if let Some(observed) = self.observed.country {
            evidence.push(Evidence {
                kind: EvidenceKind::Observed,
                country: observed.country,
                source: observed.source.to_owned(),
                build: Some(observed.build.to_owned()),
                // One answer, so no two that differ.
                confidence: Some(GeoConfidence::High),
            });
        }
        if let Some((country, source)) = self.declared {
            let source = source.to_owned();
            evidence.push(Evidence {
                kind: EvidenceKind::Declared,
                country,
                source,
                build: None,
                confidence: None,
            });
        }
        let mut countries: Vec<Country> = evidence
            .iter()
            .map(|evidence| evidence.country)
            .filter(|country| *country != self.home)
            .collect();
        countries.sort_unstable();
        countries.dedup();
        Destination {
            evidence,
            countries,
            reach: self.reach(recipient),
            asn: self.observed.asn,
            as_organisation: self.observed.as_organisation.map(str::to_owned),
        }
    }
}
