//! What a test waits to hear, and with what somebody was refused.

use rill_client::{Client, Error, Event, Events, TransportKind};
use rill_protocol::RoomId;

use super::server::within;

pub(crate) const KINDS: [TransportKind; 3] =
    [TransportKind::Quic, TransportKind::WebTransport, TransportKind::WebSocket];

/// The next event that somebody waits for.
pub(crate) async fn next<T>(events: &mut Events, mut is: impl FnMut(Event) -> Option<T>) -> T {
    within(60, async {
        loop {
            if let Some(found) = is(events.next().await.expect("it lives")) {
                return found;
            }
        }
    })
    .await
}

/// The code with which somebody was refused.
pub(crate) fn code<T: std::fmt::Debug>(outcome: Result<T, Error>) -> u32 {
    match outcome {
        Err(Error::Refused(failure)) => failure.code,
        other => panic!("{other:?}"),
    }
}

/// Where a message stands.
pub(crate) async fn post(client: &Client, room: RoomId, text: &str) -> Result<u64, Error> {
    Ok(client.post(room, text).await?.posted().await?.seq)
}
