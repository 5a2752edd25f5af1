//! Facts are swapped under a running process: each record is judged by the facts in use, and what is said of it
//! says which.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use rustix::process::Signal;
use serde_json::Value;

use super::{DRAIN_LIMIT_S, Load, size, turn};
use crate::ledger::Ledger;
use crate::ledger::check::{Allowed, check};
use crate::ledger::scenario::{Generator, Order, Shipment};
use crate::ledger::world::{self, Stance, To};
use crate::support::broker::Broker;
use crate::support::kafka::{self, Message, Producer, Watch};
use crate::support::sumun::{Site, Sumun};
use crate::support::wait;

const RELOAD_LIMIT_S: u64 = 30;

/// Recipients to whom no record goes: other facts, from which the same follows.
const MORE: &str = r#"{"recipient":"more-1","legal_country":"CN","ids":["MORE1"]}"#;
const YET_MORE: &str = r#"{"recipient":"more-2","legal_country":"CN","ids":["MORE2"]}"#;
const BROKEN: &str = r#"{"recipient":"more-2","legal_contry":"CN"}"#;

/// Writes it under another name first: nobody sees half of it.
fn put(file: &Path, text: &str) {
    let new = file.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, file).unwrap();
}

/// The folder as Kubernetes mounts a `ConfigMap`: links to the files of one version, through one link that is swapped.
struct ConfigMap<'a> {
    folder: &'a Path,
    version: usize,
}

impl ConfigMap<'_> {
    fn of(folder: &Path) -> ConfigMap<'_> {
        let mut map = ConfigMap { folder, version: 0 };
        let names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        map.swap(|new| {
            for name in &names {
                fs::rename(folder.join(name), new.join(name)).unwrap();
            }
        });
        for name in &names {
            symlink(Path::new("..data").join(name), folder.join(name)).unwrap();
        }
        map
    }

    /// `fill` writes the files of the next version.
    fn swap(&mut self, fill: impl FnOnce(&Path)) {
        self.version += 1;
        let name = format!("..{}", self.version);
        fs::create_dir(self.folder.join(&name)).unwrap();
        fill(&self.folder.join(&name));
        symlink(&name, self.folder.join("..data_tmp")).unwrap();
        fs::rename(self.folder.join("..data_tmp"), self.folder.join("..data")).unwrap();
    }
}

/// The digest of other facts, when they are in use.
fn wait_swapped(sumun: &Sumun, before: &str) -> String {
    wait::until("other facts to be in use", RELOAD_LIMIT_S, || {
        Some(sumun.facts()).filter(|facts| facts != before)
    })
}

fn wait_metric(sumun: &Sumun, line: &str) {
    wait::until(line, RELOAD_LIMIT_S, || {
        sumun.get("/metrics").1.lines().any(|found| found == line).then_some(())
    });
}

