//! Passwords: argon2id (RFC 9106), 19 MiB and two passes, about 50 ms each, so the
//! work runs off the tasks' threads and only a few at a time.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::sync::Arc;
use tokio::sync::Semaphore;

use crate::runtime::{Entropy, Tasks};

/// Hashes at once: each holds 19 MiB and a core.
const CONCURRENT_MAX: usize = 2;

/// Hashes and verifies.
#[derive(Clone)]
pub struct Passwords {
    tasks: Tasks,
    entropy: Arc<dyn Entropy>,
    permits: Arc<Semaphore>,
}

fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

impl Passwords {
    /// Uses `tasks`' blocking pool.
    pub fn new(tasks: Tasks, entropy: Arc<dyn Entropy>) -> Self {
        Self { tasks, entropy, permits: Arc::new(Semaphore::new(CONCURRENT_MAX)) }
    }

    /// A PHC string.
    pub async fn hash(&self, password: &str) -> Option<String> {
        let salt: [u8; 16] = self.entropy.bytes();
        let password = password.to_owned();
        self.run(move || {
            let hash: PasswordHash = argon2().hash_password_with_salt(password.as_bytes(), &salt).ok()?;
            Some(hash.to_string())
        })
        .await
    }

    /// Whether the password fits the PHC string. Without one (nobody of that name) it
    /// takes as long, so that timing does not tell which names exist.
    pub async fn verify(&self, password: &str, phc: Option<&str>) -> bool {
        let password = password.to_owned();
        let phc = phc.map(str::to_owned);
        self.run(move || {
            let Some(phc) = phc else {
                let _: Option<PasswordHash> = argon2().hash_password_with_salt(password.as_bytes(), &[0; 16]).ok();
                return None;
            };
            let hash = PasswordHash::new(&phc).ok()?;
            argon2().verify_password(password.as_bytes(), &hash).ok()
        })
        .await
        .is_some()
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> Option<T> + Send + 'static) -> Option<T> {
        let permit = self.permits.clone().acquire_owned().await.ok()?;
        self.tasks
            .spawn_blocking(move || {
                let _permit = permit;
                work()
            })
            .await
            .ok()
            .flatten()
    }
}
