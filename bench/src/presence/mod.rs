//! Who sees whom, when many come online at once.

mod report;
mod sight;

pub(crate) use report::{PresenceReport, Seen};
pub(crate) use sight::Sight;
