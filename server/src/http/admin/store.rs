//! A backup of the store, for the operator alone: it holds every message and every
//! password's hash.

use axum::{
    body::{Body, Bytes},
    extract::{Extension, State},
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use rill_protocol::Code;
use rill_storage::embedded::BackupLabel;
use std::{
    io::{self, Write},
    sync::Arc,
};
use tokio::sync::mpsc;

use super::actor::Administrator;
use crate::{
    app::{HeldStore, operator::Lasting},
    http::{Api, error::ApiError},
};

/// What is sent at once.
const CHUNK_BYTES: usize = 64 * 1024;
/// Chunks that wait for whoever takes them.
const CHUNKS_WAITING_MAX: usize = 16;

/// Hands on what is written, and waits while too much of it waits.
struct Outgoing {
    chunk: Vec<u8>,
    chunks: mpsc::Sender<Bytes>,
}

impl Write for Outgoing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.chunk.extend_from_slice(bytes);
        if self.chunk.len() >= CHUNK_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let chunk = std::mem::take(&mut self.chunk);
        self.chunks.blocking_send(chunk.into()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// The state of the moment in which it ends. One that failed says so at its end.
pub(super) async fn backup(
    State(api): State<Arc<Api>>,
    Administrator(_): Administrator,
    Extension(store): Extension<HeldStore>,
    lasting: Option<Extension<Lasting>>,
) -> Result<Response, ApiError> {
    if let Some(Extension(lasting)) = lasting {
        lasting.ask();
    }
    if let Some(instead) = store.no_backup() {
        return Err(ApiError::new(Code::Unsupported, instead));
    }
    let services = &api.services;
    let label = BackupLabel { software: services.software.clone(), made_ms: services.clock.now_ms() };
    let (chunks, mut incoming) = mpsc::channel(CHUNKS_WAITING_MAX);
    services.tasks.spawn_blocking(move || {
        tracing::info!("a backup of the store begins");
        let mut out = Outgoing { chunk: Vec::new(), chunks };
        match store.backup(&mut out, label) {
            Ok(made) => {
                tracing::info!(rows = made.rows, changes = made.changes, bytes = made.bytes, "a backup is done");
            }
            Err(error) => tracing::error!(%error, "a backup failed"),
        }
    });
    let body = stream::poll_fn(move |cx| incoming.poll_recv(cx).map(|chunk| chunk.map(Ok::<_, io::Error>)));
    Ok(([(CONTENT_TYPE, "application/octet-stream")], Body::from_stream(body)).into_response())
}
