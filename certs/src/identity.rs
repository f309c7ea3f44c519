//! A certificate chain with the private key that fits it.

use crate::{Error, Fingerprint, tls::provider};
use rustls::{
    pki_types::{CertificateDer, PrivateKeyDer, pem, pem::PemObject},
    sign::CertifiedKey,
};
use std::{collections::BTreeSet, fs, net::IpAddr, path::Path, sync::Arc};
use time::{Date, OffsetDateTime};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// What a TLS endpoint shows and proves. Its key is known to fit its certificate.
#[derive(Clone, Debug)]
pub struct Identity {
    certified: Arc<CertifiedKey>,
    fingerprint: Fingerprint,
    not_before_ms: u64,
    not_after_ms: u64,
    names: BTreeSet<String>,
}

impl Identity {
    /// Reads a chain and a key, which may lie in one file. Whether the certificate is
    /// valid now is another question: see [`Self::check_valid_at`].
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, Error> {
        let chain_pem = read(certificate)?;
        let key_pem = read(key)?;
        Self::from_pem((certificate, &chain_pem), (key, &key_pem))
    }

    /// As [`Self::read`], from the files' contents; the paths are for the errors.
    pub fn from_pem(
        (certificate_path, chain_pem): (&Path, &[u8]),
        (key_path, key_pem): (&Path, &[u8]),
    ) -> Result<Self, Error> {
        let chain = CertificateDer::pem_slice_iter(chain_pem)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| Error::NotPem { path: certificate_path.into(), detail: error.to_string() })?;
        let Some(leaf) = chain.first() else {
            return Err(Error::NoCertificate { path: certificate_path.into() });
        };
        let key = PrivateKeyDer::from_pem_slice(key_pem).map_err(|error| match error {
            pem::Error::NoItemsFound => Error::NoKey { path: key_path.into() },
            other => Error::NotPem { path: key_path.into(), detail: other.to_string() },
        })?;

        let bad_certificate = |detail: String| Error::BadCertificate { path: certificate_path.into(), detail };
        let (not_before_ms, not_after_ms, names) = parse(leaf).map_err(bad_certificate)?;
        let fingerprint = Fingerprint::of(leaf);
        let key = provider()
            .key_provider
            .load_private_key(key)
            .map_err(|error| Error::BadKey { path: key_path.into(), detail: error.to_string() })?;
        let certified = CertifiedKey::new(chain, key);
        match certified.keys_match() {
            Ok(()) => {}
            Err(rustls::Error::InconsistentKeys(_)) => {
                return Err(Error::KeyMismatch { certificate: certificate_path.into(), key: key_path.into() });
            }
            Err(other) => return Err(bad_certificate(other.to_string())),
        }
        Ok(Self { certified: Arc::new(certified), fingerprint, not_before_ms, not_after_ms, names })
    }

    /// The hash of the leaf.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// The certificates that are shown, leaf first.
    pub(crate) fn chain(&self) -> &[CertificateDer<'static>] {
        &self.certified.cert
    }

    /// First moment of validity.
    pub fn not_before_ms(&self) -> u64 {
        self.not_before_ms
    }

    /// Last moment of validity.
    pub fn not_after_ms(&self) -> u64 {
        self.not_after_ms
    }

    /// The DNS names and addresses that the leaf is made out to.
    pub fn names(&self) -> &BTreeSet<String> {
        &self.names
    }

    /// An error that names `path` when the certificate is not valid at `now_ms`.
    pub fn check_valid_at(&self, now_ms: u64, path: &Path) -> Result<(), Error> {
        if now_ms > self.not_after_ms {
            return Err(Error::Expired { path: path.into(), ended: date(self.not_after_ms) });
        }
        if now_ms < self.not_before_ms {
            return Err(Error::NotYetValid { path: path.into(), begins: date(self.not_before_ms) });
        }
        Ok(())
    }

    pub(crate) fn certified(&self) -> Arc<CertifiedKey> {
        self.certified.clone()
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| Error::Read { path: path.into(), source })
}

/// Validity in milliseconds, and the subject's alternative names.
fn parse(leaf: &CertificateDer<'_>) -> Result<(u64, u64, BTreeSet<String>), String> {
    let (_, parsed) = X509Certificate::from_der(leaf).map_err(|error| error.to_string())?;
    let validity = parsed.validity();
    let names = parsed.subject_alternative_name().map_err(|error| error.to_string())?;
    let names = names.into_iter().flat_map(|extension| &extension.value.general_names).filter_map(name).collect();
    Ok((ms(validity.not_before.timestamp()), ms(validity.not_after.timestamp()), names))
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(dns) => Some((*dns).to_owned()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|bytes| IpAddr::from(bytes).to_string()),
            _ => <[u8; 16]>::try_from(*bytes).ok().map(|bytes| IpAddr::from(bytes).to_string()),
        },
        _ => None,
    }
}

