//! Provisions of the law, as each language cites them.

use std::fmt;

use super::Language;

/// A provision of the Personal Information Protection Act (개인정보 보호법, PIPA) or of its Enforcement Decree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Provision {
    is_decree: bool,
    article: u8,
    /// Of an article that was put in later: the 8 of Art. 28-8. 0: none.
    branch: u8,
    /// 항; 0: the whole article.
    paragraph: u8,
    /// 호; 0: the whole paragraph.
    number: u8,
}

impl Provision {
    /// An article of the Act; `branch` 0 is the article itself.
    pub const fn act(article: u8, branch: u8) -> Provision {
        Provision { is_decree: false, article, branch, paragraph: 0, number: 0 }
    }

    /// An article of the Enforcement Decree.
    pub const fn decree(article: u8, branch: u8) -> Provision {
        Provision { is_decree: true, ..Provision::act(article, branch) }
    }

    #[must_use]
    pub const fn paragraph(self, paragraph: u8) -> Provision {
        Provision { paragraph, ..self }
    }

    #[must_use]
    pub const fn number(self, number: u8) -> Provision {
        Provision { number, ..self }
    }

    /// `PIPA Art. 28-8(1) no. 3`, `개인정보 보호법 제28조의8제1항제3호`.
    pub fn cited(self, language: Language) -> String {
        match language {
            Language::English => English(self).to_string(),
            Language::Korean => Korean(self).to_string(),
        }
    }
}

/// Several in one citation: `PIPA Art. 22(1), 28-8(1) no. 1`. The law is named where it changes.
pub fn cited(provisions: &[Provision], language: Language) -> String {
    let mut out = String::new();
    let mut named = None;
    for provision in provisions {
        let text = provision.cited(language);
        let law = match language {
            Language::English => English(*provision).law(),
            Language::Korean => Korean(*provision).law(),
        };
        if named.is_none() {
            out.push_str(&text);
        } else {
            out.push_str(", ");
            out.push_str(if named == Some(law) { text.strip_prefix(law).unwrap_or(&text) } else { &text });
        }
        named = Some(law);
    }
    out
}

struct English(Provision);

impl English {
    const fn law(&self) -> &'static str {
        if self.0.is_decree { "PIPA Enforcement Decree Art. " } else { "PIPA Art. " }
    }
}

impl fmt::Display for English {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Provision { article, branch, paragraph, number, .. } = self.0;
        write!(f, "{}{article}", self.law())?;
        if branch > 0 {
            write!(f, "-{branch}")?;
        }
        if paragraph > 0 {
            write!(f, "({paragraph})")?;
        }
        if number > 0 {
            write!(f, " no. {number}")?;
        }
        Ok(())
    }
}

struct Korean(Provision);

impl Korean {
    const fn law(&self) -> &'static str {
        if self.0.is_decree { "개인정보 보호법 시행령 " } else { "개인정보 보호법 " }
    }
}

impl fmt::Display for Korean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Provision { article, branch, paragraph, number, .. } = self.0;
        write!(f, "{}제{article}조", self.law())?;
        if branch > 0 {
            write!(f, "의{branch}")?;
        }
        if paragraph > 0 {
            write!(f, "제{paragraph}항")?;
        }
        if number > 0 {
            write!(f, "제{number}호")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Language::{English, Korean};
    use super::{Provision, cited};

    #[test]
    fn a_provision_is_cited_as_each_language_does() {
        let third = Provision::act(28, 8).paragraph(1).number(3);
        assert_eq!(third.cited(English), "PIPA Art. 28-8(1) no. 3");
        assert_eq!(third.cited(Korean), "개인정보 보호법 제28조의8제1항제3호");
        let list = [Provision::act(22, 0).paragraph(1), third, Provision::decree(29, 7)];
        assert_eq!(
            cited(&list, English),
            "PIPA Art. 22(1), 28-8(1) no. 3, PIPA Enforcement Decree Art. 29-7"
        );
        assert_eq!(
            cited(&list, Korean),
            "개인정보 보호법 제22조제1항, 제28조의8제1항제3호, 개인정보 보호법 시행령 제29조의7"
        );
    }
}
