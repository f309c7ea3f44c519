//! The whole of a store in Redis, for whoever checks it or copies it: by hand, and not
//! while serving.
//!
//! It is walked room by room and user by user, as `directory`, `pending` and `roster` name
//! them, and never by the names of keys. Everything here blocks, on a thread that is none of
//! the runtime's, and reads over one connection that nobody looks after: when that breaks,
//! the work ends with an error, and a copy goes on at the next try.

mod access;
mod check;
mod copy_in;
mod copy_out;
mod digest;
mod far;
mod lists;
mod names;
mod outbox;
mod walk;

pub use check::{CheckedInRedis, check};
pub use copy_in::{CopyIn, copy_in};
pub use copy_out::{CopyOut, copy_out};
pub use names::ClaimedNames;
