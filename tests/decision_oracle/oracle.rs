//! `DECISION.md` §3–§5 once more. Nothing here is shared with the engine but the names of things.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::world::{Transfer, World, instant};

pub(crate) struct Judged {
    pub(crate) verdict: Value,
    pub(crate) facts_seen: Vec<String>,
}

/// What all functions ask about: the world, the transfer, and now one item and one country.
struct Q<'a> {
    world: &'a World,
    transfer: &'a Transfer,
    t: i64,
    item: &'a str,
    class: &'a str,
    country: &'a str,
    only_declared: bool,
}

struct Cell {
    outcome: &'static str,
    basis: BTreeSet<String>,
    reasons: BTreeSet<String>,
}

pub(crate) fn judge(world: &World, transfer: &Transfer) -> Judged {
    let mut seen = BTreeSet::new();
    let mut notes = BTreeSet::new();
    let evidence: Vec<(&str, &str, bool)> = transfer
        .destination
        .evidence
        .iter()
        .map(|e| {
            let low = e.confidence == Some(sumun::destination::GeoConfidence::Low);
            let kind = match e.kind {
                sumun::destination::EvidenceKind::Legal => "legal",
                sumun::destination::EvidenceKind::Observed => "observed",
                sumun::destination::EvidenceKind::Declared => "declared",
                sumun::destination::EvidenceKind::Override => "override",
            };
            (kind, e.country.as_str(), low)
        })
        .collect();
    let has_legal = evidence.iter().any(|(kind, ..)| *kind == "legal");
    let counted: Vec<_> =
        evidence.iter().filter(|(kind, _, low)| !(*kind == "observed" && *low && has_legal)).collect();
    let f: BTreeSet<&str> = counted.iter().map(|(_, country, _)| *country).filter(|c| *c != "KR").collect();
    let unknown = f.is_empty() && counted.iter().all(|(kind, ..)| *kind == "declared");

    let mut items = Vec::new();
    let mut third_party_not_judged = false;
    for (entity, count) in &transfer.items {
        let item = entity.as_str();
        let mut cells = Vec::new();
        if unknown {
            cells.push(Cell {
                outcome: "indeterminate",
                basis: BTreeSet::new(),
                reasons: set(["GEO_UNKNOWN"]),
            });
        } else if f.is_empty() {
            cells.push(Cell { outcome: "domestic", basis: BTreeSet::new(), reasons: BTreeSet::new() });
        }
        for country in &f {
            let only_declared =
                counted.iter().filter(|(_, c, _)| c == country).all(|(kind, ..)| *kind == "declared");
            let q = Q {
                world,
                transfer,
                t: transfer.at_ms,
                item,
                class: class_of(item, transfer),
                country,
                only_declared,
            };
            let cell = q.cell(&mut seen);
            if cell.basis.iter().any(|b| b.starts_with("adequacy:") || b.starts_with("certification:")) {
                third_party_not_judged = true;
            }
            cells.push(cell);
        }
        let rank = |outcome: &str| {
            ["domestic", "permitted", "indeterminate", "violation"].iter().position(|o| *o == outcome)
        };
        let outcome = cells.iter().map(|cell| cell.outcome).max_by_key(|outcome| rank(outcome)).unwrap();
        let basis: BTreeSet<_> = cells.iter().flat_map(|cell| cell.basis.clone()).collect();
        let reasons: BTreeSet<_> = cells.iter().flat_map(|cell| cell.reasons.clone()).collect();
        items.push(
            json!({"entity": item, "count": count, "outcome": outcome, "basis": basis, "reasons": reasons}),
        );
    }
    let worst = ["violation", "indeterminate", "permitted", "domestic"];
    let outcome =
        worst.into_iter().find(|outcome| items.iter().any(|item| item["outcome"] == **outcome)).unwrap();

    let declared = evidence.iter().find(|(kind, ..)| *kind == "declared");
    let known: Vec<_> =
        evidence.iter().filter(|(kind, ..)| *kind == "legal" || *kind == "observed").collect();
    if let Some((_, country, _)) = declared
        && !known.is_empty()
        && !known.iter().any(|(_, c, _)| c == country)
    {
        notes.insert("DECLARED_COUNTRY_MISMATCH");
    }
    if evidence.iter().any(|(kind, _, low)| *kind == "observed" && *low) {
        notes.insert("GEO_LOW_CONFIDENCE");
    }
    let role = recipient(world, transfer).map_or(&Value::Null, |recipient| &recipient["role"]);
    if third_party_not_judged && role != "processor" && role != "sub_processor" {
        notes.insert("THIRD_PARTY_CONSENT_NOT_JUDGED");
    }
    let subject = transfer.subject.as_ref().map(|token| {
        let persons = persons(world, token, transfer.at_ms);
        if persons.len() == 1 { persons.first().unwrap().clone() } else { token.clone() }
    });
    Judged {
        verdict: json!({"outcome": outcome, "transfers": [{
            "recipient": transfer.recipient,
            "subject": subject,
            "countries": f,
            "outcome": outcome,
            "items": items,
            "notes": notes,
        }]}),
        facts_seen: seen.into_iter().take(20).collect(),
    }
}

