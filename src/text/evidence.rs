//! What the marks say by which something was recognised (`key:tel`, `plan:mobile`): `patterns/README.md` lists them.

use super::Language;

/// A sentence without a full stop; `None` for a mark that says nothing to people who do not know the rules.
pub fn evidence(mark: &str, language: Language) -> Option<String> {
    let (kind, name) = mark.split_once(':').unwrap_or((mark, ""));
    let text = match kind {
        "key" => language.pick(
            format!("the field has a name of such values, {name}"),
            format!("이런 값을 담는 필드명 {name}"),
        ),
        "label" => language.pick(
            format!("a word of such values stands before it, {name}"),
            format!("앞에 놓인 표지어 {name}"),
        ),
        "sibling" => {
            language.pick(format!("a field beside it says so, {name}"), format!("이웃 필드의 값 {name}"))
        }
        "plan" => language.pick(
            format!("a number of the numbering plan, {name}"),
            format!("번호 체계에 맞는 번호, {name}"),
        ),
        "country" => language
            .pick(format!("dialled with the country code {name}"), format!("국가번호 {name}으로 시작함")),
        "rival" => language.pick(
            format!("against it: it could as well be something else, {name}"),
            format!("반대 증거: 다른 것일 수도 있음, {name}"),
        ),
        "zero_lost" => language.pick("its leading zero was lost", "맨 앞의 0이 빠짐").to_owned(),
        "date" => language
            .pick("it begins with a possible date of birth", "있을 수 있는 생년월일로 시작함")
            .to_owned(),
        "checksum" => language.pick("its check digit is right", "검증번호가 맞음").to_owned(),
        "issuer" => {
            language.pick("it begins as cards of an issuer do", "카드 발급사의 번호로 시작함").to_owned()
        }
        "layout" => language
            .pick("it is laid out as accounts of a bank are", "은행 계좌번호의 자릿수 구성임")
            .to_owned(),
        "form" => language.pick("it has the form of such values", "이런 값의 형식임").to_owned(),
        "surname" => language.pick("it begins with a surname", "성씨로 시작함").to_owned(),
        "title" => language.pick("a title stands behind it", "뒤에 호칭이 있음").to_owned(),
        "number_beside" => {
            language.pick("a number of a person stands beside it", "옆에 개인의 번호가 있음").to_owned()
        }
        "road" => language.pick("it names a road", "도로명이 있음").to_owned(),
        "region" => language.pick("it names a region", "행정구역이 있음").to_owned(),
        "detail" => language.pick("it names a building or a unit", "건물 또는 상세주소가 있음").to_owned(),
        _ => return None,
    };
    Some(text)
}
