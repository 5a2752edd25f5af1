//! The way to a verdict for a person to read: step by step, fact by fact, what each lacks, and the law behind it.

use super::layout::{line, wrapped};
use crate::basis::BasisKind;
use crate::decide::{Asked, Chain, Lack, Step, StepKind};
use crate::text::{Language, Provision, cited, names, note, reason};
use crate::verdict::{Cell, Note, Outcome, Reasons};

/// One item in one country; `cell` is what was decided.
pub(super) fn lines(chain: &Chain, cell: &Cell, language: Language, out: &mut String) {
    let item = names::entity(chain.entity, language);
    let (country, outcome) = (chain.country, names::outcome(cell.outcome, language));
    line(
        out,
        &language.pick(format!("{item} to {country}: {outcome}"), format!("{item} → {country}: {outcome}")),
    );
    for step in &chain.steps {
        step_lines(step, language, out);
    }
    match cell.outcome {
        Outcome::Permitted => basis_lines(&cell.basis, language, out),
        _ => reason_lines(cell.reasons, language, out),
    }
}

/// The reasons with their meaning and provisions.
pub(super) fn reason_lines(reasons: Reasons, language: Language, out: &mut String) {
    for one in reasons.iter() {
        wrapped(out, "  = ", &format!("{}: {}", one.as_str(), reason(one).cited(language)));
    }
}

pub(super) fn note_lines(notes: &[Note], language: Language, out: &mut String) {
    for one in notes {
        wrapped(out, "  * ", &format!("{}: {}", one.as_str(), note(*one).cited(language)));
    }
}

fn basis_lines(bases: &[String], language: Language, out: &mut String) {
    for basis in bases {
        let text = language.pick(format!("covered by {basis}"), format!("근거: {basis}"));
        wrapped(out, "  = ", &text);
    }
}

fn step_lines(step: &Step, language: Language, out: &mut String) {
    let (title, provision) = title(step.step, language);
    let provision = cited(&[provision], language);
    let head = format!("  {} ", step.step.number());
    if step.facts.is_empty() && step.reasons.is_empty() {
        let none = language.pick("none for this recipient by then", "그때까지 이 수신자에 관한 것 없음");
        return wrapped(out, &head, &format!("{title} ({provision}): {none}"));
    }
    wrapped(out, &head, &format!("{title} ({provision})"));
    for asked in &step.facts {
        fact_lines(step.step, asked, language, out);
    }
}

/// Of several entries the one that lacks the least is marked, and its lacks, which are the reasons, are spelt out.
fn fact_lines(step: StepKind, asked: &Asked, language: Language, out: &mut String) {
    let mark = if asked.nearest { "    > " } else { "      " };
    let mut text = asked.fact.clone();
    if let Some(act) = &asked.act {
        let kind = names::act(act.act, language);
        let event = &act.event;
        let when = act.effective.and_then(|time| jiff::Timestamp::from_millisecond(time.ms()).ok());
        let when = when.map_or(String::new(), |time| format!(" {time}"));
        text +=
            &language.pick(format!(", {kind}{when} (act {event})"), format!(", {kind}{when} (행위 {event})"));
    }
    wrapped(out, mark, &text);
    if step == StepKind::Consent && !asked.nearest && !asked.lacks.is_empty() {
        let codes: Vec<&str> = asked.lacks.iter().copied().map(Lack::as_str).collect();
        return wrapped(out, "        - ", &codes.join(", "));
    }
    for lack in &asked.lacks {
        let (code, meaning) = (lack.as_str(), lack_text(*lack, language));
        wrapped(out, "        - ", &format!("{code}: {meaning}"));
    }
    if asked.lacks.is_empty() {
        line(out, language.pick("        applies", "        적용됨"));
    }
}

fn title(step: StepKind, language: Language) -> (&'static str, Provision) {
    let of = |kind| (names::basis(kind, language), names::basis_provision(kind));
    match step {
        StepKind::SuspensionOrder => of(BasisKind::SuspensionOrder),
        StepKind::StatuteOrTreaty => {
            let (_, provision) = of(BasisKind::Statute);
            (language.pick("statute or treaty", "법률·조약"), provision)
        }
        StepKind::ResidentRegistrationNumber => (
            language.pick(
                "resident registration number: no consent can cover it",
                "주민등록번호: 동의로 처리할 수 없음",
            ),
            Provision::act(24, 2).paragraph(1),
        ),
        StepKind::Adequacy => of(BasisKind::Adequacy),
        StepKind::UnknownRecipient => (
            language.pick(
                "the recipient is unknown: nothing can name it",
                "수신자를 알 수 없어 근거를 물을 수 없음",
            ),
            Provision::act(28, 8).paragraph(2).number(3),
        ),
        StepKind::Certification => of(BasisKind::Certification),
        StepKind::ContractEntrustment => of(BasisKind::ContractEntrustment),
        StepKind::Consent => (language.pick("consent", "동의"), Provision::act(28, 8).paragraph(1).number(1)),
    }
}

fn lack_text(lack: Lack, language: Language) -> &'static str {
    match lack {
        Lack::Reason(one) => reason(one).text(language),
        Lack::NotInForce => language.pick("not in force at that time", "그 시점에 효력이 없음"),
        Lack::OnlyDeclared => language.pick(
            "nobody but the sender has named this country",
            "송신자의 기재 외에는 이 국가를 뒷받침하는 것이 없음",
        ),
        Lack::NamesNothing => language.pick(
            "it names no recipients, and so matches none",
            "수신자를 명시하지 않아 아무에게도 적용되지 않음",
        ),
        Lack::NumberNotNamed => {
            language.pick("it does not name resident registration numbers", "주민등록번호를 명시하지 않음")
        }
    }
}
