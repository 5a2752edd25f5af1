//! What the metrics show.

use std::time::{Duration, UNIX_EPOCH};

use super::metrics::TOPIC_LABELS_MAX;
use super::{LaneCounts, Metrics, PartitionLag, ReloadPart, ReloadResult};
use crate::alert::AlertKind;
use crate::destination::Country;
use crate::entity::EntityType;
use crate::finding::IssueCode;
use crate::verdict::{Cell, ItemVerdict, Outcome, Reason, Reasons, TransferVerdict};

fn text(metrics: &Metrics) -> String {
    metrics.render(UNIX_EPOCH + Duration::from_secs(100)).unwrap()
}

fn has(text: &str, line: &str) {
    assert!(text.lines().any(|found| found == line), "no line `{line}` in\n{text}");
}

#[test]
fn a_lanes_counts_are_added_once() {
    let metrics = Metrics::new().unwrap();
    let topic = metrics.topic("orders.outbound");
    let mut counts = LaneCounts::default();
    counts.record(topic, 700);
    counts.record(topic, 82);
    counts.verdict(Outcome::Violation);
    counts.finding(EntityType::ResidentRegistrationNumber);
    counts.alert(AlertKind::Gap);
    counts.issue(IssueCode::InputLine);
    metrics.add(&mut counts);
    metrics.add(&mut counts);
    let text = text(&metrics);
    has(&text, "sumun_records_total{topic=\"orders.outbound\"} 2");
    has(&text, "sumun_record_bytes_total{topic=\"orders.outbound\"} 782");
    has(&text, "sumun_verdicts_total{outcome=\"violation\"} 1");
    has(&text, "sumun_findings_total{entity=\"resident_registration_number\"} 1");
    has(&text, "sumun_alerts_total{kind=\"gap\"} 1");
    has(&text, "sumun_issues_total{code=\"INPUT_LINE\"} 1");
}

#[test]
fn closed_sets_exist_before_the_first_event() {
    let text = text(&Metrics::new().unwrap());
    has(&text, "sumun_verdicts_total{outcome=\"indeterminate\"} 0");
    has(&text, "sumun_gaps_total{cause=\"retention\"} 0");
    has(&text, "sumun_delivery_failures_total{reason=\"too_large\"} 0");
    has(&text, "sumun_facts{stream=\"consent\"} 0");
    assert!(!text.contains("sumun_transfers_total{outcome=\"clear\"}"));
    assert!(!text.contains("heartbeat_timestamp"), "an unknown time has no series");
}

#[test]
fn the_age_of_the_oldest_output_grows_by_itself() {
    let metrics = Metrics::new().unwrap();
    let lane = metrics.lane(0);
    has(&text(&metrics), "sumun_outputs_unacknowledged_oldest_age_seconds{lane=\"0\"} 0");
    lane.unacknowledged(3, 900, Some(98_500));
    lane.polled(99_000);
    has(&text(&metrics), "sumun_lane_poll_age_seconds{lane=\"0\"} 1");
    metrics.lane(1).polled(98_000);
    metrics.lane(2);
    assert_eq!(metrics.poll_age(UNIX_EPOCH + Duration::from_secs(100)), Duration::from_secs(2));
    has(&text(&metrics), "sumun_outputs_unacknowledged_oldest_age_seconds{lane=\"0\"} 1.5");
}

#[test]
fn too_many_topics_fold_into_other() {
    let metrics = Metrics::new().unwrap();
    for topic in 0..TOPIC_LABELS_MAX {
        metrics.topic(&format!("t{topic}"));
    }
    let first = metrics.topic("one-too-many");
    assert_eq!(metrics.topic("another"), first);
    assert_eq!(metrics.topic("other"), first);
    let mut counts = LaneCounts::default();
    counts.record(first, 1);
    metrics.add(&mut counts);
    has(&text(&metrics), "sumun_records_total{topic=\"other\"} 1");
}

#[test]
fn a_partition_that_is_taken_away_shows_no_lag() {
    let metrics = Metrics::new().unwrap();
    metrics.set_lag("orders", 3, Some(PartitionLag { records: 17, behind_since_ms: Some(97_500) }));
    let shown = text(&metrics);
    has(&shown, "sumun_consumer_lag_records{partition=\"3\",topic=\"orders\"} 17");
    has(&shown, "sumun_consumer_lag_seconds{partition=\"3\",topic=\"orders\"} 2.5");
    metrics.set_lag("orders", 3, None);
    assert!(!text(&metrics).contains("sumun_consumer_lag_"));
}

#[test]
fn who_has_taken_the_last_record_is_not_behind_however_old_it_is() {
    let metrics = Metrics::new().unwrap();
    metrics.set_lag("orders", 0, Some(PartitionLag { records: 1, behind_since_ms: None }));
    has(&text(&metrics), "sumun_consumer_lag_seconds{partition=\"0\",topic=\"orders\"} 0");
}

fn transfer(outcome: Outcome, cells: &[(Option<&str>, Outcome, &[&str], Reasons)]) -> TransferVerdict {
    let entity = EntityType::PhoneNumber;
    let reasons = cells.iter().fold(Reasons::NONE, |all, (.., reasons)| all.union(*reasons));
    let country = |code: &str| Country::parse(code).unwrap();
    TransferVerdict {
        recipient: None,
        subject: None,
        countries: cells.iter().filter_map(|(code, ..)| code.map(country)).collect(),
        outcome,
        items: vec![ItemVerdict { entity, count: 2, outcome, basis: Vec::new(), reasons }],
        notes: Vec::new(),
        subject_count: 0,
        cells: cells
            .iter()
            .map(|(code, outcome, basis, reasons)| Cell {
                entity,
                country: code.map(country),
                outcome: *outcome,
                basis: basis.iter().map(|basis| (*basis).to_owned()).collect(),
                reasons: *reasons,
            })
            .collect(),
        facts_seen: Vec::new(),
    }
}

