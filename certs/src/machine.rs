//! What this machine is called on its network.

use std::{collections::BTreeSet, net::IpAddr};

/// More names than this do not go into one certificate (a machine with many virtual
/// interfaces has dozens).
const NAMES_MAX: usize = 64;

/// The names for a self-signed certificate: localhost, the host name and every
/// address of an interface that is not link-local. Asks the system, sends nothing.
pub fn machine_names() -> Vec<String> {
    let host = gethostname::gethostname().into_string().ok();
    let addresses = if_addrs::get_if_addrs().unwrap_or_else(|error| {
        tracing::warn!(%error, "the machine's addresses cannot be listed: the certificate will not name them");
        Vec::new()
    });
    names(host, addresses.iter().map(if_addrs::Interface::ip))
}

fn names(host: Option<String>, addresses: impl Iterator<Item = IpAddr>) -> Vec<String> {
    let fixed = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let host = host.filter(|host| is_dns_name(host)).map(|host| host.to_ascii_lowercase());
    let addresses: BTreeSet<String> =
        addresses.filter(|address| !is_link_local(address)).map(|address| address.to_string()).collect();
    let mut all: Vec<String> = Vec::new();
    for name in fixed.into_iter().chain(host).chain(addresses) {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all.truncate(NAMES_MAX);
    all
}

/// RFC 1123, section 2.1: what a certificate may carry as a DNS name.
fn is_dns_name(name: &str) -> bool {
    name.len() <= 253
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
}

/// Useless in a certificate: such an address needs a zone, and it is not the machine's own for long.
fn is_link_local(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(host: Option<&str>, addresses: &[&str], expected: &[&str]) {
        let addresses: Vec<IpAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
        assert_eq!(names(host.map(str::to_owned), addresses.into_iter())[3..], *expected);
    }

    #[test]
    fn only_names_that_a_certificate_can_carry() {
        check(None, &[], &[]);
        check(Some("Chat-1"), &["192.0.2.7", "2001:db8::7"], &["chat-1", "192.0.2.7", "2001:db8::7"]);
        check(Some("my_machine"), &["127.0.0.1", "::1"], &[]);
        check(Some("комп"), &["169.254.1.1", "fe80::1"], &[]);
        check(Some("localhost"), &["192.0.2.7", "192.0.2.7"], &["192.0.2.7"]);
        check(Some("-x"), &[], &[]);
    }

    #[test]
    fn this_machine_has_at_least_its_loopback_names() {
        let names = machine_names();
        assert_eq!(names[..3], ["localhost", "127.0.0.1", "::1"]);
        assert!(crate::issue::self_signed(&names, 0, crate::DAY_MS).is_ok(), "{names:?}");
    }
}
