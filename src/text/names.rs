//! What things are called. The names of the formats (`phone_number`, `violation`) are not translated; these stand
//! beside them.

use super::{Language, Provision};
use crate::basis::BasisKind;
use crate::consent::ActKind;
use crate::destination::EvidenceKind;
use crate::disclosure::{Channel, TransferType};
use crate::entity::EntityType;
use crate::recipient::Role;
use crate::verdict::{Outcome, Severity};

pub fn entity(entity: EntityType, language: Language) -> &'static str {
    match entity {
        EntityType::BankAccount => language.pick("bank account", "계좌번호"),
        EntityType::ConnectingInformation => language.pick("connecting information (CI)", "연계정보(CI)"),
        EntityType::CustomsCode => language.pick("customs clearance code", "개인통관고유부호"),
        EntityType::DriversLicense => language.pick("driver's licence number", "운전면허번호"),
        EntityType::EmailAddress => language.pick("e-mail address", "이메일 주소"),
        EntityType::ForeignerRegistrationNumber => {
            language.pick("foreigner registration number", "외국인등록번호")
        }
        EntityType::PassportNumber => language.pick("passport number", "여권번호"),
        EntityType::PaymentCard => language.pick("payment card", "카드번호"),
        EntityType::PersonName => language.pick("name", "성명"),
        EntityType::PhoneNumber => language.pick("phone number", "전화번호"),
        EntityType::PostalAddress => language.pick("postal address", "주소"),
        EntityType::ResidentRegistrationNumber => {
            language.pick("resident registration number", "주민등록번호")
        }
    }
}

pub fn outcome(outcome: Outcome, language: Language) -> &'static str {
    match outcome {
        Outcome::Clear => language.pick("no personal data", "개인정보 없음"),
        Outcome::Domestic => language.pick("stays at home", "국내 전송"),
        Outcome::Permitted => language.pick("permitted", "적법한 국외이전"),
        Outcome::Indeterminate => language.pick("cannot be judged", "판단 불가"),
        Outcome::Violation => language.pick("violation", "위반"),
    }
}

pub fn severity(severity: Severity, language: Language) -> &'static str {
    match severity {
        Severity::Low => language.pick("low", "낮음"),
        Severity::Medium => language.pick("medium", "보통"),
        Severity::High => language.pick("high", "높음"),
        Severity::Critical => language.pick("critical", "심각"),
    }
}

pub fn basis(kind: BasisKind, language: Language) -> &'static str {
    match kind {
        BasisKind::SuspensionOrder => language.pick("suspension order", "국외이전 중지명령"),
        BasisKind::Statute => language.pick("statute", "법률의 특별한 규정"),
        BasisKind::Treaty => language.pick("treaty", "조약·국제협정"),
        BasisKind::Adequacy => language.pick("recognised equivalence", "동등성 인정"),
        BasisKind::Certification => language.pick("certification", "인증"),
        BasisKind::ContractEntrustment => {
            language.pick("entrustment or storage for a contract", "계약 이행을 위한 처리위탁·보관")
        }
    }
}

/// Where the law speaks of such a basis.
pub const fn basis_provision(kind: BasisKind) -> Provision {
    let transfer = Provision::act(28, 8).paragraph(1);
    match kind {
        BasisKind::SuspensionOrder => Provision::act(28, 9).paragraph(1),
        BasisKind::Statute | BasisKind::Treaty => transfer.number(2),
        BasisKind::Adequacy => transfer.number(5),
        BasisKind::Certification => transfer.number(4),
        BasisKind::ContractEntrustment => transfer.number(3),
    }
}

pub fn act(kind: ActKind, language: Language) -> &'static str {
    match kind {
        ActKind::Given => language.pick("given", "동의"),
        ActKind::Refused => language.pick("refused", "거부"),
        ActKind::Withdrawn => language.pick("withdrawn", "철회"),
        ActKind::Expired => language.pick("expired", "만료"),
        ActKind::Renewed => language.pick("renewed", "재동의"),
        ActKind::Invalidated => language.pick("invalidated", "무효"),
    }
}

pub fn role(role: Role, language: Language) -> &'static str {
    match role {
        Role::ThirdParty => language.pick("third party", "제3자"),
        Role::Processor => language.pick("processor", "수탁자"),
        Role::SubProcessor => language.pick("sub-processor", "재수탁자"),
    }
}

pub fn channel(channel: Channel, language: Language) -> &'static str {
    match channel {
        Channel::ConsentForm => language.pick("consent form", "동의서"),
        Channel::PrivacyPolicy => language.pick("privacy policy", "개인정보 처리방침"),
        Channel::Email => language.pick("e-mail", "이메일"),
        Channel::Sms => language.pick("text message", "문자메시지"),
        Channel::Paper => language.pick("paper", "서면"),
    }
}

pub fn transfer_type(transfer_type: TransferType, language: Language) -> &'static str {
    match transfer_type {
        TransferType::Provide => language.pick("provision", "제공"),
        TransferType::View => language.pick("viewing", "조회"),
        TransferType::Entrust => language.pick("entrustment", "처리위탁"),
        TransferType::Store => language.pick("storage", "보관"),
    }
}

/// By what a country is named.
pub fn evidence(kind: EvidenceKind, language: Language) -> &'static str {
    match kind {
        EvidenceKind::Legal => language.pick("legal seat", "법적 소재국"),
        EvidenceKind::Observed => language.pick("observed address", "관측된 주소"),
        EvidenceKind::Declared => language.pick("declared by the sender", "송신자 기재"),
        EvidenceKind::Override => language.pick("set by the operator", "운영자 지정"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Language;
    use crate::entity::EntityType;

    #[test]
    fn every_entity_has_a_name_of_its_own_in_both_languages() {
        for language in Language::ALL {
            let mut names = EntityType::ALL.map(|entity| super::entity(entity, language)).to_vec();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), EntityType::ALL.len(), "{language:?}");
        }
    }
}
