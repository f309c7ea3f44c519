//! The store on Redis: the same aggregates, over rows that several nodes share.
//!
//! Nothing of a room's or a user's logic is here, and nothing of it is in Lua. Redis is an
//! optimistic substrate: a method runs over rows that were fetched, and what it writes is
//! taken by one script if the slot is still what it was read as, or the method runs again.

mod link;

pub use link::{Answer, Link, Shared};
