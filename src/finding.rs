//! What inspection found in a record: validated, scored and de-duplicated.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::entity::EntityType;
use crate::record::Part;

/// One piece of personal data. Holds no raw text: `masked` is safe to print, `text` exists only under
/// `scan --reveal`.
#[derive(Clone)]
pub struct Finding {
    pub entity: EntityType,
    pub part: Part,
    /// Byte position of the outermost token in its part. Decides the scope the finding belongs to.
    pub at: u32,
    /// Field path (`contracts`, "Field paths"); a segment that is itself a finding is masked.
    pub path: String,
    /// UTF-8 bytes in the decoded text of the innermost field at `path`.
    pub start: u32,
    pub end: u32,
    /// Hundredths, 0 to 100. Printed as 0 to 1.
    pub confidence: u8,
    pub validity: Validity,
    /// A masked number: reported, never judged.
    pub partial: bool,
    /// A role mailbox: reported, never judged.
    pub role: bool,
    pub masked: String,
    /// What spoke for it, in the order in which it was weighed: `key:tel`, `plan:mobile` … Shared with the rules:
    /// a record with twenty findings would copy sixty texts.
    pub evidence: Vec<Arc<str>>,
    pub text: Option<Revealed>,
}

impl Finding {
    /// Partial findings and role mailboxes are reported but not judged and not counted (`DECISION.md` §1).
    pub fn is_judged(&self) -> bool {
        !self.partial && !self.role
    }
}

/// Raw matched text, asked for with `scan --reveal`. No `Debug`, no `Display`, no `Serialize`.
#[derive(Clone)]
pub struct Revealed(pub String);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Validity {
    Valid,
    Invalid,
    /// No check exists: resident numbers issued since October 2020 carry random digits.
    Unverifiable,
}

/// What went wrong on the way through a payload: a result, not a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issue {
    pub code: IssueCode,
    pub path: String,
    /// Bytes that nobody looked at; `None` where that is not known. Broken JSON that was read as raw text: 0.
    pub bytes_unread: Option<u64>,
}

impl Issue {
    /// Whether this issue makes the record `UNINSPECTABLE`.
    pub fn is_unread(&self) -> bool {
        self.bytes_unread != Some(0)
    }
}

/// Closed list of `contracts`, "What scan prints".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IssueCode {
    JsonSyntax,
    Encoding,
    DepthLimit,
    SizeLimit,
    ExpansionLimit,
    ExpansionFailed,
    Panic,
    InputLine,
}

impl IssueCode {
    /// All of them, in declaration order.
    pub const ALL: [IssueCode; 8] = [
        IssueCode::JsonSyntax,
        IssueCode::Encoding,
        IssueCode::DepthLimit,
        IssueCode::SizeLimit,
        IssueCode::ExpansionLimit,
        IssueCode::ExpansionFailed,
        IssueCode::Panic,
        IssueCode::InputLine,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            IssueCode::JsonSyntax => "JSON_SYNTAX",
            IssueCode::Encoding => "ENCODING",
            IssueCode::DepthLimit => "DEPTH_LIMIT",
            IssueCode::SizeLimit => "SIZE_LIMIT",
            IssueCode::ExpansionLimit => "EXPANSION_LIMIT",
            IssueCode::ExpansionFailed => "EXPANSION_FAILED",
            IssueCode::Panic => "PANIC",
            IssueCode::InputLine => "INPUT_LINE",
        }
    }
}
