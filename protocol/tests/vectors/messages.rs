//! messages.json: bodies and frames of every kind. refused.json: bodies that must
//! not decode.

use rill_protocol::{Frame, FrameDecoder, Kind, codec, for_every_kind, kind::Body, limits::FRAME_BODY_BYTES_MAX};
use serde::Serialize;
use serde_json::Value;
use std::{collections::BTreeSet, fmt::Debug};

use crate::{
    file::{number, pinned, text},
    hex::{from_hex, to_hex},
    message_samples,
};

#[derive(Serialize)]
struct Line<'a, T> {
    name: String,
    kind: u32,
    body_hex: String,
    frame_hex: String,
    value: &'a T,
}

/// The line of one sample.
pub(crate) fn line<T: Body>(name: &str, value: &T) -> String {
    let line = Line {
        name: format!("{}: {name}", T::KIND.name()),
        kind: T::KIND.number(),
        body_hex: to_hex(&codec::encode(value)),
        frame_hex: to_hex(&codec::frame(value)),
        value,
    };
    serde_json::to_string(&line).expect("a body has a text form")
}

fn check_as<T: Body + PartialEq + Debug>(vector: &Value) {
    let name = text(vector, "name");
    let body = from_hex(text(vector, "body_hex"));
    let value: T = codec::decode(&body).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(to_hex(&codec::encode(&value)), text(vector, "body_hex"), "{name}");
    assert_eq!(to_hex(&codec::frame(&value)), text(vector, "frame_hex"), "{name}");
    assert_eq!(serde_json::to_value(&value).unwrap(), vector["value"], "{name}");
    assert_eq!(serde_json::from_value::<T>(vector["value"].clone()).unwrap(), value, "{name}");
    for cut in 0..body.len() {
        assert!(codec::decode::<T>(&body[..cut]).is_err(), "{name} decodes when cut to {cut} bytes");
    }
    let longer = [body.as_slice(), &[0]].concat();
    assert!(codec::decode::<T>(&longer).is_err(), "{name} decodes with a byte behind it");
}

macro_rules! by_kind {
    ($($name:ident: $body:ty,)*) => {
        fn check(kind: Kind, vector: &Value) {
            match kind {
                $(Kind::$name => check_as::<$body>(vector),)*
                other => panic!("{other:?} is in no table"),
            }
        }
    };
}
for_every_kind!(by_kind);

fn frame_of(vector: &Value) -> Frame {
    let mut decoder = FrameDecoder::new(FRAME_BODY_BYTES_MAX);
    decoder.push(&from_hex(text(vector, "frame_hex")));
    let frame = decoder.next_frame().unwrap().expect("a whole frame");
    assert!(decoder.is_between_frames());
    frame
}

#[test]
fn messages_encode_and_decode_as_pinned() {
    let mut seen = BTreeSet::new();
    for vector in pinned("messages.json", &message_samples::lines()) {
        let number = u32::try_from(number(&vector, "kind")).unwrap();
        let kind = Kind::from_number(number).unwrap_or_else(|| panic!("kind {number} is gone"));
        check(kind, &vector);
        let frame = frame_of(&vector);
        assert_eq!((frame.kind, to_hex(&frame.body).as_str()), (number, text(&vector, "body_hex")));
        seen.insert(number);
    }
    assert_eq!(seen, Kind::ALL.iter().map(|kind| kind.number()).collect(), "every kind has a vector");
}

#[test]
fn refused_bodies_do_not_decode() {
    for vector in pinned("refused.json", &message_samples::refused_lines()) {
        let kind = Kind::from_number(u32::try_from(number(&vector, "kind")).unwrap()).unwrap();
        assert!(kind.check(&from_hex(text(&vector, "body_hex"))).is_err(), "{vector}");
    }
}
