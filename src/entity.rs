//! The kinds of personal data ("items" of a disclosure), a closed list.

use serde::{Deserialize, Serialize};

/// An entity type; the names are those of `alert.json`, `scan.json` and the facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum EntityType {
    BankAccount,
    ConnectingInformation,
    CustomsCode,
    DriversLicense,
    EmailAddress,
    ForeignerRegistrationNumber,
    PassportNumber,
    PaymentCard,
    PersonName,
    PhoneNumber,
    PostalAddress,
    ResidentRegistrationNumber,
}

impl EntityType {
    /// All of them. Declaration order is byte order of the names, so sorting by variant sorts by bytes.
    pub const ALL: [EntityType; 12] = [
        EntityType::BankAccount,
        EntityType::ConnectingInformation,
        EntityType::CustomsCode,
        EntityType::DriversLicense,
        EntityType::EmailAddress,
        EntityType::ForeignerRegistrationNumber,
        EntityType::PassportNumber,
        EntityType::PaymentCard,
        EntityType::PersonName,
        EntityType::PhoneNumber,
        EntityType::PostalAddress,
        EntityType::ResidentRegistrationNumber,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            EntityType::BankAccount => "bank_account",
            EntityType::ConnectingInformation => "connecting_information",
            EntityType::CustomsCode => "customs_code",
            EntityType::DriversLicense => "drivers_license",
            EntityType::EmailAddress => "email_address",
            EntityType::ForeignerRegistrationNumber => "foreigner_registration_number",
            EntityType::PassportNumber => "passport_number",
            EntityType::PaymentCard => "payment_card",
            EntityType::PersonName => "person_name",
            EntityType::PhoneNumber => "phone_number",
            EntityType::PostalAddress => "postal_address",
            EntityType::ResidentRegistrationNumber => "resident_registration_number",
        }
    }

    pub fn parse(name: &str) -> Option<EntityType> {
        EntityType::ALL.into_iter().find(|entity| entity.as_str() == name)
    }

    /// The class by which a legal basis may exclude it (`DECISION.md` §1), leaving aside what the operator
    /// has configured as sensitive.
    pub const fn class(self) -> ItemClass {
        match self {
            EntityType::ResidentRegistrationNumber
            | EntityType::ForeignerRegistrationNumber
            | EntityType::PassportNumber
            | EntityType::DriversLicense => ItemClass::UniqueId,
            EntityType::BankAccount | EntityType::PaymentCard => ItemClass::Credit,
            EntityType::PersonName
            | EntityType::PhoneNumber
            | EntityType::PostalAddress
            | EntityType::CustomsCode
            | EntityType::EmailAddress
            | EntityType::ConnectingInformation => ItemClass::General,
        }
    }
}

/// Class of an item. `unique_id`: PIPA Art. 24; `sensitive`: Art. 23; `credit`: personal credit information.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemClass {
    Credit,
    General,
    Sensitive,
    UniqueId,
}

#[cfg(test)]
mod tests {
    use super::EntityType;

    #[test]
    fn names_are_sorted_by_bytes_and_read_back() {
        let names: Vec<_> = EntityType::ALL.iter().map(|entity| entity.as_str()).collect();
        assert!(names.is_sorted());
        for entity in EntityType::ALL {
            assert_eq!(EntityType::parse(entity.as_str()), Some(entity));
            assert_eq!(serde_json::to_value(entity).unwrap(), entity.as_str());
        }
    }
}
