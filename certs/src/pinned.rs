//! The certificate that browsers accept by its hash, and its successor.
//!
//! Browsers demand ECDSA P-256, X.509v3 and at most 14 days of validity (W3C
//! WebTransport, "custom certificate requirements"). So there are always two: the one
//! in use and the one that follows, whose validity begins when the first is retired.
//! The hashes of both are published at all times, so a page that has read them once can
//! connect for at least another week without reading them again, and a renewal cuts
//! nobody off. Both lie in a directory, so that a restart shows the same hashes.
//!
//! ```text
//! current  |--backdate--|=========== in use ==========|--spare--|
//! next                                  |--backdate--|=========== in use …
//! ```

use crate::{DAY_MS, Error, Fingerprint, Identity, Slot, issue, keep};
use parking_lot::Mutex;
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// From first to last moment. An hour less than allowed, so that no way of counting
/// makes it too long.
const LIFE_MS: u64 = 14 * DAY_MS - 60 * 60 * 1000;
/// How far the validity reaches back before the first use, for clients whose clock is
/// behind.
const BACKDATE_MS: u64 = DAY_MS / 2;
/// What is left of the validity when the successor takes over, for clients whose clock
/// is ahead and for a server that was asleep at the moment of the change.
const SPARE_MS: u64 = 2 * DAY_MS;

/// The current certificate and the next, kept in a directory.
#[derive(Debug)]
pub struct Pinned {
    dir: PathBuf,
    slot: Arc<Slot>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    current: Made,
    next: Made,
    /// Whether the directory holds both.
    kept: bool,
}

/// An identity with the text that is kept of it.
#[derive(Clone, Debug)]
struct Made {
    pem: String,
    identity: Identity,
}

impl Pinned {
    /// Takes up the certificates of `dir`, or makes and keeps new ones there. A file
    /// that cannot be used is replaced, with a warning: only what this crate made lies
    /// there.
    pub fn open(dir: &Path, now_ms: u64) -> Result<Self, Error> {
        let current = Made::read(&current_path(dir));
        let next = Made::read(&next_path(dir));
        let (current, next) = succeed(current, next, now_ms)?;
        let slot = Slot::new(&current.identity);
        let pinned = Self { dir: dir.into(), slot, state: Mutex::new(State { current, next, kept: false }) };
        pinned.state.lock().keep(dir)?;
        Ok(pinned)
    }

    /// Retires the current certificate when its time has come. To be called at
    /// [`Self::next_change_ms`], and every hour besides, because clocks jump and
    /// machines sleep. Returns whether the hashes changed.
    ///
    /// # Errors
    /// The new certificate is in use all the same when only keeping it failed; the
    /// next call tries again.
    pub fn advance(&self, now_ms: u64) -> Result<bool, Error> {
        let mut state = self.state.lock();
        let before = state.hashes();
        let (current, next) = succeed(Some(state.current.clone()), Some(state.next.clone()), now_ms)?;
        let changed = before != [current.identity.fingerprint(), next.identity.fingerprint()];
        if changed {
            self.slot.set(&current.identity);
            *state = State { current, next, kept: false };
        }
        state.keep(&self.dir)?;
        Ok(changed)
    }

    /// When [`Self::advance`] has something to do.
    pub fn next_change_ms(&self) -> u64 {
        self.state.lock().current.retires_ms()
    }

    /// What a client may pin: the current certificate's hash, then the next one's.
    pub fn hashes(&self) -> [Fingerprint; 2] {
        self.state.lock().hashes()
    }

    /// What TLS asks.
    pub fn slot(&self) -> Arc<Slot> {
        self.slot.clone()
    }
}

impl State {
    fn hashes(&self) -> [Fingerprint; 2] {
        [self.current.identity.fingerprint(), self.next.identity.fingerprint()]
    }

    fn keep(&mut self, dir: &Path) -> Result<(), Error> {
        if !self.kept {
            // A crash between the two leaves the old next beside its equal: the next
            // start sees that it does not outlive the current and makes another.
            self.current.keep(&current_path(dir))?;
            self.next.keep(&next_path(dir))?;
            self.kept = true;
        }
        Ok(())
    }
}

impl Made {
    fn new(first_use_ms: u64) -> Result<Self, Error> {
        let not_before_ms = first_use_ms.saturating_sub(BACKDATE_MS);
        let names = ["localhost".to_owned()]; // clients that pin look at no name
        let pem = issue::self_signed(&names, not_before_ms, not_before_ms + LIFE_MS)?;
        let path = Path::new("a certificate just made");
        let identity = Identity::from_pem((path, pem.as_bytes()), (path, pem.as_bytes()))?;
        Ok(Self { pem, identity })
    }

