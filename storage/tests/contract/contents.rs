//! Contents: who holds one, what refers to it, and what is left to be collected.

use crate::stage::{Kind, START_MS, contract, room, user};
use rill_storage::{
    StoreError,
    blobs::BlobName,
    limits::{CONTENT_FACTS_BYTES_MAX, SPENT_BLOB_KEPT_MS, SPENT_BLOB_KEPT_MS_MIN, SPENT_BLOBS_PER_CONTENT_MAX},
    model::{ContentKey, DueContents, EmojiId, Offer, PendingReference, Reference, SpentBlob},
    port::Claimed,
};

const UNTIL_MS: u64 = START_MS + 1_000;
/// Claims that one test has under way.
const AT_ONCE: usize = 60;

pub(crate) fn key(number: u64) -> ContentKey {
    ContentKey(*blake3::hash(&number.to_le_bytes()).as_bytes())
}

fn blob(number: u8) -> BlobName {
    BlobName([number; 32])
}

fn offer(number: u8) -> Offer {
    Offer { blob: blob(number), size: 1_000, facts: vec![number; 10] }
}

fn message(seq: u64) -> Reference {
    Reference::Message { room: room(1), seq }
}

fn spent(number: u8) -> SpentBlob {
    SpentBlob { content: key(1), blob: blob(number), facts: vec![number; 10] }
}

fn pending(reference: Reference, until_ms: u64) -> PendingReference {
    PendingReference { content: key(1), reference, until_ms }
}

async fn the_first_blob_holds_a_content_and_every_other_is_spent(kind: Kind) {
    let stage = kind.open();
    let contents = &stage.store.contents;
    let claim =
        async |number, seq| contents.claim(key(1), offer(number), message(seq), UNTIL_MS, START_MS).await.unwrap();
    assert_eq!(contents.get(key(1)).await.unwrap(), None);
    let Claimed::Ours(made) = claim(1, 1).await else { panic!("it is the first") };
    assert_eq!((made.key, made.blob, made.size, made.created_ms), (key(1), blob(1), 1_000, START_MS));
    assert_eq!(made.facts, offer(1).facts);
    assert_eq!(claim(1, 1).await, Claimed::Ours(made.clone()), "again");
    assert_eq!(claim(1, 2).await, Claimed::Ours(made.clone()), "for another");
    assert_eq!(claim(2, 3).await, Claimed::Theirs(made.clone()));
    assert_eq!(claim(2, 3).await, Claimed::Theirs(made.clone()), "again");
    assert_eq!(contents.get(key(1)).await.unwrap(), Some(made.clone()));
    assert_eq!(contents.get(key(2)).await.unwrap(), None);
    // A content that shares its half of the key with it is not taken for it.
    let mut alike = key(1);
    alike.0[31] ^= 1;
    assert!(contents.get(alike).await.is_err());

    let due = contents.due(START_MS, None, 10).await.unwrap();
    assert_eq!(due, DueContents { spent: vec![spent(2)], ..DueContents::default() });
    let due = contents.due(UNTIL_MS, None, 10).await.unwrap();
    assert_eq!(due.pending, [1, 2, 3].map(|seq| pending(message(seq), UNTIL_MS)));

    let long = Offer { facts: vec![0; CONTENT_FACTS_BYTES_MAX + 1], ..offer(3) };
    assert!(contents.claim(key(3), long.clone(), message(1), UNTIL_MS, START_MS).await.is_err());
    assert!(contents.spend(key(3), long).await.is_err());
}

