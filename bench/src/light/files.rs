//! How many files a process may open: over TCP every connection is one.

use anyhow::{Context, ensure};
use rustix::process::{Resource, getrlimit, setrlimit};

/// Beside connections: the store of a server, libraries, sockets that listen.
const BESIDE_CONNECTIONS: u64 = 2_000;

/// Lets this process, and a server that it starts, have so many connections each.
pub(crate) fn allow(connections: usize) -> anyhow::Result<()> {
    let needed = u64::try_from(connections)? + BESIDE_CONNECTIONS;
    let mut limit = getrlimit(Resource::Nofile);
    let (had, most) = (limit.current, limit.maximum);
    // Nothing stands for no limit.
    if had.is_none_or(|had| had >= needed) {
        return Ok(());
    }
    limit.current = Some(needed);
    limit.maximum = most.map(|most| most.max(needed));
    // More than the hard limit is for those with CAP_SYS_RESOURCE (setrlimit(2)).
    let raised = setrlimit(Resource::Nofile, limit);
    ensure!(
        raised.is_ok() || most.is_none_or(|most| most >= needed),
        "{connections} connections need {needed} open files, and {} are allowed: raise the hard limit with `ulimit -Hn \
         {needed}` as root (systemd: LimitNOFILE), or ask for fewer connections",
        most.unwrap_or_default()
    );
    raised.context("the number of open files cannot be raised")
}
