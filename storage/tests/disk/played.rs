//! A little life to fill a store with, and the means to see that it is all there.

use rill_protocol::{ClientId, Epoch, RoomId, SessionId, UserId};
use rill_storage::{
    Store,
    model::{Anchor, Appended, Change, Digest, NewEntry, NewRoom, Role, Session, TicketRecord, User, UserFact},
};

pub(crate) const ALICE: UserId = UserId([1; 16]);
pub(crate) const BOB: UserId = UserId([2; 16]);
pub(crate) const NOW_MS: u64 = 1_700_000_000_000;

pub(crate) fn room(number: u8) -> RoomId {
    RoomId([number; 16])
}

pub(crate) fn account(id: UserId) -> User {
    User {
        id,
        name: format!("名字 {}", id.0[0]),
        password_hash: "$argon2id$".into(),
        created_ms: NOW_MS,
        log_epoch: Epoch([id.0[0] + 100; 16]),
        role: Role::Member,
        disabled_ms: None,
    }
}

pub(crate) fn new_room(number: u8) -> NewRoom {
    NewRoom {
        id: room(number),
        name: "技术交流".into(),
        creator: ALICE,
        client_id: ClientId([0xFF; 16]),
        at_ms: NOW_MS,
        epoch: Epoch([number; 16]),
        digest: Digest([number; 32]),
    }
}

pub(crate) fn entry(author: UserId, client: u64, change: Change) -> NewEntry {
    let mut client_id = [0; 16];
    client_id[8..].copy_from_slice(&client.to_be_bytes());
    NewEntry { author, client_id: ClientId(client_id), at_ms: NOW_MS, digest: Digest([7; 32]), change }
}

pub(crate) fn post(client: u64, text: &str) -> NewEntry {
    entry(ALICE, client, Change::Post(text.into()))
}

pub(crate) async fn appended(store: &Store, number: u8, new: NewEntry) -> Appended {
    store.log.append(room(number), new).await.unwrap().unwrap()
}

fn session(number: u8) -> Session {
    Session {
        id: SessionId([number; 16]),
        user: ALICE,
        token: Digest([number; 32]),
        created_ms: NOW_MS,
        client: "client".into(),
        used_ms: NOW_MS,
    }
}

/// Uses every port.
pub(crate) async fn live(store: &Store) {
    for user in [ALICE, BOB] {
        assert!(store.users.create(account(user)).await.unwrap());
        let name = store.name_key(&account(user).name);
        assert_eq!(store.users.claim_name(name, user, NOW_MS).await.unwrap().holder, user);
    }
    for number in 1..=3 {
        store.sessions.create(session(number)).await.unwrap();
    }
    store.sessions.end(ALICE, SessionId([2; 16])).await.unwrap();
    let ticket =
        |number| TicketRecord { digest: Digest([number; 32]), session: SessionId([1; 16]), expires_ms: NOW_MS + 1000 };
    store.sessions.issue(ALICE, vec![ticket(11), ticket(12)], NOW_MS).await.unwrap();
    assert!(store.sessions.redeem(ALICE, Digest([11; 32]), NOW_MS).await.unwrap().is_some());

    for number in 1..=2 {
        store.rooms.create(new_room(number)).await.unwrap();
        store.directory.announce(room(number), NOW_MS + u64::from(number)).await.unwrap();
        store.user_log.append(ALICE, (room(number), 2), UserFact::RoomAdded(room(number)), NOW_MS).await.unwrap();
    }
    store.rooms.settle(room(1), 2).await.unwrap();
    appended(store, 1, entry(BOB, 1, Change::Join)).await;
    appended(store, 1, entry(BOB, 2, Change::Post("你好".into()))).await;
    appended(store, 1, entry(BOB, 3, Change::Leave)).await;
    for client in 1..=40 {
        appended(store, 1, post(client, &"长".repeat(client as usize * 100))).await;
    }
}

/// Everything that can be read, as text that can be compared.
pub(crate) async fn told(store: &Store) -> Vec<String> {
    let mut lines = Vec::new();
    for user in [ALICE, BOB] {
        lines.push(format!("{:?}", store.users.get(user).await.unwrap()));
        let name = store.name_key(&account(user).name);
        lines.push(format!("{:?}", store.users.by_name(name).await.unwrap()));
        lines.push(format!("{:?}", store.sessions.list(user).await.unwrap()));
        lines.push(format!("{:?}", store.user_log.snapshot(user).await.unwrap()));
        lines.push(format!("{:?}", store.user_log.entries(user, 0, 100).await.unwrap()));
    }
    lines.push(format!("{:?}", store.directory.page(None, 100).await.unwrap()));
    lines.push(format!("{:?}", store.rooms.pending(100).await.unwrap()));
    for number in 1..=2 {
        lines.push(format!("{:?}", store.rooms.get(room(number)).await.unwrap()));
        lines.push(format!("{:?}", store.rooms.members(room(number), None, 100).await.unwrap()));
        lines.push(format!("{:?}", store.rooms.membership(room(number), BOB).await.unwrap()));
        lines.push(format!("{:?}", store.log.head(room(number)).await.unwrap()));
        lines.push(format!("{:?}", store.log.entries(room(number), 0, 1000, usize::MAX).await.unwrap()));
        lines
            .push(format!("{:?}", store.log.messages(room(number), Anchor::After(0), 1000, usize::MAX).await.unwrap()));
    }
    lines
}
