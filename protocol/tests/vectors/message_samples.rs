//! Values of every kind, ordinary and extreme.

use rill_protocol::{
    AttemptId, ClientId, Code, Epoch, Kind, RoomId, SessionId, Ticket, U53, UserId,
    message::{
        Accepted, AcceptedBatch, Attach, Attached, BatchPost, Control, CreateRoom, Cursor, Direction, Done,
        EntryCreated, EntryErased, EntryHeader, EntryHidden, EntryJoined, EntryLeft, EntryPosted, Failed, GetMessages,
        GetUsers, GoAway, Hello, History, InvitationGone, InvitedToRoom, JoinRoom, Lane, LaneClass, LaneReady,
        LeaveRoom, Limits, ListMembers, ListRooms, Member, MemberPage, Message, MessageKind, MessagePage, Outcome,
        Ping, PlacedPost, Pong, Post, PostBatch, Presence, PresenceSlot, PresenceState, Replay, Resume, Resumed,
        ResumedRoom, RoomAdded, RoomAnswer, RoomHandle, RoomInfo, RoomPage, RoomRemoved, UserEntryHeader, UserHead,
        UserInfo, Users, View, WatchPresence, Welcome,
    },
};
use serde_json::json;
use std::ops::Add as _;

use crate::{
    file_samples as files, group_samples as groups, hex::to_hex, messages::line, moderation_samples as moderation,
    people_samples as people, picture_samples as pictures, private_chat_samples as private_chats,
    read_state_samples as read_states,
};

pub(crate) const EMOJI: &str = "👩‍👩‍👧‍👦 🎉 ok";
pub(crate) const CHINESE: &str = "技术交流";
/// A byte order mark, a zero, and what combines.
pub(crate) const ODD: &str = "\u{FEFF}\0e\u{301}\n\t\"\\";

pub(crate) fn bytes<const N: usize>(first: u8) -> [u8; N] {
    std::array::from_fn(|at| first.wrapping_add((at as u8).wrapping_mul(17)))
}

pub(crate) fn user(first: u8) -> UserId {
    UserId(bytes(first))
}

pub(crate) fn room(first: u8) -> RoomId {
    RoomId(bytes(first))
}

pub(crate) fn epoch(first: u8) -> Epoch {
    Epoch(bytes(first))
}

pub(crate) fn client_id(first: u8) -> ClientId {
    ClientId(bytes(first))
}

pub(crate) fn u53(value: u64) -> U53 {
    U53::new(value).expect("below 2^53")
}

fn room_info(name: &str) -> RoomInfo {
    RoomInfo {
        id: room(3),
        name: name.to_owned(),
        creator: user(9),
        creator_name: "user1".to_owned(),
        created_ms: u53(1_790_000_000_000),
        members: 3,
        joined: true,
    }
}

pub(crate) fn header() -> EntryHeader {
    EntryHeader { room: 1, seq: u53(42), at_ms: u53(1_790_000_000_123), author: user(9), client_id: client_id(77) }
}

pub(crate) fn largest_header() -> EntryHeader {
    let (author, client_id) = (UserId([255; 16]), ClientId([255; 16]));
    EntryHeader { room: u32::MAX, seq: U53::MAX, at_ms: U53::MAX, author, client_id }
}

fn limits(value: u32) -> Limits {
    Limits {
        text_bytes_max: value,
        room_name_chars_max: value,
        rooms_per_user_max: value,
        history_page_max: value,
        resume_cursors_max: value,
        presence_watch_max: value,
        streams_max: value,
        requests_in_flight_max: value,
        datagram_bytes_max: value,
        ping_interval_ms: value,
        dead_after_ms: value,
    }
}

/// All samples, in the order of the kinds.
pub(crate) fn lines() -> Vec<String> {
    [
        streams_and_session(),
        resuming(),
        answers_and_rooms(),
        people_and_signals(),
        history_and_entries(),
        batches(),
        files::lines(),
        pictures::lines(),
        people::lines(),
        private_chats::lines(),
        groups::lines(),
        read_states::lines(),
        moderation::lines(),
    ]
    .concat()
}

