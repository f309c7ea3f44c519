//! A room, its members, and nodes that talk in it.

use rill_protocol::{ClientId, Epoch, RoomId, SessionId, UserId};
use rill_storage::{
    Store, StoreError,
    model::{Appended, Change, Digest, Fact, Mentions, NewEntry, NewRoom, RoomSetup, Session, TicketRecord},
    port::log::AppendResult,
    redis::{self, OpenStore, Unattended},
};
use std::sync::Arc;

pub(crate) const ROOM: RoomId = RoomId([7; 16]);
const START_MS: u64 = 1_700_000_000_000;

fn id(kind: u8, number: u64) -> [u8; 16] {
    let mut id = [kind; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    id
}

pub(crate) fn user(number: u64) -> UserId {
    UserId(id(1, number))
}

/// A node of its own, with the same prefix as every other.
pub(crate) async fn node(addresses: &[String]) -> OpenStore {
    let opened = redis::open(crate::stage::options(addresses), None).await.unwrap();
    opened.handle.link().tend(Arc::new(Unattended));
    opened
}

pub(crate) fn changed(author: u64, number: u64, change: Change) -> NewEntry {
    NewEntry {
        author: user(author),
        client_id: ClientId(id(2 + author as u8, number)),
        at_ms: START_MS,
        digest: Digest([1; 32]),
        change,
        mentions: Mentions::default(),
    }
}

pub(crate) fn post(author: u64, number: u64, text: &str) -> NewEntry {
    changed(author, number, Change::Post(text.into()))
}

/// Makes the room, by user 0, with so many members.
pub(crate) async fn begin(node: &OpenStore, members: u64) {
    let room = NewRoom {
        id: ROOM,
        name: "room".into(),
        creator: user(0),
        client_id: ClientId(id(99, 0)),
        at_ms: START_MS,
        epoch: Epoch([3; 16]),
        digest: Digest([2; 32]),
        setup: RoomSetup::default(),
    };
    node.store.rooms.create(room).await.unwrap();
    for member in 1..members {
        node.store.log.append(ROOM, changed(member, 1_000_000, Change::Join)).await.unwrap().unwrap();
    }
}

/// Who posted what, in the order of the log, which has no hole.
pub(crate) async fn posts_of(node: &OpenStore) -> Vec<(UserId, ClientId)> {
    let mut entries = Vec::new();
    loop {
        let page = node.store.log.entries(ROOM, entries.len() as u64, 1_000, usize::MAX).await.unwrap();
        if page.is_empty() {
            break;
        }
        entries.extend(page);
    }
    assert!(entries.iter().map(|entry| entry.seq).eq(1..=entries.len() as u64));
    let head = node.store.log.head(ROOM).await.unwrap().unwrap();
    assert_eq!(head.seq, entries.len() as u64);
    let posts = entries.iter().filter(|entry| entry.fact == Fact::Posted);
    posts.map(|post| (post.author, post.client_id)).collect()
}

/// What a client does: the same again, under its client id.
pub(crate) async fn retried<F>(append: impl Fn() -> F) -> Result<Appended, rill_storage::port::AppendRefused>
where
    F: Future<Output = AppendResult>,
{
    loop {
        match append().await {
            Ok(made) => return made,
            Err(StoreError::Unreachable(_) | StoreError::Busy) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

fn ticket(number: u64) -> Digest {
    let mut digest = [9; 32];
    digest[..8].copy_from_slice(&number.to_be_bytes());
    Digest(digest)
}

/// A login of user 0 with so many tickets.
pub(crate) async fn issue(node: &OpenStore, tickets: u64) {
    let session = Session {
        id: SessionId(id(5, 0)),
        user: user(0),
        token: Digest([4; 32]),
        created_ms: START_MS,
        client: "test".into(),
        used_ms: START_MS,
    };
    node.store.sessions.create(session).await.unwrap();
    let tickets = (0..tickets).map(|number| TicketRecord {
        digest: ticket(number),
        session: SessionId(id(5, 0)),
        expires_ms: START_MS + 1_000,
    });
    node.store.sessions.issue(user(0), tickets.collect(), START_MS).await.unwrap();
}

pub(crate) async fn redeem(store: &Store, number: u64) -> Result<Option<Session>, StoreError> {
    store.sessions.redeem(user(0), ticket(number), START_MS).await
}
