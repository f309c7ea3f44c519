//! Rooms that are deleted: nobody reads them, nothing is appended, and what they held goes.

use crate::{
    attached::{complete, file, settle},
    stage::{DAY_MS, Kind, START_MS, Stage, change, client, contract, digest, new_room, post, room, user},
};
use rill_storage::{
    limits::{BODY_PART_BYTES_MAX, ERASE_ENTRIES},
    model::{
        Anchor, Appended, Avatar, Change, Digest, Fact, FileState, MemberAct, Mentions, NewBatch, NewEntry, NewMark,
        NewPost, Noted, Reach, Remains, Replay, RoomLink, RoomRole, Rule,
    },
    port::{AppendRefused, MarkRefused},
};

const ANYTHING: Rule = Rule(|_| true);

fn deleting(by: u64, number: u64) -> NewEntry {
    let rule = Rule(|sides| sides.actor == Some(RoomRole::Owner));
    change(by, number, Change::Delete { rule, reach: Reach::Seen })
}

fn to_member(by: u64, number: u64, to: u64, act: MemberAct) -> NewEntry {
    change(by, number, Change::Member { user: user(to), name: "somebody".into(), act, rule: ANYTHING })
}

fn link() -> RoomLink {
    let (created_ms, expires_ms) = (START_MS, START_MS + DAY_MS);
    RoomLink { secret: Digest([8; 32]), creator: user(1), created_ms, expires_ms, uses_max: 10, uses: 0 }
}

/// A room with something of each kind: two members, one who was removed, one who is banned, one
/// who is invited.
async fn furnished(kind: Kind) -> Stage {
    let stage = kind.open();
    stage.make_room(1).await;
    for number in [2, 3] {
        stage.appended(1, change(number, 1, Change::Join)).await;
    }
    let mentions = Mentions { users: vec![user(2)], everyone: false };
    stage.appended(1, NewEntry { mentions, ..post(1, 2, "short") }).await;
    stage.appended(1, post(3, 2, &"长".repeat(2 * BODY_PART_BYTES_MAX))).await;
    let sent = stage.appended(1, file(2, 4, "说明")).await.entry.seq;
    stage.appended(1, settle(2, 5, sent, complete())).await;
    stage.appended(1, file(1, 6, "")).await;
    stage.appended(1, to_member(1, 7, 3, MemberAct::Remove)).await;
    stage.appended(1, to_member(1, 8, 4, MemberAct::Ban)).await;
    stage.appended(1, to_member(1, 9, 5, MemberAct::Invite)).await;
    stage.appended(1, change(1, 10, Change::MakeLink { link: link(), rule: ANYTHING })).await;
    stage
}

/// What the ports say of the room is that there is none.
async fn is_none(stage: &Stage, last: u64) {
    let (store, room) = (&stage.store, room(1));
    assert!(store.rooms.is_deleted(room).await.unwrap());
    assert_eq!(store.rooms.get(room).await.unwrap(), None);
    assert_eq!(store.rooms.members(room, None, 100).await.unwrap(), []);
    for number in 1..=6 {
        let user = user(number);
        assert_eq!(store.rooms.membership(room, user).await.unwrap(), None);
        assert!(store.rooms.room_for(user, room).await.unwrap().is_none());
        assert!(store.log.end_for(user, room).await.unwrap().is_none());
        assert!(store.log.messages_for(user, room, Anchor::After(0), 100, usize::MAX).await.unwrap().is_none());
        assert!(store.log.files_for(user, room, u64::MAX, 100, usize::MAX).await.unwrap().is_none());
        assert_eq!(store.marks.reading(room, user).await.unwrap(), None);
        assert_eq!(store.marks.receipt(room, user).await.unwrap(), None);
        assert_eq!(store.marks.set(room, user, NewMark::Read(1)).await.unwrap(), Err(MarkRefused::NoSuchRoom));
        assert_eq!(store.doors.invitation(room, user).await.unwrap(), None);
        // Who followed it hears that it is deleted, and nothing else.
        for after in [0, 2, last - 1] {
            let sight = store.log.tail_for(user, room, after, 100, usize::MAX).await.unwrap().unwrap();
            let (head, entries) = sight.part;
            assert_eq!((sight.membership, head.seq), (None, last));
            assert!(entries.iter().map(|entry| (entry.seq, entry.fact)).eq([(last, Fact::RoomDeleted)]));
        }
    }
    assert_eq!(store.marks.receipts(room, None, 100).await.unwrap(), []);
    assert!(store.log.messages(room, Anchor::Before(u64::MAX), 100, usize::MAX).await.unwrap().is_none());
    let entries = store.log.entries(room, 0, 100, usize::MAX).await.unwrap();
    assert!(entries.iter().map(|entry| entry.seq).eq([last]));
    assert_eq!(store.log.entries(room, last, 100, usize::MAX).await.unwrap(), []);
    assert_eq!(store.log.head(room).await.unwrap().map(|head| head.seq), Some(last));
    assert_eq!(store.log.erased(room, 5).await.unwrap(), None);
    let nobody: [Noted; 0] = [];
    assert_eq!(store.doors.invited(room, None, 100).await.unwrap(), nobody);
    assert_eq!(store.doors.banned(room, None, 100).await.unwrap(), nobody);
    assert_eq!(store.doors.links(room).await.unwrap(), []);
    assert_eq!(store.doors.link(room, link().secret).await.unwrap(), None);
}

