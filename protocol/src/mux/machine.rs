//! The machine: what the application asks of it. What the peer says is in
//! `receive.rs`, what is sent in `schedule.rs`.

use bytes::Bytes;

use super::{
    Class, HalfError, OpenError, Role, StreamId,
    credit::{Incoming, Outgoing},
    datagrams::Datagrams,
    stream::Streams,
};
use crate::limits::{DATAGRAM_BYTES_MAX, MUX_BULK_WINDOW_BYTES, STREAMS_MAX};

/// Something that an application or a writer may be waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// [`Mux::transmit`] may have a message.
    Transmit,
    /// [`Mux::accept`] may have a stream.
    Accept,
    /// [`Mux::recv_datagram`] may have a datagram.
    Datagram,
    /// The stream takes bytes again, is flushed, or has failed.
    Writable(StreamId),
    /// The stream has bytes, has ended, or has failed.
    Readable(StreamId),
    /// Fewer bytes lie unread than before.
    Drained,
    /// Everything has ended.
    Closed,
}

/// What [`Mux::read`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    /// All bytes that had come.
    Bytes(Bytes),
    /// Wait for [`Event::Readable`].
    Nothing,
    /// The peer has finished and everything was read.
    End,
}

/// The sans-IO state of one connection.
#[derive(Debug)]
pub struct Mux {
    pub(super) role: Role,
    pub(super) streams: Streams,
    /// Streams up to this id were handed out by [`Mux::accept`].
    accepted: StreamId,
    pub(super) pool_out: Outgoing,
    pub(super) pool_in: Incoming,
    pub(super) pool_credit_due: bool,
    /// Bytes of file streams that have ended and may yet lie unread at the peer.
    pub(super) ended_file_bytes: u64,
    pub(super) datagrams_out: Datagrams,
    pub(super) datagrams_in: Datagrams,
    /// Turns of the scheduler so far.
    pub(super) turn: u64,
    events: Vec<Event>,
    pub(super) closed: bool,
}

impl Mux {
    /// A connection on which nothing has been said.
    pub fn new(role: Role) -> Self {
        Self {
            role,
            streams: Streams::default(),
            accepted: 0,
            pool_out: Outgoing::new(MUX_BULK_WINDOW_BYTES),
            pool_in: Incoming::new(MUX_BULK_WINDOW_BYTES),
            pool_credit_due: false,
            ended_file_bytes: 0,
            datagrams_out: Datagrams::default(),
            datagrams_in: Datagrams::default(),
            turn: 0,
            events: Vec::new(),
            closed: false,
        }
    }

    /// Opens a stream both ways.
    pub fn open(&mut self, class: Class) -> Result<StreamId, OpenError> {
        if self.closed {
            return Err(OpenError::Closed);
        }
        if self.role != Role::Client {
            return Err(OpenError::NotClient);
        }
        let id = self.streams.next_id().ok_or(OpenError::TooMany)?;
        if self.streams.open_count() >= STREAMS_MAX {
            return Err(OpenError::TooMany);
        }
        self.streams.add(id, class, true);
        self.push(Event::Transmit);
        Ok(id)
    }

    /// The next stream that the client opened.
    pub fn accept(&mut self) -> Option<(StreamId, Class)> {
        if self.closed || self.role == Role::Client {
            return None;
        }
        let stream = self.streams.get_mut(self.accepted.checked_add(1)?)?;
        stream.accepted = true;
        self.accepted = stream.id;
        let found = (stream.id, stream.class);
        self.push(Event::Transmit);
        Some(found)
    }

    /// Takes what fits from the front of `bytes`; says how much that was. Zero means:
    /// wait for [`Event::Writable`].
    pub fn write(&mut self, id: StreamId, bytes: &mut Bytes) -> Result<usize, HalfError> {
        if self.closed {
            return Err(HalfError::Closed);
        }
        let taken = self.streams.get_mut(id).ok_or(HalfError::Closed)?.send.write(bytes)?;
        if taken > 0 {
            self.push(Event::Transmit);
        }
        Ok(taken)
    }

    /// Whether all that was written, and the end if there is one, was transmitted.
    pub fn is_flushed(&self, id: StreamId) -> Result<bool, HalfError> {
        if self.closed {
            return Err(HalfError::Closed);
        }
        let stream = self.streams.get(id).ok_or(HalfError::Closed)?;
        stream.send.check()?;
        Ok(stream.send.is_flushed())
    }

