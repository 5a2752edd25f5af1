//! Disclosures: versioned texts with the items of PIPA Art. 28-8(2).
