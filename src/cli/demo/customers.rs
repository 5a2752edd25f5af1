//! The shop's customers: invented people, and what each of them agreed to. The same on every machine.

use crate::subject::{Keyring, TokenType};

pub(super) const CUSTOMERS: u64 = 60;

const SURNAMES: [&str; 10] = ["김", "이", "박", "최", "정", "강", "조", "윤", "장", "임"];
const GIVEN_NAMES: [&str; 12] =
    ["서연", "민준", "지우", "도윤", "하은", "시우", "수아", "예준", "지민", "현우", "다인", "건우"];
const STREETS: [&str; 8] = [
    "서울특별시 마포구 월드컵북로 396",
    "서울특별시 송파구 올림픽로 300",
    "부산광역시 해운대구 센텀중앙로 79",
    "대구광역시 수성구 달구벌대로 2460",
    "인천광역시 연수구 송도과학로 32",
    "광주광역시 서구 상무중앙로 110",
    "경기도 성남시 분당구 판교역로 166",
    "강원특별자치도 춘천시 중앙로 1",
];

/// What a customer did about the checkout's consent forms.
#[derive(Clone, Copy)]
enum Consent {
    /// To all that the form in force names, as the law wants it.
    Complete,
    /// Complete, and withdrawn the day before.
    Withdrawn,
    /// Only to the form before, which named everybody and everywhere.
    Wildcard,
    /// The box for third parties was left empty.
    NotToThirdParties,
    Refused,
    /// Three days after the day that the demo plays.
    TooLate,
    Never,
}

/// Given to the customers in turn.
const CONSENTS: [Consent; 20] = [
    Consent::Complete,
    Consent::Complete,
    Consent::Withdrawn,
    Consent::Complete,
    Consent::Complete,
    Consent::Wildcard,
    Consent::Complete,
    Consent::Complete,
    Consent::NotToThirdParties,
    Consent::Complete,
    Consent::Complete,
    Consent::Never,
    Consent::Complete,
    Consent::Complete,
    Consent::Refused,
    Consent::Complete,
    Consent::Complete,
    Consent::TooLate,
    Consent::Complete,
    Consent::Complete,
];

/// One customer, by number from 0.
#[derive(Clone, Copy)]
pub(super) struct Customer(pub(super) u64);

impl Customer {
    pub(super) fn member(self) -> String {
        format!("M-{:04}", self.0)
    }

    pub(super) fn name(self) -> String {
        [pick(&SURNAMES, self.0), pick(&GIVEN_NAMES, self.0 / 7)].concat()
    }

    pub(super) fn phone(self) -> String {
        format!("010-{:04}-{:04}", 2_345 + 11 * self.0, 1_203 + 137 * self.0)
    }

    pub(super) fn email(self) -> String {
        format!("member{:04}@mail.example", self.0)
    }

    pub(super) fn address(self) -> String {
        let street = pick(&STREETS, self.0);
        format!("{street}, {}동 {}호", 101 + self.0 % 9, 100 * (self.0 % 14 + 1) + self.0 % 4 + 1)
    }

    /// Of Shinhan Bank's layout.
    pub(super) fn account(self) -> String {
        format!("110-{:03}-{:06}", 234 + self.0, 456_781 + 1_013 * self.0)
    }

    /// With the check digit of ISO/IEC 7812-1.
    pub(super) fn card(self) -> String {
        let digits = format!("451842{:09}", 532_842_554 + 7_919 * self.0);
        let sum: u32 = digits
            .bytes()
            .rev()
            .zip([2, 1].into_iter().cycle())
            .map(|(digit, weight)| u32::from(digit - b'0') * weight)
            .map(|product| product / 10 + product % 10)
            .sum();
        let groups: Vec<String> = format!("{digits}{}", (10 - sum % 10) % 10)
            .as_bytes()
            .chunks(4)
            .map(|group| String::from_utf8_lossy(group).into_owned())
            .collect();
        groups.join("-")
    }

    /// Born in 1985, with the check digit that was issued until October 2020.
    pub(super) fn resident_number(self) -> String {
        let digits = format!("850312{:06}", 223_450 + self.0);
        let weights = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5];
        let sum: u32 =
            digits.bytes().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        let (birth, rest) = digits.split_at(6);
        format!("{birth}-{rest}{}", (11 - sum % 11) % 10)
    }

    fn acts(self, keyring: &Keyring) -> Vec<String> {
        let Some(token) = keyring.token(TokenType::Member, &self.member()) else { return Vec::new() };
        let act = |number: u8, version: u64, act: &str, at: &str, third_party: bool| {
            serde_json::json!({
                "event": format!("{}-{number}", self.0), "subject": [token.0], "disclosure": "checkout",
                "version": version, "act": act, "at": at, "method": "app",
                "separate": {"cross_border": true, "third_party": third_party},
            })
            .to_string()
        };
        let complete = || act(1, 2, "given", "2024-06-01T10:00:00+09:00", true);
        match pick(&CONSENTS, self.0) {
            Consent::Complete => vec![complete()],
            Consent::Withdrawn => vec![complete(), act(2, 2, "withdrawn", "2024-07-01T09:00:00+09:00", true)],
            Consent::Wildcard => vec![act(1, 1, "given", "2023-09-12T10:00:00+09:00", true)],
            Consent::NotToThirdParties => vec![act(1, 2, "given", "2024-06-01T10:00:00+09:00", false)],
            Consent::Refused => vec![act(1, 2, "refused", "2024-06-01T10:00:00+09:00", true)],
            Consent::TooLate => vec![act(1, 2, "given", "2024-07-05T10:00:00+09:00", true)],
            Consent::Never => Vec::new(),
        }
    }
}

/// The consent acts of all customers, as lines of the `consent` stream.
pub(super) fn consents(keyring: &Keyring) -> String {
    let lines: Vec<String> = (0..CUSTOMERS).flat_map(|number| Customer(number).acts(keyring)).collect();
    lines.join("\n")
}

/// The list, over and over.
fn pick<T: Copy, const N: usize>(list: &[T; N], number: u64) -> T {
    let position = usize::try_from(number % N as u64).unwrap_or_default();
    list.get(position).copied().unwrap_or(list[0])
}
