//! varints.json: integers of headers. frames.json: bytes of a stream, the frames that
//! they hold, and what becomes of the stream.

use rill_protocol::{FrameDecoder, codec, message::Ping, varint};
use serde_json::{Value, json};

use crate::{
    file::{number, pinned, text},
    hex::{from_hex, to_hex},
};

fn varint_lines() -> Vec<String> {
    let values = [0, 250, 251, 65_535, 65_536, u64::from(u32::MAX), 1 << 32, (1 << 53) - 1, 1 << 53, u64::MAX];
    let taken = values.map(|value| {
        let mut bytes = Vec::new();
        varint::put(&mut bytes, value);
        // A text, since JSON readers round large numbers.
        json!({ "name": format!("{value}"), "hex": to_hex(&bytes), "value": value.to_string() })
    });
    let refused = [
        ("251 in five bytes", vec![0xFC, 251, 0, 0, 0], "varint_overlong"),
        ("250 in three bytes", vec![0xFB, 250, 0], "varint_overlong"),
        ("65535 in five bytes", vec![0xFC, 0xFF, 0xFF, 0, 0], "varint_overlong"),
        ("2^32 - 1 in nine bytes", vec![0xFD, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0], "varint_overlong"),
        ("a first byte of 254", vec![0xFE], "varint_prefix"),
        ("a first byte of 255", vec![0xFF, 0, 0], "varint_prefix"),
    ]
    .map(|(name, bytes, error)| json!({ "name": name, "hex": to_hex(&bytes), "error": error }));
    taken.iter().chain(&refused).map(Value::to_string).collect()
}

#[test]
fn varints_are_read_as_pinned() {
    for vector in pinned("varints.json", &varint_lines()) {
        let bytes = from_hex(text(&vector, "hex"));
        match varint::get(&bytes) {
            Ok(found) => {
                let (value, length) = found.expect("a whole integer");
                assert_eq!((value.to_string().as_str(), length), (text(&vector, "value"), bytes.len()));
                let mut again = Vec::new();
                varint::put(&mut again, value);
                assert_eq!(again, bytes);
            }
            Err(error) => assert_eq!(error.name(), text(&vector, "error"), "{vector}"),
        }
    }
}

/// The frames of a stream, then the error or whether a frame is cut.
fn outcome(bytes: &[u8], body_bytes_max: usize) -> Value {
    let mut decoder = FrameDecoder::new(body_bytes_max);
    decoder.push(bytes);
    let mut frames = Vec::new();
    loop {
        match decoder.next_frame() {
            Ok(Some(frame)) => frames.push(json!({ "kind": frame.kind, "body_hex": to_hex(&frame.body) })),
            Ok(None) => return json!({ "frames": frames, "cut": !decoder.is_between_frames() }),
            Err(error) => return json!({ "frames": frames, "error": error.name() }),
        }
    }
}

fn frame_lines() -> Vec<String> {
    let ping = codec::frame(&Ping { nonce: 5 });
    let vector = |name: &str, bytes: &[u8], max: usize| {
        let expected = outcome(bytes, max);
        json!({ "name": name, "hex": to_hex(bytes), "body_bytes_max": max, "expected": expected }).to_string()
    };
    vec![
        vector("nothing", &[], 100),
        vector("two frames", &[&ping[..], &ping[..]].concat(), 100),
        vector("a frame and half a frame", &[&ping[..], &ping[..2]].concat(), 100),
        vector("half a length", &[0xFB, 1], 1_000),
        vector("a kind of a later version", &[4, 0xFB, 0xE8, 0x03, 9], 100),
        vector("a frame of the longest length", &[&[100, 61], &[0; 99][..]].concat(), 100),
        vector("a length over the limit", &[101], 100),
        vector("a length of 2^40", &[0xFD, 0, 0, 0, 0, 0, 1, 0, 0], 1 << 20),
        vector("a frame, then a length over the limit", &[&ping[..], &[101]].concat(), 100),
        vector("no room for a kind", &[0], 100),
        vector("a kind longer than the frame", &[2, 0xFB, 0xFF, 0xFF], 100),
        vector("a kind of 2^32", &[9, 0xFD, 0, 0, 0, 0, 1, 0, 0, 0], 100),
        vector("a length not in shortest form", &[0xFB, 2, 0, 61, 5], 100),
        vector("a length that begins with 254", &[0xFE, 0], 100),
        vector("a kind not in shortest form", &[4, 0xFB, 61, 0, 5], 100),
    ]
}

#[test]
fn streams_are_cut_into_frames_as_pinned() {
    for vector in pinned("frames.json", &frame_lines()) {
        let bytes = from_hex(text(&vector, "hex"));
        let max = number(&vector, "body_bytes_max") as usize;
        assert_eq!(outcome(&bytes, max), vector["expected"], "{}", text(&vector, "name"));
    }
}