    fn read(path: &Path) -> Option<Self> {
        let result =
            fs::read_to_string(path).map_err(|source| Error::Read { path: path.into(), source }).and_then(|pem| {
                let identity = Identity::from_pem((path, pem.as_bytes()), (path, pem.as_bytes()))?;
                Ok(Self { pem, identity })
            });
        match result {
            Ok(made) if made.life_ms() <= LIFE_MS => Some(made),
            Ok(_) => {
                tracing::warn!(path = %path.display(), "browsers refuse a certificate of this length: it is replaced");
                None
            }
            Err(Error::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!(%error, "a kept certificate cannot be used: it is replaced");
                None
            }
        }
    }

    fn keep(&self, path: &Path) -> Result<(), Error> {
        match fs::read_to_string(path) {
            Ok(kept) if kept == self.pem => Ok(()),
            _ => keep::write(path, &self.pem),
        }
    }

    fn life_ms(&self) -> u64 {
        self.identity.not_after_ms() - self.identity.not_before_ms()
    }

    /// When its successor takes over.
    fn retires_ms(&self) -> u64 {
        self.identity.not_after_ms().saturating_sub(SPARE_MS)
    }

    fn serves_at(&self, now_ms: u64) -> bool {
        (self.identity.not_before_ms()..self.retires_ms()).contains(&now_ms)
    }

    /// Whether it can take over at the moment that `current` retires, and then stays.
    fn follows(&self, current: &Self) -> bool {
        self.identity.not_before_ms() <= current.retires_ms() && self.retires_ms() > current.retires_ms()
    }
}

/// Which two certificates stand at `now_ms`, given the two of before.
fn succeed(current: Option<Made>, next: Option<Made>, now_ms: u64) -> Result<(Made, Made), Error> {
    let (current, next) = match (current, next) {
        (Some(current), next) if current.serves_at(now_ms) => (current, next),
        (_, Some(next)) if next.serves_at(now_ms) => (next, None),
        (_, next) => (Made::new(now_ms)?, next),
    };
    let next = match next {
        Some(next) if next.follows(&current) => next,
        _ => Made::new(current.retires_ms())?,
    };
    Ok((current, next))
}

fn current_path(dir: &Path) -> PathBuf {
    dir.join("pinned-current.pem")
}

