//! Files between the client and the real server.

mod killed;
mod kills;
mod program;
mod resumed;
mod ways;

use rill_client::{
    Client, Config, Events,
    files::{Progress, Upload, UploadHandle, upload::UploadedFile},
};
use rill_protocol::RoomId;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};
use tempfile::TempDir;
use tokio::time::sleep;

use super::server::within;

/// How often it is looked whether something has come about.
const LOOK: Duration = Duration::from_millis(20);

/// A folder of files with random bytes.
struct Files(TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn random(&self, name: &str, bytes: usize) -> PathBuf {
        let mut content = vec![0; bytes];
        getrandom::fill(&mut content).expect("randomness");
        let path = self.path(name);
        fs::write(&path, content).expect("it can be written");
        path
    }
}

fn digest(path: &Path) -> blake3::Hash {
    blake3::hash(&fs::read(path).expect("it is there"))
}

/// Resolves when so many bytes are where they go.
async fn reached(mut progress: tokio::sync::watch::Receiver<Progress>, bytes: u64) -> Progress {
    let reached = |progress: &Progress| {
        progress.durable_bytes >= bytes.min(progress.size_bytes.max(1))
            || progress.phase == rill_client::files::Phase::Over
    };
    *within(60, progress.wait_for(reached)).await.expect("it runs")
}

async fn done(handle: &UploadHandle) -> UploadedFile {
    within(120, handle.done()).await.expect("it is sent")
}

async fn sent(client: &Client, room: RoomId, path: &Path) -> UploadedFile {
    done(&client.upload(Upload::new(room, path)).await.expect("it is taken")).await
}

/// A further process's client, as soon as the one before has let go of the outbox.
async fn again(config: &Config) -> (Client, Events) {
    let connected = async {
        loop {
            match Client::connect(config.clone()).await {
                Ok(connected) => return connected,
                Err(rill_client::Error::Outbox { .. } | rill_client::Error::Api(_)) => sleep(LOOK).await,
                Err(other) => panic!("{other}"),
            }
        }
    };
    within(60, connected).await
}