/// Seconds, negative before 1970, as milliseconds.
fn ms(seconds: i64) -> u64 {
    u64::try_from(seconds).unwrap_or(0).saturating_mul(1000)
}

/// The UTC day of a moment, for a sentence.
fn date(at_ms: u64) -> Date {
    i64::try_from(at_ms / 1000)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .map_or(Date::MAX, OffsetDateTime::date)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DAY_MS, issue};

    const NOW_MS: u64 = 20_000 * DAY_MS;

    fn made(start_ms: u64, days: u64) -> String {
        issue::self_signed(&["localhost".to_owned()], start_ms, start_ms + days * DAY_MS).unwrap()
    }

    /// Writes both files and returns the error of reading them at `NOW_MS`.
    fn check(certificate: Option<&str>, key: Option<&str>, expected: &str) {
        let dir = tempfile::tempdir().unwrap();
        let (certificate_path, key_path) = (dir.path().join("site.pem"), dir.path().join("site.key"));
        for (path, content) in [(&certificate_path, certificate), (&key_path, key)] {
            if let Some(content) = content {
                fs::write(path, content).unwrap();
            }
        }
        let result = Identity::read(&certificate_path, &key_path)
            .and_then(|identity| identity.check_valid_at(NOW_MS, &certificate_path));
        let message = result.map_or_else(|error| error.to_string(), |()| "valid".to_owned());
        let message = message.replace(dir.path().to_str().unwrap(), "DIR");
        assert!(message.starts_with(expected), "{message:?} instead of {expected:?}");
    }

    #[test]
    fn every_way_a_pem_pair_can_be_wrong_names_the_file() {
        let pair = made(NOW_MS, 1);
        let other = made(NOW_MS, 1);
        let key_at = pair.find("-----BEGIN PRIVATE KEY").unwrap();
        let certificate_at = pair.find("-----BEGIN CERTIFICATE").unwrap();
        let (key, certificate) = (&pair[key_at..certificate_at], &pair[certificate_at..]);

        check(Some(&pair), Some(&pair), "valid");
        check(Some(certificate), Some(key), "valid");
        check(None, Some(key), "DIR/site.pem cannot be read: No such file");
        check(Some(certificate), None, "DIR/site.key cannot be read: No such file");
        check(Some(key), Some(key), "DIR/site.pem holds no certificate");
        check(Some(certificate), Some(certificate), "DIR/site.key holds no private key");
        check(Some(certificate), Some(""), "DIR/site.key holds no private key");
        check(Some(certificate), Some(&other), "the private key in DIR/site.key does not belong to the certificate");
        check(Some(&certificate[..certificate.len() / 2]), Some(key), "DIR/site.pem is not PEM");
        check(Some(&made(NOW_MS - 3 * DAY_MS, 2)), Some(&pair), "the private key in DIR/site.key does not belong");
        let ended = made(NOW_MS - 3 * DAY_MS, 2);
        check(Some(&ended), Some(&ended), "the certificate in DIR/site.pem ended on 2024-10-03");
        let early = made(NOW_MS + DAY_MS, 2);
        check(Some(&early), Some(&early), "the certificate in DIR/site.pem begins only on 2024-10-05");
        let junk = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        check(Some(junk), Some(key), "the certificate in DIR/site.pem cannot be understood");
        let junk = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
        check(Some(certificate), Some(junk), "the private key in DIR/site.key cannot be used");
    }

    #[test]
    fn names_and_validity_are_read_back() {
        let names = ["localhost", "chat.example", "192.0.2.7", "2001:db8::7"].map(str::to_owned);
        let pem = issue::self_signed(&names, NOW_MS, NOW_MS + DAY_MS).unwrap();
        let path = Path::new("made");
        let identity = Identity::from_pem((path, pem.as_bytes()), (path, pem.as_bytes())).unwrap();
        assert_eq!(*identity.names(), BTreeSet::from(names));
        assert_eq!((identity.not_before_ms(), identity.not_after_ms()), (NOW_MS, NOW_MS + DAY_MS));
    }
}
