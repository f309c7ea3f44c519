//! What has to be done now and then: expired records removed, half changes finished.

use std::{sync::Arc, time::Duration};

use super::HeldStore;
use crate::{
    domain::{accounts::claim_look_alikes, sweep::sweep},
    session::Services,
};

/// Nothing here is urgent, and clocks jump: look every hour.
const PERIOD: Duration = Duration::from_secs(60 * 60);

/// Never returns.
pub(super) async fn run(services: Arc<Services>, store: HeldStore) {
    match claim_look_alikes(&services.store, services.clock.now_ms()).await {
        Ok(0) => {}
        Ok(claims) => tracing::info!(claims, "accounts of an older version hold what their names look like"),
        Err(error) => tracing::error!(%error, "what names look like cannot be claimed"),
    }
    loop {
        let now_ms = services.clock.now_ms();
        if let Err(error) = store.sweep(now_ms).await {
            tracing::error!(%error, "expired records cannot be removed");
        }
        if let Err(error) = sweep(&services.store).await {
            tracing::error!(%error, "changes that are half told cannot be finished");
        }
        tokio::time::sleep(PERIOD).await;
    }
}

/// The same for files, more often: they are large.
pub(super) async fn keep_files(services: Arc<Services>) {
    if let Some(files) = services.files.clone() {
        files.keep().await;
    }
}
