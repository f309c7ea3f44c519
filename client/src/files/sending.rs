//! One upload without IO: what comes on its stream and what was read of the file go in,
//! frames come out. It outlives streams; each new one begins where the server says.

use bytes::{Bytes, BytesMut};
use rill_protocol::{
    Frame, Kind, U53, chunk,
    codec::{self, DecodeError},
    limits::FILE_CHUNK_BYTES_MAX,
    message::{CancelUpload, EndUpload, Failed, StartUpload, Upload, UploadAt, Uploaded},
};
use std::collections::VecDeque;
use thiserror::Error;

use crate::{
    Failure,
    limits::{FILE_BLOCK_BYTES_MAX, FILE_BLOCKS_MAX},
};

/// What the server said against the rules of an upload.
#[derive(Debug, Error)]
pub(crate) enum Violation {
    #[error("a frame of an upload: {0}")]
    Body(#[from] DecodeError),
    #[error("an upload of {size} bytes that is said to be at {offset}, with credit up to {credit}")]
    Place { size: u64, offset: u64, credit: u64 },
    #[error("a frame of kind {0} on the stream of an upload")]
    Kind(u32),
}

/// How an upload came out.
#[derive(Debug)]
pub(crate) enum Verdict {
    Uploaded(Uploaded),
    Refused(Failure),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Sending {
    start: StartUpload,
    /// The last word of the server on this stream.
    at: Option<UploadAt>,
    /// The most that was ever known to be on its disk.
    durable: u64,
    /// Everything before it was sent on this stream.
    next: u64,
    /// Everything before it was asked of the file.
    asked: u64,
    /// Read and not sent, from `next` on.
    blocks: VecDeque<Bytes>,
    ended: bool,
}

impl Sending {
    pub(crate) fn new(start: StartUpload) -> Self {
        Self { start, at: None, durable: 0, next: 0, asked: 0, blocks: VecDeque::new(), ended: false }
    }

    pub(crate) fn size(&self) -> u64 {
        self.start.size.get()
    }

    /// What is safely on the server's disk.
    pub(crate) fn durable(&self) -> u64 {
        self.durable
    }

    /// What was given to the transport, on this stream or before it.
    pub(crate) fn moved(&self) -> u64 {
        self.next.max(self.durable)
    }

    /// The message's place, once the server has told it.
    pub(crate) fn seq(&self) -> Option<u64> {
        self.at.as_ref().map(|at| at.seq.get())
    }

    /// The first frames of a new stream.
    pub(crate) fn open(&mut self) -> Bytes {
        self.at = None;
        self.blocks.clear();
        self.ended = false;
        let mut frames = BytesMut::new();
        codec::put_frame(&mut frames, &Upload {});
        codec::put_frame(&mut frames, &self.start);
        frames.freeze()
    }

    /// Behind [`Self::open`]: nothing more is sent, and its end is asked for.
    pub(crate) fn cancel() -> Bytes {
        codec::frame(&CancelUpload {})
    }

    /// What came on the stream.
    pub(crate) fn frame(&mut self, frame: &Frame) -> Result<Option<Verdict>, Violation> {
        match frame.known() {
            Some(Kind::UploadAt) => {
                let at: UploadAt = frame.decode()?;
                let (offset, credit) = (at.offset.get(), at.credit.get());
                let is_first = self.at.is_none();
                // Bytes that were not sent cannot be on disk, and are not known to be again.
                if offset > self.size() || credit < offset || !is_first && offset > self.next {
                    return Err(Violation::Place { size: self.size(), offset, credit });
                }
                if is_first {
                    (self.next, self.asked) = (offset, offset);
                }
                self.durable = offset;
                self.at = Some(at);
                Ok(None)
            }
            Some(Kind::Uploaded) => Ok(Some(Verdict::Uploaded(frame.decode()?))),
            Some(Kind::Failed) => {
                let Failed { code, detail, .. } = frame.decode()?;
                Ok(Some(Verdict::Refused(Failure { code, detail })))
            }
            // A signal of a later version may be left alone; a known one is out of place.
            None => Ok(None),
            Some(kind) => Err(Violation::Kind(kind.number())),
        }
    }

    /// What to read of the file next: where, and how many bytes.
    pub(crate) fn wants_block(&self) -> Option<(u64, usize)> {
        self.at.as_ref()?;
        let left = self.size() - self.asked;
        if left == 0 || self.blocks.len() >= FILE_BLOCKS_MAX {
            return None;
        }
        Some((self.asked, usize::try_from(left).map_or(FILE_BLOCK_BYTES_MAX, |left| left.min(FILE_BLOCK_BYTES_MAX))))
    }

    /// A block that [`Self::wants_block`] asked for; one of an earlier stream is of no use.
    pub(crate) fn block(&mut self, at: u64, bytes: Bytes) {
        if self.at.is_some() && at == self.asked && !bytes.is_empty() {
            self.asked += bytes.len() as u64;
            self.blocks.push_back(bytes);
        }
    }

    /// The next chunk that may be sent, in the two parts of its frame.
    pub(crate) fn next_chunk(&mut self) -> Option<[Bytes; 2]> {
        let credit = self.at.as_ref()?.credit.get().saturating_sub(self.next);
        let block = self.blocks.front_mut()?;
        let length = block.len().min(FILE_CHUNK_BYTES_MAX).min(usize::try_from(credit).unwrap_or(usize::MAX));
        // Crumbs cost as much as whole chunks: wait for credit, unless none can come.
        if length == 0 || length < block.len().min(FILE_CHUNK_BYTES_MAX) && self.durable < self.next {
            return None;
        }
        let bytes = block.split_to(length);
        if block.is_empty() {
            self.blocks.pop_front();
        }
        let head = chunk::head(U53::saturating(self.next), length);
        self.next += length as u64;
        Some([head, bytes])
    }

    /// Whether every byte was sent, and the digest was not.
    pub(crate) fn wants_digest(&self) -> bool {
        self.at.is_some() && !self.ended && self.next == self.size()
    }

    /// The frame behind the last chunk.
    pub(crate) fn end(&mut self, digest: rill_protocol::FileDigest) -> Bytes {
        self.ended = true;
        codec::frame(&EndUpload { digest })
    }

    /// Whether the server has everything, and looks at it.
    pub(crate) fn is_ended(&self) -> bool {
        self.ended
    }
}

#[cfg(test)]
mod tests;
