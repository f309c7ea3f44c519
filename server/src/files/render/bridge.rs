//! From a blob that is read by the runtime to a thread that wants a file.

use bytes::{Buf as _, Bytes};
use rill_storage::{StoreError, blobs::BlobStream};
use std::io::{self, Read};
use tokio::sync::mpsc;

use crate::files::limits::BRIDGE_PIECES_MAX;

/// The end that gives.
pub(super) struct Feeder(mpsc::Sender<Bytes>);

/// The end that takes. It waits for more, and ends where the other end does: whoever knows how
/// long the file is knows if that is too early.
pub(super) struct Bridge {
    pieces: mpsc::Receiver<Bytes>,
    piece: Bytes,
}

/// Between them are at most [`BRIDGE_PIECES_MAX`] pieces of a stream.
pub(super) fn new() -> (Feeder, Bridge) {
    let (feeder, pieces) = mpsc::channel(BRIDGE_PIECES_MAX);
    (Feeder(feeder), Bridge { pieces, piece: Bytes::new() })
}

impl Feeder {
    /// Gives all of a stream, or as much as is wanted.
    ///
    /// # Errors
    /// The stream's.
    pub(super) async fn feed(self, mut stream: BlobStream) -> Result<(), StoreError> {
        while let Some(piece) = stream.next().await? {
            if self.0.send(piece).await.is_err() {
                break;
            }
        }
        Ok(())
    }
}

impl Read for Bridge {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while !self.piece.has_remaining() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.piece = piece,
                None => return Ok(0),
            }
        }
        let length = buffer.len().min(self.piece.len());
        self.piece.copy_to_slice(&mut buffer[..length]);
        Ok(length)
    }
}
