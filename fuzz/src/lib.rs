//! What the fuzz targets check. Each target is one function of this library, so that
//! the corpus also runs as an ordinary test: `cargo test -p rill-fuzz`.
//!
//! `make fuzz` runs every target for a while on the stable toolchain.

mod facts;
mod frames;
mod http3;
mod images;
mod messages;
mod mux;
pub mod seeds;
pub mod session;
mod texts;
pub mod uploads;

pub use facts::file_facts;
pub use frames::frames;
pub use http3::{capsules, stream_headers};
pub use images::image_strip;
pub use messages::messages;
pub use mux::{mux_bytes, mux_operations};
pub use session::session_operations;
pub use texts::texts;
pub use uploads::upload_operations;
