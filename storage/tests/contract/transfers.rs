//! Transfers: what begins one, how far it is, and how it ends.

use crate::stage::{Kind, START_MS, client, contract, room, user};
use rill_protocol::TransferId;
use rill_storage::{
    blobs::{BlobName, Progress},
    limits::{FILE_NAME_BYTES_MAX, MEDIA_TYPE_BYTES_MAX, TRANSFERS_PER_USER_MAX},
    model::{NewTransfer, Target, TransferBounds, TransferState},
    port::{Advanced, TransferRefused},
};

pub(crate) const BOUNDS: TransferBounds =
    TransferBounds { transfers_max: 100, bytes_max: u64::MAX, kept_bytes_max: u64::MAX };

pub(crate) fn id(number: u64) -> TransferId {
    let mut id = [7; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    TransferId(id)
}

pub(crate) fn new(author: u64, number: u64, size: u64) -> NewTransfer {
    NewTransfer {
        user: user(author),
        id: id(number),
        blob: BlobName(*blake3::hash(&[author.to_le_bytes(), number.to_le_bytes()].concat()).as_bytes()),
        target: Target::Message { room: room(1), client_id: client(number) },
        name: format!("文件 {number}.txt"),
        size,
        media_type: "text/plain".into(),
        at_ms: START_MS,
    }
}

async fn the_same_begins_once_and_another_under_its_id_is_refused(kind: Kind) {
    let stage = kind.open();
    let transfers = &stage.store.transfers;
    let made = transfers.begin(new(1, 1, 100), BOUNDS).await.unwrap().unwrap();
    assert_eq!((made.state, made.progress.clone(), made.message), (TransferState::Open, Progress::default(), None));
    assert_eq!((made.created_ms, made.touched_ms, made.target), (START_MS, START_MS, new(1, 1, 100).target));
    let again = NewTransfer { blob: BlobName([9; 32]), at_ms: START_MS + 5, ..new(1, 1, 100) };
    assert_eq!(transfers.begin(again, BOUNDS).await.unwrap(), Ok(made.clone()), "with its own blob");
    for other in [
        new(1, 1, 101),
        NewTransfer { name: "other".into(), ..new(1, 1, 100) },
        NewTransfer { media_type: "image/png".into(), ..new(1, 1, 100) },
        NewTransfer { target: Target::Emoji, ..new(1, 1, 100) },
    ] {
        assert_eq!(transfers.begin(other, BOUNDS).await.unwrap(), Err(TransferRefused::Different));
    }
    assert_eq!(transfers.get(user(1), id(1)).await.unwrap(), Some(made));
    assert_eq!(transfers.get(user(2), id(1)).await.unwrap(), None, "an id is a user's own");
    assert_ne!(transfers.begin(new(2, 1, 7), BOUNDS).await.unwrap().unwrap().blob, new(1, 1, 0).blob);
    for target in [Target::UserAvatar, Target::RoomAvatar(room(3)), Target::Emoji] {
        let new = NewTransfer { target, ..new(1, 50, 1) };
        assert_eq!(transfers.begin(new, BOUNDS).await.unwrap().unwrap().target, target);
        assert!(transfers.remove(user(1), id(50)).await.unwrap());
    }
}

async fn what_is_under_way_is_bounded_by_number_and_by_bytes(kind: Kind) {
    let stage = kind.open();
    let transfers = &stage.store.transfers;
    let bounds = TransferBounds { transfers_max: 3, bytes_max: 1_000, ..BOUNDS };
    let begin = async |number, size| transfers.begin(new(1, number, size), bounds).await.unwrap().map(|made| made.size);
    assert_eq!(begin(1, 600).await, Ok(600));
    assert_eq!(begin(2, 401).await, Err(TransferRefused::TooManyBytes));
    assert_eq!(begin(2, u64::MAX).await, Err(TransferRefused::TooManyBytes));
    assert_eq!(begin(2, 400).await, Ok(400));
    assert_eq!(begin(3, 0).await, Ok(0));
    assert_eq!(begin(4, 0).await, Err(TransferRefused::TooMany));
    assert_eq!(begin(1, 600).await, Ok(600), "it is there");
    // What has ended does not count.
    transfers.fail(user(1), id(1), 5, None).await.unwrap();
    assert_eq!(begin(4, 601).await, Err(TransferRefused::TooManyBytes));
    assert_eq!(begin(4, 600).await, Ok(600));
    assert!(transfers.remove(user(1), id(4)).await.unwrap() && !transfers.remove(user(1), id(4)).await.unwrap());
    assert_eq!(begin(5, 600).await, Ok(600));

    for long in [
        NewTransfer { name: "x".repeat(FILE_NAME_BYTES_MAX + 1), ..new(2, 1, 1) },
        NewTransfer { media_type: "x".repeat(MEDIA_TYPE_BYTES_MAX + 1), ..new(2, 1, 1) },
    ] {
        assert_eq!(transfers.begin(long, BOUNDS).await.unwrap(), Err(TransferRefused::TooLong));
    }
    let longest = NewTransfer {
        name: "x".repeat(FILE_NAME_BYTES_MAX),
        media_type: "y".repeat(MEDIA_TYPE_BYTES_MAX),
        ..new(2, 1, 1)
    };
    assert!(transfers.begin(longest, BOUNDS).await.unwrap().is_ok());
}

async fn how_far_it_is_is_noted_while_it_is_under_way(kind: Kind) {
    let stage = kind.open();
    let transfers = &stage.store.transfers;
    let nobody = transfers.advance(user(1), id(1), 0, Progress::default(), START_MS).await.unwrap();
    assert_eq!((nobody, transfers.take(user(1), id(1), START_MS).await.unwrap()), (Advanced::Ended, None));
    transfers.begin(new(1, 1, 1 << 40), BOUNDS).await.unwrap().unwrap();
    // As much as the largest file has of it.
    let progress = Progress { durable: 9 << 20, values: (0..40).map(|number| [number; 32]).collect() };
    let advance =
        async |writer, progress, now_ms| transfers.advance(user(1), id(1), writer, progress, now_ms).await.unwrap();
    assert_eq!(advance(0, progress.clone(), START_MS + 10).await, Advanced::Noted);
    assert!(transfers.announce(user(1), id(1), (room(1), 7), START_MS + 5).await.unwrap());
    assert!(transfers.announce(user(1), id(1), (room(1), 8), START_MS + 5).await.unwrap());
    let found = transfers.get(user(1), id(1)).await.unwrap().unwrap();
    assert_eq!((&found.progress, found.message, found.touched_ms), (&progress, Some((room(1), 7)), START_MS + 10));
    assert_eq!(transfers.list(user(1)).await.unwrap(), [found]);
    assert_eq!(transfers.take(user(1), id(1), START_MS + 20).await.unwrap(), Some(1));

    let digest = [3; 32];
    let finishing = Some(TransferState::Finishing { digest });
    assert_eq!(transfers.done(user(1), id(1), START_MS).await.unwrap(), Some(TransferState::Open), "not yet");
    assert_eq!(transfers.finish(user(1), id(1), digest, START_MS + 30).await.unwrap(), finishing);
    assert_eq!(transfers.finish(user(1), id(1), [4; 32], START_MS + 30).await.unwrap(), finishing, "it stays");
    assert_eq!(transfers.take(user(1), id(1), START_MS + 20).await.unwrap(), Some(2));
    assert_eq!(transfers.done(user(1), id(1), START_MS + 40).await.unwrap(), Some(TransferState::Done));
    assert_eq!(transfers.fail(user(1), id(1), 5, None).await.unwrap(), Some(TransferState::Done));
    assert_eq!(advance(2, Progress::default(), START_MS + 50).await, Advanced::Ended);
    let found = transfers.get(user(1), id(1)).await.unwrap().unwrap();
    assert_eq!((found.progress, found.touched_ms), (progress, START_MS + 40));
    assert_eq!(transfers.finish(user(1), id(9), digest, START_MS).await.unwrap(), None);

    // What was finishing when it failed keeps its digest: its blob may be claimed.
    for (number, is_finishing) in [(2, false), (3, true)] {
        transfers.begin(new(1, number, 5), BOUNDS).await.unwrap().unwrap();
        if is_finishing {
            transfers.finish(user(1), id(number), digest, START_MS).await.unwrap();
        }
        let failed = Some(TransferState::Failed { code: 8, digest: is_finishing.then_some(digest) });
        assert_eq!(transfers.fail(user(1), id(number), 8, None).await.unwrap(), failed);
        assert_eq!(transfers.finish(user(1), id(number), digest, START_MS).await.unwrap(), failed);
        assert_eq!(transfers.done(user(1), id(number), START_MS).await.unwrap(), failed);
        assert_eq!(transfers.take(user(1), id(number), START_MS).await.unwrap(), None);
    }
}

/// At another server perhaps, which the one before knows nothing of.
async fn who_takes_it_last_writes_it_and_nothing_goes_back(kind: Kind) {
    let stage = kind.open();
    let transfers = &stage.store.transfers;
    transfers.begin(new(1, 1, 9 << 20), BOUNDS).await.unwrap().unwrap();
    let take = async || transfers.take(user(1), id(1), START_MS + 10).await.unwrap();
    let at = |durable: u64| Progress { durable, values: vec![[durable as u8; 32]] };
    let advance =
        async |writer, durable| transfers.advance(user(1), id(1), writer, at(durable), START_MS + 20).await.unwrap();
    let row = async || transfers.get(user(1), id(1)).await.unwrap().unwrap();
    assert_eq!((row().await.writer, take().await), (0, Some(1)));
    assert_eq!(advance(1, 40).await, Advanced::Noted);
    assert_eq!((take().await, row().await.progress), (Some(2), at(40)));
    assert_eq!(advance(2, 90).await, Advanced::Noted);
    assert_eq!(advance(1, 95).await, Advanced::Taken);
    let found = row().await;
    assert_eq!((found.writer, found.progress, found.touched_ms), (2, at(90), START_MS + 20));
    // A word of its own that comes late.
    assert_eq!(advance(2, 80).await, Advanced::Noted);
    assert_eq!(row().await.progress, at(90));
}

async fn who_was_not_touched_is_found_and_given_up_unless_touched_meanwhile(kind: Kind) {
    let stage = kind.open();
    let transfers = &stage.store.transfers;
    for author in 1..=3 {
        for number in 1..=2 {
            let at_ms = START_MS + 10 * author + number;
            transfers.begin(NewTransfer { at_ms, ..new(author, number, 5) }, BOUNDS).await.unwrap().unwrap();
        }
    }
    let progress = Progress { durable: 5, values: vec![[1; 32]] };
    transfers.advance(user(1), id(2), 0, progress.clone(), START_MS).await.unwrap();
    let expired = async |since_ms, limit| transfers.expired(since_ms, None, limit).await.unwrap();
    assert_eq!(expired(START_MS + 11, 10).await, []);
    let found = expired(START_MS + 22, 10).await;
    let ids: Vec<_> = found.iter().map(|found| (found.user, found.id)).collect();
    assert_eq!(ids, [(user(1), id(1)), (user(1), id(2)), (user(2), id(1))]);
    assert_eq!(found[1].progress, progress);
    assert_eq!(expired(u64::MAX, 10).await.len(), 6);
    assert_eq!(expired(u64::MAX, 4).await.len(), 4);
    // Whatever was done about the first ones, the next ones follow.
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let some = transfers.expired(START_MS + 32, after, 2).await.unwrap();
        let Some(last) = some.last() else { break };
        after = Some((last.user, last.id));
        all.extend(some.iter().map(|found| (found.user, found.id)));
    }
    assert_eq!(all, [1, 2, 3].map(|author| [1, 2].map(|number| (user(author), id(number)))).concat()[..5]);
    // Of a sweep of the store itself they are no matter.
    stage.handle.sweep(u64::MAX / 2).await.unwrap();
    assert_eq!(expired(u64::MAX, 10).await.len(), 6);

    transfers.take(user(1), id(1), START_MS + 90).await.unwrap().unwrap();
    let since_ms = Some(START_MS + 50);
    assert_eq!(transfers.fail(user(1), id(1), 8, since_ms).await.unwrap(), Some(TransferState::Open));
    let failed = Some(TransferState::Failed { code: 8, digest: None });
    assert_eq!(transfers.fail(user(1), id(2), 8, since_ms).await.unwrap(), failed);
    for author in 1..=3 {
        for number in 1..=2 {
            assert!(transfers.remove(user(author), id(number)).await.unwrap());
        }
    }
    assert_eq!(expired(u64::MAX, 10).await, []);
    assert_eq!(transfers.list(user(1)).await.unwrap(), []);
}

