//! Accounts and names.

use crate::{
    sessions::login,
    stage::{Kind, START_MS, account, contract, epoch, session, user},
};
use rill_storage::{
    model::{Role, User},
    port::users::Claim,
};

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

async fn a_password_changes_with_the_end_of_the_other_logins(kind: Kind) {
    let stage = kind.open();
    let (users, sessions) = (&stage.store.users, &stage.store.sessions);
    assert_eq!(users.set_password(user(1), None, "new".into(), None).await.unwrap(), None, "there is no account");
    users.create(account(1)).await.unwrap();
    for number in 1..=3 {
        sessions.create(login(1, number)).await.unwrap();
    }
    let old = Some(account(1).password_hash);
    let wrong = users.set_password(user(1), Some("other".into()), "new".into(), None).await.unwrap();
    assert_eq!((wrong, sessions.list(user(1)).await.unwrap().len()), (None, 3), "nothing happens");
    let ended = users.set_password(user(1), old.clone(), "new".into(), Some(session(2))).await.unwrap();
    assert_eq!(ended, Some(vec![session(1), session(3)]));
    assert_eq!(sessions.list(user(1)).await.unwrap(), [login(1, 2)]);
    assert_eq!(users.set_password(user(1), old, "late".into(), None).await.unwrap(), None, "the race is lost");
    let expected = User { password_hash: "new".into(), ..account(1) };
    assert_eq!(users.get(user(1)).await.unwrap(), Some(expected));
    let reset = users.set_password(user(1), None, "reset".into(), None).await.unwrap();
    assert_eq!((reset, sessions.list(user(1)).await.unwrap()), (Some(vec![session(2)]), vec![]));
}

async fn of_many_who_change_one_password_one_wins(kind: Kind) {
    let stage = kind.open();
    stage.store.users.create(account(1)).await.unwrap();
    let mut race = tokio::task::JoinSet::new();
    for number in 0..16 {
        let users = stage.store.users.clone();
        let expected = Some(account(1).password_hash);
        race.spawn(async move { users.set_password(user(1), expected, format!("new {number}"), None).await.unwrap() });
    }
    assert_eq!(race.join_all().await.into_iter().flatten().count(), 1);
}

async fn a_disabled_account_has_no_logins_and_can_be_enabled(kind: Kind) {
    let stage = kind.open();
    let (users, sessions) = (&stage.store.users, &stage.store.sessions);
    assert_eq!(users.set_disabled(user(1), Some(START_MS)).await.unwrap(), None, "there is no account");
    users.create(account(1)).await.unwrap();
    sessions.create(login(1, 1)).await.unwrap();
    assert_eq!(users.set_disabled(user(1), Some(START_MS + 5)).await.unwrap(), Some(vec![session(1)]));
    assert_eq!(sessions.list(user(1)).await.unwrap(), []);
    assert_eq!(users.set_disabled(user(1), Some(START_MS + 9)).await.unwrap(), Some(vec![]));
    let disabled = User { disabled_ms: Some(START_MS + 5), ..account(1) };
    assert_eq!(users.get(user(1)).await.unwrap(), Some(disabled));
    assert_eq!(users.set_disabled(user(1), None).await.unwrap(), Some(vec![]));
    assert_eq!(users.get(user(1)).await.unwrap(), Some(account(1)));
}

async fn a_role_is_given_and_taken(kind: Kind) {
    let stage = kind.open();
    let users = &stage.store.users;
    assert!(!users.set_role(user(1), Role::Administrator).await.unwrap(), "there is no account");
    users.create(account(1)).await.unwrap();
    for role in [Role::Administrator, Role::Member] {
        assert!(users.set_role(user(1), role).await.unwrap());
        assert_eq!(users.get(user(1)).await.unwrap(), Some(User { role, ..account(1) }));
    }
    let other = User { role: Role::Administrator, disabled_ms: Some(START_MS), ..account(2) };
    users.create(other.clone()).await.unwrap();
    assert_eq!(users.get(user(2)).await.unwrap(), Some(other));
}

contract! {
    an_account_is_written_once
    a_name_belongs_to_whoever_claims_it_first
    a_claim_changes_hands_only_from_its_holder
    of_many_racing_claims_one_wins_and_all_are_told
    a_password_changes_with_the_end_of_the_other_logins
    of_many_who_change_one_password_one_wins
    a_disabled_account_has_no_logins_and_can_be_enabled
    a_role_is_given_and_taken
}
