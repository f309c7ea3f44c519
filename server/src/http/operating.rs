//! For whoever runs the server: is it alive, is it ready, what does it count.

use axum::{
    Json, Router,
    extract::{Extension, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use rill_certs::Tcp;
use rill_protocol::Code;
use serde_json::{Map, json};
use std::{path::PathBuf, sync::Arc};

use super::{Api, Door, Peer, auth, error::ApiError};
use crate::{app::HeldStore, config::Secret, platform};

/// With less left on its disk the store may fail at any write.
const DISK_FREE_BYTES_MIN: u64 = 64 * 1024 * 1024;
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What is looked at.
#[derive(Clone)]
pub struct Operating {
    pub store: HeldStore,
    pub tcp: Arc<Tcp>,
    /// Whose disk must have room.
    pub data: PathBuf,
    /// Opens the counts to other machines.
    pub token: Secret,
}

pub(super) fn routes(operating: Operating) -> Router<Arc<Api>> {
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .layer(Extension(operating))
}

/// 200 if everything that a client needs is there, else 503; each check with its word.
async fn ready(State(api): State<Arc<Api>>, Extension(operating): Extension<Operating>) -> Response {
    let data = operating.data.clone();
    let free = api.services.tasks.spawn_blocking(move || platform::free_bytes(&data)).await.unwrap_or_default();
    let store = operating.store.report();
    let wrong = |is_wrong: bool, word: &str| is_wrong.then(|| word.to_owned());
    let checks = [
        ("store", store.trouble()),
        (
            "disk",
            wrong(free.is_some_and(|free| free < DISK_FREE_BYTES_MIN), "the disk of the data directory is nearly full"),
        ),
        (
            "certificate",
            wrong(operating.tcp.not_after_ms() <= api.services.clock.now_ms(), "the HTTPS certificate has ended"),
        ),
        ("running", wrong(api.services.stop.is_thrown(), "the server stops")),
    ];
    let is_ready = checks.iter().all(|(_, wrong)| wrong.is_none());
    let lines: Map<_, _> = checks
        .into_iter()
        .map(|(name, wrong)| (name.to_owned(), wrong.map_or_else(|| json!("ok"), |wrong| json!(wrong))))
        .collect();
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({ "ready": is_ready, "checks": lines, "acknowledged": store.acknowledged() });
    (status, [(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

/// For this machine, and for others with the token.
async fn metrics(
    State(api): State<Arc<Api>>,
    Extension(peer): Extension<Peer>,
    Extension(operating): Extension<Operating>,
    headers: HeaderMap,
) -> Response {
    if peer.door != Door::Loopback
        && let Err(error) = may_read(&operating.token, &headers)
    {
        let help = "this page is for this machine, or for who has metrics.token of the configuration";
        return ApiError::new(error, help).into_response();
    }
    let page = api.services.metrics.page(&operating.store.report(), operating.tcp.not_after_ms());
    ([(header::CONTENT_TYPE, OPENMETRICS), (header::CACHE_CONTROL, "no-store")], page).into_response()
}

/// Compares hashes, in the same time whatever was sent.
fn may_read(token: &Secret, headers: &HeaderMap) -> Result<(), Code> {
    if token.is_empty() {
        return Err(Code::NotAdministrator);
    }
    let sent = auth::bearer(headers).ok_or(Code::NotLoggedIn)?;
    let same = blake3::hash(sent.as_bytes()) == blake3::hash(token.expose().as_bytes());
    same.then_some(()).ok_or(Code::NotLoggedIn)
}
