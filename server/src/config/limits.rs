//! What one address, one user and the whole server may take.

use serde::{Deserialize, Serialize};

/// `[limits]`. Zero switches a limit off. An address is an IPv4 address or an IPv6
/// network of 64 bits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Connections of all kinds at once.
    pub connections: u32,
    /// Connections of one address at once.
    pub connections_per_address: u32,
    /// Connections of one user at once.
    pub connections_per_user: u32,
    /// New connections a second of one address, with a burst of ten seconds' worth.
    pub handshakes_per_second_per_address: u32,
    /// HTTP requests a second of one address, with a burst of ten seconds' worth.
    pub requests_per_second_per_address: u32,
    /// Requests a second of one user over all transports, with a burst of ten seconds' worth.
    pub requests_per_second_per_user: u32,
    /// New streams a second of one user, with a burst of ten seconds' worth.
    pub streams_per_second_per_user: u32,
    /// KiB a second that one address may send, with a burst of ten seconds' worth.
    pub receive_kib_per_second_per_address: u32,
    /// KiB a second that one user may send, with a burst of ten seconds' worth.
    pub receive_kib_per_second_per_user: u32,
    /// Failed logins of one address to one account in a minute.
    pub failed_logins_per_minute_per_account: u32,
    /// Failed logins and registrations of one address in a minute.
    pub failed_logins_per_minute_per_address: u32,
    /// New accounts of one address in an hour.
    pub registrations_per_hour_per_address: u32,
    /// Questions of one address in a minute whether a username is free.
    pub name_checks_per_minute_per_address: u32,
}

impl Default for Limits {
    /// For a company behind one address: hundreds of people, each with a few windows.
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_address: 2_000,
            connections_per_user: 128,
            handshakes_per_second_per_address: 200,
            requests_per_second_per_address: 500,
            requests_per_second_per_user: 200,
            streams_per_second_per_user: 100,
            receive_kib_per_second_per_address: 128 * 1024,
            receive_kib_per_second_per_user: 64 * 1024,
            failed_logins_per_minute_per_account: 10,
            failed_logins_per_minute_per_address: 120,
            registrations_per_hour_per_address: 500,
            name_checks_per_minute_per_address: 300,
        }
    }
}
