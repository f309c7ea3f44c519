//! A store that is backed up, put back or copied while a deleted room is half erased: it is sound, and
//! the rest of the room goes there as it would have gone here.

use crate::{
    files::{open, options},
    played::{ALICE, appended, entry, live, post, room},
};
use rill_storage::{
    EngineKind, Store,
    embedded::{self, BackupLabel, Handle, OpenOptions, RestoreOptions},
    limits::ERASE_ENTRIES,
    model::{Change, Fact, Reach, Remains, Rule},
};
use std::{fs::File, path::Path};

/// Members, files and posts, of which some of each kind are erased.
async fn half_erased(store: &Store) {
    live(store).await;
    for client in 0..3 * ERASE_ENTRIES {
        appended(store, 1, post(1_000 + client, "hello")).await;
    }
    let delete = Change::Delete { rule: Rule(|_| true), reach: Reach::All };
    appended(store, 1, entry(ALICE, 9_000, delete)).await;
    loop {
        let remains = store.rooms.remains(room(1), 1).await.unwrap().unwrap();
        store.rooms.erase(room(1), remains.clone()).await.unwrap();
        if remains == Remains::Rows {
            return;
        }
    }
}

/// What the sweep does about it, to the end.
async fn goes_on(store: &Store, handle: &Handle) {
    assert_eq!(handle.check(|_| {}).unwrap().findings, [], "half of it is there");
    let mut parts = 0;
    while let Some(remains) = store.rooms.remains(room(1), 100).await.unwrap() {
        store.rooms.erase(room(1), remains).await.unwrap();
        parts += 1;
    }
    assert!(parts > 1, "{parts}");
    let due = store.rooms.pending(100).await.unwrap();
    let due: Vec<_> = due.into_iter().filter(|due| due.fact == Fact::RoomDeleted).collect();
    assert_eq!(due.len(), 1, "the sweep is told");
    store.rooms.settle(room(1), due[0].seq).await.unwrap();
    assert_eq!(handle.check(|_| {}).unwrap().findings, [], "nothing of it is there");
    let entries = store.log.entries(room(1), 0, 1_000, usize::MAX).await.unwrap();
    assert!(entries.iter().map(|entry| (entry.seq, entry.fact)).eq([(due[0].seq, Fact::RoomDeleted)]));
    // The other room is as it was.
    appended(store, 2, post(9_100, "here")).await;
}

async fn goes_on_at(path: &Path, kind: EngineKind) {
    let opened = embedded::open(OpenOptions { engine: Some(kind), ..options(path) }).unwrap();
    goes_on(&opened.store, &opened.handle).await;
    opened.handle.close().unwrap();
}

#[tokio::test]
async fn what_was_left_of_a_room_goes_also_from_what_was_put_back_or_copied() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    let opened = open(&at("data"));
    half_erased(&opened.store).await;
    let label = BackupLabel { software: "test".into(), made_ms: 7 };
    opened.handle.backup(&mut File::create(at("backup")).unwrap(), label, |_| {}).unwrap();
    opened.handle.close().unwrap();
    for kind in EngineKind::ALL {
        let (from, to) = (at("backup"), at("restored").join(kind.name()));
        let entropy = options(&to).entropy;
        let wish = RestoreOptions { from, to: to.clone(), engine: kind, replace: false, entropy };
        assert_eq!(embedded::restore(wish, &mut |_, _| {}).unwrap().checked.findings, []);
        goes_on_at(&to, kind).await;
        let to = at("copied").join(kind.name());
        embedded::copy(&at("data"), &to, kind, &mut |_| {}).unwrap();
        goes_on_at(&to, kind).await;
    }
    goes_on_at(&at("data"), crate::ENGINE).await;
}
