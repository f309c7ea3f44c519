//! A store that an earlier version wrote must open: its rows lie in `fixtures`, as
//! keys and values in hexadecimal, so that they do not depend on an engine's files.
//!
//! The rows of the newest one pin what this version writes. When that changes on
//! purpose, the old fixtures stay, the changed record gets its next format, and a fixture
//! of the new version is written with `cargo test -p rill-storage --test disk -- --ignored`.

use crate::{
    files::{options, tamper},
    played::{
        ALICE, BOB, CONTENT, NOW_MS, account, appended, attached, entry, files, new_room, post, reference, room,
        transfer,
    },
};
use rill_protocol::{ClientId, SessionId, UserId};
use rill_storage::{
    Store,
    blobs::BlobName,
    embedded::{self, OpenOptions, OpenStore},
    model::{
        Access, Anchor, Body, Change, Digest, Fact, FileState, HistoryFrom, Image, Invitation, MemberAct, Mentions,
        NewEntry, NewMark, NewSetting, NewTransfer, Noted, Notify, Replay, Role, RoomLink, RoomSettings,
        RoomSettingsChange, Rule, Session, Setting, TicketRecord, TransferState, User, UserChange, UserFact, Voice,
    },
};
use std::{
    collections::BTreeSet,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;

/// Before accounts had roles and logins said when they were used.
pub(crate) const FIRST: &str = "version-1.rows";
/// Before short texts lay in the rows of their entries and a journal before the engine.
pub(crate) const SECOND: &str = "version-1.1.rows";
/// Before there were files.
pub(crate) const THIRD: &str = "version-2.rows";
/// Before rooms had owners.
pub(crate) const FOURTH: &str = "version-2.1.rows";
/// Before users' own logs spoke of more than rooms.
pub(crate) const FIFTH: &str = "version-2.2.rows";
pub(crate) const PRESENT: &str = "version-3.rows";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/disk/fixtures").join(name)
}

/// A store whose secret is the same every time.
fn open(path: &Path) -> OpenStore {
    embedded::open(OpenOptions { entropy: Arc::new(|bytes: &mut [u8]| bytes.fill(0xA5)), ..options(path) }).unwrap()
}

fn ticket() -> TicketRecord {
    TicketRecord { digest: Digest([4; 32]), session: SessionId([3; 16]), expires_ms: NOW_MS + 60_000 }
}

fn session() -> Session {
    Session {
        id: SessionId([3; 16]),
        user: ALICE,
        token: Digest([5; 32]),
        created_ms: NOW_MS,
        client: "Firefox".into(),
        used_ms: NOW_MS,
    }
}

/// What both fixtures have as members, the present one has with a role.
fn alice(role: Role) -> User {
    User { role, ..account(ALICE) }
}

fn invitation() -> Invitation {
    Invitation {
        creator: ALICE,
        secret: Digest([6; 32]),
        created_ms: NOW_MS,
        expires_ms: NOW_MS + 60_000,
        uses_max: 3,
        uses: 0,
    }
}

fn long_text() -> String {
    "长文".repeat(1_000)
}

/// At least one row of every table.
async fn live(store: &Store) {
    for user in [alice(Role::Administrator), account(BOB)] {
        store.users.claim_name(store.name_key(&user.name), user.id, NOW_MS).await.unwrap();
        store.users.create(user).await.unwrap();
    }
    store.users.set_disabled(BOB, Some(NOW_MS)).await.unwrap();
    store.invitations.create(invitation()).await.unwrap();
    assert!(store.invitations.redeem(ALICE, invitation().secret, BOB, NOW_MS).await.unwrap());
    store.sessions.create(session()).await.unwrap();
    store.sessions.issue(ALICE, vec![ticket()], NOW_MS).await.unwrap();
    for number in [1, 2] {
        store.rooms.create(new_room(number)).await.unwrap();
        store.user_log.append(ALICE, (room(number), 2), UserFact::RoomAdded(room(number)), NOW_MS).await.unwrap();
    }
    store.rooms.settle(room(1), 2).await.unwrap();
    store.directory.announce(room(1), NOW_MS).await.unwrap();
    appended(store, 1, entry(BOB, 1, Change::Join)).await;
    appended(store, 1, entry(BOB, 2, Change::Leave)).await;
    appended(store, 1, post(1, "你好")).await;
    appended(store, 1, post(2, &long_text())).await;
    appended(store, 2, entry(ALICE, 3, Change::Leave)).await;
    store.user_log.append(ALICE, (room(2), 3), UserFact::RoomRemoved(room(2)), NOW_MS).await.unwrap();
    files(store).await;
    store.rooms.create(new_room(3)).await.unwrap();
    store.rooms.settle(room(3), 2).await.unwrap();
    attached(store, 3, 1).await;
    governed(store).await;
    own_facts(store).await;
    marks(store).await;
}

