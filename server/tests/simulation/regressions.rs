//! Seeds that once broke a promise, each under the name of what was wrong. A seed stays
//! what it is for as long as the operations stay: what is worth keeping for longer has a
//! test of its own beside the code.

use crate::run::run;

fn keeps_every_promise(seed: u64) {
    assert_eq!(run(seed, 1, None, false).violation, None, "seed {seed}");
}

/// A read that failed under a debug assertion was taken for a key that is used already,
/// and the command panicked.
#[test]
fn a_disk_that_cannot_be_read_is_no_used_key() {
    keeps_every_promise(4);
}

/// Somebody who had left and come back was told `Gone` by an answer from between, behind the
/// word that they were back, and followed the room no more.
#[test]
fn an_answer_from_between_does_not_take_a_room_away() {
    keeps_every_promise(2180);
}
