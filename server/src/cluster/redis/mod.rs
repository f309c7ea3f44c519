//! What nodes share through Redis besides the store: the bus, by its channels, and the
//! attendance, in keys that it forgets by itself. Everything lies under the store's prefix.

mod attendance;
mod bus;
mod names;
mod script;

pub use attendance::RedisAttendance;
pub use bus::RedisBus;
