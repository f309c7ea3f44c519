//! Passwords: argon2id (RFC 9106), 19 MiB and two passes, about 50 ms each, so the
//! work runs behind everybody else's and only a few at a time. Past a bound nobody waits:
//! `None` says that the server is too busy.
//!
//! The memory of a hash is kept and lent.

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Output, ParamsString, PasswordHash, Salt},
};
use parking_lot::Mutex;
use std::sync::Arc;

use crate::runtime::{Background, Entropy};

/// Hashes at once: each holds 19 MiB and a core. Half of the cores, so that who guesses
/// passwords does not take the chat's.
fn concurrent_max() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1))
}

/// Hashes that wait for their turn: about two seconds' worth.
const WAITING_MAX: usize = 64;

/// Hashes and verifies.
#[derive(Clone)]
pub struct Passwords {
    background: Arc<Background>,
    entropy: Arc<dyn Entropy>,
    /// As many as there are threads, once all have been at work.
    memories: Arc<Mutex<Vec<Memory>>>,
}

/// What one hash works in; it grows to what the parameters ask for.
#[derive(Default)]
struct Memory(Vec<Block>);

impl Memory {
    fn digest(&mut self, argon2: &Argon2<'_>, password: &str, salt: &[u8]) -> Option<Output> {
        let (blocks, length) = (argon2.params().block_count(), argon2.params().output_len());
        self.0.resize_with(blocks.max(self.0.len()), Block::new);
        let mut out = vec![0; length.unwrap_or(Params::DEFAULT_OUTPUT_LEN)];
        argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut out, &mut self.0[..blocks]).ok()?;
        Output::new(&out).ok()
    }

    /// A PHC string.
    fn hash(&mut self, password: &str, salt: &[u8]) -> Option<String> {
        let (algorithm, version, params) = (Algorithm::Argon2id, Version::V0x13, Params::default());
        let hash = self.digest(&Argon2::new(algorithm, version, params.clone()), password, salt)?;
        Some(
            PasswordHash {
                algorithm: algorithm.ident(),
                version: Some(version.into()),
                params: ParamsString::try_from(&params).ok()?,
                salt: Some(Salt::new(salt).ok()?),
                hash: Some(hash),
            }
            .to_string(),
        )
    }

    /// Outputs are compared in a time that does not tell where they differ.
    fn fits(&mut self, password: &str, phc: &str) -> Option<bool> {
        let phc = PasswordHash::new(phc).ok()?;
        let algorithm = Algorithm::try_from(phc.algorithm.as_str()).ok()?;
        let version = Version::try_from(phc.version?).ok()?;
        let argon2 = Argon2::new(algorithm, version, Params::try_from(&phc).ok()?);
        Some(self.digest(&argon2, password, &phc.salt?)? == phc.hash?)
    }
}

impl Passwords {
    /// With threads of its own.
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        let background = Arc::new(Background::new("passwords", concurrent_max(), WAITING_MAX));
        Self { background, entropy, memories: Arc::default() }
    }

    /// A PHC string.
    pub async fn hash(&self, password: &str) -> Option<String> {
        let salt: [u8; 16] = self.entropy.bytes();
        let password = password.to_owned();
        self.with_memory(move |memory| memory.hash(&password, &salt)).await.flatten()
    }

    /// Whether the password fits the PHC string. Without one (nobody of that name) it
    /// takes as long, so that timing does not tell which names exist.
    pub async fn verify(&self, password: &str, phc: Option<&str>) -> Option<bool> {
        let password = password.to_owned();
        let phc = phc.map(str::to_owned);
        self.with_memory(move |memory| match phc {
            Some(phc) => memory.fits(&password, &phc).unwrap_or(false),
            None => {
                memory.hash(&password, &[0; 16]);
                false
            }
        })
        .await
    }

    async fn with_memory<T: Send + 'static>(&self, work: impl FnOnce(&mut Memory) -> T + Send + 'static) -> Option<T> {
        let memories = self.memories.clone();
        self.run(move || {
            let mut memory = memories.lock().pop().unwrap_or_default();
            let done = work(&mut memory);
            memories.lock().push(memory);
            done
        })
        .await
    }

    /// Runs other work of milliseconds in the same queue.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        self.background.run(work).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::SystemEntropy;

    fn passwords() -> Passwords {
        Passwords::new(Arc::new(SystemEntropy))
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
    async fn hashes_of_before_and_of_others_are_understood() {
        use argon2::password_hash::PasswordHasher as _;
        let passwords = passwords();
        let theirs: PasswordHash = Argon2::default().hash_password_with_salt(b"correct horse", &[7; 16]).unwrap();
        assert_eq!(passwords.verify("correct horse", Some(&theirs.to_string())).await, Some(true));
        let params = Params::new(64, 1, 1, Some(16)).unwrap();
        let small = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let small: PasswordHash = small.hash_password_with_salt(b"correct horse", &[7; 16]).unwrap();
        assert_eq!(passwords.verify("correct horse", Some(&small.to_string())).await, Some(true));
        assert_eq!(passwords.verify("battery", Some(&small.to_string())).await, Some(false));
        let ours = passwords.hash("correct horse").await.unwrap();
        assert!(ours.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{ours}");
    }

    #[tokio::test]
    async fn memory_is_kept_for_as_many_hashes_as_run_at_once() {
        let passwords = passwords();
        futures_util::future::join_all((0..6).map(|_| passwords.verify("correct horse", None))).await;
        assert!((1..=concurrent_max()).contains(&passwords.memories.lock().len()));
    }
}
