//! Who asks: a bearer token, or the cookie that a login has set.

use axum::{
    extract::FromRequestParts,
    http::{
        HeaderMap, HeaderValue,
        header::{AUTHORIZATION, COOKIE},
        request::Parts,
    },
};
use rill_protocol::Code;
use std::sync::Arc;

use super::{Api, DOOR, Door, Peer, error::ApiError};
use crate::domain::accounts::{Identity, Token};

const COOKIE_NAME: &str = "rill_session";
/// A login lasts until it is ended; the browser keeps it for a year.
const COOKIE_MAX_AGE_S: u64 = 365 * 24 * 60 * 60;

/// A request of somebody who is logged in.
pub(super) struct Authenticated(pub(super) Identity);

impl FromRequestParts<Arc<Api>> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, ApiError> {
        let token = token(&parts.headers).ok_or(Code::NotLoggedIn)?;
        let identity = api.services.domain.accounts.authenticate(&token).await?;
        let gate = &api.services.gate;
        if let Err(wait) = gate.user_request(identity.user) {
            if let Some(peer) = parts.extensions.get::<Peer>() {
                gate.refused(DOOR, peer.address.ip(), Code::RateLimited);
            }
            return Err(ApiError::rate_limited(wait));
        }
        Ok(Self(identity))
    }
}

fn token(headers: &HeaderMap) -> Option<Token> {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    if let Some(token) = bearer {
        return Token::parse(token.trim());
    }
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE_NAME).and_then(|(_, value)| Token::parse(value))
}

/// The cookie that keeps a login in a browser, out of the reach of its scripts.
pub(super) fn set_cookie(token: &Token, door: Door) -> Option<HeaderValue> {
    cookie(&token.to_text(), COOKIE_MAX_AGE_S, door)
}

/// Takes the cookie away.
pub(super) fn clear_cookie(door: Door) -> Option<HeaderValue> {
    cookie("", 0, door)
}

fn cookie(value: &str, max_age_s: u64, door: Door) -> Option<HeaderValue> {
    let secure = if door.is_secure() { "; Secure" } else { "" };
    let text = format!("{COOKIE_NAME}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&text).ok()
}
