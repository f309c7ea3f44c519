//! What only crashes, races and older stores bring about.

use rill_protocol::{Epoch, UserId};
use rill_storage::{
    embedded::{self, Handle, MemoryOptions},
    model::{NameKey, Role, User},
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use super::{Accounts, Actor, claim_look_alikes, claims::CLAIM_LIFE_MS};
use crate::{
    config::Registration,
    domain::{DomainError, World, names::Username},
    memory::Memory,
    runtime::{Clock, Entropy, SystemEntropy, Tasks},
};

const PASSWORD: &str = "correct horse";

/// A clock that stands until it is moved.
#[derive(Default)]
struct Moved(AtomicU64);

impl Clock for Moved {
    fn now_ms(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

struct Stage {
    accounts: Accounts,
    clock: Arc<Moved>,
    world: World,
    _store: Handle,
}

fn stage() -> Stage {
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let opened = embedded::memory(MemoryOptions::new(Arc::new(|out: &mut [u8]| SystemEntropy.fill(out)))).unwrap();
    let clock = Arc::new(Moved(AtomicU64::new(1_700_000_000_000)));
    let world = World {
        memory: Memory::alone(opened.store.clone(), Arc::default()),
        store: opened.store,
        clock: clock.clone(),
        entropy,
        tasks: Tasks::default(),
        registration: Registration::Open,
    };
    Stage { accounts: Accounts::new(world.clone()), clock, world, _store: opened.handle }
}

impl Stage {
    /// An account as a version made it that knew neither roles nor look-alikes.
    async fn older_account(&self, number: u8, name: &str) -> UserId {
        let store = &self.world.store;
        let id = UserId([number; 16]);
        let name = Username::new(name).unwrap();
        store.users.claim_name(store.name_key(name.compared()), id, 0).await.unwrap();
        let password_hash = self.accounts.passwords.hash(PASSWORD).await.unwrap();
        let user = User {
            id,
            name: name.shown().to_owned(),
            password_hash,
            created_ms: 0,
            log_epoch: Epoch([number; 16]),
            role: Role::Member,
            disabled_ms: None,
        };
        assert!(store.users.create(user).await.unwrap());
        id
    }

    async fn register(&self, name: &str) -> Result<User, DomainError> {
        self.accounts.register(name, PASSWORD, None, "test").await.map(|login| login.user)
    }

    async fn user(&self, name: &str) -> User {
        self.accounts.find(&Username::new(name).unwrap()).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn in_a_store_with_accounts_no_newcomer_becomes_administrator() {
    let stage = stage();
    stage.older_account(1, "ann").await;
    assert_eq!(stage.register("bob").await.unwrap().role, Role::Member);
    assert_eq!(stage.user("ann").await.role, Role::Member);
}

#[tokio::test]
async fn accounts_of_older_stores_keep_their_names_and_get_what_these_look_like() {
    let stage = stage();
    for (number, name) in [(1, "coco"), (2, "сосо"), (3, "аlice")] {
        stage.older_account(number, name).await;
    }
    assert_eq!(claim_look_alikes(&stage.world.store, 0).await.unwrap(), 4, "two alike share one");
    assert_eq!(claim_look_alikes(&stage.world.store, 0).await.unwrap(), 0);
    for name in ["coco", "сосо", "аlice"] {
        assert!(stage.accounts.login(name, PASSWORD, "test").await.is_ok(), "{name}");
    }
    // Names that a new account could not have are no door for others to theirs.
    assert!(matches!(stage.register("alice").await, Err(DomainError::UsernameTaken)));
    assert!(matches!(stage.register("СоСо").await, Err(DomainError::UsernameTaken)));
}

#[tokio::test]
async fn a_first_account_that_never_came_makes_way_after_a_pause() {
    let stage = stage();
    let key = NameKey(stage.world.store.digest("first account", &[]).0);
    stage.world.store.users.claim_name(key, UserId([9; 16]), stage.clock.now_ms()).await.unwrap();
    assert!(matches!(stage.register("ann").await, Err(DomainError::Busy)), "it may still come");
    stage.clock.0.fetch_add(CLAIM_LIFE_MS + 1, Relaxed);
    assert_eq!(stage.register("ann").await.unwrap().role, Role::Administrator);
    assert_eq!(stage.register("bob").await.unwrap().role, Role::Member);
}

#[tokio::test]
async fn a_login_on_its_way_ends_with_a_change_of_the_password() {
    let stage = stage();
    let ann = stage.register("ann").await.unwrap();
    let stale = stage.user("ann").await;
    stage.accounts.reset_password(&Actor::Operator, "ann").await.unwrap();
    let late = stage.accounts.open_session(stale, "late").await;
    assert!(matches!(late, Err(DomainError::BadLogin)));
    assert!(stage.accounts.sessions(ann.id).await.unwrap().is_empty());

    let stale = stage.user("ann").await;
    stage.register("bob").await.unwrap();
    stage.accounts.set_role(&Actor::Operator, "bob", Role::Administrator).await.unwrap();
    stage.accounts.disable(&Actor::Operator, "ann").await.unwrap();
    let late = stage.accounts.open_session(stale, "late").await;
    assert!(matches!(late, Err(DomainError::AccountDisabled)));
    assert!(stage.accounts.sessions(ann.id).await.unwrap().is_empty());
}