fn streams_and_session() -> Vec<String> {
    let welcome = Welcome {
        user: user(9),
        name: CHINESE.to_owned(),
        session: SessionId(bytes(5)),
        ticket: Ticket(bytes(200)),
        server: "rill 0.1.0".to_owned(),
        now_ms: u53(1_790_000_000_000),
        limits: limits(16_384),
    };
    vec![
        line("this version", &Control { version: 1 }),
        line("the last version", &Control { version: u32::MAX }),
        line("in view", &Lane { class: LaneClass::InView }),
        line("others", &Lane { class: LaneClass::Others }),
        line("a class of a later version", &Lane { class: LaneClass::Other(4_000_000_000) }),
        line("nothing", &History {}),
        line(
            "a browser",
            &Hello { ticket: Ticket(bytes(1)), attempt: AttemptId(bytes(2)), client: "rill-web".to_owned() },
        ),
        line("all zero", &Hello { ticket: Ticket([0; 32]), attempt: AttemptId([0; 16]), client: String::new() }),
        line("ordinary", &welcome),
        line("largest", &Welcome { now_ms: U53::MAX, limits: limits(u32::MAX), name: EMOJI.to_owned(), ..welcome }),
        line("from nothing", &Attach { request: 1, user_epoch: Epoch([0; 16]), user_seq: u53(0) }),
        line("from a cursor", &Attach { request: 250, user_epoch: epoch(1), user_seq: u53(251) }),
        line("largest", &Attach { request: u32::MAX, user_epoch: Epoch([255; 16]), user_seq: U53::MAX }),
        line("snapshot", &Attached { request: 1, user_epoch: epoch(1), snapshot: true }),
        line("since the cursor", &Attached { request: 65_536, user_epoch: epoch(1), snapshot: false }),
    ]
}

fn resuming() -> Vec<String> {
    let cursor = |first, seq| Cursor { room: room(first), epoch: epoch(first), seq: u53(seq), tail: 50 };
    let resumed =
        |outcome| ResumedRoom { room: room(3), outcome, epoch: epoch(4), base: u53(65_535), head: u53(65_536) };
    vec![
        line("no cursor", &Resume { request: 2, cursors: vec![] }),
        line("three cursors", &Resume { request: 3, cursors: vec![cursor(1, 0), cursor(2, 250), cursor(3, 251)] }),
        line(
            "a new room",
            &Resume {
                request: 4,
                cursors: vec![Cursor { room: room(1), epoch: Epoch([0; 16]), seq: u53(0), tail: 50 }],
            },
        ),
        line("all unchanged", &Resumed { request: 2, unchanged: 500, rooms: vec![] }),
        line(
            "every outcome",
            &Resumed {
                request: 3,
                unchanged: 0,
                rooms: vec![
                    resumed(Outcome::Complete),
                    resumed(Outcome::Limited),
                    resumed(Outcome::EpochChanged),
                    resumed(Outcome::Gone),
                    resumed(Outcome::Other(99)),
                ],
            },
        ),
        line("no room", &View { room: None, have_seq: u53(0) }),
        line("a room", &View { room: Some(room(7)), have_seq: U53::MAX }),
        line("soon", &GoAway { reconnect_after_ms: 250 }),
        line("later", &GoAway { reconnect_after_ms: 65_535 }),
    ]
}

fn answers_and_rooms() -> Vec<String> {
    let failed = |code, detail: &str| Failed { request: 7, code, detail: detail.to_owned() };
    let post = |text: &str| Post { request: 8, room: room(3), client_id: client_id(6), text: text.to_owned() };
    let accepted = |replay| Accepted { request: 8, epoch: epoch(2), seq: u53(1 << 32), at_ms: u53(1 << 40), replay };
    let member = |name: &str, online| Member { user: user(9), name: name.to_owned(), joined_ms: u53(1), online };
    vec![
        line("no such room", &failed(Code::NoSuchRoom.number(), "")),
        line("a code of a later version", &failed(u32::MAX, CHINESE)),
        line("an answer", &Done { request: 9 }),
        line("the last request", &Done { request: u32::MAX }),
        line("plain", &post("hello")),
        line("chinese", &post(CHINESE)),
        line("emoji", &post(EMOJI)),
        line("odd characters", &post(ODD)),
        line("250 bytes", &post(&"a".repeat(250))),
        line("251 bytes", &post(&"é".repeat(125).add("z"))),
        line("empty", &post("")),
        line("first", &accepted(Replay::First)),
        line("same", &accepted(Replay::Same)),
        line("different", &accepted(Replay::Different)),
        line("a replay of a later version", &accepted(Replay::Other(3))),
        line("chinese", &CreateRoom { request: 10, client_id: client_id(1), name: CHINESE.to_owned() }),
        line("one letter", &CreateRoom { request: 0, client_id: ClientId([0; 16]), name: "x".to_owned() }),
        line("a room", &JoinRoom { request: 11, client_id: client_id(2), room: room(3) }),
        line("a room", &LeaveRoom { request: 12, client_id: client_id(3), room: room(3) }),
        line("chinese", &RoomAnswer { request: 10, room: room_info(CHINESE) }),
        line(
            "largest",
            &RoomAnswer {
                request: u32::MAX,
                room: RoomInfo { created_ms: U53::MAX, members: u32::MAX, joined: false, ..room_info(EMOJI) },
            },
        ),
        line("first page", &ListRooms { request: 13, after: None, limit: 100 }),
        line("next page", &ListRooms { request: 14, after: Some(room(3)), limit: 1 }),
        line("empty", &RoomPage { request: 13, rooms: vec![], more: false }),
        line("two rooms", &RoomPage { request: 14, rooms: vec![room_info("general"), room_info(EMOJI)], more: true }),
        line("first page", &ListMembers { request: 15, room: room(3), after: None, limit: 200 }),
        line("next page", &ListMembers { request: 16, room: room(3), after: Some(user(9)), limit: 300 }),
        line("empty", &MemberPage { request: 15, members: vec![], more: false }),
        line(
            "two members",
            &MemberPage { request: 16, members: vec![member("user1", true), member(CHINESE, false)], more: true },
        ),
    ]
}

