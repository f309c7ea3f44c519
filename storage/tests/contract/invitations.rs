//! Invitations.

use crate::stage::{Kind, START_MS, contract, digest, user};
use rill_protocol::UserId;
use rill_storage::{
    limits::{INVITATION_USES_MAX, INVITATIONS_PER_CREATOR_MAX},
    model::Invitation,
};

fn invitation(creator: UserId, number: u64, uses_max: u32) -> Invitation {
    Invitation {
        creator,
        secret: digest(&format!("invitation {number}")),
        created_ms: START_MS,
        expires_ms: START_MS + 1_000,
        uses_max,
        uses: 0,
    }
}

async fn an_invitation_is_found_by_its_secret_and_its_creator(kind: Kind) {
    let stage = kind.open();
    let invitations = &stage.store.invitations;
    let (mine, other) = (invitation(user(1), 1, 1), invitation(user(2), 2, 1));
    assert!(invitations.create(mine.clone()).await.unwrap());
    assert!(invitations.create(other.clone()).await.unwrap());
    assert_eq!(invitations.get(user(1), mine.secret).await.unwrap(), Some(mine.clone()));
    assert_eq!(invitations.get(user(2), mine.secret).await.unwrap(), None);
    assert_eq!(invitations.list(user(1)).await.unwrap(), std::slice::from_ref(&mine));
    let mut alike = mine.secret;
    alike.0[31] ^= 1;
    assert_eq!(invitations.get(user(1), alike).await.unwrap(), None, "the id alone is not the secret");
    assert!(!invitations.redeem(user(1), alike, user(9), START_MS).await.unwrap());

    assert!(!invitations.revoke(user(2), mine.id()).await.unwrap(), "it is not theirs");
    assert!(invitations.revoke(user(1), mine.id()).await.unwrap());
    assert!(!invitations.revoke(user(1), mine.id()).await.unwrap());
    assert!(!invitations.redeem(user(1), mine.secret, user(9), START_MS).await.unwrap());
    assert_eq!(invitations.list(user(1)).await.unwrap(), []);
    assert_eq!(invitations.list(user(2)).await.unwrap(), [other]);
}

async fn it_counts_its_users_and_nobody_twice(kind: Kind) {
    let stage = kind.open();
    let invitations = &stage.store.invitations;
    let nobody = UserId::default();
    let made = invitation(nobody, 1, 2);
    invitations.create(made.clone()).await.unwrap();
    let redeem = async |by| invitations.redeem(nobody, made.secret, user(by), START_MS).await.unwrap();
    assert!(redeem(1).await && redeem(1).await && redeem(2).await);
    assert!(!redeem(3).await, "it is used up");
    assert!(redeem(2).await, "who has used it has used it");
    let found = invitations.get(nobody, made.secret).await.unwrap().unwrap();
    assert_eq!((found.uses, found.is_open(START_MS)), (2, false));
}

async fn an_expired_one_is_worth_nothing_and_swept(kind: Kind) {
    let stage = kind.open();
    let invitations = &stage.store.invitations;
    let (brief, lasting) = (invitation(user(1), 1, 5), invitation(user(1), 2, 5));
    let lasting = Invitation { expires_ms: START_MS + 2_000, ..lasting };
    invitations.create(brief.clone()).await.unwrap();
    invitations.create(lasting.clone()).await.unwrap();
    assert!(invitations.redeem(user(1), brief.secret, user(7), START_MS + 999).await.unwrap());
    assert!(!invitations.redeem(user(1), brief.secret, user(8), START_MS + 1_000).await.unwrap());
    assert_eq!(stage.handle.sweep(START_MS + 999).await.unwrap().invitations, 0);
    assert_eq!(stage.handle.sweep(START_MS + 1_000).await.unwrap().invitations, 1);
    assert_eq!(invitations.list(user(1)).await.unwrap(), std::slice::from_ref(&lasting));
    // Its uses went with it: made again, it knows nobody.
    invitations.create(brief.clone()).await.unwrap();
    assert!(invitations.redeem(user(1), brief.secret, user(7), START_MS).await.unwrap());
    assert_eq!(invitations.get(user(1), brief.secret).await.unwrap().unwrap().uses, 1);
}

async fn of_many_who_race_for_the_last_use_one_wins(kind: Kind) {
    let stage = kind.open();
    let made = invitation(user(1), 1, 1);
    stage.store.invitations.create(made.clone()).await.unwrap();
    let mut race = tokio::task::JoinSet::new();
    for number in 10..42 {
        let (invitations, secret) = (stage.store.invitations.clone(), made.secret);
        race.spawn(async move { invitations.redeem(user(1), secret, user(number), START_MS).await.unwrap() });
    }
    assert_eq!(race.join_all().await.into_iter().filter(|won| *won).count(), 1);
}

async fn past_the_bound_none_is_made(kind: Kind) {
    let stage = kind.open();
    let invitations = &stage.store.invitations;
    let max = INVITATIONS_PER_CREATOR_MAX as u64;
    for number in 1..=max {
        assert!(invitations.create(invitation(user(1), number, 1)).await.unwrap());
    }
    assert!(!invitations.create(invitation(user(1), max + 1, 1)).await.unwrap());
    assert!(invitations.create(invitation(user(2), max + 2, 1)).await.unwrap(), "the bound is a creator's own");
    assert!(invitations.revoke(user(1), invitation(user(1), 1, 1).id()).await.unwrap());
    assert!(invitations.create(invitation(user(1), max + 1, 1)).await.unwrap());
}

async fn one_that_many_have_used_can_be_removed(kind: Kind) {
    let stage = kind.open();
    let invitations = &stage.store.invitations;
    let made = invitation(user(1), 1, u32::MAX);
    invitations.create(made.clone()).await.unwrap();
    // In bursts, so that they share barriers.
    let mut uses = tokio::task::JoinSet::new();
    for number in 1..=u64::from(INVITATION_USES_MAX) {
        let (invitations, secret) = (invitations.clone(), made.secret);
        uses.spawn(async move { invitations.redeem(user(1), secret, user(number), START_MS).await.unwrap() });
    }
    assert!(uses.join_all().await.into_iter().all(|good| good));
    let one_more = invitations.redeem(user(1), made.secret, user(5_000), START_MS).await.unwrap();
    assert!(!one_more, "whatever it says, the bound holds");
    assert!(invitations.revoke(user(1), made.id()).await.unwrap());
}

contract! {
    an_invitation_is_found_by_its_secret_and_its_creator
    it_counts_its_users_and_nobody_twice
    an_expired_one_is_worth_nothing_and_swept
    of_many_who_race_for_the_last_use_one_wins
    past_the_bound_none_is_made
    one_that_many_have_used_can_be_removed
}
