//! The list of all accounts.

use crate::stage::{Kind, account, contract, user};

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

contract! {
    every_account_is_listed_once_in_the_order_of_ids
    an_entry_whose_account_never_came_is_passed_over
}
