//! What a user keeps: the files of their messages, each once, until it is forgotten.

use crate::{
    stage::{Handle, Kind, START_MS, Stage, contract, room, user},
    transfers::{BOUNDS, id, new},
};
use proptest::{prelude::*, strategy::ValueTree as _};
use rill_storage::{
    limits::TRANSFERS_PER_USER_MAX,
    model::{NewTransfer, Target, TransferBounds, TransferState},
    port::TransferRefused,
};
use std::collections::BTreeMap;

/// A user's transfer that has become message `number`.
async fn done(stage: &Stage, author: u64, number: u64, size: u64) {
    let transfers = &stage.store.transfers;
    transfers.begin(new(author, number, size), BOUNDS).await.unwrap().unwrap();
    transfers.announce(user(author), id(number), (room(1), number), START_MS).await.unwrap();
    transfers.finish(user(author), id(number), [1; 32], START_MS).await.unwrap();
    let state = transfers.done(user(author), id(number), START_MS).await.unwrap();
    assert_eq!(state, Some(TransferState::Done));
}

/// What is noted is what there is.
fn must_agree(stage: &Stage) {
    if let Handle::Embedded(handle) = &stage.handle {
        assert_eq!(handle.check(|_| {}).unwrap().findings, []);
    }
}

async fn it_is_counted_when_it_is_done_and_once(kind: Kind) {
    let stage = kind.open();
    let transfers = &stage.store.transfers;
    assert_eq!(transfers.kept(user(1)).await.unwrap(), 0);
    done(&stage, 1, 1, 700).await;
    transfers.done(user(1), id(1), START_MS).await.unwrap();
    done(&stage, 1, 2, 0).await;
    done(&stage, 1, 3, 50).await;
    done(&stage, 2, 1, 9).await;
    assert_eq!((transfers.kept(user(1)).await.unwrap(), transfers.kept(user(2)).await.unwrap()), (750, 9));
    // The transfer goes and the message stays; sent again it is the same message.
    assert!(transfers.remove(user(1), id(1)).await.unwrap());
    assert_eq!(transfers.kept(user(1)).await.unwrap(), 750);
    done(&stage, 1, 1, 700).await;
    assert_eq!(transfers.kept(user(1)).await.unwrap(), 750);
    must_agree(&stage);

    assert!(!transfers.forget(user(2), room(1), 3).await.unwrap(), "it is another's");
    assert!(!transfers.forget(user(1), room(2), 3).await.unwrap(), "in another room");
    assert!(transfers.forget(user(1), room(1), 3).await.unwrap());
    assert!(!transfers.forget(user(1), room(1), 3).await.unwrap());
    assert!(transfers.forget(user(1), room(1), 2).await.unwrap());
    transfers.done(user(1), id(3), START_MS).await.unwrap();
    assert_eq!((transfers.kept(user(1)).await.unwrap(), transfers.kept(user(2)).await.unwrap()), (700, 9));
    assert!(transfers.forget(user(1), room(1), 1).await.unwrap());
    assert_eq!(transfers.kept(user(1)).await.unwrap(), 0);
    must_agree(&stage);

    // What is no message's, and what has failed, is not kept.
    let avatar = NewTransfer { target: Target::UserAvatar, ..new(3, 1, 5) };
    transfers.begin(avatar, BOUNDS).await.unwrap().unwrap();
    transfers.finish(user(3), id(1), [1; 32], START_MS).await.unwrap();
    transfers.done(user(3), id(1), START_MS).await.unwrap();
    transfers.begin(new(3, 2, 5), BOUNDS).await.unwrap().unwrap();
    transfers.announce(user(3), id(2), (room(1), 2), START_MS).await.unwrap();
    transfers.finish(user(3), id(2), [1; 32], START_MS).await.unwrap();
    transfers.fail(user(3), id(2), 8, None).await.unwrap();
    transfers.done(user(3), id(2), START_MS).await.unwrap();
    assert_eq!(transfers.kept(user(3)).await.unwrap(), 0);
}

async fn what_is_kept_and_under_way_is_bounded_together(kind: Kind) {
    let stage = kind.open();
    let transfers = &stage.store.transfers;
    let bounds = TransferBounds { kept_bytes_max: 1_000, ..BOUNDS };
    let begin = async |number, size| transfers.begin(new(1, number, size), bounds).await.unwrap().map(|made| made.size);
    done(&stage, 1, 1, 600).await;
    assert_eq!(begin(2, 401).await, Err(TransferRefused::QuotaExceeded));
    assert_eq!(begin(2, u64::MAX).await, Err(TransferRefused::QuotaExceeded));
    assert_eq!(begin(2, 300).await, Ok(300));
    assert_eq!(begin(3, 101).await, Err(TransferRefused::QuotaExceeded), "with what is under way");
    assert_eq!(begin(3, 100).await, Ok(100));
    assert_eq!(begin(2, 300).await, Ok(300), "it is there");
    // Of the bounds the one of what is under way is told first: it passes by itself.
    let tight = TransferBounds { bytes_max: 400, ..bounds };
    assert_eq!(transfers.begin(new(1, 4, 1), tight).await.unwrap(), Err(TransferRefused::TooManyBytes));
    assert_eq!(begin(4, 1).await, Err(TransferRefused::QuotaExceeded));
    assert!(transfers.forget(user(1), room(1), 1).await.unwrap());
    assert_eq!(begin(4, 600).await, Ok(600));
    assert_eq!(begin(5, 1).await, Err(TransferRefused::QuotaExceeded));
    transfers.fail(user(1), id(2), 8, None).await.unwrap();
    assert_eq!(begin(5, 300).await, Ok(300));
}

