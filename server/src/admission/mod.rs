//! Who may come in, and how much they may take: connections, handshakes, requests,
//! streams and bytes, by address and by user; and how often passwords may be tried.
//!
//! [`Gate`] is what the doors ask. Beneath it lie pieces without IO and without a clock
//! (they are told the time): a token bucket, a bounded table of buckets, counted
//! permits, and the alerts. Absent: what a refusal looks like to a peer; each door says
//! it in its own words, with the code `RateLimited`.

mod address;
mod alerts;
mod allowances;
mod bucket;
mod counts;
mod device;
mod gate;
mod login;
mod login_gate;
mod meter;
mod proxies;
mod table;

pub use address::Address;
pub use allowances::{Allowance, Allowances, Asking, Paid, Settlement, Unasked};
pub use device::{Account, Device};
pub use gate::{Gate, Over, Wait};
pub use login::{Outcome, Try};
pub use login_gate::LoginGate;
pub use meter::Toll;
pub use proxies::{NoAddress, Proxies};
