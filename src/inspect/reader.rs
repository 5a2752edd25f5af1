//! The visitor that reads candidates in tokens, weighs their readings and keeps what is likely enough.

mod text;

use std::sync::Arc;

use super::candidate::{Chunk, Group, cut, find_groups};
use super::clue::{Clue, Clues, Origin, told, with_rival};
use super::fold::Folded;
use super::keys::{Bearer, Known, Memo};
use super::readings::{Likeliest, Mask, Readings};
use super::rule::Rules;
use super::sibling::{Said, Undecided, company_of, object_of};
use super::watch::{Candidate, Seen, Watch};
use super::{weight, write_root};
use crate::decode::{BLOCK_BYTES, Bitmaps, Container, Path, Token, TokenKind, Visit};
use crate::entity::EntityType;
use crate::finding::{Finding, Revealed, Validity};
use crate::record::{Part, Record};
use crate::redacted;

/// Bytes of a buffer that stay allocated between records.
const BUFFER_BYTES_KEPT_MAX: usize = 1 << 20;

/// The longest escape of JSON, `\uXXXX`.
const ESCAPE_BYTES_MAX: usize = 6;

/// How far before an element the bracket of its array is sought.
const ARRAY_BYTES_MAX: usize = 128;

/// Longer keys are not sought backwards from their values.
const KEY_BYTES_MAX: usize = 64;

/// Most paths are shorter: they are written without growing.
const PATH_BYTES_USUAL: usize = 64;

/// What a payload belongs to.
#[derive(Clone, Copy)]
pub(super) struct Context<'r> {
    pub(super) record: &'r Record<'r>,
    pub(super) part: Part,
    /// Of each header's name; empty where there are few headers.
    pub(super) repeats: &'r [u32],
    /// Nobody is born later.
    pub(super) now_ms: i64,
    pub(super) reveal: bool,
}

/// Memory reused from payload to payload; empty of meaning between them.
#[derive(Default)]
pub(super) struct Work {
    groups: Vec<Group>,
    /// Of `groups`: the first that does not end before the token at hand.
    cursor: usize,
    /// Where something begins that may concern a token: the group at `cursor`; 0 where there is something to fold.
    next_start: u32,
    /// Blocks that hold characters to fold.
    foldable_blocks: Vec<usize>,
    opens: Vec<u32>,
    pub(super) undecided: Vec<Undecided>,
    /// Objects in which something was found, a name aside.
    pub(super) found_in: Vec<u32>,
    /// Keys that hold findings, masked, by position.
    hidden_keys: Vec<(u32, String)>,
    text: TextWork,
    chunks: Vec<Chunk>,
    name: String,
    memo: Memo,
    words: text::Words,
    /// Whether the payload holds an `@`.
    has_at: bool,
    /// Where the strings begin in which a text may be found; of no meaning where all tokens are to be seen.
    spots: Vec<u32>,
    /// Of `spots`: the first that does not begin before the token at hand.
    spot: usize,
    sees_all: bool,
}

/// For a text that had to be decoded or folded.
#[derive(Default)]
struct TextWork {
    buffer: String,
    folded: Folded,
    bitmaps: Bitmaps,
    groups: Vec<Group>,
}

pub(super) struct Reader<'r, W> {
    rules: &'r Rules,
    context: Context<'r>,
    work: &'r mut Work,
    findings: &'r mut Vec<Finding>,
    /// How many findings there were before this payload.
    first: usize,
    /// In the second walk: what siblings say; only undecided candidates are read again.
    said: Option<&'r [Said<'r>]>,
    watch: &'r mut W,
}

/// Where a candidate stands.
#[derive(Clone, Copy)]
struct Place<'p, 'a> {
    token: Token<'a>,
    path: Path<'p, 'a>,
    /// The decoded text of the token.
    text: &'p str,
    /// If that was folded: what the candidate's positions refer to.
    folded: Option<&'p Folded>,
}

