//! Takes the pulse every second.

use hdrhistogram::Histogram;
use parking_lot::Mutex;
use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};
use tokio::{
    sync::oneshot,
    task::JoinHandle,
    time::{MissedTickBehavior, interval_at},
};

use super::{Moment, Pulse, View, view::Screen};
use crate::{
    processes::{cpu_s, rss_mib},
    report::rounded,
    tally::latencies,
};

const EVERY: Duration = Duration::from_secs(1);
/// What is left at the end counts as a moment if it lasted so long.
const LAST_MIN: Duration = Duration::from_millis(500);

/// Somebody who watches; ends with the run.
pub(crate) struct Watch {
    counted_from: Arc<Mutex<Option<Instant>>>,
    end: oneshot::Sender<()>,
    task: JoinHandle<Vec<Moment>>,
}

impl Watch {
    pub(crate) fn begin(pulse: &Arc<Pulse>, view: View) -> anyhow::Result<Self> {
        let counted_from = Arc::<Mutex<Option<Instant>>>::default();
        let (end, ended) = oneshot::channel();
        let watcher = Watcher {
            pulse: Arc::clone(pulse),
            counted_from: Arc::clone(&counted_from),
            latency: latencies()?,
            last: Instant::now(),
            cpu: None,
            screen: Screen::new(view),
            moments: Vec::new(),
        };
        Ok(Self { counted_from, end, task: tokio::spawn(watcher.run(ended)) })
    }

    /// Moments behind this one are kept.
    pub(crate) fn counts_from(&self, moment: Instant) {
        *self.counted_from.lock() = Some(moment);
    }

    /// The same, unless they are kept already.
    pub(crate) fn counts_from_first(&self, moment: Instant) {
        self.counted_from.lock().get_or_insert(moment);
    }

    /// The moments that were kept.
    pub(crate) async fn end(self) -> anyhow::Result<Vec<Moment>> {
        self.end.send(()).ok();
        Ok(self.task.await?)
    }
}

struct Watcher {
    pulse: Arc<Pulse>,
    counted_from: Arc<Mutex<Option<Instant>>>,
    latency: Histogram<u32>,
    /// When the pulse was taken last.
    last: Instant,
    /// Of this process, so much.
    cpu: Option<(u32, f64)>,
    screen: Screen,
    moments: Vec<Moment>,
}

impl Watcher {
    async fn run(mut self, mut ended: oneshot::Receiver<()>) -> Vec<Moment> {
        let mut ticks = interval_at((self.last + EVERY).into(), EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                _ = ticks.tick() => self.look(),
                _ = &mut ended => break,
            }
        }
        if self.last.elapsed() >= LAST_MIN {
            self.look();
        }
        self.screen.end();
        self.moments
    }

    fn look(&mut self) {
        let now = Instant::now();
        let lasted = now.saturating_duration_since(self.last).as_secs_f64();
        self.last = now;
        self.pulse.take_latencies(&mut self.latency);
        let counted_from = *self.counted_from.lock();
        let at_s = counted_from.map_or(0.0, |from| now.saturating_duration_since(from).as_secs_f64());
        let server = *self.pulse.server.lock();
        let moment = Moment {
            errors: self.pulse.errors.load(Relaxed),
            connections: self.pulse.connections.load(Relaxed),
            server_cores: server.and_then(|pid| self.cores(pid, lasted)),
            server_rss_mib: server.and_then(|pid| rss_mib(pid).ok()).map(rounded),
            ..Moment::new(at_s, lasted, &self.latency)
        };
        let stage = self.pulse.stage.lock().clone();
        self.screen.show(&stage, &moment);
        if counted_from.is_some_and(|from| from < now) {
            self.moments.push(moment);
        }
    }

    /// What it used since the last look.
    fn cores(&mut self, pid: u32, lasted_s: f64) -> Option<f64> {
        let now = cpu_s(&[pid]).ok()?;
        let before = self.cpu.replace((pid, now)).filter(|(of, _)| *of == pid);
        before.map(|(_, before)| rounded((now - before) / lasted_s.max(1e-3)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_done_is_told_by_the_second_from_when_it_counts() {
        let pulse = Arc::new(Pulse::new().unwrap());
        let watch = Watch::begin(&pulse, View::Quiet).unwrap();
        pulse.connected(3);
        pulse.done(0, 5_000);
        // The warm-up's second goes by.
        tokio::time::sleep(EVERY + LAST_MIN).await;
        watch.counts_from(Instant::now());
        (0..100).for_each(|who| pulse.done(who, 2_000));
        pulse.error();
        pulse.disconnected();
        tokio::time::sleep(EVERY).await;
        let moments = watch.end().await.unwrap();
        let [moment] = &moments[..] else { panic!("{moments:?}") };
        assert_eq!((moment.errors, moment.connections), (1, 2));
        assert!(moment.p50_ms.unwrap() >= 2.0 && moment.max_ms.unwrap() < 2.1, "{moment:?}");
        assert!(moment.per_s > 0.0 && moment.server_cores.is_none());
    }
}
