//! Who counts the probes: every post of a run, each due at a fixed moment whatever the server
//! does, and whether its ack came in time.

use hdrhistogram::Histogram;
use parking_lot::Mutex;
use rill_client::Posted;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use crate::{
    args::SPREAD,
    chaos::{
        Watch,
        outage::Outages,
        plan::{Message, Plan},
    },
    pulse::Pulse,
    tally::latencies,
};

/// A probe is served if it is acked so soon after the moment at which it was due.
pub(crate) const IN_TIME: Duration = Duration::from_millis(500);

/// Of one transport.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) acked: u64,
    pub(crate) in_time: u64,
}

/// The watch that everybody shares.
#[derive(Debug)]
pub(crate) struct Probes {
    pub(crate) outages: Outages,
    pub(crate) pulse: Arc<Pulse>,
    plan: Arc<Plan>,
    acked: [AtomicU64; SPREAD.len()],
    in_time: [AtomicU64; SPREAD.len()],
    /// From the moment a message was due until somebody was given it, in microseconds.
    delivery_us: Mutex<Histogram<u32>>,
}

impl Probes {
    pub(crate) fn new(users: usize, plan: &Arc<Plan>, pulse: &Arc<Pulse>) -> anyhow::Result<Self> {
        Ok(Self {
            outages: Outages::new(users),
            pulse: Arc::clone(pulse),
            plan: Arc::clone(plan),
            acked: Default::default(),
            in_time: Default::default(),
            delivery_us: Mutex::new(latencies()?),
        })
    }

    /// By the transports' places in [`SPREAD`].
    pub(crate) fn counts(&self) -> [Count; SPREAD.len()] {
        std::array::from_fn(|at| Count { acked: self.acked[at].load(Relaxed), in_time: self.in_time[at].load(Relaxed) })
    }

    pub(crate) fn delivery_us(&self) -> Histogram<u32> {
        self.delivery_us.lock().clone()
    }
}

impl Watch for Probes {
    fn acked(&self, user: usize, transport: usize, posted: &Posted, due: Instant, now: Instant) {
        self.outages.acked(user, transport, posted, due, now);
        self.acked[transport].fetch_add(1, Relaxed);
        if now.saturating_duration_since(due) <= IN_TIME {
            self.in_time[transport].fetch_add(1, Relaxed);
        }
    }

    fn delivered(&self, user: usize, at_ms: u64, message: Option<Message>, now: Instant) {
        self.outages.delivered(user, at_ms, message, now);
        let Some(number) = message.and_then(Message::said_number) else { return };
        let us = now.saturating_duration_since(self.plan.due(number)).as_micros();
        let us = u64::try_from(us).unwrap_or(u64::MAX).max(1);
        self.pulse.done(user, us);
        self.delivery_us.lock().saturating_record(us);
    }

    fn way(&self, _user: usize, is_up: bool) {
        if is_up {
            self.pulse.connected(1);
        } else {
            self.pulse.error();
            self.pulse.disconnected();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_protocol::{ClientId, Epoch, RoomId, message::Replay};

    #[test]
    fn a_probe_counts_for_its_transport_and_is_in_time_or_not() {
        let start = Instant::now();
        let plan = Arc::new(Plan { start, rate: 10.0, speakers: 3 });
        let probes = Probes::new(3, &plan, &Arc::new(Pulse::new().unwrap())).unwrap();
        let (room, client_id, epoch) = (RoomId::default(), ClientId::default(), Epoch::default());
        let posted = Posted { room, client_id, epoch, seq: 1, at_ms: 1, replay: Replay::First };
        for (transport, late) in [(0, Duration::ZERO), (1, IN_TIME), (1, IN_TIME + Duration::from_millis(1))] {
            probes.acked(transport, transport, &posted, start, start + late);
        }
        let count = |acked, in_time| Count { acked, in_time };
        assert_eq!(probes.counts(), [count(1, 1), count(2, 1), count(0, 0)]);
    }

    #[test]
    fn a_delivery_takes_from_when_its_message_was_due() {
        let start = Instant::now();
        let plan = Arc::new(Plan { start, rate: 10.0, speakers: 3 });
        let probes = Probes::new(3, &plan, &Arc::new(Pulse::new().unwrap())).unwrap();
        let now = start + Duration::from_millis(250);
        probes.delivered(0, 1, Some(Message::said(2)), now);
        probes.delivered(0, 1, Some(Message::prepared(2)), now);
        probes.delivered(0, 1, None, now);
        let us = probes.delivery_us();
        assert_eq!((us.len(), us.max() / 1_000), (1, 50));
    }
}
