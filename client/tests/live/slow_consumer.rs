//! An application that stops reading, over every transport: nobody else waits, its
//! connection ends with a code that says resume, and once it reads again it has everything.

use rill_client::{Client, State, TransportKind};
use rill_protocol::{Code, RoomId, limits};
use std::time::Duration;
use tokio::time::{Instant, sleep};

use super::{
    reader::Reader,
    server::{Server, within},
};

const KINDS: [TransportKind; 3] = [TransportKind::Quic, TransportKind::WebTransport, TransportKind::WebSocket];
/// More entries than a client that nobody reads takes: its events, and what it holds back.
const SMALL: usize = 1_350;
/// Longest texts, more than all windows between the server and a client hold together: 2 MiB
/// that QUIC keeps on the server's side and 1 MiB on the client's.
const LARGE: usize = 300;

async fn flood(client: &Client, room: RoomId) {
    let texts: Vec<String> = (0..SMALL).map(|number| number.to_string()).collect();
    for texts in texts.chunks(limits::BATCH_POSTS_MAX) {
        client.post_batch(room, texts).await.unwrap();
    }
    let long = "x".repeat(limits::TEXT_BYTES_MAX);
    for _ in 0..LARGE {
        client.post(room, long.clone()).await.unwrap();
    }
    assert!(client.flush(Duration::from_secs(180)).await, "the writer waits for somebody");
}

/// Until the server has sent it away for that. Its events are not read, so it is looked at.
async fn sent_away(client: &Client) {
    // A busy machine takes its time to fill what lies between.
    let deadline = Instant::now() + Duration::from_millis(4 * limits::STUCK_AFTER_MS);
    loop {
        match client.state() {
            State::Offline { reason, .. } if reason.starts_with(Code::TooSlow.sentence()) => return,
            State::Online { .. } | State::Connecting | State::Offline { .. } => {}
            other => panic!("{other:?}"),
        }
        assert!(Instant::now() < deadline, "it is still there, {:?}", client.state());
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stops_reading_slows_nobody_is_told_to_resume_and_has_everything_in_the_end() {
    let server = Server::start();
    let (writer, writer_events) = server.client("user1", TransportKind::Quic).await;
    let room = within(60, writer.create_room("r")).await.unwrap().id;
    let (reading, reading_events) = server.client("user2", TransportKind::WebSocket).await;
    within(60, reading.join(room)).await.unwrap();
    let mut others = [Reader::new(writer_events, room), Reader::new(reading_events, room)];
    let mut slow = Vec::new();
    for kind in KINDS {
        let (client, events) = server.client("user3", kind).await;
        within(60, client.join(room)).await.unwrap();
        slow.push((kind, client, Reader::new(events, room)));
    }
    let looking = futures_util::future::join_all(slow.iter().map(|(_, client, _)| sent_away(client)));
    let [first, second] = &mut others;
    let talk = async {
        let reading = async { tokio::join!(first.read(SMALL + LARGE, 180), second.read(SMALL + LARGE, 180)) };
        tokio::join!(flood(&writer, room), reading);
    };
    tokio::join!(talk, looking);

    let last = within(60, writer.post(room, "the end").await.unwrap().posted()).await.unwrap();
    for (kind, client, mut reader) in slow {
        // The reader itself looks for holes and repetitions.
        let done = within(60, async {
            while reader.texts.last().is_none_or(|text| text != "the end") {
                reader.read(reader.texts.len() + 1, 60).await;
            }
            reader.texts.len()
        });
        assert!(done.await > SMALL / 2, "{kind}");
        let newest =
            within(60, client.history(room, rill_protocol::message::Direction::Before, u64::MAX >> 11, 1)).await;
        assert_eq!(newest.unwrap().as_of.get(), last.seq, "{kind}");
    }
}
