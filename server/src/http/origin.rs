//! Which pages may talk to this server: its own, and those that the operator names.

use parking_lot::RwLock;
use std::collections::BTreeSet;

/// Origins (RFC 6454) that are not foreign.
#[derive(Debug, Default)]
pub struct Origins {
    allowed: BTreeSet<String>,
    https_port: u16,
    /// Those of the names in the operator's certificate, which changes while the server
    /// runs.
    certified: RwLock<BTreeSet<String>>,
}

impl Origins {
    /// The server's own pages, one for each name of the machine, and the operator's.
    pub fn new(http_port: u16, https_port: u16, names: &[String], extra: &[String]) -> Self {
        let loopback = ["localhost", "127.0.0.1", "[::1]"].map(|host| origin("http", host, http_port, 80));
        let tls = names.iter().map(|name| origin("https", &bracketed(name), https_port, 443));
        let extra = extra.iter().map(|text| text.trim_end_matches('/').to_ascii_lowercase());
        let allowed = loopback.into_iter().chain(tls).chain(extra).collect();
        Self { allowed, https_port, certified: RwLock::default() }
    }

    /// A certificate of these names is shown from now on: pages of these hosts are the
    /// server's own. A name with an asterisk is a whole domain, in which others live too:
    /// it makes nobody its own.
    pub fn certify<'a>(&self, names: impl IntoIterator<Item = &'a String>) {
        let names = names.into_iter().filter(|name| !name.contains('*'));
        *self.certified.write() = names.map(|name| origin("https", &bracketed(name), self.https_port, 443)).collect();
    }

    /// Whether a page of `origin` may talk to the server. Absent is a native client.
    pub fn allows(&self, origin: Option<&str>) -> bool {
        origin
            .map(str::to_ascii_lowercase)
            .is_none_or(|origin| self.allowed.contains(&origin) || self.certified.read().contains(&origin))
    }

    /// The same for a request that says which host it was sent to: a page that was
    /// served by that host is its own.
    pub fn allows_at(&self, origin: Option<&str>, scheme: &str, host: &str) -> bool {
        self.allows(origin) || origin.is_some_and(|origin| origin.eq_ignore_ascii_case(&format!("{scheme}://{host}")))
    }
}

fn origin(scheme: &str, host: &str, port: u16, default_port: u16) -> String {
    let host = host.to_ascii_lowercase();
    if port == default_port { format!("{scheme}://{host}") } else { format!("{scheme}://{host}:{port}") }
}

fn bracketed(name: &str) -> String {
    if name.contains(':') { format!("[{name}]") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_pages_pass_and_foreign_ones_do_not() {
        let names = ["localhost".to_owned(), "2001:db8::7".to_owned()];
        let origins = Origins::new(8080, 443, &names, &["https://Chat.example/".to_owned()]);
        for own in [
            "http://localhost:8080",
            "http://[::1]:8080",
            "https://localhost",
            "https://[2001:db8::7]",
            "https://chat.example",
        ] {
            assert!(origins.allows(Some(own)), "{own}");
        }
        for foreign in [
            "http://localhost:8081",
            "http://localhost",
            "https://evil.example",
            "null",
            "",
            "https://chat.example:444",
        ] {
            assert!(!origins.allows(Some(foreign)), "{foreign}");
        }
        assert!(origins.allows(None));
    }

    #[test]
    fn the_names_of_a_certificate_are_own_until_another_is_shown() {
        let origins = Origins::new(8080, 8443, &[], &[]);
        let allows = |origin| origins.allows(Some(origin));
        origins.certify(&["chat.example".to_owned(), "*.wild.example".to_owned(), "192.0.2.7".to_owned()]);
        assert!(allows("https://chat.example:8443") && allows("https://192.0.2.7:8443"));
        assert!(!allows("https://chat.example") && !allows("https://other.wild.example:8443"));
        origins.certify(&["talk.example".to_owned()]);
        assert!(allows("https://talk.example:8443") && !allows("https://chat.example:8443"));
    }

    #[test]
    fn a_page_is_its_own_hosts() {
        let origins = Origins::default();
        assert!(origins.allows_at(Some("https://chat.example:8443"), "https", "chat.example:8443"));
        assert!(!origins.allows_at(Some("http://chat.example:8443"), "https", "chat.example:8443"));
        assert!(!origins.allows_at(Some("https://evil.example"), "https", "chat.example"));
    }
}
