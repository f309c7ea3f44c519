//! Credit: how many bytes may be sent in all, since the beginning. Totals never
//! shrink, so a grant that overtakes another does no harm.

use crate::limits::MUX_CREDIT_STEP_BYTES;

/// The sender's account.
#[derive(Debug)]
pub(super) struct Outgoing {
    sent: u64,
    limit: u64,
    window: u64,
}

impl Outgoing {
    pub(super) const fn new(window: u64) -> Self {
        Self { sent: 0, limit: window, window }
    }

    /// How many bytes may be sent now.
    pub(super) const fn room(&self) -> u64 {
        self.limit - self.sent
    }

    pub(super) fn spend(&mut self, bytes: u64) {
        debug_assert!(bytes <= self.room());
        self.sent += bytes;
    }

    /// A grant of the peer; `false` if it takes an earlier one back.
    pub(super) fn raise(&mut self, limit: u64) -> bool {
        let grows = limit >= self.limit;
        self.limit = self.limit.max(limit);
        grows
    }

    /// Sent, and not yet known to have been read.
    pub(super) const fn unread(&self) -> u64 {
        (self.sent + self.window).saturating_sub(self.limit)
    }
}

/// The receiver's account.
#[derive(Debug)]
pub(super) struct Incoming {
    received: u64,
    consumed: u64,
    limit: u64,
    window: u64,
}

impl Incoming {
    pub(super) const fn new(window: u64) -> Self {
        Self { received: 0, consumed: 0, limit: window, window }
    }

    /// Bytes have come; `false` if they were not granted.
    pub(super) fn receive(&mut self, bytes: u64) -> bool {
        self.received += bytes;
        self.received <= self.limit
    }

    /// Bytes were read or thrown away; `true` if a grant is due. Grants come in
    /// steps, so that small reads do not each cost a frame.
    pub(super) fn consume(&mut self, bytes: u64) -> bool {
        self.consumed += bytes;
        debug_assert!(self.consumed <= self.received);
        let limit = self.consumed + self.window;
        if limit - self.limit < MUX_CREDIT_STEP_BYTES {
            return false;
        }
        self.limit = limit;
        true
    }

    /// The grant in force.
    pub(super) const fn limit(&self) -> u64 {
        self.limit
    }
}
