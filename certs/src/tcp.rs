//! The certificate of the HTTPS port.
//!
//! An operator's PEM files are read at the start and again whenever they change, so
//! that a renewal by an ACME client needs no restart. Without files the server makes
//! one for a year, out to the names of its machine; browsers warn about it once.

use crate::{DAY_MS, Error, Fingerprint, Identity, Slot, issue, keep};
use parking_lot::Mutex;
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

const LIFE_MS: u64 = 365 * DAY_MS;
/// For clients whose clock is behind.
const BACKDATE_MS: u64 = DAY_MS;
/// A certificate with less than this left is replaced.
const SPARE_MS: u64 = 30 * DAY_MS;

/// Where the certificate comes from.
#[derive(Clone, Debug)]
pub enum Source {
    /// PEM files: a chain (leaf first) and its key, perhaps in one file.
    Files { certificate: PathBuf, key: PathBuf },
    /// Made here and kept in a directory; `names` are DNS names and addresses, as from
    /// [`machine_names`](crate::machine_names).
    SelfSigned { dir: PathBuf, names: Vec<String> },
}

/// The certificate of the HTTPS port, which follows its source.
#[derive(Debug)]
pub struct Tcp {
    source: Source,
    slot: Arc<Slot>,
    current: Mutex<Identity>,
}

impl Tcp {
    /// Reads or makes the certificate.
    ///
    /// # Errors
    /// Every error names the file. An expired certificate is one.
    pub fn open(source: Source, now_ms: u64) -> Result<Self, Error> {
        let current = source.identity(now_ms)?;
        Ok(Self { source, slot: Slot::new(&current), current: Mutex::new(current) })
    }

    /// Reads the files again, or renews what was made here. To be called every few
    /// seconds: it reads two small files. Returns whether another certificate is in use.
    ///
    /// # Errors
    /// The former certificate stays in use.
    pub fn advance(&self, now_ms: u64) -> Result<bool, Error> {
        let identity = self.source.identity(now_ms)?;
        let mut current = self.current.lock();
        // The whole chain: what is mended may be what stands between leaf and root.
        if identity.chain() == current.chain() {
            return Ok(false);
        }
        self.slot.set(&identity);
        *current = identity;
        Ok(true)
    }

    /// What TLS asks.
    pub fn slot(&self) -> Arc<Slot> {
        self.slot.clone()
    }

    /// The hash of the certificate in use, for the operator to compare.
    pub fn fingerprint(&self) -> Fingerprint {
        self.current.lock().fingerprint()
    }

    /// The names that the certificate in use is made out to.
    pub fn names(&self) -> BTreeSet<String> {
        self.current.lock().names().clone()
    }

    /// The last moment of the certificate in use.
    pub fn not_after_ms(&self) -> u64 {
        self.current.lock().not_after_ms()
    }
}

impl Source {
    fn identity(&self, now_ms: u64) -> Result<Identity, Error> {
        match self {
            Self::Files { certificate, key } => {
                let identity = Identity::read(certificate, key)?;
                identity.check_valid_at(now_ms, certificate)?;
                Ok(identity)
            }
            Self::SelfSigned { dir, names } => self_signed(&dir.join("tcp.pem"), names, now_ms),
        }
    }
}

