//! The crash journal: a record that kills the process must not kill it for ever.
//!
//! One small file a lane. It says whether the last run ended cleanly, and, after an unclean end, which record is
//! under inspection: written before and erased after each record of the first minute, which is longer than what a
//! crash leaves uncommitted. A record that was under inspection at the end of two runs in a row is not inspected a third
//! time: it owes an `uninspectable` alert with the code `CRASHER`. A run that ends cleanly forgets everything.
//!
//! It holds coordinates only, never payload. It need not survive a power cut, only the process: no `fsync`.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// After an unclean end each record is noted before it is inspected, for so long from the first one on.
const CAREFUL_FOR: Duration = Duration::from_mins(1);
/// A record that two runs in a row died of is a crasher.
const DEATHS_MAX: u32 = 2;
/// Crashers remembered; the oldest is forgotten first.
const CRASHERS_MAX: usize = 1000;
/// The slot of the record under inspection lies in front of the rest of the file.
const SLOT_BYTES: usize = 512;

/// A record's coordinates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Coordinates {
    topic: String,
    partition: i32,
    offset: i64,
}

#[derive(Default, Serialize, Deserialize)]
struct State {
    running: bool,
    suspect: Option<Suspect>,
    crashers: Vec<Coordinates>,
}

#[derive(Serialize, Deserialize)]
struct Suspect {
    record: Coordinates,
    deaths: u32,
}

/// Whether records are noted before they are inspected. The time runs from the first record on: brokers that are
/// away, or slow to assign, do not use it up.
#[derive(Clone, Copy)]
enum Careful {
    FromFirstRecord,
    Until(Instant),
    No,
}

pub(super) struct Journal {
    file: File,
    state: State,
    careful: Careful,
    slot_is_set: bool,
}

impl Journal {
    /// Opens the journal of the last run and begins this one.
    pub(super) fn open(path: &Path) -> io::Result<Journal> {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let (slot, rest) = bytes.split_at_checked(SLOT_BYTES).unwrap_or_default();
        // An unreadable journal is one of a first run: it costs at most two more deaths.
        let mut state: State = serde_json::from_slice(rest).unwrap_or_default();
        let under_inspection: Option<Coordinates> = serde_json::from_slice(slot).ok();
        let was_unclean = std::mem::replace(&mut state.running, true);
        if was_unclean {
            state.convict(under_inspection);
        } else {
            state = State { running: true, ..State::default() };
        }
        let careful = if was_unclean { Careful::FromFirstRecord } else { Careful::No };
        let mut journal = Journal { file, state, careful, slot_is_set: true };
        journal.idle()?;
        journal.write_state()?;
        Ok(journal)
    }

    /// Whether this record killed the process before and is not to be inspected.
    pub(super) fn is_crasher(&self, topic: &str, partition: i32, offset: i64) -> bool {
        self.state
            .crashers
            .iter()
            .any(|record| record.offset == offset && record.partition == partition && record.topic == topic)
    }

    /// A record is about to be inspected.
    pub(super) fn inspecting(&mut self, topic: &str, partition: i32, offset: i64) -> io::Result<()> {
        match self.careful {
            Careful::FromFirstRecord => self.careful = Careful::Until(Instant::now() + CAREFUL_FOR),
            Careful::Until(until) if Instant::now() >= until => self.careful = Careful::No,
            Careful::Until(_) | Careful::No => {}
        }
        if matches!(self.careful, Careful::No) {
            return self.idle();
        }
        let record = Coordinates { topic: topic.to_owned(), partition, offset };
        self.slot_is_set = true;
        self.write_slot(&serde_json::to_vec(&record).unwrap_or_default())
    }

    /// Nothing is under inspection: a death now is no record's fault.
    pub(super) fn idle(&mut self) -> io::Result<()> {
        if !self.slot_is_set {
            return Ok(());
        }
        self.slot_is_set = false;
        self.write_slot(&[])
    }

    /// The run ends cleanly.
    pub(super) fn close(mut self) -> io::Result<()> {
        self.idle()?;
        self.state = State::default();
        self.write_state()
    }

    /// Coordinates, padded with spaces; longer ones than the slot holds (a topic name has 249 bytes at most)
    /// cannot occur.
    fn write_slot(&self, text: &[u8]) -> io::Result<()> {
        let mut slot = [b' '; SLOT_BYTES];
        for (place, byte) in slot.iter_mut().zip(text) {
            *place = *byte;
        }
        self.file.write_all_at(&slot, 0)
    }

    fn write_state(&self) -> io::Result<()> {
        let bytes = serde_json::to_vec(&self.state)?;
        self.file.write_all_at(&bytes, SLOT_BYTES as u64)?;
        self.file.set_len((SLOT_BYTES + bytes.len()) as u64)
    }
}

impl State {
    /// The last run died; `record` was under inspection, if any was.
    fn convict(&mut self, record: Option<Coordinates>) {
        let deaths = match (&record, &self.suspect) {
            (Some(record), Some(suspect)) if suspect.record == *record => suspect.deaths + 1,
            _ => 1,
        };
        self.suspect = record.map(|record| Suspect { record, deaths });
        if let Some(suspect) = self.suspect.take_if(|suspect| suspect.deaths >= DEATHS_MAX) {
            if self.crashers.len() >= CRASHERS_MAX {
                self.crashers.remove(0);
            }
            self.crashers.push(suspect.record);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Journal;

    #[test]
    fn a_record_that_two_runs_in_a_row_died_of_is_not_inspected_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lane.journal");
        let run = |dies_at: Option<i64>| {
            let mut journal = Journal::open(&path).unwrap();
            if let Some(offset) = dies_at {
                journal.inspecting("t", 0, offset).unwrap();
            }
            journal
        };
        drop(run(Some(7))); // the first death: nothing was noted yet
        assert!(!run(Some(7)).is_crasher("t", 0, 7));
        assert!(!run(Some(7)).is_crasher("t", 0, 7));
        let journal = run(None);
        assert!(journal.is_crasher("t", 0, 7));
        assert!(
            !journal.is_crasher("t", 0, 8)
                && !journal.is_crasher("t", 1, 7)
                && !journal.is_crasher("u", 0, 7)
        );
        drop(journal); // still not committed: remembered over further deaths
        let journal = run(None);
        assert!(journal.is_crasher("t", 0, 7));
        journal.close().unwrap();
        assert!(!run(None).is_crasher("t", 0, 7), "a clean end forgets");
    }

    #[test]
    fn deaths_at_different_records_or_between_records_convict_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lane.journal");
        for offset in [3, 4, 3, 4] {
            let mut journal = Journal::open(&path).unwrap();
            journal.inspecting("t", 0, offset).unwrap();
        }
        for _ in 0..4 {
            let mut journal = Journal::open(&path).unwrap();
            journal.inspecting("t", 0, 4).unwrap();
            journal.idle().unwrap();
        }
        let journal = Journal::open(&path).unwrap();
        assert!(!journal.is_crasher("t", 0, 3) && !journal.is_crasher("t", 0, 4));
    }
}
