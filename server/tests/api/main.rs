//! The JSON API over a real server in this process, on free ports. What does not depend
//! on the version of HTTP is tested over each of them ([`version`]).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods)] // a test spawns its server

#[macro_use]
mod version;

mod accounts;
mod administration;
mod certificates;
mod description;
mod doors;
mod encrypted;
mod files;
mod http3;
mod limits;
mod logins;
mod moderation;
mod operating;
mod pictures;
mod private_chats;
#[path = "../transport/client/quic_certificate.rs"]
mod quic_certificate;
mod registration;
mod rooms;
mod server;
mod throttle;
mod timing;
