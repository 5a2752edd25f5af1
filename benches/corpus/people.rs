//! Made-up people and their numbers: valid in form, of nobody.

use super::random::Random;

const SURNAMES: &[&str] = &[
    "김", "이", "박", "최", "정", "강", "조", "윤", "장", "임", "한", "오", "서", "신", "권", "황", "안",
    "송", "류", "홍",
];
const GIVEN: &[&str] = &[
    "민준", "서연", "도윤", "지우", "서준", "하은", "예준", "지호", "수빈", "지민", "현우", "유진", "준서",
    "은지", "건우", "소영", "우진", "다은", "선우", "채원", "민재", "예은", "현준", "나연", "지훈", "수아",
    "동현", "지원", "성민", "미경", "영수", "정희", "상훈", "은영", "재현", "혜진", "태윤", "보라", "진우",
    "가영",
];
const STREETS: &[(&str, &str)] = &[
    ("서울특별시 강남구", "테헤란로"),
    ("서울특별시 송파구", "올림픽로"),
    ("서울특별시 마포구", "월드컵북로"),
    ("부산광역시 해운대구", "센텀중앙로"),
    ("대구광역시 수성구", "동대구로"),
    ("인천광역시 연수구", "송도과학로"),
    ("광주광역시 서구", "상무중앙로"),
    ("대전광역시 유성구", "대학로"),
    ("경기도 성남시 분당구", "판교역로"),
    ("경기도 수원시 영통구", "광교중앙로"),
    ("경상남도 창원시 성산구", "중앙대로"),
    ("전라북도 전주시 완산구", "홍산로"),
    ("제주특별자치도 제주시", "첨단로"),
];
const LOTS: &[&str] = &[
    "서울특별시 은평구 응암동",
    "경기도 고양시 일산동구 장항동",
    "강원도 춘천시 퇴계동",
    "부산광역시 동래구 온천동",
];
const MAIL_NAMES: &[&str] =
    &["minjun", "seoyeon", "dy.park", "jiwoo", "haeun", "jiho", "subin", "hwoo", "yujin", "eunji"];
const MAIL_HOSTS: &[&str] = &["naver.com", "gmail.com", "daum.net", "kakao.com", "nate.com"];
/// Two-digit prefixes of issuers with 16 digits.
const CARD_PREFIXES: &[&str] = &["94", "45", "54", "52", "62"];

/// All of one person's data that a record can hold.
pub(super) struct Person {
    /// The shop's member id.
    pub(super) member: String,
    pub(super) name: String,
    pub(super) mobile: String,
    pub(super) address: String,
    pub(super) email: String,
}

impl Person {
    pub(super) fn new(member: String, random: &mut Random) -> Person {
        Person {
            member,
            name: format!("{}{}", random.of(SURNAMES), random.of(GIVEN)),
            mobile: mobile(random),
            address: address(random),
            email: format!("{}{}@{}", random.of(MAIL_NAMES), random.below(10_000), random.of(MAIL_HOSTS)),
        }
    }
}

fn mobile(random: &mut Random) -> String {
    let (middle, last) = (2000 + random.below(8000), random.below(10_000));
    match random.below(10) {
        0..6 => format!("010-{middle:04}-{last:04}"),
        6..9 => format!("010{middle:04}{last:04}"),
        _ => format!("+82 10-{middle:04}-{last:04}"),
    }
}

pub(super) fn landline(random: &mut Random) -> String {
    let area = random.of(&["02", "031", "051", "053", "062"]);
    format!("{area}-{}-{:04}", 300 + random.below(600), random.below(10_000))
}

fn address(random: &mut Random) -> String {
    let detail =
        format!("{}동 {}호", 101 + random.below(20), 100 * (1 + random.below(20)) + 1 + random.below(8));
    if random.below(10) < 7 {
        let (region, road) = random.of(STREETS);
        format!("{region} {road} {}, {detail}", 1 + random.below(400))
    } else {
        format!("{} {}-{} {detail}", random.of(LOTS), 1 + random.below(900), 1 + random.below(60))
    }
}

/// 16 digits with a right check digit.
pub(super) fn card(random: &mut Random) -> String {
    let mut digits = random.of(CARD_PREFIXES).to_string();
    digits.push_str(&random.digits(13));
    digits.push(luhn_check_digit(&digits));
    let groups: Vec<&str> =
        (0..4).map(|group| digits.get(group * 4..group * 4 + 4).unwrap_or_default()).collect();
    groups.join("-")
}

/// The digit that makes the sum of Luhn a multiple of ten.
fn luhn_check_digit(digits: &str) -> char {
    let doubled = digits.bytes().rev().enumerate().map(|(place, digit)| {
        let digit = u32::from(digit - b'0');
        match (place % 2 == 0, digit) {
            (true, 5..) => digit * 2 - 9,
            (true, _) => digit * 2,
            (false, _) => digit,
        }
    });
    char::from_digit((10 - doubled.sum::<u32>() % 10) % 10, 10).unwrap_or('0')
}

/// A bank's name and an account of that bank's form.
pub(super) fn account(random: &mut Random) -> (&'static str, String) {
    match random.below(3) {
        0 => ("국민은행", format!("{}-{}-{}", random.digits(6), random.digits(2), random.digits(6))),
        1 => ("신한은행", format!("110-{}-{}", random.digits(3), random.digits(6))),
        _ => ("우리은행", format!("1002-{}-{}", random.digits(3), random.digits(6))),
    }
}

/// Born before October 2020, so the check digit is right.
pub(super) fn resident_number(random: &mut Random) -> String {
    let (year, month, day) = (60 + random.below(40), 1 + random.below(12), 1 + random.below(28));
    let digits = format!("{year:02}{month:02}{day:02}{}{}", 1 + random.below(2), random.digits(5));
    let weights = [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5];
    let sum: u32 = digits.bytes().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let check = (11 - sum % 11) % 10;
    let (birth, serial) = digits.split_at(6);
    format!("{birth}-{serial}{check}")
}

/// 개인통관고유부호: P and twelve digits.
pub(super) fn customs_code(random: &mut Random) -> String {
    format!("P{}{}", random.digits(1), random.digits(11))
}
