//! A file from its first byte to its confirmed reference, stopped between any two calls: a
//! sweep mends it. No blob is removed while a reference can still appear, and none leaks.

use rill_storage::{
    StoreError,
    blobs::{Blob, BlobName, BlobPlace, Blobs, CHUNK_BYTES, Finished, Progress},
    limits::SPENT_BLOB_KEPT_MS,
    model::{DueContents, Offer, Reference, Transfer, TransferState},
    port::{Advanced, Claimed},
    strays,
};
use std::collections::HashSet;

use crate::{
    contents::key,
    stage::{Kind, START_MS, Stage, contract, room, user},
    transfers::{BOUNDS, id, new},
};

const CHUNK: u64 = CHUNK_BYTES as u64;
const CONTENT: &[u8] = b"what the file holds";
const EXPIRED: u32 = 9;
const UNTIL_MS: u64 = START_MS + 1_000;
const LATER_MS: u64 = START_MS + 2_000;

/// The store, the place of blobs, and what the log of a room says of a file's message: it
/// came, or it never will.
struct World {
    stage: Stage,
    blobs: Blobs,
    complete: HashSet<u64>,
    given_up: HashSet<u64>,
}

fn reference(number: u64) -> Reference {
    Reference::Message { room: room(1), seq: number }
}

fn offer(transfer: &Transfer) -> Offer {
    Offer { blob: transfer.blob, size: transfer.size, facts: Vec::new() }
}

fn digest() -> blake3::Hash {
    blake3::hash(CONTENT)
}

/// The calls of an upload; the number of each is where it may stop.
const CALLS: usize = 9;

impl World {
    fn new(kind: Kind) -> Self {
        let blobs = Blobs::open(&BlobPlace::Memory).unwrap();
        Self { stage: kind.open(), blobs, complete: HashSet::new(), given_up: HashSet::new() }
    }

    async fn is_there(&self, blob: rill_storage::blobs::BlobName) -> bool {
        let size = CONTENT.len() as u64;
        match self.blobs.read(Blob { name: blob, size }, size, 0..size).await {
            Ok(mut stream) => stream.next().await.unwrap().is_some_and(|bytes| bytes == CONTENT),
            Err(StoreError::BlobMissing { .. }) => false,
            Err(other) => panic!("{other}"),
        }
    }

    /// User `number` sends the content as message `number`; ends behind some of the calls, or
    /// where it is told that it is over.
    async fn upload(&mut self, number: u64, calls: usize) {
        let (transfers, contents) = (&self.stage.store.transfers, &self.stage.store.contents);
        let (owner, transfer_id, size) = (user(number), id(number), CONTENT.len() as u64);
        if calls < 1 {
            return;
        }
        let transfer = transfers.begin(new(number, number, size), BOUNDS).await.unwrap().unwrap();
        if calls < 2 {
            return;
        }
        let blob = Blob { name: transfer.blob, size };
        let mut staged = self.blobs.stage(blob, &Progress::default()).await.unwrap();
        let from = staged.offset() as usize;
        staged.write(bytes::Bytes::from_static(&CONTENT[from..])).await.unwrap();
        if calls < 3 {
            staged.suspend().await.unwrap();
            return;
        }
        // Whoever told a digest first has told it for all.
        let told = transfers.finish(owner, transfer_id, *digest().as_bytes(), START_MS).await.unwrap();
        if told != Some(TransferState::Finishing { digest: *digest().as_bytes() }) || calls < 4 {
            staged.suspend().await.unwrap();
            return;
        }
        assert_eq!(staged.finish(digest()).await.unwrap(), Finished::Whole);
        if calls < 5 {
            return;
        }
        let claimed = contents.claim(key(1), offer(&transfer), reference(number), UNTIL_MS, START_MS).await.unwrap();
        if claimed == Claimed::Spent || calls < 6 {
            return;
        }
        // What a log does: the first word counts.
        if self.given_up.contains(&number) {
            contents.release(key(1), reference(number)).await.unwrap();
            return;
        }
        self.complete.insert(number);
        if calls < 7 {
            return;
        }
        assert!(contents.confirm(key(1), reference(number)).await.unwrap());
        if calls < 8 {
            return;
        }
        transfers.done(owner, transfer_id, START_MS).await.unwrap();
        if calls < 9 {
            return;
        }
        transfers.remove(owner, transfer_id).await.unwrap();
    }

