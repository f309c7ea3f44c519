//! The protocol version and the three names under which it is negotiated.
//!
//! One integer names everything, so that a peer cannot speak version 2 of the
//! frames inside version 1 of the mux.

/// The version that this crate encodes.
pub const VERSION: u32 = 1;

/// ALPN of raw QUIC (RFC 7301).
pub const ALPN: &[u8] = b"rill/1";

/// `Sec-WebSocket-Protocol` of the WebSocket fallback (RFC 6455, section 1.9).
pub const WEBSOCKET_SUBPROTOCOL: &str = "rill.v1";

/// Path of the WebSocket upgrade on the HTTP ports.
pub const WEBSOCKET_PATH: &str = "/rill/v1/ws";

/// Path of the WebTransport CONNECT request.
pub const WEBTRANSPORT_PATH: &str = "/rill/v1";
