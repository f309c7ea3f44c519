//! A client that holds as little as a connection can: no outbox, no cursors behind what
//! comes, one task. Ten thousands of it fit into one process.
//!
//! It does what docs/protocol.md asks of a client that stays: Hello, Attach, both lanes, a
//! cursor in every room, a ping when it is due. It takes streams and codes from
//! [`crate::hostile::wire`], which knows all three transports without the chat's client.

mod dialer;
mod files;
mod session;

pub(crate) use dialer::{Dialer, Door};
pub(crate) use files::allow;
pub(crate) use session::{Heard, Kept, News, Session, Told};
