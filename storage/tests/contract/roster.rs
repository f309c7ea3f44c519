//! The list of all accounts.

use rill_storage::limits::STEPPING_DOWN_MS;

use crate::stage::{Kind, START_MS, account, contract, user};

async fn every_account_is_listed_once_in_the_order_of_ids(kind: Kind) {
    let stage = kind.open();
    let roster = &stage.store.roster;
    assert_eq!(roster.list(None, 10).await.unwrap(), []);
    for number in [3, 1, 5, 2, 4] {
        roster.add(user(number)).await.unwrap();
        roster.add(user(number)).await.unwrap();
        stage.store.users.create(account(number)).await.unwrap();
    }
    let all: Vec<_> = (1..=5).map(account).collect();
    assert_eq!(roster.list(None, 10).await.unwrap(), all);
    assert_eq!(roster.list(None, 2).await.unwrap(), all[..2]);
    assert_eq!(roster.list(Some(user(2)), 2).await.unwrap(), all[2..4]);
    assert_eq!(roster.list(Some(user(5)), 2).await.unwrap(), []);
    assert_eq!(roster.list(None, 0).await.unwrap(), []);
}

async fn an_entry_whose_account_never_came_is_passed_over(kind: Kind) {
    let stage = kind.open();
    let roster = &stage.store.roster;
    roster.add(user(1)).await.unwrap();
    assert_eq!(roster.list(None, 10).await.unwrap(), []);
    roster.add(user(2)).await.unwrap();
    stage.store.users.create(account(2)).await.unwrap();
    assert_eq!(roster.list(None, 1).await.unwrap(), [account(2)], "what is passed over takes no place");
    assert_eq!(roster.list(Some(user(1)), 1).await.unwrap(), [account(2)]);
}

async fn of_two_who_step_down_the_later_one_is_told(kind: Kind) {
    let stage = kind.open();
    let roster = &stage.store.roster;
    assert_eq!(roster.step_down(user(1), START_MS).await.unwrap(), []);
    assert_eq!(roster.step_down(user(2), START_MS + 1).await.unwrap(), [user(1)]);
    assert_eq!(roster.step_down(user(1), START_MS + 2).await.unwrap(), [user(2)], "it is said again");
    roster.stepped_down(user(2)).await.unwrap();
    roster.stepped_down(user(2)).await.unwrap();
    assert_eq!(roster.step_down(user(3), START_MS + 3).await.unwrap(), [user(1)]);
    // Whoever said so long ago has done it, or died over it.
    let late_ms = START_MS + 3 + STEPPING_DOWN_MS;
    assert_eq!(roster.step_down(user(4), late_ms - 1).await.unwrap(), [user(3)]);
    assert_eq!(roster.step_down(user(5), late_ms).await.unwrap(), [user(4)]);
}

async fn of_many_who_step_down_at_once_each_is_told_of_those_before(kind: Kind) {
    let stage = kind.open();
    let step = |number: u64| {
        let roster = stage.store.roster.clone();
        async move { roster.step_down(user(number), START_MS).await.unwrap().len() }
    };
    let mut told = futures_util::future::join_all((0..20).map(step)).await;
    told.sort_unstable();
    assert!(told.into_iter().eq(0..20));
}

contract! {
    of_two_who_step_down_the_later_one_is_told
    of_many_who_step_down_at_once_each_is_told_of_those_before
    every_account_is_listed_once_in_the_order_of_ids
    an_entry_whose_account_never_came_is_passed_over
}
