//! The list of accounts: their own rows are the list.

use async_trait::async_trait;
use rill_protocol::UserId;

use super::{Embedded, keys, read::Read};
use crate::{StoreError, aggregates, engine::Direction, limits::READ_ROWS_MAX, model::User, port::Roster};

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
}
