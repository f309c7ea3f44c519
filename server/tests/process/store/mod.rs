//! `rill store`, on the data of a server that has run.

mod command;
mod copying;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod cut_short;
#[cfg(unix)]
mod in_redis;
mod restoring;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod traced;
