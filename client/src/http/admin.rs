//! What administrators do, as far as programs need it: accounts for bots and for load.

use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::Api;
use crate::Error;

#[derive(Serialize)]
struct NewAccount<'a> {
    username: &'a str,
}

#[derive(Deserialize)]
struct MadeAccount {
    password: Option<String>,
}

impl Api {
    /// Makes an account, as the administrator whose token this is. Returns the password that the
    /// server made for it.
    pub async fn make_account(&self, token: &str, username: &str) -> Result<String, Error> {
        let made: MadeAccount = self.post("api/v1/admin/users", Some(token), &NewAccount { username }).await?;
        made.password.ok_or_else(|| Error::Api("an account was made without a password".to_owned()))
    }

    /// Ends the logins of an account, and lets nobody log in to it.
    pub async fn disable_account(&self, token: &str, username: &str) -> Result<(), Error> {
        let path = format!("api/v1/admin/users/{username}/disable");
        self.send(self.request(Method::POST, &path)?.bearer_auth(token)).await.map(drop)
    }
}
