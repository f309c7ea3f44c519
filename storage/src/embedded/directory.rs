//! The list of rooms: a row by time of creation, and a row by room to find it.

use async_trait::async_trait;
use rill_protocol::RoomId;

use super::{Embedded, keys, read::Read, stored};
use crate::{StoreError, engine::Direction, limits::READ_ROWS_MAX, port::Directory};

#[async_trait]
impl Directory for Embedded {
    async fn announce(&self, room: RoomId, created_ms: u64) -> Result<(), StoreError> {
        self.write(move |tx| {
            if tx.contains(&keys::place(room))? {
                return Ok(());
            }
            let place = stored::Place { created_ms };
            tx.put(keys::place(room), &place)?;
            tx.put(keys::listed(created_ms, room), &place)
        })
        .await
    }

    async fn withdraw(&self, room: RoomId) -> Result<(), StoreError> {
        self.write(move |tx| {
            let Some(place) = tx.get(&keys::place(room))? else { return Ok(()) };
            tx.delete(keys::listed(place.created_ms, room))?;
            tx.delete(keys::place(room))
        })
        .await
    }

    async fn page(&self, after: Option<RoomId>, limit: usize) -> Result<Vec<RoomId>, StoreError> {
        self.read(|view| {
            let mut span = keys::directory();
            if let Some(after) = after {
                let Some(place) = view.get(&keys::place(after))? else { return Ok(Vec::new()) };
                span = span.before(&[&place.created_ms.to_be_bytes(), &after.0]);
            }
            view.collect(&span, Direction::Reverse, limit.min(READ_ROWS_MAX), |key, _| {
                key.number()?;
                key.room()
            })
        })
    }
}