async fn nobody_reads_it_and_nothing_is_appended(kind: Kind) {
    let stage = furnished(kind).await;
    let before = stage.store.log.head(room(1)).await.unwrap().unwrap();
    let deleted = stage.appended(1, deleting(1, 20)).await;
    assert_eq!(
        (deleted.entry.fact, deleted.entry.seq, deleted.epoch),
        (Fact::RoomDeleted, before.seq + 1, before.epoch)
    );
    assert_eq!(deleted.entry.posts, before.posts);
    is_none(&stage, before.seq + 1).await;

    let refused = async |entry| stage.append(1, entry).await.unwrap_err();
    let changes = [
        post(1, 21, "late"),
        // A retry of what was there.
        post(1, 2, "short"),
        change(6, 1, Change::Join),
        change(5, 2, Change::Join),
        change(6, 3, Change::JoinByLink(link().secret)),
        change(2, 22, Change::Leave),
        to_member(1, 23, 6, MemberAct::Invite),
        change(1, 24, Change::MakeLink { link: link(), rule: ANYTHING }),
        change(1, 25, Change::Avatar { picture: None, replaces: 0 }),
        settle(1, 26, 8, complete()),
        change(9, 27, Change::Delete { rule: ANYTHING, reach: Reach::All }),
        deleting(1, 20),
    ];
    for change in changes {
        assert_eq!(refused(change).await, AppendRefused::Deleted);
    }
    let posts =
        vec![NewPost { client_id: client(30), digest: digest("x"), text: "x".into(), mentions: Mentions::default() }];
    let batch = stage.store.log.append_batch(room(1), NewBatch { author: user(1), at_ms: START_MS, posts });
    assert_eq!(batch.await.unwrap().unwrap_err(), AppendRefused::Deleted);

    // Its id is never made again.
    let Appended { replay, entry, epoch } = stage.make_room(1).await;
    assert_eq!((replay, entry.fact, epoch), (Replay::Same, Fact::RoomDeleted, before.epoch));
    is_none(&stage, before.seq + 1).await;
    let due = stage.store.rooms.pending(100).await.unwrap();
    let due = due.iter().filter(|due| due.fact == Fact::RoomDeleted);
    assert!(due.map(|due| (due.seq, due.user)).eq([(before.seq + 1, user(1))]));
}

async fn who_may_not_changes_nothing(kind: Kind) {
    let stage = kind.open();
    assert_eq!(stage.append(1, deleting(1, 1)).await.unwrap_err(), AppendRefused::NoSuchRoom);
    let made = stage.make_room(1).await;
    stage.appended(1, change(2, 1, Change::Join)).await;
    assert_eq!(stage.append(1, deleting(2, 2)).await.unwrap_err(), AppendRefused::NotAllowed);
    assert_eq!(stage.append(1, deleting(3, 1)).await.unwrap_err(), AppendRefused::NotAMember);
    assert_eq!(stage.store.rooms.remains(room(1), 100).await.unwrap(), None, "it is not deleted");
    stage.store.rooms.erase(room(1), Remains::Rows).await.unwrap();
    let entries = stage.store.log.entries(room(1), 0, 100, usize::MAX).await.unwrap();
    assert!(entries.iter().map(|entry| entry.seq).eq(1..=made.entry.seq + 1));
    // An administrator of the server need be no member.
    let all = change(9, 3, Change::Delete { rule: ANYTHING, reach: Reach::All });
    assert_eq!(stage.appended(1, all).await.entry.fact, Fact::RoomDeleted);
}

