//! Masks: what may be shown of a finding.
