//! The session against a server that is written out by hand, frame by frame.

mod files;
mod pictures;
mod posts;
mod private;

use super::*;
use crate::session::{
    command::{Answer, Ask, Request},
    outbox::QueuedPost,
};
use rill_protocol::{
    ClientId, Epoch, FrameDecoder, SessionId, Ticket, UserId,
    kind::Body,
    message::{
        Attached, CreateRoom, EntryHeader, EntryPosted, EntryRoomDeleted, Failed, GoAway, Outcome, Ping, Post, Resumed,
        ResumedRoom, RoomAdded, RoomAnswer, RoomHandle, RoomInfo, RoomRemoved, UserEntryHeader, UserHead,
        session::Limits,
    },
};
use std::collections::HashSet;
use tokio::sync::oneshot;

const EPOCH: Epoch = Epoch([5; 16]);
const ROOM: RoomId = RoomId([1; 16]);
const OTHER: RoomId = RoomId([2; 16]);

/// A machine and its clock.
struct Bench {
    machine: Machine,
    now: Instant,
    seq: u32,
}

fn frame_of<T: Body>(value: &T) -> Frame {
    let mut decoder = FrameDecoder::new(1 << 20);
    decoder.push(&codec::frame(value));
    decoder.next_frame().unwrap().unwrap()
}

fn info(id: RoomId) -> RoomInfo {
    RoomInfo {
        id,
        name: "技术交流".to_owned(),
        creator: UserId::default(),
        creator_name: String::new(),
        created_ms: U53::default(),
        members: 2,
        joined: true,
    }
}

fn pending(room: RoomId, id: u8) -> Pending {
    let post = QueuedPost { room, client_id: ClientId([id; 16]), text: id.to_string(), rest: Vec::new() };
    Pending { post, receipt: None }
}

impl Bench {
    fn new() -> Self {
        Self { machine: Machine::new(1), now: Instant::now(), seq: 0 }
    }

    /// Attached, member of these rooms, every room at its base.
    fn online(rooms: &[RoomId]) -> Self {
        let mut bench = Self::new();
        bench.attach(rooms);
        bench
    }

    fn attach(&mut self, rooms: &[RoomId]) {
        self.machine.connected(&welcome(), self.now);
        let attach = self.controls::<Attach>();
        self.receive(&Attached { request: attach[0].request, user_epoch: EPOCH, snapshot: true });
        for room in rooms {
            self.room_added(*room);
        }
        self.seq += 1;
        self.receive(&UserHead { seq: U53::from(self.seq) });
    }

    fn room_added(&mut self, room: RoomId) {
        self.seq += 1;
        let header = UserEntryHeader { seq: U53::from(self.seq), at_ms: U53::default() };
        self.receive(&RoomAdded { header, room: info(room) });
    }

    fn receive<T: Body>(&mut self, body: &T) {
        self.machine.heard(self.now);
        self.machine.frame(&frame_of(body), self.now).unwrap();
    }

    fn outputs(&mut self) -> Vec<Output> {
        self.machine.pump(self.now);
        std::iter::from_fn(|| self.machine.next_output()).collect()
    }

    /// Every frame of one kind that is now sent on control; everything else is lost.
    fn controls<T: Body>(&mut self) -> Vec<T> {
        let outputs = self.outputs();
        decoded(&outputs)
    }

    fn resumed(&mut self, request: u32, room: RoomId, outcome: Outcome, base: u32) {
        let room = ResumedRoom { room, outcome, epoch: EPOCH, base: U53::from(base), head: U53::from(base) };
        self.receive(&Resumed { request, unchanged: 0, rooms: vec![room] });
    }

    fn entry(&mut self, class: LaneClass, handle: u32, seq: u32) {
        let header = EntryHeader {
            room: handle,
            seq: U53::from(seq),
            at_ms: U53::default(),
            author: UserId::default(),
            client_id: ClientId::default(),
        };
        let posted = EntryPosted { header, text: seq.to_string() };
        self.machine.lane_frame(class, &frame_of(&posted)).unwrap();
    }

    fn name(&mut self, class: LaneClass, handle: u32, room: RoomId) {
        self.machine.lane_frame(class, &frame_of(&RoomHandle { handle, room, epoch: EPOCH })).unwrap();
    }

