//! A room to which somebody sends files, by the Rust client.

use bytes::Bytes;
use http::Response;
use reqwest::{Method, RequestBuilder, StatusCode};
use rill_client::{
    Client, Config, Credentials, Events, TransportKind, Trust,
    files::{Upload, UploadHandle},
};
use rill_protocol::RoomId;
use rill_server::runtime::{Entropy as _, SystemEntropy};
use serde_json::Value;
use tempfile::TempDir;

use crate::server::{Server, answer, send};

pub(super) struct Room {
    pub(super) server: Server,
    /// Who sends.
    pub(super) ann: String,
    pub(super) client: Client,
    pub(super) id: RoomId,
    folder: TempDir,
    _events: Events,
}

/// So many bytes that nobody has sent before.
pub(super) fn random(length: usize) -> Bytes {
    let mut key = [0; 32];
    SystemEntropy.fill(&mut key);
    let mut bytes = vec![0; length];
    blake3::Hasher::new_keyed(&key).finalize_xof().fill(&mut bytes);
    bytes.into()
}

impl Room {
    pub(super) async fn start() -> Self {
        let server = Server::start().await;
        let ann = server.register("ann").await;
        let url = format!("http://{}", server.ready.http).parse().unwrap();
        let mut config = Config::new(url, TransportKind::WebSocket, Credentials::Token(ann.clone()));
        config.trust = Trust::danger_accept_any();
        let (client, events) = Client::connect(config).await.unwrap();
        let id = client.create_room("files").await.unwrap().id;
        Self { server, ann, client, id, folder: TempDir::new().unwrap(), _events: events }
    }

    /// An upload that may still be on its way.
    pub(super) async fn begin(&self, name: &str, bytes: &Bytes, how: impl FnOnce(Upload) -> Upload) -> UploadHandle {
        // Not under its own name, which may be none for a file.
        let path = self.folder.path().join(blake3::hash(bytes).to_hex().as_str());
        std::fs::write(&path, bytes).unwrap();
        self.client.upload(how(Upload::new(self.id, path).name(name))).await.unwrap()
    }

    /// The seq of the message.
    pub(super) async fn upload(&self, name: &str, bytes: &Bytes) -> u64 {
        self.begin(name, bytes, |upload| upload).await.done().await.unwrap().seq
    }

    /// A request of somebody for a file, `12` or `12/thumbnail`.
    pub(super) fn ask(&self, token: &str, file: impl std::fmt::Display) -> RequestBuilder {
        let path = format!("/api/v1/rooms/{}/files/{file}", self.id);
        self.server.request(Method::GET, &path).bearer_auth(token)
    }

    pub(super) async fn get(&self, file: impl std::fmt::Display) -> Response<Bytes> {
        send(self.ask(&self.ann, file)).await
    }

    pub(super) async fn range(&self, file: impl std::fmt::Display, range: &str) -> Response<Bytes> {
        send(self.ask(&self.ann, file).header("range", range.to_owned())).await
    }

    /// What somebody hears who asks: `ok`, or the status and the name of a code.
    pub(super) async fn outcome(&self, token: &str, file: impl std::fmt::Display) -> String {
        outcome(&send(self.ask(token, file)).await)
    }

    /// A part of the API about this room, `files` or `messages`.
    pub(super) async fn list(&self, what: &str) -> Value {
        self.server.get(&self.ann, &format!("/api/v1/rooms/{}/{what}", self.id)).await.1
    }

    /// Comes in, or goes.
    pub(super) async fn member(&self, token: &str, key: &str, what: &str) {
        let path = format!("/api/v1/rooms/{}/{what}", self.id);
        let request = self.server.request(Method::POST, &path).bearer_auth(token).header("Idempotency-Key", key);
        assert!(answer(request).await.0.is_success());
    }

    pub(super) async fn stop(self) {
        self.client.close().await;
        self.server.stop().await;
    }
}

pub(super) fn outcome(response: &Response<Bytes>) -> String {
    let status = response.status();
    if matches!(status, StatusCode::OK | StatusCode::PARTIAL_CONTENT) {
        return "ok".into();
    }
    let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    format!("{} {}", status.as_u16(), body["error"]["name"].as_str().unwrap_or("nothing"))
}

/// A header's value; empty if there is none.
pub(super) fn field<'a>(response: &'a Response<Bytes>, name: &str) -> &'a str {
    let mut values = response.headers().get_all(name).iter();
    let value = values.next().map(|value| value.to_str().unwrap()).unwrap_or_default();
    assert!(values.next().is_none(), "two of {name}");
    value
}
