//! Which language a person reads.

use crate::text::Language;

/// What the locale asks for, as POSIX has it: the first of these that is set and not empty.
const VARIABLES: [&str; 3] = ["LC_ALL", "LC_MESSAGES", "LANG"];

/// `chosen` on the command line, else that of the locale.
pub(super) fn language(chosen: Option<Language>) -> Language {
    chosen.unwrap_or_else(|| of_environment(|name| std::env::var(name).ok()))
}

fn of_environment(variable: impl Fn(&str) -> Option<String>) -> Language {
    let locale = VARIABLES.into_iter().filter_map(variable).find(|value| !value.is_empty());
    Language::of_locale(&locale.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::of_environment;
    use crate::text::Language::{self, English, Korean};

    #[test]
    fn the_first_variable_that_is_set_decides() {
        let check = |variables: &[(&str, &str)], expected: Language| {
            let of = |name: &str| {
                variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(of_environment(of), expected, "{variables:?}");
        };
        check(&[], English);
        check(&[("LANG", "ko_KR.UTF-8")], Korean);
        check(&[("LC_MESSAGES", "en_US.UTF-8"), ("LANG", "ko_KR.UTF-8")], English);
        check(&[("LC_ALL", ""), ("LC_MESSAGES", "ko_KR.UTF-8"), ("LANG", "C")], Korean);
        check(&[("LC_ALL", "C"), ("LANG", "ko_KR.UTF-8")], English);
    }
}
