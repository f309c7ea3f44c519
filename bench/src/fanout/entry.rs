//! An entry as a lane brings it, read where it lies.

use anyhow::{Context, bail};
use rill_protocol::{
    Frame, codec,
    kind::{Body, Kind},
    message::{EntryHeader, EntryPosted},
    varint,
};
use std::str;

/// Of a post its text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry<'a> {
    pub(super) seq: u64,
    pub(super) text: Option<&'a str>,
}

/// Nothing for a frame that is no entry.
pub(super) fn read(frame: &Frame) -> anyhow::Result<Option<Entry<'_>>> {
    if !Kind::is_room_entry(frame.kind) {
        return Ok(None);
    }
    let (header, used) = codec::decode_prefix::<EntryHeader>(&frame.body)?;
    let text = if frame.kind == EntryPosted::KIND.number() { Some(text(&frame.body[used..])?) } else { None };
    Ok(Some(Entry { seq: header.seq.get(), text }))
}

fn text(bytes: &[u8]) -> anyhow::Result<&str> {
    let (length, at) = varint::get(bytes)?.context("a post without a text")?;
    let text = &bytes[at..];
    if text.len() as u64 != length {
        bail!("a text of {length} bytes has {}", text.len());
    }
    Ok(str::from_utf8(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_protocol::{
        FrameDecoder, U53,
        limits::FRAME_BODY_BYTES_MAX,
        message::{EntryJoined, Ping},
    };

    fn frame(bytes: &[u8]) -> Frame {
        let mut frames = FrameDecoder::new(FRAME_BODY_BYTES_MAX);
        frames.push(bytes);
        frames.next_frame().unwrap().unwrap()
    }

    #[test]
    fn a_post_is_read_where_it_lies_and_nothing_may_be_left_of_it() {
        let header = EntryHeader {
            room: 1,
            seq: U53::from(70_000),
            at_ms: U53::MAX,
            author: Default::default(),
            client_id: Default::default(),
        };
        for text in ["", "0000002a ...", &"技".repeat(300)] {
            let posted = frame(&codec::frame(&EntryPosted { header: header.clone(), text: text.to_owned() }));
            assert_eq!(read(&posted).unwrap(), Some(Entry { seq: 70_000, text: Some(text) }));
            let longer = Frame { body: [&posted.body[..], b"x"].concat().into(), ..posted };
            assert!(read(&longer).is_err());
        }
        let joined = frame(&codec::frame(&EntryJoined { header }));
        assert_eq!(read(&joined).unwrap(), Some(Entry { seq: 70_000, text: None }));
        assert_eq!(read(&frame(&codec::frame(&Ping { nonce: 1 }))).unwrap(), None);
    }
}
