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
    admission::Try,
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
    pub(super) fn login(api: &'a Api, peer: Peer, headers: &HeaderMap, username: &str) -> Result<Self, ApiError> {
        let logins = &api.services.gate.logins;
        let proofs = device_proofs(headers, peer.door).unwrap_or_default().to_owned();
        // What is no username belongs to nobody, and counts as one account.
        let name = Username::new(username);
        let account = logins.account(name.as_ref().map_or("", Username::compared));
        let tried = logins.login(account, peer.address.ip(), &proofs).map_err(ApiError::rate_limited)?;
        Ok(Self { api, peer, proofs, tried })
    }

    /// The password of somebody who is logged in.
    pub(super) fn confirm(api: &'a Api, peer: Peer, name: &str) -> Result<Self, ApiError> {
        let logins = &api.services.gate.logins;
        let name = Username::new(name);
        let account = logins.account(name.as_ref().map_or("", Username::compared));
        let tried = logins.confirm(account, peer.address.ip()).map_err(ApiError::rate_limited)?;
        Ok(Self { api, peer, proofs: String::new(), tried })
    }

    /// What became of a login. A device that was not known is told to keep a proof.
    pub(super) fn login_ended<T>(self, outcome: Result<T, DomainError>) -> Result<(T, HeaderMap), ApiError> {
        let value = self.settle(outcome)?;
        let services = &self.api.services;
        let proofs = services.gate.logins.succeeded(&self.tried, &self.proofs, services.entropy.bytes());
        Ok((value, kept(proofs, self.peer)))
    }

    /// What became of a password that was named again.
    pub(super) fn confirm_ended<T>(self, outcome: Result<T, DomainError>) -> Result<T, ApiError> {
        let value = self.settle(outcome)?;
        self.api.services.gate.logins.confirmed(&self.tried);
        Ok(value)
    }

    fn settle<T>(&self, outcome: Result<T, DomainError>) -> Result<T, ApiError> {
        let gate = &self.api.services.gate;
        outcome.map_err(|error| {
            let failure = Failure::from(error);
            if !matches!(failure.code, Code::BadLogin | Code::WrongPassword) {
                gate.logins.repay(&self.tried);
            }
            failure.into()
        })
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
    pub(super) fn begin(api: &'a Api, peer: Peer, headers: &HeaderMap) -> Result<Self, ApiError> {
        let tried = api.services.gate.logins.register(peer.address.ip()).map_err(ApiError::rate_limited)?;
        let proofs = device_proofs(headers, peer.door).unwrap_or_default().to_owned();
        Ok(Self { api, peer, proofs, tried })
    }

    /// What became of it. The device is known from now on, as by a login.
    pub(super) fn ended(self, outcome: Result<Login, DomainError>) -> Result<(Login, HeaderMap), ApiError> {
        let services = &self.api.services;
        let logins = &services.gate.logins;
        logins.registered(&self.tried, outcome.is_ok());
        let login = outcome?;
        let name = Username::new(&login.user.name);
        let account = logins.account(name.as_ref().map_or("", Username::compared));
        let proofs = logins.welcome(account, self.peer.address.ip(), &self.proofs, services.entropy.bytes());
        Ok((login, kept(proofs, self.peer)))
    }
}

/// Before it is said whether a name is free.
pub(super) fn name(api: &Api, peer: Peer) -> Result<(), ApiError> {
    api.services.gate.logins.name(peer.address.ip()).map_err(ApiError::rate_limited)
}
