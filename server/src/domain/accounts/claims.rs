//! Names belong to one account each, and so does what they look like.
//!
//! Three keys are claimed for a new account: the name without case, what that looks like
//! (so that Latin `coco` and Cyrillic `сосо` are one), and what the name looks like as
//! it is written (so that `Alice` and `AIice` are). Logging in asks for the first alone:
//! accounts of stores that knew no other keep their names, and [`claim_look_alikes`]
//! claims the others for them where they are free.

use rill_protocol::UserId;
use rill_storage::{Store, StoreError, model::NameKey};

use super::Accounts;
use crate::domain::{
    DomainError, World,
    names::{self, Username},
};

/// A claim of a name whose account did not follow within this time is void.
pub(super) const CLAIM_LIFE_MS: u64 = 60_000;
/// Accounts looked at in one go.
const PAGE: usize = 500;

/// Of what a name looks like without case, and as it is written.
fn looks_keys(store: &Store, [folded, written]: [String; 2]) -> [NameKey; 2] {
    let key = |purpose, looks: String| NameKey(store.digest(purpose, &[looks.as_bytes()]).0);
    [key("name looks without case", folded), key("name looks", written)]
}

fn look_alikes(store: &Store, name: &Username) -> [NameKey; 2] {
    looks_keys(store, [name.looks_without_case(), name.looks()])
}

fn keys(store: &Store, name: &Username) -> [NameKey; 3] {
    let [folded, written] = look_alikes(store, name);
    [store.name_key(name.compared()), folded, written]
}

/// The key of who was first.
pub(super) fn place_of_the_first(store: &Store) -> NameKey {
    NameKey(store.digest("first account", &[]).0)
}

/// Every key that the account of a name may have claimed, first that of the log-in; without
/// a name the keys that are no account's.
pub fn claimed_names(store: &Store, name: Option<&str>) -> Vec<NameKey> {
    match name.map(Username::new) {
        None => vec![place_of_the_first(store)],
        Some(Ok(name)) => keys(store, &name).into(),
        // No account has it.
        Some(Err(_)) => Vec::new(),
    }
}

impl Accounts {
    /// Whether the name, or one that looks like it, is somebody's.
    pub(super) async fn is_taken(&self, name: &Username) -> Result<bool, DomainError> {
        let World { store, clock, .. } = &self.world;
        for key in keys(store, name) {
            let Some(claim) = store.users.by_name(key).await? else { continue };
            let stale = clock.now_ms() > claim.at_ms + CLAIM_LIFE_MS;
            if !stale || store.users.get(claim.holder).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a name that somebody wants to be shown by looks like the username of somebody else.
    pub async fn looks_like_another(&self, name: &str, user: UserId) -> Result<bool, DomainError> {
        let World { store, clock, .. } = &self.world;
        for key in looks_keys(store, names::looks_of(name)) {
            let Some(claim) = store.users.by_name(key).await?.filter(|claim| claim.holder != user) else { continue };
            let stale = clock.now_ms() > claim.at_ms + CLAIM_LIFE_MS;
            if !stale || store.users.get(claim.holder).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Claims a name with all that look like it. What was claimed before a refusal is
    /// void after [`CLAIM_LIFE_MS`].
    pub(super) async fn claim(&self, name: &Username, user: UserId, now_ms: u64) -> Result<(), DomainError> {
        for key in keys(&self.world.store, name) {
            if !self.claim_key(key, user, now_ms).await? {
                return Err(DomainError::UsernameTaken);
            }
        }
        Ok(())
    }

    /// Claims a key; one that was left behind without an account is taken over.
    pub(super) async fn claim_key(&self, key: NameKey, user: UserId, now_ms: u64) -> Result<bool, DomainError> {
        let users = &self.world.store.users;
        let mut claim = users.claim_name(key, user, now_ms).await?;
        let stale = now_ms > claim.at_ms + CLAIM_LIFE_MS;
        if claim.holder != user && stale && users.get(claim.holder).await?.is_none() {
            claim = users.replace_claim(key, claim.holder, user, now_ms).await?;
        }
        Ok(claim.holder == user)
    }
}

/// Claims what the names of all accounts look like, where nobody has; of two accounts
/// that look alike the older keeps the claim, and both keep their names. May be repeated.
/// Returns how many claims were made.
pub async fn claim_look_alikes(store: &Store, now_ms: u64) -> Result<usize, StoreError> {
    let mut made = 0;
    let mut after = None;
    loop {
        let page = store.roster.list(after, PAGE).await?;
        for user in &page {
            let Ok(name) = Username::new(&user.name) else { continue };
            for key in look_alikes(store, &name) {
                if store.users.by_name(key).await?.is_none() {
                    store.users.claim_name(key, user.id, now_ms).await?;
                    made += 1;
                }
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE => after = Some(last.id),
            _ => return Ok(made),
        }
        // Others have their turn.
        tokio::task::yield_now().await;
    }
}
