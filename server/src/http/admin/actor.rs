//! Who may administer: a user with the role, or whoever comes through the operator's
//! door with its key.

use axum::{extract::FromRequestParts, http::request::Parts};
use rill_protocol::Code;
use std::{fmt, sync::Arc};

use crate::{
    domain::accounts::Actor,
    http::{
        Api, Door, Peer,
        auth::{Authenticated, bearer},
        error::ApiError,
    },
};

/// What opens the operator's door. Only its hash is kept, whose comparison takes the
/// same time wherever two differ.
#[derive(Clone)]
pub struct OperatorKey(blake3::Hash);

impl OperatorKey {
    pub fn new(token: &str) -> Self {
        Self(blake3::hash(token.as_bytes()))
    }

    fn fits(&self, token: &str) -> bool {
        self.0 == blake3::hash(token.as_bytes())
    }
}

impl fmt::Debug for OperatorKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("OperatorKey")
    }
}

/// A request of somebody who may administer.
pub(super) struct Administrator(pub(super) Actor);

impl FromRequestParts<Arc<Api>> for Administrator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, ApiError> {
        if parts.extensions.get::<Peer>().is_some_and(|peer| peer.door == Door::Operator) {
            let key = parts.extensions.get::<OperatorKey>();
            let fits = key.zip(bearer(&parts.headers)).is_some_and(|(key, token)| key.fits(token));
            return if fits { Ok(Self(Actor::Operator)) } else { Err(Code::NotLoggedIn.into()) };
        }
        let Authenticated(identity) = Authenticated::from_request_parts(parts, api).await?;
        match identity.administrator {
            true => Ok(Self(Actor::Administrator(identity))),
            false => Err(Code::NotAdministrator.into()),
        }
    }
}
