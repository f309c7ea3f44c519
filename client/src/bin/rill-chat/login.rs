//! The login of one run: made at its beginning and ended behind it. One that stayed would count
//! among the user's logins, of which the oldest ends when there are too many: some browser's.

use anyhow::Context;
use rill_client::{Config, Credentials, http::Api};
use std::{path::Path, time::Duration};
use tokio::time::timeout;

/// Nobody waits longer for a server that may be gone.
const LOGOUT_PATIENCE: Duration = Duration::from_secs(5);

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Login {
    pub(crate) api: Api,
    pub(crate) token: String,
}

impl Login {
    pub(crate) async fn begin(config: &Config, user: &str, password: &str) -> anyhow::Result<Self> {
        let server = config.server.as_ref().context("no server is named")?;
        let api = Api::new(server, &config.trust)?;
        let token = api.login(user, password, &config.client_name).await?.token;
        Ok(Self { api, token })
    }

    pub(crate) fn credentials(&self) -> Credentials {
        Credentials::Token(self.token.clone())
    }

    /// An image becomes the user's picture.
    pub(crate) async fn set_avatar(&self, path: &Path) -> anyhow::Result<()> {
        self.api.set_avatar(&self.token, image(path)?).await?;
        Ok(())
    }

    /// It may be over already, or the server gone.
    pub(crate) async fn end(&self) {
        timeout(LOGOUT_PATIENCE, self.api.logout(&self.token)).await.ok();
    }
}

/// The bytes of a picture; what they are is the server's to say.
pub(crate) fn image(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}