async fn what_refers_is_pending_confirmed_and_released(kind: Kind) {
    let stage = kind.open();
    let contents = &stage.store.contents;
    assert_eq!(contents.refer(key(1), message(1), UNTIL_MS).await.unwrap(), None, "nothing is stored");
    assert!(!contents.confirm(key(1), message(1)).await.unwrap());
    assert!(!contents.release(key(1), message(1)).await.unwrap());
    assert_eq!(contents.due(u64::MAX, None, 10).await.unwrap(), DueContents::default());

    let all = [
        message(1),
        message(u64::MAX),
        Reference::UserAvatar(user(1)),
        Reference::RoomAvatar(room(1)),
        Reference::Emoji(EmojiId([9; 16])),
    ];
    contents.claim(key(1), offer(1), all[0], UNTIL_MS, START_MS).await.unwrap();
    for reference in &all[1..] {
        let found = contents.refer(key(1), *reference, UNTIL_MS + 5).await.unwrap().unwrap();
        assert_eq!(found.blob, blob(1));
    }
    assert_eq!(contents.references(key(1), 10).await.unwrap(), [], "none is confirmed");
    // Asked for again it gets more time, and never less.
    contents.refer(key(1), all[1], UNTIL_MS - 5).await.unwrap();
    contents.refer(key(1), all[2], UNTIL_MS + 9).await.unwrap();
    let due = contents.due(UNTIL_MS + 5, None, 10).await.unwrap().pending;
    assert!(due.iter().map(|due| due.reference).eq([all[0], all[1], all[3], all[4]]), "{due:?}");

    for reference in all {
        assert!(contents.confirm(key(1), reference).await.unwrap());
        assert!(contents.confirm(key(1), reference).await.unwrap(), "again");
        contents.refer(key(1), reference, u64::MAX).await.unwrap();
    }
    assert_eq!(contents.references(key(1), 10).await.unwrap(), all);
    assert_eq!(contents.references(key(1), 2).await.unwrap(), all[..2]);
    assert_eq!(contents.due(u64::MAX, None, 10).await.unwrap(), DueContents::default(), "none is pending any more");
    for (left, reference) in (0..5).rev().zip(all) {
        assert!(contents.release(key(1), reference).await.unwrap());
        assert!(!contents.release(key(1), reference).await.unwrap());
        assert_eq!(contents.get(key(1)).await.unwrap().is_some(), left > 0);
    }
    assert_eq!(contents.due(START_MS, None, 10).await.unwrap().spent, [spent(1)]);
}

async fn a_claim_while_the_old_blob_is_collected_brings_its_own(kind: Kind) {
    let stage = kind.open();
    let contents = &stage.store.contents;
    contents.claim(key(1), offer(1), message(1), UNTIL_MS, START_MS).await.unwrap();
    contents.release(key(1), message(1)).await.unwrap();
    let late = contents.claim(key(1), offer(1), message(1), UNTIL_MS, START_MS).await.unwrap();
    assert_eq!(late, Claimed::Spent, "it may be removed at any moment");
    let Claimed::Ours(made) = contents.claim(key(1), offer(2), message(2), UNTIL_MS, START_MS).await.unwrap() else {
        panic!("nothing holds it")
    };
    assert_eq!(made.blob, blob(2));
    assert_eq!(contents.due(START_MS, None, 10).await.unwrap().spent, [spent(1)], "only the old one");
    contents.collected(key(1), blob(1), START_MS + 7).await.unwrap();
    contents.collected(key(1), blob(1), START_MS + 90).await.unwrap();
    contents.collected(key(1), blob(2), START_MS + 7).await.unwrap();
    assert_eq!(contents.due(START_MS, None, 10).await.unwrap(), DueContents::default());
    assert_eq!(contents.get(key(1)).await.unwrap(), Some(made));

    // For a while the name is known, so that a claim that comes very late is refused: what it brought
    // is collected.
    let late = contents.claim(key(1), offer(1), message(1), UNTIL_MS, START_MS).await.unwrap();
    assert_eq!(late, Claimed::Spent);
    assert_eq!(contents.due(START_MS, None, 10).await.unwrap().spent, [spent(1)]);
}

/// Who was to claim a blob may sleep while it is collected, write it behind that, and stop.
async fn a_blob_that_is_gone_is_looked_for_once_more_before_its_name_is_forgotten(kind: Kind) {
    let stage = kind.open();
    let contents = &stage.store.contents;
    assert!(contents.spend(key(1), offer(1)).await.unwrap());
    assert!(contents.spend(key(1), offer(2)).await.unwrap());
    contents.collected(key(1), blob(1), START_MS).await.unwrap();
    contents.collected(key(1), blob(2), START_MS + 1).await.unwrap();
    let again_ms = START_MS + SPENT_BLOB_KEPT_MS;
    assert_eq!(contents.due(again_ms - 1, None, 10).await.unwrap(), DueContents::default());
    assert_eq!(stage.handle.sweep(again_ms).await.unwrap().spent_blobs, 0, "nobody has looked");
    let again = SpentBlob { facts: Vec::new(), ..spent(1) };
    assert_eq!(contents.due(again_ms, None, 10).await.unwrap().spent, [again]);
    contents.collected(key(1), blob(1), again_ms).await.unwrap();
    assert_eq!(contents.due(again_ms, None, 10).await.unwrap(), DueContents::default(), "once");
    assert_eq!(contents.claim(key(1), offer(3), message(1), UNTIL_MS, START_MS).await.unwrap(), {
        let found = contents.get(key(1)).await.unwrap().unwrap();
        Claimed::Ours(found)
    });
    assert_eq!(stage.handle.sweep(again_ms).await.unwrap().spent_blobs, 1);
    // Where the place is away for long, the name goes all the same.
    assert_eq!(stage.handle.sweep(again_ms + SPENT_BLOB_KEPT_MS).await.unwrap().spent_blobs, 0);
    assert_eq!(stage.handle.sweep(again_ms + SPENT_BLOB_KEPT_MS + 1).await.unwrap().spent_blobs, 1);
    assert_eq!(stage.handle.sweep(u64::MAX).await.unwrap().spent_blobs, 0);
}