/// What those leave behind who run a room.
async fn governed(store: &Store) {
    const ROOM: u8 = 5;
    const RULE: Rule = Rule(|_| true);
    store.rooms.create(new_room(ROOM)).await.unwrap();
    appended(store, ROOM, entry(BOB, 1, Change::Join)).await;
    let member = |user, act| Change::Member { user, name: account(user).name.into(), act, rule: RULE };
    let set = |setting| Change::Set { setting, rule: RULE };
    let secret = Digest([8; 32]);
    let times = (NOW_MS, NOW_MS + 60_000);
    let link = RoomLink { secret, creator: ALICE, created_ms: times.0, expires_ms: times.1, uses_max: 3, uses: 0 };
    for (client, change) in [
        (1, member(BOB, MemberAct::Promote)),
        (2, member(UserId([3; 16]), MemberAct::Ban)),
        (3, member(UserId([4; 16]), MemberAct::Invite)),
        (4, Change::MakeLink { link, rule: RULE }),
        (5, set(Setting::Topic("话题".into()))),
        (6, set(Setting::Access(Access::Invited))),
        (7, set(Setting::History(HistoryFrom::Joining))),
        (8, set(Setting::SlowMode(30_000))),
    ] {
        appended(store, ROOM, entry(ALICE, client, change)).await;
    }
    let by_link = NewEntry { author: UserId([5; 16]), ..entry(ALICE, 9, Change::JoinByLink(secret)) };
    appended(store, ROOM, by_link).await;
    appended(store, ROOM, NewEntry { author: UserId([5; 16]), ..post(10, "slowly") }).await;
    appended(store, ROOM, entry(ALICE, 11, set(Setting::Archived(true)))).await;
    for due in store.rooms.pending(100).await.unwrap().into_iter().filter(|due| due.room == room(ROOM)) {
        store.rooms.settle(due.room, due.seq).await.unwrap();
    }
}

async fn is_governed(store: &Store) {
    let found = store.rooms.get(room(5)).await.unwrap().unwrap();
    assert_eq!((found.owner, found.topic.as_str(), found.access), (ALICE, "话题", Access::Invited));
    assert_eq!((found.history, found.slow_mode_ms, found.archived_ms), (HistoryFrom::Joining, 30_000, Some(NOW_MS)));
    assert!(store.rooms.membership(room(5), BOB).await.unwrap().unwrap().is_admin);
    let users = |noted: Vec<Noted>| noted.into_iter().map(|noted| (noted.user.0[0], noted.by)).collect::<Vec<_>>();
    assert_eq!(users(store.doors.banned(room(5), None, 10).await.unwrap()), [(3, ALICE)]);
    assert_eq!(users(store.doors.invited(room(5), None, 10).await.unwrap()), [(4, ALICE)]);
    assert_eq!(store.doors.link(room(5), Digest([8; 32])).await.unwrap().unwrap().uses, 1);
}

/// A post that names somebody, and a mark that goes back to it.
async fn marks(store: &Store) {
    let joined = appended(store, 3, entry(BOB, 90, Change::Join)).await;
    store.rooms.settle(room(3), joined.entry.seq).await.unwrap();
    let named = NewEntry { mentions: Mentions { users: vec![BOB], everyone: false }, ..post(91, "@bob") };
    let seq = appended(store, 3, named).await.entry.seq;
    for mark in [NewMark::Read(seq), NewMark::Unread { seq, client_id: ClientId([92; 16]) }] {
        store.marks.set(room(3), BOB, mark).await.unwrap().unwrap();
    }
}

async fn has_marks(store: &Store) {
    let reading = store.marks.reading(room(3), BOB).await.unwrap().unwrap();
    assert_eq!((reading.unread, reading.mentions, reading.version), (1, 1, 3));
    let furthest = store.marks.receipt(room(3), BOB).await.unwrap().unwrap().seq;
    assert_eq!((reading.as_of, reading.mark_seq + 1), (furthest, furthest));
}

