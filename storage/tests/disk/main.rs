//! What only a store on disk can do: come back, be locked, be damaged, be put back.

use rill_storage::EngineKind;

/// The engine that plays; the tests of `disk_fjall` are these with the other one.
const ENGINE: EngineKind = EngineKind::Sled;

mod backups;
mod checking;
mod compacting;
mod copying;
mod crash;
mod damage;
mod damage_sled;
#[cfg(unix)]
mod file_handles;
mod files;
mod fixture;
mod flips;
#[cfg(target_os = "linux")]
mod full_disk;
mod half_erased;
mod kinds;
mod migrating;
mod opening;
mod played;
mod put_back;
mod reopen;
#[cfg(target_os = "linux")]
#[path = "../small_disk/mod.rs"]
mod small_disk;
