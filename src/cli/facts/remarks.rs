//! What `facts check` remarks upon, as a code and as a sentence.

use crate::facts::Remark;
use crate::text::{Language, Provision, cited};

/// The code of JSON output, and the entity type that was likely meant.
pub(super) fn code(remark: Remark) -> (&'static str, Option<&'static str>) {
    let code = match remark {
        Remark::NothingPermits => "NOTHING_PERMITS",
        Remark::Replaces => "REPLACES",
        Remark::NotTold => "NOT_TOLD",
        Remark::ToldAsAll => "TOLD_AS_ALL",
        Remark::AllMatchesNothing => "ALL_MATCHES_NOTHING",
        Remark::RecipientUnknown => "RECIPIENT_UNKNOWN",
        Remark::ClassEmpty => "CLASS_EMPTY",
        Remark::ClassUnlisted => "CLASS_UNLISTED",
        Remark::CountryUnreadable => "COUNTRY_UNREADABLE",
        Remark::CountryUnassigned => "COUNTRY_UNASSIGNED",
        Remark::ItemMisspelt(meant) => return ("ITEM_MISSPELT", Some(meant.as_str())),
        Remark::NeverInForce => "NEVER_IN_FORCE",
        Remark::TextUnknown => "TEXT_UNKNOWN",
        Remark::EntryUnknown => "ENTRY_UNKNOWN",
        Remark::ConsentToPolicy => "CONSENT_TO_POLICY",
        Remark::TextNotInForce => "TEXT_NOT_IN_FORCE",
        Remark::NotSeparate => "NOT_SEPARATE",
        Remark::GuardianMissing => "GUARDIAN_MISSING",
        Remark::ExpiresAtOnce => "EXPIRES_AT_ONCE",
        Remark::NamesNothing => "NAMES_NOTHING",
        Remark::NotNecessary => "NOT_NECESSARY",
        Remark::NotDisclosed => "NOT_DISCLOSED",
        Remark::NoProcessor => "NO_PROCESSOR",
        Remark::MeasuresMissing => "MEASURES_MISSING",
        Remark::NoLegalCountry => "NO_LEGAL_COUNTRY",
        Remark::NoContact => "NO_CONTACT",
        Remark::Unbound => "UNBOUND",
        Remark::BoundTwice => "BOUND_TWICE",
        Remark::HostUnreadable => "HOST_UNREADABLE",
    };
    (code, None)
}

/// What follows from it, and what to do.
pub(super) fn text(remark: Remark, language: Language) -> String {
    let (english, korean) = sentence(remark);
    let text = match remark {
        Remark::ItemMisspelt(meant) => {
            let meant = meant.as_str();
            language.pick(
                format!("{english}; `{meant}` is likely meant"),
                format!("{korean}; `{meant}`의 오기로 보임"),
            )
        }
        _ => language.pick(english, korean).to_owned(),
    };
    match provisions(remark) {
        [] => text,
        provisions => format!("{text} ({})", cited(provisions, language)),
    }
}

