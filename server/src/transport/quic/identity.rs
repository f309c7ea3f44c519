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

/// No pause between resets: after a restart every client that stands is owed one. quinn counts
/// a pause from the moment when its endpoint was woken, which is one for all packets that it takes
/// at once, so that any pause would answer only the first of a burst; a client that hears nothing
/// waits for silence, seconds. Nobody gains by asking: a reset is shorter than the packet that asked
/// for it, and what was never a connection id of ours is not answered.
const RESET_INTERVAL: Duration = Duration::ZERO;

/// The settings of an endpoint that keeps its identity with `key`.
pub(super) fn endpoint_config(key: [u8; 32]) -> EndpointConfig {
    // Two purposes, two keys (RFC 5869's reason, BLAKE3's means).
    let tokens = blake3::derive_key("rill quic reset tokens", &key);
    let mut config = EndpointConfig::new(Arc::new(ResetKey(tokens)));
    config.cid_generator(move || Box::new(connection_ids(&key))).min_reset_interval(RESET_INTERVAL);
    config
}

fn connection_ids(key: &[u8; 32]) -> HashedConnectionIdGenerator {
    let ids = blake3::derive_key("rill quic connection ids", key);
    let ids = ids.first_chunk().expect("32 bytes have eight");
    HashedConnectionIdGenerator::from_key(u64::from_le_bytes(*ids))
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

#[cfg(test)]
mod tests {
    use super::{connection_ids, endpoint_config};
    use quinn_proto::{ConnectionIdGenerator as _, DatagramEvent, Endpoint};
    use std::{
        collections::HashSet,
        net::{Ipv4Addr, SocketAddr},
        sync::Arc,
    };
    use tokio::time::Instant;

    /// A packet of 60 bytes with a short header (RFC 9000, section 17.3.1) to `id`.
    fn packet(id: &[u8]) -> bytes::BytesMut {
        let mut packet = bytes::BytesMut::from(&[0x40][..]);
        packet.extend_from_slice(id);
        packet.resize(60, 0xab);
        packet
    }

    #[test]
    fn all_forgotten_connections_of_a_burst_are_reset() {
        let key = [7; 32];
        let mut before = connection_ids(&key);
        let mut restarted = Endpoint::new(Arc::new(endpoint_config(key)), None, false, None);
        let woken = Instant::now().into_std();
        let mut answers = HashSet::new();
        for client in 1..=100 {
            let from = SocketAddr::from((Ipv4Addr::LOCALHOST, client));
            let mut answer = Vec::new();
            let event = restarted.handle(woken, from, None, None, packet(&before.generate_cid()), &mut answer);
            let Some(DatagramEvent::Response(sent)) = event else { panic!("client {client} hears nothing") };
            assert_eq!(sent.destination, from);
            assert!(sent.size < 60, "an answer is shorter than its question");
            answers.insert(answer[sent.size - 16..sent.size].to_vec());
        }
        assert_eq!(answers.len(), 100, "each connection has a token of its own");
    }

    #[test]
    fn packets_to_nobody_are_not_answered() {
        let mut others = connection_ids(&[8; 32]);
        let mut endpoint = Endpoint::new(Arc::new(endpoint_config([7; 32])), None, false, None);
        let (from, now) = (SocketAddr::from((Ipv4Addr::LOCALHOST, 1)), Instant::now().into_std());
        let answered = (0..100).filter(|_| {
            let packet = packet(&others.generate_cid());
            endpoint.handle(now, from, None, None, packet, &mut Vec::new()).is_some()
        });
        assert_eq!(answered.count(), 0);
    }
}