    /// What the server's sweep does; ends behind some calls, and says whether there was more.
    async fn mend(&mut self, mut calls: usize) -> bool {
        let mut is_over = || {
            let is_over = calls == 0;
            calls = calls.saturating_sub(1);
            is_over
        };
        let (transfers, contents) = (&self.stage.store.transfers, &self.stage.store.contents);
        for transfer in transfers.expired(LATER_MS, None, 100).await.unwrap() {
            let (owner, transfer_id) = (transfer.user, transfer.id);
            if is_over() {
                return true;
            }
            match transfers.fail(owner, transfer_id, EXPIRED, Some(LATER_MS)).await.unwrap() {
                Some(TransferState::Failed { digest: None, .. }) => {
                    if is_over() {
                        return true;
                    }
                    self.blobs.remove(&transfer.blob).await.unwrap();
                }
                Some(TransferState::Failed { digest: Some(_), .. }) => {
                    if is_over() {
                        return true;
                    }
                    contents.spend(key(1), offer(&transfer)).await.unwrap();
                }
                Some(TransferState::Done) => {}
                state => panic!("{state:?}"),
            }
            if is_over() {
                return true;
            }
            assert!(transfers.remove(owner, transfer_id).await.unwrap());
        }
        loop {
            let due = contents.due(LATER_MS, None, 100).await.unwrap();
            if due == DueContents::default() {
                return false;
            }
            for due in due.pending {
                let Reference::Message { seq, .. } = due.reference else { panic!("{due:?}") };
                if is_over() {
                    return true;
                }
                if self.complete.contains(&seq) {
                    assert!(contents.confirm(due.content, due.reference).await.unwrap());
                } else {
                    self.given_up.insert(seq);
                    contents.release(due.content, due.reference).await.unwrap();
                }
            }
            for spent in due.spent {
                if is_over() {
                    return true;
                }
                self.blobs.remove(&spent.blob).await.unwrap();
                if is_over() {
                    return true;
                }
                contents.collected(spent.content, spent.blob, LATER_MS).await.unwrap();
            }
        }
    }

    /// What must be so after a sweep, of these uploads.
    async fn check(&self, uploads: &[u64], said: &str) {
        let (transfers, contents) = (&self.stage.store.transfers, &self.stage.store.contents);
        let found = contents.get(key(1)).await.unwrap();
        assert_eq!(found.is_some(), !self.complete.is_empty(), "{said}");
        let mut wanted: Vec<_> = self.complete.iter().copied().collect();
        wanted.sort_unstable();
        let references = contents.references(key(1), 100).await.unwrap();
        assert!(references.into_iter().eq(wanted.into_iter().map(reference)), "{said}");
        for number in uploads {
            let blob = new(*number, *number, 0).blob;
            let is_held = found.as_ref().is_some_and(|found| found.blob == blob);
            assert_eq!(self.is_there(blob).await, is_held, "{said}: the blob of {number}");
            assert_eq!(transfers.list(user(*number)).await.unwrap(), [], "{said}");
        }
        if let crate::stage::Handle::Embedded(handle) = &self.stage.handle {
            assert_eq!(handle.check(|_| {}).unwrap().findings, [], "{said}");
        }
    }

    /// Everything goes, and nothing is left.
    async fn clear(&mut self) {
        let contents = self.stage.store.contents.clone();
        for number in self.complete.drain() {
            assert!(contents.release(key(1), reference(number)).await.unwrap());
        }
        assert!(!self.mend(usize::MAX).await);
        self.stage.handle.sweep(LATER_MS + 2 * SPENT_BLOB_KEPT_MS).await.unwrap();
        self.given_up.clear();
    }
}

async fn an_upload_that_stops_between_any_two_calls_is_mended(kind: Kind) {
    let mut world = World::new(kind);
    for calls in 0..=CALLS {
        world.upload(1, calls).await;
        assert!(!world.mend(usize::MAX).await);
        world.check(&[1], &format!("stopped behind {calls} calls")).await;
        assert_eq!(world.complete.contains(&1), calls >= 6);
        world.clear().await;
        world.check(&[1], "cleared").await;
    }
}

async fn a_second_upload_of_the_same_bytes_that_stops_is_mended_and_harms_nobody(kind: Kind) {
    let mut world = World::new(kind);
    for calls in 0..=CALLS {
        world.upload(1, CALLS).await;
        world.upload(2, calls).await;
        assert!(!world.mend(usize::MAX).await);
        world.check(&[1, 2], &format!("stopped behind {calls} calls")).await;
        assert!(world.complete.contains(&1));
        world.clear().await;
        world.check(&[1, 2], "cleared").await;
    }
}

async fn a_sweep_that_stops_between_any_two_calls_is_done_by_the_next(kind: Kind) {
    let mut world = World::new(kind);
    for calls in 1..CALLS {
        for stop in 0.. {
            world.upload(1, calls).await;
            let was_stopped = world.mend(stop).await;
            // The upload goes on where it was, late, from a process that knew the transfer;
            // and then somebody else sends the same.
            world.upload_late(1).await;
            world.upload(2, CALLS).await;
            assert!(!world.mend(usize::MAX).await);
            world.check(&[1, 2], &format!("{calls} calls, swept {stop}")).await;
            assert!(world.complete.contains(&2));
            world.clear().await;
            world.check(&[1, 2], "cleared").await;
            if !was_stopped {
                break;
            }
        }
    }
}

