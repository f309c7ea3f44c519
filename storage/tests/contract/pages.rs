//! Reading entries and messages, bounded.

use crate::stage::{Kind, Stage, change, client, contract, post, room, user};
use rill_storage::{
    limits::READ_ROWS_MAX,
    model::{Anchor, Body, Change, Fact, Message, MessagePage},
};

/// Posts 1 to `posts` at seqs 3 and up, `text` each.
async fn filled(kind: Kind, posts: u64, text: &str) -> Stage {
    let stage = kind.open();
    stage.make_room(1).await;
    let queued: Vec<_> = (1..=posts).map(|number| stage.store.log.append(room(1), post(1, number, text))).collect();
    for append in queued {
        append.await.unwrap().unwrap();
    }
    stage
}

async fn entry_seqs(stage: &Stage, after: u64, limit: usize, bytes: usize) -> Vec<u64> {
    let entries = stage.store.log.entries(room(1), after, limit, bytes).await.unwrap();
    entries.iter().map(|entry| entry.seq).collect()
}

async fn page(stage: &Stage, anchor: Anchor, limit: usize, bytes: usize) -> MessagePage {
    stage.store.log.messages(room(1), anchor, limit, bytes).await.unwrap().unwrap()
}

fn seqs(page: &MessagePage) -> Vec<u64> {
    page.messages.iter().map(|message| message.seq).collect()
}

async fn entries_come_in_order_behind_a_seq(kind: Kind) {
    let stage = filled(kind, 10, "0123456789").await;
    assert_eq!(entry_seqs(&stage, 0, 100, usize::MAX).await, (1..=12).collect::<Vec<_>>());
    assert_eq!(entry_seqs(&stage, 4, 3, usize::MAX).await, [5, 6, 7]);
    assert_eq!(entry_seqs(&stage, 12, 3, usize::MAX).await, [0_u64; 0]);
    assert_eq!(entry_seqs(&stage, u64::MAX, 3, usize::MAX).await, [0_u64; 0]);
    assert_eq!(entry_seqs(&stage, 0, 0, usize::MAX).await, [0_u64; 0]);
}

async fn entries_stop_at_the_bytes_but_give_one(kind: Kind) {
    let stage = filled(kind, 10, "0123456789").await;
    assert_eq!(entry_seqs(&stage, 2, 10, 30).await, [3, 4, 5]);
    assert_eq!(entry_seqs(&stage, 2, 10, 39).await, [3, 4, 5]);
    assert_eq!(entry_seqs(&stage, 2, 10, 0).await, [3]);
    // The name of the room and a joining cost their own text only.
    assert_eq!(entry_seqs(&stage, 0, 10, "房间 1".len() + 10).await, [1, 2, 3]);
}

async fn messages_are_paged_in_both_directions(kind: Kind) {
    let stage = filled(kind, 8, "x").await;
    for (anchor, limit, expected, more) in [
        (Anchor::Before(u64::MAX), 3, vec![8, 9, 10], true),
        (Anchor::Before(8), 3, vec![5, 6, 7], true),
        (Anchor::Before(4), 3, vec![1, 2, 3], false),
        (Anchor::Before(4), 2, vec![2, 3], true),
        (Anchor::Before(1), 3, vec![], false),
        (Anchor::Before(0), 3, vec![], false),
        (Anchor::After(0), 3, vec![1, 2, 3], true),
        (Anchor::After(7), 3, vec![8, 9, 10], false),
        (Anchor::After(10), 3, vec![], false),
        (Anchor::After(u64::MAX), 3, vec![], false),
        (Anchor::After(3), 0, vec![], true),
    ] {
        let page = page(&stage, anchor, limit, usize::MAX).await;
        assert_eq!((seqs(&page), page.more), (expected, more), "{anchor:?} {limit}");
        assert_eq!((page.head.seq, page.head.posts), (10, 8));
    }
}

async fn messages_stop_at_the_bytes_on_the_side_of_the_anchor(kind: Kind) {
    let stage = filled(kind, 8, "0123456789").await;
    let before = page(&stage, Anchor::Before(9), 10, 25).await;
    assert_eq!((seqs(&before), before.more), (vec![7, 8], true));
    let after = page(&stage, Anchor::After(5), 10, 25).await;
    assert_eq!((seqs(&after), after.more), (vec![6, 7], true));
    let one = page(&stage, Anchor::Before(9), 10, 0).await;
    assert_eq!((seqs(&one), one.more), (vec![8], true));
    let all = page(&stage, Anchor::After(5), 10, 50).await;
    assert_eq!((seqs(&all), all.more), (vec![6, 7, 8, 9, 10], false));
}

async fn a_message_says_what_its_entry_says(kind: Kind) {
    let stage = filled(kind, 1, "说").await;
    stage.appended(1, change(2, 1, Change::Join)).await;
    stage.appended(1, change(2, 2, Change::Leave)).await;
    let page = page(&stage, Anchor::After(0), 10, usize::MAX).await;
    let entries = stage.store.log.entries(room(1), 0, 10, usize::MAX).await.unwrap();
    let expected: Vec<_> = entries
        .iter()
        .map(|entry| Message {
            seq: entry.seq,
            at_ms: entry.at_ms,
            author: entry.author,
            client_id: entry.client_id,
            fact: entry.fact,
            body: entry.body.clone(),
            edits: 0,
            file: None,
        })
        .collect();
    assert_eq!(page.messages, expected);
    let post = &page.messages[2];
    assert_eq!((post.fact, &post.body), (Fact::Posted, &Body::Text("说".into())));
    assert_eq!((post.author, post.client_id), (user(1), client(1)));
    assert_eq!(page.messages[4].fact, Fact::Left);
}

async fn a_read_has_a_bound_of_its_own(kind: Kind) {
    let stage = filled(kind, READ_ROWS_MAX as u64 + 5, "x").await;
    assert_eq!(entry_seqs(&stage, 0, usize::MAX, usize::MAX).await.len(), READ_ROWS_MAX);
    let page = page(&stage, Anchor::After(0), usize::MAX, usize::MAX).await;
    assert_eq!((page.messages.len(), page.more), (READ_ROWS_MAX, true));
}

contract! {
    entries_come_in_order_behind_a_seq
    entries_stop_at_the_bytes_but_give_one
    messages_are_paged_in_both_directions
    messages_stop_at_the_bytes_on_the_side_of_the_anchor
    a_message_says_what_its_entry_says
    a_read_has_a_bound_of_its_own
}
