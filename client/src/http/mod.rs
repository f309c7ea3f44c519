//! The JSON API: what comes before a connection. Accounts, logins, tickets, and
//! where the transports are.
//!
//! Plain HTTP is spoken to this machine only: certificate hashes and passwords that
//! come over an unprotected network prove nothing and protect nobody.

mod admin;
mod pictures;
mod types;

pub use pictures::{Avatar, Emoji, EmojiList, Whose};
pub use types::{Account, Login, ServerInfo, WebSocketInfo, WebTransportInfo};

use reqwest::{Method, RequestBuilder, Response, StatusCode, redirect};
use rill_protocol::Ticket;
use serde::{Serialize, de::DeserializeOwned};
use url::{Host, Url};

use crate::{Error, Failure, Trust, limits};
use types::{Credentials, ErrorBody, TicketCount, Tickets};

/// The API of one server.
#[derive(Clone, Debug)]
pub struct Api {
    base: Url,
    http: reqwest::Client,
}

impl Api {
    /// `base` is `http://` on a loopback host or `https://`.
    pub fn new(base: &Url, trust: &Trust) -> Result<Self, Error> {
        match base.scheme() {
            "https" => {}
            "http" if is_loopback(base) => {}
            "http" => {
                return Err(Error::Url(format!("{base} is plain HTTP to another machine: use its https:// address")));
            }
            other => return Err(Error::Url(format!("{other}:// is no address of a server: use http:// or https://"))),
        }
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(trust.tls(&[b"http/1.1"])?)
            .redirect(redirect::Policy::none())
            .timeout(limits::HTTP_TIMEOUT)
            .build()
            .map_err(|error| Error::Api(error.to_string()))?;
        Ok(Self { base: base.clone(), http })
    }

    /// What the server offers, and the hashes of its certificates.
    pub async fn server(&self) -> Result<ServerInfo, Error> {
        self.ask(self.request(Method::GET, "api/v1/server")?).await
    }

    /// Makes an account and logs it in.
    pub async fn register(&self, username: &str, password: &str, client: &str) -> Result<Login, Error> {
        self.post("api/v1/register", None, &Credentials { username, password, client }).await
    }

    /// Logs an account in.
    pub async fn login(&self, username: &str, password: &str, client: &str) -> Result<Login, Error> {
        self.post("api/v1/login", None, &Credentials { username, password, client }).await
    }

    /// Ends the login that `token` stands for.
    pub async fn logout(&self, token: &str) -> Result<(), Error> {
        let request = self.request(Method::POST, "api/v1/logout")?.bearer_auth(token);
        self.send(request).await.map(drop)
    }

    /// Rights to connect once, good for a minute.
    pub async fn tickets(&self, token: &str, count: u32) -> Result<Vec<Ticket>, Error> {
        let answer: Tickets = self.post("api/v1/tickets", Some(token), &TicketCount { count }).await?;
        Ok(answer.tickets)
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, Error> {
        let url = self.base.join(path).map_err(|error| Error::Url(error.to_string()))?;
        Ok(self.http.request(method, url))
    }

    async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        token: Option<&str>,
        body: &impl Serialize,
    ) -> Result<T, Error> {
        let request = self.request(Method::POST, path)?.json(body);
        self.ask(match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
        .await
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, Error> {
        let bytes = read(self.send(request).await?).await?;
        serde_json::from_slice(&bytes).map_err(|error| Error::Api(format!("an answer that is no JSON: {error}")))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Response, Error> {
        let answer = request.send().await.map_err(|error| Error::Api(chain(&error)))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        Err(refusal(status, &read(answer).await?))
    }
}

async fn read(mut answer: Response) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| Error::Api(chain(&error)))? {
        if (bytes.len() + chunk.len()) as u64 > limits::HTTP_ANSWER_BYTES_MAX {
            return Err(Error::Api("an answer is longer than its limit".to_owned()));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn refusal(status: StatusCode, body: &[u8]) -> Error {
    match serde_json::from_slice::<ErrorBody>(body) {
        Ok(body) => Failure { code: body.error.code, detail: body.error.detail }.into(),
        Err(_) => Error::Api(format!("status {status} without an error in it: is this a Rill server?")),
    }
}

/// An error and its causes: the outermost alone only says that a request failed.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// Whether the URL's host is this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_to_another_machine_is_refused() {
        let check = |text: &str, allowed: bool| {
            let url = Url::parse(text).unwrap();
            assert_eq!(Api::new(&url, &Trust::hashes_only()).is_ok(), allowed, "{text}");
        };
        check("http://localhost:8080", true);
        check("http://127.0.0.1:8080", true);
        check("http://[::1]:8080", true);
        check("https://chat.example", true);
        check("http://chat.example", false);
        check("http://10.0.0.1", false);
        check("ftp://localhost", false);
    }

    #[test]
    fn a_coded_refusal_keeps_its_code() {
        let body = br#"{"error":{"code":44,"name":"bad_login","action":"login","detail":"x"}}"#;
        let Error::Refused(failure) = refusal(StatusCode::UNAUTHORIZED, body) else { panic!("not coded") };
        assert_eq!((failure.code, failure.action()), (44, rill_protocol::Action::Login));
        assert!(matches!(refusal(StatusCode::BAD_GATEWAY, b"<html>"), Error::Api(_)));
    }
}