fn next_path(dir: &Path) -> PathBuf {
    dir.join("pinned-next.pem")
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_parser::prelude::{FromDer, X509Certificate, X509Version};

    const START_MS: u64 = 20_000 * DAY_MS;

    #[test]
    fn both_certificates_obey_the_rules_of_browsers() {
        let dir = tempfile::tempdir().unwrap();
        let pinned = Pinned::open(dir.path(), START_MS).unwrap();
        let state = pinned.state.lock();
        for (made, first_use_ms) in [(&state.current, START_MS), (&state.next, state.current.retires_ms())] {
            let chain = made.identity.certified().cert.clone();
            assert_eq!(chain.len(), 1);
            let (_, parsed) = X509Certificate::from_der(&chain[0]).unwrap();
            assert_eq!(parsed.version(), X509Version::V3);
            // id-ecPublicKey on prime256v1, signed with ecdsa-with-SHA256 (RFC 5480, RFC 5758).
            let algorithm = &parsed.public_key().algorithm;
            assert_eq!(algorithm.algorithm.to_id_string(), "1.2.840.10045.2.1");
            let curve = algorithm.parameters.as_ref().unwrap().as_oid().unwrap();
            assert_eq!(curve.to_id_string(), "1.2.840.10045.3.1.7");
            assert_eq!(parsed.signature_algorithm.algorithm.to_id_string(), "1.2.840.10045.4.3.2");
            let validity = parsed.validity();
            let seconds = validity.not_after.timestamp() - validity.not_before.timestamp();
            assert!(seconds < 14 * 24 * 60 * 60, "{seconds}");
            assert_eq!(validity.not_before.timestamp() as u64 * 1000, first_use_ms - BACKDATE_MS);
            assert_eq!(made.identity.fingerprint(), Fingerprint::of(&chain[0]));
        }
    }

    #[test]
    fn a_restart_shows_the_same_hashes() {
        let dir = tempfile::tempdir().unwrap();
        let before = Pinned::open(dir.path(), START_MS).unwrap().hashes();
        assert_eq!(Pinned::open(dir.path(), START_MS + 3 * DAY_MS).unwrap().hashes(), before);
    }

    /// The hashes after a pause of `pause_ms`, as positions in those before: 0 current, 1 next, None new.
    fn check(pause_ms: u64, expected: [Option<usize>; 2]) {
        for restart in [false, true] {
            let dir = tempfile::tempdir().unwrap();
            let pinned = Pinned::open(dir.path(), START_MS).unwrap();
            let before = pinned.hashes();
            let now_ms = START_MS + pause_ms;
            let pinned = if restart {
                Pinned::open(dir.path(), now_ms).unwrap()
            } else {
                assert_eq!(pinned.advance(now_ms).unwrap(), expected != [Some(0), Some(1)]);
                pinned
            };
            let after = pinned.hashes().map(|hash| before.iter().position(|old| *old == hash));
            assert_eq!(after, expected, "after {pause_ms} ms, restarted: {restart}");
            assert!(pinned.next_change_ms() > now_ms);
            // What is shown is what is published first, and what is kept.
            let shown = Fingerprint::of(&pinned.slot().shown().cert[0]);
            assert_eq!(shown, pinned.hashes()[0]);
            assert_eq!(Pinned::open(dir.path(), now_ms).unwrap().hashes(), pinned.hashes());
        }
    }

    #[test]
    fn renewal_comes_before_the_end_and_with_a_hash_that_was_already_published() {
        let used_ms = LIFE_MS - BACKDATE_MS - SPARE_MS;
        check(0, [Some(0), Some(1)]);
        check(used_ms - 1, [Some(0), Some(1)]);
        check(used_ms, [Some(1), None]);
        check(LIFE_MS, [Some(1), None]);
        // The last moment of the second, and the first after it.
        check(2 * used_ms - 1, [Some(1), None]);
        check(2 * used_ms, [None, None]);
        check(365 * DAY_MS, [None, None]);
    }

    #[test]
    fn a_year_of_hourly_calls_always_serves_a_hash_published_a_week_before() {
        let dir = tempfile::tempdir().unwrap();
        let pinned = Pinned::open(dir.path(), START_MS).unwrap();
        let mut published: Vec<(u64, Fingerprint)> = pinned.hashes().map(|hash| (0, hash)).to_vec();
        let mut changes = 0;
        for hour in 1..=365 * 24 {
            let now_ms = START_MS + hour * DAY_MS / 24;
            let due = now_ms >= pinned.next_change_ms();
            assert_eq!(pinned.advance(now_ms).unwrap(), due);
            if due {
                changes += 1;
                let [current, next] = pinned.hashes();
                let since = published.iter().find(|(_, hash)| *hash == current).expect("published").0;
                assert!(now_ms - since >= 7 * DAY_MS);
                published.push((now_ms, next));
            }
            let state = pinned.state.lock();
            assert!(state.current.identity.check_valid_at(now_ms, dir.path()).is_ok());
        }
        assert_eq!(changes, 365 * DAY_MS / (LIFE_MS - BACKDATE_MS - SPARE_MS));
    }

    #[test]
    fn a_clock_that_was_set_back_gets_a_certificate_of_its_time() {
        let dir = tempfile::tempdir().unwrap();
        let pinned = Pinned::open(dir.path(), START_MS).unwrap();
        let now_ms = START_MS - 30 * DAY_MS;
        assert!(pinned.advance(now_ms).unwrap());
        let state = pinned.state.lock();
        assert!(state.current.identity.check_valid_at(now_ms, dir.path()).is_ok());
    }

    #[test]
    fn files_that_cannot_be_used_are_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let before = Pinned::open(dir.path(), START_MS).unwrap().hashes();
        fs::write(current_path(dir.path()), "torn").unwrap();
        assert_eq!(Pinned::open(dir.path(), START_MS).unwrap().hashes()[1], before[1]);
        // Too long for a browser, though valid.
        let long = issue::self_signed(&["localhost".to_owned()], START_MS, START_MS + 15 * DAY_MS).unwrap();
        fs::write(current_path(dir.path()), long).unwrap();
        let pinned = Pinned::open(dir.path(), START_MS + DAY_MS).unwrap();
        assert!(pinned.state.lock().current.life_ms() <= LIFE_MS);
    }

    #[test]
    fn a_directory_that_cannot_be_written_stops_the_start_but_not_a_renewal() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("certs");
        let pinned = Pinned::open(&dir, START_MS).unwrap();
        let before = pinned.hashes();
        fs::remove_dir_all(&dir).unwrap();
        fs::write(&dir, "a file in the way").unwrap();
        assert!(matches!(Pinned::open(&dir, START_MS), Err(Error::Write { .. })));

        let now_ms = pinned.next_change_ms();
        assert!(matches!(pinned.advance(now_ms), Err(Error::Write { .. })));
        assert_eq!(pinned.hashes()[0], before[1]);
        fs::remove_file(&dir).unwrap();
        assert!(!pinned.advance(now_ms).unwrap());
        assert_eq!(Pinned::open(&dir, now_ms).unwrap().hashes(), pinned.hashes());
    }
}
