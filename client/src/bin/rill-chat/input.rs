//! Lines of stdin. Reading blocks, so it has a thread of its own, which ends with the
//! input or with the program.

use std::{io::BufRead, thread};
use tokio::sync::mpsc;

/// Lines that wait to be handled; the reader pauses when they are this many.
const LINES_MAX: usize = 64;

/// Lines as they are typed; nothing more once the input has ended.
pub(crate) fn lines() -> mpsc::Receiver<String> {
    let (send, receive) = mpsc::channel(LINES_MAX);
    thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        let mut line = Vec::new();
        while input.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            // What is no UTF-8 is not lost with all that follows.
            if send.blocking_send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                return;
            }
            line.clear();
        }
    });
    receive
}
