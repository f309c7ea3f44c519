//! One download without IO: frames of its stream come in, bytes of the file go out in
//! their order. It outlives streams, and asks on each for what is not there yet.

use bytes::{Bytes, BytesMut};
use rill_protocol::{
    Frame, Kind, RoomId, U53, chunk,
    codec::{self, DecodeError},
    message::{Download, Failed, FileStart, FileVariant, GetFile},
};
use thiserror::Error;

use crate::Failure;

/// What the server said against the rules of a download.
#[derive(Debug, Error)]
pub(crate) enum Violation {
    #[error("a frame of a download: {0}")]
    Body(#[from] DecodeError),
    #[error("bytes at {came} of a file where those at {due} are due")]
    Order { due: u64, came: u64 },
    #[error("more bytes of a file than were told")]
    TooMany,
    #[error("a frame of kind {0} on a stream of downloads")]
    Kind(u32),
}

/// What a frame meant.
#[derive(Debug)]
pub(crate) enum Step {
    /// An answer begins.
    Started,
    /// The next bytes of the file.
    Bytes(Bytes),
    Refused(Failure),
    /// It is another file than the one that was begun: the server's log was put back.
    Other,
    /// Nothing that matters.
    Nothing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    /// Nothing was asked.
    None,
    Due,
    /// So many bytes of it are to come.
    Coming(u64),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Receiving {
    room: RoomId,
    seq: u64,
    variant: FileVariant,
    /// So many bytes came, from the file's beginning.
    have: u64,
    size: Option<u64>,
    media_type: String,
    request: u32,
    answer: Answer,
}

impl Receiving {
    /// Of a file of which `have` bytes are there already.
    pub(crate) fn new(room: RoomId, seq: u64, variant: FileVariant, have: u64) -> Self {
        Self { room, seq, variant, have, size: None, media_type: String::new(), request: 0, answer: Answer::None }
    }

    pub(crate) fn have(&self) -> u64 {
        self.have
    }

    /// The length of the whole file, once it was told.
    pub(crate) fn size(&self) -> Option<u64> {
        self.size
    }

    pub(crate) fn media_type(&self) -> &str {
        &self.media_type
    }

    /// A new stream, of which `have` bytes are safe by now; its first frames.
    pub(crate) fn open(&mut self, have: u64) -> Bytes {
        self.have = have;
        self.answer = Answer::None;
        let mut frames = BytesMut::new();
        codec::put_frame(&mut frames, &Download {});
        frames.extend_from_slice(&self.ask());
        frames.freeze()
    }

    /// Asks for all that is left.
    pub(crate) fn ask(&mut self) -> Bytes {
        self.request = self.request.wrapping_add(1).max(1);
        self.answer = Answer::Due;
        codec::frame(&GetFile {
            request: self.request,
            room: self.room,
            seq: U53::saturating(self.seq),
            variant: self.variant,
            offset: U53::saturating(self.have),
            length: U53::saturating(U53::MAX.get() - self.have),
        })
    }

    /// Whether an answer has ended, or none was asked for.
    pub(crate) fn is_idle(&self) -> bool {
        matches!(self.answer, Answer::None | Answer::Coming(0))
    }

    /// Whether the whole file came.
    pub(crate) fn is_whole(&self) -> bool {
        self.size == Some(self.have)
    }

