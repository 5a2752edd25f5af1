//! The fold of receipts, worked out a second time from the contracts and as simply as possible: what
//! `sumun::coverage` says must agree with it.

use serde_json::Value;

/// One receipt as it stands in the log, in log order of its partition.
#[derive(Clone, Debug, PartialEq)]
pub struct Receipt {
    pub from: i64,
    pub to: i64,
    pub session: String,
    pub gap: Option<String>,
    /// `part` of `parts`.
    pub part: (u64, u64),
    pub body: Value,
}

impl Receipt {
    pub fn read(body: Value) -> Option<Receipt> {
        Some(Receipt {
            from: body["from"].as_i64()?,
            to: body["to"].as_i64()?,
            session: body["session"].as_str()?.to_owned(),
            gap: body["gap"].as_str().map(str::to_owned),
            part: (body["part"].as_u64().unwrap_or(1), body["parts"].as_u64().unwrap_or(1)),
            body,
        })
    }

    fn is_empty(&self) -> bool {
        self.from == self.to
    }

    fn is_part_of_same(&self, other: &Receipt) -> bool {
        (self.from, self.to, &self.session, &self.gap, self.part.1)
            == (other.from, other.to, &other.session, &other.gap, other.part.1)
    }
}

/// What a partition's receipts say together.
#[derive(Debug, Default)]
pub struct Folded {
    /// Not void, not empty, by `from`; the parts of one range together.
    pub valid: Vec<Range>,
    pub voided: usize,
    /// Between valid ranges.
    pub holes: Vec<(i64, i64)>,
    /// Ranges that two valid receipts hold.
    pub overlaps: Vec<(i64, i64)>,
}

#[derive(Debug)]
pub struct Range {
    pub from: i64,
    pub to: i64,
    pub gap: Option<String>,
    /// One, or all the parts.
    pub receipts: Vec<Receipt>,
}

impl Folded {
    /// The end of the fold.
    pub fn end(&self) -> Option<i64> {
        self.valid.last().map(|range| range.to)
    }
}

pub fn fold(receipts: &[Receipt]) -> Folded {
    let receipts = &without_repetitions(receipts);
    let mut void = vec![false; receipts.len()];
    for (at, empty) in receipts.iter().enumerate().filter(|(_, receipt)| receipt.is_empty()) {
        let takes_effect = receipts[at + 1..].iter().any(|later| later.session == empty.session);
        if !takes_effect {
            continue;
        }
        let is_earlier_session =
            |session: &str| receipts[..at].iter().any(|receipt| receipt.session == session);
        for (other, receipt) in receipts.iter().enumerate() {
            let overtaken = other < at && receipt.to > empty.from;
            let late = other > at && receipt.session != empty.session && is_earlier_session(&receipt.session);
            void[other] |= overtaken || late;
        }
    }
    let mut folded = Folded { voided: void.iter().filter(|void| **void).count(), ..Folded::default() };
    for (receipt, _) in receipts.iter().zip(&void).filter(|(receipt, void)| !**void && !receipt.is_empty()) {
        match folded
            .valid
            .iter_mut()
            .find(|range| receipt.part.1 > 1 && range.receipts[0].is_part_of_same(receipt))
        {
            Some(range) => range.receipts.push(receipt.clone()),
            None => folded.valid.push(Range {
                from: receipt.from,
                to: receipt.to,
                gap: receipt.gap.clone(),
                receipts: vec![receipt.clone()],
            }),
        }
    }
    // Parts count only together.
    folded.valid.retain(|range| {
        let parts = range.receipts[0].part.1;
        (1..=parts).all(|part| range.receipts.iter().any(|receipt| receipt.part.0 == part))
    });
    folded.valid.sort_by_key(|range| (range.from, range.to));
    // What voided receipts once held in front of the first valid one is a hole too.
    let first = receipts.iter().filter(|receipt| !receipt.is_empty()).map(|receipt| receipt.from).min();
    if let (Some(first), Some(range)) = (first, folded.valid.first())
        && first < range.from
    {
        folded.holes.push((first, range.from));
    }
    for pair in folded.valid.windows(2) {
        let (end, next) = (pair[0].to, pair[1].from);
        if end < next {
            folded.holes.push((end, next));
        }
        if end > next {
            folded.overlaps.push((next, end.min(pair[1].to)));
        }
    }
    folded
}

/// A receipt that was written twice, because its first acknowledgement was lost, counts once.
fn without_repetitions(receipts: &[Receipt]) -> Vec<Receipt> {
    let mut once: Vec<Receipt> = Vec::new();
    for receipt in receipts {
        if !once.iter().rev().any(|other| other.is_part_of_same(receipt) && other.part == receipt.part) {
            once.push(receipt.clone());
        }
    }
    once
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Receipt, fold};

    fn receipts(list: &[(i64, i64, &str)]) -> Vec<Receipt> {
        let read = |(from, to, session): &(i64, i64, &str)| {
            Receipt::read(json!({ "from": from, "to": to, "session": session })).unwrap()
        };
        list.iter().map(read).collect()
    }

    fn valid(list: &[(i64, i64, &str)]) -> Vec<(i64, i64)> {
        fold(&receipts(list)).valid.iter().map(|range| (range.from, range.to)).collect()
    }

    #[test]
    fn a_restart_at_the_end_voids_nothing() {
        assert_eq!(valid(&[(0, 0, "a"), (0, 9, "a"), (9, 9, "b"), (9, 12, "b")]), [(0, 9), (9, 12)]);
    }

    #[test]
    fn a_replay_voids_what_ends_after_it() {
        let log = [(0, 0, "a"), (0, 5, "a"), (5, 9, "a"), (5, 5, "b"), (5, 12, "b")];
        assert_eq!(valid(&log), [(0, 5), (5, 12)]);
        assert_eq!(fold(&receipts(&log)).voided, 1);
    }

    #[test]
    fn an_assignment_that_wrote_nothing_more_voids_nothing() {
        assert_eq!(
            valid(&[(0, 0, "a"), (0, 9, "a"), (5, 5, "b"), (9, 9, "c"), (9, 12, "c")]),
            [(0, 9), (9, 12)]
        );
    }

    #[test]
    fn what_a_lost_member_still_writes_is_void() {
        let log = [(0, 0, "a"), (0, 5, "a"), (5, 5, "b"), (5, 8, "b"), (5, 9, "a"), (8, 12, "b")];
        assert_eq!(valid(&log), [(0, 5), (5, 8), (8, 12)]);
    }

    #[test]
    fn offsets_that_were_moved_show_as_holes() {
        let log = [(0, 0, "a"), (0, 10, "a"), (20, 20, "b"), (20, 30, "b")];
        assert_eq!(fold(&receipts(&log)).holes, [(10, 20)]);
        let back = [(0, 0, "a"), (0, 4, "a"), (4, 10, "a"), (7, 7, "b"), (7, 30, "b")];
        assert_eq!(fold(&receipts(&back)).holes, [(4, 7)]);
    }

    #[test]
    fn parts_count_only_together() {
        let mut log = receipts(&[(0, 0, "a"), (0, 5, "a"), (0, 5, "a")]);
        log[1].part = (1, 2);
        assert_eq!(fold(&log[..2]).valid.len(), 0);
        log[2].part = (2, 2);
        assert_eq!(fold(&log).valid.len(), 1);
    }
}