fn set<const N: usize>(reasons: [&str; N]) -> BTreeSet<String> {
    reasons.into_iter().map(str::to_owned).collect()
}

fn class_of(item: &str, transfer: &Transfer) -> &'static str {
    match item {
        "resident_registration_number"
        | "foreigner_registration_number"
        | "passport_number"
        | "drivers_license" => "unique_id",
        "bank_account" | "payment_card" => "credit",
        _ if transfer.sensitive.iter().any(|sensitive| sensitive.as_str() == item) => "sensitive",
        _ => "general",
    }
}

fn recipient<'w>(world: &'w World, transfer: &Transfer) -> Option<&'w Value> {
    let id = transfer.recipient.as_ref()?;
    world.recipients.iter().find(|recipient| recipient["recipient"] == **id)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn holds(value: &Value, text: &str) -> bool {
    list(value).iter().any(|element| element == text)
}

fn absent_or_holds(value: &Value, text: &str) -> bool {
    value.is_null() || holds(value, text)
}

/// `[from, to)`; no start is since ever, no end is for ever.
fn within(t: i64, from: &Value, to: &Value) -> bool {
    begun(t, from) && !ended(t, to)
}

fn begun(t: i64, from: &Value) -> bool {
    from.is_null() || instant(from) <= t
}

fn ended(t: i64, to: &Value) -> bool {
    !to.is_null() && instant(to) <= t
}

fn filled(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        _ => true,
    }
}

fn version(fact: &Value) -> u64 {
    fact["version"].as_u64().unwrap()
}

/// Later acts are greater.
fn order(act: &Value) -> (i64, i64, String) {
    (effective(act), instant(&act["at"]), act["event"].as_str().unwrap().to_owned())
}

fn effective(act: &Value) -> i64 {
    let at = instant(&act["at"]);
    if act["effective_from"].is_null() { at } else { at.max(instant(&act["effective_from"])) }
}

/// The persons that a token names at T, by own token.
fn persons(world: &World, token: &str, t: i64) -> Vec<String> {
    let everybody: BTreeSet<String> =
        world.acts.iter().map(|act| act["subject"][0].as_str().unwrap().to_owned()).collect();
    everybody
        .into_iter()
        .filter(|own| own == token || aliases(world, own, token, t).contains(&token.to_owned()))
        .collect()
}

/// The aliases, of the type of the token, that a person has at T.
fn aliases(world: &World, own: &str, token: &str, t: i64) -> Vec<String> {
    let token_type = token.split(':').nth(1).unwrap();
    let named = |act: &Value| -> Vec<String> {
        let tokens = list(&act["subject"]).iter().skip(1).map(|token| token.as_str().unwrap().to_owned());
        tokens.filter(|token| token.split(':').nth(1).unwrap() == token_type).collect()
    };
    let acts = world.acts.iter().filter(|act| act["subject"][0] == *own);
    let last = acts.filter(|act| effective(act) <= t && !named(act).is_empty()).max_by_key(|act| order(act));
    last.map(named).unwrap_or_default()
}