    fn texts(&mut self) -> Vec<String> {
        let entries = self.machine.events().drain(..).filter_map(|event| match event {
            Event::Entry(entry) => match entry.kind {
                EntryKind::Posted { text } => Some(text),
                _ => None,
            },
            _ => None,
        });
        entries.collect()
    }

    fn later(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }
}

fn decoded<T: Body>(outputs: &[Output]) -> Vec<T> {
    outputs
        .iter()
        .filter_map(|output| match output {
            Output::Control(bytes) | Output::History(bytes) => {
                let mut decoder = FrameDecoder::new(1 << 20);
                decoder.push(bytes);
                decoder.next_frame().unwrap().unwrap().decode_if::<T>().map(Result::unwrap)
            }
            _ => None,
        })
        .collect()
}

#[test]
fn attaching_opens_lanes_and_resumes_every_room_with_the_one_in_view_first() {
    let mut bench = Bench::new();
    bench.machine.command(Command::View(Some(OTHER)));
    bench.attach(&[ROOM, OTHER]);
    let outputs = bench.outputs();
    let lanes = outputs.iter().filter(|output| matches!(output, Output::OpenLane(_))).count();
    assert_eq!(lanes, 2);
    assert_eq!(decoded::<View>(&outputs), [View { room: Some(OTHER), have_seq: U53::default() }]);
    let resume = decoded::<Resume>(&outputs);
    let rooms: Vec<RoomId> = resume[0].cursors.iter().map(|cursor| cursor.room).collect();
    assert_eq!(rooms, [OTHER, ROOM]);
    assert_eq!(resume[0].cursors[0].epoch, Epoch::default());
    assert_eq!(resume[0].cursors[0].tail, 50);
}

#[test]
fn a_room_comes_back_from_where_its_tail_stands() {
    let mut bench = Bench::online(&[ROOM]);
    let resume = bench.controls::<Resume>();
    bench.resumed(resume[0].request, ROOM, Outcome::Limited, 7);
    bench.name(LaneClass::Others, 4, ROOM);
    bench.entry(LaneClass::Others, 4, 8);
    bench.machine.disconnected();
    bench.attach(&[ROOM]);
    let resume = bench.controls::<Resume>();
    assert_eq!((resume[0].cursors[0].epoch, resume[0].cursors[0].seq), (EPOCH, U53::from(8)));
    // The server repeats what was under way, under another handle.
    bench.name(LaneClass::Others, 1, ROOM);
    for seq in [7, 8, 9, 10] {
        bench.entry(LaneClass::Others, 1, seq);
    }
    assert_eq!(bench.texts(), ["8", "9", "10"]);
}

#[test]
fn after_a_room_that_only_its_resume_says_is_gone_all_of_the_own_log_is_asked_for() {
    let mut bench = Bench::online(&[ROOM, OTHER]);
    let request = bench.controls::<Resume>()[0].request;
    bench.resumed(request, ROOM, Outcome::Gone, 0);
    bench.machine.disconnected();
    bench.machine.connected(&welcome(), bench.now);
    assert_eq!(bench.controls::<Attach>()[0].user_epoch, Epoch::default());
}

#[test]
fn an_answer_from_before_the_user_came_back_does_not_take_the_room_away() {
    let mut bench = Bench::online(&[ROOM]);
    let before = bench.controls::<Resume>()[0].request;
    bench.room_added(ROOM);
    let behind = bench.controls::<Resume>();
    assert_eq!(behind.len(), 1, "it is asked for again");
    bench.resumed(before, ROOM, Outcome::Gone, 0);
    bench.resumed(behind[0].request, ROOM, Outcome::Limited, 7);
    bench.name(LaneClass::Others, 4, ROOM);
    bench.entry(LaneClass::Others, 4, 8);
    assert_eq!(bench.texts(), ["8"]);
}

