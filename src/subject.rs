//! Data subjects, known only by keyed tokens.

/// What kind of value a token was made from (TYPE of contracts, "Subject tokens").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenType {
    Member,
    Phone,
    Email,
    Ci,
}

impl TokenType {
    pub const ALL: [TokenType; 4] = [TokenType::Member, TokenType::Phone, TokenType::Email, TokenType::Ci];

    pub const fn as_str(self) -> &'static str {
        match self {
            TokenType::Member => "member",
            TokenType::Phone => "phone",
            TokenType::Email => "email",
            TokenType::Ci => "ci",
        }
    }
}

/// `KID:TYPE:HEX` (contracts, "Subject tokens").
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubjectToken(pub String);

/// Position of a person in one facts snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonIndex(pub u32);

/// Whose data it is (`DECISION.md` §1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// No selector yielded a value.
    Unresolved,
    /// The persons that `token` names at the record's time. Empty: a person whom no fact knows.
    /// `token` is the person's own token where it is one, else the selected one.
    Persons { token: SubjectToken, persons: Vec<PersonIndex> },
}

impl Subject {
    /// Persons who are the subject: 0 where unresolved; a person without facts is a person too.
    pub fn count(&self) -> usize {
        match self {
            Subject::Unresolved => 0,
            Subject::Persons { persons, .. } => persons.len().max(1),
        }
    }
}
