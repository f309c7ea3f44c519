//! Values of the kinds by which groups are run.

use rill_protocol::{
    U53, UserId,
    message::{
        ChangeMember, ChangeRoom, CreateGroup, DeclineInvitation, DeleteRoom, EntryMemberChange, EntryRoomChange,
        EntryRoomDeleted, ListOutside, ListRoomLinks, MakeRoomLink, MemberAction, MemberChange, MemberRole,
        MemberRoles, MessageChanges, MessageMemberChange, MessageRoomChange, OpenRoomLink, OutsideList, OutsidePage,
        Outsider, RevokeRoomLink, RoomAccess, RoomChange, RoomDetail, RoomDetails, RoomHistory, RoomKind, RoomLinkInfo,
        RoomLinkMade, RoomLinks, RoomRole, RoomSetting,
    },
};

use crate::{
    message_samples::{CHINESE, client_id, header, largest_header, room, u53, user},
    messages::line,
};

fn setting(setting: RoomSetting, text: &str, value: u32) -> RoomChange {
    RoomChange { setting, text: text.to_owned(), value }
}

fn done(action: MemberAction, name: &str) -> MemberChange {
    MemberChange { action, user: user(7), name: name.to_owned() }
}

fn link(uses: u32) -> RoomLinkInfo {
    RoomLinkInfo {
        id: "01J0000000000000000000000A".to_owned(),
        by: user(9),
        by_name: "user1".to_owned(),
        created_ms: u53(1_790_000_000_000),
        expires_ms: u53(1_790_000_060_000),
        uses_max: 10,
        uses,
    }
}

fn detail(kind: RoomKind, with: Option<UserId>, role: RoomRole) -> RoomDetail {
    RoomDetail {
        room: room(3),
        kind,
        with,
        name: CHINESE.to_owned(),
        topic: "a topic".to_owned(),
        access: RoomAccess::Invited,
        history: RoomHistory::Joining,
        members: 3,
        owner: user(9),
        role,
        slow_mode_ms: 30_000,
        archived: false,
        closed: true,
    }
}

fn requests() -> Vec<String> {
    let (request, client_id, room) = (5, client_id(6), room(3));
    let change = |change| ChangeRoom { request, client_id, room, change };
    let member = |action| ChangeMember { request, client_id, room, user: user(7), action };
    let (name, topic) = (CHINESE.to_owned(), String::new());
    let (access, history) = (RoomAccess::Public, RoomHistory::Start);
    let open = |join| OpenRoomLink { request, client_id, text: "ROOM.SECRET".to_owned(), join };
    vec![
        line("public", &CreateGroup { request, client_id, name, topic, access, history }),
        line("name", &change(setting(RoomSetting::Name, CHINESE, 0))),
        line("slow", &change(setting(RoomSetting::SlowMode, "", 30_000))),
        line("of a later version", &change(setting(RoomSetting::Other(99), "x", u32::MAX))),
        line("remove", &member(MemberAction::Remove)),
        line("of a later version", &member(MemberAction::Other(99))),
        line("some", &DeclineInvitation { request, client_id, room }),
        line("first page", &ListOutside { request, room, list: OutsideList::Invited, after: None, limit: 50 }),
        line("next page", &ListOutside { request, room, list: OutsideList::Banned, after: Some(user(7)), limit: 1 }),
        line("an hour", &MakeRoomLink { request, client_id, room, life_s: 3_600, uses_max: 10 }),
        line("some", &ListRoomLinks { request, room }),
        line("some", &RevokeRoomLink { request, client_id, room, link: link(0).id }),
        line("look", &open(false)),
        line("join", &open(true)),
        line("some", &DeleteRoom { request, client_id, room }),
    ]
}

fn answers() -> Vec<String> {
    let request = 5;
    let outsider = Outsider {
        user: user(7),
        name: CHINESE.to_owned(),
        by: user(9),
        by_name: "user1".to_owned(),
        at_ms: u53(1_790_000_000_123),
    };
    let role = |first, role| MemberRole { user: user(first), role };
    let of_group = detail(RoomKind::Group, None, RoomRole::Admin);
    let of_two = detail(RoomKind::Private, Some(user(7)), RoomRole::Member);
    let room_change = |seq, change| MessageRoomChange { seq, change };
    let member_change = |seq, change| MessageMemberChange { seq, change };
    vec![
        line("none", &RoomDetails { rooms: vec![] }),
        line("a group", &RoomDetails { rooms: vec![of_group] }),
        line("a chat of two", &RoomDetails { rooms: vec![of_two] }),
        line("two", &MemberRoles { roles: vec![role(9, RoomRole::Owner), role(7, RoomRole::Admin)] }),
        line("nobody", &OutsidePage { request, people: vec![], more: false }),
        line("one", &OutsidePage { request, people: vec![outsider], more: true }),
        line("some", &RoomLinkMade { request, link: link(0), text: "ROOM.SECRET".to_owned() }),
        line("one", &RoomLinks { request, links: vec![link(3)] }),
        line("none", &MessageChanges { request, rooms: vec![], members: vec![] }),
        line(
            "both",
            &MessageChanges {
                request,
                rooms: vec![room_change(u53(42), setting(RoomSetting::Topic, "a topic", 0))],
                members: vec![member_change(U53::MAX, done(MemberAction::Invite, "user2"))],
            },
        ),
    ]
}

/// All of them.
pub(crate) fn lines() -> Vec<String> {
    let entries = vec![
        line("access", &EntryRoomChange { header: header(), change: setting(RoomSetting::Access, "", 1) }),
        line("name", &EntryRoomChange { header: largest_header(), change: setting(RoomSetting::Name, CHINESE, 0) }),
        line("banned", &EntryMemberChange { header: header(), change: done(MemberAction::Ban, CHINESE) }),
        line("handed over", &EntryMemberChange { header: largest_header(), change: done(MemberAction::HandOver, "") }),
        line("ordinary", &EntryRoomDeleted { header: header() }),
        line("largest", &EntryRoomDeleted { header: largest_header() }),
    ];
    [requests(), answers(), entries].concat()
}
