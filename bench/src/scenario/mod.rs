//! The scenarios. Each prepares a [`crate::target::Target`], puts load on it, and
//! reports.

pub(crate) mod accept_enterprise;
pub(crate) mod accept_team;
pub(crate) mod append;
pub(crate) mod beside;
pub(crate) mod chaos;
pub(crate) mod chat;
pub(crate) mod cluster;
pub(crate) mod connect;
pub(crate) mod fallback;
pub(crate) mod fanout;
pub(crate) mod files;
pub(crate) mod growth;
pub(crate) mod hostile;
pub(crate) mod idle;
pub(crate) mod impaired;
pub(crate) mod login;
pub(crate) mod mixed;
pub(crate) mod open;
pub(crate) mod presence;
pub(crate) mod ramp;
pub(crate) mod slow;
pub(crate) mod soak;
pub(crate) mod start;
pub(crate) mod store;
mod storm;

use anyhow::bail;
use tokio::{
    runtime,
    signal::{
        ctrl_c,
        unix::{SignalKind, signal},
    },
};

/// Does a scenario's work on so many threads, unless somebody wants the end.
pub(crate) fn complete<T>(workers: usize, work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = runtime::Builder::new_multi_thread().worker_threads(workers).enable_all().build()?;
    runtime.block_on(interruptible(work))
}

/// `work`, unless somebody wants the end: then what it started is dropped with it, and
/// no server is left behind.
async fn interruptible<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let mut end = signal(SignalKind::terminate())?;
    tokio::select! {
        outcome = work => outcome,
        _ = ctrl_c() => bail!("interrupted"),
        _ = end.recv() => bail!("asked to end"),
    }
}
