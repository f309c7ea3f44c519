//! The parsers of what a peer says about its session and its streams, for the fuzz targets
//! alone: nothing else outside of this module has bytes of HTTP/3 in hand.

use super::{capsules::Capsules, header};
use crate::transport::Closed;
use futures_util::FutureExt as _;

pub use super::header::Header;

/// Whose stream begins with these bytes and ends behind them, and how many bytes that took.
pub fn stream_header(bytes: &[u8]) -> (Header, usize) {
    let mut rest = bytes;
    // A slice never waits.
    let header = header::bidi_header(&mut rest).now_or_never().unwrap_or(Header::Late);
    (header, bytes.len() - rest.len())
}

/// How the session is closed by capsules that come in these pieces: an error is a breach
/// of their rules.
pub fn capsules<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Result<Option<Closed>, String> {
    let mut capsules = Capsules::default();
    for piece in pieces {
        capsules.push(piece);
        match capsules.close() {
            Ok(None) => {}
            Ok(closed) => return Ok(closed),
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(None)
}
