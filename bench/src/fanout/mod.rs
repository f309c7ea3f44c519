//! One room that many read, under posts of which a fixed number is always under way.
//!
//! Members are thin: they read a lane's frames off the transport, so that what limits a run is
//! the server and not who measures it. They check what an application would trust a client for:
//! that every entry comes once, in the order of its place, and that all have the same post at
//! the same place.

pub(crate) mod board;
mod check;
pub(crate) mod drive;
mod entry;
pub(crate) mod member;
pub(crate) mod report;
pub(crate) mod seat;
pub(crate) mod session;