async fn of_two_digests_the_first_counts_and_no_blob_is_removed_under_the_other(kind: Kind) {
    let mut world = World::new(kind);
    let transfers = world.stage.store.transfers.clone();
    let wrong = blake3::hash(b"something else");
    // Finished and claimed under the digest that it has; somebody who was asleep has another.
    world.upload(1, 6).await;
    let blob = Blob { name: new(1, 1, 0).blob, size: CONTENT.len() as u64 };
    let staged = world.blobs.stage(blob, &Progress::default()).await.unwrap();
    assert_eq!(staged.finish(wrong).await.unwrap(), Finished::Other(digest()));
    assert!(world.is_there(blob.name).await, "it is a content's");
    world.upload(1, CALLS).await;
    // The first one who tells is wrong: what was for it fails, and is spent.
    world.upload(2, 2).await;
    let told = TransferState::Finishing { digest: *wrong.as_bytes() };
    assert_eq!(transfers.finish(user(2), id(2), *wrong.as_bytes(), START_MS).await.unwrap(), Some(told));
    assert_eq!(transfers.finish(user(2), id(2), *digest().as_bytes(), START_MS).await.unwrap(), Some(told));
    let blob = Blob { name: new(2, 2, 0).blob, ..blob };
    let mut staged = world.blobs.stage(blob, &Progress::default()).await.unwrap();
    let from = staged.offset() as usize;
    staged.write(bytes::Bytes::from_static(&CONTENT[from..])).await.unwrap();
    assert_eq!(staged.finish(wrong).await.unwrap(), Finished::Other(digest()));
    transfers.fail(user(2), id(2), EXPIRED, None).await.unwrap();
    assert!(!world.mend(usize::MAX).await);
    world.check(&[1, 2], "one is there and the other is not").await;
    assert!(world.complete.contains(&1) && !world.complete.contains(&2));
    world.clear().await;
    world.check(&[1, 2], "cleared").await;
}

/// A writer that was asleep while its transfer was given up has begun the blob anew.
async fn what_nobody_fills_any_more_is_found_later(kind: Kind) {
    let mut world = World::new(kind);
    world.upload(1, 2).await;
    assert!(!world.mend(usize::MAX).await);
    let (left, size) = (BlobName([9; 32]), CONTENT.len() as u64);
    let later = u64::MAX;
    let mut staged = world.blobs.stage(Blob { name: left, size: 2 * CHUNK }, &Progress::default()).await.unwrap();
    staged.write(bytes::Bytes::from(vec![1; CHUNK as usize])).await.unwrap();
    staged.suspend().await.unwrap();
    // One is under way, and one is finished and claimed.
    world.upload(3, CALLS).await;
    let transfers = world.stage.store.transfers.clone();
    let going = transfers.begin(new(2, 2, 2 * CHUNK), BOUNDS).await.unwrap().unwrap();
    let mut staged = world.blobs.stage(Blob { name: going.blob, size: 2 * CHUNK }, &going.progress).await.unwrap();
    staged.write(bytes::Bytes::from(vec![2; CHUNK as usize])).await.unwrap();
    let progress = staged.suspend().await.unwrap();
    assert_eq!(transfers.advance(user(2), id(2), 0, progress, START_MS).await.unwrap(), Advanced::Noted);

    let mut removed = Vec::new();
    let mut after = None;
    for _ in 0..3 {
        let round = strays::sweep(&world.stage.store, &world.blobs, later, after, 1).await.unwrap();
        removed.extend(round.removed);
        after = round.next;
    }
    assert_eq!((removed, after), (vec![left], None));
    let read = world.blobs.read(Blob { name: going.blob, size: 2 * CHUNK }, CHUNK, 0..CHUNK).await;
    assert!(read.is_ok(), "it goes on");
    assert!(world.is_there(new(3, 3, size).blob).await);
    let again = strays::sweep(&world.stage.store, &world.blobs, later, None, 10).await.unwrap();
    assert_eq!(again, strays::Round::default());
}

impl World {
    /// A process that has read that the transfer is finishing, and was asleep since.
    async fn upload_late(&mut self, number: u64) {
        let contents = &self.stage.store.contents;
        let transfer = new(number, number, CONTENT.len() as u64);
        if !self.is_there(transfer.blob).await || self.complete.contains(&number) {
            return;
        }
        let late = Offer { blob: transfer.blob, size: transfer.size, facts: Vec::new() };
        // Not before the digest is known, and not when nobody knows the transfer any more.
        match self.stage.store.transfers.get(user(number), id(number)).await.unwrap().map(|found| found.state) {
            Some(TransferState::Finishing { .. } | TransferState::Failed { digest: Some(_), .. }) => {}
            _ => return,
        }
        match contents.claim(key(1), late, reference(number), UNTIL_MS, START_MS).await.unwrap() {
            Claimed::Spent => {}
            Claimed::Ours(_) | Claimed::Theirs(_) if self.given_up.contains(&number) => {
                contents.release(key(1), reference(number)).await.unwrap();
            }
            Claimed::Ours(_) | Claimed::Theirs(_) => {
                self.complete.insert(number);
                contents.confirm(key(1), reference(number)).await.unwrap();
            }
        }
    }
}

contract! {
    an_upload_that_stops_between_any_two_calls_is_mended
    a_second_upload_of_the_same_bytes_that_stops_is_mended_and_harms_nobody
    a_sweep_that_stops_between_any_two_calls_is_done_by_the_next
    of_two_digests_the_first_counts_and_no_blob_is_removed_under_the_other
    what_nobody_fills_any_more_is_found_later
}