/// Who was stopped behind a claim sends a blob that is gone by then once more.
async fn a_spent_blob_that_is_brought_again_is_collected_again(kind: Kind) {
    let stage = kind.open();
    let contents = &stage.store.contents;
    let claim =
        async |number, seq| contents.claim(key(1), offer(number), message(seq), UNTIL_MS, START_MS).await.unwrap();
    let spent_now = async || contents.due(START_MS, None, 10).await.unwrap().spent;
    let Claimed::Ours(made) = claim(1, 1).await else { panic!("it is the first") };
    for gone_ms in [START_MS + 1, START_MS + 2] {
        assert_eq!(claim(2, 2).await, Claimed::Theirs(made.clone()));
        assert_eq!(spent_now().await, [spent(2)]);
        contents.collected(key(1), blob(2), gone_ms).await.unwrap();
        assert_eq!(spent_now().await, []);
    }
    assert!(contents.spend(key(1), offer(2)).await.unwrap());
    assert_eq!(spent_now().await, [spent(2)]);
    contents.collected(key(1), blob(2), START_MS + 3).await.unwrap();
    // So is what comes with a claim that is refused.
    assert_eq!(claim(2, 3).await, Claimed::Spent);
    assert_eq!(spent_now().await, [spent(2)]);
}

async fn what_is_not_offered_is_spent_unless_it_holds_the_content(kind: Kind) {
    let stage = kind.open();
    let contents = &stage.store.contents;
    assert!(contents.spend(key(1), offer(1)).await.unwrap(), "nothing is stored");
    assert!(contents.spend(key(1), offer(1)).await.unwrap());
    let late = contents.claim(key(1), offer(1), message(1), UNTIL_MS, START_MS).await.unwrap();
    assert_eq!(late, Claimed::Spent);
    contents.claim(key(1), offer(2), message(1), UNTIL_MS, START_MS).await.unwrap();
    assert!(!contents.spend(key(1), offer(2)).await.unwrap(), "it is in use");
    assert!(contents.spend(key(1), offer(3)).await.unwrap());
    assert_eq!(contents.due(START_MS, None, 10).await.unwrap().spent, [spent(1), spent(3)]);
    assert_eq!(contents.get(key(1)).await.unwrap().unwrap().blob, blob(2));
}

async fn of_many_who_race_one_blob_holds_it_and_all_others_are_spent(kind: Kind) {
    let stage = kind.open();
    let mut race = tokio::task::JoinSet::new();
    for number in 1..=24 {
        let contents = stage.store.contents.clone();
        race.spawn(async move {
            let claim = contents.claim(key(1), offer(number), message(number.into()), UNTIL_MS, START_MS);
            matches!(claim.await.unwrap(), Claimed::Ours(_))
        });
    }
    assert_eq!(race.join_all().await.into_iter().filter(|ours| *ours).count(), 1);
    let due = stage.store.contents.due(UNTIL_MS, None, 10).await.unwrap();
    assert_eq!((due.spent.len(), due.pending.len()), (23, 24));
}

async fn a_content_of_many_references_goes_with_the_last(kind: Kind) {
    let stage = kind.open();
    let contents = &stage.store.contents;
    contents.claim(key(1), offer(1), message(0), UNTIL_MS, START_MS).await.unwrap();
    contents.confirm(key(1), message(0)).await.unwrap();
    // More than one piece of a span, in bursts so that they share barriers.
    let mut making = tokio::task::JoinSet::new();
    for seq in 1..=600 {
        let contents = contents.clone();
        making.spawn(async move {
            contents.refer(key(1), message(seq), UNTIL_MS).await.unwrap();
            contents.confirm(key(1), message(seq)).await.unwrap()
        });
    }
    assert!(making.join_all().await.into_iter().all(|there| there));
    let found = contents.references(key(1), 1_000).await.unwrap();
    assert!(found.into_iter().eq((0..=600).map(message)));
    let mut going = tokio::task::JoinSet::new();
    for seq in 0..600 {
        let contents = contents.clone();
        going.spawn(async move { contents.release(key(1), message(seq)).await.unwrap() });
    }
    assert!(going.join_all().await.into_iter().all(|was| was));
    assert!(contents.get(key(1)).await.unwrap().is_some());
    assert!(contents.release(key(1), message(600)).await.unwrap());
    assert_eq!(contents.due(START_MS, None, 10).await.unwrap().spent, [spent(1)]);
}

