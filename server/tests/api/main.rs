//! The JSON API over a real server in this process, on free ports.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)] // a test spawns its server

mod accounts;
mod description;
mod doors;
mod limits;
mod rooms;
mod server;
