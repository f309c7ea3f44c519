//! The scenarios. Each prepares a [`crate::target::Target`], puts load on it, and
//! returns a [`crate::report::Report`].

pub(crate) mod chat;
