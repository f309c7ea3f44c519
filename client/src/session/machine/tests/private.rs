//! What has arrived of chats of two is told, and of groups nothing.

use super::*;
use rill_protocol::{
    limits::DELIVERED_INTERVAL_MS,
    message::{DeliveredSeq, RoomAccess, RoomDetail, RoomDetails, RoomHistory, RoomKind, RoomRole, TellDelivered},
};

fn detail(room: RoomId, kind: RoomKind) -> RoomDetail {
    RoomDetail {
        room,
        kind,
        with: None,
        name: String::new(),
        topic: String::new(),
        access: RoomAccess::Invited,
        history: RoomHistory::Start,
        members: 2,
        owner: UserId::default(),
        role: RoomRole::Member,
        slow_mode_ms: 0,
        archived: false,
        closed: false,
    }
}

/// Both rooms are resumed from their cursors.
fn resume(bench: &mut Bench, base: u32) {
    let resume = bench.controls::<Resume>().remove(0);
    let resumed = |room| ResumedRoom {
        room,
        outcome: Outcome::Limited,
        epoch: EPOCH,
        base: U53::from(base),
        head: U53::from(base),
    };
    bench.receive(&Resumed { request: resume.request, unchanged: 0, rooms: vec![resumed(ROOM), resumed(OTHER)] });
}

fn told(bench: &mut Bench) -> Vec<(RoomId, u64)> {
    let told = bench.controls::<TellDelivered>().into_iter().flat_map(|told| told.rooms);
    told.map(|DeliveredSeq { room, seq }| (room, seq.get())).collect()
}

#[test]
fn what_has_arrived_is_told_together_and_again_on_the_next_connection() {
    let mut bench = Bench::new();
    bench.machine.connected(&welcome(), bench.now);
    let attach = bench.controls::<Attach>();
    bench.receive(&Attached { request: attach[0].request, user_epoch: EPOCH, snapshot: true });
    let details = vec![detail(ROOM, RoomKind::Private), detail(OTHER, RoomKind::Group)];
    bench.receive(&RoomDetails { rooms: details });
    bench.room_added(ROOM);
    bench.room_added(OTHER);
    bench.receive(&UserHead { seq: U53::from(9u32) });
    resume(&mut bench, 5);
    assert_eq!(told(&mut bench), [(ROOM, 5)]);
    bench.name(LaneClass::Others, 1, ROOM);
    bench.name(LaneClass::Others, 2, OTHER);
    for seq in 6..=8 {
        bench.entry(LaneClass::Others, 1, seq);
        bench.entry(LaneClass::Others, 2, seq);
        assert_eq!(told(&mut bench), [], "not so often");
    }
    assert!(
        bench.machine.next_due().is_some_and(|due| due <= bench.now + Duration::from_millis(DELIVERED_INTERVAL_MS))
    );
    bench.later(1);
    assert_eq!(told(&mut bench), [(ROOM, 8)]);
    bench.later(1);
    assert_eq!(told(&mut bench), [], "nothing new");

    bench.machine.disconnected();
    bench.later(5);
    bench.attach(&[ROOM, OTHER]);
    let resume = bench.controls::<Resume>().remove(0);
    bench.receive(&Resumed { request: resume.request, unchanged: 2, rooms: vec![] });
    assert_eq!(told(&mut bench), [(ROOM, 8)]);
}
