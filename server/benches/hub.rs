//! From an entry that is durable to the frames that 500 sessions write: encoded once, put into the
//! room's ring, marked for each of them, read from each one's cursor. Without transport, and by a
//! clock that stands still: a busy room is told at intervals, and the bench is past each at once.

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rill_protocol::{ClientId, Epoch, RoomId, UserId, limits::LANE_IN_FLIGHT_BYTES_MAX};
use rill_server::{
    hub::{
        Hub, Inbox, LaneIndex,
        inbox::{LanePass, Start},
        room::Drained,
    },
    wire,
};
use rill_storage::{
    model::{Body, Entry, Fact},
    port::LogObserver,
};
use std::{sync::Arc, time::Duration};
use tokio::{runtime::Builder, task::yield_now, time::advance};

const SESSIONS: usize = 500;
const ROOM: RoomId = RoomId([1; 16]);
const EPOCH: Epoch = Epoch([2; 16]);
const TEXT_BYTES: usize = 100;
/// After it a busy room is told again.
const PAST_INTERVAL: Duration = Duration::from_millis(5);

fn entry(seq: u64) -> Arc<Entry> {
    let (author, client_id) = (UserId([3; 16]), ClientId([4; 16]));
    let body = Body::Text("x".repeat(TEXT_BYTES).into());
    Arc::new(Entry { seq, at_ms: 0, author, client_id, posts: seq, fact: Fact::Posted, body, file: None })
}

/// A session that follows the room, and its right to the lane.
fn follower(hub: &Hub, number: usize) -> (Arc<Inbox>, LanePass) {
    let mut user = [0; 16];
    user[..8].copy_from_slice(&number.to_le_bytes());
    let inbox = Arc::new(Inbox::new(UserId(user)));
    let pass = inbox.lane_opened(LaneIndex::Others);
    hub.follow(&inbox, ROOM, EPOCH, 0, Start { cursor: 0, visible_from: 1 });
    (inbox, pass)
}

/// Takes what is new to a session as its lane's writer does; how many entries that are.
fn drain(hub: &Hub, (inbox, pass): &(Arc<Inbox>, LanePass), pieces: &mut Vec<Bytes>) -> u64 {
    pieces.clear();
    let mut entries = 0;
    while let Some(turn) = inbox.take_turn(*pass) {
        let room = hub.room_of(turn.handle).expect("it is followed");
        let from = (turn.cursor, turn.visible_from);
        if let Drained::Frames { cursor, more, .. } = room.drain(from, inbox.user, LANE_IN_FLIGHT_BYTES_MAX, pieces) {
            entries += cursor - turn.cursor;
            inbox.finish_turn(*pass, &turn, cursor, more);
        }
    }
    entries
}

/// Publishes so many entries that were made durable together; how many deliveries that are.
async fn deliver(hub: &Hub, followers: &[(Arc<Inbox>, LanePass)], from: u64, entries: u64) -> u64 {
    let entries: Vec<_> = (from..from + entries).map(entry).collect();
    LogObserver::appended(hub, ROOM, EPOCH, &entries);
    advance(PAST_INTERVAL).await;
    let (mut delivered, mut pieces) = (0, Vec::new());
    for follower in followers {
        let mut of_one = drain(hub, follower, &mut pieces);
        // The fan-out marks a slice of them at a time.
        while of_one == 0 {
            yield_now().await;
            of_one = drain(hub, follower, &mut pieces);
        }
        delivered += of_one;
    }
    delivered
}

fn publish(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
    let hub = Hub::new(wire::entry::encode);
    let followers: Vec<_> = (0..SESSIONS).map(|number| follower(&hub, number)).collect();
    let running = hub.clone();
    runtime.spawn(async move { running.run_fanout().await });
    let mut seq = 1;
    let mut group = criterion.benchmark_group("hub/500_sessions");
    for entries in [1, 64] {
        group.throughput(Throughput::Elements(SESSIONS as u64 * entries));
        group.bench_function(format!("{entries}_published_and_drained"), |bencher| {
            bencher.iter(|| {
                let delivered = runtime.block_on(deliver(&hub, &followers, seq, entries));
                seq += entries;
                assert_eq!(delivered, SESSIONS as u64 * entries);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, publish);
criterion_main!(benches);