/// Erases everything, each part twice as after a stop; what the parts were.
async fn erased(stage: &Stage, limit: usize) -> Vec<Remains> {
    let mut parts = Vec::new();
    while let Some(remains) = stage.store.rooms.remains(room(1), limit).await.unwrap() {
        stage.store.rooms.erase(room(1), remains.clone()).await.unwrap();
        if remains != Remains::Rows {
            stage.store.rooms.erase(room(1), remains.clone()).await.unwrap();
        }
        parts.push(remains);
        assert!(parts.len() < 1_000, "it comes to an end");
    }
    parts
}

async fn what_it_held_is_named_to_who_must_know_and_erased(kind: Kind) {
    let stage = furnished(kind).await;
    let last = stage.appended(1, deleting(1, 20)).await.entry.seq;
    let parts = erased(&stage, 1).await;
    let (known, rows) = parts.split_at(parts.iter().position(|part| *part == Remains::Rows).unwrap());
    let expected = [
        Remains::Members(vec![user(1)]),
        Remains::Members(vec![user(2)]),
        Remains::Invited(vec![user(5)]),
        Remains::Files(vec![(7, user(2), complete())]),
        Remains::Files(vec![(9, user(1), FileState::Pending)]),
    ];
    assert_eq!(known, expected);
    assert!(rows.iter().all(|part| *part == Remains::Rows));
    is_none(&stage, last).await;
    assert_eq!(stage.make_room(1).await.entry.fact, Fact::RoomDeleted, "a tombstone stays");
    for due in stage.store.rooms.pending(100).await.unwrap() {
        stage.store.rooms.settle(due.room, due.seq).await.unwrap();
    }
    is_none(&stage, last).await;
    assert_eq!(erased(&stage, 100).await, []);
    assert_eq!(stage.store.rooms.get(room(1)).await.unwrap().map(|room| room.avatar), None::<Avatar>);
    // Another room of the same store is as it was.
    stage.store.rooms.create(new_room(2)).await.unwrap();
    stage.appended(2, post(1, 1, "here")).await;
}

async fn a_long_log_goes_in_parts(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    stage.appended(1, change(2, 1, Change::Join)).await;
    let posts = 2 * ERASE_ENTRIES + 40;
    for number in 0..posts {
        let mentions = Mentions { users: vec![user(2)], everyone: number == 0 };
        stage.appended(1, NewEntry { mentions, ..post(1, 100 + number, "hello") }).await;
    }
    let last = stage.appended(1, deleting(1, 1)).await.entry.seq;
    assert_eq!(stage.store.marks.reading(room(1), user(2)).await.unwrap(), None);
    let parts = erased(&stage, 100).await;
    let rows = parts.iter().filter(|part| **part == Remains::Rows).count() as u64;
    assert!(rows > last / ERASE_ENTRIES, "{rows} commands for {last} entries");
    is_none(&stage, last).await;
}

/// Whoever is too late is told so; nothing stands behind the deletion, and it stands there once.
async fn posts_and_deletions_at_once(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    stage.appended(1, change(2, 1, Change::Join)).await;
    let (mut posts, mut deletions) = (Vec::new(), Vec::new());
    for number in 0..60 {
        // Queued one behind the other: some are of the same batch as the deletion.
        posts.push(stage.store.log.append(room(1), post(1 + number % 2, 100 + number, "hello")));
        if number == 30 {
            deletions.push(stage.store.log.append(room(1), deleting(1, 1)));
            let all = change(9, 2, Change::Delete { rule: ANYTHING, reach: Reach::All });
            deletions.push(stage.store.log.append(room(1), all));
        }
    }
    let (mut made, mut late) = (0, 0);
    let mut deleted = Vec::new();
    for deletion in deletions {
        match deletion.await.unwrap() {
            Ok(appended) => deleted.push(appended.entry.seq),
            Err(refused) => assert_eq!(refused, AppendRefused::Deleted),
        }
    }
    let [last] = deleted[..] else { panic!("{deleted:?}") };
    for post in posts {
        match post.await.unwrap() {
            Ok(appended) => {
                assert!(appended.entry.seq < last);
                made += 1;
            }
            Err(refused) => {
                assert_eq!(refused, AppendRefused::Deleted);
                late += 1;
            }
        }
    }
    assert_eq!((made, late), (31, 29));
    assert_eq!(stage.store.log.head(room(1)).await.unwrap().map(|head| head.seq), Some(last));
    erased(&stage, 7).await;
    is_none(&stage, last).await;
}

contract! {
    nobody_reads_it_and_nothing_is_appended
    who_may_not_changes_nothing
    what_it_held_is_named_to_who_must_know_and_erased
    a_long_log_goes_in_parts
    posts_and_deletions_at_once
}
