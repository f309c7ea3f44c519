//! The machine that a report was made on, from procfs (proc(5)).

use serde::Serialize;
use std::{fs, thread};

/// What cannot be read is left out.
#[derive(Debug, Serialize)]
pub(super) struct Machine {
    #[serde(skip_serializing_if = "Option::is_none")]
    cpu: Option<String>,
    /// That this program may use.
    cores: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_mib: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kernel: Option<String>,
}

impl Machine {
    pub(super) fn this_one() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let system = read("/proc/sys/kernel/ostype");
        let release = read("/proc/sys/kernel/osrelease");
        Self {
            cpu: field(&read("/proc/cpuinfo"), "model name").map(str::to_owned),
            cores: thread::available_parallelism().map_or(1, usize::from),
            memory_mib: memory_mib(&read("/proc/meminfo")),
            kernel: (!release.is_empty()).then(|| format!("{} {}", system.trim(), release.trim())),
        }
    }
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| Some(line.strip_prefix(name)?.split_once(':')?.1.trim()))
}

fn memory_mib(meminfo: &str) -> Option<u64> {
    let kib: u64 = field(meminfo, "MemTotal")?.strip_suffix(" kB")?.parse().ok()?;
    Some(kib / 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn procfs_is_read_as_its_manual_says() {
        let info = "processor\t: 0\nmodel name\t: Some CPU @ 2.00GHz\nprocessor\t: 1\nmodel name\t: Other\n";
        assert_eq!(field(info, "model name"), Some("Some CPU @ 2.00GHz"));
        assert_eq!(memory_mib("MemTotal:        2097152 kB\nMemFree: 1 kB\n"), Some(2_048));
        assert_eq!((field("", "model name"), memory_mib("MemTotal: many")), (None, None));
    }
}
