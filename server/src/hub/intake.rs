//! The way into a ring where other nodes append too: own appends are told by the store,
//! others' are read from it, and either may be first. What comes early waits here until
//! what lies in front of it has come.

use rill_storage::model::Entry;
use std::{collections::BTreeMap, sync::Arc};

/// Own appends that wait for others'. Past it they are read from the store with those.
const WAITING_MAX: usize = 256;

/// See the module.
#[derive(Default)]
pub(super) struct Intake {
    /// The seq that comes next; 0 while nobody has said where the log ends.
    next: u64,
    waiting: BTreeMap<u64, Arc<Entry>>,
}

impl Intake {
    /// The log ends at `head`. What a room that has begun lacks is read, not skipped.
    pub(super) fn begin(&mut self, head: u64) {
        if self.next == 0 {
            self.next = head + 1;
        }
    }

    /// The last seq that came through; 0 before there was one.
    pub(super) fn reached(&self) -> u64 {
        self.next.saturating_sub(1)
    }

    /// What lies in front of `seq` does not come this way: it is too much.
    pub(super) fn skip_to(&mut self, seq: u64) {
        if seq > self.next {
            self.next = seq;
            self.waiting.retain(|waiting, _| *waiting >= seq);
        }
    }

    /// Takes an entry in; gives out whatever is in turn now.
    pub(super) fn offer(&mut self, entry: &Arc<Entry>, mut out: impl FnMut(&Arc<Entry>)) {
        if self.next == 0 {
            self.next = entry.seq;
        }
        if entry.seq > self.next {
            if self.waiting.len() >= WAITING_MAX {
                self.waiting.clear();
            }
            self.waiting.insert(entry.seq, entry.clone());
        } else if entry.seq == self.next {
            self.next += 1;
            out(entry);
        }
        while let Some(first) = self.waiting.first_entry()
            && *first.key() <= self.next
        {
            let entry = first.remove();
            if entry.seq == self.next {
                self.next += 1;
                out(&entry);
            }
        }
    }

    /// The last entry that waits for what is missing in front of it.
    pub(super) fn waits_until(&self) -> Option<u64> {
        self.waiting.last_key_value().map(|(seq, _)| *seq)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_protocol::{ClientId, UserId};
    use rill_storage::model::{Body, Fact};

    fn entry(seq: u64) -> Arc<Entry> {
        let (author, client_id) = (UserId::default(), ClientId::default());
        Arc::new(Entry {
            seq,
            at_ms: 0,
            author,
            client_id,
            posts: seq,
            fact: Fact::Posted,
            body: Body::None,
            file: None,
        })
    }

    fn offered(intake: &mut Intake, seqs: impl IntoIterator<Item = u64>) -> Vec<u64> {
        let mut out = Vec::new();
        seqs.into_iter().for_each(|seq| intake.offer(&entry(seq), |entry| out.push(entry.seq)));
        out
    }

    const NOTHING: [u64; 0] = [];

    #[test]
    fn whatever_the_order_entries_come_out_in_turn_and_once() {
        let mut intake = Intake::default();
        intake.begin(10);
        assert_eq!(offered(&mut intake, [13, 12, 10, 12]), NOTHING);
        assert_eq!(intake.waits_until(), Some(13));
        assert_eq!(offered(&mut intake, [11]), [11, 12, 13]);
        assert_eq!(offered(&mut intake, [11, 12, 13, 14]), [14]);
        assert_eq!((intake.waits_until(), intake.reached()), (None, 14));
        // A head that is known later takes nothing back.
        intake.begin(99);
        assert_eq!(intake.reached(), 14);
    }

    #[test]
    fn a_skip_forgets_what_lies_in_front_of_it() {
        let mut intake = Intake::default();
        intake.begin(1);
        assert_eq!(offered(&mut intake, [5, 9]), NOTHING);
        intake.skip_to(8);
        assert_eq!(offered(&mut intake, [5, 6, 8]), [8, 9]);
        intake.skip_to(3);
        assert_eq!(intake.reached(), 9);
    }

    #[test]
    fn what_waits_is_bounded_and_what_was_dropped_comes_again_from_the_store() {
        let mut intake = Intake::default();
        intake.begin(0);
        let many = 2 * WAITING_MAX as u64;
        assert_eq!(offered(&mut intake, 2..=many), NOTHING);
        assert!(intake.waiting.len() <= WAITING_MAX);
        assert!(offered(&mut intake, 1..=many).into_iter().eq(1..=many));
    }
}
