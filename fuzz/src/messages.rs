//! What decodes as a body encodes to bytes that decode as the same value, in the
//! binary form and in the text form.

use rill_protocol::{FrameDecoder, codec, for_every_kind, kind::Body};
use std::fmt::Debug;

fn check<T: Body + PartialEq + Debug>(body: &[u8]) {
    let Ok(value) = codec::decode::<T>(body) else { return };
    let again = codec::encode(&value);
    assert!(again.len() <= body.len(), "the shortest form is longer");
    assert_eq!(codec::decode::<T>(&again).expect("own bytes decode"), value);
    let mut decoder = FrameDecoder::new(again.len() + 5);
    decoder.push(&codec::frame(&value));
    let frame = decoder.next_frame().expect("own frames decode").expect("a whole frame");
    assert_eq!(frame.decode_if::<T>().expect("the kind is its own").expect("own bytes decode"), value);
    assert!(decoder.is_between_frames());
}

macro_rules! by_number {
    ($($name:ident: $body:ty,)*) => {
        fn check_kind(number: u8, body: &[u8]) {
            $(if u32::from(number) == <$body as Body>::KIND.number() {
                check::<$body>(body);
            })*
        }
    };
}
for_every_kind!(by_number);

/// The first byte is the kind, all others are the body.
pub fn messages(data: &[u8]) {
    if let Some((&number, body)) = data.split_first() {
        check_kind(number, body);
    }
}
