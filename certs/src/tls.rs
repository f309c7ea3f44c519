//! The TLS settings that every listener shares.

use rustls::{
    ServerConfig, SupportedProtocolVersion,
    crypto::{CryptoProvider, ring},
    server::ResolvesServerCert,
};
use std::sync::{Arc, LazyLock};

/// The one crypto provider. It is always passed explicitly, so it does not matter which
/// default a library has installed.
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| Arc::new(ring::default_provider()));
    PROVIDER.clone()
}

/// A server's TLS over `certificate`, without client certificates and without early
/// data (a replayed early message would be sent twice). `protocols` are the ALPN names,
/// the preferred first.
pub fn server_config(
    certificate: Arc<dyn ResolvesServerCert>,
    versions: &[&'static SupportedProtocolVersion],
    protocols: &[&[u8]],
) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)?
        .with_no_client_auth()
        .with_cert_resolver(certificate);
    config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
    config.max_early_data_size = 0;
    Ok(config)
}
