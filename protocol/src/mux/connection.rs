//! The machine behind a lock, shared by the two pumps of a WebSocket and by every
//! half of every stream.

use bytes::Bytes;
use std::{
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

use super::{Class, Event, Mux, MuxError, OpenError, RecvHalf, Role, SendHalf, wakers::Wakers};

#[derive(Debug)]
struct Shared {
    mux: Mux,
    wakers: Wakers,
}

/// A mux connection; clones are the same connection.
///
/// Whoever owns the WebSocket runs two pumps: messages that come go to
/// [`Connection::receive`], messages from [`Connection::poll_transmit`] are written.
/// When either ends, for whatever reason, it calls [`Connection::close`].
#[derive(Clone, Debug)]
pub struct Connection(Arc<Mutex<Shared>>);

impl Connection {
    /// A connection on which nothing has been said.
    pub fn new(role: Role) -> Self {
        Self(Arc::new(Mutex::new(Shared { mux: Mux::new(role), wakers: Wakers::default() })))
    }

    /// Runs `act` on the machine, then wakes whom it concerns, the lock released.
    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Mux) -> T) -> T {
        self.poll_with(|mux, _| act(mux))
    }

    fn poll_with<T>(&self, act: impl FnOnce(&mut Mux, &mut Wakers) -> T) -> T {
        let mut woken: Vec<Waker> = Vec::new();
        let outcome = {
            let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let Shared { mux, wakers } = &mut *shared;
            let outcome = act(mux, wakers);
            while let Some(event) = mux.next_event() {
                wakers.take(event, &mut woken);
            }
            outcome
        };
        woken.into_iter().for_each(Waker::wake);
        outcome
    }

    /// `act`, or wait for `event` when it has nothing.
    pub(super) fn poll_event<T>(
        &self,
        event: Event,
        context: &mut Context<'_>,
        act: impl FnOnce(&mut Mux) -> Poll<T>,
    ) -> Poll<T> {
        self.poll_with(|mux, wakers| {
            let outcome = act(mux);
            if outcome.is_pending() {
                wakers.register(event, context.waker());
            }
            outcome
        })
    }

    /// One binary WebSocket message of the peer; says how many bytes of streams it brought.
    /// After an error every half is closed; the caller closes the WebSocket with the error's
    /// code.
    pub fn receive(&self, message: impl AsRef<[u8]>) -> Result<usize, MuxError> {
        self.with(|mux| mux.receive(message.as_ref()))
    }

    /// Resolves when fewer than `unread_max` bytes of all streams lie unread: whoever
    /// brings messages may hold them back until then, so that memory is bounded by less
    /// than all credit together. One task at a time may wait here.
    pub fn poll_drained(&self, context: &mut Context<'_>, unread_max: usize) -> Poll<()> {
        self.poll_event(Event::Drained, context, |mux| {
            if mux.is_closed() || mux.unread_bytes() < unread_max { Poll::Ready(()) } else { Poll::Pending }
        })
    }

    /// The next binary WebSocket message to write, made at this moment; `None` once
    /// the connection is closed. One task at a time may wait here.
    pub fn poll_transmit(&self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.poll_event(Event::Transmit, context, |mux| match mux.transmit() {
            None if !mux.is_closed() => Poll::Pending,
            message => Poll::Ready(message),
        })
    }

    /// Opens a stream both ways; clients only.
    pub fn open(&self, class: Class) -> Result<(SendHalf, RecvHalf), OpenError> {
        let id = self.with(|mux| mux.open(class))?;
        Ok((SendHalf::new(self.clone(), id), RecvHalf::new(self.clone(), id)))
    }

    /// The next stream that the client opened; `None` once the connection is closed.
    /// One task at a time may wait here.
    pub fn poll_accept(&self, context: &mut Context<'_>) -> Poll<Option<(Class, SendHalf, RecvHalf)>> {
        let accepted = self.poll_event(Event::Accept, context, |mux| match mux.accept() {
            None if !mux.is_closed() => Poll::Pending,
            found => Poll::Ready(found),
        });
        accepted.map(|found| {
            let (id, class) = found?;
            Some((class, SendHalf::new(self.clone(), id), RecvHalf::new(self.clone(), id)))
        })
    }

    /// Sends what may be lost: too long, or with too many waiting, something is dropped.
    pub fn send_datagram(&self, datagram: Bytes) {
        self.with(|mux| mux.send_datagram(datagram));
    }

    /// The next datagram; `None` once the connection is closed. One task at a time may
    /// wait here.
    pub fn poll_datagram(&self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        self.poll_event(Event::Datagram, context, |mux| match mux.recv_datagram() {
            None if !mux.is_closed() => Poll::Pending,
            datagram => Poll::Ready(datagram),
        })
    }

    /// Ends everything: halves answer `Closed` (bytes that have come can still be
    /// read), polls `None`, and what waits to be sent is dropped.
    pub fn close(&self) {
        self.with(Mux::close);
    }

    /// Whether it was closed, by [`Connection::close`] or by a violation.
    pub fn is_closed(&self) -> bool {
        self.with(|mux| mux.is_closed())
    }
}
