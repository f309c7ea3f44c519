//! What a client may do, sensible or not.

use arbitrary::Arbitrary;
use rill_protocol::{
    ClientId, Epoch, Ticket, TransferId, U53, UserId, chunk, codec,
    id::FileDigest,
    message::{
        Attach, CancelUpload, Control, Cursor, Direction, Download, EndUpload, FileUse, FileVariant, GetFile,
        GetMessages, GetRoomFiles, GetUsers, Hello, History, JoinRoom, Lane, LaneClass, LeaveRoom, ListMembers,
        ListRooms, Ping, Post, Resume, StartUpload, Upload, View, WatchPresence,
    },
    version::VERSION,
};

use super::world::World;

/// One step. Streams are numbered in the order in which they were opened, around.
#[derive(Clone, Debug, Arbitrary)]
pub enum Op {
    /// A valid frame.
    Send(u8, Said),
    /// The front of one.
    Cut(u8, Said, u8),
    /// One with a byte changed.
    Spoil(u8, Said, u8, u8),
    /// Bytes of no meaning.
    Raw(u8, Vec<u8>),
    Open(u8),
    Finish(u8),
    Reset(u8, u32),
    Stop(u8, u32),
    Datagram(Vec<u8>),
    /// The server gets to do what is due.
    Wait,
}

/// A frame that a client may send somewhere.
#[derive(Clone, Debug, PartialEq, Eq, Arbitrary)]
pub enum Said {
    Control,
    /// With the ticket of this sequence, which is good once.
    GoodHello,
    BadHello([u8; 4]),
    Attach(u32),
    Resume {
        count: u8,
        seq: u32,
        room: u8,
    },
    View {
        room: Option<u8>,
        seq: u32,
    },
    Post {
        room: u8,
        client: u8,
        text: String,
    },
    Create {
        client: u8,
        name: String,
    },
    Join(u8),
    Leave(u8),
    ListRooms(u32),
    ListMembers(u8),
    GetUsers(u8),
    Watch(u8),
    Ping(u32),
    Lane(u32),
    History,
    GetMessages {
        room: u8,
        direction: u32,
        seq: u32,
        limit: u32,
    },
    RoomFiles {
        room: u8,
        before: u32,
        limit: u32,
    },
    Upload,
    StartUpload {
        room: u8,
        client: u8,
        name: String,
        size: u16,
        knows_digest: bool,
    },
    /// Of a file that is all zeros.
    Chunk {
        offset: u16,
        bytes: u16,
    },
    EndUpload {
        size: u16,
    },
    CancelUpload,
    Download,
    GetFile {
        room: u8,
        seq: u8,
        variant: u8,
        offset: u16,
        length: u32,
    },
}

/// The digest of a file of so many zeros.
fn zeros(size: u16) -> FileDigest {
    FileDigest(*blake3::hash(&vec![0; usize::from(size)]).as_bytes())
}

impl Said {
    /// The frame's bytes.
    pub(super) fn bytes(&self, world: &World, ticket: Ticket) -> Vec<u8> {
        let request = 7;
        let id = |byte: &u8| ClientId([*byte; 16]);
        match self {
            Self::Control => codec::frame(&Control { version: VERSION }),
            Self::GoodHello => codec::frame(&Hello { ticket, attempt: Default::default(), client: "fuzz".into() }),
            Self::BadHello(bytes) => {
                let mut bad = ticket;
                // Of the same user; one bit at least is another.
                bad.0[28..].iter_mut().zip(bytes).for_each(|(byte, other)| *byte ^= other | 1);
                codec::frame(&Hello { ticket: bad, attempt: Default::default(), client: "fuzz".into() })
            }
            Self::Attach(seq) => {
                codec::frame(&Attach { request, user_epoch: Epoch::default(), user_seq: U53::from(*seq) })
            }
            Self::Resume { count, seq, room } => {
                let room = world.room(*room);
                let cursor = Cursor { room, epoch: Epoch::default(), seq: U53::from(*seq), tail: 50 };
                codec::frame(&Resume { request, cursors: vec![cursor; usize::from(*count)] })
            }
            Self::View { room, seq } => {
                codec::frame(&View { room: room.map(|room| world.room(room)), have_seq: U53::from(*seq) })
            }
            Self::Post { room, client, text } => {
                codec::frame(&Post { request, room: world.room(*room), client_id: id(client), text: text.clone() })
            }
            Self::Create { client, name } => {
                let client_id = id(client);
                codec::frame(&rill_protocol::message::CreateRoom { request, client_id, name: name.clone() })
            }
            Self::Join(room) => codec::frame(&JoinRoom { request, client_id: id(room), room: world.room(*room) }),
            Self::Leave(room) => codec::frame(&LeaveRoom { request, client_id: id(room), room: world.room(*room) }),
            Self::ListRooms(limit) => codec::frame(&ListRooms { request, after: None, limit: *limit }),
            Self::ListMembers(room) => {
                codec::frame(&ListMembers { request, room: world.room(*room), after: None, limit: 10 })
            }
            Self::GetUsers(count) => {
                codec::frame(&GetUsers { request, users: vec![UserId([*count; 16]); usize::from(*count)] })
            }
            Self::Watch(count) => {
                codec::frame(&WatchPresence { request, users: vec![ticket.user(); usize::from(*count)] })
            }
            Self::Ping(nonce) => codec::frame(&Ping { nonce: *nonce }),
            Self::Lane(class) => codec::frame(&Lane { class: LaneClass::from(*class % 4) }),
            Self::History => codec::frame(&History {}),
            Self::GetMessages { room, direction, seq, limit } => codec::frame(&GetMessages {
                request,
                room: world.room(*room),
                direction: Direction::from(*direction % 4),
                seq: U53::from(*seq),
                limit: *limit,
            }),
            Self::RoomFiles { room, before, limit } => codec::frame(&GetRoomFiles {
                request,
                room: world.room(*room),
                before: U53::from(*before),
                limit: *limit,
            }),
            Self::Upload => codec::frame(&Upload {}),
            Self::StartUpload { room, client, name, size, knows_digest } => codec::frame(&StartUpload {
                transfer: TransferId([*client; 16]),
                file_use: FileUse::Message,
                room: world.room(*room),
                client_id: id(client),
                name: name.clone(),
                media_type: name.clone(),
                size: U53::from(u32::from(*size)),
                text: String::new(),
                voice: None,
                digest: knows_digest.then(|| zeros(*size)),
            }),
            Self::Chunk { offset, bytes } => {
                let head = chunk::head(U53::from(u32::from(*offset)), usize::from(*bytes));
                return [&head[..], &vec![0; usize::from(*bytes)]].concat();
            }
            Self::EndUpload { size } => codec::frame(&EndUpload { digest: zeros(*size) }),
            Self::CancelUpload => codec::frame(&CancelUpload {}),
            Self::Download => codec::frame(&Download {}),
            Self::GetFile { room, seq, variant, offset, length } => codec::frame(&GetFile {
                request,
                room: world.room(*room),
                seq: U53::from(u32::from(*seq)),
                variant: FileVariant::from(u32::from(*variant % 5)),
                offset: U53::from(u32::from(*offset)),
                length: U53::from(*length),
            }),
        }
        .into()
    }
}
