//! Names of users, asked for once.

use rill_client::Client;
use rill_protocol::{UserId, limits::USERS_PER_REQUEST_MAX};
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};
use tokio::time::timeout;

/// A line is shown with an id rather than late.
const PATIENCE: Duration = Duration::from_secs(10);

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Names(HashMap<UserId, String>);

impl Names {
    /// Asks for those that are not known yet.
    pub(crate) async fn learn(&mut self, client: &Client, users: impl Iterator<Item = UserId>) {
        let unknown: HashSet<UserId> = users.filter(|user| !self.0.contains_key(user)).collect();
        let unknown: Vec<UserId> = unknown.into_iter().collect();
        for chunk in unknown.chunks(USERS_PER_REQUEST_MAX) {
            if let Ok(Ok(found)) = timeout(PATIENCE, client.users(chunk.to_vec())).await {
                self.0.extend(found.into_iter().map(|user| (user.id, user.name)));
            }
        }
    }

    /// A name, or the end of the id where there is none.
    pub(crate) fn of(&self, user: UserId) -> String {
        self.0.get(&user).cloned().unwrap_or_else(|| format!("user {}", &user.to_string()[20..]))
    }
}
