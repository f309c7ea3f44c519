//! Files that people send: what they are, what they are called, and what of them others get.
//!
//! Pure but for the threads that decode images ([`image::Images`]): bytes in, bytes and facts
//! out. Where bytes lie, who may read them and how they travel is not known here.

mod disposition;
pub mod image;
pub mod limits;
mod media_type;
mod name;
mod signature;

pub use disposition::content_disposition;
pub use media_type::{HEAD_BYTES, MediaType};
pub use name::FileName;
