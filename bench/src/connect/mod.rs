//! Connections that come about: one after the other as fast as it goes, and all at once behind
//! a restart.

pub(crate) mod report;
pub(crate) mod storm;
pub(crate) mod storm_report;