impl<'r, W: Watch> Reader<'r, W> {
    pub(super) fn new(
        rules: &'r Rules,
        context: Context<'r>,
        work: &'r mut Work,
        findings: &'r mut Vec<Finding>,
        watch: &'r mut W,
    ) -> Reader<'r, W> {
        work.undecided.clear();
        work.found_in.clear();
        work.hidden_keys.clear();
        let first = findings.len();
        Reader { rules, context, work, findings, first, said: None, watch }
    }

    /// For the second walk over the same payload.
    pub(super) fn again(
        rules: &'r Rules,
        context: Context<'r>,
        work: &'r mut Work,
        findings: &'r mut Vec<Finding>,
        said: &'r [Said<'r>],
        watch: &'r mut W,
    ) -> Reader<'r, W> {
        let first = findings.len();
        Reader { rules, context, work, findings, first, said: Some(said), watch }
    }

    /// Drops the groups that come to nothing whatever the structure says: those that nothing can be read in, and those
    /// that are the whole value of a field which is surely something else (`"ean":"8801043014809"`). Most payloads
    /// without findings then need no walk.
    fn triage(&mut self, bytes: &[u8]) {
        let mut groups = std::mem::take(&mut self.work.groups);
        groups.retain(|group| self.may_be_found(bytes, *group));
        self.work.groups = groups;
    }

    fn may_be_found(&mut self, bytes: &[u8], group: Group) -> bool {
        let field = field_before(bytes, group.start as usize);
        let key = field.as_ref().map(|field| field.key).unwrap_or_default();
        let known = self.work.memo.look_up(&self.rules.fields, self.rules.stamp, key);
        let is_other =
            |known: &Known<'_>| known.whole && known.name.is_look_alike() && !known.name.is_entity();
        if group.only_named && group.is_plain() && field.is_some() {
            // Only a field's name makes such a number personal, but for a card with its issuer's prefix.
            return known.map_or_else(
                || self.rules.card_prefixes.hold(bytes.get(group.range()).unwrap_or_default()),
                |known| known.name.is_entity() || !known.name.is_look_alike(),
            );
        }
        if known.is_some_and(|known| !is_other(&known)) {
            return true;
        }
        if group.only_named && known.is_some() {
            return false;
        }
        // Where the structure is broken the key is no more than a label, and says less.
        let clues = [known.map(|known| Clue { known, from: Origin::Label }), None, None];
        let numeric = field.as_ref().is_none_or(|field| !field.quoted);
        let mut chunks = std::mem::take(&mut self.work.chunks);
        cut_group(bytes, group, &mut chunks);
        let mut readings = Readings::default();
        let may_be_found = (0..chunks.len()).any(|first| {
            if !readings.read(self.rules, bytes, &chunks, first, numeric, self.context.now_ms) {
                return false;
            }
            // Of an unknown field its parent or its sibling may say something.
            known.is_none() && (field.is_none() || readings.speak_for_themselves())
                || readings
                    .likeliest(&clues)
                    .is_some_and(|likeliest| likeliest.confidence >= weight::REPORTED_FROM)
        });
        self.work.chunks = chunks;
        may_be_found
    }

    #[expect(clippy::inline_always, reason = "most tokens go after one comparison")]
    #[inline(always)]
    fn token<'a>(&mut self, token: Token<'a>, path: Path<'_, 'a>) {
        let start = token.at;
        let end = start + u32::try_from(token.raw.len()).unwrap_or(u32::MAX);
        if end <= self.work.next_start && !token.escaped {
            return;
        }
        let has_group = self.work.has_group(start, end);
        self.candidates(token, path, end, has_group);
    }

    fn candidates<'a>(&mut self, token: Token<'a>, path: Path<'_, 'a>, end: u32, has_group: bool) {
        let folds = self.work.has_foldable(token.at, end);
        let hides = token.escaped && escapes_hide_digits(token.raw);
        if !(has_group || folds || hides) || token.kind == TokenKind::Number && token.raw.starts_with(b"-") {
            return;
        }
        if self.said.is_some() && !self.work.is_undecided(token.at) {
            return;
        }
        if token.escaped || folds {
            self.read_text(token, path);
        } else {
            self.read_payload_groups(token, path, end);
        }
    }

    /// The groups of the payload that lie in this token, whose text stands there as it is.
    fn read_payload_groups<'a>(&mut self, token: Token<'a>, path: Path<'_, 'a>, end: u32) {
        let mut text = None;
        while let Some(group) = self.work.groups.get(self.work.cursor).filter(|group| group.start < end) {
            let local = |at: u32| at.saturating_sub(token.at);
            let group = Group { start: local(group.start), end: local(group.end), ..*group };
            self.work.cursor += 1;
            let known = text.get_or_insert_with(|| simdutf8::basic::from_utf8(token.raw));
            let Ok(text) = *known else { return self.read_text(token, path) };
            self.read_group(text, group, Place { token, path, text, folded: None });
        }
    }

    /// A text that is escaped, not UTF-8, or holds characters to fold.
    fn read_text<'a>(&mut self, token: Token<'a>, path: Path<'_, 'a>) {
        let mut work = std::mem::take(&mut self.work.text);
        let text = token.text(&mut work.buffer);
        let folded = work.folded.fold(text).then_some(&work.folded);
        let plain = folded.map_or(text, |folded| folded.text.as_str());
        work.bitmaps.classify(plain.as_bytes());
        work.groups.clear();
        find_groups(plain.as_bytes(), &work.bitmaps, &mut work.groups);
        let place = Place { token, path, text, folded };
        for group in &work.groups {
            if group.may_be_named(plain.as_bytes())
                || group.may_hold_number(plain.as_bytes(), &work.bitmaps, false)
            {
                self.read_group(plain, *group, place);
            }
        }
        work.buffer.shrink_to(BUFFER_BYTES_KEPT_MAX);
        work.folded.shrink_to(BUFFER_BYTES_KEPT_MAX);
        work.groups.shrink_to(BUFFER_BYTES_KEPT_MAX / size_of::<Group>());
        self.work.text = work;
    }

    fn read_group(&mut self, text: &str, group: Group, place: Place<'_, '_>) {
        let mut chunks = std::mem::take(&mut self.work.chunks);
        cut_group(text.as_bytes(), group, &mut chunks);
        let mut first = 0;
        while first < chunks.len() {
            first += self.read_number(text, &chunks, first, place).unwrap_or(1);
        }
        chunks.shrink_to(BUFFER_BYTES_KEPT_MAX / size_of::<Chunk>());
        self.work.chunks = chunks;
    }

    /// The likeliest reading of what begins with `chunks[first]`; how many chunks it took.
    fn read_number(
        &mut self,
        text: &str,
        chunks: &[Chunk],
        first: usize,
        place: Place<'_, '_>,
    ) -> Option<usize> {
        let numeric = place.token.kind == TokenKind::Number;
        let mut readings = Readings::default();
        if !readings.read(self.rules, text.as_bytes(), chunks, first, numeric, self.context.now_ms) {
            return None;
        }
        let clues = self.clues(text, chunks.get(first)?.start, place);
        let likeliest = readings.likeliest(&clues)?;
        if W::WATCHES {
            let seen = self.seen(likeliest.reading.start, likeliest.reading.end, place);
            self.watch.note(Candidate::number(&readings, &clues, seen));
        }
        if likeliest.confidence < weight::REPORTED_FROM {
            self.leave_undecided(&likeliest, &clues, place);
            return None;
        }
        let Likeliest { reading, confidence, strongest, .. } = likeliest;
        let mut evidence = told(&clues, Bearer::Entity(reading.entity));
        evidence.extend(reading.grounds.iter().flatten().map(|ground| Arc::clone(ground)));
        let (start, end) = (reading.start, reading.end);
        let finding = self.finding(reading.entity, start, end, reading.mask, place);
        let (validity, partial) = (reading.validity, reading.partial);
        let evidence = with_rival(evidence, strongest);
        self.push(Finding { confidence, validity, partial, evidence, ..finding }, place);
        Some(reading.chunks)
    }

    fn push(&mut self, finding: Finding, place: Place<'_, '_>) {
        if !self.rules.sought.contains(finding.entity) {
            return;
        }
        if finding.entity != EntityType::PersonName
            && let Some(object_at) = company_of(&self.work.opens, place.path)
        {
            self.work.found_in.push(object_at);
        }
        self.findings.push(finding);
    }

    fn clues(&mut self, text: &str, start: usize, place: Place<'_, '_>) -> Clues<'r> {
        let mut clues = [None, None, None];
        let [field, label, sibling] = &mut clues;
        *field = self.field_clue(place);
        if start > 0 {
            let known = self.rules.labels.label_before(text, start, &self.rules.fields);
            *label = known.map(|known| Clue { known, from: Origin::Label });
        }
        *sibling = self.said_beside(object_of(&self.work.opens, place.path), None);
        clues
    }

    /// In the second walk: what was said in the object at `object_at`, of `bearer` only or of any.
    fn said_beside(&self, object_at: Option<u32>, bearer: Option<Bearer>) -> Option<Clue<'r>> {
        let (said, object_at) = (self.said?, object_at?);
        let from = said.partition_point(|said| said.object_at < object_at);
        let of_object = said.get(from..)?.iter().take_while(|said| said.object_at == object_at);
        let mut of_bearer = of_object.filter(|said| bearer.is_none_or(|bearer| said.bearer == bearer));
        of_bearer.next().map(|said| Clue {
            known: Known { name: said.name, whole: true },
            from: Origin::Sibling(said.bearer),
        })
    }

    /// The name of the field, else of the one above it, else of the header.
    fn field_clue(&mut self, place: Place<'_, '_>) -> Option<Clue<'r>> {
        let mut frames = place.path.frames;
        if place.token.kind == TokenKind::Key {
            // A key is named by what its object stands under.
            frames = frames.split_last()?.1;
        }
        for from in [Origin::Key, Origin::Parent] {
            let Some(key) = (Path { frames }).key() else { break };
            if let Some(known) = self.field_name(&key) {
                return Some(Clue { known, from });
            }
            let level = frames.iter().rposition(|frame| matches!(frame, crate::decode::Frame::Key { .. }))?;
            frames = frames.get(..level)?;
        }
        let Part::Header(position) = self.context.part else { return None };
        let header = self.context.record.headers.get(position as usize)?;
        let known = self.work.memo.look_up(&self.rules.fields, self.rules.stamp, header.name)?;
        Some(Clue { known, from: Origin::Key })
    }

    fn field_name(&mut self, key: &Token<'_>) -> Option<Known<'r>> {
        let Work { memo, name, .. } = &mut *self.work;
        let raw = if key.escaped { key.text(name).as_bytes() } else { key.raw };
        memo.look_up(&self.rules.fields, self.rules.stamp, raw)
    }

    /// Notes a candidate that a sibling could lift over the threshold, unless its own name says that it is
    /// something else.
    fn leave_undecided(&mut self, likeliest: &Likeliest<'_, '_>, clues: &Clues<'_>, place: Place<'_, '_>) {
        let Likeliest { reading, weight, rivals, .. } = *likeliest;
        let [field, ..] = clues;
        let is_other =
            field.is_some_and(|clue| clue.known.name.is_look_alike() && !clue.known.name.is_entity());
        let is_bare_account = reading.entity == EntityType::BankAccount && !reading.separated;
        if self.said.is_some()
            || is_other
            || is_bare_account
            || place.token.kind == TokenKind::Key
            || weight::confidence(weight + weight::SIBLING, rivals) < weight::REPORTED_FROM
        {
            return;
        }
        if let Some(object_at) = object_of(&self.work.opens, place.path) {
            let token_at = place.token.at;
            self.work.undecided.push(Undecided { object_at, token_at, is_name: false });
        }
    }

    /// What all findings have in common. The path of a key's finding is written when the key is hidden.
    fn finding(
        &self,
        entity: EntityType,
        start: usize,
        end: usize,
        mask: Mask,
        place: Place<'_, '_>,
    ) -> Finding {
        let (start, end) = place.folded.map_or((start, end), |folded| folded.origin(start, end));
        let surface = place.text.get(start..end).unwrap_or_default();
        let path = if place.token.kind == TokenKind::Key { String::new() } else { self.path(place.path) };
        Finding {
            entity,
            part: self.context.part,
            at: place.token.at,
            path,
            start: u32::try_from(start).unwrap_or(u32::MAX),
            end: u32::try_from(end).unwrap_or(u32::MAX),
            confidence: 0,
            validity: Validity::Valid,
            partial: false,
            role: false,
            masked: self.masked(surface, mask),
            evidence: Vec::new(),
            text: self.context.reveal.then(|| Revealed(surface.to_owned())),
        }
    }

    /// For who asks. The path through a field's name would show it: that of what it stands in is told.
    fn seen(&self, start: usize, end: usize, place: Place<'_, '_>) -> Seen {
        let (start, end) = place.folded.map_or((start, end), |folded| folded.origin(start, end));
        let frames = match place.path.frames {
            [above @ .., _] if place.token.kind == TokenKind::Key => above,
            frames => frames,
        };
        Seen {
            part: self.context.part,
            at: place.token.at,
            path: self.path(Path { frames }),
            start: u32::try_from(start).unwrap_or(u32::MAX),
            end: u32::try_from(end).unwrap_or(u32::MAX),
            masked: redacted::whole(place.text.get(start..end).unwrap_or_default()),
        }
    }

    fn masked(&self, surface: &str, mask: Mask) -> String {
        match mask {
            Mask::Whole => redacted::whole(surface),
            Mask::Phone { prefix_digits } => redacted::phone_number(surface, prefix_digits),
            Mask::Last(shown) => redacted::last(surface, shown),
            Mask::Name => redacted::person_name(surface),
            Mask::Email => redacted::email_address(surface),
            Mask::Address => redacted::postal_address(surface, |word| self.rules.regions.is_shown(word)),
        }
    }

    fn path(&self, path: Path<'_, '_>) -> String {
        let mut out = String::with_capacity(PATH_BYTES_USUAL);
        write_root(&self.context, &mut out);
        path.write_to(&mut out, |key, _| {
            let position = self.work.hidden_keys.binary_search_by_key(&key.at, |(at, _)| *at).ok()?;
            self.work.hidden_keys.get(position).map(|(_, masked)| masked.clone())
        });
        out
    }

    /// Masks a key in all paths through it, those of its own findings first.
    fn hide_key(&mut self, token: Token<'_>, path: Path<'_, '_>, first: usize) {
        let mut buffer = String::new();
        let text = token.text(&mut buffer);
        let mut masked = String::new();
        let mut rest = 0;
        if let Some(found) = self.findings.get_mut(first..) {
            found.sort_by_key(|finding| finding.start);
        }
        for finding in self.findings.get(first..).unwrap_or_default() {
            masked.push_str(text.get(rest..finding.start as usize).unwrap_or_default());
            masked.push_str(&finding.masked);
            rest = finding.end as usize;
        }
        masked.push_str(text.get(rest..).unwrap_or_default());
        self.work.hidden_keys.push((token.at, masked));
        let path = self.path(path);
        for finding in self.findings.get_mut(first..).unwrap_or_default() {
            finding.path.clone_from(&path);
        }
    }
}

