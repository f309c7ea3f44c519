//! Real handshakes, in memory, between this client's configuration and a server.

use super::*;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ClientConnection, ServerConfig, ServerConnection, pki_types::PrivateKeyDer};
use std::io::Write;

struct Server {
    der: CertificateDer<'static>,
    config: Arc<ServerConfig>,
}

fn server(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> Server {
    let der = chain[0].clone();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(provider::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    Server { der, config: Arc::new(config) }
}

fn self_signed() -> Server {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    server(vec![certificate.der().clone()], &key)
}

fn handshake(trust: &Trust, server: &Server) -> Result<(), rustls::Error> {
    let name = ServerName::try_from("localhost").unwrap();
    let mut client = ClientConnection::new(Arc::new(trust.tls(&[]).unwrap()), name)?;
    let mut server = ServerConnection::new(Arc::clone(&server.config))?;
    while client.is_handshaking() || server.is_handshaking() {
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).unwrap();
        server.read_tls(&mut &bytes[..]).unwrap();
        server.process_new_packets()?;
        bytes.clear();
        server.write_tls(&mut bytes).unwrap();
        client.read_tls(&mut &bytes[..]).unwrap();
        client.process_new_packets()?;
    }
    Ok(())
}

#[test]
fn a_certificate_is_believed_by_its_hash_and_by_no_other() {
    let (server, stranger) = (self_signed(), self_signed());
    let trust = Trust::hashes_only().and_hashes([hash_of(&server.der)]);
    assert_eq!(handshake(&trust, &server), Ok(()));
    assert!(handshake(&trust, &stranger).is_err());
    assert!(handshake(&Trust::hashes_only(), &server).is_err());
}

#[test]
fn nothing_self_made_is_believed_by_default() {
    assert!(handshake(&Trust::default(), &self_signed()).is_err());
}

#[test]
fn a_hash_adds_to_an_authority() {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, key).unwrap();
    let leaf_key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&leaf_key, &authority).unwrap();
    let signed = server(vec![leaf.der().clone()], &leaf_key);

    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(authority.pem().as_bytes()).unwrap();
    let trust = Trust::pem_file(file.path()).unwrap();
    assert_eq!(handshake(&trust, &signed), Ok(()));
    let other = self_signed();
    assert!(handshake(&trust, &other).is_err());
    assert_eq!(handshake(&trust.and_hashes([hash_of(&other.der)]), &other), Ok(()));
}

#[test]
fn whoever_cannot_prove_the_key_is_refused_even_by_hash() {
    let (server, thief_key) = (self_signed(), KeyPair::generate().unwrap());
    // rustls refuses to pair a certificate with another key, so the pair is forged
    // with a resolver.
    let key = PrivateKeyDer::try_from(thief_key.serialize_der()).unwrap();
    let key = provider::sign::any_supported_type(&key).unwrap();
    let certified = rustls::sign::CertifiedKey::new(vec![server.der.clone()], key);
    let config = ServerConfig::builder_with_provider(Arc::new(provider::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(certified)));
    let thief = Server { der: server.der.clone(), config: Arc::new(config) };
    for trust in [Trust::hashes_only().and_hashes([hash_of(&server.der)]), Trust::danger_accept_any()] {
        assert!(handshake(&trust, &thief).is_err());
    }
}

#[test]
fn danger_accepts_any_and_says_so_in_its_name() {
    assert_eq!(handshake(&Trust::danger_accept_any(), &self_signed()), Ok(()));
}

#[test]
fn hashes_in_text() {
    assert_eq!(hash_from_hex(&"0a".repeat(32)), Some([10; 32]));
    for odd in ["", "0a", &"0g".repeat(32), &"0a".repeat(33)] {
        assert_eq!(hash_from_hex(odd), None, "{odd}");
    }
}

#[test]
fn a_pem_file_without_a_certificate_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = Trust::pem_file(file.path()).unwrap_err().to_string();
    assert!(error.contains("no certificate"), "{error}");
    assert!(Trust::pem_file(Path::new("nowhere.pem")).is_err());
}
