//! Files that people send: what they are, what they are called, and what of them others get.
//!
//! Where files lie and who may read them is [`service`]'s. The rest is pure but for the threads
//! that decode images ([`image::Images`]) and for [`render`], which reads and writes blobs: bytes in,
//! bytes and facts out.

mod disposition;
pub mod image;
pub mod limits;
mod media_type;
mod name;
pub mod render;
pub mod service;
mod signature;

pub use disposition::content_disposition;
pub use media_type::{HEAD_BYTES, MediaType};
pub use name::FileName;
