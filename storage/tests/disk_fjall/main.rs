//! The tests of `disk`, with fjall as the engine.

use rill_storage::EngineKind;

const ENGINE: EngineKind = EngineKind::Fjall;

#[path = "../disk/backups.rs"]
mod backups;
#[path = "../disk/checking.rs"]
mod checking;
#[path = "../disk/compacting.rs"]
mod compacting;
#[path = "../disk/copying.rs"]
mod copying;
#[path = "../disk/crash.rs"]
mod crash;
#[path = "../disk/damage.rs"]
mod damage;
#[cfg(unix)]
#[path = "../disk/file_handles.rs"]
mod file_handles;
#[path = "../disk/files.rs"]
mod files;
#[path = "../disk/fixture.rs"]
mod fixture;
#[cfg(target_os = "linux")]
#[path = "../disk/full_disk.rs"]
mod full_disk;
#[path = "../disk/half_erased.rs"]
mod half_erased;
#[path = "../disk/kinds.rs"]
mod kinds;
#[path = "../disk/migrating.rs"]
mod migrating;
#[path = "../disk/opening.rs"]
mod opening;
#[path = "../disk/played.rs"]
mod played;
#[path = "../disk/put_back.rs"]
mod put_back;
#[path = "../disk/reopen.rs"]
mod reopen;
#[cfg(target_os = "linux")]
#[path = "../small_disk/mod.rs"]
mod small_disk;
