//! `rill store`, on the data of a server that has run.

mod command;
mod copying;
mod restoring;
