//! What must be true in the end.

use super::{End, flow::Flow, joint::Joint};
use crate::{
    limits::{MUX_BULK_WINDOW_BYTES, MUX_CREDIT_STEP_BYTES, MUX_SEND_BUFFER_BYTES_MAX, MUX_STREAM_WINDOW_BYTES},
    mux::Class,
};

impl Joint {
    /// Carries every message until nobody has anything to say.
    fn carry(&mut self) {
        loop {
            let mut busy = false;
            for end in End::BOTH {
                busy |= self.transmit(end, 3);
                while self.deliver(end.other()) {
                    busy = true;
                }
            }
            if !busy {
                return;
            }
        }
    }

    /// Both applications accept and read until nothing comes any more.
    pub(super) fn settle(&mut self) {
        loop {
            self.carry();
            let mut busy = false;
            while self.accept() {
                busy = true;
            }
            for end in End::BOTH {
                for id in self.held(end) {
                    if !self.flows[&(end.other(), id)].receiver_released {
                        busy |= self.read(end, id);
                    }
                }
            }
            if !busy {
                return;
            }
        }
    }

    /// Every flow that is still whole carries more than any window holds.
    pub(super) fn check_nothing_is_stuck(&mut self) {
        let whole = |flow: &Flow| !flow.is_broken() && !flow.finished;
        let flows: Vec<_> = self.flows.iter().filter(|(_, flow)| whole(flow)).map(|(key, _)| *key).collect();
        for (from, id) in flows {
            let enough = self.flow(from, id).written + MUX_BULK_WINDOW_BYTES + 1;
            while self.flow(from, id).written < enough {
                let taken = self.write(from, id, MUX_SEND_BUFFER_BYTES_MAX);
                assert!(taken > 0, "stream {id} from {from:?} is stuck");
                self.settle();
            }
        }
    }

    pub(super) fn check_everything_arrived(&self) {
        for ((from, id), flow) in &self.flows {
            if !flow.is_broken() {
                assert_eq!(flow.read, flow.written, "{from:?} wrote more on stream {id}");
                assert_eq!(flow.end_read, flow.finished, "the end of stream {id} from {from:?}");
            }
        }
    }

    pub(super) fn release_everything(&mut self) {
        for end in End::BOTH {
            for id in self.held(end) {
                if !self.flows[&(end, id)].sender_released {
                    self.release_send(end, id);
                }
                if !self.flows[&(end.other(), id)].receiver_released {
                    self.release_recv(end, id);
                }
            }
        }
        self.settle();
        assert!(self.flows.values().all(|flow| flow.end_sent), "every half ends");
    }

    /// Streams that nobody reads can fill the pool again, all but the last step that
    /// was not worth a grant.
    pub(super) fn check_the_pool_is_whole(&mut self) {
        let streams = MUX_BULK_WINDOW_BYTES / MUX_STREAM_WINDOW_BYTES;
        let ids: Vec<_> = (0..streams).map(|_| self.open(Class::History).expect("all others have ended")).collect();
        self.carry();
        while self.accept() {}
        for end in End::BOTH {
            for id in &ids {
                while self.write(end, *id, MUX_SEND_BUFFER_BYTES_MAX) > 0 {
                    self.carry();
                }
            }
            let delivered: u64 = ids.iter().map(|id| self.flows[&(end, *id)].delivered).sum();
            assert!(
                delivered > MUX_BULK_WINDOW_BYTES - MUX_CREDIT_STEP_BYTES,
                "{delivered} bytes of the pool are left"
            );
        }
    }
}