/// What a user's own log says beside rooms.
async fn own_facts(store: &Store) {
    let settings = RoomSettingsChange { notify: Some(Notify::Mentions), is_pinned: Some(true), is_archived: None };
    let by = UserFact::Invited { room: room(4), by: BOB };
    store.user_log.append(ALICE, (room(4), 7), by, NOW_MS).await.unwrap().unwrap();
    for (request, change) in [
        (1, UserChange::RoomSettings { room: room(1), change: settings }),
        (2, UserChange::Draft { room: room(1), text: Some(long_text().into()) }),
        (3, UserChange::Setting { number: 3, value: vec![1, 2, 3] }),
    ] {
        let new = NewSetting { client_id: Some(ClientId([request; 16])), at_ms: NOW_MS, change };
        assert!(store.user_log.set(ALICE, new).await.unwrap().unwrap().is_some());
    }
}

async fn has_own_facts(store: &Store) {
    let (_, known) = store.user_log.snapshot(ALICE).await.unwrap().unwrap();
    let known: Vec<_> = known.into_iter().map(|entry| entry.fact).collect();
    let settings = RoomSettings { notify: Notify::Mentions, is_pinned: true, is_archived: false };
    let expected = [
        UserFact::RoomAdded(room(1)),
        UserFact::Invited { room: room(4), by: BOB },
        UserFact::RoomSettings { room: room(1), settings },
        UserFact::Draft { room: room(1), text: Some(long_text().into()) },
        UserFact::Setting { number: 3, value: vec![1, 2, 3] },
    ];
    assert_eq!(known, expected);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// The rows that this version writes for that life.
async fn written() -> String {
    let directory = tempfile::tempdir().unwrap();
    let opened = open(directory.path());
    live(&opened.store).await;
    opened.handle.close().unwrap();
    let mut rows = String::new();
    tamper(directory.path(), |db| {
        for (key, value) in db.all() {
            writeln!(rows, "{} {}", hex(&key), hex(&value)).unwrap();
        }
    });
    rows
}

#[tokio::test]
#[ignore = "writes the fixture of a new version"]
async fn write_the_fixture() {
    fs::write(fixture(PRESENT), written().await).unwrap();
}

#[tokio::test]
async fn what_is_written_has_not_changed() {
    let expected = fs::read_to_string(fixture(PRESENT)).unwrap();
    let written = written().await;
    for (written, expected) in written.lines().zip(expected.lines()) {
        assert_eq!(written, expected, "a row of the store changed: it needs a new format and a new fixture");
    }
    assert_eq!(written.lines().count(), expected.lines().count());
}

#[tokio::test]
async fn a_store_of_the_first_version_opens_and_goes_on() {
    let (directory, tables) = laid_out(FIRST);
    assert!(tables.into_iter().eq(0..=21), "a row of every table");
    let opened = open(directory.path());
    let store = &opened.store;
    assert_eq!(store.users.get(ALICE).await.unwrap(), Some(alice(Role::Member)));
    assert_eq!(store.users.get(BOB).await.unwrap(), Some(account(BOB)));
    assert_eq!(store.roster.list(None, 10).await.unwrap(), [account(ALICE), account(BOB)]);
    opened_and_gone_on(store).await;

    // What is changed is written anew.
    assert!(store.users.set_role(BOB, Role::Administrator).await.unwrap());
    assert_eq!(store.users.get(BOB).await.unwrap(), Some(User { role: Role::Administrator, ..account(BOB) }));
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn a_store_of_the_second_version_opens_and_goes_on() {
    let (directory, tables) = laid_out(SECOND);
    assert!(tables.into_iter().eq(0..=23), "a row of every table");
    has_accounts_and_goes_on(&directory).await;
}

#[tokio::test]
async fn a_store_of_the_third_version_opens_and_goes_on() {
    let (directory, tables) = laid_out(THIRD);
    // No message of it was changed.
    assert!(tables.into_iter().eq((0..=23).filter(|table| *table != 10)), "a row of every table");
    has_accounts_and_goes_on(&directory).await;
    // Files are begun in it.
    let opened = open(directory.path());
    files(&opened.store).await;
    has_files(&opened.store).await;
    attached(&opened.store, 1, 60).await;
    has_attached(&opened.store, 1).await;
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn a_store_of_the_fourth_version_opens_and_goes_on() {
    let (directory, tables) = laid_out(FOURTH);
    // No message of it was changed, and no old part of a log lies in blobs.
    assert!(tables.into_iter().eq((0..=35).filter(|table| ![10, 24, 25].contains(table))), "a row of every table");
    has_accounts_and_goes_on(&directory).await;
    let opened = open(directory.path());
    has_files(&opened.store).await;
    has_attached(&opened.store, 3).await;
    // Rooms are run in it.
    governed(&opened.store).await;
    is_governed(&opened.store).await;
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn a_store_of_the_fifth_version_opens_and_goes_on() {
    let (directory, tables) = laid_out(FIFTH);
    let of_tables = (0..=35).filter(|table| ![10, 24, 25].contains(table)).chain(40..=43);
    assert!(tables.into_iter().eq(of_tables), "a row of every table");
    has_accounts_and_goes_on(&directory).await;
    let opened = open(directory.path());
    is_governed(&opened.store).await;
    // Own logs speak of more in it, and marks go back.
    own_facts(&opened.store).await;
    has_own_facts(&opened.store).await;
    marks(&opened.store).await;
    has_marks(&opened.store).await;
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn a_store_of_this_version_opens_and_goes_on() {
    let (directory, tables) = laid_out(PRESENT);
    let of_tables = (0..=35).filter(|table| ![10, 24, 25].contains(table)).chain(40..=43).chain([50, 51, 52]);
    assert!(tables.into_iter().eq(of_tables), "a row of every table");
    let opened = open(directory.path());
    has_own_facts(&opened.store).await;
    has_marks(&opened.store).await;
    opened.handle.close().unwrap();
    has_accounts_and_goes_on(&directory).await;
    let opened = open(directory.path());
    has_files(&opened.store).await;
    has_attached(&opened.store, 3).await;
    is_governed(&opened.store).await;
    opened.handle.close().unwrap();
}

async fn has_attached(store: &Store, number: u8) {
    let page = store.log.messages(room(number), Anchor::Before(u64::MAX), 100, usize::MAX).await.unwrap().unwrap();
    let files: Vec<_> = page.messages.iter().filter_map(|message| message.file.as_ref()).collect();
    let [pending, complete, failed] = files[..] else { panic!("{files:?}") };
    assert_eq!((pending.name.as_str(), pending.size, &pending.state), ("文件 0", 9 << 20, &FileState::Pending));
    assert_eq!(pending.voice, Some(Voice { duration_ms: 1_500, waveform: vec![0, 128, 255] }));
    let FileState::Complete(found) = &complete.state else { panic!("{complete:?}") };
    assert_eq!((found.content, found.size, found.media_type.as_str()), (CONTENT, 5, "image/png"));
    let image = Image { width: 640, height: 480, animated: false, blur_hash: "LEHV6nWB2yk8".into() };
    assert_eq!((&found.image, &complete.voice), (&Some(image), &None));
    assert_eq!((failed.transfer.0, &failed.state), ([42; 16], &FileState::Failed { code: 85 }));
}

async fn has_files(store: &Store) {
    let found = store.transfers.list(ALICE).await.unwrap();
    let states: Vec<_> = found.iter().map(|found| (found.state, found.progress.durable, found.message)).collect();
    let failed = TransferState::Failed { code: 4, digest: Some([3; 32]) };
    assert_eq!(
        states,
        [
            (TransferState::Open, 5 << 20, Some((room(1), 9))),
            (failed, 0, None),
            (TransferState::Open, 0, Some((room(1), 11))),
            (TransferState::Done, 0, Some((room(1), 12)))
        ]
    );
    assert_eq!(store.transfers.kept(ALICE).await.unwrap(), 9 << 20);
    assert_eq!(found[0].progress.values, [[7; 32]]);
    let NewTransfer { name, target, media_type, .. } = transfer(1);
    assert_eq!((&found[0].name, found[0].target, &found[0].media_type), (&name, target, &media_type));
    let content = store.contents.get(CONTENT).await.unwrap().unwrap();
    assert_eq!((content.blob, content.size, content.facts), (BlobName([31; 32]), 5, vec![31; 3]));
    assert_eq!(store.contents.references(CONTENT, 10).await.unwrap(), [reference(1)]);
    let due = store.contents.due(u64::MAX, None, 10).await.unwrap();
    assert!(due.pending.iter().map(|due| due.reference).eq([reference(2), reference(3)]));
    assert!(due.spent.iter().map(|spent| spent.blob).eq([BlobName([32; 32]), BlobName([33; 32])]));
}

async fn has_accounts_and_goes_on(directory: &TempDir) {
    let opened = open(directory.path());
    let store = &opened.store;
    assert_eq!(store.users.get(ALICE).await.unwrap(), Some(alice(Role::Administrator)));
    assert_eq!(store.users.get(BOB).await.unwrap(), Some(User { disabled_ms: Some(NOW_MS), ..account(BOB) }));
    assert_eq!(store.invitations.list(ALICE).await.unwrap(), [Invitation { uses: 1, ..invitation() }]);
    assert!(store.invitations.redeem(ALICE, invitation().secret, BOB, NOW_MS).await.unwrap(), "not a second time");
    assert_eq!(store.invitations.list(ALICE).await.unwrap()[0].uses, 1);
    opened_and_gone_on(store).await;
    opened.handle.close().unwrap();
}

/// A directory with the rows of a fixture, and the tables that they are of.
pub(crate) fn laid_out(name: &str) -> (TempDir, BTreeSet<u8>) {
    let directory = tempfile::tempdir().unwrap();
    let mut tables = BTreeSet::new();
    tamper(directory.path(), |db| {
        for line in fs::read_to_string(fixture(name)).unwrap().lines() {
            let (key, value) = line.split_once(' ').unwrap();
            tables.insert(unhex(key)[0]);
            db.insert(unhex(key), unhex(value));
        }
    });
    (directory, tables)
}

/// What every fixture holds, and that it can be written to.
pub(crate) async fn opened_and_gone_on(store: &Store) {
    assert_eq!(store.secret, [0xA5; 32]);
    let claim = store.users.by_name(store.name_key(&account(BOB).name)).await.unwrap().unwrap();
    assert_eq!((claim.holder, claim.at_ms), (BOB, NOW_MS));
    assert_eq!(store.sessions.by_token(ALICE, Digest([5; 32])).await.unwrap(), Some(session()));
    assert_eq!(store.sessions.redeem(ALICE, ticket().digest, NOW_MS).await.unwrap(), Some(session()));

    let found = store.rooms.get(room(1)).await.unwrap().unwrap();
    assert_eq!((found.name.as_str(), found.creator, found.members), ("技术交流", ALICE, 1));
    assert_eq!((found.owner, found.access, found.history), (ALICE, Access::Public, HistoryFrom::Start));
    let left = store.rooms.membership(room(1), BOB).await.unwrap().unwrap();
    assert_eq!((left.ranges[0].from, left.ranges[0].until), (1, Some(5)));
    assert_eq!(store.rooms.membership(room(1), ALICE).await.unwrap().unwrap().mark_seq, 6);
    let due: Vec<_> = store.rooms.pending(10).await.unwrap().iter().map(|due| (due.room, due.seq, due.fact)).collect();
    assert_eq!(
        due,
        [(room(1), 3, Fact::Joined), (room(1), 4, Fact::Left), (room(2), 2, Fact::Created), (room(2), 3, Fact::Left)]
    );
    assert_eq!(store.directory.page(None, 10).await.unwrap(), [room(1)]);

    let page = store.log.messages(room(1), Anchor::After(0), 100, usize::MAX).await.unwrap().unwrap();
    let facts: Vec<_> = page.messages.iter().map(|message| message.fact).collect();
    assert_eq!(facts, [Fact::Created, Fact::Joined, Fact::Joined, Fact::Left, Fact::Posted, Fact::Posted]);
    assert_eq!(page.messages[4].body, Body::Text("你好".into()));
    assert_eq!(page.messages[5].body, Body::Text(long_text().into()));
    let entries = store.log.entries(room(1), 0, 100, usize::MAX).await.unwrap();
    assert!(entries.iter().zip(&page.messages).all(|(entry, message)| entry.body == message.body));

    let (head, known) = store.user_log.snapshot(ALICE).await.unwrap().unwrap();
    let rooms: Vec<_> = known.iter().filter(|entry| matches!(entry.fact, UserFact::RoomAdded(_))).collect();
    assert_eq!((&rooms[0].fact, rooms.len()), (&UserFact::RoomAdded(room(1)), 1));
    assert_eq!(store.user_log.entries(ALICE, 0, 10).await.unwrap().unwrap().len() as u64, head.seq);

    assert_eq!(appended(store, 1, post(1, "你好")).await.replay, Replay::Same);
    assert_eq!(appended(store, 1, post(3, "next")).await.entry.seq, 7);
}