const fn sentence(remark: Remark) -> (&'static str, &'static str) {
    match remark {
        Remark::NothingPermits => (
            "recipients, but no disclosure and no legal basis: every transfer abroad will be a violation",
            "수신자만 있고 고지와 법적 근거가 없어 모든 국외이전이 위반이 됨",
        ),
        Remark::Replaces => (
            "replaces an earlier line with the same key, which no longer counts; remove one of them",
            "같은 키의 앞선 줄을 대체하여 앞선 줄은 쓰이지 않으므로 한 줄을 지울 것",
        ),
        Remark::NotTold => (
            "not told: no consent to this entry covers anything; tell it in a new version",
            "고지되지 않음: 이 항목에 대한 동의는 효력이 없으므로 새 버전에 고지할 것",
        ),
        Remark::ToldAsAll => (
            "\"all\" tells customers nothing, and covers nothing; name them in a new version",
            "\"전체\"는 고지로 볼 수 없어 효력이 없으므로 새 버전에 명시할 것",
        ),
        Remark::AllMatchesNothing => (
            "`*` matches nothing in a legal basis; name them",
            "법적 근거에서 `*`는 아무것도 가리키지 않으므로 명시할 것",
        ),
        Remark::RecipientUnknown => (
            "the registry has no recipient of this id; add it, or correct the id",
            "등록부에 없는 수신자이므로 등록하거나 식별자를 고칠 것",
        ),
        Remark::ClassEmpty => (
            "nobody was ever a member of this class; give recipients their `classes`",
            "이 분류에 속한 수신자가 없으므로 수신자의 `classes`를 채울 것",
        ),
        Remark::ClassUnlisted => (
            "customers cannot read who is in this class; add `list_url`",
            "정보주체가 이 분류의 수신자를 확인할 수 없으므로 `list_url`을 추가할 것",
        ),
        Remark::CountryUnreadable => (
            "matches no country: write two upper-case letters (ISO 3166-1)",
            "국가로 읽을 수 없음: 대문자 두 글자(ISO 3166-1)로 쓸 것",
        ),
        Remark::CountryUnassigned => (
            "ISO 3166-1 has assigned this code to no country (the United Kingdom is `GB`)",
            "ISO 3166-1에서 국가에 부여하지 않은 코드임(영국은 `GB`)",
        ),
        Remark::ItemMisspelt(_) => ("sumun finds no such item", "sumun이 찾는 항목이 아님"),
        Remark::NeverInForce => {
            ("it ends before it begins, and never counts", "시작하기 전에 끝나므로 효력이 있는 때가 없음")
        }
        Remark::TextUnknown => (
            "no fact tells of this disclosure version: it covers nothing until one does",
            "이 고지 버전의 내용이 없으므로 추가될 때까지 효력이 없음",
        ),
        Remark::EntryUnknown => {
            ("this disclosure version has no such entry", "이 고지 버전에 없는 항목(ref)임")
        }
        Remark::ConsentToPolicy => (
            "nobody consents to a privacy policy: only the aliases count",
            "처리방침은 동의의 대상이 아니므로 식별자만 쓰임",
        ),
        Remark::TextNotInForce => (
            "the version was not in force then: the consent covers nothing",
            "동의 시점에 시행 중인 버전이 아니므로 효력이 없음",
        ),
        Remark::NotSeparate => (
            "the transfer abroad was not consented to separately: the consent covers nothing",
            "국외이전에 대한 별도 동의가 아니므로 효력이 없음",
        ),
        Remark::GuardianMissing => (
            "a child's consent without `guardian.token` and `guardian.method` covers nothing",
            "`guardian.token`과 `guardian.method`가 없는 아동의 동의는 효력이 없음",
        ),
        Remark::ExpiresAtOnce => ("it expires before it takes effect", "효력이 생기기 전에 만료됨"),
        Remark::NamesNothing => (
            "absent: this kind of basis then matches nothing",
            "없음: 이 종류의 근거는 아무것도 가리키지 않게 됨",
        ),
        Remark::NotNecessary => (
            "not `true`: an entrustment that no contract needs permits nothing",
            "`true`가 아님: 계약에 필요하지 않은 처리위탁·보관은 근거가 되지 않음",
        ),
        Remark::NotDisclosed => (
            "neither `disclosed_by` nor `notice`: what nobody was told of permits nothing",
            "`disclosed_by`와 `notice`가 모두 없음: 공개하거나 알리지 않으면 근거가 되지 않음",
        ),
        Remark::NoProcessor => (
            "the registry holds this recipient for no processor: nothing is entrusted to it",
            "등록부에서 수탁자가 아닌 수신자이므로 처리위탁·보관이 될 수 없음",
        ),
        Remark::MeasuresMissing => (
            "`measures_security` and `measures_destination` are not both `true`: it permits nothing",
            "`measures_security`와 `measures_destination`이 모두 `true`가 아니므로 근거가 되지 않음",
        ),
        Remark::NoLegalCountry => (
            "absent: only addresses and the sender say where it is",
            "없음: 주소와 송신자 기재만으로 국가를 판단하게 됨",
        ),
        Remark::NoContact => (
            "absent: no notice that names it by id is complete",
            "없음: 이 수신자를 명시한 고지가 완전하지 않게 됨",
        ),
        Remark::Unbound => (
            "no `ids`, `hosts`, `cidrs` or `topics`: no record can name it but by a fixed id",
            "`ids`, `hosts`, `cidrs`, `topics`가 모두 없어 고정 식별자로만 지정할 수 있음",
        ),
        Remark::BoundTwice => (
            "another recipient has it too: a record that names it goes to both, and each is judged",
            "다른 수신자에도 있음: 이 값이 있는 레코드는 두 수신자 모두에게 이전되는 것으로 보고 각각 판단함",
        ),
        Remark::HostUnreadable => (
            "no host name: write it without blanks, scheme, path and `*`, as in `api.shop.example`",
            "호스트 이름이 아님: 공백, 스킴, 경로, `*` 없이 `api.shop.example`처럼 쓸 것",
        ),
    }
}

const fn provisions(remark: Remark) -> &'static [Provision] {
    const TOLD: Provision = Provision::act(28, 8).paragraph(2);
    const BASIS: Provision = Provision::act(28, 8).paragraph(1);
    match remark {
        Remark::NothingPermits => const { &[BASIS] },
        Remark::NotTold | Remark::ToldAsAll | Remark::TextNotInForce => const { &[TOLD] },
        Remark::ClassUnlisted | Remark::NoContact => const { &[TOLD.number(3)] },
        Remark::NotSeparate => const { &[BASIS.number(1), Provision::act(22, 0).paragraph(1)] },
        Remark::GuardianMissing => const { &[Provision::act(22, 2).paragraph(1)] },
        Remark::NotNecessary | Remark::NoProcessor => const { &[BASIS.number(3)] },
        Remark::NotDisclosed => const { &[BASIS.number(3), Provision::decree(29, 7)] },
        Remark::MeasuresMissing => const { &[BASIS.number(4)] },
        _ => &[],
    }
}
