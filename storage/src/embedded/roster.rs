//! The list of accounts: their own rows are the list. Who is about to stop being an
//! administrator stands in memory, for nobody else asks.

use async_trait::async_trait;
use rill_protocol::UserId;

use super::{Embedded, keys, read::Read};
use crate::{
    StoreError, aggregates,
    engine::Direction,
    limits::{READ_ROWS_MAX, STEPPING_DOWN_MS},
    model::User,
    port::Roster,
};

#[async_trait]
impl Roster for Embedded {
    async fn add(&self, _user: UserId) -> Result<(), StoreError> {
        Ok(())
    }

    async fn list(&self, after: Option<UserId>, limit: usize) -> Result<Vec<User>, StoreError> {
        self.read(|view| {
            let span = match after {
                Some(after) => keys::users().behind(&[&after.0]),
                None => keys::users(),
            };
            let rows = view.collect(&span, Direction::Forward, limit.min(READ_ROWS_MAX), |key, record| {
                Ok((key.user()?, record))
            })?;
            let with_head = |(id, record)| Ok(aggregates::user(id, view.need(&keys::user_head(id))?.epoch, record));
            rows.into_iter().map(with_head).collect()
        })
    }

    async fn step_down(&self, user: UserId, now_ms: u64) -> Result<Vec<UserId>, StoreError> {
        let mut leaving = self.stepping_down.lock();
        leaving.retain(|_, since_ms| now_ms.saturating_sub(*since_ms) < STEPPING_DOWN_MS);
        leaving.insert(user, now_ms);
        Ok(leaving.keys().copied().filter(|other| *other != user).collect())
    }

    async fn stepped_down(&self, user: UserId) -> Result<(), StoreError> {
        self.stepping_down.lock().remove(&user);
        Ok(())
    }
}
