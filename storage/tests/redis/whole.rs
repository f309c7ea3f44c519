//! A store copied to Redis and back is the same store, and what is wrong there is found.

use futures_util::{StreamExt as _, stream};
use rill_redis_process::{Cluster, Options, Server};
use rill_storage::{
    EngineKind, Store, StoreError,
    blobs::{BlobPlace, Blobs},
    embedded::{self, Copied, OpenOptions},
    limits::{ERASE_ENTRIES, SEGMENT_ENTRIES},
    model::{Change, Digest, Fact, Invitation, NameKey, Reach, Remains, Replay, Rule},
    redis::{self, ArchiveOptions, CheckedInRedis, Community, CopyIn, CopyOut, RedisOptions, Unattended},
};
use std::{fs, path::Path, sync::Arc};
use tempfile::TempDir;
use tokio::runtime::Handle;

use crate::{
    played::{self, ALICE, BOB, NOW_MS, appended, entry, post},
    stage::{PATIENCE, options},
};

const KEEP_ENTRIES: u64 = 300;
/// A member who is no account, in rooms of many entries.
const POSTS: u64 = 1_400;

fn entropy() -> embedded::Entropy {
    Arc::new(|out: &mut [u8]| getrandom::fill(out).unwrap())
}

fn open(path: &Path) -> embedded::OpenStore {
    embedded::open(OpenOptions::new(path, entropy())).unwrap()
}

fn text(number: u64) -> String {
    if number.is_multiple_of(40) { format!("{number} {}", "长".repeat(4_000)) } else { format!("{number} hello") }
}

/// A data directory with a little of everything.
async fn lived(path: &Path) {
    let opened = open(path);
    let store = &opened.store;
    played::live(store).await;
    for user in [ALICE, BOB] {
        store.roster.add(user).await.unwrap();
    }
    let secret = Digest([77; 32]);
    let invitation =
        Invitation { creator: ALICE, secret, created_ms: NOW_MS, expires_ms: NOW_MS + 1_000, uses_max: 3, uses: 0 };
    assert!(store.invitations.create(invitation).await.unwrap());
    assert!(store.invitations.redeem(ALICE, secret, BOB, NOW_MS).await.unwrap());
    store.users.claim_name(NameKey([5; 32]), ALICE, NOW_MS).await.unwrap();
    let posts = stream::iter(0..POSTS).map(|number| appended(store, 1, post(1_000 + number, &text(number))));
    posts.buffered(64).for_each(|_| std::future::ready(())).await;
    appended(store, 2, entry(BOB, 1, Change::Join)).await;
    opened.handle.close().unwrap();
    drop(opened.store);
    released(path);
}

/// As the domain's: the log-in first, then another.
fn names(store: &Store, name: Option<&str>) -> Vec<NameKey> {
    name.map_or_else(|| vec![NameKey([5; 32])], |name| vec![store.name_key(name)])
}

