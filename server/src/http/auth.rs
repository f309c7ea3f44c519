//! Who asks: a bearer token, or the cookie that a login has set.
//!
//! The cookie has a name for each kind of door. Cookies know no ports: one that was set
//! over HTTPS could not be replaced by a login over plain HTTP on the same host, and over
//! HTTPS the prefix `__Host-` (RFC 6265bis, section 4.1.3) promises that no plain page
//! has planted it.

use axum::{
    extract::FromRequestParts,
    http::{
        HeaderMap, HeaderValue,
        header::{AUTHORIZATION, COOKIE, HeaderName, SET_COOKIE},
        request::Parts,
    },
};
use rill_protocol::Code;
use std::sync::Arc;

use super::{Api, Door, Peer, access::Asker, error::ApiError};
use crate::domain::accounts::{Identity, Token};

const PLAIN_COOKIE: &str = "rill_session";
const SECURE_COOKIE: &str = "__Host-rill_session";
const PLAIN_DEVICE_COOKIE: &str = "rill_device";
const SECURE_DEVICE_COOKIE: &str = "__Host-rill_device";
/// A login lasts until it is ended; the browser keeps it for a year.
const COOKIE_MAX_AGE_S: u64 = 365 * 24 * 60 * 60;

/// A request of somebody who is logged in.
pub(super) struct Authenticated(pub(super) Identity);

impl FromRequestParts<Arc<Api>> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, api: &Arc<Api>) -> Result<Self, ApiError> {
        let door = parts.extensions.get::<Peer>().map_or(Door::Insecure, |peer| peer.door);
        let token = token(&parts.headers, door).ok_or(Code::NotLoggedIn)?;
        let identity = api.services.domain.accounts.authenticate(&token).await?;
        if let Some(asker) = parts.extensions.get::<Asker>() {
            asker.is(identity.user);
        }
        api.services.gate.user_request(identity.user).map_err(ApiError::rate_limited)?;
        Ok(Self(identity))
    }
}

/// What stands behind `Bearer`.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ").map(str::trim)
}

fn cookie_name(door: Door) -> &'static str {
    if door.is_secure() { SECURE_COOKIE } else { PLAIN_COOKIE }
}

fn token(headers: &HeaderMap, door: Door) -> Option<Token> {
    if let Some(token) = bearer(headers) {
        return Token::parse(token);
    }
    sent_cookie(headers, cookie_name(door)).and_then(Token::parse)
}

fn sent_cookie<'a>(headers: &'a HeaderMap, wanted: &str) -> Option<&'a str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == wanted).map(|(_, value)| value)
}

fn device_cookie_name(door: Door) -> &'static str {
    if door.is_secure() { SECURE_DEVICE_COOKIE } else { PLAIN_DEVICE_COOKIE }
}

/// What a device keeps to show that it has logged in before.
pub(super) fn device_proofs(headers: &HeaderMap, door: Door) -> Option<&str> {
    sent_cookie(headers, device_cookie_name(door))
}

/// The header that makes it keep them. It outlives the login.
pub(super) fn device_cookie(proofs: &str, door: Door) -> Option<(HeaderName, HeaderValue)> {
    Some((SET_COOKIE, cookie(device_cookie_name(door), proofs, COOKIE_MAX_AGE_S, door)?))
}

/// The cookie that keeps a login in a browser, out of the reach of its scripts.
pub(super) fn set_cookie(token: &Token, door: Door) -> Option<HeaderValue> {
    cookie(cookie_name(door), &token.to_text(), COOKIE_MAX_AGE_S, door)
}

/// Takes the cookie away.
pub(super) fn clear_cookie(door: Door) -> Option<HeaderValue> {
    cookie(cookie_name(door), "", 0, door)
}

fn cookie(name: &str, value: &str, max_age_s: u64, door: Door) -> Option<HeaderValue> {
    let secure = if door.is_secure() { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_protocol::UserId;

    fn text(user: u8) -> String {
        format!("{}.{}", UserId([user; 16]), "ab".repeat(32))
    }

    #[test]
    fn each_kind_of_door_reads_its_own_cookie() {
        let line = format!("x=1; rill_session={}; __Host-rill_session={}", text(1), text(2));
        let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(&line).unwrap())]);
        let read = |door| token(&headers, door).map(Token::to_text);
        assert_eq!(read(Door::Loopback), Some(text(1)));
        assert_eq!(read(Door::Tls), Some(text(2)));
        assert_eq!(read(Door::Http3), Some(text(2)));
    }

    #[test]
    fn a_cookie_over_https_is_bound_to_this_host() {
        let token = Token::parse(&text(1)).unwrap();
        let plain = set_cookie(&token, Door::Loopback).unwrap();
        assert!(!plain.to_str().unwrap().contains("Secure"));
        let secure = set_cookie(&token, Door::Tls).unwrap();
        let secure = secure.to_str().unwrap();
        assert!(secure.starts_with("__Host-rill_session=") && secure.contains("; Secure"), "{secure}");
        assert!(secure.contains("; Path=/;") && !secure.contains("Domain"), "{secure}");
    }

    #[test]
    fn a_bearer_that_is_no_token_is_refused_whatever_the_cookie() {
        let mut headers = HeaderMap::from_iter([(AUTHORIZATION, HeaderValue::from_static("Bearer x"))]);
        headers.insert(COOKIE, HeaderValue::from_str(&format!("rill_session={}", text(1))).unwrap());
        assert!(token(&headers, Door::Loopback).is_none());
    }
}
