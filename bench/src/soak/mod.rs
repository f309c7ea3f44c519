//! A chat that goes on for a long time over restarts of its server: how much of it the server was
//! there for, and whether what the server holds grows without end.

pub(crate) mod holdings;
pub(crate) mod probes;
pub(crate) mod report;
pub(crate) mod trend;
