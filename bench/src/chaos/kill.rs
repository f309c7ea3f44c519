//! The end of a server and its next start.

use anyhow::Context;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::{outage::Outages, report::Parts};
use crate::{args::chaos::KillSignal, target::Target};

/// Ends the server and starts it again at once, as a service manager does that does not
/// wait. Whether it ended as it was asked to.
pub(crate) async fn kill(
    target: &mut Target,
    signal: KillSignal,
    outages: &Outages,
    parts: &mut Parts,
) -> anyhow::Result<bool> {
    let killed = Instant::now();
    outages.killed(killed);
    let status = target.end_by(signal.signal()).await?;
    parts.ending.push(killed.elapsed());
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?;
    outages.restarting(u64::try_from(since_1970.as_millis())?);
    let started = Instant::now();
    target.start_again().await?;
    parts.starting.push(started.elapsed());
    Ok(signal == KillSignal::Kill || status.success())
}