#[test]
fn a_lane_that_died_is_opened_again_and_its_rooms_resumed() {
    let mut bench = Bench::online(&[ROOM, OTHER]);
    bench.machine.command(Command::View(Some(ROOM)));
    for resume in bench.controls::<Resume>() {
        bench.resumed(resume.request, ROOM, Outcome::Limited, 3);
    }
    bench.machine.lane_lost(LaneClass::InView, bench.now);
    let outputs = bench.outputs();
    assert!(outputs.iter().any(|output| matches!(output, Output::OpenLane(LaneClass::InView))));
    assert!(decoded::<Resume>(&outputs).is_empty(), "the dead lane may still move cursors");
    bench.machine.lane_frame(LaneClass::InView, &frame_of(&LaneReady { class: LaneClass::InView })).unwrap();
    let outputs = bench.outputs();
    let resume = decoded::<Resume>(&outputs);
    let resumed: HashSet<RoomId> = resume[0].cursors.iter().map(|cursor| cursor.room).collect();
    assert_eq!(resumed, HashSet::from([ROOM, OTHER]), "a room may have changed lanes just before");
    assert_eq!(decoded::<View>(&outputs)[0].have_seq, U53::from(3));
    // One that dies again and again is not opened in a loop.
    bench.machine.lane_lost(LaneClass::InView, bench.now);
    assert!(!bench.outputs().iter().any(|output| matches!(output, Output::OpenLane(_))));
    bench.later(60);
    assert!(bench.outputs().iter().any(|output| matches!(output, Output::OpenLane(_))));
}

#[test]
fn entries_under_a_handle_that_no_room_has_are_a_violation_and_of_a_left_room_are_not() {
    let mut bench = Bench::online(&[ROOM]);
    bench.name(LaneClass::InView, 1, OTHER);
    bench.entry(LaneClass::InView, 1, 1);
    assert!(bench.texts().is_empty());
    let header = EntryHeader {
        room: 9,
        seq: U53::default(),
        at_ms: U53::default(),
        author: UserId::default(),
        client_id: ClientId::default(),
    };
    let stray = frame_of(&EntryPosted { header, text: String::new() });
    assert!(bench.machine.lane_frame(LaneClass::InView, &stray).is_err());
}

#[test]
fn a_room_joined_on_another_device_is_resumed_at_once() {
    let mut bench = Bench::online(&[ROOM]);
    bench.outputs();
    bench.room_added(OTHER);
    let resume = bench.controls::<Resume>();
    assert_eq!(resume[0].cursors.iter().map(|cursor| cursor.room).collect::<Vec<_>>(), [OTHER]);
    let header = UserEntryHeader { seq: U53::from(99), at_ms: U53::default() };
    bench.receive(&RoomRemoved { header, room: OTHER });
    bench.machine.disconnected();
    bench.machine.connected(&welcome(), bench.now);
    assert_eq!(bench.controls::<Attach>()[0].user_seq, U53::from(99));
    assert!(bench.machine.events().iter().any(|event| matches!(event, Event::RoomRemoved(OTHER))));
}

fn welcome() -> Welcome {
    let limits = Limits {
        text_bytes_max: 16_384,
        room_name_chars_max: 0,
        rooms_per_user_max: 0,
        history_page_max: 0,
        resume_cursors_max: 0,
        presence_watch_max: 0,
        streams_max: 16,
        requests_in_flight_max: 0,
        datagram_bytes_max: 0,
        ping_interval_ms: 15_000,
        dead_after_ms: 40_000,
    };
    Welcome {
        user: UserId::default(),
        name: String::new(),
        session: SessionId::default(),
        ticket: Ticket::default(),
        server: String::new(),
        now_ms: U53::default(),
        limits,
    }
}

#[test]
fn a_request_is_asked_until_it_is_answered() {
    let mut bench = Bench::online(&[]);
    let (answer, mut outcome) = oneshot::channel();
    let request = Request::CreateRoom { client_id: ClientId([3; 16]), name: "x".to_owned() };
    bench.machine.command(Command::Ask(Ask { request, answer, tries: 0 }));
    assert_eq!(bench.controls::<CreateRoom>().len(), 1);
    bench.machine.disconnected();
    bench.attach(&[]);
    let again = bench.controls::<CreateRoom>();
    assert_eq!(again[0].client_id, ClientId([3; 16]));
    bench.receive(&RoomAnswer { request: again[0].request, room: info(ROOM) });
    assert!(matches!(outcome.try_recv().unwrap(), Ok(Answer::Room(room)) if room.id == ROOM));
}

