//! What comes on a lane: names for rooms, then entries under those names.

use rill_protocol::{
    Epoch, Frame, Kind, RoomId,
    codec::{self, DecodeError},
    message::{
        EntryAvatar, EntryCreated, EntryDeleted, EntryFile, EntryFileSettled, EntryHeader, EntryMemberChange,
        EntryPosted, EntryRoomChange, RoomHandle,
    },
};
use std::collections::HashMap;
use thiserror::Error;

use crate::{Entry, EntryKind};

/// Handles one lane may give out: every room of a user, many times over.
const HANDLES_MAX: usize = 1 << 16;

/// The server broke the rules of the wire. The connection is given up.
#[derive(Debug, Error)]
pub(crate) enum Violation {
    #[error("a frame of the server: {0}")]
    Body(#[from] DecodeError),
    #[error("an entry under handle {0}, which no room has")]
    Handle(u32),
    #[error("more room handles than a lane may give out")]
    TooManyHandles,
}

/// The rooms that one lane has named so far.
#[derive(Debug, Default)]
pub(crate) struct Handles(HashMap<u32, (RoomId, Epoch)>);

impl Handles {
    /// An entry, if the frame is one.
    pub(crate) fn read(&mut self, frame: &Frame) -> Result<Option<Entry>, Violation> {
        if let Some(named) = frame.decode_if::<RoomHandle>() {
            let RoomHandle { handle, room, epoch } = named?;
            self.0.insert(handle, (room, epoch));
            return if self.0.len() > HANDLES_MAX { Err(Violation::TooManyHandles) } else { Ok(None) };
        }
        if !Kind::is_room_entry(frame.kind) {
            return Ok(None);
        }
        let (header, kind) = match frame.known() {
            Some(Kind::EntryPosted) => {
                let EntryPosted { header, text } = frame.decode()?;
                (header, EntryKind::Posted { text })
            }
            Some(Kind::EntryCreated) => {
                let EntryCreated { header, name } = frame.decode()?;
                (header, EntryKind::Created { name })
            }
            Some(Kind::EntryJoined) => (frame.decode()?, EntryKind::Joined),
            Some(Kind::EntryLeft) => (frame.decode()?, EntryKind::Left),
            Some(Kind::EntryHidden) => (frame.decode()?, EntryKind::Hidden),
            Some(Kind::EntryFile) => {
                let EntryFile { header, text, file } = frame.decode()?;
                (header, EntryKind::File { text, file })
            }
            Some(Kind::EntryFileSettled) => {
                let EntryFileSettled { header, target, state } = frame.decode()?;
                (header, EntryKind::FileSettled { target: target.get(), state })
            }
            Some(Kind::EntryAvatar) => {
                let EntryAvatar { header, avatar } = frame.decode()?;
                (header, EntryKind::Avatar { version: avatar.version.get(), is_set: avatar.is_set })
            }
            Some(Kind::EntryRoomChange) => {
                let EntryRoomChange { header, change } = frame.decode()?;
                (header, EntryKind::RoomChange(change))
            }
            Some(Kind::EntryMemberChange) => {
                let EntryMemberChange { header, change } = frame.decode()?;
                (header, EntryKind::MemberChange(change))
            }
            Some(Kind::EntryDeleted) => {
                let EntryDeleted { header, target } = frame.decode()?;
                (header, EntryKind::Deleted { target: target.get() })
            }
            Some(Kind::EntryRoomDeleted) => (frame.decode()?, EntryKind::RoomDeleted),
            Some(Kind::EntryErased) => (frame.decode()?, EntryKind::Erased),
            // Of a later version: it still counts, so that the tail stays whole.
            _ => (codec::decode_prefix::<EntryHeader>(&frame.body)?.0, EntryKind::Unknown(frame.kind)),
        };
        let (room, epoch) = *self.0.get(&header.room).ok_or(Violation::Handle(header.room))?;
        Ok(Some(Entry {
            room,
            epoch,
            seq: header.seq.get(),
            at_ms: header.at_ms.get(),
            author: header.author,
            client_id: header.client_id,
            kind,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::BytesMut;
    use rill_protocol::{
        ClientId, FrameDecoder, TransferId, U53, UserId,
        kind::Body,
        message::{EntryJoined, FileInfo, FileOutcome, FileState},
        varint,
    };

    fn frame_of<T: Body>(value: &T) -> Frame {
        let mut decoder = FrameDecoder::new(1_000);
        decoder.push(&codec::frame(value));
        decoder.next_frame().unwrap().unwrap()
    }

    fn header(room: u32, seq: u32) -> EntryHeader {
        EntryHeader {
            room,
            seq: U53::from(seq),
            at_ms: U53::from(5),
            author: UserId([1; 16]),
            client_id: ClientId([2; 16]),
        }
    }

    fn named() -> Handles {
        let mut handles = Handles::default();
        let name = RoomHandle { handle: 3, room: RoomId([7; 16]), epoch: Epoch([8; 16]) };
        assert_eq!(handles.read(&frame_of(&name)).unwrap(), None);
        handles
    }

    #[test]
    fn an_entry_is_read_under_the_handle_of_its_room() {
        let frame = frame_of(&EntryPosted { header: header(3, 9), text: "技术".to_owned() });
        let entry = named().read(&frame).unwrap().unwrap();
        assert_eq!((entry.room, entry.epoch, entry.seq), (RoomId([7; 16]), Epoch([8; 16]), 9));
        assert_eq!(entry.kind, EntryKind::Posted { text: "技术".to_owned() });
    }

    #[test]
    fn a_file_and_what_became_of_it_are_entries() {
        let size = U53::from(9);
        let file = FileInfo { transfer: TransferId([5; 16]), name: "a.pdf".to_owned(), size, voice: None };
        let posted = EntryFile { header: header(3, 9), text: "see".to_owned(), file: file.clone() };
        let entry = named().read(&frame_of(&posted)).unwrap().unwrap();
        assert_eq!((entry.seq, entry.kind), (9, EntryKind::File { text: "see".to_owned(), file }));
        let (outcome, media_type) = (FileOutcome::Failed, "text/plain".to_owned());
        let state = FileState { outcome, code: 85, size, media_type, image: None };
        let settled = EntryFileSettled { header: header(3, 12), target: U53::from(9), state: state.clone() };
        let entry = named().read(&frame_of(&settled)).unwrap().unwrap();
        assert_eq!((entry.seq, entry.kind), (12, EntryKind::FileSettled { target: 9, state }));
    }

    #[test]
    fn an_entry_of_a_later_version_is_stepped_over_but_counted() {
        let mut body = BytesMut::from(&codec::encode(&EntryJoined { header: header(3, 10) })[..]);
        varint::put(&mut body, 99_999);
        let frame = Frame { kind: 150, body: body.freeze() };
        let entry = named().read(&frame).unwrap().unwrap();
        assert_eq!((entry.seq, entry.kind), (10, EntryKind::Unknown(150)));
    }

    #[test]
    fn an_entry_without_a_handle_or_with_leftovers_is_a_violation() {
        let frame = frame_of(&EntryJoined { header: header(4, 1) });
        assert!(matches!(named().read(&frame), Err(Violation::Handle(4))));
        let mut body = BytesMut::from(&frame_of(&EntryJoined { header: header(3, 1) }).body[..]);
        body.extend_from_slice(&[0]);
        let frame = Frame { kind: Kind::EntryJoined.number(), body: body.freeze() };
        assert!(matches!(named().read(&frame), Err(Violation::Body(_))));
    }
}
