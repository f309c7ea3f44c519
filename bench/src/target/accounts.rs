//! Accounts on a server that runs already.

use anyhow::{Context, ensure};
use rill_client::{Credentials, Trust, http::Api};
use serde::Deserialize;
use std::{fs, path::Path};
use url::Url;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Accounts {
    users: Vec<Account>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Account {
    Login { username: String, password: String },
    Token { token: String },
}

/// The first `users` of a file.
pub(super) fn read(path: &Path, users: usize) -> anyhow::Result<Vec<Credentials>> {
    let text = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let accounts: Accounts =
        serde_json::from_str(&text).with_context(|| format!("{} is no list of accounts", path.display()))?;
    let found = accounts.users.len();
    ensure!(found >= users, "{} holds {found} accounts, --users asks for {users}", path.display());
    let credentials = accounts.users.into_iter().take(users).map(|account| match account {
        Account::Login { username, password } => Credentials::Password { username, password },
        Account::Token { token } => Credentials::Token(token),
    });
    Ok(credentials.collect())
}

/// Logs everybody in, one after the other: passwords are made to be slow.
pub(super) async fn log_in(
    server: &Url,
    trust: &Trust,
    credentials: Vec<Credentials>,
) -> anyhow::Result<Vec<Credentials>> {
    let api = Api::new(server, trust)?;
    let mut tokens = Vec::with_capacity(credentials.len());
    for credentials in credentials {
        tokens.push(match credentials {
            Credentials::Password { username, password } => {
                let login = api.login(&username, &password, "rill-bench").await;
                Credentials::Token(login.with_context(|| format!("{username} cannot log in"))?.token)
            }
            other => other,
        });
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_accounts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.json");
        fs::write(&path, r#"{"users":[{"username":"a","password":"b"},{"token":"c"},{"token":"d"}]}"#).unwrap();
        let found = read(&path, 2).unwrap();
        assert!(matches!(&found[..], [Credentials::Password { .. }, Credentials::Token(token)] if token == "c"));
        assert!(read(&path, 4).unwrap_err().to_string().contains("holds 3"));
        fs::write(&path, r#"{"users":[{"name":"a"}]}"#).unwrap();
        assert!(read(&path, 1).is_err());
    }
}
