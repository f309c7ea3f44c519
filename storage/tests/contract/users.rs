//! Accounts and names.

use crate::stage::{Kind, START_MS, account, contract, epoch, user};
use rill_storage::port::users::Claim;

async fn an_account_is_written_once(kind: Kind) {
    let stage = kind.open();
    let users = &stage.store.users;
    assert_eq!(users.get(user(1)).await.unwrap(), None);
    assert!(users.create(account(1)).await.unwrap());
    let mut other = account(1);
    other.name = "somebody else".into();
    other.log_epoch = epoch(9);
    assert!(!users.create(other).await.unwrap());
    assert_eq!(users.get(user(1)).await.unwrap(), Some(account(1)));
    assert_eq!(users.get(user(2)).await.unwrap(), None);
}

async fn a_name_belongs_to_whoever_claims_it_first(kind: Kind) {
    let stage = kind.open();
    let users = &stage.store.users;
    let name = stage.store.name_key("李雷");
    assert_eq!(users.by_name(name).await.unwrap(), None);
    let claim = Claim { holder: user(1), at_ms: START_MS };
    assert_eq!(users.claim_name(name, user(1), START_MS).await.unwrap(), claim);
    assert_eq!(users.claim_name(name, user(2), START_MS + 5).await.unwrap(), claim);
    assert_eq!(users.by_name(name).await.unwrap(), Some(claim));
    let other = stage.store.name_key("韩梅梅");
    assert_eq!(users.claim_name(other, user(2), START_MS).await.unwrap().holder, user(2));
}

async fn a_claim_changes_hands_only_from_its_holder(kind: Kind) {
    let stage = kind.open();
    let users = &stage.store.users;
    let name = stage.store.name_key("name");
    users.claim_name(name, user(1), START_MS).await.unwrap();
    let kept = users.replace_claim(name, user(3), user(2), START_MS + 1).await.unwrap();
    assert_eq!(kept, Claim { holder: user(1), at_ms: START_MS });
    let taken = users.replace_claim(name, user(1), user(2), START_MS + 2).await.unwrap();
    assert_eq!(taken, Claim { holder: user(2), at_ms: START_MS + 2 });
    assert_eq!(users.by_name(name).await.unwrap(), Some(taken));
}

async fn of_many_racing_claims_one_wins_and_all_are_told(kind: Kind) {
    let stage = kind.open();
    let name = stage.store.name_key("wanted");
    let mut race = tokio::task::JoinSet::new();
    for number in 1..=32 {
        let users = stage.store.users.clone();
        race.spawn(async move { users.claim_name(name, user(number), START_MS).await.unwrap().holder });
    }
    let holders: std::collections::HashSet<_> = race.join_all().await.into_iter().collect();
    assert_eq!(holders.len(), 1);
    assert_eq!(stage.store.users.by_name(name).await.unwrap().map(|claim| claim.holder), holders.into_iter().next());
}

contract! {
    an_account_is_written_once
    a_name_belongs_to_whoever_claims_it_first
    a_claim_changes_hands_only_from_its_holder
    of_many_racing_claims_one_wins_and_all_are_told
}
