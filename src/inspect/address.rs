//! Postal addresses of Korea: a road and the number of a building, or a 동 or 리 and the number of a lot, with the
//! regions before and the detail behind (도로명주소법 시행령 제3조, 제6조).
//!
//! `바로 2` and `개인적으로 1` have the form of a road and a number. Only a region of `patterns/regions.yaml`, a
//! field's name, a label or a flat's number makes an address of it.

use serde::Deserialize;

use super::fold::lower;
use super::hangul::{self, SYLLABLE_BYTES};
use super::keys::WordSet;
use super::weight;

/// Regions before a road, and pieces of detail behind the number.
const REGIONS_MAX: usize = 5;
const DETAIL_MAX: usize = 6;
/// Of a note in parentheses: `(역삼동, 강남빌딩)`.
const NOTE_BYTES_MAX: usize = 60;
const BUILDING_BYTES_MAX: usize = 60;
const DETAIL_VALUE_BYTES_MAX: usize = 80;
const LATIN_PART_BYTES_MAX: usize = 40;
/// Gyeongsangnam, Chungcheongbuk.
const LATIN_REGION_BYTES_MAX: usize = 16;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Province {
    names: Vec<String>,
    latin: Vec<String>,
    districts: Vec<String>,
}

#[derive(Default)]
pub(super) struct Regions {
    provinces: WordSet,
    districts: WordSet,
    /// In lower case.
    latin: WordSet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Without what field names and labels say.
    pub(super) weight: i32,
    /// A road, or a quarter, and a number.
    pub(super) road: bool,
    pub(super) region: bool,
    pub(super) detail: bool,
}

/// A word of the text: Hangul, letters, digits and hyphens without a gap.
#[derive(Clone, Copy)]
pub(super) struct Piece {
    start: usize,
    end: usize,
}

/// The numbers of an anchor: where the address may begin, where its number ends, and the next piece.
struct Anchor {
    first: usize,
    number_end: usize,
    next: usize,
    is_lot: bool,
    /// Something follows the number in its piece: an ending of a word.
    closed: bool,
}

impl Regions {
    pub(super) fn add(&mut self, province: &Province) {
        self.provinces.extend(province.names.iter().map(|name| Box::from(name.as_str())));
        self.districts.extend(province.districts.iter().map(|name| Box::from(name.as_str())));
        self.latin.extend(province.latin.iter().map(|name| name.to_ascii_lowercase().into()));
    }

    /// The first address that begins with one of the `pieces` of `text` from number `from` on, which moves behind it.
    pub(super) fn find(&self, text: &str, pieces: &[Piece], from: &mut usize) -> Option<Address> {
        let at = |piece: &Piece| text.get(piece.start..piece.end).unwrap_or_default();
        (*from..pieces.len()).find_map(|index| {
            *from = index + 1;
            let anchor = anchor(text, pieces, index)?;
            let mut start = pieces.get(anchor.first)?.start;
            let (mut region, mut middle) = (false, false);
            for back in 1..=REGIONS_MAX {
                let Some(place) = anchor.first.checked_sub(back) else { break };
                let Some(piece) = pieces.get(place) else { break };
                let Some(following) = pieces.get(place + 1) else { break };
                if !text.get(piece.end..following.start).is_some_and(|gap| matches!(gap, " " | ", ")) {
                    break;
                }
                let word = at(piece);
                if self.provinces.contains(word) || self.districts.contains(word) {
                    (start, region) = (piece.start, true);
                } else if is_quarter(word) {
                    middle = true;
                } else {
                    break;
                }
            }
            let (end, detail) = if anchor.closed {
                (anchor.number_end, false)
            } else {
                detail_end(text, pieces, anchor.next, anchor.number_end)
            };
            let mut weight = if anchor.is_lot { weight::ADDRESS_LOT } else { weight::ADDRESS_ROAD };
            for (holds, more) in [
                (region, weight::ADDRESS_REGION),
                (region && middle, weight::ADDRESS_QUARTER),
                (detail, weight::ADDRESS_DETAIL),
            ] {
                weight += if holds { more } else { 0 };
            }
            *from +=
                pieces.get(*from..).unwrap_or_default().iter().take_while(|piece| piece.start < end).count();
            Some(Address { start, end, weight, road: true, region, detail })
        })
    }