async fn what_is_due_of_many_contents_is_found_in_bounds(kind: Kind) {
    let stage = kind.open();
    let contents = &stage.store.contents;
    for number in 0..30 {
        contents.claim(key(number), offer(1), message(number), UNTIL_MS, START_MS).await.unwrap();
        if number % 3 == 0 {
            contents.confirm(key(number), message(number)).await.unwrap();
        }
    }
    let all = contents.due(UNTIL_MS, None, 100).await.unwrap();
    assert_eq!((all.pending.len(), all.next), (20, None));
    assert_eq!(contents.due(UNTIL_MS - 1, None, 7).await.unwrap(), DueContents::default());
    // Whatever was done about the first ones, the next ones follow.
    let (mut found, mut after, mut rounds) = (Vec::new(), None, 0);
    loop {
        let due = contents.due(UNTIL_MS, after, 7).await.unwrap();
        found.extend(due.pending);
        (after, rounds) = (due.next, rounds + 1);
        if after.is_none() {
            break;
        }
    }
    assert_eq!((found, rounds), (all.pending, 3));
}

async fn the_same_small_file_sent_all_the_time_keeps_nobody_out(kind: Kind) {
    let stage = kind.open();
    let contents = &stage.store.contents;
    let many = |number: u64| Offer { blob: BlobName(*blake3::hash(&number.to_le_bytes()).as_bytes()), ..offer(0) };
    let claim = async |number: u64, now_ms| {
        contents.claim(key(1), many(number), message(number), UNTIL_MS, now_ms).await.map(drop)
    };
    let max = SPENT_BLOBS_PER_CONTENT_MAX as u64;
    claim(0, START_MS).await.unwrap();
    // Some at once, and not so many that the last has waited for as long as a store may take.
    for first in (1..=max).step_by(AT_ONCE) {
        let some = (first..=max).take(AT_ONCE).map(|number| claim(number, START_MS));
        futures_util::future::join_all(some).await.into_iter().for_each(Result::unwrap);
    }
    // As long as nobody collects, there must be an end.
    assert!(matches!(claim(max + 1, START_MS).await, Err(StoreError::Busy)));
    assert!(matches!(contents.spend(key(1), many(max + 1)).await, Err(StoreError::Busy)));
    claim(1, START_MS).await.unwrap();
    for (number, gone_ms) in [(1, START_MS + 1), (2, START_MS + 2), (3, START_MS + 3)] {
        contents.collected(key(1), many(number).blob, gone_ms).await.unwrap();
    }
    // A name is known for a while in any case, and then the oldest goes.
    assert!(matches!(claim(max + 1, START_MS + 3).await, Err(StoreError::Busy)));
    claim(max + 1, START_MS + 1 + SPENT_BLOB_KEPT_MS_MIN).await.unwrap();
    assert!(matches!(claim(max + 2, START_MS + 1 + SPENT_BLOB_KEPT_MS_MIN).await, Err(StoreError::Busy)));
    contents.collected(key(1), many(4).blob, START_MS + 2 + SPENT_BLOB_KEPT_MS_MIN).await.unwrap();
    assert!(contents.spend(key(1), many(max + 2)).await.unwrap());
    assert_eq!(contents.get(key(1)).await.unwrap().unwrap().blob, many(0).blob);
}

contract! {
    the_first_blob_holds_a_content_and_every_other_is_spent
    what_refers_is_pending_confirmed_and_released
    a_claim_while_the_old_blob_is_collected_brings_its_own
    a_spent_blob_that_is_brought_again_is_collected_again
    a_blob_that_is_gone_is_looked_for_once_more_before_its_name_is_forgotten
    what_is_not_offered_is_spent_unless_it_holds_the_content
    of_many_who_race_one_blob_holds_it_and_all_others_are_spent
    a_content_of_many_references_goes_with_the_last
    what_is_due_of_many_contents_is_found_in_bounds
    the_same_small_file_sent_all_the_time_keeps_nobody_out
}