    /// What came on the stream.
    pub(crate) fn frame(&mut self, frame: &Frame) -> Result<Step, Violation> {
        match (frame.known(), self.answer) {
            (Some(Kind::FileStart), Answer::Due) => {
                let FileStart { size, length, media_type, .. } = frame.decode()?;
                let (size, length) = (size.get(), length.get());
                if self.have.checked_add(length).is_none_or(|end| end > size) {
                    return Err(Violation::TooMany);
                }
                if self.have > 0 && self.size.is_some_and(|begun| begun != size) {
                    self.answer = Answer::None;
                    return Ok(Step::Other);
                }
                (self.size, self.media_type) = (Some(size), media_type);
                self.answer = Answer::Coming(length);
                Ok(Step::Started)
            }
            (Some(Kind::FileChunk), Answer::Coming(left)) => {
                let chunk = chunk::decode(&frame.body)?;
                let (came, length) = (chunk.offset.get(), chunk.bytes.len() as u64);
                if came != self.have {
                    return Err(Violation::Order { due: self.have, came });
                }
                self.answer = Answer::Coming(left.checked_sub(length).ok_or(Violation::TooMany)?);
                self.have += length;
                Ok(Step::Bytes(chunk.bytes))
            }
            (Some(Kind::Failed), _) => {
                let Failed { code, detail, .. } = frame.decode()?;
                self.answer = Answer::None;
                Ok(Step::Refused(Failure { code, detail }))
            }
            (None, _) => Ok(Step::Nothing),
            (Some(kind), _) => Err(Violation::Kind(kind.number())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_protocol::{Code, FrameDecoder, kind::Body, limits::FRAME_BODY_BYTES_MAX, message::FileChunk};

    fn frame_of<T: Body>(value: &T) -> Frame {
        let mut decoder = FrameDecoder::new(FRAME_BODY_BYTES_MAX);
        decoder.push(&codec::frame(value));
        decoder.next_frame().unwrap().unwrap()
    }

    fn started(size: u32, length: u32) -> Frame {
        let (size, length) = (U53::from(size), U53::from(length));
        frame_of(&FileStart { request: 1, size, length, media_type: "text/plain".to_owned() })
    }

    fn chunk(offset: u32, bytes: &'static [u8]) -> Frame {
        frame_of(&FileChunk { offset: U53::from(offset), bytes: Bytes::from_static(bytes) })
    }

    fn asked(frames: &[u8]) -> GetFile {
        let mut decoder = FrameDecoder::new(FRAME_BODY_BYTES_MAX);
        decoder.push(frames);
        std::iter::from_fn(|| decoder.next_frame().unwrap())
            .find_map(|frame| frame.decode_if().transpose().unwrap())
            .unwrap()
    }

    fn receiving() -> Receiving {
        Receiving::new(RoomId([1; 16]), 9, FileVariant::Original, 0)
    }

    #[test]
    fn a_file_comes_over_two_streams_and_while_it_is_still_sent() {
        let mut receiving = receiving();
        assert_eq!(asked(&receiving.open(0)).offset, U53::from(0));
        assert!(!receiving.is_idle());
        assert!(matches!(receiving.frame(&started(10, 4)).unwrap(), Step::Started));
        assert!(matches!(receiving.frame(&chunk(0, b"abc")).unwrap(), Step::Bytes(bytes) if bytes == "abc"));
        // The stream is cut with two bytes on disk.
        assert_eq!(asked(&receiving.open(2)).offset, U53::from(2));
        receiving.frame(&started(10, 2)).unwrap();
        receiving.frame(&chunk(2, b"cd")).unwrap();
        assert!(receiving.is_idle() && !receiving.is_whole(), "the rest is still on its way to the server");
        assert_eq!(asked(&receiving.ask()).offset, U53::from(4));
        receiving.frame(&started(10, 6)).unwrap();
        receiving.frame(&chunk(4, b"efghij")).unwrap();
        assert!(receiving.is_whole());
        assert_eq!((receiving.have(), receiving.size(), receiving.media_type()), (10, Some(10), "text/plain"));
    }

    #[test]
    fn a_file_that_became_another_one_is_begun_anew() {
        let mut receiving = receiving();
        receiving.open(0);
        receiving.frame(&started(10, 4)).unwrap();
        receiving.frame(&chunk(0, b"abcd")).unwrap();
        receiving.open(4);
        assert!(matches!(receiving.frame(&started(11, 7)).unwrap(), Step::Other));
        assert!(receiving.is_idle() && !receiving.is_whole());
        receiving.open(0);
        assert!(matches!(receiving.frame(&started(11, 11)).unwrap(), Step::Started));
        assert_eq!(receiving.size(), Some(11));
    }

    #[test]
    fn bytes_out_of_place_are_violations() {
        let mut receiving = receiving();
        receiving.open(0);
        assert!(matches!(receiving.frame(&chunk(0, b"a")), Err(Violation::Kind(92))), "before any answer");
        assert!(matches!(receiving.frame(&started(3, 4)), Err(Violation::TooMany)));
        receiving.frame(&started(10, 4)).unwrap();
        assert!(matches!(receiving.frame(&chunk(1, b"b")), Err(Violation::Order { due: 0, came: 1 })));
        assert!(matches!(receiving.frame(&chunk(0, b"abcde")), Err(Violation::TooMany)));
        let failed = Failed { request: 1, code: Code::NoSuchFile.number(), detail: String::new() };
        assert!(matches!(receiving.frame(&frame_of(&failed)).unwrap(), Step::Refused(_)));
    }
}
