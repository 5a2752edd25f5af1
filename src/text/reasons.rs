//! What the codes of reasons and notes mean (`DECISION.md` §3–§5), and where the law says so.

use super::Language;
use super::law::{self, Provision};
use crate::verdict::{Note, Reason};

/// What a code means, in a sentence without a full stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    english: &'static str,
    korean: &'static str,
    /// Empty where it is no rule of law but something that sumun could not know.
    pub provisions: &'static [Provision],
}

impl Meaning {
    pub const fn text(&self, language: Language) -> &'static str {
        match language {
            Language::English => self.english,
            Language::Korean => self.korean,
        }
    }

    /// The text, and in parentheses the provisions.
    pub fn cited(&self, language: Language) -> String {
        let text = self.text(language);
        if self.provisions.is_empty() {
            return text.to_owned();
        }
        format!("{text} ({})", law::cited(self.provisions, language))
    }
}

const fn meaning(english: &'static str, korean: &'static str, provisions: &'static [Provision]) -> Meaning {
    Meaning { english, korean, provisions }
}

/// Art. 28-8(1): on what basis data may go abroad.
const BASES: Provision = Provision::act(28, 8).paragraph(1);
const CONSENT: Provision = BASES.number(1);
const ENTRUSTMENT: Provision = BASES.number(3);
const CERTIFICATION: Provision = BASES.number(4);
const EQUIVALENCE: Provision = BASES.number(5);
/// Art. 28-8(2): what must be told before a consent.
const TOLD: Provision = Provision::act(28, 8).paragraph(2);
/// Art. 28-8(3): what is told anew needs a new consent.
const CHANGED: Provision = Provision::act(28, 8).paragraph(3);

