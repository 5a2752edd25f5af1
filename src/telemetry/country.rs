//! Countries as values of a label: a closed set, whatever two letters a sender declares.

use crate::destination::{ASSIGNED, Country};

const ASSIGNED_COUNT: usize = ASSIGNED.len() / 2;
/// Two letters that ISO has not assigned, such as a sender's `XX`.
const OTHER: usize = ASSIGNED_COUNT;
/// Nothing says where the data goes.
const UNKNOWN: usize = ASSIGNED_COUNT + 1;
/// No country but the home country.
const NONE: usize = ASSIGNED_COUNT + 2;

/// How many values the label has.
pub(super) const COUNTRY_LABELS: usize = ASSIGNED_COUNT + 3;

/// One value of the label `country`, as its position in the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct CountryLabel(pub(super) usize);

impl CountryLabel {
    pub(super) const UNKNOWN: CountryLabel = CountryLabel(UNKNOWN);
    pub(super) const NONE: CountryLabel = CountryLabel(NONE);

    pub(super) fn of(country: Country) -> CountryLabel {
        CountryLabel(country.assigned().unwrap_or(OTHER))
    }

    pub(super) fn text(self) -> &'static str {
        match self.0 {
            UNKNOWN => "unknown",
            NONE => "none",
            position => ASSIGNED.get(2 * position..2 * position + 2).unwrap_or("other"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{COUNTRY_LABELS, CountryLabel};
    use crate::destination::{ASSIGNED, Country};

    #[test]
    fn every_assigned_code_has_a_label_of_its_own_and_all_others_share_one() {
        assert!(ASSIGNED.as_bytes().chunks(2).is_sorted_by(|one, next| one < next));
        let mut own = 0;
        for first in 'A'..='Z' {
            for second in 'A'..='Z' {
                let code = format!("{first}{second}");
                let label = CountryLabel::of(Country::parse(&code).unwrap());
                own += usize::from(label.text() == code);
                assert!(
                    label.0 < COUNTRY_LABELS && (label.text() == code || label.text() == "other"),
                    "{code}"
                );
            }
        }
        assert_eq!(own, 249);
        assert_eq!((CountryLabel::UNKNOWN.text(), CountryLabel::NONE.text()), ("unknown", "none"));
    }
}