impl<'a, W: Watch> Visit<'a> for Reader<'_, W> {
    fn begin(&mut self, bytes: &'a [u8], bitmaps: &Bitmaps) {
        self.work.begin(bytes, bitmaps, self.rules.sought.by_name);
        // Who asks is also shown what plainly comes to nothing.
        if !W::WATCHES && !bitmaps.has_backslash() && !self.work.groups.is_empty() {
            self.triage(bytes);
        }
        self.find_spots(bytes, bitmaps);
        self.work.ready(bitmaps);
    }

    fn is_curious(&self) -> bool {
        self.work.sees_all || !self.work.groups.is_empty() || !self.work.spots.is_empty()
    }

    fn interest(&mut self, from: u32) -> Option<u32> {
        // To begin anew would void what the second walk is about.
        if self.said.is_some() || self.work.sees_all {
            return None;
        }
        self.work.has_group(from, u32::MAX);
        Some(self.work.next_start.min(self.work.next_spot(from)))
    }

    fn restart(&mut self) {
        self.findings.truncate(self.first);
        self.work.rewind();
        self.work.opens.clear();
        self.work.undecided.clear();
        self.work.found_in.clear();
        self.work.hidden_keys.clear();
    }

    #[inline]
    fn open(&mut self, _: Container, at: u32, _: Path<'_, 'a>) {
        self.work.opens.push(at);
    }

    #[inline]
    fn close(&mut self, _: Container, _: u32, _: Path<'_, 'a>) {
        self.work.opens.pop();
    }

    #[inline]
    fn key(&mut self, token: Token<'a>, path: Path<'_, 'a>) {
        let found_before = self.findings.len();
        self.token(token, path);
        self.text(token, path);
        if self.findings.len() > found_before {
            self.hide_key(token, path, found_before);
        }
    }

    #[inline]
    fn value(&mut self, token: Token<'a>, path: Path<'_, 'a>) {
        self.token(token, path);
        self.text(token, path);
    }
}