    /// The first address in Latin letters in `text[from..]`: parts between commas that are numbers, roads and regions.
    pub(super) fn find_latin(&self, text: &str, from: usize) -> Option<Address> {
        let mut run: Option<Latin> = None;
        for (start, end) in parts(text, from) {
            let part = text.get(start..end)?;
            match self.latin_part(part) {
                Some(kind) => {
                    let run = run.get_or_insert_with(|| Latin::new(start + kind.skipped));
                    run.end = end;
                    run.road |= kind.road;
                    run.region |= kind.region;
                    run.number |= kind.number;
                }
                None => {
                    if let Some(address) = run.take().and_then(Latin::address) {
                        return Some(address);
                    }
                }
            }
        }
        run.and_then(Latin::address)
    }

    /// `224, Jeongjo-ro`: the base of an address whose region stands in another field.
    fn latin_base(&self, text: &str) -> Option<Address> {
        let mut whole = LatinPart::default();
        for (start, end) in parts(text, 0) {
            let part = self.latin_part(text.get(start..end)?)?;
            whole.road |= part.road;
            whole.number |= part.number;
        }
        let weight = weight::ADDRESS_ROAD;
        let end = text.len();
        (whole.road && whole.number).then_some(Address {
            start: 0,
            end,
            weight,
            road: true,
            region: false,
            detail: false,
        })
    }

    fn latin_part(&self, part: &str) -> Option<LatinPart> {
        if part.is_empty() || part.len() > LATIN_PART_BYTES_MAX || !part.is_ascii() {
            return None;
        }
        let mut kind =
            LatinPart { number: part.bytes().any(|byte| byte.is_ascii_digit()), ..LatinPart::default() };
        for word in part.split(' ') {
            let (stem, suffix) = word.rsplit_once('-').unwrap_or((word, ""));
            let is = |list: &[&str]| list.iter().any(|one| suffix.eq_ignore_ascii_case(one));
            kind.road |= is(&["ro", "gil", "daero", "dong", "ri", "ga"]);
            kind.region |= is(&["gu", "si", "gun", "do", "eup", "myeon"])
                || suffix.is_empty() && self.is_latin_region(stem);
        }
        if kind.road || kind.number {
            // `Ship to 152 Teheran-ro`: from the number on, or from the road.
            let begins = part
                .bytes()
                .position(|byte| byte.is_ascii_digit())
                .or_else(|| part.rfind(' ').map(|at| at + 1));
            let before = part.get(..begins.unwrap_or(0)).unwrap_or_default();
            let is_unit =
                before.len() <= 12 && before.split(' ').filter(|word| !word.is_empty()).count() <= 1;
            let glued = before.ends_with(|last: char| last.is_ascii_alphabetic());
            kind.skipped = if is_unit || glued { 0 } else { before.len() };
        }
        (kind.road || kind.region || kind.number).then_some(kind)
    }

    fn is_latin_region(&self, word: &str) -> bool {
        lower(word, &mut [0; LATIN_REGION_BYTES_MAX]).is_some_and(|lower| self.latin.contains(lower))
    }

