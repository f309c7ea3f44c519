//! Files over a real server in this process, on free ports, over each transport: sent whole
//! and cut, taken up again elsewhere and after restarts, refused with the code that says why.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)] // a test spawns its server

#[macro_use]
mod over_each;

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
mod full;
mod held;
mod images;
mod instant;
mod meanwhile;
mod pictures;
mod refused;
mod server;
mod stopped;
mod whole;
