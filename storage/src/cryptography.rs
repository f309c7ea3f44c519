//! The provider of cryptography that TLS asks for, once a process: who was first has chosen
//! it. Clients of Redis and of object stores panic without one.

pub(crate) fn provide() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}
