//! The client against the real server, as its own process: every transport, kills,
//! restarts, full trust. Found through `RILL_BIN`, or beside the test binaries.
#![allow(clippy::disallowed_methods)] // tests own their threads and clocks

mod batches;
mod chat_program;
mod endings;
mod fallback;
mod files;
mod groups;
mod heard;
mod kill;
mod long_absence;
mod moderation;
mod moved;
mod nodes;
mod people;
mod pictures;
mod ports;
mod private_chats;
mod program;
mod put_back;
mod read_state;
mod reader;
mod relay;
mod restart;
mod server;
mod slow_consumer;
mod trust;
