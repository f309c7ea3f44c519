//! Which certificates a client believes.
//!
//! By default nothing but the system's authorities. A server that makes its own
//! certificate is known by the SHA-256 of it, which travels over a way that is
//! trusted already (loopback, or HTTPS that verified); see [`crate::http`].

use ring::digest;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring as provider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use std::{path::Path, sync::Arc};

use crate::Error;

/// SHA-256 of a certificate's DER.
pub type CertificateHash = [u8; 32];

/// Which certificates are believed: those of an authority, and those named by hash.
#[derive(Clone, Debug)]
pub struct Trust {
    authorities: Authorities,
    hashes: Vec<CertificateHash>,
}

#[derive(Clone, Debug)]
enum Authorities {
    None,
    System,
    Roots(Arc<RootCertStore>),
    DangerAny,
}

impl Default for Trust {
    fn default() -> Self {
        Self::system()
    }
}

impl Trust {
    /// The authorities of the operating system.
    pub fn system() -> Self {
        Self { authorities: Authorities::System, hashes: Vec::new() }
    }

    /// No authority; only what [`Self::and_hashes`] adds.
    pub fn hashes_only() -> Self {
        Self { authorities: Authorities::None, hashes: Vec::new() }
    }

    /// The authorities in a PEM file and no others.
    pub fn pem_file(path: &Path) -> Result<Self, Error> {
        let fail = |detail: String| Error::Trust(format!("{}: {detail}", path.display()));
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| fail(error.to_string()))? {
            let certificate = certificate.map_err(|error| fail(error.to_string()))?;
            roots.add(certificate).map_err(|error| fail(error.to_string()))?;
        }
        if roots.is_empty() {
            return Err(fail("no certificate in it".to_owned()));
        }
        Ok(Self { authorities: Authorities::Roots(Arc::new(roots)), hashes: Vec::new() })
    }

    /// Whatever certificate comes, from whomever. For load tests against machines
    /// that hold nothing of worth; with it a client can be listened to and lied to.
    pub fn danger_accept_any() -> Self {
        Self { authorities: Authorities::DangerAny, hashes: Vec::new() }
    }

    /// Also believes these certificates, whatever names stand in them.
    #[must_use]
    pub fn and_hashes(mut self, hashes: impl IntoIterator<Item = CertificateHash>) -> Self {
        self.hashes.extend(hashes);
        self
    }

    /// A TLS configuration for one list of application protocols.
    pub(crate) fn tls(&self, alpn: &[&[u8]]) -> Result<ClientConfig, Error> {
        let fail = |error: rustls::Error| Error::Trust(error.to_string());
        let crypto = Arc::new(provider::default_provider());
        let authorities: Option<Arc<dyn ServerCertVerifier>> = match &self.authorities {
            Authorities::None | Authorities::DangerAny => None,
            Authorities::System => {
                Some(Arc::new(rustls_platform_verifier::Verifier::new(Arc::clone(&crypto)).map_err(fail)?))
            }
            Authorities::Roots(roots) => {
                let builder =
                    WebPkiServerVerifier::builder_with_provider(Arc::clone(roots), Arc::clone(&crypto)).build();
                Some(builder.map_err(|error| Error::Trust(error.to_string()))?)
            }
        };
        let verifier = Verifier {
            authorities,
            hashes: self.hashes.clone(),
            danger_any: matches!(self.authorities, Authorities::DangerAny),
            crypto: Arc::clone(&crypto),
        };
        let mut config = ClientConfig::builder_with_provider(crypto)
            .with_safe_default_protocol_versions()
            .map_err(fail)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
        Ok(config)
    }
}

/// A hash from 64 hexadecimal digits, as `/api/v1/server` lists them.
pub fn hash_from_hex(text: &str) -> Option<CertificateHash> {
    let digits = text.as_bytes();
    let mut hash = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    for (slot, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |byte: u8| (byte as char).to_digit(16);
        *slot = u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()?;
    }
    Some(hash)
}

/// The hashes of the certificates in a PEM file; keys in it are stepped over.
pub fn hashes_of_pem_file(path: &Path) -> Result<Vec<CertificateHash>, Error> {
    let fail = |detail: String| Error::Trust(format!("{}: {detail}", path.display()));
    let certificates = CertificateDer::pem_file_iter(path).map_err(|error| fail(error.to_string()))?;
    certificates
        .map(|certificate| certificate.map(|der| hash_of(&der)).map_err(|error| fail(error.to_string())))
        .collect()
}

/// The hash of a certificate.
pub fn hash_of(der: &[u8]) -> CertificateHash {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, der).as_ref());
    hash
}

#[derive(Debug)]
struct Verifier {
    authorities: Option<Arc<dyn ServerCertVerifier>>,
    hashes: Vec<CertificateHash>,
    danger_any: bool,
    crypto: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.danger_any || self.hashes.contains(&hash_of(end_entity)) {
            return Ok(ServerCertVerified::assertion());
        }
        match &self.authorities {
            Some(verifier) => verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now),
            None => Err(CertificateError::ApplicationVerificationFailure.into()),
        }
    }

    // Whoever presents a certificate must also hold its key: that is checked always.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.crypto.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.crypto.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.crypto.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;