#[test]
fn facts_are_swapped_under_load_and_every_alert_says_which() {
    let _turn = turn();
    let site = Site::new(Broker::shared(), "reload", 4);
    let folder = site.path("facts");
    let mut map = ConfigMap::of(&folder);
    let generator = Generator::new(&site.bootstrap, &site.topic, site.partitions, 21);
    let load = Load::start(generator, Ledger::default(), size(20, 200));
    let mut sumun = site.start("a", None);
    sumun.wait_ready();
    let watch = Watch::new(&site.bootstrap, &site.group, &site.topic);
    let go_on = || {
        let before = watch.progress();
        wait::until("the group to go on", DRAIN_LIMIT_S, || (watch.progress() > before + 200).then_some(()));
    };
    let first = sumun.facts();
    go_on();

    put(&folder.join("recipient-more.jsonl"), MORE);
    let second = wait_swapped(&sumun, &first);
    go_on();

    put(&folder.join("recipient-more.jsonl"), &format!("{MORE}\n{BROKEN}\n"));
    wait_metric(&sumun, "sumun_reloads_total{part=\"facts\",result=\"failed\"} 1");
    assert_eq!(sumun.facts(), second, "the old snapshot stays");
    let (status, report) = sumun.get("/readyz?verbose");
    assert_eq!(status, 200, "{report}");
    let mistake = "recipient-more.jsonl:2: field `legal_contry` does not belong here";
    assert!(report.contains("[warning] reload: ") && report.contains(mistake), "{report}");
    sumun.wait_for_log(mistake, RELOAD_LIMIT_S);
    go_on();

    fs::remove_file(folder.join("recipient-more.jsonl")).unwrap();
    map.swap(|new| {
        for entry in fs::read_dir(folder.join("..1")).unwrap().map(Result::unwrap) {
            fs::copy(entry.path(), new.join(entry.file_name())).unwrap();
        }
        let recipients = fs::read_to_string(new.join("recipient.jsonl")).unwrap();
        fs::write(new.join("recipient.jsonl"), format!("{recipients}{MORE}\n{YET_MORE}\n")).unwrap();
    });
    let third = wait_swapped(&sumun, &second);
    wait_metric(&sumun, "sumun_last_reload_successful 1");
    go_on();

    sumun.signal(Signal::HUP);
    // Its files have not changed: only who asks for everything gets it.
    wait_metric(&sumun, "sumun_reloads_total{part=\"geo\",result=\"ok\"} 1");
    assert_eq!(sumun.facts(), third);
    let report = sumun.get("/readyz?verbose").1;
    assert!(report.contains("[ok] reload: facts, geo, rules loaded anew; "), "{report}");
    assert!(report.contains(&format!("facts {third}")), "{report}");
    go_on();

    let (_, ledger) = load.stop();
    site.wait_drained(&ledger, DRAIN_LIMIT_S);
    site.stop(sumun);
    // That each of them shows on alerts is part of the check: it refuses facts that nothing names.
    let allowed = Allowed { facts: vec![first, second, third], ..Allowed::default() };
    check("facts swapped", &ledger, &site.evidence(), &allowed).assert_clean();
}

#[test]
fn a_record_is_judged_by_the_facts_in_use() {
    let _turn = turn();
    let site = Site::new(Broker::shared(), "judged", 1);
    let file = site.path("facts").join("consent.jsonl");
    let given = fs::read_to_string(&file).unwrap();
    let people = world::people();
    let person = people.iter().find(|person| person.stance == Stance::Given).unwrap();
    let withdrawal = format!(
        r#"{{"event":"late","subject":["{}"],"disclosure":"checkout","version":2,"act":"withdrawn","at":"2024-06-02T00:00:00+09:00","method":"app"}}"#,
        person.member_token()
    );
    let shipment = Shipment {
        to: vec![To::Seller17],
        orders: vec![Order::of(person)],
        at_ms: world::FIRST_MS,
        declared_country: None,
        purpose: Some("delivery"),
    };
    let message: Message = shipment.message(&site.topic, 0, "m");
    let producer = Producer::new(&site.bootstrap);
    let watch = Watch::new(&site.bootstrap, &site.group, &site.topic);
    let mut sumun = site.start("a", None);
    sumun.wait_ready();
    let mut written = 0;
    let mut judge = || {
        producer.send(&message);
        producer.flush();
        written += 1;
        wait::until("the record to be judged", DRAIN_LIMIT_S, || (watch.progress() == written).then_some(()));
    };

    let first = sumun.facts();
    judge();
    put(&file, &format!("{given}{withdrawal}\n"));
    let second = wait_swapped(&sumun, &first);
    judge();
    put(&file, &format!("{given}{}\n", &withdrawal[..withdrawal.len() / 2]));
    wait_metric(&sumun, "sumun_reloads_total{part=\"facts\",result=\"failed\"} 1");
    judge();
    put(&file, &given);
    assert_eq!(wait_swapped(&sumun, &second), first, "the same facts have the same digest");
    judge();
    site.stop(sumun);

    let alerts = kafka::read_all(&site.outputs_bootstrap, &site.alerts);
    let mut alerts: Vec<Value> =
        alerts.iter().map(|alert| serde_json::from_slice(&alert.value).unwrap()).collect();
    alerts.sort_by_key(|alert| alert["offset"].as_i64());
    let found: Vec<_> =
        alerts.iter().map(|alert| (&alert["offset"], &alert["reasons"][0], &alert["facts"])).collect();
    let [reason, second] = [Value::from("CONSENT_WITHDRAWN"), Value::from(second)];
    assert_eq!(found, [(&1.into(), &reason, &second), (&2.into(), &reason, &second)]);
}
