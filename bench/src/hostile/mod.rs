//! A hostile crowd: peers that break every rule they can, each with an account of what
//! it heard.
//!
//! `attacks` are what they do, `assault` lets them do it at named rates, `wire` is how
//! they speak, `answer` and `book` are what they heard. They use nothing of the chat's
//! client: a client that breaks rules is not to be had from it.

pub(crate) mod answer;
pub(crate) mod assault;
pub(crate) mod attacker;
pub(crate) mod attacks;
pub(crate) mod book;
pub(crate) mod counters;

pub(crate) mod ground;
mod http;
mod mutation;
mod relay;
pub(crate) mod tcp;
pub(crate) mod tls;
pub(crate) mod wire;
