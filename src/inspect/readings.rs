//! What a number can be: the readings of its validators, and which of them wins.

use std::sync::Arc;

use super::candidate::Chunk;
use super::clue::{Clues, said_of};
use super::keys::Bearer;
use super::look_alike::LookAlike;
use super::number::{Number, Style};
use super::rule::Rules;
use super::{account, license, resident, weight};
use crate::entity::EntityType;
use crate::finding::Validity;

/// Readings of one number at most: phone, resident, licence, card, account.
const KINDS: usize = 5;

/// What is shown of a finding.
#[derive(Clone, Copy)]
pub(super) enum Mask {
    Whole,
    Phone {
        prefix_digits: usize,
    },
    /// So many of the last digits.
    Last(usize),
    Name,
    Email,
    Address,
}

/// One reading of a number.
pub(super) struct Reading<'r> {
    pub(super) entity: EntityType,
    pub(super) number: Number,
    /// Where it is shown to lie, brackets and what else belongs to it included.
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) chunks: usize,
    /// Without what names say.
    pub(super) weight: i32,
    pub(super) separated: bool,
    pub(super) validity: Validity,
    pub(super) partial: bool,
    pub(super) mask: Mask,
    /// What speaks for it besides names.
    pub(super) grounds: [Option<&'r Arc<str>>; 3],
}

#[derive(Default)]
pub(super) struct Readings<'r>([Option<Reading<'r>>; KINDS]);

/// The reading that wins.
pub(super) struct Likeliest<'n, 'r> {
    pub(super) reading: &'n Reading<'r>,
    pub(super) weight: i32,
    /// The odds of all others together.
    pub(super) rivals: f64,
    pub(super) confidence: u8,
    /// The look-alike that is likelier than not, if one is.
    pub(super) strongest: Option<LookAlike>,
}

impl<'r> Readings<'r> {
    /// Reads what begins with `chunks[first]`; false where nothing can be read in it. In place: readings are large, and
    /// most numbers have none.
    #[must_use]
    pub(super) fn read(
        &mut self,
        rules: &'r Rules,
        text: &[u8],
        chunks: &[Chunk],
        first: usize,
        numeric: bool,
        now_ms: i64,
    ) -> bool {
        let [of_phone, of_resident, of_license, of_card, of_account] = &mut self.0;
        *of_phone = phone(rules, text, chunks, first, numeric);
        *of_resident = resident(rules, text, chunks, first, now_ms);
        if rules.sought.by_name {
            *of_license = license(rules, text, chunks, first);
            *of_card = card(rules, text, chunks, first);
            *of_account = account(rules, text, chunks, first);
        }
        self.0.iter().any(Option::is_some)
    }

    /// Whether one of them may be found although nothing names it.
    pub(super) fn speak_for_themselves(&self) -> bool {
        self.0.iter().flatten().any(|reading| reading.entity != EntityType::BankAccount || reading.separated)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Reading<'r>> {
        self.0.iter().flatten()
    }

    pub(super) fn likeliest(&self, clues: &Clues<'_>) -> Option<Likeliest<'_, 'r>> {
        let mut all = 0.0;
        let mut best: Option<(&Reading<'r>, i32)> = None;
        for reading in self.0.iter().flatten() {
            let weight = reading.weight + said_of(clues, Bearer::Entity(reading.entity));
            all += weight::odds(weight);
            if best.is_none_or(|(_, other)| weight > other) {
                best = Some((reading, weight));
            }
        }
        let (reading, weight) = best?;
        let (look_alikes, strongest) = rivals(reading.number.digits(), reading.separated, clues);
        let rivals = (all - weight::odds(weight)).max(0.0) + look_alikes;
        let confidence = weight::confidence(weight, rivals);
        Some(Likeliest { reading, weight, rivals, confidence, strongest })
    }
}

fn phone<'r>(
    rules: &'r Rules,
    text: &[u8],
    chunks: &[Chunk],
    first: usize,
    numeric: bool,
) -> Option<Reading<'r>> {
    let phone = rules.plan.read(text, chunks, first, numeric)?;
    let (start, end) = with_brackets(text, phone.number.start, phone.number.end);
    let grounds = &rules.grounds;
    Some(Reading {
        entity: EntityType::PhoneNumber,
        number: phone.number,
        start,
        end,
        chunks: phone.chunks,
        weight: phone.weight,
        separated: phone.style != Style::Plain,
        validity: if phone.masked { Validity::Unverifiable } else { Validity::Valid },
        partial: phone.masked,
        mask: Mask::Phone { prefix_digits: phone.prefix_digits },
        grounds: [
            Some(&phone.range.kind),
            phone.international.then_some(&grounds.country),
            phone.zero_lost.then_some(&grounds.zero_lost),
        ],
    })
}

