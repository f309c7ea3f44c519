//! What people say of themselves, and whom they block.

use crate::stage::{Kind, START_MS, account, contract, user};
use parking_lot::Mutex;
use rill_storage::{
    limits::BLOCKS_PER_USER_MAX,
    model::{Card, Status},
    port::{Blocked, ChangeObserver, Changed},
};
use std::{mem::take, sync::Arc};

fn card(name: &str) -> Card {
    Card {
        name: name.into(),
        language: "zh-CN".into(),
        time_zone: "Asia/Shanghai".into(),
        is_unlisted: true,
        hides_seen: true,
    }
}

#[derive(Default)]
struct Witness(Mutex<Vec<Changed>>);

impl ChangeObserver for Witness {
    fn changed(&self, changed: Changed) {
        self.0.lock().push(changed);
    }
}

async fn what_people_say_of_themselves_is_shown_and_told(kind: Kind) {
    let stage = kind.open();
    let (people, users) = (&stage.store.people, &stage.store.users);
    assert!(!people.set_card(user(1), card("李明"), START_MS).await.unwrap(), "there is no such user");
    assert!(!people.set_status(user(1), Status::default()).await.unwrap());
    people.seen(user(1), START_MS).await.unwrap();
    assert!(users.create(account(1)).await.unwrap());
    let profile = async || users.profile(user(1)).await.unwrap().unwrap();
    let first = profile().await;
    assert_eq!((first.name.as_str(), first.username.as_str()), ("user1", "user1"));
    assert_eq!(
        (first.card_version, first.card, first.status, first.seen_ms),
        (0, Card::default(), Status::default(), None)
    );

    let witness = Arc::<Witness>::default();
    stage.store.changes.observe(witness.clone());
    let told = || take(&mut *witness.0.lock());
    assert!(people.set_card(user(1), card("李明"), START_MS).await.unwrap());
    assert_eq!(told(), [Changed::User(user(1))]);
    let now = profile().await;
    assert_eq!((now.name.as_str(), now.username.as_str(), now.card_version), ("李明", "user1", START_MS));
    assert_eq!(now.card, card("李明"));
    // Versions rise also where time goes back; without a name it is the username again.
    assert!(people.set_card(user(1), card(""), START_MS - 9).await.unwrap());
    assert_eq!((profile().await.name.as_str(), profile().await.card_version), ("user1", START_MS + 1));
    told();

    let status =
        Status { do_not_disturb: true, emoji: "🌴".into(), text: "on leave".into(), until_ms: Some(START_MS) };
    assert!(people.set_status(user(1), status.clone()).await.unwrap());
    assert_eq!(told(), [Changed::User(user(1))]);
    assert_eq!(profile().await.status, status);
    assert_eq!((status.at(START_MS - 1), status.at(START_MS)), (status.clone(), Status::default()));

    people.seen(user(1), START_MS + 5).await.unwrap();
    assert_eq!((told(), profile().await.seen_ms), (vec![Changed::User(user(1))], Some(START_MS + 5)));
    people.seen(user(1), START_MS + 4).await.unwrap();
    assert_eq!((told(), profile().await.seen_ms), (vec![], Some(START_MS + 5)), "an earlier one");
}

async fn a_block_is_two_calls_and_nothing_tells_the_blocked_of_the_first(kind: Kind) {
    let stage = kind.open();
    let people = &stage.store.people;
    assert_eq!(people.block(user(1), user(2), START_MS).await.unwrap(), Blocked::NoSuchUser);
    stage.store.users.create(account(1)).await.unwrap();
    let witness = Arc::<Witness>::default();
    stage.store.changes.observe(witness.clone());
    for _ in 0..2 {
        assert_eq!(people.block(user(1), user(2), START_MS).await.unwrap(), Blocked::Done);
        assert_eq!(people.untold(user(1)).await.unwrap(), [user(2)]);
    }
    assert!(people.blocks(user(1), user(2)).await.unwrap());
    assert!(!people.blocks(user(2), user(1)).await.unwrap());
    assert_eq!(people.blocked_by(user(2), None, 10).await.unwrap(), []);
    assert_eq!(people.blocked(user(1)).await.unwrap(), [user(2)]);
    assert_eq!(take(&mut *witness.0.lock()), [Changed::User(user(1))], "their own devices show it");

    for _ in 0..2 {
        people.set_blocked_by(user(2), user(1), Some(START_MS)).await.unwrap();
        people.told(user(1), user(2), true).await.unwrap();
    }
    let rung = take(&mut *witness.0.lock());
    assert_eq!(
        rung.iter().filter(|changed| **changed == Changed::User(user(2))).count(),
        1,
        "what they see is another"
    );
    assert_eq!(people.untold(user(1)).await.unwrap(), []);
    people.set_blocked_by(user(2), user(3), Some(START_MS)).await.unwrap();
    assert_eq!(people.blocked_by(user(2), None, 10).await.unwrap(), [user(1), user(3)]);
    assert_eq!(people.blocked_by(user(2), None, 1).await.unwrap(), [user(1)]);
    assert_eq!(people.blocked_by(user(2), Some(user(1)), 10).await.unwrap(), [user(3)]);

    for _ in 0..2 {
        people.unblock(user(1), user(2)).await.unwrap();
        people.set_blocked_by(user(2), user(1), None).await.unwrap();
    }
    people.told(user(1), user(2), true).await.unwrap();
    assert!(!people.blocks(user(1), user(2)).await.unwrap(), "a late word makes no block");
    assert_eq!(people.blocked(user(1)).await.unwrap(), []);
    assert_eq!(people.blocked_by(user(2), None, 10).await.unwrap(), [user(3)]);
}

async fn nobody_blocks_more_than_may_be(kind: Kind) {
    let stage = kind.open();
    stage.store.users.create(account(1)).await.unwrap();
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..=BLOCKS_PER_USER_MAX as u64 {
        let people = stage.store.people.clone();
        calls.spawn(async move { people.block(user(1), user(10 + number), START_MS).await.unwrap() });
    }
    let refused = calls.join_all().await.into_iter().filter(|blocked| *blocked == Blocked::TooMany).count();
    assert_eq!(refused, 1);
}

contract! {
    what_people_say_of_themselves_is_shown_and_told
    a_block_is_two_calls_and_nothing_tells_the_blocked_of_the_first
    nobody_blocks_more_than_may_be
}
