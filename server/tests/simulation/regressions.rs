//! Seeds that once broke a promise, each under the name of what was wrong. A seed stays
//! what it is for as long as the operations stay: what is worth keeping for longer has a
//! test of its own beside the code.

use crate::run::run;

fn keeps_every_promise(seed: u64) {
    keeps_every_promise_on(1, seed);
}

fn keeps_every_promise_on(nodes: usize, seed: u64) {
    assert_eq!(run(seed, nodes, None, false).violation, None, "seed {seed} on {nodes} nodes");
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

/// The server stopped between an upload's claim and its message, its blob was spent and collected, and
/// the client sent it again under the same name: it was collected no more, and lay there for ever.
#[test]
fn a_spent_blob_that_is_sent_again_is_not_left_behind() {
    keeps_every_promise(491);
}

/// A device resumed a room while its lane gathered a write with two turns of that room: the second
/// went on behind the first, and what the device lacked in between never came.
#[test]
fn a_room_that_is_resumed_while_a_write_is_gathered_comes_whole() {
    keeps_every_promise_on(3, 28);
}

/// Who set a picture confirmed it when another had doubted it and taken its place, and the server stopped
/// before either let go of it: it lay there for ever.
#[test]
fn a_picture_that_is_confirmed_too_late_is_not_left_behind() {
    for seed in [65, 1317, 2961] {
        keeps_every_promise(seed);
    }
}

/// Several posts at once were to be tried again for ever, where their author has to wait between two.
#[test]
fn a_batch_in_a_slow_room_is_refused_for_good() {
    keeps_every_promise(10);
}

/// The time of a log does not go back: where a clock had been a day ahead, a slow room kept its members
/// waiting for that day.
#[test]
fn a_clock_that_was_ahead_keeps_nobody_waiting() {
    keeps_every_promise(14);
}

/// The server was put back to a backup from the middle of a removal, of which a resume had said that the
/// room is gone: the user's own log had nothing new to say, and the room did not come back.
#[test]
fn a_room_that_only_a_resume_said_was_gone_comes_back() {
    keeps_every_promise(1298);
}

/// A file whose message was complete was given up before its sender kept it: nobody kept its bytes.
#[test]
fn a_complete_file_is_kept_also_when_its_transfer_is_given_up() {
    keeps_every_promise(1737);
}