#[test]
fn nobody_is_asked_for_somebody_who_left() {
    let mut bench = Bench::online(&[]);
    let (answer, outcome) = oneshot::channel();
    drop(outcome);
    let request = Request::ListRooms { after: None, limit: 1 };
    bench.machine.command(Command::Ask(Ask { request, answer, tries: 0 }));
    bench.outputs();
    assert!(bench.outputs().is_empty());
}

#[test]
fn requests_in_flight_are_bounded() {
    let mut bench = Bench::online(&[]);
    bench.outputs();
    for id in 0..200u8 {
        bench.machine.command(Command::Post(pending(RoomId([id; 16]), id)));
    }
    assert_eq!(bench.controls::<Post>().len(), limits::REQUESTS_IN_FLIGHT_MAX);
}

#[test]
fn a_goodbye_names_the_pause() {
    let mut bench = Bench::online(&[]);
    bench.outputs();
    bench.receive(&GoAway { reconnect_after_ms: 300 });
    let outputs = bench.outputs();
    assert!(matches!(&outputs[..], [Output::GiveUp(failure)] if failure.known() == Some(Code::GoingAway)));
    assert_eq!(bench.machine.take_go_away(), Some(Duration::from_millis(300)));
}

#[test]
fn a_silent_server_is_pinged_and_then_dead() {
    let mut bench = Bench::online(&[]);
    bench.outputs();
    bench.later(16);
    assert_eq!(bench.controls::<Ping>().len(), 1);
    assert!(!bench.machine.is_dead(bench.now));
    bench.later(limits::PROBE_PATIENCE.as_secs());
    assert!(bench.machine.is_dead(bench.now));
}

#[test]
fn leaving_a_room_mid_resume_and_unknown_kinds_harm_nothing() {
    let mut bench = Bench::online(&[ROOM]);
    let resume = bench.controls::<Resume>();
    let header = UserEntryHeader { seq: U53::from(50), at_ms: U53::default() };
    bench.receive(&RoomRemoved { header, room: ROOM });
    bench.resumed(resume[0].request, ROOM, Outcome::Complete, 3);
    bench.machine.frame(&Frame { kind: 10_000, body: Bytes::from_static(b"later") }, bench.now).unwrap();
    assert!(bench.machine.frame(&Frame { kind: 15, body: Bytes::from_static(b"\xFF") }, bench.now).is_err());
}

#[test]
fn a_deleted_room_is_dropped_at_once_whatever_is_missing_of_it() {
    let mut bench = Bench::online(&[ROOM, OTHER]);
    let resume = bench.controls::<Resume>();
    bench.resumed(resume[0].request, ROOM, Outcome::Complete, 3);
    bench.machine.command(Command::Post(pending(ROOM, 1)));
    let asked = bench.controls::<Post>();
    let handle = RoomHandle { handle: 7, room: ROOM, epoch: EPOCH };
    let at = EntryHeader {
        room: 7,
        seq: U53::from(90),
        at_ms: U53::default(),
        author: UserId::default(),
        client_id: ClientId::default(),
    };
    bench.machine.lane_frame(LaneClass::Others, &frame_of(&handle)).unwrap();
    for _ in 0..2 {
        bench.machine.lane_frame(LaneClass::Others, &frame_of(&EntryRoomDeleted { header: at.clone() })).unwrap();
    }
    let is_of = |event: &Event| match event {
        Event::Entry(entry) if entry.room == ROOM => Some(entry.kind == EntryKind::RoomDeleted),
        Event::RoomRemoved(room) => Some(*room == ROOM),
        _ => None,
    };
    let told: Vec<bool> = bench.machine.events().iter().filter_map(is_of).collect();
    assert_eq!(told, [true, true], "the entry and the removal, each once");
    bench.receive(&Failed { request: asked[0].request, code: Code::RoomDeleted.number(), detail: String::new() });
    let settled = |output: &Output| matches!(output, Output::Settled(post, _) if post.post.room == ROOM);
    assert!(bench.outputs().iter().any(settled), "what waited to be posted there is dropped");
}
