//! Many connections on one machine.

mod files;

pub(crate) use files::allow;
