//! Files as messages of a room have them: on their way, and settled once.

use crate::stage::{Kind, Stage, change, client, contract, post, room, user};
use rill_protocol::TransferId;
use rill_storage::{
    limits::Bounds,
    model::{
        Anchor, AttachedFile, Body, Change, CompleteFile, ContentKey, Entry, Fact, FileState, Image, NewEntry, Replay,
        Voice,
    },
    port::AppendRefused,
};
use std::sync::Arc;

pub(crate) fn pending(number: u64) -> Arc<AttachedFile> {
    let mut transfer = [6; 16];
    transfer[8..].copy_from_slice(&number.to_be_bytes());
    Arc::new(AttachedFile {
        transfer: TransferId(transfer),
        name: format!("图 {number}.png"),
        size: number << 20,
        voice: number.is_multiple_of(2).then(|| Voice { duration_ms: 1_500, waveform: vec![0, 128, 255] }),
        state: FileState::Pending,
    })
}

pub(crate) fn complete() -> FileState {
    FileState::Complete(CompleteFile {
        content: ContentKey([9; 32]),
        size: 77,
        media_type: "image/png".into(),
        image: Some(Image { width: 640, height: 480, animated: true, blur_hash: "LEHV6nWB2yk8".into() }),
    })
}

fn settled(number: u64, state: FileState) -> Arc<AttachedFile> {
    Arc::new(AttachedFile { state, ..(*pending(number)).clone() })
}

pub(crate) fn file(author: u64, number: u64, text: &str) -> NewEntry {
    change(author, number, Change::File { text: text.into(), file: pending(number) })
}

pub(crate) fn settle(author: u64, client_number: u64, target: u64, state: FileState) -> NewEntry {
    change(author, client_number, Change::SettleFile { target, state })
}

async fn entries(stage: &Stage) -> Vec<Arc<Entry>> {
    stage.store.log.entries(room(1), 2, 100, usize::MAX).await.unwrap()
}

/// The files of the newest messages, by their seq.
async fn paged(stage: &Stage) -> Vec<(u64, Arc<AttachedFile>)> {
    let page = stage.store.log.messages(room(1), Anchor::Before(u64::MAX), 100, usize::MAX).await.unwrap().unwrap();
    page.messages.into_iter().filter_map(|message| Some((message.seq, message.file?))).collect()
}

async fn a_file_is_a_post_that_is_on_its_way(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    for (number, text) in [(1, ""), (2, "说明"), (3, &"长".repeat(3_000))] {
        let made = stage.appended(1, file(1, number, text)).await;
        assert_eq!((made.entry.seq, made.entry.posts, made.entry.fact), (number + 2, number, Fact::File));
        assert_eq!((&made.entry.body, made.entry.file.as_ref()), (&Body::Text(text.into()), Some(&pending(number))));
        assert_eq!(made.entry.target_seq(), number + 2);
        let again = stage.appended(1, file(1, number, text)).await;
        assert_eq!((again.replay, &again.entry), (Replay::Same, &made.entry));
    }
    stage.appended(1, post(1, 9, "behind them")).await;
    let read = entries(&stage).await;
    let files: Vec<_> = read.iter().map(|entry| entry.file.clone()).collect();
    assert_eq!(files, [Some(pending(1)), Some(pending(2)), Some(pending(3)), None]);
    assert_eq!(read[1].body, Body::Text("说明".into()));
    assert_eq!(paged(&stage).await, [(3, pending(1)), (4, pending(2)), (5, pending(3))]);
    let head = stage.store.log.head(room(1)).await.unwrap().unwrap();
    assert_eq!((head.seq, head.posts), (6, 4));
    let member = stage.store.rooms.membership(room(1), user(1)).await.unwrap().unwrap();
    assert_eq!(member.mark_seq, 6);
    assert_eq!(stage.append(1, file(2, 4, "")).await.unwrap_err(), AppendRefused::NotAMember);
    assert_eq!(stage.append(7, file(1, 4, "")).await.unwrap_err(), AppendRefused::NoSuchRoom);
}

async fn what_became_of_a_file_is_said_once(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    stage.appended(1, file(1, 1, "")).await;
    stage.appended(1, file(1, 2, "")).await;
    let made = stage.appended(1, settle(1, 11, 3, complete())).await;
    assert_eq!((made.entry.seq, made.entry.posts), (5, 2), "it is no post");
    assert_eq!((made.entry.fact, made.entry.target_seq()), (Fact::FileSettled { target: 3 }, 3));
    assert_eq!((&made.entry.body, made.entry.file.as_ref()), (&Body::None, Some(&settled(1, complete()))));

    let failed = || FileState::Failed { code: 85 };
    let again = stage.appended(1, settle(1, 11, 3, complete())).await;
    assert_eq!((again.replay, &again.entry), (Replay::Same, &made.entry));
    assert_eq!(stage.appended(1, settle(1, 11, 3, failed())).await.replay, Replay::Different);
    for state in [failed(), complete(), FileState::Pending] {
        assert_eq!(stage.append(1, settle(1, 12, 3, state)).await.unwrap_err(), AppendRefused::Unchanged);
    }
    stage.appended(1, settle(1, 13, 4, failed())).await;
    let read = entries(&stage).await;
    let files: Vec<_> = read.iter().map(|entry| entry.file.clone().unwrap()).collect();
    let (first, second) = (settled(1, complete()), settled(2, failed()));
    // The entry from before says what is now.
    assert_eq!(files, [first.clone(), second.clone(), first.clone(), second.clone()]);
    assert_eq!(paged(&stage).await, [(3, first.clone()), (4, second)]);
    let (_, behind) = stage.store.log.tail(room(1), 4, 1, usize::MAX).await.unwrap().unwrap();
    assert_eq!(behind[0].file, Some(first), "of a message that is not read with it");
}

