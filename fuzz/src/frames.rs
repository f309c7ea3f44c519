//! A stream of bytes, cut anywhere, gives the same frames and the same end.

use rill_protocol::{Frame, FrameDecoder, frame::FrameError, message::check_body};

const BODY_BYTES_MAX: usize = 4_096;

/// The first byte says how the rest is cut.
pub fn frames(data: &[u8]) {
    let Some((&step, stream)) = data.split_first() else { return };
    let (whole, whole_end) = read(stream.chunks(stream.len().max(1)));
    let (cut, cut_end) = read(stream.chunks(usize::from(step).max(1)));
    assert_eq!(whole, cut);
    assert_eq!(whole_end, cut_end);
    for frame in &whole {
        assert!(frame.body.len() < BODY_BYTES_MAX);
        check_body(frame).ok();
    }
}

fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Frame>, Result<bool, FrameError>) {
    let mut decoder = FrameDecoder::new(BODY_BYTES_MAX);
    let mut frames = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        loop {
            match decoder.next_frame() {
                Ok(Some(frame)) => frames.push(frame),
                Ok(None) => break,
                Err(error) => return (frames, Err(error)),
            }
        }
    }
    (frames, Ok(decoder.is_between_frames()))
}