impl Work {
    fn begin(&mut self, bytes: &[u8], bitmaps: &Bitmaps, by_name: bool) {
        self.has_at = memchr::memchr(b'@', bytes).is_some();
        self.groups.clear();
        self.groups.shrink_to(BUFFER_BYTES_KEPT_MAX / size_of::<Group>());
        find_groups(bytes, bitmaps, &mut self.groups);
        // Most groups go here, before their tokens are looked at. Behind an escape a group may begin with digits of
        // the escape (`\ucc98010-…`): only decoded can it be told what it holds.
        self.groups.retain_mut(|group| {
            let start = group.start as usize;
            let is_quoted = start.checked_sub(1).and_then(|before| bytes.get(before)) == Some(&b'"');
            group.only_named = !bitmaps.any_backslash(start.saturating_sub(ESCAPE_BYTES_MAX), start)
                && !group.may_hold_number(bytes, bitmaps, !is_quoted);
            !group.only_named
                || by_name && group.may_be_named(bytes) && !(group.is_plain() && group.is_inside_word(bytes))
        });
    }

    /// The groups that are left are the candidates.
    fn ready(&mut self, bitmaps: &Bitmaps) {
        self.opens.clear();
        self.foldable_blocks.clear();
        if bitmaps.has_foldable() {
            let blocks = bitmaps.blocks().iter().enumerate();
            self.foldable_blocks.extend(blocks.filter(|(_, block)| block.foldable != 0).map(|(at, _)| at));
        }
        self.rewind();
    }

