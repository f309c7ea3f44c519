//! Memory and CPU of this process, where the system tells.

use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge},
    registry::Registry,
};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::platform;

/// See the module.
pub(super) struct Process {
    resident_bytes: Gauge,
    cpu_seconds: Counter<f64, AtomicU64>,
}

impl Process {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let (resident_bytes, cpu_seconds) = (Gauge::default(), Counter::default());
        // A system that does not tell has no line that claims zero.
        if platform::usage().is_some() {
            let help = "Resident memory of the process";
            registry.register("process_resident_memory_bytes", help, resident_bytes.clone());
            registry.register("process_cpu_seconds", "Processor time of the process", cpu_seconds.clone());
        }
        Self { resident_bytes, cpu_seconds }
    }

    pub(super) fn look(&self) {
        if let Some(usage) = platform::usage() {
            self.resident_bytes.set(i64::try_from(usage.resident_bytes).unwrap_or(i64::MAX));
            self.cpu_seconds.inner().store(usage.cpu_seconds.to_bits(), Relaxed);
        }
    }
}