impl Q<'_> {
    fn recipient(&self) -> Option<&Value> {
        recipient(self.world, self.transfer)
    }

    fn is_processor(&self) -> bool {
        let role = self.recipient().map_or(&Value::Null, |recipient| &recipient["role"]);
        role == "processor" || role == "sub_processor"
    }

    fn is_member(&self, class: &Value, t: i64) -> bool {
        let classes = self.recipient().map_or(&Value::Null, |recipient| &recipient["classes"]);
        list(classes)
            .iter()
            .any(|member| member["class"] == *class && within(t, &member["from"], &member["to"]))
    }

    fn by_id(&self, recipients: &Value) -> bool {
        let id = self.transfer.recipient.as_deref();
        list(recipients).iter().any(|named| named.is_string() && named != "*" && named.as_str() == id)
    }

    /// The classes of a list that the recipient is a member of at T.
    fn by_classes<'v>(&self, recipients: &'v Value) -> Vec<&'v Value> {
        list(recipients)
            .iter()
            .filter(|named| named.is_object() && self.is_member(&named["class"], self.t))
            .collect()
    }

    fn named(&self, recipients: &Value) -> bool {
        self.by_id(recipients) || !self.by_classes(recipients).is_empty()
    }

    /// Of the versions of one basis only the highest that has begun at T counts.
    fn standing(&self, kinds: &[&str]) -> Vec<&Value> {
        let begun = |basis: &Value| {
            let from = if basis["kind"] == "suspension_order" {
                &basis["effective_at"]
            } else {
                &basis["valid_from"]
            };
            begun(self.t, from)
        };
        let counts = |basis: &Value| {
            begun(basis)
                && !self.world.bases.iter().any(|other| {
                    other["basis"] == basis["basis"] && version(other) > version(basis) && begun(other)
                })
        };
        let of_kind = |basis: &&Value| kinds.iter().any(|kind| basis["kind"] == *kind);
        self.world.bases.iter().filter(of_kind).filter(|basis| counts(basis)).collect()
    }

    fn in_force(&self, kinds: &[&str]) -> Vec<&Value> {
        let to = |basis: &Value| {
            if basis["kind"] == "suspension_order" {
                basis["lifted_at"].clone()
            } else {
                basis["valid_to"].clone()
            }
        };
        self.standing(kinds).into_iter().filter(|basis| !ended(self.t, &to(basis))).collect()
    }

    fn cell(&self, seen: &mut BTreeSet<String>) -> Cell {
        let permitted =
            |basis: String| Cell { outcome: "permitted", basis: [basis].into(), reasons: BTreeSet::new() };
        let violation =
            |reason: &str| Cell { outcome: "violation", basis: BTreeSet::new(), reasons: set([reason]) };
        let smallest = |bases: Vec<&Value>| bases.into_iter().map(printed).min();

        // 1
        let orders = self.in_force(&["suspension_order"]).into_iter().filter(|order| {
            (order["recipients"].is_null() || self.named(&order["recipients"]))
                && absent_or_holds(&order["countries"], self.country)
        });
        if let Some(order) = smallest(orders.collect()) {
            seen.insert(order);
            return violation("SUSPENSION_ORDER");
        }
        // 2
        let laws = self.in_force(&["statute", "treaty"]).into_iter().filter(|law| {
            let purposes = &law["purposes"];
            (law["recipients"].is_null() || self.named(&law["recipients"]))
                && absent_or_holds(&law["countries"], self.country)
                && absent_or_holds(&law["items"], self.item)
                && (purposes.is_null()
                    || self.transfer.purpose.as_ref().is_some_and(|purpose| holds(purposes, purpose)))
                && (self.item != "resident_registration_number" || holds(&law["items"], self.item))
        });
        if let Some(law) = smallest(laws.collect()) {
            return permitted(law);
        }
        // 3
        if self.item == "resident_registration_number" {
            return violation("RRN_NEVER_CONSENTABLE");
        }
        // 4
        let adequate = self.in_force(&["adequacy"]).into_iter().filter(|adequacy| {
            holds(&adequacy["countries"], self.country)
                && !self.only_declared
                && !holds(&adequacy["excluded_items"], self.item)
                && !holds(&adequacy["excluded_classes"], self.class)
        });
        if let Some(adequacy) = smallest(adequate.collect()) {
            return permitted(adequacy);
        }
        // 5
        if self.recipient().is_none() {
            return violation("RECIPIENT_UNKNOWN");
        }
        // 6
        let certified = self.in_force(&["certification"]).into_iter().filter(|certification| {
            self.certification_matches(certification)
                && (certification["expires_at"].is_null() || instant(&certification["expires_at"]) > self.t)
                && certification["measures_security"] == true
                && certification["measures_destination"] == true
        });
        if let Some(certification) = smallest(certified.collect()) {
            return permitted(certification);
        }
        // 7
        let entrusted = self.entrustments().into_iter().filter(|entrustment| {
            self.is_one() && entrustment["necessary"] == true && self.is_disclosed(entrustment)
        });
        if let Some(entrustment) = smallest(entrusted.collect()) {
            return permitted(entrustment);
        }
        // 8
        let mut cell = Cell { outcome: "violation", basis: BTreeSet::new(), reasons: BTreeSet::new() };
        if let Some(token) = &self.transfer.subject {
            let mut persons = persons(self.world, token, self.t);
            if persons.is_empty() {
                persons.push(token.clone());
            }
            let mut covered = 0;
            for person in &persons {
                match self.consent(person, seen) {
                    Ok(basis) => {
                        covered += 1;
                        cell.basis.insert(basis);
                    }
                    Err(reasons) => cell.reasons.extend(reasons),
                }
            }
            if covered == persons.len() {
                cell.outcome = "permitted";
                return cell;
            }
            if covered > 0 {
                cell.reasons.insert("SUBJECT_AMBIGUOUS".to_owned());
                cell.basis.clear();
            }
        } else {
            cell.reasons.insert("SUBJECT_UNRESOLVED".to_owned());
            if let Some((failures, entry)) = self.nearest_text() {
                seen.insert(entry);
                if failures.is_empty() {
                    cell.outcome = "indeterminate";
                    return cell;
                }
                cell.reasons.extend(failures);
            }
        }
        self.otherwise(&mut cell.reasons, seen);
        cell
    }

    fn certification_matches(&self, certification: &Value) -> bool {
        self.named(&certification["recipients"])
            && absent_or_holds(&certification["countries"], self.country)
            && absent_or_holds(&certification["items"], self.item)
    }

    /// In force naming recipient, country and item.
    fn entrustments(&self) -> Vec<&Value> {
        let in_force = self.in_force(&["contract_entrustment"]).into_iter();
        in_force
            .filter(|entrustment| {
                self.named(&entrustment["recipients"])
                    && holds(&entrustment["countries"], self.country)
                    && holds(&entrustment["items"], self.item)
            })
            .collect()
    }

    fn is_one(&self) -> bool {
        let declared = self.transfer.means.as_deref();
        self.is_processor() && declared.is_none_or(|declared| declared == "entrust" || declared == "store")
    }

    fn is_disclosed(&self, entrustment: &Value) -> bool {
        let by_text = self.world.disclosures.iter().any(|disclosure| {
            let printed = format!("{}@{}", disclosure["disclosure"].as_str().unwrap(), version(disclosure));
            entrustment["disclosed_by"] == printed
                && within(self.t, &disclosure["published_at"], &disclosure["retired_at"])
                && list(&disclosure["transfers"]).iter().any(|entry| self.text_rows(entry).is_empty())
        });
        let sent_at = &entrustment["notice"]["sent_at"];
        by_text || (!sent_at.is_null() && instant(sent_at) <= self.t)
    }

    fn otherwise(&self, reasons: &mut BTreeSet<String>, seen: &mut BTreeSet<String>) {
        for adequacy in self.in_force(&["adequacy"]) {
            if holds(&adequacy["countries"], self.country) && !self.only_declared {
                reasons.insert("ADEQUACY_SCOPE_EXCLUDED".to_owned());
                seen.insert(printed(adequacy));
            }
        }
        for certification in self.standing(&["certification"]) {
            if self.certification_matches(certification) {
                if ended(self.t, &certification["valid_to"]) || ended(self.t, &certification["expires_at"]) {
                    reasons.insert("CERT_EXPIRED".to_owned());
                    seen.insert(printed(certification));
                }
                if certification["measures_security"] != true || certification["measures_destination"] != true
                {
                    reasons.insert("CERT_MEASURES_MISSING".to_owned());
                    seen.insert(printed(certification));
                }
            }
        }
        for entrustment in self.entrustments() {
            if !self.is_one() {
                reasons.insert("BASIS_NOT_ENTRUSTMENT".to_owned());
                seen.insert(printed(entrustment));
            }
            if !self.is_disclosed(entrustment) {
                reasons.insert("BASIS_NOT_DISCLOSED".to_owned());
                seen.insert(printed(entrustment));
            }
            if entrustment["necessary"] != true {
                reasons.insert("BASIS_NOT_NECESSARY".to_owned());
                seen.insert(printed(entrustment));
            }
        }
        let by_disclosure = self.world.disclosures.iter().any(|disclosure| {
            begun(self.t, &disclosure["published_at"])
                && list(&disclosure["transfers"]).iter().any(|entry| self.named(&entry["recipients"]))
        });
        let by_basis = self.world.bases.iter().any(|basis| {
            ["statute", "treaty", "certification", "contract_entrustment"]
                .iter()
                .any(|kind| basis["kind"] == *kind)
                && self.named(&basis["recipients"])
        });
        if !by_disclosure && !by_basis && !reasons.contains("WILDCARD_DISCLOSURE") {
            reasons.insert("NO_BASIS".to_owned());
        }
    }

    /// The entry of all published texts that fails the fewest: its failures and its name.
    fn nearest_text(&self) -> Option<(Vec<String>, String)> {
        let mut texts: Vec<&Value> = self.world.disclosures.iter().collect();
        texts.retain(|text| begun(self.t, &text["published_at"]) && text["channel"] != "privacy_policy");
        let mut entries = Vec::new();
        for text in texts {
            for (position, entry) in list(&text["transfers"]).iter().enumerate() {
                let failures = self.text_rows(entry);
                let id = text["disclosure"].as_str().unwrap();
                let key = (failures.len(), id, u64::MAX - version(text), position);
                entries.push((key, failures, entry_name(text, entry)));
            }
        }
        entries.into_iter().min_by_key(|(key, ..)| *key).map(|(_, failures, name)| (failures, name))
    }

    /// The rows recipient to notice, rows with * aside.
    fn text_rows(&self, entry: &Value) -> Vec<String> {
        let mut failures = Vec::new();
        let by_id = self.by_id(&entry["recipients"]);
        let classes = self.by_classes(&entry["recipients"]);
        let by_class = !classes.is_empty();
        let by_listed_class = classes.iter().any(|class| filled(&class["list_url"]));
        let recipient_passes = by_id || by_class || holds(&entry["recipients"], "*");
        if !recipient_passes {
            failures.push("RECIPIENT_NOT_COVERED");
        }
        let country_passes = holds(&entry["countries"], self.country) || holds(&entry["countries"], "*");
        if !country_passes {
            failures.push("COUNTRY_NOT_COVERED");
        }
        let item_passes = holds(&entry["items"], self.item) || holds(&entry["items"], "*");
        if !item_passes {
            failures.push("ITEM_NOT_COVERED");
        }
        if self.transfer.purpose.as_ref().is_some_and(|purpose| !holds(&entry["purposes"], purpose)) {
            failures.push("PURPOSE_NOT_COVERED");
        }
        if self.transfer.means.as_ref().is_some_and(|declared| entry["transfer_type"] != **declared) {
            failures.push("TRANSFER_TYPE_NOT_COVERED");
        }
        let recipient_wildcard = recipient_passes && !(by_id || by_listed_class);
        let country_wildcard = country_passes && !holds(&entry["countries"], self.country);
        let item_wildcard = item_passes && !holds(&entry["items"], self.item);
        if recipient_wildcard || country_wildcard || item_wildcard {
            failures.push("WILDCARD_DISCLOSURE");
        }
        let registry = self.recipient().unwrap();
        let told = by_id && filled(&registry["legal_name"]) && filled(&registry["contact"]);
        let complete = filled(&entry["items"])
            && filled(&entry["countries"])
            && filled(&entry["timing"])
            && filled(&entry["method"])
            && (!recipient_passes || told || by_listed_class)
            && filled(&entry["purposes"])
            && filled(&entry["retention"])
            && filled(&entry["refusal"]["procedure"])
            && filled(&entry["refusal"]["effect"]);
        if !complete {
            failures.push("NOTICE_INCOMPLETE");
        }
        failures.into_iter().map(str::to_owned).collect()
    }

    /// §4: the basis of one person's consent, or the reasons.
    fn consent(&self, person: &str, seen: &mut BTreeSet<String>) -> Result<String, Vec<String>> {
        let text_of = |act: &Value| {
            self.world
                .disclosures
                .iter()
                .find(|text| text["disclosure"] == act["disclosure"] && text["version"] == act["version"])
        };
        let mut acts: Vec<&Value> =
            self.world.acts.iter().filter(|act| act["subject"][0] == *person).collect();
        acts.retain(|act| text_of(act).is_none_or(|text| text["channel"] != "privacy_policy"));
        acts.sort_by_key(|act| order(act));
        let concerns = |act: &Value, reference: &Value| {
            act["transfers"].is_null() || list(&act["transfers"]).contains(reference)
        };
        let mut candidates = Vec::new();
        for (back, act) in acts.iter().rev().enumerate() {
            for (position, entry) in
                text_of(act).map_or(&[][..], |text| list(&text["transfers"])).iter().enumerate()
            {
                let last = acts.iter().rev().find(|other| {
                    effective(other) <= self.t
                        && other["disclosure"] == act["disclosure"]
                        && concerns(other, &entry["ref"])
                });
                if last.is_some_and(|last| last["event"] == act["event"]) {
                    let text = text_of(act).unwrap();
                    let failures = self.all_rows(act, text, entry);
                    candidates.push((
                        (failures.len(), back, position),
                        failures,
                        entry_name(text, entry),
                        *act,
                    ));
                }
            }
        }
        match candidates.into_iter().min_by_key(|(key, ..)| *key) {
            Some((_, failures, name, _)) if failures.is_empty() => Ok(format!("consent:{name}")),
            Some((_, failures, name, act)) => {
                seen.insert(name);
                seen.insert(format!("act:{}", act["event"].as_str().unwrap()));
                Err(failures)
            }
            None => {
                let later = acts
                    .iter()
                    .any(|act| (act["act"] == "given" || act["act"] == "renewed") && effective(act) > self.t);
                Err(vec![if later { "CONSENT_NOT_YET" } else { "NO_CONSENT" }.to_owned()])
            }
        }
    }

    /// All rows: one element per row that fails.
    fn all_rows(&self, act: &Value, text: &Value, entry: &Value) -> Vec<String> {
        let mut failures = self.text_rows(entry);
        let is_consent = act["act"] == "given" || act["act"] == "renewed";
        if !is_consent {
            failures.push(format!("CONSENT_{}", act["act"].as_str().unwrap().to_uppercase()));
            return failures;
        }
        let mut fail = |reason: &str| failures.push(reason.to_owned());
        if ended(self.t, &act["expires_at"]) {
            fail("CONSENT_EXPIRED");
        }
        if !within(instant(&act["at"]), &text["published_at"], &text["retired_at"]) {
            fail("DISCLOSURE_NOT_IN_FORCE");
        }
        let classes = self.by_classes(&entry["recipients"]);
        let by_id = self.by_id(&entry["recipients"]);
        if !by_id
            && !classes.is_empty()
            && !classes.iter().any(|class| self.is_member(&class["class"], effective(act)))
        {
            fail("RECIPIENT_JOINED_LATER");
        }
        let separate = &act["separate"];
        if separate["cross_border"] != true
            || (self.class == "unique_id" && separate["unique_id"] != true)
            || (self.class == "sensitive" && separate["sensitive"] != true)
        {
            fail("SEPARATE_CONSENT_MISSING");
        }
        if separate["third_party"] != true && !self.is_processor() {
            fail("THIRD_PARTY_CONSENT_MISSING");
        }
        let guardian = &act["guardian"];
        if act["under_14"] == true && !(filled(&guardian["token"]) && filled(&guardian["method"])) {
            fail("CHILD_NO_GUARDIAN");
        }
        failures
    }
}

/// `kind:id@version`
fn printed(basis: &Value) -> String {
    format!("{}:{}@{}", basis["kind"].as_str().unwrap(), basis["basis"].as_str().unwrap(), version(basis))
}

/// `id@version#ref`
fn entry_name(text: &Value, entry: &Value) -> String {
    let (id, reference) = (text["disclosure"].as_str().unwrap(), entry["ref"].as_str().unwrap());
    format!("{id}@{}#{reference}", version(text))
}
