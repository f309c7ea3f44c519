//! CPU time and memory of the server, of this program, and of everybody else, from
//! procfs (proc_pid_stat(5), proc_stat(5)).

use anyhow::Context;
use std::{fs, process};

/// Ticks a second in procfs; Linux shows 100 on every machine of today.
const TICKS_PER_S: f64 = 100.0;

/// The calling thread stands back for others: with 19 it gets a core when nobody else wants it
/// (setpriority(2): on Linux the priority is the thread's).
pub(crate) fn yield_to_other_threads(nice: u8) {
    #[cfg(target_os = "linux")]
    if nice > 0 {
        let _ = rustix::process::setpriority_process(None, nice.into());
    }
    #[cfg(not(target_os = "linux"))]
    let _ = nice;
}

/// What was used between two moments.
#[derive(Debug)]
pub(crate) struct Usage {
    pub(crate) server: Option<ServerUsage>,
    pub(crate) client_cpu_s: f64,
    /// Of all CPU time there was, idle time included.
    pub(crate) foreign_share: f64,
}

#[derive(Debug)]
pub(crate) struct ServerUsage {
    pub(crate) cpu_s: f64,
    /// At the end.
    pub(crate) rss_mib: f64,
}

/// The counters at one moment.
#[derive(Debug)]
pub(crate) struct Snapshot {
    server: Option<(u32, f64)>,
    /// The clients' processes, besides this one.
    agents: Vec<u32>,
    client: f64,
    machine: Machine,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Machine {
    busy: f64,
    total: f64,
}

impl Snapshot {
    pub(crate) fn take(server: Option<u32>) -> anyhow::Result<Self> {
        Self::with_agents(server, Vec::new())
    }

    /// The clients are in these processes too.
    pub(crate) fn with_agents(server: Option<u32>, agents: Vec<u32>) -> anyhow::Result<Self> {
        let server = server.map(|pid| anyhow::Ok((pid, cpu_ticks(pid)?))).transpose()?;
        let machine = machine(&read("/proc/stat")?).context("/proc/stat is not understood")?;
        let client = agents.iter().chain([&process::id()]).map(|pid| cpu_ticks(*pid)).sum::<anyhow::Result<f64>>()?;
        Ok(Self { server, agents, client, machine })
    }

    /// What was used since.
    pub(crate) fn until_now(self) -> anyhow::Result<Usage> {
        let now = Self::with_agents(self.server.map(|(pid, _)| pid), self.agents)?;
        let client = now.client - self.client;
        let mut ours = client;
        let server = match (self.server, now.server) {
            (Some((pid, before)), Some((_, after))) => {
                ours += after - before;
                Some(ServerUsage { cpu_s: (after - before) / TICKS_PER_S, rss_mib: rss_mib(pid)? })
            }
            _ => None,
        };
        let busy = now.machine.busy - self.machine.busy;
        let total = now.machine.total - self.machine.total;
        let foreign_share = if total > 0.0 { ((busy - ours) / total).max(0.0) } else { 0.0 };
        Ok(Usage { server, client_cpu_s: client / TICKS_PER_S, foreign_share })
    }
}

/// From the beginning of a run to its end, the processes that it started and waited for
/// among its own.
#[derive(Debug)]
pub(crate) struct WholeRun(Option<(f64, Machine)>);

impl WholeRun {
    pub(crate) fn begin() -> Self {
        Self(Self::look().ok())
    }

    /// Of all CPU time since, what others took; nothing where procfs says nothing.
    pub(crate) fn foreign_share(&self) -> Option<f64> {
        let (ours_before, before) = self.0?;
        let (ours, now) = Self::look().ok()?;
        let total = now.total - before.total;
        (total > 0.0).then(|| ((now.busy - before.busy - (ours - ours_before)) / total).max(0.0))
    }

    fn look() -> anyhow::Result<(f64, Machine)> {
        let stat = read("/proc/self/stat")?;
        let ours = ticks(&stat, WITH_CHILDREN).context("/proc/self/stat is not understood")?;
        Ok((ours, machine(&read("/proc/stat")?).context("/proc/stat is not understood")?))
    }
}

fn read(path: &str) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("{path} cannot be read"))
}

