//! Rill's durable state: ports per aggregate, the records behind them, and the
//! stores that implement them.
//!
//! Invariants: every method of a port touches exactly one room or one user and is
//! atomic there; what it returns is durable; time and randomness are arguments.

mod aggregates;
pub mod blobs;
mod cryptography;
pub mod doorbell;
pub mod embedded;
mod engine;
pub mod error;
mod keyed;
pub mod limits;
pub mod model;
pub mod planted;
mod platform;
pub mod port;
mod record;
pub mod redis;
mod rows;
pub mod strays;
mod table;

pub use engine::EngineKind;
pub use error::StoreError;
pub use port::Store;