fn resident<'r>(
    rules: &'r Rules,
    text: &[u8],
    chunks: &[Chunk],
    first: usize,
    now_ms: i64,
) -> Option<Reading<'r>> {
    let resident = resident::read(text, chunks, first, now_ms)?;
    let is_right = resident.checksum == Some(true);
    Some(Reading {
        entity: resident.entity,
        number: resident.number,
        start: resident.number.start,
        end: resident.number.end,
        chunks: resident.chunks,
        weight: resident.weight,
        separated: resident.separated,
        // Numbers given out since October 2020, to adults too, have no check digit.
        validity: if is_right { Validity::Valid } else { Validity::Unverifiable },
        partial: resident.checksum.is_none(),
        mask: Mask::Whole,
        grounds: [Some(&rules.grounds.date), is_right.then_some(&rules.grounds.checksum), None],
    })
}

fn license<'r>(rules: &'r Rules, text: &[u8], chunks: &[Chunk], first: usize) -> Option<Reading<'r>> {
    let license = license::read(&rules.license_regions, text, chunks, first)?;
    Some(Reading {
        entity: EntityType::DriversLicense,
        number: license.number,
        start: license.start,
        end: license.number.end,
        chunks: license.chunks,
        weight: license.weight,
        separated: license.separated,
        validity: Validity::Unverifiable,
        partial: false,
        mask: Mask::Whole,
        grounds: [Some(&rules.grounds.region), None, None],
    })
}

fn card<'r>(rules: &'r Rules, text: &[u8], chunks: &[Chunk], first: usize) -> Option<Reading<'r>> {
    let card = rules.card_prefixes.read_number(text, chunks, first)?;
    Some(Reading {
        entity: EntityType::PaymentCard,
        number: card.number,
        start: card.number.start,
        end: card.number.end,
        chunks: card.chunks,
        weight: card.weight,
        separated: card.separated,
        validity: if card.luhn { Validity::Valid } else { Validity::Invalid },
        partial: false,
        mask: Mask::Last(4),
        grounds: [
            card.luhn.then_some(&rules.grounds.checksum),
            card.issuer_known.then_some(&rules.grounds.issuer),
            None,
        ],
    })
}

fn account<'r>(rules: &'r Rules, text: &[u8], chunks: &[Chunk], first: usize) -> Option<Reading<'r>> {
    let account = account::read(&rules.layouts, text, chunks, first)?;
    Some(Reading {
        entity: EntityType::BankAccount,
        number: account.number,
        start: account.number.start,
        end: account.number.end,
        chunks: account.chunks,
        weight: account.weight,
        separated: account.separated,
        validity: Validity::Unverifiable,
        partial: false,
        mask: Mask::Last(3),
        grounds: [account.in_layout.then_some(&rules.grounds.layout), None, None],
    })
}

/// What else the digits can be: the sum of the odds, and the one that is likelier than not.
fn rivals(digits: &[u8], separated: bool, clues: &Clues<'_>) -> (f64, Option<LookAlike>) {
    let mut sum = 0.0;
    let mut strongest: Option<(i32, LookAlike)> = None;
    for (look_alike, own, said) in look_alikes(digits, separated, clues) {
        let weight = own + said;
        sum += weight::odds(weight);
        if weight > 0 && strongest.is_none_or(|(other, _)| weight > other) {
            strongest = Some((weight, look_alike));
        }
    }
    (sum, strongest.map(|(_, look_alike)| look_alike))
}

/// Each with the weight of its form and with what names say for it.
pub(super) fn look_alikes(
    digits: &[u8],
    separated: bool,
    clues: &Clues<'_>,
) -> impl Iterator<Item = (LookAlike, i32, i32)> {
    // Beside a field that names an entity, most often, no name speaks of a look-alike.
    let speaks = clues.iter().flatten().any(|clue| clue.known.name.speaks_of_look_alikes);
    LookAlike::ALL.into_iter().filter_map(move |look_alike| {
        let own = look_alike.weigh(digits, separated)?;
        let said = clues.iter().flatten().map(|clue| clue.weight_for(Bearer::LookAlike(look_alike)));
        let said = if speaks { said.sum() } else { 0 };
        // A corporate number has the form of a resident number, and one in ten its check digit.
        let named = said > 0 && look_alike == LookAlike::CorporateNumber;
        Some((look_alike, own, said + if named { weight::CORPORATE_NAMED } else { 0 }))
    })
}

/// Takes in the `+`, and the `(` whose `)` lies inside.
fn with_brackets(text: &[u8], mut start: usize, end: usize) -> (usize, usize) {
    let before = |start: usize| start.checked_sub(1).and_then(|at| text.get(at)).copied();
    if before(start) == Some(b'+') {
        start -= 1;
    }
    let inside = text.get(start..end).unwrap_or_default();
    let closes = inside.iter().find(|byte| matches!(byte, b'(' | b')')) == Some(&b')');
    if closes && before(start) == Some(b'(') {
        start -= 1;
    }
    (start, end)
}