pub fn reason(reason: Reason) -> Meaning {
    match reason {
        Reason::AdequacyScopeExcluded => meaning(
            "the country is recognised as equivalent, but the recognition leaves this item out",
            "동등성을 인정받은 국가이지만 이 항목은 인정 범위에서 제외됨",
            const { &[EQUIVALENCE] },
        ),
        Reason::BasisNotDisclosed => meaning(
            "the entrustment or storage is in no policy in force, and the person was not told of it",
            "처리위탁·보관 사항이 시행 중인 처리방침에 공개되지 않았고 정보주체에게 알리지도 않음",
            const { &[ENTRUSTMENT, Provision::decree(29, 7)] },
        ),
        Reason::BasisNotEntrustment => meaning(
            "the transfer is no entrustment or storage: the recipient is no processor, or another type is declared",
            "처리위탁·보관이 아님: 수탁자가 아니거나 다른 이전 유형으로 기재됨",
            const { &[ENTRUSTMENT, Provision::act(26, 0)] },
        ),
        Reason::BasisNotNecessary => meaning(
            "the entrustment or storage is not needed for a contract with the person",
            "정보주체와의 계약 체결·이행에 필요한 처리위탁·보관이 아님",
            const { &[ENTRUSTMENT] },
        ),
        Reason::CertExpired => meaning(
            "the recipient's certification has ended",
            "이전받는 자의 인증 유효기간이 지남",
            const { &[CERTIFICATION] },
        ),
        Reason::CertMeasuresMissing => meaning(
            "the certified recipient lacks the security measures, or those in the destination country",
            "인증은 있으나 안전조치 또는 이전 국가에서의 이행 조치가 없음",
            const { &[CERTIFICATION] },
        ),
        Reason::ChildNoGuardian => meaning(
            "the consent is of a child under 14, without a verified legal guardian",
            "만 14세 미만 아동의 동의인데 법정대리인의 동의가 확인되지 않음",
            const { &[Provision::act(22, 2).paragraph(1)] },
        ),
        Reason::ConsentExpired => {
            meaning("the consent had expired", "동의의 유효기간이 지남", const { &[CONSENT, TOLD.number(4)] })
        }
        Reason::ConsentInvalidated => {
            meaning("the consent was declared invalid", "동의가 무효로 처리됨", const { &[CONSENT] })
        }
        Reason::ConsentNotYet => meaning(
            "the person consented only after the transfer",
            "이전한 뒤에야 동의함",
            const { &[CONSENT, TOLD] },
        ),
        Reason::ConsentRefused => {
            meaning("the person has refused", "정보주체가 동의를 거부함", const { &[CONSENT] })
        }
        Reason::ConsentWithdrawn => meaning(
            "the person had withdrawn the consent",
            "정보주체가 동의를 철회함",
            const { &[Provision::act(37, 0).paragraph(1)] },
        ),
        Reason::CountryNotCovered => meaning(
            "the country was not told",
            "고지된 이전 국가에 포함되지 않음",
            const { &[TOLD.number(2)] },
        ),
        Reason::DisclosureNotInForce => meaning(
            "the text that was consented to was not in force at that time",
            "동의한 시점에 시행 중인 고지문이 아니었음",
            const { &[TOLD] },
        ),
        Reason::FactsStale => meaning(
            "the facts were older than their bound when it was judged",
            "판단 시점에 근거 자료가 허용된 시한보다 오래됨",
            &[],
        ),
        Reason::FactCorrupt => meaning(
            "a fact that the answer depends on is unreadable",
            "판단에 필요한 근거 자료를 읽을 수 없음",
            &[],
        ),
        Reason::GeoUnknown => {
            meaning("nothing says to which country it goes", "어느 국가로 이전되는지 확인할 수 없음", &[])
        }
        Reason::HistoryUnknown => meaning(
            "the transfer is earlier than what the source knows of this person",
            "이전 시점의 이력을 원본 시스템이 보유하지 않음",
            &[],
        ),
        Reason::ItemNotCovered => {
            meaning("the item was not told", "고지된 이전 항목에 포함되지 않음", const { &[TOLD.number(1)] })
        }
        Reason::NoticeIncomplete => meaning(
            "the notice lacks something that must be told",
            "고지 사항의 일부가 빠져 있음",
            const { &[TOLD] },
        ),
        Reason::NoBasis => meaning(
            "no disclosure and no legal basis names the recipient",
            "이 수신자를 명시한 고지도 법적 근거도 없음",
            const { &[BASES] },
        ),
        Reason::NoConsent => {
            meaning("the person has not consented", "정보주체의 동의가 없음", const { &[CONSENT] })
        }
        Reason::PurposeNotCovered => meaning(
            "the declared purpose was not told",
            "기재된 목적이 고지된 이용 목적에 포함되지 않음",
            const { &[TOLD.number(4), Provision::act(18, 0).paragraph(1)] },
        ),
        Reason::RecipientJoinedLater => meaning(
            "the recipient joined the class after the consent; a new recipient needs a new consent",
            "동의한 뒤에 추가된 수신자이므로 새로 동의를 받아야 함",
            const { &[CHANGED] },
        ),
        Reason::RecipientNotCovered => meaning(
            "the recipient was not told",
            "고지된 이전받는 자에 포함되지 않음",
            const { &[TOLD.number(3)] },
        ),
        Reason::RecipientUnknown => meaning(
            "the registry does not know who receives it",
            "수신자가 등록부에 없음",
            const { &[TOLD.number(3)] },
        ),
        Reason::RrnNeverConsentable => meaning(
            "a resident registration number: no consent can cover it",
            "주민등록번호는 동의로 처리할 수 없음",
            const { &[Provision::act(24, 2).paragraph(1)] },
        ),
        Reason::SeparateConsentMissing => meaning(
            "the transfer abroad, a unique identifier or sensitive data was not consented to separately",
            "국외이전, 고유식별정보 또는 민감정보에 대한 별도 동의가 없음",
            const {
                &[
                    CONSENT,
                    Provision::act(22, 0).paragraph(1),
                    Provision::act(23, 0).paragraph(1),
                    Provision::act(24, 0).paragraph(1),
                ]
            },
        ),
        Reason::SubjectAmbiguous => meaning(
            "the token names several persons, and not all of them are covered",
            "식별자가 여러 사람을 가리키며 일부만 근거가 있음",
            const { &[CONSENT] },
        ),
        Reason::SubjectUnresolved => meaning(
            "the record does not say whose data it is",
            "누구의 개인정보인지 확인할 수 없음",
            const { &[CONSENT] },
        ),
        Reason::SuspensionOrder => meaning(
            "transfers to this recipient or country are suspended by order",
            "이 수신자 또는 국가로의 국외이전에 중지명령이 내려짐",
            const { &[Provision::act(28, 9).paragraph(1)] },
        ),
        Reason::ThirdPartyConsentMissing => meaning(
            "provision to a third party was not consented to",
            "제3자 제공에 대한 동의가 없음",
            const { &[Provision::act(17, 0).paragraph(1).number(1)] },
        ),
        Reason::TransferTypeNotCovered => meaning(
            "the declared type of transfer is not the one that was told",
            "기재된 이전 유형이 고지된 유형과 다름",
            const { &[BASES] },
        ),
        Reason::Uninspectable => {
            meaning("bytes of the record could not be read", "레코드의 일부를 읽을 수 없음", &[])
        }
        Reason::WildcardDisclosure => meaning(
            "recipient, country or item was told as \"all\" only, which tells nothing",
            "이전받는 자, 국가 또는 항목을 \"전체\"로만 고지하여 고지로 볼 수 없음",
            const { &[TOLD] },
        ),
    }
}

