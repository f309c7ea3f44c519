//! Accounts for one run on a server that runs already: an administrator makes them, they log in,
//! and behind the run they are disabled.

use anyhow::Context;
use futures_util::{StreamExt, TryStreamExt, stream};
use rill_client::{Trust, http::Api};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};
use tempfile::TempDir;
use url::Url;

use crate::args::{ServerArgs, mint::MintArgs};

/// Passwords that a server hashes at the same time for this; it has others to serve.
const AT_ONCE: usize = 4;
/// The file of accounts, as `--accounts` takes it.
const ACCOUNTS: &str = "accounts.json";

/// Accounts that are there for a run.
pub(crate) struct Minted {
    api: Api,
    admin_token: String,
    names: Vec<String>,
    target: Url,
    danger_accept_any: bool,
    /// Of the file with their tokens; gone with the run.
    folder: TempDir,
}

impl Minted {
    /// Nothing where users come from elsewhere.
    pub(crate) async fn of(mint: &MintArgs, server: &ServerArgs, users: usize) -> anyhow::Result<Option<Self>> {
        let (Some(token), Some(target), None) = (&mint.admin_token, &server.target, &server.accounts) else {
            return Ok(None);
        };
        let trust = if server.danger_accept_any { Trust::danger_accept_any() } else { Trust::system() };
        let mut run = [0; 4];
        getrandom::fill(&mut run)?;
        let run = u32::from_le_bytes(run);
        let minted = Self {
            api: Api::new(target, &trust)?,
            admin_token: token.clone(),
            names: (0..users).map(|number| format!("bench_{run:08x}_{number}")).collect(),
            target: target.clone(),
            danger_accept_any: server.danger_accept_any,
            folder: tempfile::Builder::new().prefix("rill-bench").tempdir()?,
        };
        if let Err(error) = minted.make().await {
            // What was made before is of no use either.
            minted.end().await.ok();
            return Err(error);
        }
        Ok(Some(minted))
    }

    /// Makes them and logs them in, a few at a time: passwords are made to be slow.
    async fn make(&self) -> anyhow::Result<()> {
        let made = stream::iter(&self.names).map(|name| self.make_one(name));
        let users: Vec<_> = made.buffer_unordered(AT_ONCE).try_collect().await?;
        fs::write(self.accounts(), json!({ "users": users }).to_string())?;
        Ok(())
    }

    async fn make_one(&self, name: &str) -> anyhow::Result<Value> {
        let password = self.api.make_account(&self.admin_token, name).await;
        let password = password.with_context(|| format!("{name} cannot be made"))?;
        let login = self.api.login(name, &password, "rill-bench").await;
        Ok(json!({ "token": login.with_context(|| format!("{name} cannot log in"))?.token }))
    }

    fn accounts(&self) -> PathBuf {
        self.folder.path().join(ACCOUNTS)
    }

    /// The same server, with these accounts.
    pub(crate) fn server(&self) -> ServerArgs {
        ServerArgs {
            rill: None,
            target: Some(self.target.clone()),
            accounts: Some(self.accounts()),
            danger_accept_any: self.danger_accept_any,
        }
    }

    /// Disables them all.
    pub(crate) async fn end(self) -> anyhow::Result<()> {
        let disabled = stream::iter(&self.names).map(|name| self.api.disable_account(&self.admin_token, name));
        let ended: Vec<_> = disabled.buffer_unordered(AT_ONCE).collect().await;
        ended.into_iter().collect::<Result<(), _>>().context("an account of the run could not be disabled")
    }
}
