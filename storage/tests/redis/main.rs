//! The way to a Redis: what is refused, what is waited for, what its errors mean, and that
//! it is found again. Every test starts servers of its own.
#![cfg(unix)]

mod away;
mod communities;
mod durability;
mod refusals;
mod settling;
mod stage;
mod tls;
