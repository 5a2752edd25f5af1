//! From one transfer and the facts to a verdict: DECISION.md, one pure function.
