//! What makes an endpoint the same one after a restart.
//!
//! A server that was killed knows nothing of the connections it had. It answers their
//! packets with a stateless reset (RFC 9000, section 10.3), so that a client comes back
//! at once instead of waiting for silence; that takes connection ids and reset tokens
//! made from a key that outlives the process.

use quinn::{
    EndpointConfig,
    crypto::{CryptoError, HmacKey},
};
use quinn_proto::HashedConnectionIdGenerator;
use std::{sync::Arc, time::Duration};

/// Resets at most this often over the whole endpoint: after a restart every client that
/// stands is owed one, packets come in bursts, and each reset costs less than the packet that
/// asked for it and is shorter. A client that gets none waits for silence, seconds.
const RESET_INTERVAL: Duration = Duration::from_micros(20);

/// The settings of an endpoint that keeps its identity with `key`.
pub(super) fn endpoint_config(key: [u8; 32]) -> EndpointConfig {
    let [ids, tokens] = ["rill quic connection ids", "rill quic reset tokens"].map(|purpose| {
        // Two purposes, two keys (RFC 5869's reason, BLAKE3's means).
        blake3::derive_key(purpose, &key)
    });
    let mut config = EndpointConfig::new(Arc::new(ResetKey(tokens)));
    let ids = u64::from_le_bytes([ids[0], ids[1], ids[2], ids[3], ids[4], ids[5], ids[6], ids[7]]);
    config
        .cid_generator(move || Box::new(HashedConnectionIdGenerator::from_key(ids)))
        .min_reset_interval(RESET_INTERVAL);
    config
}

/// Keyed BLAKE3, which needs no HMAC around it.
struct ResetKey([u8; 32]);

impl HmacKey for ResetKey {
    fn sign(&self, data: &[u8], signature_out: &mut [u8]) {
        signature_out.copy_from_slice(blake3::keyed_hash(&self.0, data).as_bytes());
    }

    fn signature_len(&self) -> usize {
        blake3::OUT_LEN
    }

    fn verify(&self, data: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        let signature: [u8; blake3::OUT_LEN] = signature.try_into().map_err(|_| CryptoError)?;
        // The comparison of hashes takes the same time for all of them.
        if blake3::keyed_hash(&self.0, data) == blake3::Hash::from_bytes(signature) { Ok(()) } else { Err(CryptoError) }
    }
}
