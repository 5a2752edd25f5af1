//! What was weighed in a record for a person to read: readings, what spoke for each, and what would have tipped it.

use super::layout::wrapped;
use crate::entity::EntityType;
use crate::inspect::{Candidate, REPORTED_FROM, Tip, Weighed};
use crate::text::{Language, names};

/// Readings of one candidate that are shown; the rest are less likely still.
const READINGS_SHOWN_MAX: usize = 4;

pub(super) fn lines<'c>(
    candidates: impl Iterator<Item = &'c Candidate>,
    language: Language,
    out: &mut String,
) {
    let mut candidates = candidates.peekable();
    if candidates.peek().is_none() {
        return;
    }
    let from = hundredths(i32::from(REPORTED_FROM));
    let head = language
        .pick(format!("weighed, and found from {from} on:"), format!("검토한 것({from} 이상이면 발견):"));
    wrapped(out, "  ", &head);
    for candidate in candidates {
        candidate_lines(candidate, language, out);
    }
}

fn candidate_lines(candidate: &Candidate, language: Language, out: &mut String) {
    let Candidate { path, masked, found, missing, .. } = candidate;
    let outcome = if *found {
        language.pick("found", "발견")
    } else {
        language.pick("not found", "발견되지 않음")
    };
    wrapped(
        out,
        "  ",
        &language.pick(format!("{masked} at {path}: {outcome}"), format!("{masked} {path}: {outcome}")),
    );
    let shown = candidate.readings.iter().filter(|reading| reading.is_entity || reading.confidence > 0);
    for reading in shown.take(READINGS_SHOWN_MAX) {
        wrapped(out, "    ", &reading_text(reading, language));
    }
    if *found {
        let hangs = if candidate.hangs_on_names() {
            language.pick("those names decided", "그 이름이 없었다면 발견되지 않음")
        } else {
            language.pick("its form alone would do", "형식만으로도 발견됨")
        };
        let spare = hundredths(-missing);
        wrapped(
            out,
            "    = ",
            &language.pick(format!("{spare} to spare; {hangs}"), format!("여유 {spare}; {hangs}")),
        );
        return;
    }
    let missing = hundredths(*missing);
    let tips: Vec<&str> = candidate.tips().map(|tip| tip_text(tip, language)).collect();
    let tips = if tips.is_empty() {
        language.pick("no name alone would be enough", "이름 하나로는 모자람").to_owned()
    } else {
        let tips = tips.join(language.pick(", or ", ", "));
        language.pick(format!("enough would be {tips}"), format!("하나만 있어도 충분한 것: {tips}"))
    };
    wrapped(
        out,
        "    = ",
        &language.pick(format!("{missing} short; {tips}"), format!("{missing} 모자람; {tips}")),
    );
}

/// `0.99 phone_number: form +2.20 (plan:mobile), names +4.00 (key:tel)`
fn reading_text(reading: &Weighed, language: Language) -> String {
    let Weighed { what, confidence, form, grounds, said, names, .. } = reading;
    let listed = |marks: &[std::sync::Arc<str>]| {
        if marks.is_empty() { String::new() } else { format!(" ({})", marks.join(", ")) }
    };
    let (by_form, by_names) = language.pick(("form", "names"), ("형식", "이름"));
    let share = hundredths(i32::from(*confidence));
    let korean = match EntityType::parse(what) {
        Some(entity) => Some(names::entity(entity, language)),
        None => look_alike(what),
    };
    let what = language.pick(None, korean).unwrap_or(what);
    let form = format!("{share} {what}: {by_form} {}{}", signed(*form), listed(grounds));
    if *said == 0 && names.is_empty() {
        return form;
    }
    format!("{form}, {by_names} {}{}", signed(*said), listed(names))
}

/// The look-alikes of `patterns/look_alikes.yaml` in Korean.
fn look_alike(name: &str) -> Option<&'static str> {
    Some(match name {
        "barcode" => "바코드",
        "epoch" => "시각(epoch)",
        "identifier" => "관리번호",
        "corporate_number" => "법인등록번호",
        "business_number" => "사업자등록번호",
        "certificate" => "증명서 번호",
        "bank_account" => "계좌번호",
        "payment_card" => "카드번호",
        _ => return None,
    })
}

fn tip_text(tip: Tip, language: Language) -> &'static str {
    match tip {
        Tip::WeakKey => language.pick("a field name that others have too", "다른 값에도 쓰이는 필드명"),
        Tip::LabelOrSibling => {
            language.pick("a word before it or a field beside it", "앞의 표지어나 이웃 필드")
        }
        Tip::Key => language.pick("a field name of such values", "이런 값을 담는 필드명"),
    }
}

fn hundredths(value: i32) -> String {
    format!("{:.2}", f64::from(value) / 100.0)
}

fn signed(value: i32) -> String {
    format!("{:+.2}", f64::from(value) / 100.0)
}
