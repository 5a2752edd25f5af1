//! E-mail addresses: what stands around an `@`.

use super::fold::lower;
use super::keys::WordSet;

/// RFC 5321: octets of a local part and of a domain.
const LOCAL_BYTES_MAX: usize = 64;
const DOMAIN_BYTES_MAX: usize = 255;
const LABEL_BYTES_MAX: usize = 63;

/// The lists of `patterns/email_address.yaml`, in lower case.
#[derive(Default)]
pub(super) struct Mailboxes {
    pub(super) roles: WordSet,
    pub(super) no_domains: WordSet,
    pub(super) no_people: WordSet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Email {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Nobody in particular reads it.
    pub(super) role: bool,
}

impl Mailboxes {
    /// The address whose `@` is `text[at]`.
    pub(super) fn read(&self, text: &str, at: usize) -> Option<Email> {
        let bytes = text.as_bytes();
        let before = bytes.get(..at)?;
        let local = before.iter().rev().take(LOCAL_BYTES_MAX + 1).take_while(|byte| is_atom(**byte)).count();
        let mut start = at - local;
        while bytes.get(start) == Some(&b'.') {
            start += 1;
        }
        let local = text.get(start..at)?;
        if local.is_empty() || local.len() > LOCAL_BYTES_MAX || local.ends_with('.') || local.contains("..") {
            return None;
        }
        // `user:password@host` and `*` of a masked one.
        if start
            .checked_sub(1)
            .and_then(|before| bytes.get(before))
            .is_some_and(|byte| matches!(byte, b':' | b'*' | b'/') && !is_scheme(before, start))
        {
            return None;
        }
        let end = self.domain_end(text, at + 1)?;
        if bytes.get(end) == Some(&b':') && bytes.get(end + 1).is_some_and(u8::is_ascii_alphanumeric) {
            return None;
        }
        let mut buffer = [0; LOCAL_BYTES_MAX];
        let lower = lower(local, &mut buffer)?;
        if self.no_people.contains(lower) {
            return None;
        }
        Some(Email { start, end, role: self.is_role(lower) })
    }

    /// Labels of letters, digits and hyphens; the last is letters only and no end of a file name.
    fn domain_end(&self, text: &str, start: usize) -> Option<usize> {
        let domain = text.get(start..)?;
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        let length = domain.bytes().take(DOMAIN_BYTES_MAX + 1).take_while(|byte| is_part(byte)).count();
        let domain = domain.get(..length)?.trim_end_matches(['.', '-']);
        let (head, last) = domain.rsplit_once('.')?;
        let labels_hold = head.split('.').all(|label| {
            (1..=LABEL_BYTES_MAX).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
        });
        let is_top = (2..=LABEL_BYTES_MAX).contains(&last.len())
            && last.bytes().all(|byte| byte.is_ascii_alphabetic());
        let mut buffer = [0; LABEL_BYTES_MAX];
        let is_file = lower(last, &mut buffer).is_none_or(|lower| self.no_domains.contains(lower));
        (labels_hold && is_top && domain.len() <= DOMAIN_BYTES_MAX && !is_file)
            .then_some(start + domain.len())
    }

    /// `help`, `cs-team`, `order2`: a role before the first separator, or as a whole.
    fn is_role(&self, local: &str) -> bool {
        let first = local.split(['+', '.', '_', '-']).next().unwrap_or_default();
        let unnumbered = first.trim_end_matches(|character: char| character.is_ascii_digit());
        self.roles.contains(local) || self.roles.contains(unnumbered)
    }
}

/// Characters of an atom that mailboxes have in practice (RFC 5322 allows more, which nobody hands out).
fn is_atom(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'+' | b'\'' | b'&' | b'~' | b'%')
}

/// `mailto:` is a scheme, what else ends with a colon before a local part is a user with a password.
fn is_scheme(before: &[u8], start: usize) -> bool {
    let head = before.get(..start).unwrap_or_default();
    head.last() == Some(&b':')
        && !head.get(..head.len() - 1).is_some_and(|head| head.windows(3).any(|three| three == b"://"))
}

#[cfg(test)]
mod tests {
    use super::Mailboxes;

    #[test]
    fn an_address_ends_where_its_characters_end() {
        let list = |words: &[&str]| words.iter().map(|word| Box::from(*word)).collect();
        let mailboxes = Mailboxes {
            roles: list(&["cs", "help", "no-reply"]),
            no_domains: list(&["png"]),
            no_people: list(&["git"]),
        };
        for (text, expected) in [
            ("메일은 jiwon.han88@naver.com입니다.", Some(("jiwon.han88@naver.com", false))),
            ("<a_b+c@mail.x-y.co.kr>", Some(("a_b+c@mail.x-y.co.kr", false))),
            ("mailto:a@b.kr?subject=1", Some(("a@b.kr", false))),
            ("from:kim@b.kr", Some(("kim@b.kr", false))),
            ("끝 a@b.kr.", Some(("a@b.kr", false))),
            ("help@b.kr", Some(("help@b.kr", true))),
            ("cs2-team@b.kr", Some(("cs2-team@b.kr", true))),
            ("no-reply@b.kr", Some(("no-reply@b.kr", true))),
            ("helpful@b.kr", Some(("helpful@b.kr", false))),
            ("git@github.com:team/repo", None),
            ("logo@2x.png", None),
            ("pkg@1.2.3", None),
            ("redis://user:pw@cache.example.com:6379", None),
            ("bl***@b.kr", None),
            ("@b.kr", None),
            ("a..b@c.kr", None),
            ("a@b", None),
        ] {
            let at = text.find('@').unwrap();
            let email = mailboxes.read(text, at);
            let seen = email.map(|email| (text.get(email.start..email.end).unwrap(), email.role));
            assert_eq!(seen, expected, "{text}");
        }
    }
}