/// The kept certificate if it still serves, otherwise a new one.
fn self_signed(path: &Path, names: &[String], now_ms: u64) -> Result<Identity, Error> {
    match Identity::read(path, path) {
        Ok(kept) if serves(&kept, names, now_ms) => return Ok(kept),
        Ok(_) => {}
        Err(Error::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {}
        Err(error) => tracing::warn!(%error, "the kept certificate cannot be used: it is replaced"),
    }
    let not_before_ms = now_ms.saturating_sub(BACKDATE_MS);
    let pem = issue::self_signed(names, not_before_ms, not_before_ms + LIFE_MS)?;
    keep::write(path, &pem)?;
    let pem = fs::read(path).map_err(|source| Error::Read { path: path.into(), source })?;
    Identity::from_pem((path, &pem), (path, &pem))
}

fn serves(kept: &Identity, names: &[String], now_ms: u64) -> bool {
    let serving = kept.not_before_ms()..kept.not_after_ms().saturating_sub(SPARE_MS);
    serving.contains(&now_ms) && names.iter().all(|name| kept.names().contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START_MS: u64 = 20_000 * DAY_MS;

    fn self_signed_in(dir: &Path, names: &[&str]) -> Source {
        Source::SelfSigned { dir: dir.into(), names: names.iter().map(|name| (*name).to_owned()).collect() }
    }

    /// Whether a restart after `pause_ms` under `names` finds the same certificate.
    fn check(pause_ms: u64, names: &[&str], same: bool) {
        let dir = tempfile::tempdir().unwrap();
        let first = Tcp::open(self_signed_in(dir.path(), &["localhost", "192.0.2.7"]), START_MS).unwrap();
        let second = Tcp::open(self_signed_in(dir.path(), names), START_MS + pause_ms).unwrap();
        assert_eq!(second.fingerprint() == first.fingerprint(), same, "{pause_ms} {names:?}");
        let names = names.iter().map(|name| (*name).to_owned());
        assert!(names.into_iter().all(|name| second.current.lock().names().contains(&name)));
    }

    #[test]
    fn a_self_signed_certificate_is_kept_until_it_nears_its_end_or_lacks_a_name() {
        let serving_ms = LIFE_MS - BACKDATE_MS - SPARE_MS;
        check(0, &["localhost", "192.0.2.7"], true);
        check(serving_ms - 1, &["localhost", "192.0.2.7"], true);
        check(serving_ms, &["localhost", "192.0.2.7"], false);
        check(0, &["localhost"], true);
        check(0, &["localhost", "2001:db8::7"], false);
    }

    #[test]
    fn a_running_server_renews_its_self_signed_certificate() {
        let dir = tempfile::tempdir().unwrap();
        let tcp = Tcp::open(self_signed_in(dir.path(), &["localhost"]), START_MS).unwrap();
        let first = tcp.fingerprint();
        assert!(!tcp.advance(START_MS + DAY_MS).unwrap());
        let now_ms = tcp.not_after_ms() - SPARE_MS;
        assert!(tcp.advance(now_ms).unwrap());
        assert_ne!(tcp.fingerprint(), first);
        assert_eq!(Fingerprint::of(&tcp.slot().shown().cert[0]), tcp.fingerprint());
        assert!(tcp.not_after_ms() > now_ms + LIFE_MS - 2 * BACKDATE_MS);
    }

    #[test]
    fn changed_files_are_taken_up_and_broken_ones_change_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let (certificate, key) = (dir.path().join("site.pem"), dir.path().join("site.key"));
        let write = |pem: &str| {
            fs::write(&certificate, pem).unwrap();
            fs::write(&key, pem).unwrap();
        };
        let made =
            |start_ms| issue::self_signed(&["chat.example".to_owned()], start_ms, start_ms + 90 * DAY_MS).unwrap();
        write(&made(START_MS));
        let source = Source::Files { certificate: certificate.clone(), key: key.clone() };
        let tcp = Tcp::open(source.clone(), START_MS).unwrap();
        let first = tcp.fingerprint();
        assert!(!tcp.advance(START_MS).unwrap());

        // An ACME client writes the two one after the other.
        let renewed = made(START_MS + DAY_MS);
        fs::write(&certificate, &renewed).unwrap();
        assert!(matches!(tcp.advance(START_MS + DAY_MS), Err(Error::KeyMismatch { .. })));
        assert_eq!(tcp.fingerprint(), first);
        fs::write(&key, &renewed).unwrap();
        assert!(tcp.advance(START_MS + DAY_MS).unwrap());
        assert_ne!(tcp.fingerprint(), first);

        assert!(matches!(tcp.advance(START_MS + 200 * DAY_MS), Err(Error::Expired { .. })));
        assert!(matches!(Tcp::open(source, START_MS + 200 * DAY_MS), Err(Error::Expired { .. })));
    }
}