    /// The value of a field for addresses, or for their detail: all of it, where it holds an address at all.
    pub(super) fn read_value(&self, text: &str, is_detail: bool, pieces: &mut Vec<Piece>) -> Option<Address> {
        let trimmed = text.trim();
        let start = text.len() - text.trim_start().len();
        let end = start + trimmed.len();
        cut(text, pieces);
        if let Some(found) = self
            .find(text, pieces, &mut 0)
            .or_else(|| self.find_latin(text, 0))
            .or_else(|| self.latin_base(text))
        {
            let weight = found.weight + weight::ADDRESS_VALUE;
            return Some(Address { start, end, weight, ..found });
        }
        let words = || pieces.iter().filter_map(|piece| text.get(piece.start..piece.end));
        let detail = (is_detail || !trimmed.is_ascii()) && words().any(|word| detail_bytes(word).is_some());
        let has_digit = trimmed.bytes().any(|byte| byte.is_ascii_digit());
        let is_plain = trimmed.len() <= DETAIL_VALUE_BYTES_MAX
            && !trimmed.contains(['@', '*', '{', '='])
            && !trimmed.contains("://");
        let latin_unit = is_detail && trimmed.is_ascii();
        if !has_digit
            || !is_plain
            || !(detail
                || is_detail && trimmed.len() <= BUILDING_BYTES_MAX && (latin_unit || is_unit(trimmed)))
        {
            return None;
        }
        let weight = if is_detail { weight::ADDRESS_DETAIL_VALUE } else { weight::ADDRESS_DETAIL_ALONE };
        Some(Address { start, end, weight, road: false, region: false, detail: true })
    }

    /// A province or district, or a quarter behind one.
    pub(super) fn is_place(&self, word: &str, before: &str) -> bool {
        let is_region = |word: &str| self.provinces.contains(word) || self.districts.contains(word);
        is_region(word)
            || is_quarter(word) && before.rsplit(' ').find(|word| !word.is_empty()).is_some_and(is_region)
    }

    /// Whether the mask shows this word: provinces, cities and counties.
    pub(super) fn is_shown(&self, word: &str) -> bool {
        if word.starts_with(hangul::is_syllable) {
            return self.provinces.contains(word)
                || word.ends_with(['시', '군']) && self.districts.contains(word);
        }
        let (stem, suffix) = word.rsplit_once('-').unwrap_or((word, ""));
        let is = |one: &str| suffix.eq_ignore_ascii_case(one);
        self.is_latin_region(stem) && (suffix.is_empty() || is("do")) || is("si") || is("gun")
    }
}

#[derive(Default)]
struct LatinPart {
    road: bool,
    region: bool,
    number: bool,
    /// Bytes of it that belong to the sentence before.
    skipped: usize,
}

struct Latin {
    start: usize,
    end: usize,
    road: bool,
    region: bool,
    number: bool,
}

impl Latin {
    fn new(start: usize) -> Latin {
        Latin { start, end: start, road: false, region: false, number: false }
    }

    fn address(self) -> Option<Address> {
        let Latin { start, end, road, region, number } = self;
        (road && region && number).then_some(Address {
            start,
            end,
            weight: weight::ADDRESS_LATIN,
            road: true,
            region: true,
            detail: false,
        })
    }
}

/// Start and end of what lies between commas, semicolons, line ends and ends of sentences.
fn parts(text: &str, from: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
    let mut at = from;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let length = rest
            .char_indices()
            .find(|(place, character)| {
                matches!(character, ',' | ';' | '\n' | '"' | '\'' | '[' | ']' | '|')
                    || *character == '.'
                        && rest
                            .get(place + 1..)
                            .is_none_or(|after| after.is_empty() || after.starts_with(' '))
            })
            .map_or(rest.len(), |(place, _)| place);
        let part = rest.get(..length)?;
        let start = at + part.len() - part.trim_start().len();
        let end = start + part.trim().len();
        at += length + 1;
        Some((start, end))
    })
}

/// Cuts `text` into pieces; what is in `out` goes.
pub(super) fn cut(text: &str, out: &mut Vec<Piece>) {
    out.clear();
    let mut begun: Option<usize> = None;
    for (at, character) in text.char_indices() {
        let is_inside =
            character.is_ascii_alphanumeric() || character == '-' || hangul::is_syllable(character);
        match (is_inside, begun) {
            (true, None) => begun = Some(at),
            (false, Some(start)) => {
                out.push(Piece { start, end: at });
                begun = None;
            }
            _ => {}
        }
    }
    if let Some(start) = begun {
        out.push(Piece { start, end: text.len() });
    }
}