fn people_and_signals() -> Vec<String> {
    let slot = |version, state| PresenceSlot { user: user(9), version, state };
    vec![
        line("nobody", &GetUsers { request: 17, users: vec![] }),
        line("two", &GetUsers { request: 18, users: vec![user(1), user(2)] }),
        line("nobody", &Users { request: 17, users: vec![] }),
        line("one", &Users { request: 18, users: vec![UserInfo { id: user(1), name: EMOJI.to_owned() }] }),
        line("nobody", &WatchPresence { request: 19, users: vec![] }),
        line("two", &WatchPresence { request: 20, users: vec![user(3), user(4)] }),
        line("nobody", &Presence { slots: vec![] }),
        line(
            "every state",
            &Presence {
                slots: vec![
                    slot(u53(0), PresenceState::Offline),
                    slot(u53(1), PresenceState::Online),
                    slot(U53::MAX, PresenceState::Other(251)),
                ],
            },
        ),
        line("zero", &Ping { nonce: 0 }),
        line("largest", &Ping { nonce: u32::MAX }),
        line("ordinary", &Pong { nonce: 251, now_ms: u53(1_790_000_000_000) }),
        line("largest", &Pong { nonce: u32::MAX, now_ms: U53::MAX }),
    ]
}

fn history_and_entries() -> Vec<String> {
    let ask = |direction, seq| GetMessages { request: 21, room: room(3), direction, seq, limit: 100 };
    let message = |kind, text: &str| Message {
        seq: u53(1),
        at_ms: u53(1_790_000_000_000),
        author: user(9),
        client_id: client_id(8),
        kind,
        text: text.to_owned(),
        edits: 0,
    };
    let user_header = UserEntryHeader { seq: u53(5), at_ms: u53(1_790_000_000_000) };
    vec![
        line("before", &ask(Direction::Before, U53::MAX)),
        line("after", &ask(Direction::After, u53(0))),
        line("a direction of a later version", &ask(Direction::Other(2), u53(65_536))),
        line("empty", &MessagePage { request: 21, epoch: epoch(2), as_of: u53(0), messages: vec![], next: None }),
        line(
            "every kind",
            &MessagePage {
                request: 22,
                epoch: epoch(2),
                as_of: u53(300),
                messages: vec![
                    message(MessageKind::Text, EMOJI),
                    message(MessageKind::Created, CHINESE),
                    message(MessageKind::Joined, ""),
                    message(MessageKind::Left, ""),
                    message(MessageKind::Erased, ""),
                    Message { seq: U53::MAX, edits: u32::MAX, ..message(MessageKind::File, ODD) },
                ],
                next: Some(u53(250)),
            },
        ),
        line("first", &RoomHandle { handle: 1, room: room(3), epoch: epoch(2) }),
        line("largest", &RoomHandle { handle: u32::MAX, room: RoomId([255; 16]), epoch: Epoch([255; 16]) }),
        line("in view", &LaneReady { class: LaneClass::InView }),
        line("a class of a later version", &LaneReady { class: LaneClass::Other(2) }),
        line("chinese", &EntryCreated { header: header(), name: CHINESE.to_owned() }),
        line("plain", &EntryPosted { header: header(), text: "hello".to_owned() }),
        line("emoji", &EntryPosted { header: header(), text: EMOJI.to_owned() }),
        line("largest header", &EntryPosted { header: largest_header(), text: CHINESE.repeat(25) }),
        line("ordinary", &EntryJoined { header: header() }),
        line("ordinary", &EntryLeft { header: header() }),
        line(
            "nothing but the seq",
            &EntryHidden {
                header: EntryHeader {
                    room: 1,
                    seq: u53(43),
                    at_ms: u53(0),
                    author: UserId([0; 16]),
                    client_id: ClientId([0; 16]),
                },
            },
        ),
        line("ordinary", &EntryErased { header: header() }),
        line("chinese", &RoomAdded { header: user_header.clone(), room: room_info(CHINESE) }),
        line("ordinary", &RoomRemoved { header: user_header.clone(), room: room(3) }),
        line(
            "chinese",
            &InvitedToRoom {
                header: user_header.clone(),
                room: room_info(CHINESE),
                by: user(9),
                by_name: "user1".to_owned(),
            },
        ),
        line("ordinary", &InvitationGone { header: user_header, room: room(3) }),
        line("nothing", &UserHead { seq: u53(0) }),
        line("largest", &UserHead { seq: U53::MAX }),
    ]
}

