//! Passwords that are tried and accounts that are made, against the gate. Each try ends
//! in one of the ways below; one that is dropped, because its client has left, counts as
//! a failure.

use axum::http::HeaderMap;
use rill_protocol::Code;

use super::{
    Api, Peer,
    auth::{device_cookie, device_proofs},
    error::ApiError,
};
use crate::{
    admission::{Outcome, Try},
    domain::{DomainError, accounts::Login, names::Username},
    wire::code::Failure,
};

/// A password that is being looked at.
pub(super) struct Attempt<'a> {
    api: &'a Api,
    peer: Peer,
    proofs: String,
    tried: Try,
}

/// The headers that make a device keep its proofs, if they are new.
fn kept(proofs: Option<String>, peer: Peer) -> HeaderMap {
    proofs.and_then(|proofs| device_cookie(&proofs, peer.door)).into_iter().collect()
}

impl<'a> Attempt<'a> {
    /// A login under `username`, whether there is such an account or not.
    pub(super) async fn login(api: &'a Api, peer: Peer, headers: &HeaderMap, username: &str) -> Result<Self, ApiError> {
        let logins = &api.services.gate.logins;
        let proofs = device_proofs(headers, peer.door).unwrap_or_default().to_owned();
        // What is no username belongs to nobody, and counts as one account.
        let name = Username::new(username);
        let account = logins.account(name.as_ref().map_or("", Username::compared));
        let tried = logins.login(account, peer.address.ip(), &proofs).await.map_err(ApiError::rate_limited)?;
        Ok(Self { api, peer, proofs, tried })
    }

    /// The password of somebody who is logged in.
    pub(super) async fn confirm(api: &'a Api, peer: Peer, name: &str) -> Result<Self, ApiError> {
        let logins = &api.services.gate.logins;
        let name = Username::new(name);
        let account = logins.account(name.as_ref().map_or("", Username::compared));
        let tried = logins.confirm(account, peer.address.ip()).await.map_err(ApiError::rate_limited)?;
        Ok(Self { api, peer, proofs: String::new(), tried })
    }

    /// What became of a login. A device that was not known is told to keep a proof.
    pub(super) async fn login_ended<T>(self, outcome: Result<T, DomainError>) -> Result<(T, HeaderMap), ApiError> {
        let value = self.settle(outcome).await?;
        let services = &self.api.services;
        let proofs = services.gate.logins.succeeded(&self.tried, &self.proofs, services.entropy.bytes()).await;
        Ok((value, kept(proofs, self.peer)))
    }

    /// What became of a password that was named again.
    pub(super) async fn confirm_ended<T>(self, outcome: Result<T, DomainError>) -> Result<T, ApiError> {
        let value = self.settle(outcome).await?;
        self.api.services.gate.logins.settle(&self.tried, Outcome::Confirmed).await;
        Ok(value)
    }

    async fn settle<T>(&self, outcome: Result<T, DomainError>) -> Result<T, ApiError> {
        let failure = match outcome {
            Ok(value) => return Ok(value),
            Err(error) => Failure::from(error),
        };
        if !matches!(failure.code, Code::BadLogin | Code::WrongPassword) {
            self.api.services.gate.logins.settle(&self.tried, Outcome::Unsaid).await;
        }
        Err(failure.into())
    }
}

/// An account that is being made.
pub(super) struct Registration<'a> {
    api: &'a Api,
    peer: Peer,
    proofs: String,
    tried: Try,
}

impl<'a> Registration<'a> {
    pub(super) async fn begin(api: &'a Api, peer: Peer, headers: &HeaderMap) -> Result<Self, ApiError> {
        let tried = api.services.gate.logins.register(peer.address.ip()).await.map_err(ApiError::rate_limited)?;
        let proofs = device_proofs(headers, peer.door).unwrap_or_default().to_owned();
        Ok(Self { api, peer, proofs, tried })
    }

    /// What became of it. The device is known from now on, as by a login.
    pub(super) async fn ended(self, outcome: Result<Login, DomainError>) -> Result<(Login, HeaderMap), ApiError> {
        let services = &self.api.services;
        let logins = &services.gate.logins;
        let login = match outcome {
            Ok(login) => login,
            Err(error) => {
                logins.settle(&self.tried, Outcome::NotRegistered).await;
                return Err(error.into());
            }
        };
        let name = Username::new(&login.user.name);
        let account = logins.account(name.as_ref().map_or("", Username::compared));
        let proofs = logins.welcome(&self.tried, account, &self.proofs, services.entropy.bytes()).await;
        Ok((login, kept(proofs, self.peer)))
    }
}

/// Before it is said whether a name is free.
pub(super) fn name(api: &Api, peer: Peer) -> Result<(), ApiError> {
    api.services.gate.logins.name(peer.address.ip()).map_err(ApiError::rate_limited)
}
