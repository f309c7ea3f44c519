//! What was said and what it took, by everybody together.

use hdrhistogram::Histogram;
use parking_lot::Mutex;
use rill_client::Error;
use rill_protocol::RoomId;
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use super::operation::Operation;
use crate::{pulse::Pulse, tally::latencies};

/// A post that the server has on its disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Acked {
    pub(crate) room: RoomId,
    pub(crate) seq: u64,
    pub(crate) number: u32,
}

/// A file that is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shared {
    pub(crate) room: RoomId,
    pub(crate) seq: u64,
    pub(crate) is_picture: bool,
}

/// Of one kind of operation.
#[derive(Clone, Debug)]
pub(crate) struct Kind {
    pub(crate) us: Histogram<u32>,
    /// By the code's name, or by what else went wrong.
    pub(crate) errors: BTreeMap<String, u64>,
}

#[derive(Debug)]
pub(crate) struct Entries {
    /// When each message was due, by its number.
    due: Vec<Instant>,
    pub(crate) acked: Vec<Acked>,
    pub(crate) files: Vec<Shared>,
    pub(crate) kinds: BTreeMap<Operation, Kind>,
    /// Messages that somebody was given.
    pub(crate) delivered: u64,
    /// Of those who were there when it was due.
    pub(crate) delivery_us: Histogram<u32>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Ledger {
    entries: Mutex<Entries>,
    pub(crate) pulse: Arc<Pulse>,
}

impl Ledger {
    pub(crate) fn new(pulse: &Arc<Pulse>) -> anyhow::Result<Self> {
        let kind = |operation| anyhow::Ok((operation, Kind { us: latencies()?, errors: BTreeMap::new() }));
        let kinds = Operation::ALL.into_iter().map(kind).collect::<anyhow::Result<_>>()?;
        let (due, acked, files) = (Vec::new(), Vec::new(), Vec::new());
        let entries = Mutex::new(Entries { due, acked, files, kinds, delivered: 0, delivery_us: latencies()? });
        Ok(Self { entries, pulse: Arc::clone(pulse) })
    }

    /// The number of a new message that is due at this moment.
    pub(crate) fn says(&self, due: Instant) -> u32 {
        let mut entries = self.entries.lock();
        entries.due.push(due);
        u32::try_from(entries.due.len() - 1).unwrap_or(u32::MAX)
    }

    pub(crate) fn acked(&self, acked: Acked) {
        self.entries.lock().acked.push(acked);
    }

    /// Somebody who listens since then was given a message.
    pub(crate) fn delivered(&self, user: usize, number: u32, (since, now): (Option<Instant>, Instant)) {
        let mut entries = self.entries.lock();
        let Some(due) = entries.due.get(number as usize).copied() else { return };
        entries.delivered += 1;
        if since.is_none_or(|since| due < since) {
            return;
        }
        let us = micros(now.saturating_duration_since(due));
        entries.delivery_us.saturating_record(us);
        self.pulse.done(user, us);
    }

    pub(crate) fn shares(&self, file: Shared) {
        self.entries.lock().files.push(file);
    }

    /// The files of some rooms, each with what of it this one may see.
    pub(crate) fn files(&self, is_visible: impl Fn(&Shared) -> bool) -> Vec<Shared> {
        self.entries.lock().files.iter().copied().filter(is_visible).collect()
    }

    /// An operation that was due then is done, or failed.
    pub(crate) fn did<T>(&self, operation: Operation, due: Instant, outcome: Result<T, Error>) -> Option<T> {
        let us = micros(due.elapsed());
        let mut entries = self.entries.lock();
        let kind = entries.kinds.get_mut(&operation)?;
        match outcome {
            Ok(value) => {
                kind.us.saturating_record(us);
                Some(value)
            }
            Err(error) => {
                *kind.errors.entry(code(&error)).or_default() += 1;
                self.pulse.error();
                None
            }
        }
    }

    pub(crate) fn read<T>(&self, read: impl FnOnce(&Entries) -> T) -> T {
        read(&self.entries.lock())
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1)
}

/// The name of what went wrong.
fn code(error: &Error) -> String {
    match error {
        Error::Refused(failure) => {
            failure.known().map_or_else(|| format!("code {}", failure.code), |code| code.name().to_owned())
        }
        Error::OutboxFull => "outbox_full".to_owned(),
        Error::Closed => "closed".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_client::Failure;
    use rill_protocol::Code;

    #[test]
    fn errors_are_counted_by_their_code_and_kind() {
        let ledger = Ledger::new(&Arc::new(Pulse::new().unwrap())).unwrap();
        let now = Instant::now();
        assert_eq!(ledger.did(Operation::History, now, Ok(7)), Some(7));
        for _ in 0..2 {
            let refused: Result<(), Error> = Err(Failure::new(Code::TooMany).into());
            assert_eq!(ledger.did(Operation::History, now, refused), None);
        }
        ledger.read(|entries| {
            let kind = &entries.kinds[&Operation::History];
            assert_eq!((kind.us.len(), kind.errors[Code::TooMany.name()]), (1, 2));
            assert_eq!(entries.kinds[&Operation::Post].us.len(), 0);
        });
    }

    #[test]
    fn a_delivery_takes_from_when_its_message_was_due() {
        let ledger = Ledger::new(&Arc::new(Pulse::new().unwrap())).unwrap();
        let now = Instant::now();
        let number = ledger.says(now);
        let later = now + Duration::from_millis(20);
        ledger.delivered(0, number, (Some(now), later));
        ledger.delivered(0, number + 1, (Some(now), now));
        // Read up on by somebody who came when it had been said, and by one of whom nothing is known.
        ledger.delivered(1, number, (Some(later), later));
        ledger.delivered(2, number, (None, later));
        ledger.read(|entries| {
            assert_eq!((entries.delivered, entries.delivery_us.len(), entries.delivery_us.max() / 1_000), (3, 1, 20));
        });
    }
}