/// A directory of which this process has let go: what it opened there may do so a moment
/// behind its end.
fn released(path: &Path) {
    let lock = std::fs::File::open(path.join("LOCK")).unwrap();
    let begun = tokio::time::Instant::now();
    while lock.try_lock().is_err() {
        assert!(begun.elapsed() < PATIENCE, "it is held");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

fn opened_secret(path: &Path) -> [u8; 32] {
    let opened = open(path);
    opened.handle.close().unwrap();
    let secret = opened.store.secret;
    drop(opened.store);
    released(path);
    secret
}

/// Alice's, as the keys of Redis have it.
fn opened_name(path: &Path) -> String {
    let opened = open(path);
    let name = opened.store.name_key(&played::account(ALICE).name);
    opened.handle.close().unwrap();
    drop(opened.store);
    released(path);
    name.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where it may block.
fn blocking<T>(work: impl FnOnce(&Handle) -> T) -> T {
    tokio::task::block_in_place(|| work(&Handle::current()))
}

fn copied_in(from: &Path, options: RedisOptions) -> Result<Copied, StoreError> {
    let wish = CopyIn { from: from.to_owned(), options, now_ms: NOW_MS };
    blocking(move |runtime| redis::copy_in(wish, runtime, &mut |_| {}))
}

fn copied_out(options: RedisOptions, to: &Path, engine: EngineKind) -> Result<Copied, StoreError> {
    let wish = CopyOut { options, to: to.to_owned(), engine, now_ms: NOW_MS };
    blocking(move |runtime| redis::copy_out(wish, runtime, &names, &mut |_| {}))
}

fn checked(options: RedisOptions) -> CheckedInRedis {
    blocking(move |runtime| redis::check(options, runtime, &names, &mut |_| {})).unwrap()
}

fn archiving(addresses: &[String], folder: &Path) -> RedisOptions {
    let blobs = Blobs::open(&BlobPlace::Folder(folder.to_owned())).unwrap();
    let archive = Some(ArchiveOptions { blobs, keep_entries: Some(KEEP_ENTRIES) });
    RedisOptions { archive, ..options(addresses) }
}

/// Copies there and back, with a look by the ports at every stop.
async fn there_and_back(options: impl Fn() -> RedisOptions) {
    let folder = TempDir::new().unwrap();
    let (from, back) = (folder.path().join("from"), folder.path().join("back"));
    lived(&from).await;
    let opened = open(&from);
    let before = played::told(&opened.store).await;
    opened.handle.close().unwrap();

    let copied = copied_in(&from, options()).unwrap();
    let found = checked(options());
    assert_eq!((found.checked.findings.as_slice(), found.unjudged), (&[][..], 0));
    assert_eq!((found.checked.rooms, found.checked.users, found.checked.contents), (2, 2, 2));
    let archived = if options().archive.is_some() { (POSTS - KEEP_ENTRIES) / SEGMENT_ENTRIES } else { 0 };
    assert_eq!(found.segments, archived);

    let opened = redis::open(options(), None).await.unwrap();
    opened.handle.link().tend(Arc::new(Unattended));
    assert_eq!(played::told(&opened.store).await, before);
    // A retry of before, and whatever comes next.
    let again = appended(&opened.store, 1, post(1_007, &text(7))).await;
    assert_eq!(again.replay, Replay::Same);
    opened.handle.close().await;

    let out = copied_out(options(), &back, EngineKind::Fjall).unwrap();
    let embedded = embedded::check(&back, &mut |_| {}).unwrap();
    assert_eq!((embedded.findings.as_slice(), embedded.rows), (&[][..], out.rows));
    // The store's own row, and two for the place of each room, lie in lists there.
    assert_eq!(out.rows, copied.rows + 1 + 2 * 2);
    let opened = open(&back);
    assert_eq!(played::told(&opened.store).await, before);
    opened.handle.close().unwrap();
    // Row by row: the copy of the copy is the copy.
    assert_eq!(embedded.rows, embedded::check(&from, &mut |_| {}).unwrap().rows);
    let refused = copied_out(options(), &back, EngineKind::Fjall).unwrap_err().to_string();
    assert!(refused.contains("not empty"), "{refused}");
    let refused = copied_in(&from, options()).unwrap_err().to_string();
    assert!(refused.contains("already under rill:"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_to_one_server_and_back_has_everything() {
    let server = Server::start(&Options::default()).unwrap();
    there_and_back(|| options(&[server.url()])).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_to_a_cluster_and_back_has_everything() {
    let cluster = Cluster::start(&Options::default()).unwrap();
    there_and_back(|| options(&cluster.urls())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_with_old_parts_in_blobs_and_back_has_everything() {
    let (server, blobs) = (Server::start(&Options::default()).unwrap(), TempDir::new().unwrap());
    there_and_back(|| archiving(&[server.url()], blobs.path())).await;
}

/// Deletes a room, and erases some of each kind of what it held, and some of its entries.
async fn half_erased(store: &Store) {
    let delete = Change::Delete { rule: Rule(|_| true), reach: Reach::All };
    appended(store, 1, entry(ALICE, 9_000, delete)).await;
    let mut entries = 0;
    // Within a part of the log that may lie in a blob.
    while entries <= SEGMENT_ENTRIES {
        let remains = store.rooms.remains(played::room(1), 1).await.unwrap().unwrap();
        store.rooms.erase(played::room(1), remains.clone()).await.unwrap();
        entries += if remains == Remains::Rows { ERASE_ENTRIES } else { 0 };
    }
}

/// What the sweep does about it, to the end.
async fn erased(store: &Store) {
    let mut parts = 0;
    while let Some(remains) = store.rooms.remains(played::room(1), 100).await.unwrap() {
        store.rooms.erase(played::room(1), remains).await.unwrap();
        parts += 1;
    }
    assert!(parts > 1, "{parts}");
    let due = store.rooms.pending(100).await.unwrap();
    let due = due.iter().find(|due| due.fact == Fact::RoomDeleted).expect("the sweep is told");
    store.rooms.settle(due.room, due.seq).await.unwrap();
    let entries = store.log.entries(due.room, 0, 1_000, usize::MAX).await.unwrap();
    assert!(entries.iter().map(|entry| (entry.seq, entry.fact)).eq([(due.seq, Fact::RoomDeleted)]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_that_is_half_erased_goes_on_going_in_the_copy_and_in_its_copy() {
    let (server, folder, blobs) =
        (Server::start(&Options::default()).unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let (from, back) = (folder.path().join("from"), folder.path().join("back"));
    lived(&from).await;
    let opened = open(&from);
    half_erased(&opened.store).await;
    opened.handle.close().unwrap();
    drop(opened.store);
    released(&from);
    let options = || archiving(&[server.url()], blobs.path());
    copied_in(&from, options()).unwrap();
    assert_eq!(checked(options()).checked.findings, []);
    copied_out(options(), &back, EngineKind::Sled).unwrap();
    assert_eq!(embedded::check(&back, &mut |_| {}).unwrap().findings, []);
    let opened = open(&back);
    erased(&opened.store).await;
    assert_eq!(opened.handle.check(|_| {}).unwrap().findings, []);
    opened.handle.close().unwrap();
    let opened = redis::open(options(), None).await.unwrap();
    opened.handle.link().tend(Arc::new(Unattended));
    erased(&opened.store).await;
    opened.handle.close().await;
    assert_eq!(checked(options()).checked.findings, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_room_whose_old_parts_lie_in_blobs_is_copied_half_erased() {
    let (server, folder, blobs) =
        (Server::start(&Options::default()).unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let (from, back) = (folder.path().join("from"), folder.path().join("back"));
    lived(&from).await;
    let options = || archiving(&[server.url()], blobs.path());
    copied_in(&from, options()).unwrap();
    assert!(checked(options()).segments > 1);
    let opened = redis::open(options(), None).await.unwrap();
    opened.handle.link().tend(Arc::new(Unattended));
    half_erased(&opened.store).await;
    opened.handle.close().await;
    assert_eq!(checked(options()).checked.findings, []);
    copied_out(options(), &back, EngineKind::Sled).unwrap();
    assert_eq!(embedded::check(&back, &mut |_| {}).unwrap().findings, []);
    let opened = open(&back);
    erased(&opened.store).await;
    assert_eq!(opened.handle.check(|_| {}).unwrap().findings, []);
    opened.handle.close().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_copy_does_not_belong_nothing_is_written() {
    let (server, folder) = (Server::start(&Options::default()).unwrap(), TempDir::new().unwrap());
    let (from, other) = (folder.path().join("from"), folder.path().join("other"));
    open(&from).handle.close().unwrap();
    open(&other).handle.close().unwrap();
    let options = || options(&[server.url()]);
    server.command(&["ZADD", "rill:roster", "0", "x"]).unwrap();
    let refused = copied_in(&from, options()).unwrap_err().to_string();
    assert!(refused.contains("rill:roster is left of another store"), "{refused}");
    server.command(&["DEL", "rill:roster"]).unwrap();
    assert!(matches!(copied_out(options(), &folder.path().join("to"), EngineKind::Sled),
        Err(StoreError::Unfit { detail, .. }) if detail.contains("no community under rill:")));

    copied_in(&other, options()).unwrap();
    let refused = copied_in(&from, options()).unwrap_err().to_string();
    assert!(refused.contains("another community is under rill:"), "{refused}");
    let held = open(&from);
    assert!(matches!(copied_in(&from, options()), Err(StoreError::Locked { .. })));
    held.handle.close().unwrap();
    // A node that lives.
    server.command(&["ZADD", "rill:nodes", "99999999999999", "node"]).unwrap();
    let to = folder.path().join("to");
    let refused = copied_out(options(), &to, EngineKind::Sled).unwrap_err().to_string();
    assert!(refused.contains("a server is using it"), "{refused}");
    assert!(!to.join("sled").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_went_on_while_half_of_it_was_copied_is_refused() {
    let (server, folder) = (Server::start(&Options::default()).unwrap(), TempDir::new().unwrap());
    let from = folder.path().join("from");
    lived(&from).await;
    let options = || options(&[server.url()]);
    copied_in(&from, options()).unwrap();
    let community = Community::of(&opened_secret(&from)).to_string();
    let mark = |community: &str| {
        let mark = format!(r#"{{"community":"{community}","ends":"before"}}"#);
        server.command(&["HSET", "rill:meta", "copying", &mark]).unwrap();
    };
    mark(&community);
    let refused = copied_in(&from, options()).unwrap_err().to_string();
    assert!(refused.contains("has gone on since its copy into rill: was begun"), "{refused}");
    mark("another");
    let refused = copied_in(&from, options()).unwrap_err().to_string();
    assert!(refused.contains("copy of another community"), "{refused}");
    let refused = redis::open(options(), None).await.map(drop).unwrap_err().to_string();
    assert!(refused.contains("is not finished"), "{refused}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_in_redis_or_in_the_blobs_is_found() {
    let (server, folder, blobs) =
        (Server::start(&Options::default()).unwrap(), TempDir::new().unwrap(), TempDir::new().unwrap());
    let from = folder.path().join("from");
    lived(&from).await;
    let options = || archiving(&[server.url()], blobs.path());
    copied_in(&from, options()).unwrap();
    assert_eq!(checked(options()).checked.findings, []);

    let room = played::room(1);
    let key = |name: &str| format!("rill:{{r:{room}}}:{name}");
    let do_it = |words: &[&str]| drop(server.command(words).unwrap());
    let found = || -> Vec<String> {
        let findings = checked(options()).checked.findings;
        findings.iter().map(ToString::to_string).collect()
    };
    let has =
        |found: &[String], words: &str| assert!(found.iter().any(|line| line.contains(words)), "{words}: {found:#?}");

    do_it(&["ZREM", "rill:expiring", std::str::from_utf8(&ALICE.0).unwrap()]);
    has(&found(), "what expires and is not in the list");
    let content = std::str::from_utf8(&[21; 16]).unwrap().to_owned();
    do_it(&["ZREM", "rill:collecting", &content]);
    has(&found(), "something due and is not in the list");
    do_it(&["DEL", &format!("rill:{{c:{}}}:pending_reference:order", "15".repeat(16))]);
    has(&found(), "content 15151515151515151515151515151515: its rows and the order beside them");
    do_it(&["ZREM", &key("member:order"), std::str::from_utf8(&ALICE.0).unwrap()]);
    has(&found(), "the order beside them");
    let name = opened_name(&from);
    do_it(&["DEL", &format!("rill:{{n:{name}}}:row")]);
    has(&found(), "is not who their name leads to");
    do_it(&["XDEL", &key("entry"), "1300-0"]);
    has(&found(), "entry 1301 stands behind entry 1299");
    // A record under another one's key.
    let script = "local rows = redis.call('HKEYS', KEYS[1]) redis.call('HSET', KEYS[1], rows[1], 'x')";
    do_it(&["EVAL", script, "1", &key("standing")]);
    has(&found(), "standing: room");

    let blob = |number: usize| {
        let folders = fs::read_dir(blobs.path()).unwrap().map(|part| part.unwrap().path());
        let mut files: Vec<_> =
            folders.flat_map(|part| fs::read_dir(part).unwrap()).map(|file| file.unwrap().path()).collect();
        files.sort();
        files.swap_remove(number)
    };
    let mut bytes = fs::read(blob(0)).unwrap();
    bytes[100] ^= 1;
    fs::write(blob(0), bytes).unwrap();
    fs::remove_file(blob(1)).unwrap();
    let found = found();
    has(&found, "damaged");
    has(&found, "is missing");
    let untold = crate::stage::options(&[server.url()]);
    let error = blocking(|runtime| redis::check(untold, runtime, &names, &mut |_| {})).unwrap_err();
    assert!(error.to_string().contains("blobs.folder"), "{error}");
}
