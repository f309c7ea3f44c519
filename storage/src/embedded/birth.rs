//! The record that makes bytes a store: the version of the data and the secret.

use super::{context::Entropy, keys, read::Read};
use crate::{
    StoreError,
    engine::{Engine, Overlay},
    record::{self, KeyRing},
};

use super::stored::Meta;

/// The shape of the tables. A change that this program could not read gets the next
/// number.
///
/// 2: a journal lies before the engine.
/// 3: users' own logs speak of more than rooms, and marks have versions.
pub(crate) const DATA_VERSION: u32 = 3;

/// What the meta record says of a store.
pub(super) enum Found {
    Store {
        secret: [u8; 32],
        version: u32,
    },
    /// There is none, so there is nothing.
    Empty,
    Newer {
        version: u32,
    },
}

pub(super) fn find(read: &impl Read) -> Result<Found, StoreError> {
    Ok(match read.get(&keys::meta())? {
        None => Found::Empty,
        Some(meta) if meta.data_version > DATA_VERSION => Found::Newer { version: meta.data_version },
        Some(meta) => Found::Store { secret: meta.secret, version: meta.data_version },
    })
}

/// Makes an empty engine a store; durable when it returns.
pub(super) fn create(engine: &dyn Engine, ring: &KeyRing, entropy: &Entropy) -> Result<[u8; 32], StoreError> {
    let mut secret = [0; 32];
    entropy(&mut secret);
    write(engine, ring, secret)?;
    engine.publish();
    Ok(secret)
}

/// Writes the present version; durable when it returns.
pub(super) fn write(engine: &dyn Engine, ring: &KeyRing, secret: [u8; 32]) -> Result<(), StoreError> {
    let key = keys::meta();
    let meta = Meta { data_version: DATA_VERSION, secret };
    let value = record::seal(ring, key.table, &key.bytes, &meta)?;
    engine.commit(Overlay::from([(key.bytes, Some(value))]))?;
    engine.barrier()
}