/// A road or quarter at piece `index` with the number of a building or lot behind it, or in the same piece.
fn anchor(text: &str, pieces: &[Piece], index: usize) -> Option<Anchor> {
    let piece = pieces.get(index)?;
    let word = text.get(piece.start..piece.end)?;
    if !word.starts_with(hangul::is_syllable) {
        return None;
    }
    let follows = |at: usize| {
        let (before, after) = (pieces.get(at.checked_sub(1)?)?, pieces.get(at)?);
        (text.get(before.end..after.start)? == " ").then(|| text.get(after.start..after.end)).flatten()
    };
    if word.ends_with(['로', '길', '동', '리', '가']) && word.len() >= 2 * SYLLABLE_BYTES {
        let is_road = word.ends_with(['로', '길']);
        let mut at = index + 1;
        let mut next = follows(at)?;
        // 종로 3길 5, 대왕판교로 645번길 16.
        if is_road && next.ends_with('길') && next.starts_with(|first: char| first.is_ascii_digit()) {
            at += 1;
            next = follows(at)?;
        }
        // 산 12-3, 지하 396.
        if matches!(next, "산" | "지하") {
            at += 1;
            next = follows(at)?;
        }
        let skipped = if next.starts_with('산') { SYLLABLE_BYTES } else { 0 };
        let (digits, closed) = number_bytes(next.get(skipped..)?)?;
        let number_start = pieces.get(at)?.start + skipped;
        return Some(Anchor {
            first: index,
            number_end: number_start + digits,
            next: at + 1,
            is_lot: !is_road,
            closed,
        });
    }
    // 테헤란로152, 역삼동123-4.
    let digits_at = word.rfind(['로', '길', '동', '리', '가'])? + SYLLABLE_BYTES;
    let head = word.get(..digits_at)?;
    if head.len() < 2 * SYLLABLE_BYTES {
        return None;
    }
    let (digits, closed) = number_bytes(word.get(digits_at..)?)?;
    Some(Anchor {
        first: index,
        number_end: piece.start + digits_at + digits,
        next: index + 1,
        is_lot: !head.ends_with(['로', '길']),
        closed,
    })
}

/// `152`, `10-5`, with an ending of a word behind it or 번지: bytes of the number, and whether an ending follows.
fn number_bytes(word: &str) -> Option<(usize, bool)> {
    const DIGITS_MAX: usize = 5;
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let main = digits(word);
    if !(1..=DIGITS_MAX).contains(&main) || word.starts_with('0') {
        return None;
    }
    let mut bytes = main;
    if let Some(sub) = word.get(main..)?.strip_prefix('-') {
        let length = digits(sub);
        if !(1..=DIGITS_MAX).contains(&length) {
            return None;
        }
        bytes += 1 + length;
    }
    let rest = word.get(bytes..)?;
    if rest.is_empty() {
        return Some((bytes, false));
    }
    if let Some(ending) = rest.strip_prefix("번지") {
        return Some((bytes + "번지".len(), !ending.is_empty()));
    }
    [
        "으로",
        "로",
        "에",
        "에서",
        "이",
        "입니다",
        "이에요",
        "예요",
        "인데",
        "까지",
        "의",
        "은",
        "는",
        "이고",
        "이며",
    ]
    .contains(&rest)
    .then_some((bytes, true))
}

