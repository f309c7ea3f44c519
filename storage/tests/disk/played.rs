//! A little life to fill a store with, and the means to see that it is all there.

use rill_protocol::{ClientId, Epoch, RoomId, SessionId, TransferId, UserId};
use rill_storage::{
    Store,
    blobs::{BlobName, Progress},
    model::{
        Anchor, Appended, AttachedFile, Change, CompleteFile, ContentKey, Digest, FileState, Image, Mentions, NewEntry,
        NewRoom, NewTransfer, Offer, Reference, Role, RoomSetup, Session, Target, TicketRecord, TransferBounds,
        TransferState, User, UserFact, Voice,
    },
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
        setup: RoomSetup::default(),
    }
}

pub(crate) fn entry(author: UserId, client: u64, change: Change) -> NewEntry {
    let mut client_id = [0; 16];
    client_id[8..].copy_from_slice(&client.to_be_bytes());
    NewEntry {
        author,
        client_id: ClientId(client_id),
        at_ms: NOW_MS,
        digest: Digest([7; 32]),
        change,
        mentions: Mentions::default(),
    }
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
    files(store).await;
    attached(store, 1, 50).await;
}

pub(crate) const CONTENT: ContentKey = ContentKey([21; 32]);

pub(crate) fn transfer(number: u8) -> NewTransfer {
    NewTransfer {
        user: ALICE,
        id: TransferId([number; 16]),
        blob: BlobName([number; 32]),
        target: Target::Message { room: room(1), client_id: ClientId([number; 16]) },
        name: format!("文件 {number}"),
        size: 9 << 20,
        media_type: "image/png".into(),
        at_ms: NOW_MS,
    }
}

pub(crate) fn reference(seq: u64) -> Reference {
    Reference::Message { room: room(1), seq }
}

/// Files on their way in, one that is there, and one that is gone.
pub(crate) async fn files(store: &Store) {
    let bounds = TransferBounds { transfers_max: 10, bytes_max: u64::MAX, kept_bytes_max: u64::MAX };
    for number in 1..=4 {
        assert!(store.transfers.begin(transfer(number), bounds).await.unwrap().is_ok());
    }
    let progress = Progress { durable: 5 << 20, values: vec![[7; 32]] };
    assert_eq!(store.transfers.take(ALICE, TransferId([1; 16]), NOW_MS + 1).await.unwrap(), Some(1));
    store.transfers.advance(ALICE, TransferId([1; 16]), 1, progress, NOW_MS + 1).await.unwrap();
    assert!(store.transfers.announce(ALICE, TransferId([1; 16]), (room(1), 9), NOW_MS + 1).await.unwrap());
    store.transfers.finish(ALICE, TransferId([2; 16]), [3; 32], NOW_MS + 2).await.unwrap();
    store.transfers.fail(ALICE, TransferId([2; 16]), 4, None).await.unwrap();
    // One is forgotten before its end, and one is kept.
    assert!(store.transfers.announce(ALICE, TransferId([3; 16]), (room(1), 11), NOW_MS + 1).await.unwrap());
    assert!(!store.transfers.forget(ALICE, room(1), 11).await.unwrap());
    assert!(store.transfers.announce(ALICE, TransferId([4; 16]), (room(1), 12), NOW_MS + 1).await.unwrap());
    store.transfers.finish(ALICE, TransferId([4; 16]), [3; 32], NOW_MS + 2).await.unwrap();
    assert_eq!(store.transfers.done(ALICE, TransferId([4; 16]), NOW_MS + 3).await.unwrap(), Some(TransferState::Done));
    let offer = |number| Offer { blob: BlobName([number; 32]), size: 5, facts: vec![number; 3] };
    for (number, seq) in [(31, 1), (31, 2), (32, 3)] {
        store.contents.claim(CONTENT, offer(number), reference(seq), NOW_MS + 60_000, NOW_MS).await.unwrap();
    }
    assert!(store.contents.confirm(CONTENT, reference(1)).await.unwrap());
    assert!(store.contents.spend(ContentKey([22; 32]), offer(33)).await.unwrap());
}

/// Messages with files: one on its way, one that is there, and one that failed.
pub(crate) async fn attached(store: &Store, in_room: u8, client: u64) {
    let image = Image { width: 640, height: 480, animated: false, blur_hash: "LEHV6nWB2yk8".into() };
    let complete = CompleteFile { content: CONTENT, size: 5, media_type: "image/png".into(), image: Some(image) };
    let states = [None, Some(FileState::Complete(complete)), Some(FileState::Failed { code: 85 })];
    for (number, state) in (0..).zip(states) {
        let file = AttachedFile {
            transfer: TransferId([40 + number; 16]),
            name: format!("文件 {number}"),
            size: 9 << 20,
            voice: (number == 0).then(|| Voice { duration_ms: 1_500, waveform: vec![0, 128, 255] }),
            state: FileState::Pending,
        };
        let change = Change::File { text: "看".into(), file: file.into() };
        let target = appended(store, in_room, entry(ALICE, client + u64::from(number), change)).await.entry.seq;
        if let Some(state) = state {
            let settled = Change::SettleFile { target, state };
            appended(store, in_room, entry(ALICE, client + 10 + u64::from(number), settled)).await;
        }
    }
}

async fn told_of_files(store: &Store) -> Vec<String> {
    let mut lines = vec![
        format!("{:?}", store.transfers.list(ALICE).await.unwrap()),
        format!("{:?}", store.transfers.expired(u64::MAX, None, 10).await.unwrap()),
        format!("{:?}", store.contents.due(u64::MAX, None, 10).await.unwrap()),
        format!("{:?}", store.transfers.kept(ALICE).await.unwrap()),
    ];
    for content in [CONTENT, ContentKey([22; 32])] {
        lines.push(format!("{:?}", store.contents.get(content).await.unwrap()));
        lines.push(format!("{:?}", store.contents.references(content, 10).await.unwrap()));
    }
    lines
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
    lines.extend(told_of_files(store).await);
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
