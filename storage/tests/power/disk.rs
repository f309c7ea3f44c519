//! A disk with a volatile cache: it remembers every write and every flush in order, and
//! can be asked what a loss of power at any moment would have left of it.

use parking_lot::Mutex;
use std::sync::Arc;

/// What drives promise to write whole.
const SECTOR_BYTES: usize = 512;

enum Event {
    Write { at: usize, bytes: Vec<u8> },
    Flush,
}

struct State {
    /// What is read from it while it runs.
    now: Vec<u8>,
    events: Vec<Event>,
}

/// Shared by those who use it and those who watch.
#[derive(Clone)]
pub(crate) struct Disk {
    base: Arc<Vec<u8>>,
    state: Arc<Mutex<State>>,
}

/// What becomes of the writes that no flush has followed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unflushed {
    Dropped,
    /// Some of them, in any order.
    Some,
    /// All but the last, which is torn.
    Torn,
    /// What a disk that lies about flushes does: of the last writes before the cut,
    /// flushed or not, this many are gone. For showing that the test finds it.
    Lying(usize),
}

impl Disk {
    /// A disk that holds these bytes, durably.
    pub(crate) fn new(base: Vec<u8>) -> Self {
        let state = State { now: base.clone(), events: Vec::new() };
        Self { base: Arc::new(base), state: Arc::new(Mutex::new(state)) }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.base.len()
    }

    pub(crate) fn read(&self, at: usize, bytes: usize) -> Vec<u8> {
        let state = self.state.lock();
        let end = (at + bytes).min(state.now.len());
        state.now.get(at..end).unwrap_or_default().to_vec()
    }

    pub(crate) fn write(&self, at: usize, bytes: &[u8]) {
        let mut state = self.state.lock();
        state.now[at..at + bytes.len()].copy_from_slice(bytes);
        state.events.push(Event::Write { at, bytes: bytes.to_vec() });
    }

    pub(crate) fn flush(&self) {
        self.state.lock().events.push(Event::Flush);
    }

    /// How many writes and flushes there were.
    pub(crate) fn moment(&self) -> usize {
        self.state.lock().events.len()
    }

    pub(crate) fn flushes(&self) -> usize {
        self.state.lock().events.iter().filter(|event| matches!(event, Event::Flush)).count()
    }

    /// The disk after a loss of power at `moment`.
    pub(crate) fn after_cut(&self, moment: usize, unflushed: Unflushed, mut random: impl FnMut() -> u64) -> Vec<u8> {
        let state = self.state.lock();
        let events = &state.events[..moment];
        let flushed = events.iter().rposition(|event| matches!(event, Event::Flush)).unwrap_or(0);
        let mut image = self.base.to_vec();
        for (number, event) in events.iter().enumerate() {
            let Event::Write { at, bytes } = event else { continue };
            let kept = match unflushed {
                Unflushed::Lying(gone) if number + gone >= moment => 0,
                _ if number < flushed => bytes.len(),
                Unflushed::Dropped | Unflushed::Lying(_) => 0,
                Unflushed::Some => bytes.len() * (random() % 2) as usize,
                Unflushed::Torn if number + 1 == moment => bytes.len() / 2 / SECTOR_BYTES * SECTOR_BYTES,
                Unflushed::Torn => bytes.len(),
            };
            image[*at..*at + kept].copy_from_slice(&bytes[..kept]);
        }
        image
    }
}
