//! TLS, with an authority of our own.

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rill_redis_process::{Options, Server, Tls};
use rill_storage::redis::{RedisOptions, RedisServer};
use std::{fs, path::Path};

use crate::stage::{of, open, options, refused};

/// A server's certificate and the authority that vouches for it.
fn certificates(directory: &Path) -> Tls {
    let authority_key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let signed = authority.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(authority, authority_key);
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    let tls = Tls {
        certificate: directory.join("certificate.pem"),
        key: directory.join("key.pem"),
        authority: directory.join("authority.pem"),
        is_mutual: false,
    };
    fs::write(&tls.certificate, leaf.pem()).unwrap();
    fs::write(&tls.key, key.serialize_pem()).unwrap();
    fs::write(&tls.authority, signed.pem()).unwrap();
    tls
}

#[tokio::test]
async fn an_authority_of_our_own_is_trusted_when_it_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let tls = certificates(directory.path());
    let authority = fs::read(&tls.authority).unwrap();
    let server = Server::start(&Options { tls: Some(tls), ..Options::default() }).unwrap();
    assert!(server.url().starts_with("rediss://"));
    let impatient = RedisOptions { start_wait_ms: 1_000, ..of(&server) };
    let told = refused(impatient).await;
    assert!(told.contains("certificate") || told.contains("UnknownIssuer"), "{told}");
    let trusting = RedisServer::parse(&[server.url()]).unwrap().with_authority(authority);
    let link = open(RedisOptions { server: trusting, ..of(&server) }).await.unwrap();
    assert!(link.condition().is_ok());
    let plain = RedisOptions { start_wait_ms: 1_000, ..options(&[format!("redis://{}", server.address())]) };
    refused(plain).await;
}
