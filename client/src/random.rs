//! Randomness and wall-clock time, read here only.

use rill_protocol::{AttemptId, ClientId, TransferId};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// # Panics
/// Without a kernel's source of randomness no id would be unique.
#[allow(clippy::expect_used)]
fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives randomness");
    bytes
}

fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(since.as_millis()).unwrap_or(0)
}

/// The id of a request that changes something.
pub(crate) fn client_id() -> ClientId {
    ClientId::v7(now_ms(), bytes())
}

/// The id of one attempt to connect.
pub(crate) fn attempt_id() -> AttemptId {
    AttemptId::v7(now_ms(), bytes())
}

/// The id of a file's way to the server.
pub(crate) fn transfer_id() -> TransferId {
    TransferId::v7(now_ms(), bytes())
}

/// The start of a generator of jitter.
pub(crate) fn seed() -> u64 {
    u64::from_le_bytes(bytes())
}
