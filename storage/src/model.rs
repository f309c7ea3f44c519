//! What the ports take and give: plain values, neither wire types nor stored records.

mod accounts;
mod attached;
mod desk;
mod files;
mod log;
mod marks;
mod own;
mod people;
mod pictures;
mod rooms;

pub use accounts::*;
pub use attached::*;
pub use desk::*;
pub use files::*;
pub use log::*;
pub use marks::*;
pub use own::*;
pub use people::*;
pub use pictures::*;
pub use rooms::*;

/// A keyed hash of a normalised username; the store never holds names as keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NameKey(pub [u8; 32]);

/// A keyed hash of a secret (token, ticket) or of a request's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);
