//! The words that people read, in Korean and in English.
//!
//! One place for both languages: what a code means ([`reason`], [`note`]), what a thing is called ([`names`]), and
//! the provision of the law that it comes from ([`Provision`]). Machine output is one and the same everywhere and
//! takes nothing from here.

mod evidence;
mod law;
pub mod names;
mod reasons;

pub use evidence::evidence;
pub use law::{Provision, cited};
pub use reasons::{Meaning, note, reason};

/// The language that a person reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    English,
    Korean,
}

impl Language {
    pub const ALL: [Language; 2] = [Language::English, Language::Korean];

    /// As it is written on the command line: ISO 639-1.
    pub const fn as_str(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Korean => "ko",
        }
    }

    /// Of a POSIX locale (`ko_KR.UTF-8`). Whoever reads neither language is shown English.
    pub fn of_locale(locale: &str) -> Language {
        let name = locale.split(['_', '.', '@', '-']).next().unwrap_or_default();
        if name.eq_ignore_ascii_case("ko") { Language::Korean } else { Language::English }
    }

    /// The one of two texts that is in this language.
    pub fn pick<T>(self, english: T, korean: T) -> T {
        match self {
            Language::English => english,
            Language::Korean => korean,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Language::{self, English, Korean};

    #[test]
    fn a_locale_says_which_language_is_read() {
        for (locale, expected) in [
            ("ko_KR.UTF-8", Korean),
            ("ko", Korean),
            ("ko_KR.eucKR@euro", Korean),
            ("en_US.UTF-8", English),
            ("kok_IN", English),
            ("C", English),
            ("", English),
        ] {
            assert_eq!(Language::of_locale(locale), expected, "{locale}");
        }
    }
}
