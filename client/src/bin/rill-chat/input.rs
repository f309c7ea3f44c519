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
        for line in std::io::stdin().lock().lines() {
            // Bytes that are no UTF-8 end the input like its end does.
            let Ok(line) = line else { return };
            if send.blocking_send(line).is_err() {
                return;
            }
        }
    });
    receive
}
