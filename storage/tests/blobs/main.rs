//! Blobs that grow: one suite for every place that they can lie in, and what is particular to
//! a folder and to a bucket.

mod folder;
#[cfg(target_os = "linux")]
mod full_disk;
#[cfg(unix)]
mod killed;
mod memory;
#[cfg(unix)]
mod moto;
#[cfg(unix)]
#[path = "../s3/mod.rs"]
mod s3;
#[cfg(target_os = "linux")]
#[path = "../small_disk/mod.rs"]
mod small_disk;
mod suite;
