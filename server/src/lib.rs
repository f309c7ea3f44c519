//! The Rill server: one QUIC endpoint, two HTTP ports, one store.

pub mod admin;
pub mod admission;
pub mod app;
pub mod cluster;
pub mod config;
pub mod domain;
pub mod files;
pub mod http;
pub mod hub;
mod lifecycle;
pub mod limits;
pub mod logging;
pub mod memory;
pub mod metrics;
mod platform;
pub mod runtime;
pub mod session;
pub mod signals;
pub mod store_admin;
pub mod transport;
pub mod wire;

pub use platform::raise_open_files_max;
