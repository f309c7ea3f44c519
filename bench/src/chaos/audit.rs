//! Compares what was acked and what was delivered with the log of a room, as a reader
//! finds it who comes when all is over.

use serde::Serialize;
use std::{
    collections::{HashMap, HashSet},
    ops::AddAssign,
};

use super::plan::Message;

/// A message at its place in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) seq: u64,
    /// Nothing for what is no message of this run: who joined, a text that was cut.
    pub(crate) message: Option<Message>,
}

/// Everything that is known of a room.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    /// How many messages were there before the first start, each with another number.
    pub(crate) prepared: u32,
    /// What the one who comes anew reads, from the first entry on.
    pub(crate) log: Vec<Placed>,
    /// What speakers were told.
    pub(crate) acked: Vec<Placed>,
    /// What each user was given, in the order in which it came.
    pub(crate) held: Vec<Held>,
}

/// What one user holds.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// They asked for everything above this.
    pub(crate) base: u64,
    pub(crate) given: Vec<Placed>,
}

/// What is wrong. All zero is what was promised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Findings {
    /// Acked or prepared messages that are not in the log, holes in the log, messages
    /// that a user was given and the log does not have, and messages of the log that a
    /// user was not given.
    pub(crate) lost: u64,
    /// Further copies in a log, and further deliveries to a user.
    pub(crate) duplicated: u64,
    /// Messages of a speaker that stand in the log in another order than they were said;
    /// deliveries behind a later one; messages that were acked or delivered for another
    /// place than they have.
    pub(crate) reordered: u64,
}

impl AddAssign for Findings {
    fn add_assign(&mut self, other: Self) {
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.reordered += other.reordered;
    }
}

impl Findings {
    pub(crate) fn is_clean(&self) -> bool {
        *self == Self::default()
    }
}

/// Everything that is wrong with a room. `speaker` tells who said the message of a number.
pub(crate) fn audit(evidence: &Evidence, speaker: impl Fn(u32) -> usize) -> Findings {
    let mut findings = Findings::default();
    let places = log(evidence, speaker, &mut findings);
    for acked in &evidence.acked {
        match acked.message.and_then(|message| places.get(&message)) {
            None => findings.lost += 1,
            Some(seq) => findings.reordered += u64::from(*seq != acked.seq),
        }
    }
    for held in &evidence.held {
        findings += given(&evidence.log, held);
    }
    findings
}

/// The log for itself; returns the first place of each message.
fn log(evidence: &Evidence, speaker: impl Fn(u32) -> usize, findings: &mut Findings) -> HashMap<Message, u64> {
    let mut places: HashMap<Message, u64> = HashMap::with_capacity(evidence.log.len());
    let mut last_of: HashMap<usize, u32> = HashMap::new();
    let mut before = 0;
    for Placed { seq, message } in &evidence.log {
        match seq.checked_sub(before + 1) {
            Some(hole) => findings.lost += hole,
            None => findings.reordered += 1,
        }
        before = before.max(*seq);
        let Some(message) = message else { continue };
        if places.contains_key(message) {
            findings.duplicated += 1;
            continue;
        }
        places.insert(*message, *seq);
        if let Some(number) = message.said_number() {
            let last = last_of.entry(speaker(number)).or_insert(number);
            findings.reordered += u64::from(*last > number);
            *last = number.max(*last);
        }
    }
    let prepared = places.keys().filter(|message| message.said_number().is_none()).count() as u64;
    findings.lost += u64::from(evidence.prepared).saturating_sub(prepared);
    places
}

/// What one user was given, against the log.
fn given(log: &[Placed], held: &Held) -> Findings {
    let mut findings = Findings::default();
    let expected: HashMap<u64, Option<Message>> =
        log.iter().filter(|placed| placed.seq > held.base).map(|placed| (placed.seq, placed.message)).collect();
    let mut seen: HashSet<u64> = HashSet::with_capacity(held.given.len());
    let mut last = held.base;
    for Placed { seq, message } in &held.given {
        if !seen.insert(*seq) {
            findings.duplicated += 1;
            continue;
        }
        findings.reordered += u64::from(*seq < last);
        last = last.max(*seq);
        match expected.get(seq) {
            None => findings.lost += 1,
            Some(there) => findings.reordered += u64::from(there != message),
        }
    }
    findings.lost += expected.keys().filter(|seq| !seen.contains(seq)).count() as u64;
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Somebody makes the room; then two prepared messages, and four said ones by two
    /// speakers in turn; and one who came when there were two entries.
    fn sound() -> Evidence {
        let texts = [Message::prepared(0), Message::prepared(1), said(0), said(1), said(2), said(3)].map(Some);
        let messages = [None].into_iter().chain(texts);
        let log: Vec<Placed> = (1..).zip(messages).map(|(seq, message)| Placed { seq, message }).collect();
        let held = Held { base: 2, given: log[2..].to_vec() };
        Evidence { prepared: 2, acked: log[3..].to_vec(), held: vec![held], log }
    }

    fn said(number: u32) -> Message {
        Message::said(number)
    }

    fn check(spoil: impl FnOnce(&mut Evidence), expected: [u64; 3]) {
        let mut evidence = sound();
        spoil(&mut evidence);
        let Findings { lost, duplicated, reordered } = audit(&evidence, |number| number as usize % 2);
        assert_eq!([lost, duplicated, reordered], expected, "lost, duplicated, reordered of {evidence:?}");
    }

    #[test]
    fn what_is_as_promised_is_clean() {
        check(|_| {}, [0, 0, 0]);
        // Said and never acked, since nobody waited: no promise, wherever it is.
        check(|evidence| _ = evidence.acked.pop(), [0, 0, 0]);
    }

    #[test]
    fn what_the_log_lacks_is_lost() {
        // Acked and given, and gone at the end.
        check(|evidence| _ = evidence.log.pop(), [2, 0, 0]);
        // A hole: the entry is missing, the ack for it too, and a user was given it.
        check(|evidence| _ = evidence.log.remove(4), [3, 0, 0]);
        check(|evidence| _ = evidence.log.remove(0), [1, 0, 0]);
        check(|evidence| evidence.prepared = 3, [1, 0, 0]);
        // Its text is another one now.
        check(|evidence| evidence.log[2].message = None, [1, 0, 1]);
    }

    #[test]
    fn what_a_user_was_not_given_is_lost() {
        check(|evidence| _ = evidence.held[0].given.pop(), [1, 0, 0]);
        check(|evidence| evidence.held[0].given.clear(), [5, 0, 0]);
    }

    #[test]
    fn copies_are_found_in_the_log_and_in_deliveries() {
        check(
            |evidence| {
                let copy = Placed { seq: 8, ..evidence.log[6] };
                evidence.log.push(copy);
                evidence.held[0].given.push(copy);
            },
            [0, 1, 0],
        );
        check(|evidence| evidence.held[0].given.push(evidence.log[6]), [0, 1, 0]);
    }

    #[test]
    fn another_order_is_found_wherever_it_is() {
        // Speaker 0 said 0 before 2.
        check(
            |evidence| {
                (evidence.log[3].message, evidence.log[5].message) = (Some(said(2)), Some(said(0)));
                evidence.acked.clear();
                evidence.held.clear();
            },
            [0, 0, 1],
        );
        check(|evidence| evidence.held[0].given.swap(1, 2), [0, 0, 1]);
        check(|evidence| evidence.acked[0].seq += 1, [0, 0, 1]);
        check(|evidence| evidence.held[0].given[1].message = Some(said(3)), [0, 0, 1]);
    }
}
