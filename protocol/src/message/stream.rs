//! The first frame of a stream says what the stream is. Clients open every stream.

use serde::{Deserialize, Serialize};

use super::open::open_enum;

/// Opens the control stream: session, requests, answers, signals. One a connection,
/// the first stream to be opened; its end is the end of the connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// The client's protocol version, a second look behind the negotiated one.
    pub version: u32,
}

open_enum! {
    /// Which entries a lane carries.
    LaneClass {
        /// Those of the room in view.
        0 InView,
        /// Those of all other rooms.
        1 Others,
    }
}

/// Opens a lane. The server writes entries; the client writes nothing more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// A second lane of a class replaces the first.
    pub class: LaneClass,
}

/// Opens a stream of history requests, answered in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {}

/// Opens the stream of one upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {}

/// Opens a stream of requests for bytes of files, answered in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Download {}
