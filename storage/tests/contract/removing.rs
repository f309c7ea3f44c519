//! Messages that go: what they said, whom they named and what their files were is nowhere.

use crate::{
    attached::{complete, file, settle},
    stage::{Kind, Stage, change, client, contract, post, room, user},
};
use rill_protocol::Code;
use rill_storage::{
    limits::BODY_PART_BYTES_MAX,
    model::{Anchor, Appended, Body, Change, Entry, Erased, Fact, FileState, Mentions, NewEntry, Reach, Replay, Rule},
    port::AppendRefused,
};
use std::sync::Arc;

fn removing(by: u64, number: u64, target: u64, named: &[u64]) -> NewEntry {
    let named = named.iter().map(|number| user(*number)).collect();
    change(by, number, Change::Remove { target, named, rule: Rule(|sides| sides.is_own), reach: Reach::Seen })
}

fn naming(author: u64, number: u64, users: &[u64], everyone: bool) -> NewEntry {
    let mentions = Mentions { users: users.iter().map(|number| user(*number)).collect(), everyone };
    NewEntry { mentions, ..post(author, number, "hello") }
}

async fn entry(stage: &Stage, seq: u64) -> Arc<Entry> {
    stage.store.log.entries(room(1), seq - 1, 1, usize::MAX).await.unwrap().remove(0)
}

async fn mentions(stage: &Stage, number: u64) -> (u32, u32) {
    let reading = stage.store.marks.reading(room(1), user(number)).await.unwrap().unwrap();
    (reading.unread, reading.mentions)
}

async fn a_text_is_gone_and_the_log_stays_whole(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    let long = "长".repeat(2 * BODY_PART_BYTES_MAX);
    for (number, text) in [(1, "short"), (2, long.as_str()), (3, "stays")] {
        stage.appended(1, post(1, number, text)).await;
    }
    for target in [3, 4] {
        let removed = stage.appended(1, removing(1, 10 + target, target, &[])).await;
        assert_eq!((removed.entry.fact, removed.entry.target_seq()), (Fact::Deleted { target }, target));
        assert_eq!((&removed.entry.body, removed.entry.posts), (&Body::None, 3), "what is counted stays");
        let again = stage.appended(1, removing(1, 10 + target, target, &[])).await;
        assert_eq!((again.replay, again.entry.seq), (Replay::Same, removed.entry.seq), "a retry makes no second");
        let other = stage.append(1, removing(1, 20 + target, target, &[])).await;
        assert_eq!(other.unwrap_err(), AppendRefused::Unchanged);
        let expected = Erased { author: user(1), file: None };
        assert_eq!(stage.store.log.erased(room(1), target).await.unwrap(), Some(expected));
    }
    assert_eq!(stage.store.log.erased(room(1), 5).await.unwrap(), None);
    let read = stage.store.log.entries(room(1), 0, 100, usize::MAX).await.unwrap();
    assert!(read.iter().map(|entry| entry.seq).eq(1..=7));
    assert!(read.iter().map(|entry| entry.posts).eq([0, 0, 1, 2, 3, 3, 3]));
    let bodies: Vec<&Body> = read[2..5].iter().map(|entry| &entry.body).collect();
    assert_eq!(bodies, [&Body::Erased, &Body::Erased, &Body::Text("stays".into())]);
    let page = stage.store.log.messages(room(1), Anchor::Before(6), 3, usize::MAX).await.unwrap().unwrap();
    assert!(page.messages.iter().map(|message| &message.body).eq(bodies));
    let due = stage.store.rooms.pending(100).await.unwrap();
    let due: Vec<_> = due.iter().filter(|due| matches!(due.fact, Fact::Deleted { .. })).map(|due| due.seq).collect();
    assert_eq!(due, [6, 7], "until the rest is done");

    // Whoever posts it again under its id gets what became of it; what it said is not known.
    for text in ["short", "another"] {
        let Appended { replay, entry, .. } = stage.appended(1, post(1, 1, text)).await;
        assert_eq!((replay, entry.seq, &entry.body), (Replay::Same, 3, &Body::Erased));
    }
    for target in [3, 4, 5, 99] {
        stage.store.log.scrub(room(1), target).await.unwrap();
    }
    assert_eq!(entry(&stage, 5).await.body, Body::Text("stays".into()));
}