async fn only_the_author_settles_what_is_a_file(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    stage.appended(1, change(2, 1, Change::Join)).await;
    stage.appended(1, file(2, 2, "")).await;
    stage.appended(1, post(2, 3, "no file")).await;
    for (author, target) in [(1, 4), (3, 4), (2, 5), (2, 3), (2, 6), (2, 0), (2, u64::MAX)] {
        let refused = stage.append(1, settle(author, 10, target, complete())).await.unwrap_err();
        assert_eq!(refused, AppendRefused::Unchanged, "{author} settles {target}");
    }
    assert_eq!(stage.append(7, settle(2, 10, 4, complete())).await.unwrap_err(), AppendRefused::NoSuchRoom);
    assert_eq!(stage.store.log.head(room(1)).await.unwrap().unwrap().seq, 5, "a refusal writes nothing");
    // Who has left still sees to what they began.
    stage.appended(1, change(2, 4, Change::Leave)).await;
    let made = stage.appended(1, settle(2, 10, 4, FileState::Failed { code: 89 })).await;
    assert_eq!((made.entry.seq, made.entry.author, made.entry.client_id), (7, user(2), client(10)));
}

async fn a_file_is_settled_also_where_no_more_is_taken(kind: Kind) {
    let stage = kind.open_with(Bounds { client_ids_per_member_max: 3, ..Bounds::default() });
    stage.make_room(1).await;
    stage.appended(1, file(1, 1, "")).await;
    stage.appended(1, file(1, 2, "")).await;
    assert_eq!(stage.append(1, file(1, 3, "")).await.unwrap_err(), AppendRefused::TooManyKeys);
    stage.appended(1, settle(1, 11, 3, complete())).await;
    stage.appended(1, settle(1, 12, 4, complete())).await;
    assert_eq!(stage.appended(1, settle(1, 12, 4, complete())).await.replay, Replay::Same);
}

async fn a_rooms_files_are_paged_from_the_newest_on(kind: Kind) {
    let stage = kind.open();
    let list = async |author: u64, before: u64, limit: usize, bytes: usize| {
        let sight = stage.store.log.files_for(user(author), room(1), before, limit, bytes).await.unwrap();
        let page = sight?.part;
        let files =
            page.messages.iter().map(|message| (message.seq, message.file.clone().unwrap())).collect::<Vec<_>>();
        Some((files, page.more))
    };
    assert_eq!(list(1, u64::MAX, 10, usize::MAX).await, None);
    stage.make_room(1).await;
    assert_eq!(list(1, u64::MAX, 10, usize::MAX).await, Some((vec![], false)));
    // 3 and 6 and 9 are files, what is around them is not.
    let long = "长".repeat(2_000);
    for number in 1..=3 {
        let target = stage.appended(1, file(1, number, &long)).await.entry.seq;
        stage.appended(1, post(1, 20 + number, "x")).await;
        if number == 2 {
            stage.appended(1, settle(1, 10 + number, target, complete())).await;
        } else {
            stage.appended(1, change(number + 1, 30 + number, Change::Join)).await;
        }
    }
    let (first, second, third) = ((3, pending(1)), (6, settled(2, complete())), (9, pending(3)));
    let all = vec![first.clone(), second.clone(), third.clone()];
    for (before, limit, bytes, expected, more) in [
        (u64::MAX, 10, usize::MAX, all, false),
        (u64::MAX, 2, usize::MAX, vec![second.clone(), third.clone()], true),
        (6, 2, usize::MAX, vec![first.clone()], false),
        (7, 1, usize::MAX, vec![second.clone()], true),
        (u64::MAX, 3, 2 * long.len(), vec![second, third.clone()], true),
        (u64::MAX, 3, 0, vec![third], true),
        (3, 3, usize::MAX, vec![], false),
        (0, 3, usize::MAX, vec![], false),
        (u64::MAX, 0, usize::MAX, vec![], true),
    ] {
        assert_eq!(list(1, before, limit, bytes).await, Some((expected, more)), "{limit} before {before}");
    }
    let sight = stage.store.log.files_for(user(4), room(1), u64::MAX, 10, usize::MAX).await.unwrap().unwrap();
    assert_eq!((sight.part.head.seq, sight.part.head.posts), (11, 6));
    assert_eq!(sight.part.messages[1].body, Body::Text(long.as_str().into()));
    assert_eq!(sight.membership.unwrap().ranges.len(), 1);
    let sight = stage.store.log.files_for(user(9), room(1), u64::MAX, 10, usize::MAX).await.unwrap().unwrap();
    assert!(sight.membership.is_none());
}

contract! {
    a_rooms_files_are_paged_from_the_newest_on
    a_file_is_a_post_that_is_on_its_way
    what_became_of_a_file_is_said_once
    only_the_author_settles_what_is_a_file
    a_file_is_settled_also_where_no_more_is_taken
}
