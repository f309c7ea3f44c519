//! Files over a real server in this process, on free ports, over each transport: sent whole
//! and cut, taken up again elsewhere and after restarts, refused with the code that says why.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)] // a test spawns its server

#[macro_use]
mod over_each;

mod asleep;
mod beside;
#[path = "../session/between.rs"]
mod between;
mod broken;
mod client;
mod counted;
mod cut;
mod damage;
mod downloads;
mod forgotten;
#[cfg(target_os = "linux")]
mod full;
mod gone;
mod held;
mod hostile;
mod images;
mod instant;
#[path = "../images/making.rs"]
#[allow(dead_code)] // of what the tests of images send
mod making;
mod meanwhile;
mod pictures;
mod refused;
mod server;
#[cfg(target_os = "linux")]
#[path = "../../../storage/tests/small_disk/mod.rs"]
mod small_disk;
mod stopped;
mod whole;
