//! mux_frames.json: the bytes of mux frames. mux_refused.json: what a peer may not
//! say, as messages that the last frame of turns into an error.

use rill_protocol::{
    limits::{MUX_CHUNK_BYTES_MAX, MUX_STREAM_WINDOW_BYTES},
    mux::{
        Class, Mux, Role,
        frame::{Frame, Frames},
    },
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

use crate::{
    file::{number, pinned, text},
    hex::{from_hex, to_hex},
};

fn bytes_of(frames: &[Frame<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    frames.iter().for_each(|frame| frame.put(&mut out));
    out
}

fn described(frame: &Frame<'_>) -> Value {
    match *frame {
        Frame::Data { stream, bytes } => json!({ "kind": "data", "stream": stream, "bytes_hex": to_hex(bytes) }),
        Frame::Fin { stream } => json!({ "kind": "fin", "stream": stream }),
        Frame::Reset { stream, code } => json!({ "kind": "reset", "stream": stream, "code": code }),
        Frame::Stop { stream, code } => json!({ "kind": "stop", "stream": stream, "code": code }),
        Frame::Credit { stream, limit } => json!({ "kind": "credit", "stream": stream, "limit": limit }),
        Frame::Datagram { bytes } => json!({ "kind": "datagram", "bytes_hex": to_hex(bytes) }),
        Frame::Open { stream, class } => json!({ "kind": "open", "stream": stream, "class": class.number() }),
    }
}

fn frame_lines() -> Vec<String> {
    let vector = |name: &str, frames: &[Frame<'_>]| {
        let described: Vec<_> = frames.iter().map(described).collect();
        json!({ "name": name, "hex": to_hex(&bytes_of(frames)), "frames": described }).to_string()
    };
    let last = u32::MAX;
    let mut lines = vec![
        vector("data", &[Frame::Data { stream: 1, bytes: b"rill" }]),
        vector("data of a late stream", &[Frame::Data { stream: 65_536, bytes: &[0; 251] }]),
        vector("fin", &[Frame::Fin { stream: 251 }]),
        vector("reset", &[Frame::Reset { stream: 2, code: 0 }]),
        vector("reset with the largest code", &[Frame::Reset { stream: last, code: last }]),
        vector("stop", &[Frame::Stop { stream: 3, code: 26 }]),
        vector("credit", &[Frame::Credit { stream: 1, limit: 393_216 }]),
        vector("credit of the pool", &[Frame::Credit { stream: 0, limit: (1 << 53) - 1 }]),
        vector("datagram", &[Frame::Datagram { bytes: &[61, 5] }]),
        vector("empty datagram", &[Frame::Datagram { bytes: &[] }]),
        vector(
            "several frames",
            &[
                Frame::Open { stream: 1, class: Class::Control },
                Frame::Data { stream: 1, bytes: b"hello" },
                Frame::Fin { stream: 1 },
            ],
        ),
    ];
    lines.extend(Class::ALL.iter().map(|class| {
        vector(&format!("open {class:?}"), &[Frame::Open { stream: u32::from(class.number()) + 1, class: *class }])
    }));
    lines
}

#[test]
fn mux_frames_are_as_pinned() {
    let vectors = pinned("mux_frames.json", &frame_lines());
    let mut kinds = BTreeSet::new();
    for vector in &vectors {
        let bytes = from_hex(text(vector, "hex"));
        let frames: Vec<_> = Frames::new(&bytes).and_then(Iterator::collect).unwrap();
        let found: Vec<_> = frames.iter().map(described).collect();
        assert_eq!(Value::from(found), vector["frames"], "{}", text(vector, "name"));
        assert_eq!(bytes_of(&frames), bytes, "{}", text(vector, "name"));
        kinds.insert(bytes[0]);
    }
    assert_eq!(kinds, (0..=6).collect(), "every kind of mux frame has a vector");
}

/// One message in hexadecimal.
fn message(frames: &[Frame<'_>]) -> Value {
    raw(&bytes_of(frames))
}

fn raw(bytes: &[u8]) -> Value {
    json!({ "hex": to_hex(bytes) })
}

/// Messages of one `Data` frame full of zeroes each; spelled out they would fill pages.
fn zeroes(stream: u32, length: usize, times: u64) -> Value {
    json!({ "zeroes": { "stream": stream, "length": length, "times": times } })
}

fn refused_lines() -> Vec<String> {
    let vector = |name: &str, role: &str, opened: &[Class], messages: &[Value], error: &str| {
        let opened: Vec<_> = opened.iter().map(|class| class.number()).collect();
        json!({ "name": name, "role": role, "opened": opened, "messages": messages, "error": error }).to_string()
    };
    let server = |name: &str, messages: &[Value], error: &str| vector(name, "server", &[], messages, error);
    let open = |stream, class| message(&[Frame::Open { stream, class }]);
    let opens = |count, class| (1..=count).map(|stream| open(stream, class)).collect::<Vec<_>>();
    let window = MUX_STREAM_WINDOW_BYTES / MUX_CHUNK_BYTES_MAX as u64;
    let control = open(1, Class::Control);
    let fin = message(&[Frame::Fin { stream: 1 }]);
    let data = message(&[Frame::Data { stream: 1, bytes: b"x" }]);
    let reset = message(&[Frame::Reset { stream: 1, code: 1 }]);
    let full_pool = |streams| {
        [opens(streams, Class::History), (1..=streams).map(|id| zeroes(id, MUX_CHUNK_BYTES_MAX, window)).collect()]
            .concat()
    };
    vec![
        server("an empty message", &[raw(&[])], "empty_message"),
        server("a message over its limit", &[json!({ "zero_bytes": 65_537 })], "message_too_long"),
        server("half an open", &[raw(&[6, 1])], "cut"),
        server("data without its bytes", &[control.clone(), raw(&[0, 1, 4, 1, 2])], "cut"),
        server("half an integer", &[raw(&[1, 0xFB, 1])], "cut"),
        server("kind 7", &[raw(&[7])], "kind"),
        server("kind 255", &[raw(&[255])], "kind"),
        server("class 5", &[raw(&[6, 1, 5])], "class"),
        server("a stream of 254", &[raw(&[1, 254])], "varint_prefix"),
        server("a stream not in shortest form", &[raw(&[6, 0xFB, 1, 0, 0])], "varint_overlong"),
        server("a stream of 2^32", &[raw(&[1, 0xFD, 0, 0, 0, 0, 1, 0, 0, 0])], "range"),
        server("a code of 2^32", &[control.clone(), raw(&[2, 1, 0xFD, 0, 0, 0, 0, 1, 0, 0, 0])], "range"),
        server("a credit of 2^53", &[control.clone(), raw(&[4, 1, 0xFD, 0, 0, 0, 0, 0, 0, 32, 0])], "range"),
        server("data of no byte", &[control.clone(), raw(&[0, 1, 0])], "chunk_length"),
        server("data over the limit of a chunk", &[control.clone(), raw(&[0, 1, 0xFB, 0x01, 0x40])], "chunk_length"),
        server("a datagram over its limit", &[raw(&[5, 0xFB, 0xE9, 0x03])], "datagram_too_long"),
        server("data on a stream that nobody opened", std::slice::from_ref(&data), "unknown_stream"),
        server("a fin of stream 0", &[control.clone(), raw(&[1, 0])], "unknown_stream"),
        server("a stop of a stream that nobody opened", &[raw(&[3, 1, 0])], "unknown_stream"),
        server("credit for a stream that nobody opened", &[raw(&[4, 1, 5])], "unknown_stream"),
        server("the first stream is not 1", &[open(2, Class::Control)], "open_order"),
        server("a stream opened twice", &[control.clone(), control.clone()], "open_order"),
        server("stream 0", &[open(0, Class::Control)], "open_order"),
        server("a seventeenth stream", &opens(17, Class::LaneOthers), "too_many_streams"),
        server(
            "a byte over the credit of a stream",
            &[control.clone(), zeroes(1, MUX_CHUNK_BYTES_MAX, window), data.clone()],
            "over_stream_credit",
        ),
        server(
            "a byte over the credit of the pool",
            &[full_pool(4), vec![open(5, Class::File), message(&[Frame::Data { stream: 5, bytes: b"x" }])]].concat(),
            "over_pool_credit",
        ),
        server("a credit that shrinks", &[control.clone(), raw(&[4, 1, 1])], "credit_shrank"),
        server("a credit of the pool that shrinks", &[raw(&[4, 0, 1])], "credit_shrank"),
        server("data behind a fin", &[control.clone(), fin.clone(), data.clone()], "after_end"),
        server("data behind a reset", &[control.clone(), reset.clone(), data], "after_end"),
        server("a second fin", &[control.clone(), fin.clone(), fin.clone()], "after_end"),
        server("a reset behind a fin", &[control, fin, reset], "after_end"),
        vector("the server opens a stream", "client", &[], &[open(1, Class::Control)], "open_by_server"),
        vector(
            "data on a stream that this side has not opened",
            "client",
            &[Class::Control],
            &[message(&[Frame::Data { stream: 2, bytes: b"x" }])],
            "unknown_stream",
        ),
        vector(
            "data of the server behind its fin",
            "client",
            &[Class::Control],
            &[message(&[Frame::Fin { stream: 1 }, Frame::Data { stream: 1, bytes: b"x" }])],
            "after_end",
        ),
    ]
}

/// The messages of one entry of `messages`.
fn messages_of(entry: &Value) -> Vec<Vec<u8>> {
    if let Some(hex) = entry["hex"].as_str() {
        return vec![from_hex(hex)];
    }
    if let Some(length) = entry["zero_bytes"].as_u64() {
        return vec![vec![0; length as usize]];
    }
    let data = &entry["zeroes"];
    let zeroes = vec![0; number(data, "length") as usize];
    let stream = u32::try_from(number(data, "stream")).unwrap();
    (0..number(data, "times")).map(|_| bytes_of(&[Frame::Data { stream, bytes: &zeroes }])).collect()
}

#[test]
fn what_a_peer_may_not_say_is_refused_as_pinned() {
    let vectors = pinned("mux_refused.json", &refused_lines());
    for vector in &vectors {
        let name = text(vector, "name");
        let mut mux = Mux::new(if text(vector, "role") == "client" { Role::Client } else { Role::Server });
        for class in vector["opened"].as_array().unwrap() {
            let class = u8::try_from(class.as_u64().unwrap()).unwrap();
            mux.open(Class::from_number(class).unwrap()).unwrap();
        }
        let messages: Vec<_> = vector["messages"].as_array().unwrap().iter().flat_map(messages_of).collect();
        let (last, before) = messages.split_last().unwrap();
        for message in before {
            assert!(mux.receive(message).is_ok(), "{name}");
        }
        let error = mux.receive(last).expect_err(name);
        assert_eq!(error.name(), text(vector, "error"), "{name}");
        assert!(mux.is_closed(), "{name}");
    }
    let covered: BTreeSet<_> = vectors.iter().map(|vector| text(vector, "error")).collect();
    assert_eq!(covered, error_names(), "every error of the mux has a vector");
}

/// The names in the source, so that a new error without a vector fails.
fn error_names() -> BTreeSet<&'static str> {
    let sources = [include_str!("../../src/mux/error.rs"), include_str!("../../src/varint.rs")];
    sources
        .iter()
        .flat_map(|source| source.lines())
        .filter_map(|line| line.split("=> \"").nth(1)?.split('"').next())
        .collect()
}
