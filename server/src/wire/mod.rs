//! Where values of the store and the domain become messages of the wire, and refusals
//! become codes. Nothing else names both sides.

pub mod avatar;
pub mod code;
pub mod entry;
pub mod file;
pub mod group;
pub mod history;
pub mod profile;
pub mod room;

use rill_protocol::U53;

/// A count or a time that the server made itself.
pub fn number(value: u64) -> U53 {
    U53::saturating(value)
}