async fn what_is_refused_changes_nothing(kind: Kind) {
    let stage = kind.open();
    assert_eq!(stage.append(1, removing(1, 1, 3, &[])).await.unwrap_err(), AppendRefused::NoSuchRoom);
    stage.make_room(1).await;
    stage.appended(1, post(1, 1, "before")).await;
    stage.appended(1, change(2, 1, Change::Join)).await;
    stage.appended(1, change(2, 2, Change::Leave)).await;
    stage.appended(1, post(1, 2, "meanwhile")).await;
    let refused = async |by, number, target| stage.append(1, removing(by, number, target, &[])).await.unwrap_err();
    assert_eq!(refused(2, 3, 3).await, AppendRefused::NotAMember);
    stage.appended(1, change(2, 4, Change::Join)).await;
    assert_eq!(refused(2, 5, 3).await, AppendRefused::NotAllowed, "another's");
    assert_eq!(refused(2, 6, 6).await, AppendRefused::NoSuchMessage, "of a time when they were away");
    for target in [0, 1, 2, 4, 7, 8, 99, u64::MAX] {
        assert_eq!(refused(1, 100 + target % 100, target).await, AppendRefused::NoSuchMessage, "{target} is no post");
    }
    // An administrator of the server need be no member.
    let all = |number, target| {
        let (named, rule) = (Vec::new(), Rule(|_| true));
        change(9, number, Change::Remove { target, named, rule, reach: Reach::All })
    };
    assert_eq!(stage.append(1, all(1, 2)).await.unwrap_err(), AppendRefused::NoSuchMessage);
    assert_eq!(stage.appended(1, all(2, 6)).await.entry.fact, Fact::Deleted { target: 6 });
    assert_eq!(stage.store.rooms.membership(room(1), user(9)).await.unwrap(), None);
    assert_eq!(entry(&stage, 3).await.body, Body::Text("before".into()));
}

async fn nobody_is_named_by_what_is_gone(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    for number in [2, 3] {
        stage.appended(1, change(number, 1, Change::Join)).await;
    }
    stage.appended(1, naming(1, 1, &[2, 3], false)).await;
    stage.appended(1, naming(1, 2, &[], true)).await;
    stage.appended(1, naming(1, 3, &[2], false)).await;
    assert_eq!((mentions(&stage, 2).await, mentions(&stage, 3).await), ((3, 3), (3, 2)));
    // Of all whom it may have named some were not.
    stage.appended(1, removing(1, 4, 5, &[2, 3, 7])).await;
    assert_eq!((mentions(&stage, 2).await, mentions(&stage, 3).await), ((3, 2), (3, 1)));
    stage.appended(1, removing(1, 5, 6, &[])).await;
    assert_eq!((mentions(&stage, 2).await, mentions(&stage, 3).await), ((3, 1), (3, 0)));
}

async fn a_file_is_known_to_who_forgets_it_alone(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    let (whole, on_its_way) = (3, 5);
    stage.appended(1, file(1, 2, "说明")).await;
    stage.appended(1, settle(1, 30, whole, complete())).await;
    stage.appended(1, file(1, 4, "")).await;
    for target in [whole, on_its_way] {
        stage.appended(1, removing(1, 40 + target, target, &[])).await;
        let message = entry(&stage, target).await;
        assert_eq!((&message.body, &message.file), (&Body::Erased, &None));
        let page = stage.store.log.messages(room(1), Anchor::After(target - 1), 1, usize::MAX).await.unwrap().unwrap();
        assert_eq!((&page.messages[0].body, &page.messages[0].file), (&Body::Erased, &None));
        let retried = stage.appended(1, file(1, target - 1, "说明")).await;
        assert_eq!((retried.entry.seq, &retried.entry.file), (target, &None));
    }
    let gone = FileState::Failed { code: Code::NoSuchFile.number() };
    let told = entry(&stage, whole + 1).await.file.clone().unwrap();
    assert_eq!((told.name.as_str(), told.size, &told.voice, &told.state), ("", 0, &None, &gone));
    let late = stage.append(1, settle(1, 50, on_its_way, complete())).await;
    assert_eq!(late.unwrap_err(), AppendRefused::Unchanged, "it does not come any more");

    let left = async |target| stage.store.log.erased(room(1), target).await.unwrap().unwrap().file;
    let (kept, pending) = (left(whole).await.unwrap(), left(on_its_way).await.unwrap());
    assert_eq!((kept.name.as_str(), &kept.state), ("", &complete()), "what has to be released is still known");
    assert_eq!(pending.state, FileState::Pending);
    for target in [whole, on_its_way, whole] {
        stage.store.log.scrub(room(1), target).await.unwrap();
        assert_eq!(left(target).await, None);
    }
    assert_eq!(entry(&stage, whole + 1).await.file.clone().unwrap().state, gone);
    // Under its id the same transfer goes no further.
    let client_id = client(2);
    assert_eq!(entry(&stage, whole).await.client_id, client_id);
}

contract! {
    a_text_is_gone_and_the_log_stays_whole
    what_is_refused_changes_nothing
    nobody_is_named_by_what_is_gone
    a_file_is_known_to_who_forgets_it_alone
}
