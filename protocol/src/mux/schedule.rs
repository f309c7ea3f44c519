//! What goes into the next message: signals, then datagrams, then data.
//!
//! A message is made only when the writer asks for one, and closed once it holds a
//! chunk's worth: little lies below the scheduler, and what is urgent waits for at
//! most one message.

use bytes::{Bytes, BytesMut};

use super::{
    Class, Event, Mux, StreamId,
    frame::{self, Frame},
    stream::Stream,
};
use crate::limits::{MUX_CHUNK_BYTES_MAX, MUX_CREDIT_STEP_BYTES, MUX_FILE_WINDOW_BYTES, MUX_SEND_BUFFER_BYTES_MAX};

/// No frame is begun behind this many bytes, so a message holds at most one chunk
/// more than this: half of `MUX_MESSAGE_BYTES_MAX`.
const MESSAGE_FULL_BYTES: usize = MUX_CHUNK_BYTES_MAX;

/// The part of what is free that one file stream may hold: one alone its whole window, and three
/// that nobody reads leave a fourth the step that it needs.
const FILE_SHARE: u64 = 2;

/// What one file stream may add when so much of their part of the pool is free: none holds more
/// than its part of that (a dynamic threshold, Choudhury and Hahne 1998), so those that nobody
/// reads leave room for others. But each gets as far as the step in which it is granted more.
fn file_share(file_room: u64, unread: u64) -> u64 {
    (file_room / FILE_SHARE).saturating_sub(unread).max(MUX_CREDIT_STEP_BYTES.saturating_sub(unread)).min(file_room)
}

impl Mux {
    /// The next message, or `None` when there is nothing to say.
    pub fn transmit(&mut self) -> Option<Bytes> {
        if self.closed {
            return None;
        }
        let mut out = BytesMut::new();
        self.put_signals(&mut out);
        while out.len() < MESSAGE_FULL_BYTES {
            let Some(datagram) = self.datagrams_out.pop() else { break };
            Frame::Datagram { bytes: &datagram }.put(&mut out);
        }
        while out.len() < MESSAGE_FULL_BYTES {
            let Some((id, length)) = self.next_chunk() else { break };
            self.put_chunk(id, length, &mut out);
        }
        (!out.is_empty()).then(|| out.freeze())
    }

    fn put_signals(&mut self, out: &mut BytesMut) {
        if std::mem::take(&mut self.pool_credit_due) {
            Frame::Credit { stream: 0, limit: self.pool_in.limit() }.put(out);
        }
        while out.len() < MESSAGE_FULL_BYTES {
            let Some(stream) = self.streams.iter_mut().find(|stream| stream.has_signal()) else { break };
            let id = stream.id;
            if std::mem::take(&mut stream.open_due) {
                Frame::Open { stream: id, class: stream.class }.put(out);
            }
            if let Some(limit) = stream.recv.take_credit_due() {
                Frame::Credit { stream: id, limit }.put(out);
            }
            if let Some(code) = stream.recv.take_stop_due() {
                Frame::Stop { stream: id, code }.put(out);
            }
            if let Some(code) = stream.reset_due() {
                Frame::Reset { stream: id, code }.put(out);
                self.ended(id);
            }
        }
    }

    /// The stream whose turn it is, and how many bytes it may send; zero bytes are a
    /// `Fin` alone.
    fn next_chunk(&self) -> Option<(StreamId, usize)> {
        let file_room = MUX_FILE_WINDOW_BYTES.saturating_sub(self.file_bytes_unread());
        self.streams
            .iter()
            .filter(|stream| !stream.open_due)
            .filter_map(|stream| Some((stream, self.allowance(stream, file_room)?)))
            .min_by_key(|(stream, _)| (stream.class, stream.send.served))
            .map(|(stream, length)| (stream.id, length))
    }

    fn allowance(&self, stream: &Stream, file_room: u64) -> Option<usize> {
        if stream.send.is_fin_due() {
            return Some(0);
        }
        let mut room = stream.send.credit.room();
        if stream.class.is_bulk() {
            room = room.min(self.pool_out.room());
        }
        if stream.class == Class::File {
            room = room.min(file_share(file_room, stream.send.credit.unread()));
        }
        let length =
            stream.send.waiting_bytes().min(MUX_CHUNK_BYTES_MAX).min(usize::try_from(room).unwrap_or(usize::MAX));
        (length > 0).then_some(length)
    }

    /// How much of the pool file streams hold, as far as this side can know. Grants of
    /// the pool do not say whose bytes were read, and grants of a stream come in steps
    /// and end with it; so two bounds are kept and the smaller one counts.
    fn file_bytes_unread(&self) -> u64 {
        let open = self.streams.iter().filter(|stream| stream.class == Class::File && !stream.send.is_ended());
        let by_stream = self.ended_file_bytes + open.map(|stream| stream.send.credit.unread()).sum::<u64>();
        by_stream.min(self.pool_out.unread())
    }

    fn put_chunk(&mut self, id: StreamId, length: usize, out: &mut BytesMut) {
        self.turn += 1;
        let turn = self.turn;
        let Some(stream) = self.streams.get_mut(id) else { return };
        stream.send.served = turn;
        if length > 0 {
            out.reserve(length + 16);
            frame::put_data_header(out, id, length);
            stream.send.take(length, out);
        }
        let fin = stream.send.is_fin_due();
        let roomy = stream.send.waiting_bytes() <= MUX_SEND_BUFFER_BYTES_MAX / 2;
        if stream.class.is_bulk() {
            self.pool_out.spend(length as u64);
        }
        if fin {
            Frame::Fin { stream: id }.put(out);
            self.ended(id);
        }
        if roomy {
            self.push(Event::Writable(id));
        }
    }

    /// `Fin` or `Reset` of our half was put into the message.
    fn ended(&mut self, id: StreamId) {
        let Some(stream) = self.streams.get_mut(id) else { return };
        stream.send.end();
        if stream.class == Class::File {
            self.ended_file_bytes += stream.send.credit.unread();
        }
        self.streams.tidy(id);
    }
}