#[test]
fn a_transfer_counts_in_each_of_its_countries_as_it_was_decided_there() {
    let metrics = Metrics::new().unwrap();
    let mut counts = LaneCounts::default();
    let consent = ["consent:ae-checkout@2#sellers"];
    let reasons: Reasons = [Reason::NoConsent, Reason::CountryNotCovered].into_iter().collect();
    let two = transfer(
        Outcome::Violation,
        &[
            (Some("CN"), Outcome::Permitted, &consent, Reasons::NONE),
            (Some("US"), Outcome::Violation, &[], reasons),
        ],
    );
    counts.transfer(&two);
    counts.transfer(&two);
    counts.transfer_alert(&two);
    metrics.add(&mut counts);
    metrics.add(&mut counts);
    let text = text(&metrics);
    has(&text, "sumun_transfers_total{outcome=\"violation\"} 2");
    has(&text, "sumun_transfer_items_total{entity=\"phone_number\",outcome=\"violation\"} 2");
    has(&text, "sumun_transfer_destinations_total{country=\"CN\",outcome=\"permitted\"} 2");
    has(&text, "sumun_transfer_destinations_total{country=\"US\",outcome=\"violation\"} 2");
    has(&text, "sumun_transfer_bases_total{basis=\"consent\",country=\"CN\"} 2");
    let us = "sumun_transfer_reasons_total{country=\"US\",outcome=\"violation\",reason=";
    has(&text, &format!("{us}\"NO_CONSENT\"}} 2"));
    has(&text, &format!("{us}\"COUNTRY_NOT_COVERED\"}} 2"));
    assert!(!text.contains("sumun_transfer_reasons_total{country=\"CN\""));
    has(&text, "sumun_alert_reasons_total{kind=\"transfer\",reason=\"NO_CONSENT\"} 1");
}

#[test]
fn a_transfer_without_a_foreign_country_stays_at_home_or_goes_who_knows_where() {
    let metrics = Metrics::new().unwrap();
    let mut counts = LaneCounts::default();
    counts.transfer(&transfer(Outcome::Domestic, &[(None, Outcome::Domestic, &[], Reasons::NONE)]));
    let reasons = Reasons::one(Reason::GeoUnknown);
    counts.transfer(&transfer(Outcome::Indeterminate, &[(None, Outcome::Indeterminate, &[], reasons)]));
    metrics.add(&mut counts);
    let text = text(&metrics);
    has(&text, "sumun_transfer_destinations_total{country=\"none\",outcome=\"domestic\"} 1");
    has(&text, "sumun_transfer_destinations_total{country=\"unknown\",outcome=\"indeterminate\"} 1");
    let reason = "outcome=\"indeterminate\",reason=\"GEO_UNKNOWN\"";
    has(&text, &format!("sumun_transfer_reasons_total{{country=\"unknown\",{reason}}} 1"));
}

#[test]
fn a_country_of_the_registry_has_its_series_before_the_first_transfer() {
    let metrics = Metrics::new().unwrap();
    metrics.expect_countries(Country::parse("CN"));
    has(&text(&metrics), "sumun_transfer_destinations_total{country=\"CN\",outcome=\"violation\"} 0");
}

#[test]
fn what_was_not_read_counts_by_its_code() {
    let metrics = Metrics::new().unwrap();
    let mut counts = LaneCounts::default();
    counts.unread_alert("PANIC");
    counts.unread_alert("CRASHER");
    metrics.add(&mut counts);
    let text = text(&metrics);
    has(&text, "sumun_alerts_total{kind=\"uninspectable\"} 2");
    has(&text, "sumun_alert_reasons_total{kind=\"uninspectable\",reason=\"PANIC\"} 1");
    has(&text, "sumun_alert_reasons_total{kind=\"uninspectable\",reason=\"CRASHER\"} 1");
}

#[test]
fn a_failed_reload_leaves_the_time_of_the_snapshot_in_use() {
    let metrics = Metrics::new().unwrap();
    metrics.loaded(50);
    metrics.reloaded(ReloadPart::Facts, ReloadResult::Ok, 60);
    metrics.reloaded(ReloadPart::Rules, ReloadResult::Failed, 70);
    let text = text(&metrics);
    has(&text, "sumun_reloads_total{part=\"rules\",result=\"failed\"} 1");
    has(&text, "sumun_last_reload_successful 0");
    has(&text, "sumun_last_reload_success_timestamp_seconds 60");
}

#[test]
fn a_heartbeat_makes_freshness_known() {
    let metrics = Metrics::new().unwrap();
    metrics.set_freshness(None, Some(99_500));
    metrics.set_freshness(None, Some(99_750));
    let known = text(&metrics);
    has(&known, "sumun_facts_freshness_known 1");
    has(&known, "sumun_facts_newest_heartbeat_timestamp_seconds 99.75");
    metrics.set_freshness(None, None);
    let unknown = text(&metrics);
    has(&unknown, "sumun_facts_freshness_known 0");
    assert!(!unknown.contains("heartbeat_timestamp"), "{unknown}");
}
