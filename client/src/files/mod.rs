//! Files: uploads and downloads beside the conversation, over as many connections as it
//! takes.
//!
//! [`sending`] and [`receiving`] are one transfer without IO: frames and bytes go in, frames
//! and bytes come out. `source` and `sink` are the file at this end, read and written away
//! from the session's task. `upload` and `download` are what an application holds,
//! `send_file` and `get_file` carry one transfer through all its streams, and `transfers` is
//! what they share: the connection as it is now, the queue, and the file that remembers
//! uploads over a restart.
//!
//! Absent on purpose: a transfer has no connection of its own and never ends the session's.

pub mod download;
mod get_file;
pub mod handle;
pub mod name;
mod order;
pub mod progress;
pub(crate) mod receiving;
pub mod room_files;
mod send_file;
pub(crate) mod sending;
mod shelf;
mod sink;
mod source;
pub mod throttle;
mod transfers;
pub mod upload;

pub use download::{Download, DownloadHandle};
pub use handle::Handle;
pub use progress::{Phase, Progress};
pub use room_files::RoomFiles;
pub use throttle::Throttle;
pub use upload::{Upload, UploadHandle};

pub(crate) use shelf::Shelf;
pub(crate) use transfers::Transfers;
