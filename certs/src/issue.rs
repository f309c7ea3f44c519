//! Makes self-signed certificates: ECDSA P-256, X.509v3, for TLS servers.

use crate::Error;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256,
};
use time::OffsetDateTime;

/// Key and certificate as one PEM text, so that one rename replaces both. `names` are
/// DNS names and addresses; a name that is not ASCII is an error.
pub(crate) fn self_signed(names: &[String], not_before_ms: u64, not_after_ms: u64) -> Result<String, Error> {
    // Browsers take only P-256 by hash (W3C WebTransport, "verify a certificate hash").
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Rill");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.not_before = moment(not_before_ms);
    params.not_after = moment(not_after_ms);
    let certificate = params.self_signed(&key)?;
    Ok(format!("{}{}", key.serialize_pem(), certificate.pem()))
}

/// A certificate's time, which counts seconds.
fn moment(at_ms: u64) -> OffsetDateTime {
    i64::try_from(at_ms / 1000)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