pub fn note(note: Note) -> Meaning {
    match note {
        Note::ClockSkew => meaning(
            "an act shortly after the record's time was taken as done by then",
            "레코드 시각 직후의 행위를 그 시각에 있었던 것으로 봄",
            &[],
        ),
        Note::DeclaredCountryMismatch => meaning(
            "the sender declares another country than the evidence shows",
            "송신자가 기재한 국가가 확인된 국가와 다름",
            &[],
        ),
        Note::FreshnessUnknown => meaning(
            "how fresh the facts are is not known: their source sends no heartbeat",
            "근거 자료의 최신성을 알 수 없음(원본 시스템의 하트비트 없음)",
            &[],
        ),
        Note::GeoLowConfidence => meaning(
            "the databases disagree on the country of the address, or it is anycast",
            "주소의 국가에 대해 데이터베이스가 서로 다르거나 애니캐스트 주소임",
            &[],
        ),
        Note::ThirdPartyConsentNotJudged => meaning(
            "it may leave the country, but provision to a third party still wants its own basis",
            "국외이전은 가능하나 제3자 제공에는 별도의 근거가 필요함",
            const { &[Provision::act(28, 8).paragraph(4), Provision::act(17, 0).paragraph(1)] },
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Language;
    use super::{Meaning, note, reason};
    use crate::verdict::{Note, Reason};

    /// What sumun could not know, or did not read: no article says so.
    const WITHOUT_PROVISION: [Reason; 5] = [
        Reason::FactsStale,
        Reason::FactCorrupt,
        Reason::GeoUnknown,
        Reason::HistoryUnknown,
        Reason::Uninspectable,
    ];

    fn meanings() -> impl Iterator<Item = (&'static str, Meaning)> {
        let reasons = Reason::ALL.iter().map(|one| (one.as_str(), reason(*one)));
        reasons.chain(Note::ALL.iter().map(|one| (one.as_str(), note(*one))))
    }

    #[test]
    fn every_reason_and_note_has_a_text_of_its_own_in_both_languages() {
        for language in Language::ALL {
            let mut texts: Vec<_> = meanings().map(|(_, meaning)| meaning.text(language)).collect();
            texts.sort_unstable();
            texts.dedup();
            assert_eq!(texts.len(), Reason::ALL.len() + Note::ALL.len(), "{language:?}");
        }
        for (code, meaning) in meanings() {
            let has_hangul = |text: &str| text.chars().any(|one| ('가'..='힣').contains(&one));
            assert!(has_hangul(meaning.text(Language::Korean)), "{code}");
            assert!(meaning.text(Language::English).is_ascii(), "{code}");
        }
    }

    #[test]
    fn every_reason_that_the_law_gives_cites_it() {
        for one in Reason::ALL {
            let is_cited = !reason(*one).provisions.is_empty();
            assert_eq!(is_cited, !WITHOUT_PROVISION.contains(one), "{}", one.as_str());
        }
        let withdrawn = reason(Reason::ConsentWithdrawn);
        assert_eq!(
            withdrawn.cited(Language::Korean),
            "정보주체가 동의를 철회함 (개인정보 보호법 제37조제1항)"
        );
        assert_eq!(
            withdrawn.cited(Language::English),
            "the person had withdrawn the consent (PIPA Art. 37(1))"
        );
    }
}
