//! What became of one load in rooms of several sizes.

pub(crate) mod report;
