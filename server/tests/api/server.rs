//! The server of one test, and requests to it.

use crate::{http3, version::Version};
use bytes::Bytes;
use clap::Parser;
use http::Response;
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use rill_server::{
    app::{App, Ready},
    config::{Cli, Command},
    runtime::{Clock, SystemClock},
};
use serde_json::Value;
use std::{path::PathBuf, sync::Arc};
use tempfile::TempDir;
use tokio::{sync::oneshot, task::JoinHandle};

pub(crate) struct Server {
    pub(crate) ready: Ready,
    pub(crate) client: Client,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<()>>,
    data: TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With more flags, which count more than the usual ones.
    pub(crate) async fn start_with(more: &[&str]) -> Self {
        Self::start_by(more, Arc::new(SystemClock)).await
    }

    /// The same by another clock.
    pub(crate) async fn start_by(more: &[&str], clock: Arc<dyn Clock>) -> Self {
        let data = TempDir::new().unwrap();
        let free = "127.0.0.1:0";
        let usual = [("--http", free), ("--https", free), ("--quic", free), ("--data", data.path().to_str().unwrap())];
        let usual = usual.into_iter().filter(|(flag, _)| !more.contains(flag)).flat_map(|(flag, value)| [flag, value]);
        let args = ["rill", "serve"].into_iter().chain(usual).chain(more.iter().copied());
        let Command::Serve(args) = Cli::try_parse_from(args).unwrap().command else { unreachable!() };
        let app = App::load_by(args.check().unwrap(), clock).await.unwrap();
        let ready = app.ready().clone();
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(async move {
            app.run(async {
                let _ = stopped.await;
            })
            .await
            .unwrap();
        });
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().tls_danger_accept_invalid_certs(true).build().unwrap();
        Self { ready, client, stop: Some(stop), running: Some(running), data }
    }

    /// Scheme and authority of the port for the version of this test.
    pub(crate) fn origin(&self) -> String {
        match Version::current() {
            Version::Http1 => format!("http://{}", self.ready.http),
            Version::Http2 => format!("https://{}", self.ready.https),
            Version::Http3 => format!("https://{}", self.ready.quic),
        }
    }

    /// A request over the version of this test.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.origin()))
    }

    pub(crate) async fn get(&self, token: &str, path: &str) -> (StatusCode, Value) {
        answer(self.request(Method::GET, path).bearer_auth(token)).await
    }

    pub(crate) async fn post(&self, token: &str, path: &str, body: &Value) -> (StatusCode, Value) {
        answer(self.request(Method::POST, path).bearer_auth(token).json(body)).await
    }

    /// A request under an idempotency key.
    pub(crate) async fn change(&self, token: &str, key: &str, path: &str, body: &Value) -> (StatusCode, Value) {
        answer(self.request(Method::POST, path).bearer_auth(token).header("Idempotency-Key", key).json(body)).await
    }

    /// Registers somebody; their token.
    pub(crate) async fn register(&self, name: &str) -> String {
        let body = serde_json::json!({ "username": name, "password": "correct horse" });
        let (status, body) = self.post("", "/api/v1/register", &body).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        body["token"].as_str().unwrap().to_owned()
    }

    /// Where blobs lie.
    pub(crate) fn blobs(&self) -> PathBuf {
        self.data.path().join("blobs")
    }

    pub(crate) async fn stop(mut self) {
        drop(self.stop.take());
        self.running.take().unwrap().await.unwrap();
    }
}

/// The whole answer to a request, over the version of this test.
pub(crate) async fn send(request: RequestBuilder) -> Response<Bytes> {
    try_send(request).await.unwrap()
}

/// The same of an answer that may break off, which is the error.
pub(crate) async fn try_send(request: RequestBuilder) -> Result<Response<Bytes>, String> {
    let (client, request) = request.build_split();
    let request = request.unwrap();
    let version = Version::current();
    if version == Version::Http3 {
        return http3::send(request).await.map_err(|error| error.to_string());
    }
    let response = client.execute(request).await.unwrap();
    assert!(version != Version::Http2 || response.version() == http::Version::HTTP_2);
    let mut answer = Response::builder().status(response.status());
    answer.headers_mut().unwrap().extend(response.headers().clone());
    Ok(answer.body(response.bytes().await.map_err(|error| error.to_string())?).unwrap())
}

/// Status and body, which is null where there is none.
pub(crate) async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = send(request).await;
    (response.status(), serde_json::from_slice(response.body()).unwrap_or(Value::Null))
}

/// The name of the code in an answer.
pub(crate) fn code((_, body): &(StatusCode, Value)) -> &str {
    body["error"]["name"].as_str().unwrap_or_default()
}
