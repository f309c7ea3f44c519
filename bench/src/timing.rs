//! What the users of one run time together. A histogram is as large as a connection, so a crowd
//! has a few that it shares, rather than each user one.

use hdrhistogram::Histogram;
use parking_lot::Mutex;

use crate::{schedule::Schedule, tally::latencies};

/// Those who count seldom meet at one lock.
const SHARDS: usize = 8;

/// One histogram, in microseconds, that many fill.
#[derive(Debug)]
pub(crate) struct Shared([Mutex<Histogram<u32>>; SHARDS]);

impl Shared {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let shards: Vec<_> = (0..SHARDS).map(|_| latencies().map(Mutex::new)).collect::<anyhow::Result<_>>()?;
        Ok(Self(<[_; SHARDS]>::try_from(shards).map_err(|_| anyhow::anyhow!("so many were made"))?))
    }

    /// By somebody with this number.
    pub(crate) fn record(&self, who: usize, us: u64) {
        self.0[who % SHARDS].lock().saturating_record(us.max(1));
    }

    /// Several at once, by the same.
    pub(crate) fn record_all(&self, who: usize, us: impl Iterator<Item = u64>) {
        let mut shard = self.0[who % SHARDS].lock();
        us.for_each(|us| shard.saturating_record(us.max(1)));
    }

    /// What others recorded.
    pub(crate) fn add(&self, us: &Histogram<u32>) -> anyhow::Result<()> {
        Ok(self.0[0].lock().add(us)?)
    }

    pub(crate) fn all(&self) -> anyhow::Result<Histogram<u32>> {
        let mut all = latencies()?;
        self.0.iter().try_for_each(|shard| all.add(&*shard.lock()))?;
        Ok(all)
    }

    /// What came since the last call.
    pub(crate) fn take(&self, into: &mut Histogram<u32>) {
        into.reset();
        for shard in &self.0 {
            let mut shard = shard.lock();
            // Of the same bounds: they always fit.
            let _ = into.add(&*shard);
            shard.reset();
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Timing {
    /// From the moment a message was due until it was read, of each phase.
    latency: Vec<Shared>,
    /// How much later than due messages were handed to a client that could have taken them: the
    /// load generator's own lag.
    pub(crate) lag: Shared,
}

impl Timing {
    pub(crate) fn new(schedule: &Schedule) -> anyhow::Result<Self> {
        let latency = (0..schedule.phases()).map(|_| Shared::new()).collect::<anyhow::Result<_>>()?;
        Ok(Self { latency, lag: Shared::new()? })
    }

    pub(crate) fn delivered(&self, who: usize, phase: usize, us: u64) {
        self.latency[phase].record(who, us);
    }

    pub(crate) fn latency(&self) -> anyhow::Result<Vec<Histogram<u32>>> {
        self.latency.iter().map(Shared::all).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_record_is_one_histogram() {
        let shared = Shared::new().unwrap();
        (0..100).for_each(|who| shared.record(who, 1_000 + who as u64));
        assert_eq!((shared.all().unwrap().len(), shared.all().unwrap().max()), (100, 1_099));
        let mut taken = latencies().unwrap();
        shared.take(&mut taken);
        assert_eq!((taken.len(), shared.all().unwrap().len()), (100, 0));
    }
}
