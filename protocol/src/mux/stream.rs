//! One stream and the table of them. The table is a short sorted list: at most
//! `STREAMS_MAX` are open, so a scan beats a map and an idle connection stays small.

use super::{Class, StreamId, recv_side::RecvSide, send_side::SendSide};

#[derive(Debug)]
pub(super) struct Stream {
    pub(super) id: StreamId,
    pub(super) class: Class,
    pub(super) send: SendSide,
    pub(super) recv: RecvSide,
    /// Whether `Open` has yet to be sent.
    pub(super) open_due: bool,
    /// Whether the application has taken it. Before that its sending half stays open
    /// whatever the peer says, so that streams nobody has looked at stay counted.
    pub(super) accepted: bool,
}

impl Stream {
    /// Whether the peer may still count it as open.
    fn is_open(&self) -> bool {
        !(self.send.is_ended() && self.recv.is_ended())
    }

    /// Whether neither peer nor application will ask for it again.
    fn is_done(&self) -> bool {
        !self.is_open() && self.send.released && self.recv.released
    }

    /// The code of the `Reset` that may be sent now.
    pub(super) fn reset_due(&self) -> Option<u32> {
        self.send.reset_due().filter(|_| self.accepted)
    }

    pub(super) fn has_signal(&self) -> bool {
        self.open_due || self.recv.has_signal() || self.reset_due().is_some()
    }
}

#[derive(Debug, Default)]
pub(super) struct Streams {
    by_id: Vec<Stream>,
    /// The highest id so far.
    last: StreamId,
}

impl Streams {
    /// The id that the next stream must have.
    pub(super) const fn next_id(&self) -> Option<StreamId> {
        self.last.checked_add(1)
    }

    pub(super) fn open_count(&self) -> usize {
        self.by_id.iter().filter(|stream| stream.is_open()).count()
    }

    /// Adds the stream of [`Streams::next_id`].
    pub(super) fn add(&mut self, id: StreamId, class: Class, ours: bool) {
        self.last = id;
        self.by_id.push(Stream {
            id,
            class,
            send: SendSide::new(),
            recv: RecvSide::new(),
            open_due: ours,
            accepted: ours,
        });
    }

    fn position(&self, id: StreamId) -> Option<usize> {
        self.by_id.binary_search_by_key(&id, |stream| stream.id).ok()
    }

    pub(super) fn get(&self, id: StreamId) -> Option<&Stream> {
        self.position(id).map(|at| &self.by_id[at])
    }

    pub(super) fn get_mut(&mut self, id: StreamId) -> Option<&mut Stream> {
        self.position(id).map(|at| &mut self.by_id[at])
    }

    /// Whether there ever was a stream of this id.
    pub(super) const fn was_opened(&self, id: StreamId) -> bool {
        id != 0 && id <= self.last
    }

    /// Forgets the stream if it is done.
    pub(super) fn tidy(&mut self, id: StreamId) {
        if let Some(at) = self.position(id).filter(|at| self.by_id[*at].is_done()) {
            self.by_id.remove(at);
        }
    }

    pub(super) fn memory_bytes(&self) -> usize {
        let buffers = self.iter().map(|stream| stream.send.memory_bytes() + stream.recv.memory_bytes());
        self.by_id.capacity() * size_of::<Stream>() + buffers.sum::<usize>()
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Stream> {
        self.by_id.iter()
    }

    pub(super) fn iter_mut(&mut self) -> std::slice::IterMut<'_, Stream> {
        self.by_id.iter_mut()
    }
}