    /// No more bytes come; those that wait are still sent.
    pub fn finish(&mut self, id: StreamId) {
        if let Some(stream) = self.streams.get_mut(id) {
            stream.send.finish();
            self.push(Event::Transmit);
        }
    }

    /// Gives up sending: what waits is dropped. Without effect behind [`Mux::finish`].
    pub fn reset(&mut self, id: StreamId, code: u32) {
        if let Some(stream) = self.streams.get_mut(id) {
            stream.send.reset(code);
            self.push(Event::Transmit);
        }
    }

    /// The application lets go of the sending half: a reset unless it was finished.
    pub fn release_send(&mut self, id: StreamId) {
        if let Some(stream) = self.streams.get_mut(id) {
            stream.send.reset(0);
            stream.send.released = true;
            self.streams.tidy(id);
            self.push(Event::Transmit);
        }
    }

    /// What has come on a stream. Bytes that came before the connection closed can
    /// still be read.
    pub fn read(&mut self, id: StreamId) -> Result<Read, HalfError> {
        let stream = self.streams.get_mut(id).ok_or(HalfError::Closed)?;
        let bulk = stream.class.is_bulk();
        let read = stream.recv.read()?;
        let credit = stream.recv.has_signal();
        match &read {
            Read::Bytes(bytes) => {
                self.consume(bulk, bytes.len());
                self.push(Event::Drained);
            }
            Read::Nothing if self.closed => return Err(HalfError::Closed),
            Read::Nothing | Read::End => {}
        }
        if credit {
            self.push(Event::Transmit);
        }
        Ok(read)
    }

    /// Wants no more of a stream: what waits and what still comes is thrown away.
    pub fn stop(&mut self, id: StreamId, code: u32) {
        if let Some(stream) = self.streams.get_mut(id) {
            let bulk = stream.class.is_bulk();
            let dropped = stream.recv.stop(code);
            self.consume(bulk, dropped);
            self.push(Event::Transmit);
            self.push(Event::Drained);
        }
    }

    /// The application lets go of the receiving half: a stop unless it has ended.
    pub fn release_recv(&mut self, id: StreamId) {
        self.stop(id, 0);
        if let Some(stream) = self.streams.get_mut(id) {
            stream.recv.released = true;
            self.streams.tidy(id);
        }
    }

    /// Sends what may be lost. One that is too long is dropped.
    pub fn send_datagram(&mut self, datagram: Bytes) {
        if !self.closed && datagram.len() <= DATAGRAM_BYTES_MAX {
            self.datagrams_out.push(datagram);
            self.push(Event::Transmit);
        }
    }

    /// The next datagram of the peer.
    pub fn recv_datagram(&mut self) -> Option<Bytes> {
        self.datagrams_in.pop()
    }

    /// Ends everything; nothing more is transmitted.
    pub fn close(&mut self) {
        if !self.closed {
            self.closed = true;
            self.datagrams_out.clear();
            self.datagrams_in.clear();
            self.streams.iter_mut().for_each(|stream| stream.send.forget());
            self.push(Event::Closed);
        }
    }

    /// Whether [`Mux::close`] was called or the peer broke the rules.
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Bytes of all streams that came and were not read.
    pub fn unread_bytes(&self) -> usize {
        self.streams.iter().map(|stream| stream.recv.unread_bytes()).sum()
    }

    /// What the machine holds in memory, itself included: for budgets and metrics.
    pub fn memory_bytes(&self) -> usize {
        size_of::<Self>()
            + self.events.capacity() * size_of::<Event>()
            + self.datagrams_out.memory_bytes()
            + self.datagrams_in.memory_bytes()
            + self.streams.memory_bytes()
    }

    /// What has happened since the last call, in no particular order.
    pub fn next_event(&mut self) -> Option<Event> {
        self.events.pop()
    }

    pub(super) fn push(&mut self, event: Event) {
        if !self.events.contains(&event) {
            self.events.push(event);
        }
    }

    /// Gives credit of the pool back for bytes that were read or thrown away.
    pub(super) fn consume(&mut self, bulk: bool, bytes: usize) {
        if bulk && bytes > 0 && self.pool_in.consume(bytes as u64) {
            self.pool_credit_due = true;
            self.push(Event::Transmit);
        }
    }
}