async fn of_those_that_are_done_the_oldest_go(kind: Kind) {
    let stage = kind.open();
    let transfers = &stage.store.transfers;
    let max = TRANSFERS_PER_USER_MAX as u64;
    for number in 1..=max {
        transfers.begin(new(1, number, 5), BOUNDS).await.unwrap().unwrap();
        // The first two fail: their blobs must not be forgotten.
        if number <= 2 {
            transfers.fail(user(1), id(number), 8, None).await.unwrap();
        } else {
            transfers.finish(user(1), id(number), [1; 32], START_MS).await.unwrap();
            transfers.done(user(1), id(number), START_MS + number).await.unwrap();
        }
    }
    transfers.begin(new(1, max + 1, 5), BOUNDS).await.unwrap().unwrap();
    assert_eq!(transfers.list(user(1)).await.unwrap().len() as u64, max);
    assert_eq!(transfers.get(user(1), id(3)).await.unwrap(), None);
    assert!(transfers.get(user(1), id(1)).await.unwrap().is_some());
}

async fn nobody_is_kept_out_by_what_has_failed(kind: Kind) {
    let stage = kind.open();
    let transfers = &stage.store.transfers;
    let max = TRANSFERS_PER_USER_MAX as u64;
    for number in 1..=max {
        transfers.begin(NewTransfer { at_ms: START_MS + number, ..new(1, number, 5) }, BOUNDS).await.unwrap().unwrap();
        // The first one was finishing: its blob may be a content's.
        if number == 1 {
            transfers.finish(user(1), id(number), [1; 32], START_MS).await.unwrap();
        }
        transfers.fail(user(1), id(number), 8, None).await.unwrap();
    }
    transfers.begin(new(1, max + 1, 5), BOUNDS).await.unwrap().unwrap();
    assert_eq!(transfers.list(user(1)).await.unwrap().len() as u64, max);
    assert_eq!(transfers.get(user(1), id(2)).await.unwrap(), None, "the oldest of the others went");
    assert!(transfers.get(user(1), id(1)).await.unwrap().is_some());
    // What is under way never goes.
    transfers.remove(user(1), id(max + 1)).await.unwrap();
    for number in 1..=max {
        transfers.remove(user(1), id(number)).await.unwrap();
    }
    let bounds = TransferBounds { transfers_max: usize::MAX, ..BOUNDS };
    for number in 1..=max {
        transfers.begin(new(1, number, 5), bounds).await.unwrap().unwrap();
    }
    assert_eq!(transfers.begin(new(1, max + 1, 5), bounds).await.unwrap(), Err(TransferRefused::TooMany));
    // Nor does what was finishing when it failed: of its blob, which may be whole, only its row tells.
    for number in 1..=max {
        transfers.finish(user(1), id(number), [1; 32], START_MS).await.unwrap();
        transfers.fail(user(1), id(number), 8, None).await.unwrap();
    }
    assert_eq!(transfers.begin(new(1, max + 1, 5), bounds).await.unwrap(), Err(TransferRefused::TooMany));
    transfers.remove(user(1), id(1)).await.unwrap();
    assert!(transfers.begin(new(1, max + 1, 5), bounds).await.unwrap().is_ok());
}

contract! {
    the_same_begins_once_and_another_under_its_id_is_refused
    what_is_under_way_is_bounded_by_number_and_by_bytes
    how_far_it_is_is_noted_while_it_is_under_way
    who_takes_it_last_writes_it_and_nothing_goes_back
    who_was_not_touched_is_found_and_given_up_unless_touched_meanwhile
    of_those_that_are_done_the_oldest_go
    nobody_is_kept_out_by_what_has_failed
}
