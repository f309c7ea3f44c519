//! The search for the highest rate, and what it came to.

pub(crate) mod report;
pub(crate) mod search;
pub(crate) mod step;