    fn next_spot(&mut self, from: u32) -> u32 {
        while self.spots.get(self.spot).is_some_and(|spot| *spot < from) {
            self.spot += 1;
        }
        self.spots.get(self.spot).copied().unwrap_or(u32::MAX)
    }

    fn rewind(&mut self) {
        (self.cursor, self.spot) = (0, 0);
        self.look_ahead();
    }

    fn look_ahead(&mut self) {
        self.next_start = match self.groups.get(self.cursor) {
            _ if !self.foldable_blocks.is_empty() => 0,
            Some(group) => group.start,
            None => u32::MAX,
        };
    }

    fn has_group(&mut self, start: u32, end: u32) -> bool {
        while self.groups.get(self.cursor).is_some_and(|group| group.end <= start) {
            self.cursor += 1;
        }
        self.look_ahead();
        self.groups.get(self.cursor).is_some_and(|group| group.start < end)
    }

    fn has_foldable(&self, start: u32, end: u32) -> bool {
        let (first, last) = (start as usize / BLOCK_BYTES, end as usize / BLOCK_BYTES);
        let from = self.foldable_blocks.partition_point(|at| *at < first);
        self.foldable_blocks.get(from).is_some_and(|at| *at <= last)
    }

    fn is_undecided(&self, token_at: u32) -> bool {
        self.undecided.binary_search_by_key(&token_at, |one| one.token_at).is_ok()
    }
}

