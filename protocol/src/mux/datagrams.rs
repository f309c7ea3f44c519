//! A short queue of datagrams. When it is full the oldest is lost: what a datagram
//! tells is soon out of date.

use bytes::Bytes;
use std::collections::VecDeque;

use crate::limits::MUX_DATAGRAMS_MAX;

#[derive(Debug, Default)]
pub(super) struct Datagrams(VecDeque<Bytes>);

impl Datagrams {
    pub(super) fn push(&mut self, datagram: Bytes) {
        if self.0.len() == MUX_DATAGRAMS_MAX {
            self.0.pop_front();
        }
        self.0.push_back(datagram);
    }

    /// The oldest one. An emptied queue keeps no memory.
    pub(super) fn pop(&mut self) -> Option<Bytes> {
        let datagram = self.0.pop_front()?;
        if self.0.is_empty() {
            self.0 = VecDeque::new();
        }
        Some(datagram)
    }

    pub(super) fn memory_bytes(&self) -> usize {
        self.0.capacity() * size_of::<Bytes>() + self.0.iter().map(Bytes::len).sum::<usize>()
    }

    pub(super) fn clear(&mut self) {
        self.0 = VecDeque::new();
    }
}
