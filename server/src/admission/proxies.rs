//! Proxies that are believed: what they say of a peer's address counts, and their own
//! addresses are nobody's in particular.

use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// See the module. Without any, nobody is believed.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<IpNet>);

/// Not even the proxy next to us named an address.
#[derive(Debug, PartialEq, Eq)]
pub struct NoAddress;

impl Proxies {
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Whether that is one of them.
    pub fn are(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.0.iter().any(|network| network.contains(&ip))
    }

    /// Who stands behind them. `forwarded` is what `X-Forwarded-For` says, in its order: each
    /// proxy has written at its end the address that it saw. So from the end on those of our
    /// own proxies are passed over, and the first other one is the peer's; what stands before
    /// that, anybody may have written. Where all are ours, the first one asked.
    ///
    /// # Errors
    /// What our own proxy wrote is no address.
    pub fn behind<'a>(&self, forwarded: impl DoubleEndedIterator<Item = &'a str>) -> Result<Option<IpAddr>, NoAddress> {
        let mut last = None;
        for text in forwarded.rev() {
            let ip = address(text.trim()).ok_or(NoAddress)?;
            last = Some(ip);
            if !self.are(ip) {
                break;
            }
        }
        Ok(last)
    }
}

/// An address, as proxies write it: some put the port behind it.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let ip = bare.parse::<IpAddr>().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))?;
    Some(ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies() -> Proxies {
        Proxies::new(["10.0.0.0/8", "127.0.0.1/32", "2001:db8::/32"].map(|text| text.parse().unwrap()).to_vec())
    }

    #[test]
    fn a_proxy_is_known_by_its_address_in_either_notation() {
        for (ip, expected) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("2001:db8::7", true),
            ("11.0.0.1", false),
            ("127.0.0.2", false),
            ("::1", false),
        ] {
            assert_eq!(proxies().are(ip.parse().unwrap()), expected, "{ip}");
        }
        assert!(!Proxies::default().are("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn the_last_address_that_is_not_ours_counts_and_nothing_before_it() {
        let behind = |text: &str| proxies().behind(text.split(','));
        let is = |text: &str| Ok(Some(text.parse::<IpAddr>().unwrap()));
        for (forwarded, expected) in [
            ("198.51.100.7", is("198.51.100.7")),
            ("1.2.3.4, 198.51.100.7", is("198.51.100.7")),
            ("<script>, 198.51.100.7, 10.0.0.9", is("198.51.100.7")),
            ("198.51.100.7:4711, 10.0.0.9", is("198.51.100.7")),
            ("[2001:db9::1]:4711", is("2001:db9::1")),
            ("[2001:db9::1]", is("2001:db9::1")),
            ("::ffff:198.51.100.7", is("198.51.100.7")),
            ("10.0.0.1, 10.0.0.2", is("10.0.0.1")),
            ("198.51.100.7, unknown", Err(NoAddress)),
            ("", Err(NoAddress)),
            ("198.51.100.7,", Err(NoAddress)),
        ] {
            assert_eq!(behind(forwarded), expected, "{forwarded}");
        }
        assert_eq!(proxies().behind(std::iter::empty()), Ok(None));
    }
}
