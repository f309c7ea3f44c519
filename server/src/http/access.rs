//! The access log and the counts of requests and refusals: one line for each, with who, what, how it
//! went and how long it took; never a body, a query, a token or a cookie.

use axum::{
    extract::{Extension, MatchedPath, Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};
use rill_protocol::{Code, UserId};
use std::sync::{Arc, OnceLock};
use tokio::time::Instant;

use super::{Api, DOOR, Door, Peer};
use crate::logging::ACCESS;

/// Who asked, told by whoever finds out.
#[derive(Clone, Debug, Default)]
pub(super) struct Asker(Arc<OnceLock<UserId>>);

impl Asker {
    pub(super) fn is(&self, user: UserId) {
        let _ = self.0.set(user);
    }
}

impl Door {
    /// The name in logs.
    const fn as_str(self) -> &'static str {
        match self {
            Self::Loopback => "loopback",
            Self::Tls => "tls",
            Self::Http3 => "http3",
            Self::Proxied => "proxied",
            Self::Redirect => "redirect",
            Self::Insecure => "insecure",
            Self::Operator => "operator",
        }
    }
}

/// The route's template; paths that no route has are the page's, or nobody's.
fn route(request: &Request) -> String {
    let path = request.uri().path();
    match request.extensions().get::<MatchedPath>().map(MatchedPath::as_str) {
        // The rest of a nest, which the router names itself.
        Some(template) if !template.contains('*') => template.to_owned(),
        None if !path.starts_with("/api/") && !path.starts_with("/rill/") => "page".to_owned(),
        _ => "unknown".to_owned(),
    }
}

/// A word for how it went: a code's name, or `ok`.
fn outcome(response: &Response) -> &'static str {
    let status = response.status();
    match response.extensions().get::<Code>() {
        Some(code) => code.name(),
        None if status.is_client_error() || status.is_server_error() => "other",
        None => "ok",
    }
}

/// Methods that nobody knows are one.
fn verb(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        "CONNECT" => "CONNECT",
        _ => "other",
    }
}

pub(super) async fn log(
    State(api): State<Arc<Api>>,
    Extension(peer): Extension<Peer>,
    mut request: Request,
    next: Next,
) -> Response {
    let begun = Instant::now();
    let (asker, method, route) = (Asker::default(), verb(request.method()), route(&request));
    request.extensions_mut().insert(asker.clone());
    let response = next.run(request).await;
    if let Some(code) = response.extensions().get::<Code>() {
        api.services.gate.refused(DOOR, peer.address.ip(), *code);
    }
    let (code, took) = (outcome(&response), begun.elapsed());
    api.services.metrics.answered(DOOR, &format!("{method} {route}"), code, took.as_secs_f64());
    tracing::info!(
        target: ACCESS,
        user = asker.0.get().map(tracing::field::display),
        method,
        route,
        status = response.status().as_u16(),
        code,
        ms = took.as_millis() as u64,
        address = %peer.address.ip(),
        door = peer.door.as_str(),
    );
    response
}