fn batches() -> Vec<String> {
    let batch = |posts: &[(u8, &str)]| PostBatch {
        request: 23,
        room: room(3),
        posts: posts
            .iter()
            .map(|(id, text)| BatchPost { client_id: client_id(*id), text: (*text).to_owned() })
            .collect(),
    };
    let placed = |seq, replay| PlacedPost { seq: u53(seq), at_ms: u53(1_790_000_000_123), replay };
    let accepted = |posts| AcceptedBatch { request: 23, epoch: epoch(2), posts };
    vec![
        line("nothing", &batch(&[])),
        line("two", &batch(&[(6, "hello"), (7, CHINESE)])),
        line("odd characters", &batch(&[(0, EMOJI), (255, ODD), (1, "")])),
        line("nothing", &accepted(vec![])),
        line("two", &accepted(vec![placed(42, Replay::First), placed(43, Replay::First)])),
        line(
            "every replay",
            &accepted(vec![
                placed(250, Replay::Same),
                placed(251, Replay::Different),
                PlacedPost { seq: U53::MAX, at_ms: U53::MAX, replay: Replay::Other(3) },
            ]),
        ),
    ]
}

/// Bodies that no decoder may take.
pub(crate) fn refused_lines() -> Vec<String> {
    let refused = |name: &str, kind: Kind, body: &[u8]| {
        json!({ "name": name, "kind": kind.number(), "body_hex": to_hex(body) }).to_string()
    };
    let id = [7; 16];
    let post = |tail: &[u8]| [&[8], &id[..], &id[..], tail].concat();
    vec![
        refused("an integer that begins with 254", Kind::Done, &[254]),
        refused("an integer that begins with 255", Kind::Done, &[255, 0, 0, 0, 0]),
        refused("a u32 of eight bytes", Kind::Done, &[253, 1, 0, 0, 0, 0, 0, 0, 0]),
        refused("2^53", Kind::UserHead, &[253, 0, 0, 0, 0, 0, 0, 32, 0]),
        refused("2^64 - 1", Kind::UserHead, &[253, 255, 255, 255, 255, 255, 255, 255, 255]),
        refused("a bool of 2", Kind::Attached, &[&[1], &id[..], &[2]].concat()),
        refused("an option of 2", Kind::View, &[&[2], &id[..], &[0]].concat()),
        refused("a text that is cut", Kind::Post, &post(&[3, b'a', b'b'])),
        refused("a text of 2^40 bytes", Kind::Post, &post(&[253, 0, 0, 0, 0, 0, 1, 0, 0, b'a'])),
        refused("a text that is no UTF-8", Kind::Post, &post(&[2, 0xC3, 0x28])),
        refused("a text with a surrogate", Kind::Post, &post(&[3, 0xED, 0xA0, 0x80])),
        refused("a text with an overlong form", Kind::Post, &post(&[2, 0xC0, 0x80])),
        refused("a list of 2^32 - 1 users", Kind::GetUsers, &[1, 252, 255, 255, 255, 255]),
        refused("a list of 2^63 users", Kind::GetUsers, &[1, 253, 0, 0, 0, 0, 0, 0, 0, 128]),
        refused("a list that is cut", Kind::GetUsers, &[&[1, 2], &id[..], &id[..15]].concat()),
        refused("a list of 2^32 - 1 messages", Kind::PostBatch, &[&[23], &id[..], &[252, 255, 255, 255, 255]].concat()),
        refused("bytes that are cut", Kind::FileChunk, &[0, 3, 1, 2]),
        refused("bytes behind the bytes", Kind::FileChunk, &[0, 1, 1, 2]),
        refused("2^40 bytes", Kind::FileChunk, &[0, 253, 0, 0, 0, 0, 0, 1, 0, 0, 1]),
        refused("a digest that is cut", Kind::EndUpload, &[7; 31]),
        refused("a byte behind the body", Kind::Ping, &[1, 0]),
        refused("a byte behind an empty body", Kind::History, &[0]),
        refused("nothing", Kind::Ping, &[]),
    ]
}
