//! The tail against every order in which a network can bring things.

use super::*;
use crate::EntryKind;
use proptest::prelude::*;
use rill_protocol::{ClientId, RoomId, U53, UserId};

const OLD: Epoch = Epoch([1; 16]);
const NEW: Epoch = Epoch([2; 16]);

fn entry(epoch: Epoch, seq: u64) -> Entry {
    Entry {
        room: RoomId::default(),
        epoch,
        seq,
        at_ms: 0,
        author: UserId::default(),
        client_id: ClientId::default(),
        kind: EntryKind::Joined,
    }
}

fn answer(outcome: Outcome, epoch: Epoch, base: u64) -> ResumedRoom {
    let number = |value| U53::new(value).unwrap();
    ResumedRoom { room: RoomId::default(), outcome, epoch, base: number(base), head: number(base) }
}

/// A tail that stands at `have`.
fn tail_at(have: u64) -> Tail {
    let mut tail = Tail::default();
    tail.resume_sent(1);
    tail.resumed(1, Some(&answer(Outcome::Limited, OLD, have)), &mut VecDeque::new());
    tail
}

fn seqs(out: &VecDeque<Event>) -> Vec<u64> {
    out.iter()
        .filter_map(|event| match event {
            Event::Entry(entry) => Some(entry.seq),
            _ => None,
        })
        .collect()
}

fn causes(out: &VecDeque<Event>) -> Vec<(TailCause, u64)> {
    out.iter()
        .filter_map(|event| match event {
            Event::Tail { cause, base, .. } => Some((*cause, *base)),
            _ => None,
        })
        .collect()
}

proptest! {
    /// Two lanes and a reconnect: every entry comes at least once, at most a window
    /// early, any number of times.
    #[test]
    fn any_order_and_any_repetition_give_each_entry_once_in_order(
        base in 0u64..1_000,
        mut arrivals in (1u64..200).prop_flat_map(|count| (
            Just(count),
            proptest::collection::vec((1..=count, 0u64..200), 0..100),
        )).prop_flat_map(|(count, repeats)| {
            let order: Vec<u64> = (1..=count).collect();
            (Just(order).prop_shuffle(), Just(repeats))
        }),
    ) {
        let count = arrivals.0.len() as u64;
        for (seq, at) in &arrivals.1 {
            let at = (*at as usize).min(arrivals.0.len());
            arrivals.0.insert(at, *seq);
        }
        let (mut tail, mut out) = (tail_at(base), VecDeque::new());
        for seq in &arrivals.0 {
            prop_assert_eq!(tail.offer(entry(OLD, base + seq), &mut out), Verdict::Fine);
        }
        prop_assert_eq!(seqs(&out), (base + 1..=base + count).collect::<Vec<_>>());
        prop_assert!(tail.held.is_empty());
    }

    /// A server that restarts a room's cursor whenever it is asked to, over a lane on
    /// which answers and entries race: all entries come out, whatever was dropped.
    #[test]
    fn a_tail_that_overflows_always_gets_whole_again(gap in 1u64..20, total in 300u64..900, lag in 1usize..400) {
        let (mut tail, mut out) = (tail_at(0), VecDeque::new());
        // The lane skips `gap` entries once, as if a lane had died with them.
        let mut lane: VecDeque<u64> = (gap + 1..=total).collect();
        let mut answers: VecDeque<(usize, u32)> = VecDeque::new();
        let (mut step, mut request) = (0, 1);
        while let Some(seq) = lane.pop_front() {
            step += 1;
            let mut verdict = tail.offer(entry(OLD, seq), &mut out);
            if answers.front().is_some_and(|(due, _)| *due <= step) {
                let (_, number) = answers.pop_front().unwrap();
                prop_assert_eq!(verdict, Verdict::Fine);
                verdict = tail.resumed(number, Some(&answer(Outcome::Complete, OLD, 0)), &mut out);
            }
            if verdict == Verdict::NeedsResume {
                request += 1;
                let (_, have) = tail.cursor();
                tail.resume_sent(request);
                // What is under way still comes; the replay follows it.
                lane.extend(have + 1..=total);
                answers.push_back((step + lag, request));
            }
        }
        let whole: Vec<u64> = (1..=total).collect();
        let given = seqs(&out);
        if total - gap > REORDER_ENTRIES_MAX as u64 {
            prop_assert_eq!(given, whole);
        } else {
            // No overflow: the gap is still open, and nothing came out of order.
            prop_assert!(given.is_empty());
        }
    }
}

#[test]
fn entries_that_come_before_the_answer_wait_for_it() {
    let (mut tail, mut out) = (Tail::default(), VecDeque::new());
    tail.resume_sent(7);
    for seq in 51..=60 {
        assert_eq!(tail.offer(entry(OLD, seq), &mut out), Verdict::Fine);
    }
    assert!(out.is_empty());
    assert_eq!(tail.resumed(7, Some(&answer(Outcome::Limited, OLD, 50)), &mut out), Verdict::Fine);
    assert_eq!(causes(&out), [(TailCause::Started, 50)]);
    assert_eq!(seqs(&out), (51..=60).collect::<Vec<_>>());
}