async fn a_message_that_goes_before_its_transfer_is_done_is_not_kept(kind: Kind) {
    let stage = kind.open();
    let transfers = &stage.store.transfers;
    transfers.begin(new(1, 1, 700), BOUNDS).await.unwrap().unwrap();
    transfers.announce(user(1), id(1), (room(1), 1), START_MS).await.unwrap();
    transfers.finish(user(1), id(1), [1; 32], START_MS).await.unwrap();
    for _ in 0..2 {
        assert!(!transfers.forget(user(1), room(1), 1).await.unwrap(), "not yet");
    }
    must_agree(&stage);
    assert_eq!(transfers.done(user(1), id(1), START_MS).await.unwrap(), Some(TransferState::Done));
    assert_eq!(transfers.kept(user(1)).await.unwrap(), 0);
    assert!(!transfers.forget(user(1), room(1), 1).await.unwrap());
    must_agree(&stage);
    assert!(transfers.remove(user(1), id(1)).await.unwrap());
    must_agree(&stage);

    // And with the row that goes for another one.
    for number in 2..=TRANSFERS_PER_USER_MAX as u64 + 2 {
        transfers.begin(new(1, number, 5), BOUNDS).await.unwrap().unwrap();
        transfers.announce(user(1), id(number), (room(1), number), START_MS).await.unwrap();
        transfers.forget(user(1), room(1), number).await.unwrap();
        transfers.fail(user(1), id(number), 8, None).await.unwrap();
    }
    assert_eq!(transfers.get(user(1), id(2)).await.unwrap(), None);
    must_agree(&stage);
}

/// What may happen to one of a few transfers.
#[derive(Clone, Copy, Debug)]
enum Step {
    Begin,
    Announce,
    Finish,
    Done,
    Fail,
    Remove,
    Forget,
}

fn steps() -> impl Strategy<Value = Vec<(Step, u64)>> {
    use Step::{Announce, Begin, Done, Fail, Finish, Forget, Remove};
    let step = prop_oneof![
        4 => Just(Begin), 4 => Just(Announce), 4 => Just(Finish), 4 => Just(Done),
        1 => Just(Fail), 1 => Just(Remove), 2 => Just(Forget),
    ];
    proptest::collection::vec((step, 1u64..=3), 1..60)
}

/// In whatever order these come, the total is that of the messages that were done and not
/// forgotten.
async fn play(stage: &Stage, author: u64, steps: &[(Step, u64)]) {
    let (transfers, owner) = (&stage.store.transfers, user(author));
    let size = |number| 100 * number;
    // What each transfer is, as far as it matters here, and what became of messages.
    let mut known: BTreeMap<u64, (bool, TransferState)> = BTreeMap::new();
    let (mut kept, mut forgotten) = (BTreeMap::new(), Vec::new());
    for (step, number) in steps.iter().copied() {
        let (transfer, message) = (id(number), (room(author), number));
        let state = known.get_mut(&number);
        match step {
            Step::Begin => {
                transfers.begin(new(author, number, size(number)), BOUNDS).await.unwrap().unwrap();
                known.entry(number).or_insert((false, TransferState::Open));
            }
            Step::Announce => {
                let was = transfers.announce(owner, transfer, message, START_MS).await.unwrap();
                assert_eq!(was, state.as_ref().is_some_and(|(_, state)| state.is_under_way()));
                if let Some(state) = state.filter(|_| was) {
                    state.0 = true;
                }
            }
            Step::Finish => {
                transfers.finish(owner, transfer, [1; 32], START_MS).await.unwrap();
                if let Some(state) = state.filter(|(_, state)| *state == TransferState::Open) {
                    state.1 = TransferState::Finishing { digest: [1; 32] };
                }
            }
            Step::Done => {
                transfers.done(owner, transfer, START_MS).await.unwrap();
                if let Some(state) = state.filter(|(_, state)| matches!(state, TransferState::Finishing { .. })) {
                    state.1 = TransferState::Done;
                    if state.0 && !forgotten.contains(&number) {
                        kept.insert(number, size(number));
                    }
                }
            }
            Step::Fail => {
                transfers.fail(owner, transfer, 8, None).await.unwrap();
                if let Some(state) = state.filter(|(_, state)| state.is_under_way()) {
                    state.1 = TransferState::Failed { code: 8, digest: None };
                }
            }
            Step::Remove => {
                assert_eq!(transfers.remove(owner, transfer).await.unwrap(), known.remove(&number).is_some());
                // Who would tell it as done knows no transfer.
                forgotten.retain(|forgotten| *forgotten != number);
            }
            Step::Forget => {
                let was = transfers.forget(owner, message.0, message.1).await.unwrap();
                assert_eq!(was, kept.remove(&number).is_some());
                let is_to_come = state.is_some_and(|(is_announced, state)| *is_announced && state.is_under_way());
                if is_to_come && !forgotten.contains(&number) {
                    forgotten.push(number);
                }
            }
        }
        assert_eq!(transfers.kept(owner).await.unwrap(), kept.values().sum::<u64>(), "{step:?} of {number}");
    }
    must_agree(stage);
}

async fn in_any_order_the_total_is_that_of_what_is_kept(kind: Kind) {
    let stage = kind.open();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for author in 1..=24 {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        play(&stage, author, &steps).await;
    }
}

contract! {
    it_is_counted_when_it_is_done_and_once
    what_is_kept_and_under_way_is_bounded_together
    a_message_that_goes_before_its_transfer_is_done_is_not_kept
    in_any_order_the_total_is_that_of_what_is_kept
}