/// Where the detail that begins with piece `next` ends.
fn detail_end(text: &str, pieces: &[Piece], next: usize, number_end: usize) -> (usize, bool) {
    let (mut end, mut detail) = (number_end, false);
    let mut index = next;
    for _ in 0..DETAIL_MAX {
        let Some(piece) = pieces.get(index) else { break };
        let gap = text.get(end..piece.start).unwrap_or_default();
        // (역삼동, 강남빌딩)
        if gap.trim_start() == "(" {
            let note = text
                .get(piece.start..)
                .and_then(|rest| rest.bytes().take(NOTE_BYTES_MAX).position(|byte| byte == b')'));
            let is_place =
                text.get(piece.start..piece.end).is_some_and(|word| word.starts_with(hangul::is_syllable));
            let (Some(length), true) = (note, is_place) else { break };
            end = piece.start + length + 1;
            index +=
                pieces.get(index..).unwrap_or_default().iter().take_while(|piece| piece.start < end).count();
            continue;
        }
        if !matches!(gap, " " | "," | ", " | " , ") {
            break;
        }
        let word = text.get(piece.start..piece.end).unwrap_or_default();
        if let Some(bytes) = detail_bytes(word) {
            (end, detail) = (piece.start + bytes, true);
            if bytes < word.len() {
                break;
            }
        } else if gap.contains(',') && word.len() <= 4 && word.bytes().all(|byte| byte.is_ascii_digit()) {
            // 152, 1204
            (end, detail) = (piece.end, true);
        } else if is_building(word) || leads_to_detail(text, pieces, index) {
            end = piece.end;
        } else {
            break;
        }
        index += 1;
    }
    (end, detail)
}

/// `101동`, `1203호로`, `B동`, `지하1층`, `101-1203`: bytes without the ending of a word.
fn detail_bytes(word: &str) -> Option<usize> {
    let head = match word.strip_prefix("지하") {
        Some(rest) => word.len() - rest.len(),
        None => 0,
    };
    let rest = word.get(head..)?;
    let letter =
        rest.chars().next().filter(|first| first.is_ascii_alphabetic() || hangul::is_syllable(*first));
    let letter_bytes = letter.map_or(0, char::len_utf8);
    let body = rest.get(letter_bytes..)?;
    let digits = body.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'-').count();
    let unit = body.get(digits..)?;
    let number = body.get(..digits)?;
    if digits == 0 {
        // 가동, B동: a letter for a number.
        let named = letter.is_some_and(|letter| {
            letter.is_ascii_alphabetic() || "가나다라마바사아자차카타파하".contains(letter)
        });
        return (named && unit.starts_with('동')).then_some(head + letter_bytes + SYLLABLE_BYTES);
    }
    if digits > 9
        || number.matches('-').count() > 1
        || letter.is_some_and(hangul::is_syllable)
        || number.starts_with('-')
        || number.ends_with('-')
    {
        return None;
    }
    if unit.is_empty() {
        // 101-1203; B102; 지하1.
        return (number.contains('-') && head == 0 && letter.is_none() || letter.is_some())
            .then_some(word.len());
    }
    ["호실", "호", "동", "층", "단지", "관", "블럭", "블록"]
        .iter()
        .find(|name| unit.starts_with(**name))
        .map(|name| head + letter_bytes + digits + name.len())
}

/// `301`, `B-102`, `301호 (문 앞)`: short, with a digit.
fn is_unit(value: &str) -> bool {
    value
        .split(' ')
        .next()
        .is_some_and(|word| word.len() <= 12 && word.bytes().any(|byte| byte.is_ascii_digit()))
}

/// A name of a building by its last syllables.
fn is_building(word: &str) -> bool {
    const KINDS: [&str; 20] = [
        "아파트",
        "빌라",
        "오피스텔",
        "타워",
        "빌딩",
        "맨션",
        "하이츠",
        "상가",
        "주택",
        "연립",
        "원룸",
        "고시원",
        "프라자",
        "플라자",
        "캐슬",
        "푸르지오",
        "자이",
        "센터",
        "지하",
        "마을",
    ];
    word.len() <= BUILDING_BYTES_MAX && KINDS.iter().any(|kind| word.ends_with(kind))
}

/// Whether a flat's number comes within two words, as behind the name of a building.
fn leads_to_detail(text: &str, pieces: &[Piece], index: usize) -> bool {
    let word = |at: usize| pieces.get(at).and_then(|piece| text.get(piece.start..piece.end));
    let near = |at: usize| {
        let pair = pieces.get(at - 1).zip(pieces.get(at));
        pair.is_some_and(|(before, after)| text.get(before.end..after.start) == Some(" "))
    };
    let is_flat = |at: usize| {
        word(at).is_some_and(|word| detail_bytes(word).is_some() && word.contains(['동', '호', '층']))
    };
    let is_name = word(index).is_some_and(|word| {
        word.len() <= BUILDING_BYTES_MAX
            && word.starts_with(|first: char| hangul::is_syllable(first) || first.is_ascii_uppercase())
    });
    is_name && near(index + 1) && (is_flat(index + 1) || near(index + 2) && is_flat(index + 2))
}

