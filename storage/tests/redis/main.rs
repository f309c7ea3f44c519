//! The way to a Redis: what is refused, what is waited for, what its errors mean, and that
//! it is found again. Every test starts servers of its own.
#![cfg(unix)]

mod archived;
mod away;
mod bucket;
mod communities;
mod durability;
mod epochs;
mod nodes;
#[path = "../disk/played.rs"]
mod played;
mod proxy;
mod refusals;
mod rooms;
#[path = "../s3/mod.rs"]
mod s3;
mod settling;
mod stage;
mod tls;
mod whole;
