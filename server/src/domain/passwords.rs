//! Passwords: argon2id (RFC 9106), 19 MiB and two passes, about 50 ms each, so the
//! work runs off the tasks' threads and only a few at a time. Past a bound nobody waits:
//! `None` says that the server is too busy.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::sync::Arc;
use tokio::sync::Semaphore;

use crate::runtime::{Entropy, Tasks};

/// Hashes at once: each holds 19 MiB and a core.
const CONCURRENT_MAX: usize = 2;
/// Hashes that wait for their turn: about two seconds' worth.
const WAITING_MAX: usize = 64;

/// Hashes and verifies.
#[derive(Clone)]
pub struct Passwords {
    tasks: Tasks,
    entropy: Arc<dyn Entropy>,
    /// Those at work and those that wait.
    places: Arc<Semaphore>,
    cores: Arc<Semaphore>,
}

fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default())
}

impl Passwords {
    /// Uses `tasks`' blocking pool.
    pub fn new(tasks: Tasks, entropy: Arc<dyn Entropy>) -> Self {
        let places = Arc::new(Semaphore::new(CONCURRENT_MAX + WAITING_MAX));
        Self { tasks, entropy, places, cores: Arc::new(Semaphore::new(CONCURRENT_MAX)) }
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
        .flatten()
    }

    /// Whether the password fits the PHC string. Without one (nobody of that name) it
    /// takes as long, so that timing does not tell which names exist.
    pub async fn verify(&self, password: &str, phc: Option<&str>) -> Option<bool> {
        let password = password.to_owned();
        let phc = phc.map(str::to_owned);
        self.run(move || {
            let Some(phc) = phc else {
                let _: Option<PasswordHash> = argon2().hash_password_with_salt(password.as_bytes(), &[0; 16]).ok();
                return false;
            };
            let hash = PasswordHash::new(&phc);
            hash.is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok())
        })
        .await
    }

    /// Runs other work of milliseconds in the same queue.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        let core = self.cores.clone().acquire_owned().await.ok()?;
        self.tasks
            .spawn_blocking(move || {
                let _held = (place, core);
                work()
            })
            .await
            .ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::SystemEntropy;
    use futures_util::future::join_all;

    fn passwords() -> Passwords {
        Passwords::new(Tasks::default(), Arc::new(SystemEntropy))
    }

    #[tokio::test]
    async fn a_password_fits_its_own_hash_only() {
        let passwords = passwords();
        let phc = passwords.hash("correct horse").await.unwrap();
        assert_eq!(passwords.verify("correct horse", Some(&phc)).await, Some(true));
        assert_eq!(passwords.verify("battery staple", Some(&phc)).await, Some(false));
        assert_eq!(passwords.verify("correct horse", None).await, Some(false));
        assert_eq!(passwords.verify("correct horse", Some("no hash")).await, Some(false));
    }

    #[tokio::test]
    async fn a_flood_is_refused_and_leaves_nothing_behind() {
        let passwords = passwords();
        let flood = (0..CONCURRENT_MAX + WAITING_MAX + 10).map(|_| passwords.run(|| ()));
        let done = join_all(flood).await;
        assert_eq!(done.iter().filter(|done| done.is_none()).count(), 10);
        assert_eq!(passwords.run(|| 5).await, Some(5));
    }
}
