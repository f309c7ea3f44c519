//! What a browser says about its session and its streams (HTTP/3, WebTransport).

use rill_server::transport::webtransport::fuzzing::{self, Header};

/// The longest header: two integers of eight bytes.
const HEADER_BYTES_MAX: usize = 16;

/// A stream's first bytes: read from the front, the same however much follows.
pub fn stream_headers(data: &[u8]) {
    let (header, read) = fuzzing::stream_header(data);
    assert!(read <= data.len().min(HEADER_BYTES_MAX), "{read}");
    match header {
        Header::Session(value) | Header::Other(value) => {
            assert!(value < 1 << 62, "an integer of QUIC");
            let (alone, again) = fuzzing::stream_header(&data[..read]);
            assert_eq!((alone, again), (header, read), "what follows changes nothing");
            for cut in 0..read {
                assert_eq!(fuzzing::stream_header(&data[..cut]).0, Header::Cut, "{cut} of {read}");
            }
        }
        Header::Cut => assert!(data.len() < HEADER_BYTES_MAX),
        Header::Late => panic!("bytes that are there were waited for"),
    }
}

/// Capsules, cut anywhere, close a session in the same way. The first byte says how they
/// are cut.
pub fn capsules(data: &[u8]) {
    let Some((&step, bytes)) = data.split_first() else { return };
    let whole = fuzzing::capsules(bytes.chunks(bytes.len().max(1)));
    let cut = fuzzing::capsules(bytes.chunks(usize::from(step).max(1)));
    match (&whole, &cut) {
        (Ok(whole), Ok(cut)) => assert_eq!(whole, cut),
        (Err(_), Err(_)) => {}
        // What breaks a rule behind the end of the session is not looked at.
        _ => panic!("{whole:?} whole, {cut:?} in pieces of {step}"),
    }
}
