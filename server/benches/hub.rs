//! From an entry that is durable to the frames that 500 sessions write: encoded once, put into the
//! room's ring, marked for each of them, read from each one's cursor. Without runtime and transport.

use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use futures_util::FutureExt as _;
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
use std::{pin::pin, sync::Arc};

const SESSIONS: usize = 500;
const ROOM: RoomId = RoomId([1; 16]);
const EPOCH: Epoch = Epoch([2; 16]);
const TEXT_BYTES: usize = 100;

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

/// Takes what is new to a session as its lane's writer does; how many frames that are.
fn drain(hub: &Hub, (inbox, pass): &(Arc<Inbox>, LanePass), frames: &mut Vec<Bytes>) -> usize {
    frames.clear();
    while let Some(turn) = inbox.take_turn(*pass) {
        let room = hub.room_of(turn.handle).expect("it is followed");
        let from = (turn.cursor, turn.visible_from);
        if let Drained::Frames { cursor, more, .. } = room.drain(from, inbox.user, LANE_IN_FLIGHT_BYTES_MAX, frames) {
            inbox.finish_turn(*pass, &turn, cursor, more);
        }
    }
    frames.len()
}

fn publish(criterion: &mut Criterion) {
    let hub = Hub::new(wire::entry::encode);
    let followers: Vec<_> = (0..SESSIONS).map(|number| follower(&hub, number)).collect();
    let mut fanout = pin!(hub.run_fanout());
    let (mut seq, mut frames) = (0, Vec::new());
    let mut group = criterion.benchmark_group("hub/500_sessions");
    for entries in [1, 64] {
        group.throughput(Throughput::Elements((SESSIONS * entries) as u64));
        group.bench_function(format!("{entries}_published_and_drained"), |bencher| {
            bencher.iter(|| {
                for _ in 0..entries {
                    seq += 1;
                    LogObserver::appended(&*hub, ROOM, EPOCH, &[entry(seq)]);
                }
                // It marks a slice of the sessions at a time, and sleeps when all are marked.
                let mut delivered = 0;
                for follower in &followers {
                    let mut of_one = drain(&hub, follower, &mut frames);
                    while of_one == 0 {
                        assert!((&mut fanout).now_or_never().is_none(), "the fan-out has ended");
                        of_one = drain(&hub, follower, &mut frames);
                    }
                    delivered += of_one;
                }
                assert_eq!(delivered, SESSIONS * entries);
            });
        });
    }
    group.finish();
}

criterion_group!(benches, publish);
criterion_main!(benches);
