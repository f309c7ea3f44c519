//! What the server holds, looked at now and then over the whole run: memory, file handles,
//! threads. While no server runs there is nothing to see.

use parking_lot::Mutex;
use serde::Serialize;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    task::JoinHandle,
    time::{MissedTickBehavior, interval},
};

use crate::{
    processes::{handles, rss_mib, threads},
    report::rounded,
};

/// So many looks at most, whatever the length of the run.
const LOOKS: u32 = 600;
const LOOK_EVERY_MIN: Duration = Duration::from_millis(200);

/// Keys are fixed: plots read them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Holding {
    pub(crate) at_s: f64,
    pub(crate) rss_mib: f64,
    /// Open file descriptors, sockets among them.
    pub(crate) handles: u64,
    pub(crate) threads: u64,
}

impl Holding {
    fn of(pid: u32, at: Duration) -> anyhow::Result<Self> {
        Ok(Self {
            at_s: rounded(at.as_secs_f64()),
            rss_mib: rounded(rss_mib(pid)?),
            handles: handles(pid)?,
            threads: threads(pid)?,
        })
    }
}

/// Looks until it is asked what it saw, or dropped.
#[derive(Debug)]
pub(crate) struct Looker {
    pid: Arc<Mutex<Option<u32>>>,
    seen: Arc<Mutex<Vec<Holding>>>,
    task: JoinHandle<()>,
}

impl Looker {
    /// Moments are told since `start`.
    pub(crate) fn begin(start: Instant, length: Duration) -> Self {
        let (pid, seen) = (Arc::<Mutex<Option<u32>>>::default(), Arc::<Mutex<Vec<Holding>>>::default());
        let (whose, into) = (Arc::clone(&pid), Arc::clone(&seen));
        let task = tokio::spawn(async move {
            let mut looks = interval((length / LOOKS).max(LOOK_EVERY_MIN));
            looks.set_missed_tick_behavior(MissedTickBehavior::Skip);
            loop {
                looks.tick().await;
                let Some(pid) = *whose.lock() else { continue };
                // One that is just ending can no longer be looked at.
                if let Some(at) = Instant::now().checked_duration_since(start)
                    && let Ok(holding) = Holding::of(pid, at)
                {
                    into.lock().push(holding);
                }
            }
        });
        Self { pid, seen, task }
    }

    /// Whom to look at.
    pub(crate) fn at(&self, pid: Option<u32>) {
        *self.pid.lock() = pid;
    }

    pub(crate) fn seen(&self) -> Vec<Holding> {
        self.seen.lock().clone()
    }
}

impl Drop for Looker {
    fn drop(&mut self) {
        self.task.abort();
    }
}
