//! Entries of a room as frames.

use bytes::Bytes;
use rill_protocol::{
    ClientId, U53, UserId, codec,
    message::{
        Avatar, EntryAvatar, EntryCreated, EntryDeleted, EntryErased, EntryFile, EntryFileSettled, EntryHeader,
        EntryHidden, EntryJoined, EntryLeft, EntryMemberChange, EntryPosted, EntryRoomChange, EntryRoomDeleted,
    },
};
use rill_storage::model::{Body, Entry, Fact};

use super::{file, group, number};

/// An entry's frame under a room's handle, as every member who may see it gets it.
pub fn encode(handle: u32, entry: &Entry) -> Bytes {
    let header = EntryHeader {
        room: handle,
        seq: number(entry.seq),
        at_ms: number(entry.at_ms),
        author: entry.author,
        client_id: entry.client_id,
    };
    match (entry.fact, &entry.body) {
        (Fact::File, body @ Body::Text(_)) => match &entry.file {
            Some(of) => codec::frame(&EntryFile { header, text: text(body), file: file::info(of) }),
            None => codec::frame(&EntryErased { header }),
        },
        (Fact::FileSettled { target }, _) => match &entry.file {
            Some(of) => codec::frame(&EntryFileSettled { header, target: number(target), state: file::state(of) }),
            None => codec::frame(&EntryErased { header }),
        },
        (Fact::Avatar { version, is_set }, _) => {
            codec::frame(&EntryAvatar { header, avatar: Avatar { version: number(version), is_set } })
        }
        (Fact::Deleted { target }, _) => codec::frame(&EntryDeleted { header, target: number(target) }),
        (Fact::RoomDeleted, _) => codec::frame(&EntryRoomDeleted { header }),
        (Fact::Joined, _) => codec::frame(&EntryJoined { header }),
        (Fact::Left, _) => codec::frame(&EntryLeft { header }),
        (Fact::Created, body) => codec::frame(&EntryCreated { header, name: text(body) }),
        (Fact::Posted, body @ Body::Text(_)) => codec::frame(&EntryPosted { header, text: text(body) }),
        (Fact::Posted | Fact::File, Body::None | Body::Erased) => codec::frame(&EntryErased { header }),
        (fact, body) => match (group::room_change(fact, body), group::member_change(fact, body)) {
            (Some(change), _) => codec::frame(&EntryRoomChange { header, change }),
            (None, Some(change)) => codec::frame(&EntryMemberChange { header, change }),
            (None, None) => codec::frame(&EntryErased { header }),
        },
    }
}

fn text(body: &Body) -> String {
    match body {
        Body::Text(text) => text.to_string(),
        Body::None | Body::Erased => String::new(),
    }
}

/// What stands in for an entry that the reader may not see: its place, nothing else.
pub fn hidden(handle: u32, seq: u64) -> Bytes {
    codec::frame(&EntryHidden {
        header: EntryHeader {
            room: handle,
            seq: number(seq),
            at_ms: U53::default(),
            author: UserId::default(),
            client_id: ClientId::default(),
        },
    })
}
