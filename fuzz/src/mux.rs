//! The mux: as a hostile peer's bytes, and as a sequence of operations of two honest
//! ends.

use bytes::Bytes;
use rill_protocol::{
    limits::{MUX_BULK_WINDOW_BYTES, MUX_STREAM_WINDOW_BYTES, STREAMS_MAX},
    mux::{Mux, Role, frame::Frames, model},
};

/// Bytes that a server may be made to hold: every stream's window, the pool, and what
/// the buffers of a growing reader and the tables take beside them.
const MEMORY_BYTES_MAX: usize =
    2 * (STREAMS_MAX * MUX_STREAM_WINDOW_BYTES as usize + MUX_BULK_WINDOW_BYTES as usize) + (1 << 20);

/// A server receives messages, each a length of one byte and its bytes, and accepts
/// what is opened. It must stay within its bounds, and what it says must be well formed.
pub fn mux_bytes(data: &[u8]) {
    let mut mux = Mux::new(Role::Server);
    let mut rest = data;
    while let Some((&length, tail)) = rest.split_first() {
        let (message, tail) = tail.split_at(usize::from(length).min(tail.len()));
        rest = tail;
        reencode(message);
        if mux.receive(message).is_err() {
            assert!(mux.is_closed());
            assert_eq!(mux.transmit(), None);
            return;
        }
        while let Some((id, _)) = mux.accept() {
            mux.write(id, &mut Bytes::from_static(b"welcome")).ok();
            if id % 2 == 0 {
                mux.read(id).ok();
            }
            if id % 3 == 0 {
                mux.release_send(id);
                mux.release_recv(id);
            }
        }
        while let Some(answer) = mux.transmit() {
            assert!(Frames::new(&answer).expect("own messages are whole").all(|frame| frame.is_ok()));
        }
        assert!(mux.memory_bytes() < MEMORY_BYTES_MAX);
    }
}

/// Frames have one form only.
fn reencode(message: &[u8]) {
    let Ok(frames) = Frames::new(message) else { return };
    let mut again = Vec::new();
    for frame in frames {
        let Ok(frame) = frame else { return };
        frame.put(&mut again);
    }
    assert_eq!(again, message);
}

/// Two machines joined back to back; see [`model`].
pub fn mux_operations(ops: Vec<model::Op>) {
    model::run(ops);
}