/// The field whose value begins at a candidate, as it stands in the bytes.
struct Field<'a> {
    key: &'a [u8],
    quoted: bool,
}

/// `"key": "` or `"key": ` before `at`, in text without escapes; for an element of an array the array's key, or an
/// empty one where that is not near.
fn field_before(bytes: &[u8], at: usize) -> Option<Field<'_>> {
    let before = bytes.get(..at)?;
    let (before, quoted) = before.strip_suffix(b"\"").map_or((before, false), |before| (before, true));
    let before = before.trim_ascii_end();
    let before = match before.last()? {
        b':' => before,
        b'[' | b',' => {
            let near = before.get(before.len().saturating_sub(ARRAY_BYTES_MAX)..)?;
            let array = memchr::memrchr(b'[', near)?;
            let before = near.get(..array)?.trim_ascii_end();
            if before.last() != Some(&b':') {
                return Some(Field { key: &[], quoted });
            }
            before
        }
        _ => return None,
    };
    let before = before.strip_suffix(b":")?.trim_ascii_end().strip_suffix(b"\"")?;
    let key = before.get(before.len().saturating_sub(KEY_BYTES_MAX)..)?;
    Some(Field { key: key.get(memchr::memrchr(b'"', key)? + 1..)?, quoted })
}

/// Whether decoding the escapes could show digits that `raw` does not show: `\u0031`, `\uff11`, `010\/2345`.
/// Hangul and control characters hide nothing; the digits of their escapes only widen a group.
fn escapes_hide_digits(raw: &[u8]) -> bool {
    let mut rest = raw;
    loop {
        // Escapes come in rows: most often the next byte is a backslash.
        let at = match rest.first() {
            Some(b'\\') => 0,
            _ => match memchr::memchr(b'\\', rest) {
                Some(at) => at,
                None => return false,
            },
        };
        let escape = rest.get(at + 1..).unwrap_or_default();
        let length = match escape {
            [b'u', b'a'..=b'd' | b'A'..=b'D', ..] => 5,
            [b'u' | b'/', ..] => return true,
            _ => 1,
        };
        rest = escape.get(length..).unwrap_or_default();
    }
}

fn cut_group(text: &[u8], group: Group, out: &mut Vec<Chunk>) {
    if group.is_plain() && text.get(group.start as usize) != Some(&b'*') {
        out.clear();
        out.push(Chunk { start: group.start as usize, end: group.end as usize });
        return;
    }
    let (start, end) = without_emphasis(text, group.start as usize, group.end as usize);
    cut(text, start, end, out);
}

/// `**010-2345-6789**` in marked-up text is no masked number.
fn without_emphasis(text: &[u8], start: usize, end: usize) -> (usize, usize) {
    let inside = text.get(start..end).unwrap_or_default();
    let stars = inside.iter().take_while(|byte| **byte == b'*').count();
    let trailing = inside.iter().rev().take_while(|byte| **byte == b'*').count();
    let is_emphasis = stars > 0 && stars == trailing && inside.get(stars).is_some_and(u8::is_ascii_digit);
    if is_emphasis { (start + stars, end - trailing) } else { (start, end) }
}