/// 읍, 면, 동, 리, 가 and the like between a region and the road.
fn is_quarter(word: &str) -> bool {
    word.len() >= 2 * SYLLABLE_BYTES
        && word.starts_with(hangul::is_syllable)
        && word.ends_with(['읍', '면', '동', '리', '가', '구', '시', '군'])
}

#[cfg(test)]
mod tests {
    use super::{Province, Regions, cut};

    fn regions() -> Regions {
        let province = |names: &[&str], latin: &[&str], districts: &[&str]| Province {
            names: names.iter().map(|one| (*one).to_owned()).collect(),
            latin: latin.iter().map(|one| (*one).to_owned()).collect(),
            districts: districts.iter().map(|one| (*one).to_owned()).collect(),
        };
        let mut regions = Regions::default();
        regions.add(&province(&["서울특별시", "서울"], &["Seoul"], &["강남구", "종로구"]));
        regions.add(&province(&["경기도", "경기"], &["Gyeonggi"], &["성남시", "분당구", "화성시"]));
        regions.add(&province(&["세종특별자치시", "세종"], &["Sejong"], &[]));
        regions
    }

    #[test]
    fn an_address_reaches_from_its_region_to_its_detail() {
        for (text, expected) in [
            ("서울특별시 강남구 테헤란로 152, 1204호", Some("서울특별시 강남구 테헤란로 152, 1204호")),
            (
                "퀵은 경기 성남시 분당구 대왕판교로 645번길 16 5층으로",
                Some("경기 성남시 분당구 대왕판교로 645번길 16 5층"),
            ),
            ("서울 종로구 종로 3길 5에서", Some("서울 종로구 종로 3길 5")),
            (
                "화성시 남양읍 남양시장로25번길 7-6 (남양리, 우리빌) / 김",
                Some("화성시 남양읍 남양시장로25번길 7-6 (남양리, 우리빌)"),
            ),
            ("강남구 역삼동 123-4번지 한강극동 106호 문 앞", Some("강남구 역삼동 123-4번지 한강극동 106호")),
            ("강남구 테헤란로152 B동 지하1층", Some("강남구 테헤란로152 B동 지하1층")),
            ("세종 한누리대로 411", Some("세종 한누리대로 411")),
            ("강남구 역삼동 산 12-3 갔어요", Some("강남구 역삼동 산 12-3")),
            ("도착시 강남구 역삼로 7 문의", Some("강남구 역삼로 7")),
            ("서울 강남구", None),
            ("바로 2배", None),
        ] {
            let mut pieces = Vec::new();
            cut(text, &mut pieces);
            let found = regions().find(text, &pieces, &mut 0);
            assert_eq!(found.map(|one| text.get(one.start..one.end).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn an_english_address_is_a_row_of_its_parts() {
        for (text, expected) in [
            (
                "Ship to Kim, 101-1203, 152, Teheran-ro, Gangnam-gu, Seoul, Korea",
                Some("101-1203, 152, Teheran-ro, Gangnam-gu, Seoul"),
            ),
            (
                "Apt 105-1808, 67-6, Namyangsijang-ro, Hwaseong-si, Gyeonggi-do. Tel",
                Some("Apt 105-1808, 67-6, Namyangsijang-ro, Hwaseong-si, Gyeonggi-do"),
            ),
            ("sent to 125 Doum3-ro, Sejong", Some("125 Doum3-ro, Sejong")),
            ("No. 1288 Xuanhua Road, Changning District, Shanghai 200050", None),
            ("rock-n-ro, 12", None),
        ] {
            let found = regions().find_latin(text, 0);
            assert_eq!(found.map(|one| text.get(one.start..one.end).unwrap()), expected, "{text}");
        }
    }
}
