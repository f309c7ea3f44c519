//! Files that travel again and again while something else is measured.

use anyhow::ensure;
use rill_client::{
    Client, Error,
    files::{Download, Progress, Upload},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinSet, time::sleep};

const MIB: f64 = (1 << 20) as f64;

/// Which way, and what.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    Up(Upload),
    Down(Download),
}

/// Files under way.
pub(crate) struct Going {
    work: JoinSet<anyhow::Result<()>>,
    carried: Arc<AtomicU64>,
    stop: watch::Sender<bool>,
}

impl Going {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self { work: JoinSet::new(), carried: Arc::default(), stop: watch::channel(false).0 }
    }

    /// A file begins to travel, followed by itself until the end.
    pub(crate) fn carry(&mut self, client: Client, way: Way) {
        self.work.spawn(again_and_again(client, way, Arc::clone(&self.carried), self.stop.subscribe()));
    }

    /// The same, of which nothing is counted.
    pub(crate) fn carry_uncounted(&mut self, client: Client, way: Way) {
        self.work.spawn(again_and_again(client, way, Arc::default(), self.stop.subscribe()));
    }

    pub(crate) async fn mib_per_s(&self, span: Duration) -> f64 {
        let (start, before) = (Instant::now(), self.carried.load(Relaxed));
        sleep(span).await;
        (self.carried.load(Relaxed) - before) as f64 / MIB / start.elapsed().as_secs_f64()
    }

    pub(crate) async fn end(self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        self.work.join_all().await.into_iter().collect()
    }
}

/// Sends or fetches a file until told to stop; every byte that is on a disk counts.
async fn again_and_again(
    client: Client,
    way: Way,
    carried: Arc<AtomicU64>,
    mut stop: watch::Receiver<bool>,
) -> anyhow::Result<()> {
    loop {
        match &way {
            Way::Up(upload) => {
                let handle = client.upload(upload.clone()).await?;
                let mut ended = std::pin::pin!(async { handle.done().await.map(drop) });
                if follow(handle.watch(), &carried, &mut ended, &mut stop).await? {
                    handle.cancel();
                    return over(ended.await);
                }
            }
            Way::Down(download) => {
                let handle = client.download(download.clone());
                let mut ended = std::pin::pin!(async { handle.done().await.map(drop) });
                if follow(handle.watch(), &carried, &mut ended, &mut stop).await? {
                    handle.cancel();
                    return over(ended.await);
                }
            }
        }
    }
}

/// Counts until the file is there; whether it was told to stop before.
async fn follow(
    mut progress: watch::Receiver<Progress>,
    carried: &AtomicU64,
    ended: &mut (impl Future<Output = Result<(), Error>> + Unpin),
    stop: &mut watch::Receiver<bool>,
) -> anyhow::Result<bool> {
    let mut counted = 0;
    let mut count = |progress: &Progress| {
        let more = progress.durable_bytes.saturating_sub(counted);
        counted += more;
        carried.fetch_add(more, Relaxed);
    };
    loop {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return Ok(true),
            done = &mut *ended => {
                done?;
                count(&progress.borrow());
                return Ok(false);
            }
            changed = progress.changed() => {
                ensure!(changed.is_ok(), "a transfer is gone");
                count(&progress.borrow_and_update());
            }
        }
    }
}

/// It was cancelled, or had just come to its end.
fn over(ended: Result<(), Error>) -> anyhow::Result<()> {
    match ended {
        Ok(()) | Err(Error::Cancelled) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
