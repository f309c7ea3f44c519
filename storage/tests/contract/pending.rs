//! Second calls: what a crash between the two leaves, and how a sweep mends it.

use crate::stage::{Kind, START_MS, Stage, account, change, contract, post, room, user};
use rill_storage::model::{Change, Fact, Pending, UserFact};

/// What the server does about what is due.
async fn mend(stage: &Stage) {
    for Pending { room, seq, user, fact, at_ms } in stage.store.rooms.pending(100).await.unwrap() {
        if fact == Fact::Created {
            stage.store.directory.announce(room, at_ms).await.unwrap();
        }
        let news = if fact == Fact::Left { UserFact::RoomRemoved(room) } else { UserFact::RoomAdded(room) };
        stage.store.user_log.append(user, (room, seq), news, at_ms).await.unwrap();
        stage.store.rooms.settle(room, seq).await.unwrap();
    }
}

async fn rooms_of(stage: &Stage, number: u64) -> Vec<UserFact> {
    let (_, entries) = stage.store.user_log.snapshot(user(number)).await.unwrap().unwrap();
    entries.into_iter().map(|entry| entry.fact).collect()
}

async fn creating_joining_and_leaving_are_due_and_posting_is_not(kind: Kind) {
    let stage = kind.open();
    stage.make_room(1).await;
    stage.make_room(2).await;
    let mut join = change(2, 1, Change::Join);
    join.at_ms += 7;
    stage.appended(1, join).await;
    stage.appended(1, post(2, 2, "x")).await;
    stage.appended(1, change(2, 3, Change::Leave)).await;
    let due = |number, seq, who, fact, at_ms| Pending { room: room(number), seq, user: user(who), fact, at_ms };
    let expected = [
        due(1, 2, 1, Fact::Created, START_MS),
        due(1, 3, 2, Fact::Joined, START_MS + 7),
        due(1, 5, 2, Fact::Left, START_MS + 7),
        due(2, 2, 1, Fact::Created, START_MS),
    ];
    assert_eq!(stage.store.rooms.pending(10).await.unwrap(), expected);
    assert_eq!(stage.store.rooms.pending(2).await.unwrap(), expected[..2]);
    stage.store.rooms.settle(room(1), 3).await.unwrap();
    stage.store.rooms.settle(room(1), 3).await.unwrap();
    assert_eq!(stage.store.rooms.pending(10).await.unwrap(), [expected[0], expected[2], expected[3]]);
}

async fn a_stop_between_the_calls_is_mended(kind: Kind) {
    let stage = kind.open();
    for number in [1, 2] {
        stage.store.users.create(account(number)).await.unwrap();
    }
    // The server stopped after each first call.
    stage.make_room(1).await;
    stage.make_room(2).await;
    stage.appended(1, change(2, 1, Change::Join)).await;
    stage.appended(2, change(2, 1, Change::Join)).await;
    stage.appended(2, change(2, 2, Change::Leave)).await;
    assert_eq!(rooms_of(&stage, 1).await, []);
    assert_eq!(stage.store.directory.page(None, 10).await.unwrap(), []);

    mend(&stage).await;
    assert_eq!(rooms_of(&stage, 1).await, [1, 2].map(|number| UserFact::RoomAdded(room(number))));
    assert_eq!(rooms_of(&stage, 2).await, [UserFact::RoomAdded(room(1))]);
    assert_eq!(stage.store.directory.page(None, 10).await.unwrap(), [room(2), room(1)]);
    assert_eq!(stage.store.rooms.pending(10).await.unwrap(), []);
}

async fn a_stop_between_the_second_call_and_its_settling_does_no_harm(kind: Kind) {
    let stage = kind.open();
    stage.store.users.create(account(1)).await.unwrap();
    stage.make_room(1).await;
    stage.store.directory.announce(room(1), START_MS).await.unwrap();
    let added = UserFact::RoomAdded(room(1));
    stage.store.user_log.append(user(1), (room(1), 2), added, START_MS).await.unwrap();
    // Left and told in full, while the first change was never settled.
    stage.appended(1, change(1, 1, Change::Leave)).await;
    let removed = UserFact::RoomRemoved(room(1));
    stage.store.user_log.append(user(1), (room(1), 3), removed, START_MS).await.unwrap();
    stage.store.rooms.settle(room(1), 3).await.unwrap();

    mend(&stage).await;
    assert_eq!(rooms_of(&stage, 1).await, [], "the late sweep of the joining does not bring the room back");
    assert_eq!(stage.store.user_log.head(user(1)).await.unwrap().unwrap().seq, 2);
    assert_eq!(stage.store.directory.page(None, 10).await.unwrap(), [room(1)]);
}

contract! {
    creating_joining_and_leaving_are_due_and_posting_is_not
    a_stop_between_the_calls_is_mended
    a_stop_between_the_second_call_and_its_settling_does_no_harm
}