/// CPU time of several processes together, so far.
pub(crate) fn cpu_s(processes: &[u32]) -> anyhow::Result<f64> {
    let ticks = processes.iter().map(|pid| cpu_ticks(*pid)).sum::<anyhow::Result<f64>>()?;
    Ok(ticks / TICKS_PER_S)
}

/// User and system time of all threads, those that have ended included.
fn cpu_ticks(pid: u32) -> anyhow::Result<f64> {
    let text = read(&format!("/proc/{pid}/stat"))?;
    process_ticks(&text).with_context(|| format!("/proc/{pid}/stat is not understood"))
}

/// The numbers of fields of /proc/pid/stat in proc(5): the first one behind the name, and
/// that of user time, behind which stands system time.
const STATE: usize = 3;
const UTIME: usize = 14;
/// User and system time of the process, and behind them those of children that it waited for.
const OWN: usize = 2;
const WITH_CHILDREN: usize = 4;

fn process_ticks(stat: &str) -> Option<f64> {
    ticks(stat, OWN)
}

fn ticks(stat: &str, fields: usize) -> Option<f64> {
    // The second field is a name in parentheses that may itself hold spaces.
    let (_, rest) = stat.rsplit_once(')')?;
    let times: Vec<f64> =
        rest.split_whitespace().skip(UTIME - STATE).take(fields).map_while(|field| field.parse().ok()).collect();
    (times.len() == fields).then(|| times.iter().sum())
}

fn machine(stat: &str) -> Option<Machine> {
    let line = stat.lines().find(|line| line.starts_with("cpu "))?;
    // user nice system idle iowait irq softirq steal; guest time is in user already.
    let ticks: Vec<f64> = line.split_whitespace().skip(1).take(8).map_while(|field| field.parse().ok()).collect();
    let [user, nice, system, idle, iowait, rest @ ..] = &ticks[..] else { return None };
    let busy = user + nice + system + rest.iter().sum::<f64>();
    Some(Machine { busy, total: busy + idle + iowait })
}

/// Resident memory.
pub(crate) fn rss_mib(pid: u32) -> anyhow::Result<f64> {
    Ok(status(pid, "VmRSS:")? / 1_024.0)
}

/// How many threads it has.
pub(crate) fn threads(pid: u32) -> anyhow::Result<u64> {
    Ok(status(pid, "Threads:")? as u64)
}

/// How many file descriptors it has open, sockets among them.
pub(crate) fn handles(pid: u32) -> anyhow::Result<u64> {
    let folder = format!("/proc/{pid}/fd");
    Ok(fs::read_dir(&folder).with_context(|| format!("{folder} cannot be read"))?.count() as u64)
}

/// A number of /proc/pid/status, by its name there (proc_pid_status(5)).
fn status(pid: u32, name: &str) -> anyhow::Result<f64> {
    let text = read(&format!("/proc/{pid}/status"))?;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok());
    value.with_context(|| format!("no {name} in the process's status"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn procfs_is_read_as_its_manual_says() {
        let stat = "42 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 9 0";
        assert_eq!(process_ticks(stat), Some(300.0));
        assert_eq!(ticks("1 (x) S 1 2 3 4 5 6 7 8 9 10 1 2 4 8 20 0", WITH_CHILDREN), Some(15.0));
        let machine = machine("cpu  100 1 50 800 20 3 4 5 60 70\ncpu0 1 2\n").unwrap();
        assert_eq!(machine, Machine { busy: 163.0, total: 983.0 });
        assert_eq!(process_ticks("nonsense"), None);
    }

    #[test]
    fn this_process_has_used_something() {
        let before = Snapshot::take(Some(process::id())).unwrap();
        let spun = (0..20_000_000u64).fold(0u64, |sum, n| sum.wrapping_mul(31).wrapping_add(n));
        let usage = before.until_now().unwrap();
        assert!(spun != 1 && usage.server.unwrap().rss_mib > 1.0);
        assert!((0.0..=1.0).contains(&usage.foreign_share));
        let before = (handles(process::id()).unwrap(), threads(process::id()).unwrap());
        let file = fs::File::open("/proc/self/stat").unwrap();
        assert!(handles(process::id()).unwrap() > 0 && before.0 > 0 && before.1 > 0, "{file:?}");
    }
}
