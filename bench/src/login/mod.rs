//! How soon somebody with many rooms, in all of which something happened, has their list.

mod list;
mod report;

pub(crate) use list::List;
pub(crate) use report::{LoginReport, Returns, Seen};
