//! Every batch that becomes durable while somebody records: what a backup needs to turn
//! rows that were read one after the other into the state of one moment.

use parking_lot::{Mutex, MutexGuard};

use crate::{engine::Overlay, limits::TAPE_BYTES_MAX};

#[derive(Default)]
struct Recording {
    batches: Vec<Overlay>,
    bytes: usize,
    /// More came than was taken off; what is here has a gap.
    has_overrun: bool,
}

/// Shared by the committer and whoever records.
#[derive(Default)]
pub(super) struct Tape(Mutex<Option<Recording>>);

/// The committer's end, from before a batch is durable until it is visible: a recording
/// that begins meanwhile begins behind the batch, and one that ends has it.
pub(super) struct Head<'a>(MutexGuard<'a, Option<Recording>>);

/// Somebody records already.
#[derive(Debug)]
pub(super) struct Taken;

/// The recording lost batches.
#[derive(Debug)]
pub(super) struct Overrun;

impl Tape {
    pub(super) fn head(&self) -> Head<'_> {
        Head(self.0.lock())
    }

    pub(super) fn begin(&self) -> Result<Reel<'_>, Taken> {
        let mut recording = self.0.lock();
        match *recording {
            Some(_) => Err(Taken),
            None => {
                *recording = Some(Recording::default());
                Ok(Reel(self))
            }
        }
    }
}

impl Head<'_> {
    /// What [`Head::record`] will need of a batch.
    pub(super) fn copy(&self, batch: &Overlay) -> Option<Overlay> {
        self.0.as_ref().filter(|recording| !recording.has_overrun).map(|_| batch.clone())
    }

    /// The batch is durable and visible.
    pub(super) fn record(&mut self, batch: Option<Overlay>) {
        let Some((recording, batch)) = self.0.as_mut().zip(batch) else { return };
        recording.bytes +=
            batch.iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len)).sum::<usize>();
        recording.batches.push(batch);
        if recording.bytes > TAPE_BYTES_MAX {
            *recording = Recording { has_overrun: true, ..Recording::default() };
        }
    }
}

/// A recording; it ends with this.
pub(super) struct Reel<'a>(&'a Tape);

impl Reel<'_> {
    /// The batches since the last time, in order.
    pub(super) fn take(&self) -> Result<Vec<Overlay>, Overrun> {
        match self.0.0.lock().as_mut() {
            Some(Recording { has_overrun: true, .. }) => Err(Overrun),
            Some(recording) => {
                recording.bytes = 0;
                Ok(std::mem::take(&mut recording.batches))
            }
            None => Ok(Vec::new()),
        }
    }
}

impl Drop for Reel<'_> {
    fn drop(&mut self) {
        *self.0.0.lock() = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(bytes: usize) -> Overlay {
        Overlay::from([(vec![1], Some(vec![0; bytes]))])
    }

    fn play(tape: &Tape, batch: &Overlay) {
        let mut head = tape.head();
        let copied = head.copy(batch);
        head.record(copied);
    }

    #[test]
    fn a_recording_has_what_came_while_it_lasted_and_there_is_one_at_a_time() {
        let tape = Tape::default();
        play(&tape, &batch(1));
        let reel = tape.begin().unwrap();
        assert!(tape.begin().is_err());
        play(&tape, &batch(2));
        play(&tape, &batch(3));
        assert_eq!(reel.take().unwrap(), [batch(2), batch(3)]);
        assert!(reel.take().unwrap().is_empty());
        drop(reel);
        play(&tape, &batch(4));
        assert!(tape.begin().unwrap().take().unwrap().is_empty());
    }

    #[test]
    fn who_does_not_take_off_what_comes_learns_that_it_was_lost() {
        let tape = Tape::default();
        let reel = tape.begin().unwrap();
        for _ in 0..3 {
            play(&tape, &batch(TAPE_BYTES_MAX / 2 + 1));
        }
        assert!(reel.take().is_err());
        play(&tape, &batch(1));
        assert!(reel.take().is_err(), "it is no better for going on");
    }
}