#[test]
fn a_limited_answer_moves_the_base_and_says_so() {
    let (mut tail, mut out) = (tail_at(10), VecDeque::new());
    tail.resume_sent(2);
    tail.offer(entry(OLD, 902), &mut out);
    tail.resumed(2, Some(&answer(Outcome::Limited, OLD, 900)), &mut out);
    tail.offer(entry(OLD, 901), &mut out);
    assert_eq!(causes(&out), [(TailCause::Limited, 900)]);
    assert_eq!(seqs(&out), [901, 902]);
    assert_eq!(tail.cursor(), (OLD, 902));
}

#[test]
fn a_limited_answer_below_what_has_come_meanwhile_changes_nothing() {
    let (mut tail, mut out) = (tail_at(10), VecDeque::new());
    tail.resume_sent(2);
    for seq in 11..=20 {
        tail.offer(entry(OLD, seq), &mut out);
    }
    tail.resumed(2, Some(&answer(Outcome::Limited, OLD, 15)), &mut out);
    assert_eq!((causes(&out), tail.cursor()), (vec![], (OLD, 20)));
}

#[test]
fn another_epoch_starts_anew_and_drops_what_is_left_of_the_old_one() {
    let (mut tail, mut out) = (tail_at(10), VecDeque::new());
    // The log was restored while the connection stood: entries of the new one come first.
    assert_eq!(tail.offer(entry(NEW, 6), &mut out), Verdict::NeedsResume);
    tail.resume_sent(2);
    assert_eq!(tail.offer(entry(OLD, 13), &mut out), Verdict::Fine);
    tail.resumed(2, Some(&answer(Outcome::EpochChanged, NEW, 4)), &mut out);
    tail.offer(entry(NEW, 5), &mut out);
    assert_eq!(causes(&out), [(TailCause::EpochChanged, 4)]);
    assert_eq!(seqs(&out), [5, 6]);
    assert!(tail.held.is_empty(), "entries of the old epoch are of no use");
}

#[test]
fn only_the_answer_to_the_last_resume_counts() {
    let (mut tail, mut out) = (tail_at(10), VecDeque::new());
    tail.resume_sent(2);
    tail.resume_sent(3);
    tail.resumed(2, Some(&answer(Outcome::Limited, OLD, 500)), &mut out);
    assert_eq!((causes(&out), tail.cursor()), (vec![], (OLD, 10)));
    tail.resumed(3, Some(&answer(Outcome::Limited, OLD, 600)), &mut out);
    assert_eq!(causes(&out), [(TailCause::Limited, 600)]);
}

#[test]
fn a_cursor_at_the_head_needs_no_answer_of_its_own() {
    let (mut tail, mut out) = (tail_at(10), VecDeque::new());
    tail.resume_sent(2);
    assert_eq!(tail.resumed(2, None, &mut out), Verdict::Fine);
    tail.offer(entry(OLD, 11), &mut out);
    assert_eq!(seqs(&out), [11]);
}

#[test]
fn what_was_held_is_forgotten_with_the_connection() {
    let (mut tail, mut out) = (tail_at(10), VecDeque::new());
    tail.offer(entry(OLD, 13), &mut out);
    tail.disconnected();
    tail.offer(entry(OLD, 11), &mut out);
    tail.offer(entry(OLD, 12), &mut out);
    assert_eq!(seqs(&out), [11, 12]);
}

#[test]
fn a_room_that_is_gone_is_reported() {
    let (mut tail, mut out) = (tail_at(10), VecDeque::new());
    tail.resume_sent(2);
    assert_eq!(tail.resumed(2, Some(&answer(Outcome::Gone, OLD, 0)), &mut out), Verdict::Gone);
    assert!(out.is_empty());
}

#[test]
fn the_reorder_buffer_is_bounded() {
    let (mut tail, mut out) = (tail_at(0), VecDeque::new());
    for seq in 2..REORDER_ENTRIES_MAX as u64 + 2 {
        assert_eq!(tail.offer(entry(OLD, seq), &mut out), Verdict::Fine);
    }
    assert_eq!(tail.offer(entry(OLD, 1_000), &mut out), Verdict::NeedsResume);
    assert!(tail.held.is_empty());
    tail.resume_sent(2);
    for seq in 2..1_000 {
        tail.offer(entry(OLD, seq), &mut out);
        assert!(tail.held.len() <= REORDER_ENTRIES_MAX);
    }
    assert_eq!(tail.resumed(2, Some(&answer(Outcome::Complete, OLD, 0)), &mut out), Verdict::NeedsResume);
}
