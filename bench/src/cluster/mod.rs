//! What it takes to break what several servers share, in the ways in which machines break
//! it, while people talk: the wire to Redis that can be cut, the hardships, a stopwatch for
//! each user, and what a hardship came to.

pub(crate) mod hardship;
pub(crate) mod report;
pub(crate) mod waits;
pub(crate) mod wire;
