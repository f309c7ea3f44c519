//! What may be sent as a file, and how much.

use serde::{Deserialize, Serialize};

const MIB: u64 = 1024 * 1024;
const HOUR_MS: u64 = 60 * 60 * 1000;

/// `[files]`. Zero switches a bound of bytes off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Files {
    /// Whether files are taken. Those that are there can be read all the same.
    pub enabled: bool,
    /// Of one file.
    pub size_mib_max: u32,
    /// Files that one user has on their way at once.
    pub under_way_per_user: u32,
    /// What those may come to together, as they were declared.
    pub under_way_mib_per_user: u32,
    /// What one user keeps here.
    pub kept_mib_per_user: u32,
    /// What everybody keeps here.
    pub kept_mib: u32,
    /// How long a file that nobody goes on sending is waited for.
    pub expire_hours: u32,
    /// Media types and extensions; where there are some, no others are taken.
    pub allowed_types: Vec<String>,
    /// Those that are not taken, whatever is allowed.
    pub refused_types: Vec<String>,
}

impl Default for Files {
    fn default() -> Self {
        Self {
            enabled: true,
            size_mib_max: 2_048,
            under_way_per_user: 16,
            under_way_mib_per_user: 16 * 1024,
            kept_mib_per_user: 0,
            kept_mib: 0,
            expire_hours: 24,
            allowed_types: Vec::new(),
            refused_types: Vec::new(),
        }
    }
}

impl Files {
    /// Bytes; the largest number where the bound is off.
    pub(crate) fn bytes(mib: u32) -> u64 {
        if mib == 0 { u64::MAX } else { u64::from(mib) * MIB }
    }

    pub(crate) fn expire_ms(&self) -> u64 {
        u64::from(self.expire_hours) * HOUR_MS
    }
}
