//! What a judged record owes: alerts and its share of the next receipt.
